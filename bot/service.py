"""The library as the running bot holds it: asked and brought up to date off the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from index.answer import Answer
from index.library import Library
from index.update import IndexReport

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 2.0
"""How often a reindex reports: Discord takes five edits of a message in five seconds."""

Reopen = Callable[[Callable[[int, int], None]], tuple[Library, IndexReport]]
"""Brings the index up to date and loads it; calls its argument with texts done and in all."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Texts (passages and sentences) encoded so far, and how many there are to encode."""

    done: int
    total: int


class ReindexStoppedError(Exception):
    """The bot is being stopped, and with it the reindex; the index on disk is the old one."""


class LibraryService:
    """Answers from the current library, and swaps it for a new one when a reindex is done.

    One thread answers and another reindexes, so questions never wait for a reindex. All methods
    are called on the event loop.
    """

    def __init__(self, library: Library, *, reopen: Reopen) -> None:
        self.library = library
        self._reopen = reopen
        self._answers = ThreadPoolExecutor(1, thread_name_prefix="answer")
        self._reindexes = ThreadPoolExecutor(1, thread_name_prefix="reindex")
        self._reindex: asyncio.Task[IndexReport] | None = None
        self._progress: Progress | None = None
        self._stopping = threading.Event()

    @property
    def titles(self) -> list[str]:
        """The titles of the current library's articles."""
        return [article.title for article in self.library.articles]

    async def answer(self, question: str, top: int = 3) -> Answer:
        """The current library's answer; a reindex that ends meanwhile does not disturb it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._answers, self.library.answer, question, top)

    async def reindex(
        self, on_progress: Callable[[Progress], Awaitable[None]], every: float = PROGRESS_SECONDS
    ) -> IndexReport:
        """Bring the index up to date and use it from then on; the report of what was done.

        If a reindex runs already, this one joins it. ``on_progress`` is awaited with the newest
        state at most once in ``every`` seconds. Raises what `Library.open` raises, with the old
        library still in use, and ReindexStoppedError when the bot stops.
        """
        if self._stopping.is_set():
            raise ReindexStoppedError
        if self._reindex is None or self._reindex.done():
            self._progress = None
            self._reindex = asyncio.create_task(self._run_reindex(), name="reindex")
        running = self._reindex
        told: Progress | None = None
        # Waiting this way, a caller who is cancelled does not take the reindex down with them.
        while not (await asyncio.wait({running}, timeout=every))[0]:
            newest = self._progress
            if newest is not None and newest != told:
                told = newest
                await on_progress(newest)
        return await running

    def stop_reindex(self) -> None:
        """Break off a reindex at its next progress report; there will be no other."""
        self._stopping.set()

    def close(self) -> None:
        """Take no more work; answers that have not begun are cancelled."""
        self.stop_reindex()
        self._answers.shutdown(wait=False, cancel_futures=True)
        self._reindexes.shutdown(wait=False, cancel_futures=True)

    async def _run_reindex(self) -> IndexReport:
        loop = asyncio.get_running_loop()
        library, report = await loop.run_in_executor(
            self._reindexes, self._reopen, self._note_progress
        )
        self.library = library
        log.info(
            "reindexed in %.1f s: %d articles, %d passages encoded, %d files left out",
            report.seconds,
            len(library.articles),
            report.encoded,
            len(report.errors),
        )
        if report.rebuilt:
            log.warning("%s", report.rebuilt)
        return report

    def _note_progress(self, done: int, total: int) -> None:
        # Called in the worker thread; assigning one reference is safe without a lock.
        if self._stopping.is_set():
            raise ReindexStoppedError
        self._progress = Progress(done, total)
