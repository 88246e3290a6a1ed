"""Erases what has been kept long enough, and what belongs to servers that the bot has left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from bot.database import DatabaseError
from bot.records import Records

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
OWNER_FILE = "application.id"


async def erase_expired_forever(records: Records, every: float = EVERY_SECONDS) -> None:
    """Erase questions after the time their server keeps them; runs until it is cancelled."""
    while True:
        try:
            erased = await records.erase_expired(datetime.now(UTC))
        except DatabaseError:
            # A disk that is full now may have room in an hour.
            log.exception("questions that were kept long enough could not be erased")
        else:
            if erased:
                log.info("erased %d questions that were kept long enough", erased)
        await asyncio.sleep(every)


def is_its_own(data: Path, application: int) -> bool:
    """Whether what is stored in the folder ``data`` is this application's; if it is nobody's yet,
    it is from now on.

    Raises OSError if the note of that cannot be read or written.
    """
    note = data / OWNER_FILE
    if not note.exists():
        note.write_text(f"{application}\n", encoding="ascii")
    return note.read_text(encoding="ascii", errors="replace").strip() == str(application)


async def erase_servers_left(records: Records, present: Collection[int]) -> None:
    """Erase the data of servers that removed the bot while it was not running.

    ``present`` are all servers that Discord names when the bot connects, including those that are
    unavailable for the moment. If there are none, nothing is erased: that is more likely a fault
    than the end of a bot.
    """
    if not present:
        return
    for server in await records.servers() - set(present):
        await records.erase_server(server)
        log.info("erased the data of a server that the bot has left")
