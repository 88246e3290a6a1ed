"""How long an event loop is kept from turning, and how much of that is the machine's fault.

A task sleeps for a few milliseconds again and again and notes how long that took. Linux tells how
long the loop's thread could have run and waited for a CPU; without that, what remains is what the
process itself did: code on the loop, or another thread that held the interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from bot.client import BelegClient

EVERY = 0.005
"""Seconds between two looks."""
LIMIT_MS = 100.0


@dataclass(slots=True)
class Lags:
    """What a probe saw, in milliseconds; "own" is without the time that its thread waited for a
    CPU."""

    looks: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    longest_own: float = 0.0
    over: int = 0
    own_over: int = 0
    own_over_at: tuple[float, ...] = ()
    """When, in seconds since the start."""

    @classmethod
    def read(cls, path: Path) -> Lags:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def note(self, at: float, lag: float, waited: float) -> None:
        own = max(lag - waited, 0.0)
        self.looks += 1
        self.seconds = at
        self.longest = max(self.longest, lag)
        self.longest_own = max(self.longest_own, own)
        self.over += lag > LIMIT_MS
        if own > LIMIT_MS:
            self.own_over += 1
            self.own_over_at = (*self.own_over_at[-20:], round(at, 2))

    def __str__(self) -> str:
        return (
            f"{self.looks} looks in {self.seconds:.0f} s: longest {self.longest:.0f} ms "
            f"({self.over} over {LIMIT_MS:.0f}), of its own {self.longest_own:.0f} ms "
            f"({self.own_over} over)"
        )


async def watch(path: Path) -> None:
    """Look until this is cancelled, and then write what was seen to ``path``."""
    lags = Lags()
    began = before = time.perf_counter()
    waited_before = _waited()
    try:
        while True:
            await asyncio.sleep(EVERY)
            now, waited = time.perf_counter(), _waited()
            lags.note(now - began, (now - before) * 1000, waited - waited_before)
            before, waited_before = now, waited
    finally:
        path.write_text(json.dumps(asdict(lags)), encoding="utf-8")


def _waited() -> float:
    """Milliseconds that this thread has waited for a CPU since it began."""
    _, waiting, _ = Path("/proc/thread-self/schedstat").read_text().split()
    return int(waiting) / 1e6


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
