"""The library as the running bot holds it: asked and brought up to date off the event loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot import trace
from bot.catalogue import LANGUAGES
from bot.metrics import Metrics
from index.answer import Answer, Asked
from index.byte_products import prepare
from index.cores import shared_cores
from index.encoder import Encoder
from index.fit import load_fit
from index.library import Library
from index.update import IndexReport

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_CITATIONS = 5
"""Passages that an answer pages through."""

MOST_AT_ONCE = 16
"""Questions that are looked up together. More would gain little, and keep the next ones waiting."""

AT_WORK = 2
"""Threads that answer. One that answers the only question there is has all cores; else they share
them."""

PROGRESS_SECONDS = 2.0
"""How often a reindex reports: Discord takes five edits of a message in five seconds."""

Reopen = Callable[[Callable[[int, int], None]], tuple[Library, IndexReport]]
"""Brings the index up to date and loads it; calls its argument with texts done and in all."""


def load_for_threads(encoder: Encoder) -> None:
    """Load what threads that share the cores need, which holds up all others for two tenths of a
    second, and the model's reader: call it before there is an event loop.

    Raises ModelError for a damaged reader, or damaged fitted numbers.
    """
    reader = load_fit(encoder).reader
    if reader is not None:
        reader.prepare()
    with shared_cores(AT_WORK):
        encoder.encode_questions([encoder.name])
        prepare()
        if reader is not None:
            reader.prepare()


def spare_what_is_there() -> None:
    """Keep Python's search for garbage from ever looking at what is in memory now.

    To look through the model and a large library again and again would hold up the event loop, for
    a tenth of a second or more each time; this does so once.
    """
    gc.collect()
    gc.freeze()
    # Python looks through everything again when a quarter as much has come as it found last time.
    gc.collect()


@dataclass(frozen=True, slots=True)
class Progress:
    """Sentences encoded so far, and how many there are to encode."""

    done: int
    total: int


class PreparingError(Exception):
    """There is no library yet: its first index is being built."""


class ReindexStoppedError(Exception):
    """The bot is being stopped, and with it the reindex; the index on disk is the old one."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A question, the library that was in use when it came, and where its answer goes, with the
    moment when it was looked up."""

    library: Library
    asked: Asked
    answer: asyncio.Future[tuple[Answer, float]]


class LibraryService:
    """Answers from the current library, and swaps it for a new one when a reindex is done.

    Without a ``library`` the first reindex makes it. Some threads answer, another reindexes and
    others do what else takes long, so questions wait for nothing but questions; those that wait are
    looked up together. All methods are called on the event loop.
    """

    def __init__(
        self, library: Library | None, *, reopen: Reopen, metrics: Metrics | None = None
    ) -> None:
        self._library = library
        self._metrics = metrics or Metrics()
        self._reopen = reopen
        self._waiting = 0
        self._queue: deque[_Waiting] = deque()
        self._looked_up = 0
        """How many questions are being looked up, by all threads."""
        self._answering: list[asyncio.Task[None]] = []
        self._answers = ThreadPoolExecutor(AT_WORK, thread_name_prefix="answer")
        self._reindexes = ThreadPoolExecutor(1, thread_name_prefix="reindex")
        self._aside = ThreadPoolExecutor(2, thread_name_prefix="aside")
        self._examples = ThreadPoolExecutor(1, thread_name_prefix="examples")
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._reindex: asyncio.Task[IndexReport] | None = None
        self._progress: Progress | None = None
        self._stopping = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether there is a library to ask."""
        return self._library is not None

    @property
    def library(self) -> Library:
        """The current library; raises PreparingError before there is one."""
        if self._library is None:
            raise PreparingError
        return self._library

    @property
    def titles(self) -> list[str]:
        """The titles of the current library's articles; none before there is one."""
        return [article.title for article in self.library.articles] if self.ready else []

    @property
    def preparing(self) -> Progress | None:
        """How far the reindex that runs is; None if none runs, or it has encoded nothing yet."""
        return self._progress if self.reindexing else None

    @property
    def reindexing(self) -> bool:
        """Whether a reindex runs."""
        return self._reindex is not None and not self._reindex.done()

    @property
    def waiting(self) -> int:
        """How many questions are being answered or wait for it."""
        return self._waiting

    async def answer(
        self,
        question: str,
        *,
        article: str | None = None,
        before: str | None = None,
        strictness: float = 0.0,
    ) -> Answer:
        """What `Library.answer` says; a reindex that ends meanwhile does not disturb it.

        Raises PreparingError, and what `Library.answer` raises.
        """
        asked = Asked(question, MOST_CITATIONS, article, before, strictness)
        came = time.perf_counter()
        answer: asyncio.Future[tuple[Answer, float]] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(self.library, asked, answer))
        self._answering = [task for task in self._answering if not task.done()]
        if len(self._answering) < AT_WORK:
            # With nothing of who asked first: it looks up for everybody.
            self._answering.append(
                asyncio.create_task(self._answer_queue(), name="answers", context=Context())
            )
        self._waiting += 1
        try:
            found, began = await answer
        finally:
            self._waiting -= 1
            # A failure leads to this frame, and would lead on to itself, and to its library.
            del answer
        trace.took(trace.Stage.WAITING, began - came)
        trace.took(trace.Stage.LOOKUP, time.perf_counter() - began)
        trace.found(str(found.status), found.confidence)
        return found

    async def _answer_queue(self) -> None:
        """Answer what waits, together, until nothing does.

        Nobody waits for company: a question that comes to an idle thread is looked up at once, and
        those that come meanwhile are the next batch.
        """
        loop = asyncio.get_running_loop()
        while batch := self._next_batch():
            library = batch[0].library
            threads = AT_WORK if self._queue or self._looked_up else 1
            self._looked_up += len(batch)
            began = time.perf_counter()
            try:
                outcomes = await loop.run_in_executor(
                    self._answers, _answers, library, [one.asked for one in batch], threads
                )
            except (asyncio.CancelledError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and not self._stopping.is_set():
                    # Such as that the system gives no more threads.
                    outcomes = [error] * len(batch)
                else:  # the bot stops: no more work is taken
                    for one in (*batch, *self._queue):
                        one.answer.cancel()
                    self._queue.clear()
                    return
            finally:
                self._looked_up -= len(batch)
            for one, outcome in zip(batch, outcomes, strict=True):
                if one.answer.done():  # whoever asked has given up
                    continue
                if isinstance(outcome, Exception):
                    one.answer.set_exception(outcome)
                else:
                    one.answer.set_result((outcome, began))
            # A failure leads to the thread's frame, which still has the list.
            outcomes.clear()

    def _next_batch(self) -> list[_Waiting]:
        """The questions that came first and still wait, all for the same library: at most this
        thread's share of all that wait or are being looked up."""
        most = min(MOST_AT_ONCE, math.ceil((len(self._queue) + self._looked_up) / AT_WORK))
        batch: list[_Waiting] = []
        while self._queue and len(batch) < most:
            first = self._queue[0]
            if batch and first.library is not batch[0].library:
                break
            self._queue.popleft()
            if not first.answer.done():
                batch.append(first)
        return batch

    async def aside(self, work: Callable[[], T]) -> T:
        """The result of ``work``, which needs the model for long, while questions are answered."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, _beside, work)

    async def example_questions(self, work: Callable[[], T]) -> T:
        """Like `aside`, for questions that a refusal names: it is not to wait for anything else."""
        return await asyncio.get_running_loop().run_in_executor(self._examples, _beside, work)

    async def reindex(
        self,
        on_progress: Callable[[Progress], Awaitable[None]],
        every: float = PROGRESS_SECONDS,
        *,
        changed: bool = False,
    ) -> IndexReport:
        """Bring the index up to date and use it from then on; the report of what was done.

        If a reindex runs already, this one joins it; with ``changed`` it waits for it and begins
        another, since the one that runs may have read the articles before they were changed.
        ``on_progress`` is awaited with the newest state at most once in ``every`` seconds. Raises
        what `Library.open` raises, with the old library still in use, and ReindexStoppedError when
        the bot stops.
        """
        if self._stopping.is_set():
            raise ReindexStoppedError
        if changed and self._reindex is not None and not self._reindex.done():
            await asyncio.wait({self._reindex})
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
        self._aside.shutdown(wait=False, cancel_futures=True)
        self._examples.shutdown(wait=False, cancel_futures=True)
        self._preparing.shutdown(wait=False, cancel_futures=True)

    async def _run_reindex(self) -> IndexReport:
        loop = asyncio.get_running_loop()
        outcome = "failed"
        try:
            library, report = await loop.run_in_executor(
                self._reindexes, self._reopen, self._note_progress
            )
            outcome = "done"
        except (ReindexStoppedError, asyncio.CancelledError):
            outcome = "stopped"
            raise
        finally:
            self._metrics.reindexes.labels(outcome).inc()
        self._metrics.reindex_seconds.observe(report.seconds)
        if self._library is None:  # nobody waits for an answer
            spare_what_is_there()
        self._library = library
        # A refusal names examples; looking them up takes seconds, once. So may what else the first
        # question that needs it would wait for.
        if not self._stopping.is_set():
            self._preparing.submit(self._prepare_library)
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

    def _prepare_library(self) -> None:
        """Prepare the library in use, and look up its examples, until another takes its place."""
        # Called in the worker thread. What waits for it holds no library: those that were replaced
        # meanwhile are gone.
        library = self.library
        examples = [partial(library.examples, language=language) for language in LANGUAGES]
        works: list[Callable[[], object]] = [library.prepare, *examples]
        for work in works:
            if self._stopping.is_set() or self._library is not library:
                return
            try:
                _beside(work)
            except Exception:  # whoever needs it does it again, and is told
                log.exception("the library could not be prepared for its first questions")

    def _note_progress(self, done: int, total: int) -> None:
        # Called in the worker thread; assigning one reference is safe without a lock.
        if self._stopping.is_set():
            raise ReindexStoppedError
        self._progress = Progress(done, total)


def _beside(work: Callable[[], T]) -> T:
    """The result of ``work``, which leaves cores to those who answer."""
    with shared_cores(AT_WORK):
        return work()


def _answers(library: Library, asked: Sequence[Asked], threads: int) -> list[Answer | Exception]:
    """An answer to each, or why there is none; so many ``threads`` do this at the same time."""
    try:
        with shared_cores(threads):
            return [*library.answers(asked)]
    except Exception as error:  # noqa: BLE001 - passed on to whoever asked
        if len(asked) == 1:
            return [error]
    # One that fails must not take the others along.
    return [outcome for one in asked for outcome in _answers(library, [one], threads)]
