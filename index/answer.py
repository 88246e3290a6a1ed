"""From a question to the passages that answer it, or to an honest no."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from itertools import zip_longest

from index.encoder import Encoder, QuestionEncoding
from index.fit import Features, Fit
from index.language import language_likelihoods
from index.late_interaction import Float32, centre
from index.passages import passage_digest
from index.questions import split_questions, wordings
from index.rerank import Match, features, rerank
from index.search import PassageIndex, Query
from index.second_look import MOST_READ, Candidate, judge
from index.spelling import respelt

CANDIDATES = 64
"""Passages that the re-ranking gets at most; see docs/trials.md for what others would find."""
COMPUTED_CANDIDATES = 24
"""The same where token vectors are computed for the question, which takes a quarter of a second to
two for all; see docs/performance.md and docs/trials.md."""


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
    and it compares passages for one question only. Where the reader has put a passage first, those
    after it have its score at most.
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

    @property
    def passage(self) -> str:
        """The digest of the quote: with ``article`` it finds the passage again after a reindex."""
        return passage_digest(self.quote)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the library says to a message.

    ``confidence`` is the calibrated probability that the best passage answers it. ``citations``
    are the closest passages whatever the status; with ``no_answer`` they are for measuring, and not
    shown to a reader. Of a message with several questions ``unanswered`` holds those that the
    library does not answer, and ``not_shown`` those that it may, but whose best passage is not
    among the ``top`` ones; status and confidence are those of the least sure of the others.
    """

    question: str
    status: Status
    confidence: float
    elapsed_ms: float
    citations: tuple[Citation, ...]
    unanswered: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to be answered with the ``top`` best passages.

    ``article`` is the id of the only article to look at, ``before`` the message that this one
    follows up. ``strictness`` is added to the thresholds of the status, in log-odds.
    """

    message: str
    top: int = 3
    article: str | None = None
    before: str | None = None
    strictness: float = 0.0


def answer_messages(
    asked: Sequence[Asked], index: PassageIndex, encoder: Encoder, fit: Fit
) -> list[Answer]:
    """An answer to each message, its passages with the best first.

    All questions are encoded together, which takes less time than one by one; besides that, the
    messages know nothing of one another. Each of a message's several questions gets its own best
    passages, taken in turns. What is found only with the help of the message before counts as
    unsure, however confident (see docs/trials.md).

    Raises ValueError for a ``top`` below 1, an article that is not in the index, and a strictness
    that is no finite number, StorageError if token vectors cannot be read, and ModelError for a
    damaged reader.
    """
    began = time.perf_counter()
    searches = [_searches(one, index, fit) for one in asked]
    every = [search for of_message in searches for search in of_message]
    found: dict[int, _LookedUp] = {}
    look_up = partial(_look_up, found=found, index=index, encoder=encoder)
    look_up([(search, text) for search in every for text in search.wordings])
    look_up(
        [
            (search, text)
            for search in every
            if not _answered(search, found)
            and (text := respelt(search.wordings[-1], index.words, encoder.rarities)) is not None
        ]
    )
    look_up(
        [
            (search, text)
            for search in every
            if not _answered(search, found)
            and (text := _joined(search.before, search.question, encoder)) is not None
        ],
        in_context=True,
    )
    return [
        _answer(one, [found[id(search)] for search in of_message], index, of_message[0].fit, began)
        for one, of_message in zip(asked, searches, strict=True)
    ]


def cite_again(
    index: PassageIndex, article: str, passage: str, start: int, end: int
) -> Citation | None:
    """The passage with this digest as it stands in the article now, with ``quote[start:end]``
    marked; rank 1, score 0.

    None if it is not there any more, or if there is no text from ``start`` to ``end``.
    """
    number = index.number_of(article, passage)
    if number is None or not 0 <= start < end <= len(index.passages[number].text):
        return None
    return _citation(index, number, (start, end), rank=1, score=0.0)


def is_cut(message: str, encoder: Encoder) -> bool:
    """Whether one of the message's questions has more tokens than the model reads at a time.

    Its end is then not looked up.
    """
    return max(encoder.count_tokens(split_questions(message))) > encoder.max_tokens


@dataclass(frozen=True, slots=True)
class _LookedUp:
    question: str
    matches: list[Match]
    confidence: float
    in_context: bool


_SURENESS = [Status.NO_ANSWER, Status.UNSURE, Status.ANSWERED]


@dataclass(frozen=True, slots=True)
class _Search:
    """One question of a message, asked in these ``wordings``; ``among`` are the numbers of the
    passages to look at."""

    question: str
    wordings: tuple[str, ...]
    before: str | None
    among: range | None
    fit: Fit


def _searches(asked: Asked, index: PassageIndex, fit: Fit) -> list[_Search]:
    if asked.top < 1:
        raise ValueError("top must be at least 1")
    among = None if asked.article is None else index.numbers(asked.article)
    if among is not None and not among:
        raise ValueError(f"there is no article {asked.article}")
    fit = fit.stricter(asked.strictness)
    return [
        _Search(question, tuple(wordings(question)), asked.before, among, fit)
        for question in split_questions(asked.message)
    ]


def _answered(search: _Search, found: Mapping[int, _LookedUp]) -> bool:
    return _status(found[id(search)], search.fit) is Status.ANSWERED


def _look_up(
    wordings: Sequence[tuple[_Search, str]],
    *,
    found: dict[int, _LookedUp],
    index: PassageIndex,
    encoder: Encoder,
    in_context: bool = False,
) -> None:
    """Look up each search in these words, and keep in ``found``, by the search's identity, what is
    surest for it so far.

    ``in_context``: the words end with the question, and what stands before it only helps to
    understand it.
    """
    if not wordings:
        return
    encodings = encoder.encode_questions([text for _, text in wordings])
    languages = [language_likelihoods(text, index.languages) for _, text in wordings]
    queries = [
        Query.of(encoding.vector, fits, search.fit, search.among)
        for (search, _), encoding, fits in zip(wordings, encodings, languages, strict=True)
    ]
    count = CANDIDATES if index.tokens_stored else COMPUTED_CANDIDATES
    candidates = index.search_all(queries, count)
    for (search, text), encoding, fits, hits in zip(
        wordings, encodings, languages, candidates, strict=True
    ):
        if in_context:
            encoding = _last(encoding, len(search.question.strip()), text)
        matches = rerank(encoding, fits, hits, index, search.fit)
        matches, sure = look_again(encoding, matches, index, search.fit)
        if not any(map(str.isalnum, search.question)):  # "?" is near to anything
            sure = 0.0
        now = _LookedUp(search.question, matches, sure, in_context)
        before = found.get(id(search), now)
        found[id(search)] = max(before, now, key=lambda one: one.confidence)


def _joined(before: str | None, question: str, encoder: Encoder) -> str | None:
    """The question behind the one before it; None if there is none, or no room for both."""
    if before is None or not before.strip() or not question.strip():
        return None
    joined = f"{before.strip()} {question.strip()}"
    # The model cuts the end, which is the new question.
    return joined if encoder.count_tokens([joined])[0] <= encoder.max_tokens else None


def _last(encoding: QuestionEncoding, length: int, text: str) -> QuestionEncoding:
    """The encoding without the tokens before the last ``length`` characters of ``text``.

    Those that stay were read with what stands before them, but only they look for a match: else the
    question before would find its own answer again.
    """
    kept = encoding.spans[:, 1] > len(text) - length
    return QuestionEncoding(
        encoding.vector, encoding.tokens[kept], encoding.weights[kept], encoding.spans[kept]
    )


def _status(found: _LookedUp, fit: Fit) -> Status:
    if found.confidence < fit.unsure:
        return Status.NO_ANSWER
    # The confidence was fitted on questions that stand alone.
    sure = found.confidence >= fit.answered and not found.in_context
    return Status.ANSWERED if sure else Status.UNSURE


def look_again(
    encoding: QuestionEncoding, matches: list[Match], index: PassageIndex, fit: Fit
) -> tuple[list[Match], float]:
    """The ``matches`` in their last order, which is another where it was in doubt, and the
    calibrated probability that the first one answers; 0 without any.

    Raises StorageError if token vectors cannot be read, ModelError for a damaged reader.
    """
    # Without a token there is nothing to compare: white space, or signs the model does not know.
    if not matches or not len(encoding.tokens):
        return matches, 0.0
    reader = fit.reader
    if reader is None:
        return matches, fit.probability(features(matches, index))

    @cache
    def question() -> Float32:
        return centre(encoding.tokens, fit.question_mean)

    def read(match: Match) -> float:
        [tokens] = index.tokens([match.number])
        return reader.read(question(), encoding.weights, tokens)

    places = _first_of_wordings(matches, index, MOST_READ)
    candidates = [
        Candidate(
            score=matches[place].score,
            features=partial(_features_of, place, matches, index),
            read=partial(read, matches[place]),
        )
        for place in places
    ]
    found = judge(candidates, fit)
    return _put_first(places[found.first], matches), found.probability


def _first_of_wordings(matches: Sequence[Match], index: PassageIndex, count: int) -> list[int]:
    """The places of the first ``count`` matches, those left out that are copies of one before."""
    places: dict[str, int] = {}
    for place, match in enumerate(matches):
        places.setdefault(index.wording(match.number), place)
        if len(places) == count:
            break
    return list(places.values())


def _features_of(place: int, matches: list[Match], index: PassageIndex) -> Features:
    """What the confidence goes by if the match at this place comes first."""
    return features(_put_first(place, matches), index)


def _put_first(place: int, matches: list[Match]) -> list[Match]:
    """The match at this place, then the others as they were, none with a higher score."""
    if place == 0:
        return matches
    first = matches[place]
    others = [*matches[:place], *matches[place + 1 :]]
    return [first, *(replace(one, score=min(one.score, first.score)) for one in others)]


def _answer(
    to: Asked, found: list[_LookedUp], index: PassageIndex, fit: Fit, began: float
) -> Answer:
    """What the library says to a message, from what was found for each of its questions."""
    questions = [one.question for one in found]
    statuses = [_status(one, fit) for one in found]
    # Of several questions, those without an answer must not push out the others' passages.
    shown = [
        one for one, status in zip(found, statuses, strict=True) if status is not Status.NO_ANSWER
    ]
    shown = shown if len(found) > 1 and shown else found
    cited = _in_turns(shown, index, to.top)
    placed = {question for _, asked in cited for question in asked}
    unanswered = [
        question
        for question, status in zip(questions, statuses, strict=True)
        if len(questions) > 1 and status is Status.NO_ANSWER
    ]
    # One passage that may not answer is enough for the caution.
    seen = [one for one in shown if one.question in placed or not cited]
    least = min(one.confidence for one in seen)
    citations = []
    for rank, (match, asked) in enumerate(cited, 1):
        citations.append(
            _citation(
                index,
                match.number,
                index.passages[match.number].sentences[match.sentence],
                rank=rank,
                score=match.score,
                asks=" ".join(asked) if len(found) > 1 else None,
            )
        )
    return Answer(
        question=to.message,
        status=min((_status(one, fit) for one in seen), key=_SURENESS.index),
        confidence=round(least, 4),
        elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
        citations=tuple(citations),
        unanswered=tuple(unanswered),
        not_shown=tuple(
            question
            for question in dict.fromkeys(questions)
            if cited and question not in placed and question not in unanswered
        ),
    )


def _in_turns(
    found: list[_LookedUp], index: PassageIndex, top: int
) -> list[tuple[Match, list[str]]]:
    """The best match of each question, then the second best of each, ``top`` in all; a text comes
    only once, unless it is the best of two questions that other sentences of it answer.

    Beside each match stands the question it is for: all of those whose best sentence it has.
    """
    rounds = zip_longest(*([(match, one.question) for match in one.matches] for one in found))
    first: dict[tuple[str, int], tuple[Match, list[str]]] = {}
    texts = set[str]()
    for number, matches in enumerate(rounds):
        if number and len(first) >= top:
            break
        for match, question in filter(None, matches):
            text = index.wording(match.number)
            if number and text in texts:
                continue
            texts.add(text)
            _, questions = first.setdefault((text, match.sentence), (match, []))
            if question not in questions:
                questions.append(question)
    return list(first.values())[:top]


def _citation(
    index: PassageIndex,
    number: int,
    mark: tuple[int, int],
    *,
    rank: int,
    score: float,
    asks: str | None = None,
) -> Citation:
    passage = index.passages[number]
    source = index.source(passage)
    start, end = mark
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
        score=round(score, 4),
        asks=asks,
    )
