"""Where the token vectors of a question's candidates come from: stored, or computed for it.

Token vectors are the bulk of an index: about 390 bytes a token. They are read from all over the
file, up to 64 candidates a question, which is quick only as long as the system keeps the file in
memory. A library whose token vectors would take more than a limit stores none of them, and a
question has those of its best candidates encoded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from index.encoder import Encoder
from index.late_interaction import Float32
from index.passage_vectors import PassageTokens, TitledPassage, encode

TOKEN_LIMIT = 4_000_000_000
"""Bytes of token vectors that an index stores at most, where no other limit is set.

About what a machine of 8 GB has left for the cache of its file system, and 50,000 to 120,000
passages. See docs/trials.md.
"""
LOW_WATER = 0.8
"""Token vectors that were not stored are stored again only below this share of the limit: they have
to be encoded anew, which a library that grows and shrinks around the limit should not pay each
time."""
CACHE_BYTES = 64_000_000
"""Memory for computed token vectors: those of a thousand passages or so."""


def are_stored(token_bytes: int, limit: int, before: bool) -> bool:
    """Whether an index whose token vectors take ``token_bytes`` stores them.

    ``before``: whether it does so far; True for a new one.
    """
    return token_bytes <= (limit if before else LOW_WATER * limit)


class ComputedTokens:
    """Token vectors of passages, encoded when they are asked for.

    Those asked for last are kept. Several threads may share one.
    """

    def __init__(
        self, encoder: Encoder, passage_mean: Float32, cache_bytes: int = CACHE_BYTES
    ) -> None:
        """Keep at most ``cache_bytes``; ``passage_mean`` float32 ``(d,)`` is the fit's."""
        self._encoder = encoder
        self._passage_mean = passage_mean
        self._cache_bytes = cache_bytes
        self._cached: OrderedDict[TitledPassage, PassageTokens] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, passages: Sequence[TitledPassage]) -> list[PassageTokens]:
        """The token vectors of each passage, the same that an index would store."""
        with self._lock:
            found = {titled: self._cached[titled] for titled in passages if titled in self._cached}
        # Without the lock: two threads may encode the same passage, but none waits for another.
        new = [titled for titled in dict.fromkeys(passages) if titled not in found]
        if new:
            encoded = encode(new, self._encoder, self._passage_mean)
            found |= {
                titled: vectors.tokens
                for titled, vectors in zip(new, encoded, strict=True)
                if vectors.tokens is not None
            }
        with self._lock:
            for titled, tokens in found.items():
                self._keep(titled, tokens)
        return [found[titled] for titled in passages]

    def _keep(self, titled: TitledPassage, tokens: PassageTokens) -> None:
        """Make it the one that was asked for last."""
        if (old := self._cached.pop(titled, None)) is not None:
            self._bytes -= old.nbytes
        self._cached[titled] = tokens
        self._bytes += tokens.nbytes
        while self._bytes > self._cache_bytes:
            _, oldest = self._cached.popitem(last=False)
            self._bytes -= oldest.nbytes
