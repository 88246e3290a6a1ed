"""The data folder's own promises, one function at a time."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from index import file_identity, storage
from index.storage import (
    DamagedIndexError,
    LeftOut,
    Manifest,
    SegmentEntry,
    StorageError,
    StoredFile,
    check_segment,
    commit,
    file_digest,
    make_durable,
    read_manifest,
    segment_folder,
    sweep,
    writing,
)


def manifest(*segments: SegmentEntry) -> Manifest:
    return Manifest(
        format=storage.FORMAT,
        model="model “ü”",
        centring="0123",
        dimension=4,
        content="digest",
        passages=2,
        rows=5,
        token_bytes=9_000,
        tokens_stored=False,
        left_out=(
            LeftOut("content/ü.md", 3, "it is “odd”", "odd", {"sign": "ü", "count": 2}),
            LeftOut("content/x.md", None, "x", "", {}),
        ),
        segments=segments,
    )


def new_segment(folder: Path, name: str) -> SegmentEntry:
    segment = segment_folder(folder, name)
    segment.mkdir(parents=True)
    (segment / "a.bin").write_bytes(b"abc")
    (segment / "b.bin").write_bytes(b"")
    return SegmentEntry(name, ("one", "two"), make_durable(segment))


def test_make_durable(tmp_path: Path) -> None:
    assert new_segment(tmp_path, "s").files == {
        "a.bin": StoredFile(3, hashlib.sha256(b"abc").hexdigest()),
        "b.bin": StoredFile(0, hashlib.sha256(b"").hexdigest()),
    }


def test_make_durable_flushes_files_before_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(storage, "flush", lambda path: flushed.append(path.name))
    new_segment(tmp_path, "s")
    assert flushed == ["a.bin", "b.bin", "s", "segments"]


def test_manifest_comes_back(tmp_path: Path) -> None:
    saved = manifest(new_segment(tmp_path, "s"))
    commit(tmp_path, saved)
    assert read_manifest(tmp_path) == saved
    assert [path.name for path in tmp_path.glob("manifest*")] == ["manifest.json"]


def test_no_manifest(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    assert read_manifest(tmp_path / "missing") is None


def test_commit_flushes_before_it_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = Path.replace
    (tmp_path / "segments").mkdir()
    monkeypatch.setattr(storage, "flush", lambda path: order.append(path.name))

    def noted(path: Path, target: Path) -> Path:
        order.append(f"replace {target.name}")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    commit(tmp_path, manifest())
    assert order == ["manifest.json.new", "replace manifest.json", tmp_path.name]


def test_commit_sweeps(tmp_path: Path) -> None:
    new_segment(tmp_path, "00000000000a")
    commit(tmp_path, manifest(new_segment(tmp_path, "00000000000b")))
    assert [path.name for path in (tmp_path / "segments").iterdir()] == ["00000000000b"]


def test_sweep_removes_segments_and_nothing_else(tmp_path: Path) -> None:
    """The folder may be somebody's who named it by mistake."""
    new_segment(tmp_path, "0123456789ab")
    segments = tmp_path / "segments"
    (segments / "holiday.mp4").write_text("precious")
    (segments / "photos").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (segments / "00000000000d").symlink_to(tmp_path / "precious")
    sweep(tmp_path)
    assert sorted(path.name for path in segments.iterdir()) == ["holiday.mp4", "photos"]
    assert (tmp_path / "precious" / "file").read_text() == "x"


@pytest.mark.parametrize("manifest", [b"{damaged: \xff", b'{"index": {"format": 9, "of": ['])
def test_sweep_keeps_what_a_manifest_that_it_cannot_read_names(
    tmp_path: Path, manifest: bytes
) -> None:
    for name in ("00000000000a", "00000000000b", "00000000000c"):
        new_segment(tmp_path, name)
    (tmp_path / "manifest.json").write_bytes(manifest + b'"00000000000a", {"00000000000c": 1}]}}')
    sweep(tmp_path)
    kept = sorted(path.name for path in (tmp_path / "segments").iterdir())
    assert kept == ["00000000000a", "00000000000c"]


@pytest.mark.parametrize(
    "manifest",
    [
        '{"name": "my web app"}',
        '{"index": "index.html"}',
        '["photo.jpg"]',
        '"photo.jpg"',
        '{"a": 1} // mine',
        "",
    ],
)
def test_a_manifest_of_another_program_is_left_alone(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(StorageError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/manifest.json belongs to another program; choose another folder for the index."
    )


@pytest.mark.parametrize("manifest", ['{"sha256": "', "", "{}", '{"index": {}}'])
def test_a_manifest_beside_segments_is_damaged(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "segments").mkdir()
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(DamagedIndexError, match=r"^its manifest cannot be read$"):
        read_manifest(tmp_path)


def test_check_segment(tmp_path: Path) -> None:
    entry = new_segment(tmp_path, "s")
    path = segment_folder(tmp_path, "s") / "a.bin"
    check_segment(tmp_path, entry)
    path.write_bytes(b"abd")
    with pytest.raises(DamagedIndexError, match=r"^s/a.bin was changed after it was written$"):
        check_segment(tmp_path, entry)
    path.write_bytes(b"abcd")
    with pytest.raises(DamagedIndexError, match=r"^s/a.bin has 4 bytes and should have 3$"):
        check_segment(tmp_path, entry)
    path.unlink()
    with pytest.raises(DamagedIndexError, match=r"^s/a.bin is missing$"):
        check_segment(tmp_path, entry)
    path.mkdir()
    with pytest.raises(DamagedIndexError, match=r"^s/a.bin (is missing|has \d+ bytes)"):
        check_segment(tmp_path, entry)


def test_a_file_is_digested_once_and_again_when_it_was_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested: list[str] = []
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):
        monkeypatch.setattr(file_identity, name, 10**12)

    def counted(path: Path) -> str:
        digested.append(path.name)
        return file_digest(path)

    entry = new_segment(tmp_path, "s")
    path = segment_folder(tmp_path, "s") / "a.bin"
    monkeypatch.setattr(storage, "file_digest", counted)
    check_segment(tmp_path, entry)
    check_segment(tmp_path, entry)
    # Just written: the next write may come in the same tick of the clock.
    assert digested == ["a.bin", "b.bin"] * 2
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):
        monkeypatch.setattr(file_identity, name, 0)
    check_segment(tmp_path, entry)
    check_segment(tmp_path, entry)
    assert digested == ["a.bin", "b.bin"] * 3
    path.write_bytes(b"abd")
    os.utime(path, ns=(1, 1))
    with pytest.raises(DamagedIndexError, match=r"^s/a.bin was changed after it was written$"):
        check_segment(tmp_path, entry)


def test_file_digest(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(path) == expected


def test_second_writer_waits(tmp_path: Path) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with writing(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with writing(tmp_path):
        thread.start()
        started.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_writer_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOCK_SECONDS", 0.01)
    with writing(tmp_path), pytest.raises(StorageError) as caught, writing(tmp_path):
        pass
    assert str(caught.value) == (
        f"Another process has been writing {tmp_path} for 0 minutes; "
        "wait until it is done, or stop it and try again."
    )


def test_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(StorageError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value) == (
        f"Cannot read {tmp_path}/manifest.json: Is a directory; "
        "check the disk's space and the folder's permissions."
    )
