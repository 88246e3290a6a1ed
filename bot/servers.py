"""What an admin sets for a server."""

from __future__ import annotations

import logging
import sqlite3
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
    """The settings of all servers, kept in memory once read. Called on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[int, ServerSettings] = {}
        self._changes = 0

    async def get(self, server: int | None) -> ServerSettings:
        """The settings of ``server``; the defaults for None, an unknown one, or settings that
        cannot be read any more, which is logged."""
        if server is None:
            return ServerSettings()
        if server in self._cache:
            return self._cache[server]
        changes = self._changes

        def read(connection: sqlite3.Connection) -> ServerSettings:
            return read_settings(connection, server)

        settings = await self._database.run(read)
        self._keep(server, settings, changes)
        return settings

    async def set(self, server: int, settings: ServerSettings) -> None:
        """Store ``settings`` in place of the old ones."""
        stored = settings.model_dump_json()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO servers (server, settings) VALUES (?, ?) "
                "ON CONFLICT (server) DO UPDATE SET settings = excluded.settings",
                (server, stored),
            )

        # Before, not after: a caller who is cancelled has perhaps stored them all the same.
        self.forget(server)
        changes = self._changes
        await self._database.run(write)
        self._keep(server, settings, changes)

    def forget(self, server: int) -> None:
        """Read ``server`` from the database the next time."""
        self._changes += 1
        self._cache.pop(server, None)

    def _keep(self, server: int, settings: ServerSettings, changes: int) -> None:
        # A change that began meanwhile may have been stored after these were read.
        if changes == self._changes:
            self._cache[server] = settings


def read_settings(connection: sqlite3.Connection, server: int) -> ServerSettings:
    """What is stored for ``server``, or the defaults, as `Servers.get`."""
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
