"""The questions and commands in hand, so that the bot can finish them before it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Work:
    """Counts what is being worked on. All methods are called on the event loop."""

    def __init__(self) -> None:
        self.stopping = False
        self._pieces = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def in_hand(self) -> int:
        """How many pieces are being worked on."""
        return self._pieces

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Something that is to be finished before the bot stops."""
        self._pieces += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._pieces -= 1
            if not self._pieces:
                self._idle.set()

    async def finish(self, seconds: float) -> bool:
        """Take nothing new, and wait for what is in hand; whether all of it was done in time."""
        self.stopping = True
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
