"""Cuts an article's paragraphs into passages of whole sentences that fit the encoder."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import accumulate, pairwise

from index.content import Article
from index.paragraphs import Span, stripped
from index.sentences import sentence_spans

CountTokens = Callable[[Sequence[str]], list[int]]

_ROW = re.compile(r"[ \t>]*(?:[-*+•–][ \t]|[0-9]{1,3}[.)][ \t]|\|)")
_ENUMERATOR = re.compile(r"\W*\w{1,3}[.):]")
_CLAUSE_END = re.compile(r"[,;:–—)\]，；：、،؛](?=\s|[^\W\d_])")
_SPACE_END = re.compile(r"\s(?=\S)")
_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, or a part of a long one: `article.text[start:end] == text`."""

    article: str  # its id
    paragraph: int  # 1-based in the article
    part: int  # 1-based; above 1 only where a long paragraph was split
    start: int
    end: int
    text: str
    heading: str | None
    sentences: tuple[Span, ...]  # offsets into text, in order, without white space around them


def passage_digest(text: str) -> str:
    """16 hexadecimal digits (BLAKE2b) that stand for a passage's exact text.

    They are the same after a reindex, as long as the passage is.
    """
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


SPLITTING = 3
"""Raise this when the same article comes out as other passages, by a newer library too: an update
takes those of an article that has not changed from the index."""


def split_article(article: Article, *, count_tokens: CountTokens, max_tokens: int) -> list[Passage]:
    """The article's passages in order. No passage and no sentence has more than `max_tokens`
    tokens.

    A longer paragraph is split between sentences into the fewest parts, of about equal length; a
    longer sentence between clauses, else words, else characters. Nothing is lost but white space.
    (Only a single character of more tokens than that stays as it is.) `count_tokens` is called with
    many texts at a time. Raises ValueError if `max_tokens` is below 1.
    """
    if max_tokens < 1:
        raise ValueError("max_tokens must be at least 1")
    splitter = _Splitter(article.text, count_tokens, max_tokens)
    spans = [(paragraph.start, paragraph.end) for paragraph in article.paragraphs]
    sentences = [_sentences(article.text, span, article.language) for span in spans]
    fitting = splitter.fit([sentence for group in sentences for sentence in group])
    counts = splitter.count(spans)
    passages = []
    for number, paragraph in enumerate(article.paragraphs, 1):
        units = [unit for sentence in sentences[number - 1] for unit in fitting[sentence]]
        whole = counts[number - 1] <= max_tokens
        for part, group in enumerate([units] if whole else splitter.group(units), 1):
            start, end = group[0][0], group[-1][1]
            passages.append(
                Passage(
                    article=article.id,
                    paragraph=number,
                    part=part,
                    start=start,
                    end=end,
                    text=article.text[start:end],
                    heading=paragraph.heading,
                    sentences=tuple((left - start, right - start) for left, right in group),
                )
            )
    return passages


# --- sentences ----------------------------------------------------------------------------------


def _sentences(text: str, span: Span, language: str) -> list[Span]:
    """The sentences of text[span], at least one; list items and table rows are kept apart."""
    start, end = span
    found: list[Span] = []
    rows = _row_starts(text[start:end])
    for left, right in sentence_spans(text[start:end], language):
        inner = rows[bisect_right(rows, left) : bisect_left(rows, right)]
        cuts = [left, *inner, right]
        for first, stop in pairwise(cuts):
            sentence = stripped(text, start + first, start + stop)
            if sentence[0] < sentence[1]:
                found.append(sentence)
    return _without_fragments(text, found) or [span]


def _row_starts(paragraph: str) -> list[int]:
    """Where list items or table rows begin, if the paragraph is or introduces a list or table."""
    starts = []
    inside = False
    before = ":"
    offset = 0
    for line in paragraph.splitlines(keepends=True):
        is_row = _ROW.match(line) is not None
        inside = inside or (is_row and before.endswith(":"))
        if inside and is_row:
            starts.append(offset)
        before = line.rstrip() or before
        offset += len(line)
    return starts


def _without_fragments(text: str, sentences: Sequence[Span]) -> list[Span]:
    """The sentences, those with less than two letters ("1.", "😀", "…") joined to a neighbour."""
    joined: list[Span] = []
    waiting: int | None = None  # where a fragment begins that goes with the next sentence
    for start, end in sentences:
        words = text[start:end]
        if waiting is not None:
            start, waiting = waiting, None
        elif sum(character.isalpha() for character in words) < 2:
            if _ENUMERATOR.fullmatch(words) or not joined:
                waiting = start
            else:
                joined[-1] = (joined[-1][0], end)
            continue
        joined.append((start, end))
    if waiting is not None:
        joined[-1:] = [(joined[-1][0] if joined else waiting, sentences[-1][1])]
    return joined


# --- fitting ------------------------------------------------------------------------------------


class _Splitter:
    """Cuts spans of one text so that they fit, with few calls of `count_tokens`."""

    def __init__(self, text: str, count_tokens: CountTokens, max_tokens: int) -> None:
        self._text = text
        self._count_tokens = count_tokens
        self._limit = max_tokens

    def count(self, spans: Sequence[Span]) -> list[int]:
        return (
            list(self._count_tokens([self._text[slice(*span)] for span in spans])) if spans else []
        )

    def fit(self, spans: Sequence[Span]) -> dict[Span, list[Span]]:
        """Each span with the pieces it is cut into: itself if it fits."""
        counts = self.count(spans)
        return {
            span: [span] if count <= self._limit else self._cut(span)
            for span, count in zip(spans, counts, strict=True)
        }

    def group(self, units: Sequence[Span]) -> list[list[Span]]:
        """Units that fit, in runs that fit: as few as can be, and of about equal length.

        Counts are taken to add up, which is nearly true of subword tokens; a run that turns out too
        long is halved.
        """
        waiting = _balanced(units, self.count(units), self._limit)
        done: list[list[Span]] = []
        while waiting:
            counts = self.count([(run[0][0], run[-1][1]) for run in waiting])
            halves: list[list[Span]] = []
            for run, count in zip(waiting, counts, strict=True):
                if count <= self._limit or len(run) == 1:
                    done.append(run)
                else:
                    halves += [run[: len(run) // 2], run[len(run) // 2 :]]
            waiting = halves
        return sorted(done)

    def _cut(self, span: Span) -> list[Span]:
        """A span that does not fit as pieces that do."""
        pieces = [span]
        for pattern in (_CLAUSE_END, _SPACE_END):
            pieces = self._refine(pieces, partial(self._at, pattern))
        over = True
        while over:  # each round makes the pieces that are too long shorter, down to one character
            before = len(pieces)
            pieces = self._refine(pieces, self._evenly)
            over = len(pieces) > before
        return [(run[0][0], run[-1][1]) for run in self.group(pieces)]

    def _refine(self, pieces: Sequence[Span], cut: Callable[[Span, int], list[Span]]) -> list[Span]:
        refined: list[Span] = []
        for piece, count in zip(pieces, self.count(pieces), strict=True):
            refined += [piece] if count <= self._limit else cut(piece, count)
        return refined

    def _at(self, pattern: re.Pattern[str], piece: Span, _: int) -> list[Span]:
        cuts = (match.end() for match in pattern.finditer(self._text, *piece))
        return self._between([piece[0], *cuts, piece[1]])

    def _between(self, cuts: Sequence[int]) -> list[Span]:
        spans = (stripped(self._text, *pair) for pair in pairwise(cuts))
        return [span for span in spans if span[0] < span[1]]

    def _evenly(self, piece: Span, count: int) -> list[Span]:
        """Equal pieces, as many as the count asks for; emoji and accented letters stay whole."""
        start, end = piece
        wanted = min(-(-count // self._limit), end - start)
        cuts = [start]
        for number in range(1, wanted):
            cut = start + (end - start) * number // wanted
            while cut < end and not _is_boundary(self._text, cut):
                cut += 1
            if cuts[-1] < cut < end:
                cuts.append(cut)
        if len(cuts) == 1 and end - start > 1:  # one letter with a thousand accents
            cuts.append((start + end) // 2)
        return self._between([*cuts, end])


def _is_boundary(text: str, offset: int) -> bool:
    """Whether a cut leaves letters with their accents and emoji sequences whole."""
    before, after = text[offset - 1], text[offset]
    return not (
        unicodedata.category(after).startswith("M")  # accents, variation selectors
        or _ZERO_WIDTH_JOINER in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or (before == "\r" and after == "\n")
    )


def _balanced(units: Sequence[Span], counts: Sequence[int], limit: int) -> list[list[Span]]:
    """The units in the fewest runs whose counts add up to `limit` at most, the longest run the
    shortest it can be (a search for the smallest limit that needs no more runs).
    """
    fewest = len(_greedy(counts, limit))
    low, high = max(counts), limit
    while low < high:
        middle = (low + high) // 2
        if len(_greedy(counts, middle)) <= fewest:
            high = middle
        else:
            low = middle + 1
    ends = list(accumulate(_greedy(counts, max(low, high))))
    return [list(units[first:stop]) for first, stop in pairwise([0, *ends])]


def _greedy(counts: Sequence[int], limit: int) -> list[int]:
    """How many of the next units each run takes if it takes all it can."""
    runs: list[int] = []
    room = 0
    for count in counts:
        if runs and count <= room:
            runs[-1] += 1
            room -= count
        else:
            runs.append(1)
            room = limit - count
    return runs
