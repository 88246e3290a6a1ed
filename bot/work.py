"""The questions and commands in hand, so that the bot can finish them before it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Work:
    """Counts what is being worked on. All methods are called on the event loop."""

    def __init__(self) -> None:
        self.stopping = False
        self.abandoned = False
        """Whether the time to finish is up: what is still in hand loses its connection."""
        self._pieces = 0
        self._questions = 0
        self._joined: dict[Hashable, asyncio.Task[Any]] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def questions(self) -> int:
        """How many questions are being answered or wait for it."""
        return self._questions

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

    def until_done(self) -> None:
        """Make the current task a piece, to its very end: also what it says where it fails."""
        task = asyncio.current_task()
        assert task is not None  # every event comes in a task of its own
        piece = self.piece()
        piece.__enter__()
        task.add_done_callback(lambda _: piece.__exit__(None, None, None))

    @contextmanager
    def question(self) -> Iterator[None]:
        """A piece that answers a question."""
        self._questions += 1
        try:
            with self.piece():
                yield
        finally:
            self._questions -= 1

    async def joined(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``; of work under the same key that runs already, if there is any."""
        running = self._joined.get(key)
        if running is None:
            running = asyncio.create_task(work())
            self._joined[key] = running
            running.add_done_callback(lambda _: self._joined.pop(key))
        # A caller who is cancelled does not take the others down with them.
        return await asyncio.shield(running)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work``, which nobody waits for; its errors are its own affair."""
        task = asyncio.create_task(work)
        # The event loop alone would not keep it from being collected.
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def finish(self, seconds: float) -> bool:
        """Take nothing new, and wait for what is in hand; whether all of it was done in time."""
        self.stopping = True
        try:
            async with asyncio.timeout(seconds):
                while self._pieces:  # one may have begun while this was woken
                    await self._idle.wait()
        except TimeoutError:
            self.abandoned = True
            return False
        return True
