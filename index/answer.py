"""From a question to the passages that answer it, or to an honest no."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from index.encoder import Encoder, QuestionEncoding
from index.fit import Fit
from index.language import language_likelihood
from index.questions import bare_question, split_questions
from index.rerank import Match, features, rerank, wording
from index.search import PassageIndex

CANDIDATES = 64
"""Passages that FAISS hands to the re-ranking.

On XQuAD's 120 paragraphs the right one is among the first 64 for every question; see
docs/quality.md.
"""
COMPUTED_CANDIDATES = 12
"""The same where token vectors are computed for the question: the fewest that keep recall@1, at a
tenth to a fifth of a second each; see docs/quality.md."""


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
    asks: str | None = None
    """Which of a message's several questions this is for, or which of them, if it is the best
    passage for more than one; None where there is only one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the library says to a message.

    ``confidence`` is the calibrated probability that the best passage answers it. ``citations``
    are the closest passages whatever the status; with ``no_answer`` they are for measuring, and not
    shown to a reader. Of a message with several questions ``unanswered`` holds those that the
    library does not answer; status and confidence are those of the least sure of the others.
    """

    question: str
    status: Status
    confidence: float
    elapsed_ms: float
    citations: tuple[Citation, ...]
    unanswered: tuple[str, ...] = ()


def answer_message(
    message: str, index: PassageIndex, encoder: Encoder, fit: Fit, top: int
) -> Answer:
    """The ``top`` best passages for ``message``, best first.

    Each of several questions gets its own best passages, taken in turns. Raises ValueError for
    ``top`` below 1.
    """
    if top < 1:
        raise ValueError("top must be at least 1")
    began = time.perf_counter()
    questions = split_questions(message)
    found = [_look_up(question, index, encoder, fit) for question in questions]
    statuses = [_status(one.confidence, fit) for one in found]
    # Of several questions, those without an answer must not push out the others' passages.
    shown = [
        one for one, status in zip(found, statuses, strict=True) if status is not Status.NO_ANSWER
    ]
    shown = shown if len(found) > 1 and shown else found
    # One passage that may not answer is enough for the caution.
    least = min(one.confidence for one in shown)
    citations: list[Citation] = []
    for match, asked in _in_turns(shown, index)[:top]:
        asks = asked if len(found) > 1 else None
        citations.append(_citation(len(citations) + 1, match, index, asks))
    return Answer(
        question=message,
        status=_status(least, fit),
        confidence=round(least, 4),
        elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
        citations=tuple(citations),
        unanswered=tuple(
            question
            for question, status in zip(questions, statuses, strict=True)
            if len(questions) > 1 and status is Status.NO_ANSWER
        ),
    )


@dataclass(frozen=True, slots=True)
class _LookedUp:
    question: str
    matches: list[Match]
    confidence: float


def _look_up(question: str, index: PassageIndex, encoder: Encoder, fit: Fit) -> _LookedUp:
    """The candidates for one question in order, asked with and without the words around it."""
    bare = bare_question(question)
    wordings = [question] if bare is None else [question, bare]
    tried = []
    count = CANDIDATES if index.tokens_stored else COMPUTED_CANDIDATES
    for worded, encoding in zip(wordings, encoder.encode_questions(wordings), strict=True):
        matches = rerank(encoding, index.search(encoding.vector, count), index, fit)
        confidence = _confidence(worded, encoding, matches, index, fit)
        tried.append(_LookedUp(question, matches, confidence))
    return max(tried, key=lambda one: one.confidence)


def _status(confidence: float, fit: Fit) -> Status:
    if confidence >= fit.answered:
        return Status.ANSWERED
    return Status.UNSURE if confidence >= fit.unsure else Status.NO_ANSWER


def _confidence(
    question: str, encoding: QuestionEncoding, matches: list[Match], index: PassageIndex, fit: Fit
) -> float:
    # Without a token there is nothing to compare: white space, or signs the model does not know.
    if not matches or not len(encoding.tokens):
        return 0.0
    language = index.source(index.passages[matches[0].number]).language
    return fit.probability(features(matches, index, language_likelihood(question, language)))


def _in_turns(found: list[_LookedUp], index: PassageIndex) -> list[tuple[Match, str]]:
    """The best match of each question, then the second best of each; a text comes only once.

    Beside each match stands the question it is for: all of those whose best text it is.
    """
    rounds = zip_longest(*([(match, one.question) for match in one.matches] for one in found))
    first: dict[str, tuple[Match, list[str]]] = {}
    for number, matches in enumerate(rounds):
        for match, question in filter(None, matches):
            text = wording(index.passages[match.number])
            _, questions = first.setdefault(text, (match, []))
            if not questions or (number == 0 and question not in questions):
                questions.append(question)
    return [(match, " ".join(questions)) for match, questions in first.values()]


def _citation(rank: int, match: Match, index: PassageIndex, asks: str | None) -> Citation:
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
        asks=asks,
    )
