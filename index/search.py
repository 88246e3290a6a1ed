"""The passages of all articles with their vectors, and the candidates found among them.

Candidates far behind the best one are left out before the re-ranking, which takes in proportion to
their number: candidate set pruning by score (Li et al. 2022). For most questions a handful is
left, and for those that many passages fit all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from itertools import chain, groupby
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from index.fit import Fit
from index.late_interaction import Float32, Int32
from index.nearest import Found, Nearest, Search, open_nearest
from index.passage_vectors import PassageTokens, PassageVectors, TitledPassage
from index.passages import Passage, passage_digest
from index.segments import Segment, Source
from index.spelling import words_in
from index.token_vectors import ComputedTokens

NO_OFFSETS: Mapping[str, float] = MappingProxyType({})
MOST_FOR_WORDS = 20_000
"""Passages whose words are collected, which takes 1.7 s for so many. Without them every name
that the model does not know as a whole looks like a slip."""
LEAST_COMPARED = 10
"""Candidates of different wordings that are re-ranked however far behind: the confidence goes by
the runners-up, a reader looks at several, and evaluation at ten."""
REMEMBERED = 4_096
"""Passages whose places in the files are kept in mind, half a kilobyte each, and their wordings."""

DIGESTED = 256
"""Articles whose passages can be told by their digests: 0.1 kilobytes a passage."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate passage: its number in the index, and its best sentence's cosine with the vector
    looked up."""

    number: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: the vector ``(d,)`` that `Fit.looked_up` gives.

    ``among``: only passages with these numbers, which are one run in one article. ``offsets`` are
    taken off the cosines of rows in these languages before they are compared with others.
    ``margin``: how far behind the best row a candidate's best row may be (`Fit.margin`).
    """

    vector: Float32
    among: range | None = None
    offsets: Mapping[str, float] = field(default_factory=lambda: NO_OFFSETS)
    margin: float = math.inf

    @classmethod
    def of(
        cls,
        question: Float32,
        languages: Mapping[str, float],
        fit: Fit,
        among: range | None = None,
    ) -> Query:
        """What to look for with a question of this vector ``(d,)``; ``languages``: how well it fits
        each, from 0 to 1."""
        return cls(fit.looked_up(question), among, fit.row_offsets(languages), fit.margin)


class PassageIndex:
    """Passages, their sources and vectors, kept together; each segment's rows are searched by
    themselves, and of those the rows of each language.

    Passage ``n`` owns a run of its segment's rows, one for each of its sentences.
    """

    def __init__(
        self,
        segments: Sequence[tuple[Segment, frozenset[str]]],
        dimension: int,
        computed: ComputedTokens | None = None,
        search: Search = Search.AUTO,
    ) -> None:
        """Put together the articles of ``segments`` whose ids stand beside each segment.

        ``computed`` gives the token vectors where the segments hold none; None where they do.
        Raises ValueError where neither has them, and for rows that are not of ``dimension``.
        """
        self._computed = computed
        self.passages: list[Passage] = []
        self._numbers_of: dict[str, range] = {}
        self._source_of: dict[str, Source] = {}
        self._parts: list[_Part] = []
        for segment, live in segments:
            if not len(segment.vectors):
                continue
            first, place = len(self.passages), 0
            places: list[int] = []
            for article in segment.articles:
                end = place + len(article.passages)
                if article.source.id in live:
                    numbers = range(len(self.passages), len(self.passages) + end - place)
                    self._numbers_of[article.source.id] = numbers
                    self._source_of[article.source.id] = article.source
                    self.passages += article.passages
                    places += range(place, end)
                place = end
            self._parts.append(_Part(segment, first, places, search))
            if self._parts[-1].rows.shape[1] != dimension:
                raise ValueError(f"not all rows have {dimension} components")
            if computed is None and segment.vectors[0].tokens is None:
                raise ValueError("token vectors are neither stored nor computed")
        self._firsts = [part.first for part in self._parts]
        # Put together anew for every question, they would take as long as the search does.
        read = partial(_read_vectors, self._parts, self._firsts)
        self._vectors = lru_cache(REMEMBERED)(read)
        self._wordings = lru_cache(REMEMBERED)(partial(_wording, self.passages))
        # Of an article of 16,000 passages they take some 30 ms, and a button may want ten passages.
        self._digests = lru_cache(DIGESTED)(partial(_digests, self.passages, self._numbers_of))
        self.sources = tuple(self._source_of[id_] for id_ in sorted(self._source_of))
        self.languages = frozenset(source.language for source in self.sources)

    @property
    def vectors(self) -> Iterator[PassageVectors]:
        """The vectors of each passage, in the order of ``passages``."""
        numbers = range(len(self.passages))
        return (_read_vectors(self._parts, self._firsts, number) for number in numbers)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each passage's rows begin, and the last one's end, were all rows in one array."""
        return np.cumsum([0, *(len(vectors.rows) for vectors in self.vectors)], dtype=np.int64)

    def source(self, passage: Passage) -> Source:
        """The source of one of this index's passages."""
        return self._source_of[passage.article]

    def language(self, number: int) -> str:
        """The language of the passage of this number, ISO 639-1."""
        return self.source(self.passages[number]).language

    def wording(self, number: int) -> str:
        """The text of the passage of this number with its white space evened out: equal for copies
        of one passage."""
        return self._wordings(number)

    def numbers(self, article: str) -> range:
        """The numbers of an article's passages, in the article's order; empty if it is not here."""
        return self._numbers_of.get(article, range(0))

    def number_of(self, article: str, passage: str) -> int | None:
        """The number of the passage with this digest (`passage_digest`) in the article with this
        id.

        None if there is none; the first, if its text stands in the article more than once.
        """
        return self._digests(article).get(passage)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of titles and passages, in lower case, to know a misspelt one by; none where
        there are more than MOST_FOR_WORDS passages."""
        if len(self.passages) > MOST_FOR_WORDS:
            return frozenset()
        titles = (source.title for source in self.sources)
        return words_in(chain(titles, (passage.text for passage in self.passages)))

    @property
    def tokens_stored(self) -> bool:
        """Whether token vectors cost nothing but to read them."""
        return self._computed is None

    def tokens(self, numbers: Sequence[int]) -> list[PassageTokens]:
        """The token vectors of the passages of these numbers, computed if none are stored."""
        if self._computed is None:
            found = (self._vectors(number).tokens for number in numbers)
            return [tokens for tokens in found if tokens is not None]
        passages = [self.passages[number] for number in numbers]
        return self._computed.of(
            [TitledPassage(self.source(passage).title, passage) for passage in passages]
        )

    def search_all(self, queries: Sequence[Query], passages: int) -> list[list[Hit]]:
        """At most ``passages`` candidates for each query, those with the best row first: to within
        some 0.001 of its cosine, as rows are compared in bytes (`index.nearest`).

        Beyond LEAST_COMPARED wordings, those that are further behind than the query's margin are
        left out. The rows are read once for all queries, which takes most of the time where there
        are many.
        """
        everywhere = [query for query in queries if query.among is None]
        found = iter(self._candidates_everywhere(everywhere, passages))
        every = [
            next(found)
            if query.among is None
            else self._candidates_among(query, query.among, passages).numbers
            for query in queries
        ]
        return [
            self._hits(query.vector, numbers) for query, numbers in zip(queries, every, strict=True)
        ]

    def _hits(self, vector: Float32, numbers: Sequence[int]) -> list[Hit]:
        """The passages of these ``numbers`` with their best rows' cosines."""
        if not numbers:
            return []
        rows = [self._vectors(number).rows for number in numbers]
        counts = np.array([len(one) for one in rows])
        # Not as they were found, and not by BLAS: of copies these are equal to the last bit.
        cosines = np.einsum("rd,d->r", np.concatenate(rows), vector)
        best = np.fmax.reduceat(cosines, np.cumsum(counts) - counts)
        return [Hit(number, cosine) for number, cosine in zip(numbers, best.tolist(), strict=True)]

    def _candidates_everywhere(self, queries: Sequence[Query], passages: int) -> list[list[int]]:
        """For each query the numbers of at most ``passages`` candidates."""
        # A passage has five rows or so, and some may come before the next one's best, where they
        # are not looked at passage by passage.
        total, wanted = sum(len(part.rows) for part in self._parts), len(self.passages)
        count = 4 * passages if passages < wanted else total
        found = self._nearest(queries, count, passages)
        # One may have hundreds of rows: look at more, so that it does not crowd out others.
        while count < total and (
            few := [place for place, candidates in enumerate(found) if not candidates.complete]
        ):
            count *= 2
            more = self._nearest([queries[place] for place in few], count, passages)
            for place, candidates in zip(few, more, strict=True):
                found[place] = candidates
        return [candidates.numbers for candidates in found]

    def _nearest(self, queries: Sequence[Query], count: int, passages: int) -> list[_Candidates]:
        """For each query the candidates that the ``count`` best rows of all show."""
        if not queries:
            return []
        vectors = np.stack([query.vector for query in queries])
        runs = [run for part in self._parts for run in part.find(vectors, count)]
        if not runs:
            return [_Candidates([], complete=True) for _ in queries]
        nearest = []
        for place, query in enumerate(queries):
            owners = np.concatenate([found[place][0] for _, found in runs])
            cosines = np.concatenate(
                [found[place][1] - query.offsets.get(language, 0.0) for language, found in runs]
            )
            nearest.append(self._best_first(owners, cosines, query.margin, count, passages))
        return nearest

    def _candidates_among(self, query: Query, numbers: range, passages: int) -> _Candidates:
        """The candidates among the passages of these ``numbers``."""
        if not numbers:
            return _Candidates([], complete=True)
        part, first = _place(self._parts, self._firsts, numbers.start)
        start, end = part.starts[[first, first + len(numbers)]]
        offset = query.offsets.get(self.language(numbers.start), 0.0)
        cosines = part.rows[start:end] @ query.vector - offset
        owners = part.owners[start:end]
        return self._best_first(owners, cosines, query.margin, len(cosines), passages)

    def _best_first(
        self, owners: Int32, cosines: Float32, margin: float, count: int, passages: int
    ) -> _Candidates:
        """At most ``passages`` candidates, from the ``count`` best of some rows, or of some
        passages' best rows, and the passages that own them."""
        best = np.argsort(-cosines, kind="stable")[:count]
        found: dict[int, None] = {}
        wordings = set[str]()
        first = math.nan
        for owner, cosine in zip(owners[best].tolist(), cosines[best].tolist(), strict=True):
            if math.isnan(cosine):  # these come last
                break
            if owner < 0 or owner in found:  # -1: of articles that no longer count
                continue
            if not found:
                first = cosine
            if len(found) == passages or not is_compared(len(wordings), first - cosine, margin):
                return _Candidates([*found], complete=True)
            found[owner] = None
            wordings.add(self.wording(owner))
        return _Candidates([*found], complete=len(found) == passages)


def is_compared(place: int, behind: float, margin: float) -> bool:
    """Whether the candidate at this ``place``, from 0, is re-ranked, whose best row is so far
    ``behind`` the first one's: all within ``margin`` are, and LEAST_COMPARED if there are so many.
    Copies of one wording have one place.
    """
    return behind <= margin or place < LEAST_COMPARED


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The numbers of passages, the one with the best row first; ``complete`` if rows that are
    further behind than those looked at could not add to them."""

    numbers: list[int]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of a segment that are all in one language."""

    language: str
    nearest: Nearest


class _Part:
    """A segment in an index, where its living passages are numbered from ``first``."""

    def __init__(self, segment: Segment, first: int, places: Sequence[int], search: Search) -> None:
        """``places``: those of the living passages in the segment, in order."""
        self.segment = segment
        self.first = first
        self.places = np.array(places, np.int32)
        self.rows = segment.rows()
        self.starts = segment.row_starts()
        numbers = np.full(len(segment.vectors), -1, np.int32)
        numbers[self.places] = np.arange(first, first + len(places))
        self.owners = np.repeat(numbers, np.diff(self.starts))
        """Which passage each row belongs to."""
        self._runs = list(self._in_one_language(search))

    def find(self, vectors: Float32, count: int) -> Iterator[tuple[str, list[Found]]]:
        """Each language, and for each of the ``vectors`` ``(b, d)`` the passages with the ``count``
        best rows in it."""
        for run in self._runs:
            yield run.language, run.nearest.find(vectors, count)

    def _in_one_language(self, search: Search) -> Iterator[_Run]:
        """The runs of rows in one language: as many as there are languages, since a segment's
        articles are put in order by it."""
        place = 0
        for language, articles in groupby(self.segment.articles, lambda one: one.source.language):
            first, place = place, place + sum(len(article.passages) for article in articles)
            start, end = map(int, self.starts[[first, place]])
            if start < end:
                rows, owners = self.rows[start:end], self.owners[start:end]
                folder = self.segment.folder
                nearest = open_nearest(rows, owners, folder, search, name=f"{start}")
                yield _Run(language, nearest)


def _read_vectors(parts: Sequence[_Part], firsts: Sequence[int], number: int) -> PassageVectors:
    part, place = _place(parts, firsts, number)
    return part.segment.vectors[place]


def _wording(passages: Sequence[Passage], number: int) -> str:
    text = passages[number].text
    evened = " ".join(text.split())
    # Most are even already: what is kept in mind is then no second copy.
    return text if text == evened else evened


def _digests(
    passages: Sequence[Passage], numbers_of: Mapping[str, range], article: str
) -> dict[str, int]:
    """The numbers of an article's passages by their digests."""
    # The first of copies comes last, and stays.
    numbers = reversed(numbers_of.get(article, range(0)))
    return {passage_digest(passages[number].text): number for number in numbers}


def _place(parts: Sequence[_Part], firsts: Sequence[int], number: int) -> tuple[_Part, int]:
    """Where a passage stands: the segment, and its place there. ``firsts`` are the parts' first
    numbers."""
    part = parts[bisect_right(firsts, number) - 1]
    return part, int(part.places[number - part.first])
