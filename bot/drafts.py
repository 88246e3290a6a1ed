"""Articles that an admin has handed in, until they are confirmed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from cachetools import TTLCache

from index.shelf import Draft

MOST_BYTES = 20_000_000
SECONDS = 3600.0


class Drafts:
    """Drafts in memory: the newest with MOST_BYTES in all, for SECONDS each.

    One that is lost, as at a restart, is handed in anew.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._drafts: TTLCache[str, Draft] = TTLCache(
            MOST_BYTES, SECONDS, timer=clock, getsizeof=lambda draft: len(draft.content)
        )

    def keep(self, draft: Draft) -> str:
        """Keep ``draft``; the key that it is found by."""
        key = secrets.token_urlsafe(8)
        self.put_back(key, draft)
        return key

    def take(self, key: str) -> Draft | None:
        """The draft with this key, which is not kept any longer; None if there is none."""
        return self._drafts.pop(key, None)

    def put_back(self, key: str, draft: Draft) -> None:
        """Keep a draft that was taken under its old key."""
        self._drafts[key] = draft
