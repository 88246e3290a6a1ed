"""What Discord delivers twice is taken on once.

After a RESUME the gateway may send again what the bot has had already, and a message or interaction
that comes twice would be answered twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cachetools import TTLCache

MOST = 10_000
SECONDS = 900.0
"""How many are remembered, and for how long: an interaction lives for fifteen minutes, and a
session that has been gone for longer than a few is not resumed."""


class Repeats:
    """Remembers the ids of the newest MOST messages and interactions for SECONDS each."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._seen: TTLCache[int, None] = TTLCache(most, SECONDS, timer=clock)

    def first(self, identifier: int) -> bool:
        """Whether this message or interaction comes for the first time; from now on it does not."""
        if identifier in self._seen:
            return False
        self._seen[identifier] = None
        return True
