"""Questions with the passages that the program would compare them with, for the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.content import Article, Content
from index.encoder import Encoder, QuestionEncoding
from index.evaluate import (
    GoldAnswer,
    answering_passage,
    answering_sentences,
    read_squad,
)
from index.fit import Fit
from index.language import language_likelihoods
from index.late_interaction import centre
from index.library import Library
from index.passage_vectors import PassageTokens, TitledPassage, encode_sentences
from index.reader import Pair
from index.remembering import RememberingEncoder
from index.rerank import rerank
from index.search import PassageIndex, Query

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]

CANDIDATES = 24
"""Passages that are compared to find those that come first."""
FIRST = 6
"""Of them, those that are kept."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, asked of a library.

    ``tokens`` float16 ``(q, d)``, centred, and their ``weights`` ``(q,)``. ``first``: the numbers
    of the passages that come first, in order. ``right``: the number of the one that answers, None
    if none does; ``answer``: the places of the answer's tokens among its own.
    """

    tokens: Float16
    weights: Float32
    first: tuple[int, ...]
    right: int | None
    answer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Passages' token vectors, by their number, and questions asked of all of them."""

    passages: tuple[PassageTokens, ...]
    asked: tuple[Asked, ...]

    def pair(self, asked: Asked, number: int) -> Pair:
        """What the reader sees of a question and one of the passages."""
        return Pair.of(asked.tokens.astype(np.float32), asked.weights, self.passages[number])


def read_lessons(files: Sequence[Path], folder: Path, encoder: Encoder, fit: Fit) -> Lessons:
    """All articles in files of SQuAD's format in one library, which is put into ``folder``, and
    all their questions.

    Raises EvaluationError for a file that cannot be read.
    """
    remembering = RememberingEncoder(encoder)
    articles: list[Article] = []
    questions: list[tuple[str, GoldAnswer | None]] = []
    for file in files:
        data = read_squad(file)
        # Every file counts its articles from 1.
        articles += [replace(one, id=f"{file.stem}-{one.id}") for one in data.articles]
        for id_, gold in data.answers.items():
            there = replace(gold, article=f"{file.stem}-{gold.article}")
            questions.append((data.questions[id_], there))
        questions += [(data.questions[id_], None) for id_ in data.unanswered]
    index = Library.of(Content(tuple(articles), (), ""), folder, remembering, fit).index
    asked = [
        one
        for start in range(0, len(questions), _AT_ONCE)
        for one in _ask(questions[start : start + _AT_ONCE], index, remembering, fit)
    ]
    return Lessons(tuple(index.tokens(range(len(index.passages)))), tuple(asked))


def _ask(
    questions: Sequence[tuple[str, GoldAnswer | None]],
    index: PassageIndex,
    encoder: Encoder,
    fit: Fit,
) -> Iterator[Asked]:
    encodings = encoder.encode_questions([text for text, _ in questions])
    languages = [language_likelihoods(text) for text, _ in questions]
    queries = [
        Query(fit.looked_up(encoding.vector), offsets=fit.row_offsets(fits), margin=fit.margin)
        for encoding, fits in zip(encodings, languages, strict=True)
    ]
    found = index.search_all(queries, CANDIDATES)
    for (_, gold), encoding, fits, hits in zip(questions, encodings, languages, found, strict=True):
        if not len(encoding.tokens):
            continue
        matches = rerank(encoding, fits, hits, index, fit)[:FIRST]
        first = tuple(match.number for match in matches)
        yield _asked(encoding, first, gold, index, encoder, fit)


def _asked(
    encoding: QuestionEncoding,
    first: tuple[int, ...],
    gold: GoldAnswer | None,
    index: PassageIndex,
    encoder: Encoder,
    fit: Fit,
) -> Asked:
    right, answer = None, list[int]()
    if gold is not None:
        numbers = index.numbers(gold.article)
        right = numbers[answering_passage([index.passages[number] for number in numbers], gold)]
        answer = _answer(right, gold, index, encoder)
    tokens = centre(encoding.tokens, fit.question_mean).astype(np.float16)
    return Asked(tokens, encoding.weights, first, right, tuple(answer))


def _answer(number: int, gold: GoldAnswer, index: PassageIndex, encoder: Encoder) -> list[int]:
    """The places of the answer's tokens in the passage of this number."""
    passage = index.passages[number]
    titled = TitledPassage(index.source(passage).title, passage)
    [tokens] = index.tokens([number])
    places = []
    for sentence in sorted(answering_sentences(passage, gold.texts)):
        one = titled.sentences()[sentence]
        [encoding] = encode_sentences([one], encoder)
        for text in gold.texts:
            start = one.sentence.find(text)
            if start >= 0:
                inside = (encoding.spans[:, 0] < start + len(text)) & (encoding.spans[:, 1] > start)
                places += (np.flatnonzero(inside) + tokens.starts[sentence]).tolist()
    return sorted(set(places))
