"""From a question to the passages that answer it, or to an honest no."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from index.encoder import Encoder, QuestionEncoding
from index.fit import Fit
from index.language import language_likelihood
from index.rerank import Match, rerank
from index.search import PassageIndex

CANDIDATES = 64
"""Passages that FAISS hands to the re-ranking.

On XQuAD's 120 paragraphs the right one is among the first 64 for every question; see
docs/quality.md.
"""


class Status(StrEnum):
    """How sure the first citation is to answer the question."""

    ANSWERED = "answered"
    UNSURE = "unsure"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Highlight:
    """The sentence that answers, as character offsets into the quote: ``quote[start:end] ==
    text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage word for word, and where it stands.

    ``paragraph`` counts from 1 within the article. ``score`` is the re-ranking's; higher is better,
    and it compares passages for one question only.
    """

    rank: int
    article: str
    title: str
    author: str | None
    publisher: str | None
    url: str | None
    date: str | None
    language: str
    paragraph: int
    quote: str
    highlight: Highlight
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the library says to a question.

    ``confidence`` is the calibrated probability that the first citation answers it. ``citations``
    are the closest passages whatever the status; with ``no_answer`` they are for measuring, and not
    shown to a reader.
    """

    question: str
    status: Status
    confidence: float
    elapsed_ms: float
    citations: tuple[Citation, ...]


def answer_question(
    question: str, index: PassageIndex, encoder: Encoder, fit: Fit, top: int
) -> Answer:
    """The ``top`` best passages for ``question``, best first; raises ValueError for ``top`` below
    1."""
    if top < 1:
        raise ValueError("top must be at least 1")
    began = time.perf_counter()
    [encoding] = encoder.encode_questions([question])
    hits = index.search(encoding.vector, max(CANDIDATES, top))
    matches = rerank(encoding, hits, index, fit)
    confidence = _confidence(question, encoding, matches, index, fit)
    if confidence >= fit.answered:
        status = Status.ANSWERED
    elif confidence >= fit.unsure:
        status = Status.UNSURE
    else:
        status = Status.NO_ANSWER
    best = _without_duplicates(matches, index)[:top]
    return Answer(
        question=question,
        status=status,
        confidence=round(confidence, 4),
        elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
        citations=tuple(_citation(rank, match, index) for rank, match in enumerate(best, 1)),
    )


def _confidence(
    question: str, encoding: QuestionEncoding, matches: list[Match], index: PassageIndex, fit: Fit
) -> float:
    # Without a token there is nothing to compare: white space, or signs the model does not know.
    if not matches or not len(encoding.tokens):
        return 0.0
    language = index.source(index.passages[matches[0].number]).language
    return fit.probability(matches[0], language_likelihood(question, language))


def _without_duplicates(matches: list[Match], index: PassageIndex) -> list[Match]:
    """The best of those matches that show the same text."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(" ".join(index.passages[match.number].text.split()), match)
    return list(first.values())


def _citation(rank: int, match: Match, index: PassageIndex) -> Citation:
    passage = index.passages[match.number]
    source = index.source(passage)
    start, end = passage.sentences[match.sentence]
    return Citation(
        rank=rank,
        article=source.id,
        title=source.title,
        author=source.author,
        publisher=source.publisher,
        url=source.url,
        date=source.date,
        language=source.language,
        paragraph=passage.paragraph,
        quote=passage.text,
        highlight=Highlight(start, end, passage.text[start:end]),
        score=round(match.score, 4),
    )
