"""What every peer's script does: one job on standard input, figures as JSON on standard output.

A script runs as ``python -m benchmarks.peers.NAME`` in the peer's own environment; nothing but the
standard library is used here. The job is one JSON object on one line:

    do          index, start or serve
    model       folder of the sentence-transformers model
    saved       folder of the saved index
    articles    folder with the articles as files, for a program that reads files
    paragraphs  the texts to index, one passage each (index)
    changed     number: the paragraph that changes, text: what it says then, file and file_text:
                the article's file and all it says then (index)
    questions   the questions to ask (start: one; serve)
    clients     how many ask at the same time, a list (serve)
    burst       how many questions are asked for each entry of clients (serve)

The answer is one JSON object a line; times are seconds, memory is bytes. Whoever starts the script
measures what begins with its start.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Job = dict[str, Any]

WARM_UP = 3
"""Questions asked before any is measured."""
A_WHILE = 1
"""Seconds between the first index and the change."""
HEARTBEAT = 0.005
"""Seconds between two looks at whether the event loop still runs."""


class Peer(ABC):
    """A program that finds the passage for a question."""

    def __init__(self, job: Job) -> None:
        """Load the model."""
        self.job = job

    @abstractmethod
    def build(self, paragraphs: list[str], saved: Path) -> None:
        """Index the paragraphs and save the index in the folder ``saved``."""

    @abstractmethod
    def load(self, saved: Path) -> None:
        """Load a saved index."""

    @abstractmethod
    def change(self, number: int, text: str, saved: Path) -> None:
        """Let the paragraph ``number`` say ``text``, and save the index."""

    @abstractmethod
    def ask(self, question: str) -> str:
        """The text of the best passage."""

    async def ask_async(self, question: str) -> str:
        """The same from an event loop, in the way that the program offers; else in a thread."""
        return await asyncio.to_thread(self.ask, question)


class Batching(ABC):
    """A peer that takes many questions in one call."""

    @abstractmethod
    def ask_many(self, questions: list[str]) -> list[str]:
        """The text of the best passage for each question."""


def run(make: Callable[[Job], Peer]) -> None:
    """Do the job on standard input."""
    job: Job = json.loads(sys.stdin.readline())
    # Libraries print what they like; only the figures go to standard output.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(**figures: object) -> None:
        print(json.dumps(figures), file=told, flush=True)

    {"index": _index, "start": _start, "serve": _serve}[job["do"]](make, job, tell)
    told.flush()
    # Some libraries' threads keep a process alive; everything is told.
    os._exit(0)


def _index(make: Callable[[Job], Peer], job: Job, tell: Callable[..., None]) -> None:
    peer = make(job)
    saved = Path(job["saved"])
    began = time.perf_counter()
    peer.build(job["paragraphs"], saved)
    tell(stage="indexed", indexing=time.perf_counter() - began, peak=peak_memory())
    changed = job["changed"]
    if changed is not None:
        # Nobody changes what was indexed a moment ago, and Beleg reads again what was written just
        # now, since it may have been written twice.
        time.sleep(A_WHILE)
        Path(changed["file"]).write_text(changed["file_text"], encoding="utf-8")
        began = time.perf_counter()
        peer.change(changed["number"], changed["text"], saved)
        seconds = time.perf_counter() - began
        # Its new text must be what is found.
        tell(stage="changed", changing=seconds, found=peer.ask(changed["text"]))


def _start(make: Callable[[Job], Peer], job: Job, tell: Callable[..., None]) -> None:
    peer = make(job)
    peer.load(Path(job["saved"]))
    tell(stage="answered", found=peer.ask(job["questions"][0]))


def _serve(make: Callable[[Job], Peer], job: Job, tell: Callable[..., None]) -> None:
    peer = make(job)
    peer.load(Path(job["saved"]))
    questions: list[str] = job["questions"]
    for question in questions[:WARM_UP]:
        peer.ask(question)
    latencies, found = [], []
    for question in questions:
        began = time.perf_counter()
        found.append(peer.ask(question))
        latencies.append(time.perf_counter() - began)
    tell(stage="asked", latencies=latencies, found=found, peak=peak_memory())
    for clients in job["clients"]:
        # The same questions for everybody, however few there are.
        burst = [questions[number % len(questions)] for number in range(job["burst"])]
        tell(stage="together", clients=clients, **asyncio.run(ask_together(peer, burst, clients)))
    if isinstance(peer, Batching):
        began = time.perf_counter()
        peer.ask_many(burst)
        tell(stage="batch", rate=len(burst) / (time.perf_counter() - began))
    tell(stage="served", peak=peak_memory())


async def ask_together(peer: Peer, questions: list[str], clients: int) -> dict[str, object]:
    """Ask all ``questions``, by ``clients`` who each wait for an answer before the next question.

    ``rate`` is questions a second, ``blocked`` the longest that the event loop did nothing else.
    Of a program that fails, ``error`` has the exception's name.
    """
    waiting: Iterator[str] = iter(questions)
    latencies: list[float] = []

    async def client() -> None:
        for question in waiting:
            began = time.perf_counter()
            await peer.ask_async(question)
            latencies.append(time.perf_counter() - began)

    blocked, over = 0.0, False

    async def heart() -> None:
        nonlocal blocked
        while not over:
            began = time.perf_counter()
            await asyncio.sleep(HEARTBEAT)
            blocked = max(blocked, time.perf_counter() - began - HEARTBEAT)

    beating = asyncio.create_task(heart())
    await asyncio.sleep(0)
    began = time.perf_counter()
    outcomes = await asyncio.gather(*(client() for _ in range(clients)), return_exceptions=True)
    seconds = time.perf_counter() - began
    over = True
    await beating
    errors = [one for one in outcomes if isinstance(one, BaseException)]
    if errors:
        return {"error": f"{type(errors[0]).__name__}: {errors[0]}"[:200]}
    return {"rate": len(questions) / seconds, "latencies": latencies, "blocked": blocked}


def peak_memory() -> int:
    """The most resident memory, in bytes, that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says counts that of the process that started this one.
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
