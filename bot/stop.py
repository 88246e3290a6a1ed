"""How the process is told to stop, and how it leaves when something hangs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from typing import NoReturn

log = logging.getLogger(__name__)

FINISH_SECONDS = 8.0
"""How long a stop waits for answers in hand."""
CLOSE_SECONDS = 1.0
"""How long a stop then waits for the connections and the reindex to end."""
STOP_SECONDS = 9.5
"""When a stop ends whatever may still hang; container engines kill after 10 s unless told else."""


def told_to_stop() -> asyncio.Event:
    """An event that is set by SIGTERM and SIGINT, however often they come.

    Not by the loop's own handlers: those are gone with the loop, and a second signal would then
    end the process before it has put its things away.
    """
    stop, told = asyncio.Event(), threading.Event()
    first = True
    loop = asyncio.get_running_loop()
    threading.Thread(target=_leave_late, args=(told,), name="watchdog", daemon=True).start()

    def stop_loop(*_: object) -> None:
        # Once only: a signal may come while this sets the event, which would then wait for itself.
        nonlocal first
        if first:
            first = False
            told.set()
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_loop)
    return stop


def _leave_late(told: threading.Event) -> None:
    """End the process STOP_SECONDS after it was ``told`` to stop, whatever still hangs: the event
    loop, a connection that Discord does not close, a thread that waits for a disk. What is stored
    withstands that, like any kill."""
    told.wait()
    time.sleep(STOP_SECONDS)
    log.warning("not everything ended in time")
    leave(0)


def leave(status: int) -> NoReturn:
    """End the process now, with everything of ours put away.

    Python itself would wait for every thread, also for one that waits for another process, and
    with a model on PyTorch then take that apart piece by piece: six seconds on a busy machine.
    """
    logging.shutdown()
    # Standard error is not flushed: it holds whole lines, which are written at once, and it may
    # hang.
    sys.stdout.flush()
    os._exit(status)
