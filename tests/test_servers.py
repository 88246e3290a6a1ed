"""A server's settings, as they are stored and kept in memory."""

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.database import Database
from bot.servers import Servers, ServerSettings

SERVER = 2**62 + 1
SOME = ServerSettings(
    channels=frozenset({2**62, 5}),
    private=True,
    askers=frozenset({9}),
    strictness="stricter",
    language="fr",
    days_kept=365,
)


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    opened = Database.open(data / "beleg.sqlite3")
    yield opened
    opened.close()


async def store(database: Database, settings: str) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO servers VALUES (?, ?)", (SERVER, settings))

    await database.run(write)


def test_defaults() -> None:
    assert ServerSettings().model_dump() == {
        "channels": frozenset(),
        "private": False,
        "askers": frozenset(),
        "strictness": "normal",
        "language": "auto",
        "days_kept": 30,
    }


@pytest.mark.parametrize(
    "wrong",
    [{"days_kept": 0}, {"days_kept": 366}, {"strictness": "strict"}, {"language": "it"}],
)
def test_what_cannot_be_set(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServerSettings.model_validate(wrong)


async def test_unknown_server_and_direct_messages(database: Database) -> None:
    servers = Servers.load(database)
    assert servers.get(None) == ServerSettings()
    assert servers.get(SERVER) == ServerSettings()


async def test_set_is_seen_at_once_and_after_a_restart(database: Database) -> None:
    servers = Servers.load(database)
    await servers.set(SERVER, SOME)
    assert servers.get(SERVER) == SOME
    assert servers.get(SERVER + 1) == ServerSettings()
    assert Servers.load(database).get(SERVER) == SOME
    await servers.set(SERVER, ServerSettings())
    assert servers.get(SERVER) == ServerSettings()
    assert Servers.load(database).get(SERVER) == ServerSettings()


async def test_forgotten(database: Database) -> None:
    servers = Servers.load(database)
    await servers.set(SERVER, SOME)
    servers.forget(SERVER)
    servers.forget(SERVER + 1)
    assert servers.get(SERVER) == ServerSettings()


async def test_what_cannot_be_stored_does_not_hold(database: Database) -> None:
    def break_it(connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TEMP TRIGGER broken BEFORE INSERT ON servers "
            "BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )

    servers = Servers.load(database)
    await database.run(break_it)
    with pytest.raises(sqlite3.IntegrityError, match="broken"):
        await servers.set(SERVER, SOME)
    assert servers.get(SERVER) == ServerSettings()


async def test_cancelled_while_it_is_stored(database: Database) -> None:
    """The new settings are stored all the same, and hold."""
    entered, leave = threading.Event(), threading.Event()

    def gate() -> None:
        entered.set()
        assert leave.wait(timeout=30)

    def lay_gate(connection: sqlite3.Connection) -> None:
        connection.create_function("gate", 0, gate)
        connection.execute(
            "CREATE TEMP TRIGGER stored AFTER INSERT ON servers BEGIN SELECT gate(); END"
        )

    servers = Servers.load(database)
    await database.run(lay_gate)
    setting = asyncio.create_task(servers.set(SERVER, SOME))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    setting.cancel()
    await asyncio.wait({setting})
    assert setting.cancelled()
    assert servers.get(SERVER) == ServerSettings()
    leave.set()
    assert Servers.load(database).get(SERVER) == SOME
    while servers.get(SERVER) != SOME:
        await asyncio.sleep(0.001)


async def test_of_two_changes_at_once_the_later_counts(database: Database) -> None:
    servers = Servers.load(database)
    await asyncio.gather(servers.set(SERVER, ServerSettings()), servers.set(SERVER, SOME))
    assert servers.get(SERVER) == Servers.load(database).get(SERVER) == SOME


async def test_changes_at_once_all_count(database: Database) -> None:
    servers = Servers.load(database)
    await asyncio.gather(
        servers.change(SERVER, lambda old: old.model_copy(update={"private": True})),
        servers.change(SERVER, lambda old: old.model_copy(update={"days_kept": 7})),
    )
    both = ServerSettings(private=True, days_kept=7)
    assert servers.get(SERVER) == Servers.load(database).get(SERVER) == both


async def test_fields_of_other_versions(database: Database) -> None:
    await store(database, json.dumps({"private": True, "colour": "red"}))
    assert Servers.load(database).get(SERVER) == ServerSettings(private=True)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (
            '{"private": true, "days_kept": 0}',
            "days_kept: Input should be greater than or equal to 1",
        ),
        ("[]", "settings: Input should be an object"),
        ("{", "settings: Invalid JSON: EOF while parsing an object at line 1 column 1"),
    ],
)
async def test_stored_settings_that_cannot_be_used(
    database: Database, caplog: pytest.LogCaptureFixture, stored: str, reason: str
) -> None:
    await store(database, stored)
    with caplog.at_level(logging.WARNING, logger="bot.servers"):
        servers = Servers.load(database)
        assert servers.get(SERVER) == ServerSettings()
        assert servers.get(SERVER) == ServerSettings()
    # Said once, not at every question.
    assert caplog.messages == [
        f"the stored settings of server {SERVER} cannot be used, so it has the default ones: "
        f"{reason}"
    ]
    await servers.set(SERVER, SOME)
    assert servers.get(SERVER) == SOME
