"""What is erased when the bot starts, and what is not."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import housekeeping
from bot.database import Database
from bot.housekeeping import OWNER_FILE, erase_servers_left, is_its_own
from bot.records import Kind, Record, Records, new_id
from bot.servers import Servers
from index.answer import Status


@pytest.fixture
def records(tmp_path: Path) -> Records:
    database = Database.open(tmp_path / "beleg.sqlite3")
    return Records(database, Servers.load(database))


async def ask(records: Records, server: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    record = Record(
        new_id(),
        server,
        b"somebody",
        now,
        Kind.QUESTION,
        "why?",
        Status.NO_ANSWER,
        0,
        (),
        (),
        False,
    )
    await records.add(record)


@pytest.mark.parametrize(
    ("present", "kept"), [({8, 9}, {8}), (set[int](), set[int]()), (None, {7, 8})]
)
async def test_the_servers_that_were_left_are_erased(
    records: Records, present: set[int] | None, kept: set[int]
) -> None:
    async def servers() -> set[int] | None:
        return present

    await ask(records, 7)
    await ask(records, 8)
    await erase_servers_left(records, servers)
    assert await records.servers() == kept


def test_a_data_folder_belongs_to_the_application_that_used_it_first(tmp_path: Path) -> None:
    assert is_its_own(tmp_path, 42)
    assert not is_its_own(tmp_path, 43)
    assert is_its_own(tmp_path, 42)


def test_an_empty_note_of_whose_folder_it_is_counts_as_nobodys(tmp_path: Path) -> None:
    """The machine went down before the note was on the disk."""
    (tmp_path / OWNER_FILE).touch()
    assert is_its_own(tmp_path, 42)
    assert not is_its_own(tmp_path, 43)


def test_the_note_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, "the disk failed")

    with monkeypatch.context() as patch:
        patch.setattr(housekeeping, "flush", fail)
        with pytest.raises(OSError, match="the disk failed"):
            is_its_own(tmp_path, 42)
    assert not (tmp_path / OWNER_FILE).exists()
    assert is_its_own(tmp_path, 42)
    assert [path.name for path in tmp_path.iterdir()] == [OWNER_FILE]
