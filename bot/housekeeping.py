"""Erases what has been kept long enough, and what belongs to servers that the bot has left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from bot.records import Records
from index.storage import flush

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
OWNER_FILE = "application.id"

Present = Callable[[], Awaitable[Collection[int] | None]]
"""What tells which servers the bot is in."""


async def erase_forever(records: Records, present: Present, every: float = EVERY_SECONDS) -> None:
    """Erase questions after the time their server keeps them, and what belongs to servers that the
    bot has left; runs until it is cancelled. ``present`` is as for `erase_servers_left`."""
    while True:
        try:
            erased = await records.erase_expired(datetime.now(UTC))
            if erased:
                log.info("erased %d questions that were kept long enough", erased)
            await erase_servers_left(records, present)
        except Exception:
            # A disk that is full now may have room in an hour.
            log.exception("what was kept long enough could not be erased")
        await asyncio.sleep(every)


def is_its_own(data: Path, application: int) -> bool:
    """Whether what is stored in the folder ``data`` is this application's; if it is nobody's yet,
    it is from now on.

    Raises OSError if the note of that cannot be read or written.
    """
    note = data / OWNER_FILE
    # An empty one is left where the machine went down before the note was on the disk.
    if not note.exists() or not note.read_bytes().strip():
        draft = data / f"{OWNER_FILE}.new"
        draft.write_text(f"{application}\n", encoding="ascii")
        flush(draft)
        draft.replace(note)
        flush(data)
    return note.read_text(encoding="ascii", errors="replace").strip() == str(application)


async def erase_servers_left(records: Records, present: Present) -> None:
    """Erase the data of servers that removed the bot: while it was not running, or while one of
    their questions was being answered, which was stored after the others were erased.

    ``present`` gives all servers that Discord names, including those that are unavailable for the
    moment; None if that is not known, and then nothing is erased.
    """
    if not (stored := await records.servers()):
        return
    # After the database, since a server that came meanwhile has data too.
    here = await present()
    if here is None:
        return
    for server in stored.difference(here):
        await records.erase_server(server)
        log.info("erased the data of a server that the bot has left")
