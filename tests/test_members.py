"""Hashes of user ids, and the key they are made with."""

import os
import stat
from pathlib import Path

import pytest

from bot import members
from bot.database import DatabaseError
from bot.members import MemberKeys

KEY = bytes(range(32))
USER = 80351110224678912


def refusal(path: Path, *, in_use: bool = False) -> str:
    with pytest.raises(DatabaseError) as caught:
        MemberKeys.load(path, in_use=in_use)
    return str(caught.value)


def test_hash_is_keyed_blake2b() -> None:
    # By another program: openssl mac -macopt hexkey:0001…1f -macopt size:16 -in id.bin BLAKE2BMAC
    assert MemberKeys(KEY).hash(USER).hex() == "c642ea13869cfe12208ac6222a23e540"


def test_hash_differs_by_user_and_key() -> None:
    keys = [MemberKeys(KEY), MemberKeys(KEY[::-1])]
    hashes = {key.hash(user) for key in keys for user in (USER, USER + 1, 0, 2**64 - 1)}
    assert len(hashes) == 8
    assert {len(digest) for digest in hashes} == {16}


@pytest.mark.parametrize("number", [-1, 2**64])
def test_number_that_is_no_id(number: int) -> None:
    with pytest.raises(OverflowError):
        MemberKeys(KEY).hash(number)


def test_key_is_made_once(data: Path) -> None:
    path = data / "members.key"
    first = MemberKeys.load(path)
    key = path.read_bytes()
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in data.iterdir()) == ["members.key", "members.key.lock"]
    assert MemberKeys.load(path).hash(USER) == first.hash(USER) == MemberKeys(key).hash(USER)
    assert path.read_bytes() == key


def test_missing_key_of_what_is_stored(data: Path) -> None:
    path = data / "members.key"
    assert refusal(path, in_use=True) == (
        f"The key {path} is missing, without which the questions that are stored cannot be found "
        "by who asked them; put its backup in its place, or remove the database to begin anew."
    )
    assert not path.exists()
    MemberKeys.load(path)
    MemberKeys.load(path, in_use=True)


def test_keys_of_two_folders_differ(tmp_path: Path) -> None:
    one, other = (MemberKeys.load(tmp_path / name / "key") for name in ("one", "other"))
    assert one.hash(USER) != other.hash(USER)


def test_key_does_not_show(data: Path) -> None:
    assert "\\x01" not in repr(MemberKeys(KEY))
    assert "010203" not in repr(MemberKeys(KEY))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_wrong_size_is_refused_and_kept(data: Path, size: int) -> None:
    path = data / "members.key"
    data.mkdir()
    path.write_bytes(b"k" * size)
    assert refusal(path) == (
        f"The key {path} has {size} bytes and should have 32; "
        "put its backup in its place, or remove it and the database to begin anew."
    )
    assert path.read_bytes() == b"k" * size


def test_unreadable(data: Path) -> None:
    path = data / "members.key"
    path.mkdir(parents=True)
    assert refusal(path) == (
        f"Cannot use {path}: Is a directory; check the disk's space and the folder's permissions."
    )


def test_link_to_nowhere_is_no_reason_for_a_new_key(data: Path) -> None:
    path = data / "members.key"
    data.mkdir()
    path.symlink_to(data / "not-mounted" / "key")
    assert refusal(path) == (
        f"Cannot use {path}: No such file or directory; "
        "check the disk's space and the folder's permissions."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_not_permitted(data: Path) -> None:
    path = data / "members.key"
    MemberKeys.load(path)
    path.chmod(0)
    assert refusal(path) == (
        f"Cannot use {path}: Permission denied; "
        "check the disk's space and the folder's permissions."
    )


@pytest.mark.parametrize("step", ["flush", "make_file"])
def test_failure_while_it_is_made_leaves_no_key(
    data: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = data / "members.key"

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(members, step, fail)
        assert refusal(path) == (
            f"Cannot use {path}.new: No space left on device; "
            "check the disk's space and the folder's permissions."
        )
    assert not path.exists()
    MemberKeys.load(path)
    assert len(path.read_bytes()) == 32
