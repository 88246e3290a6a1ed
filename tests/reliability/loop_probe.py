"""How long an event loop is kept from turning, and how much of that is the machine's fault.

A task sleeps for a few milliseconds again and again and notes how long that took. Linux tells how
long each thread could have run and waited for a CPU. The loop's thread may have waited for one
itself, or for another thread that had the interpreter and waited for one. Without that, what
remains is what the process itself did: code on the loop, or another thread that kept the
interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from bot.client import BelegClient

EVERY = 0.01
"""Seconds between two looks."""
LIMIT_MS = 100.0


@dataclass(slots=True)
class Lags:
    """What a probe saw, in milliseconds; "own" is without the time that threads waited for a CPU,
    but never less than the loop's thread computed."""

    looks: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    longest_own: float = 0.0
    longest_computed: float = 0.0
    """The most that the loop's thread computed between two looks."""
    over: int = 0
    own_over: int = 0
    spared: int = 0
    """How many objects the garbage collector never looks at."""
    handover: float = 0.0
    """Seconds after which a thread that computes gives the interpreter to one that waits."""
    own_over_at: tuple[float, ...] = ()
    """When, in seconds since the start."""

    @classmethod
    def read(cls, path: Path) -> Lags:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def note(self, at: float, lag: float, waited: float, computed: float) -> None:
        own = max(lag - waited, computed)
        self.looks += 1
        self.seconds = at
        self.longest = max(self.longest, lag)
        self.longest_own = max(self.longest_own, own)
        self.longest_computed = max(self.longest_computed, computed)
        self.over += lag > LIMIT_MS
        if own > LIMIT_MS:
            self.own_over += 1
            self.own_over_at = (*self.own_over_at[-20:], round(at, 2))

    def __str__(self) -> str:
        return (
            f"{self.looks} looks in {self.seconds:.0f} s: longest {self.longest:.0f} ms "
            f"({self.over} over {LIMIT_MS:.0f}), of its own {self.longest_own:.0f} ms "
            f"({self.own_over} over), computed by its thread {self.longest_computed:.0f} ms"
        )


async def watch(path: Path) -> None:
    """Look until this is cancelled, and then write what was seen to ``path``."""
    lags = Lags(spared=gc.get_freeze_count(), handover=sys.getswitchinterval())
    began = before = time.perf_counter()
    computed_before, waits_before = time.thread_time(), _waits()
    try:
        while True:
            await asyncio.sleep(EVERY)
            now, computed, waits = time.perf_counter(), time.thread_time(), _waits()
            waited = sum(wait - waits_before.get(thread, 0) for thread, wait in waits.items())
            lags.note(
                now - began,
                (now - before) * 1e3,
                waited / 1e6,
                (computed - computed_before) * 1e3,
            )
            before, computed_before, waits_before = now, computed, waits
    finally:
        path.write_text(json.dumps(asdict(lags)), encoding="utf-8")


def _waits() -> dict[str, int]:
    """How many nanoseconds each thread of this process has waited for a CPU."""
    waits = {}
    for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - this is to be quick
        with contextlib.suppress(OSError):  # it has ended
            file = os.open(f"/proc/self/task/{thread}/schedstat", os.O_RDONLY)
            try:
                waits[thread] = int(os.read(file, 64).split()[1])
            finally:
                os.close(file)
    return waits


def put_into_the_bot(patches: pytest.MonkeyPatch, path: Path) -> None:
    """Have the bot of this process watch its loop, from its login to its end."""
    original = BelegClient.setup_hook
    watching: list[asyncio.Task[None]] = []

    async def setup_hook(client: BelegClient) -> None:
        watching.append(asyncio.create_task(watch(path), name="probe"))
        await original(client)

    patches.setattr(BelegClient, "setup_hook", setup_hook)


def run_idle(path: Path) -> None:
    """A process that does nothing but watch its loop, until SIGTERM."""

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await watch(path)

    asyncio.run(main())
