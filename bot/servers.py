"""What an admin sets for a server."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.database import Database

log = logging.getLogger(__name__)

Strictness = Literal["looser", "normal", "stricter"]
Language = Literal["auto", "en", "de", "fr", "es"]


class ServerSettings(BaseModel):
    """One server's settings; the defaults hold where nothing is set, and in direct messages.

    Fields that another version of Beleg stored are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    channels: frozenset[int] = frozenset()
    """Ids of the channels in which the bot answers; empty: everywhere."""
    private: bool = False
    """Whether answers are shown to their asker only, unless they ask otherwise."""
    askers: frozenset[int] = frozenset()
    """Ids of the roles that may ask; empty: everyone."""
    strictness: Strictness = "normal"
    language: Language = "auto"
    days_kept: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a question is erased."""


class Servers:
    """The settings of all servers, in memory: a first response cannot wait for the disk.

    Called on the event loop, but for `load`.
    """

    def __init__(self, database: Database, settings: dict[int, ServerSettings]) -> None:
        self._database = database
        self._settings = settings
        self._changing = asyncio.Lock()

    @classmethod
    def load(cls, database: Database) -> Servers:
        """All that is stored; waits for the disk. Raises DatabaseError where it fails."""

        def read(connection: sqlite3.Connection) -> dict[int, ServerSettings]:
            rows = connection.execute("SELECT server FROM servers").fetchall()
            return {server: read_settings(connection, server) for (server,) in rows}

        return cls(database, database.run_blocking(read))

    def get(self, server: int | None) -> ServerSettings:
        """The settings of ``server``; the defaults for None, an unknown one, or settings that
        could not be read."""
        return self._settings.get(server, ServerSettings()) if server else ServerSettings()

    async def change(
        self, server: int, new: Callable[[ServerSettings], ServerSettings]
    ) -> ServerSettings:
        """Store what ``new`` makes of the settings, one change after the other; the new ones.

        Raises what ``new`` raises, and DatabaseError as `set`.
        """
        async with self._changing:
            settings = new(self.get(server))
            await self.set(server, settings)
        return settings

    async def set(self, server: int, settings: ServerSettings) -> None:
        """Store ``settings`` in place of the old ones; raises DatabaseError where that fails."""
        stored = settings.model_dump_json()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO servers (server, settings) VALUES (?, ?) "
                "ON CONFLICT (server) DO UPDATE SET settings = excluded.settings",
                (server, stored),
            )

        async def store() -> None:
            await self._database.run(write)
            self._settings[server] = settings

        # A caller who is cancelled leaves memory and disk alike.
        await asyncio.shield(store())

    def forget(self, server: int) -> None:
        """The settings of ``server`` are no longer stored."""
        self._settings.pop(server, None)


def read_settings(connection: sqlite3.Connection, server: int) -> ServerSettings:
    """What is stored for ``server``; the defaults if nothing is, or if it cannot be read any more,
    which is logged."""
    row = connection.execute("SELECT settings FROM servers WHERE server = ?", (server,)).fetchone()
    if row is None:
        return ServerSettings()
    try:
        return ServerSettings.model_validate_json(row[0])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        log.warning(
            "the stored settings of server %d cannot be used, so it has the default ones: %s: %s",
            server,
            ".".join(map(str, first["loc"])) or "settings",
            first["msg"],
        )
        return ServerSettings()
