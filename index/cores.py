"""How many cores a thread computes on: all that the process has, or its share of them.

A product on two cores takes more computing than on one: threads wait for one another, and part of
the work is done twice. Where several threads answer anyway, it is quicker that each has cores of
its own. See docs/performance.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_sharing = ContextVar("sharing", default=1)


@contextmanager
def shared_cores(threads: int) -> Iterator[None]:
    """Within it, this thread is one of so many ``threads`` that compute at the same time."""
    before = _sharing.set(threads)
    try:
        yield
    finally:
        _sharing.reset(before)


def cores_are_shared() -> bool:
    """Whether this thread leaves cores to others that compute at the same time."""
    return _sharing.get() > 1


def own_cores() -> int:
    """How many cores are this thread's; at least one."""
    return max(1, _all_cores() // _sharing.get())


def pool_cores() -> int:
    """How many cores a pool of helpers is for that all such threads use, with one of them counted:
    the others compute beside it. At least one."""
    return max(1, _all_cores() - _sharing.get() + 1)


def _all_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
