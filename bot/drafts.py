"""Articles that an admin has handed in, until they are confirmed."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from index.shelf import Draft

MOST_DRAFTS = 50


class Drafts:
    """Drafts in memory, the newest MOST_DRAFTS: one that is lost at a restart is made anew."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[str, Draft] = OrderedDict()

    def keep(self, draft: Draft) -> str:
        """Keep ``draft``; the key that it is found by."""
        while len(self._drafts) >= MOST_DRAFTS:
            self._drafts.popitem(last=False)
        key = secrets.token_urlsafe(8)
        self._drafts[key] = draft
        return key

    def take(self, key: str) -> Draft | None:
        """The draft with this key, which is not kept any longer; None if there is none."""
        return self._drafts.pop(key, None)
