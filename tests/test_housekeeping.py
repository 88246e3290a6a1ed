"""What is erased when the bot starts, and what is not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.database import Database
from bot.housekeeping import erase_servers_left, is_its_own
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


async def test_the_servers_that_were_left_are_erased(records: Records) -> None:
    await ask(records, 7)
    await ask(records, 8)
    await erase_servers_left(records, lambda: [8, 9])
    assert await records.servers() == {8}


async def test_when_discord_names_no_server_at_all_nothing_is_erased(records: Records) -> None:
    await ask(records, 7)
    await erase_servers_left(records, list)
    assert await records.servers() == {7}


def test_a_data_folder_belongs_to_the_application_that_used_it_first(tmp_path: Path) -> None:
    assert is_its_own(tmp_path, 42)
    assert not is_its_own(tmp_path, 43)
    assert is_its_own(tmp_path, 42)
