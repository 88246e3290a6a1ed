"""The passages of all articles with their vectors, and the candidates FAISS finds among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from index.late_interaction import Float32
from index.passage_vectors import PassageTokens, PassageVectors, TitledPassage
from index.passages import Passage
from index.segments import Segment, Source
from index.token_vectors import ComputedTokens


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate passage: its number in the index, and its sentences' cosines with the question,
    float32 ``(s,)``."""

    number: int
    sentences: Float32


class PassageIndex:
    """Passages, their sources and vectors, kept together; FAISS over all rows.

    Passage ``n`` owns the rows from ``starts[n]`` up to ``starts[n + 1]``: its own vector and its
    sentences'.
    """

    def __init__(
        self,
        segments: Sequence[tuple[Segment, frozenset[str]]],
        dimension: int,
        computed: ComputedTokens | None = None,
    ) -> None:
        """Put together the articles of ``segments`` whose ids stand beside each segment.

        ``computed`` gives the token vectors where the segments hold none; None where they do.
        Raises ValueError where neither has them.
        """
        self._computed = computed
        self.passages: list[Passage] = []
        self._numbers_of: dict[str, range] = {}
        self.vectors: list[PassageVectors] = []
        self._source_of: dict[str, Source] = {}
        for segment, live in segments:
            vectors = iter(segment.vectors)
            for article in segment.articles:
                of_article = [next(vectors) for _ in article.passages]
                if article.source.id in live:
                    first = len(self.passages)
                    self._numbers_of[article.source.id] = range(
                        first, first + len(article.passages)
                    )
                    self._source_of[article.source.id] = article.source
                    self.passages += article.passages
                    self.vectors += of_article
        if computed is None and any(vectors.tokens is None for vectors in self.vectors):
            raise ValueError("token vectors are neither stored nor computed")
        self.sources = tuple(self._source_of[id_] for id_ in sorted(self._source_of))
        self.starts = np.cumsum([0, *(len(vectors.rows) for vectors in self.vectors)])
        self._passage_of_row = np.repeat(np.arange(len(self.passages)), np.diff(self.starts))
        self._faiss = faiss.IndexFlatIP(dimension)
        if self.vectors:
            self._faiss.add(np.concatenate([vectors.rows for vectors in self.vectors]))

    def source(self, passage: Passage) -> Source:
        """The source of one of this index's passages."""
        return self._source_of[passage.article]

    def numbers(self, article: str) -> range:
        """The numbers of an article's passages, in the article's order; empty if it is not here."""
        return self._numbers_of.get(article, range(0))

    @property
    def tokens_stored(self) -> bool:
        """Whether token vectors cost nothing but to read them."""
        return self._computed is None

    def tokens(self, numbers: Sequence[int]) -> list[PassageTokens]:
        """The token vectors of the passages of these numbers, computed if none are stored."""
        if self._computed is None:
            found = (self.vectors[number].tokens for number in numbers)
            return [tokens for tokens in found if tokens is not None]
        passages = [self.passages[number] for number in numbers]
        return self._computed.of(
            [TitledPassage(self.source(passage).title, passage) for passage in passages]
        )

    def search(self, question: Float32, passages: int, among: range | None = None) -> list[Hit]:
        """At most ``passages`` candidates for the question's vector ``(d,)``, those with the best
        row first.

        ``among``: only passages with these numbers, which are one run.
        """
        among = range(len(self.passages)) if among is None else among
        # An article's rows are one run, so two numbers tell FAISS which ones to look at.
        rows = range(int(self.starts[among.start]), int(self.starts[among.stop]))
        # A passage has five rows or so, and several may come before the next passage's best one.
        count = 8 * passages if passages < len(among) else len(rows)
        numbers = self._nearest(question, min(count, len(rows)), rows)
        # One passage may have hundreds of rows: look at more, so that it does not crowd out others.
        while len(numbers) < passages and count < len(rows):
            count *= 2
            numbers = self._nearest(question, min(count, len(rows)), rows)
        return [
            Hit(number, self.vectors[number].rows[1:] @ question) for number in numbers[:passages]
        ]

    def _nearest(self, question: Float32, count: int, rows: range) -> list[int]:
        """The passages that own the ``count`` best of ``rows``, the one with the best row first."""
        if not count:
            return []
        only = None
        if len(rows) < self._faiss.ntotal:
            selector = faiss.IDSelectorRange(rows.start, rows.stop)
            only = faiss.SearchParameters()
            only.sel = selector
        _, found = self._faiss.search(question[None, :], count, params=only)
        # FAISS gives -1 where it has no row to give: for a vector that is not a number.
        return list(dict.fromkeys(self._passage_of_row[found[0][found[0] >= 0]].tolist()))
