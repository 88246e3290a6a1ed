"""Questions with the passages that the program would compare them with, for the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.content import Article, Content
from index.encoder import Encoder
from index.evaluate import GoldAnswer, answering_passage, answering_sentences, read_squad
from index.fit import Fit
from index.fit_samples import Asking
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
LIBRARIES = (6, 12, 24, 48)
"""Sizes, in articles, of small libraries without the question's own; what comes first is kept."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, asked of a library.

    ``tokens`` float16 ``(q, d)``, centred, and their ``weights`` ``(q,)``. ``first``: the numbers
    of the passages that come first, in order; ``elsewhere``: of those that come first, by their
    sentences' vectors, in small libraries of other articles. ``right``: the number of the one that
    answers, None if none does; ``answer``: the places of the answer's tokens among its own.
    """

    tokens: Float16
    weights: Float32
    first: tuple[int, ...]
    elsewhere: tuple[int, ...]
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
    questions: list[Asking] = []
    for file in files:
        data = read_squad(file)
        # Every file counts its articles from 1.
        articles += [replace(one, id=f"{file.stem}-{one.id}") for one in data.articles]
        for id_, gold in data.answers.items():
            there = replace(gold, article=f"{file.stem}-{gold.article}")
            questions.append(Asking(data.questions[id_], there.article, there))
        questions += [
            Asking(data.questions[id_], f"{file.stem}-{article}", None)
            for id_, article in data.unanswered.items()
        ]
    index = Library.of(Content(tuple(articles), (), ""), folder, remembering, fit).index
    libraries = _Libraries(index)
    asked = [
        one
        for start in range(0, len(questions), _AT_ONCE)
        for one in _ask(questions[start : start + _AT_ONCE], index, libraries, remembering, fit)
    ]
    return Lessons(tuple(index.tokens(range(len(index.passages)))), tuple(asked))


class _Libraries:
    """Small libraries of some of the index's articles."""

    def __init__(self, index: PassageIndex) -> None:
        self._rows = np.concatenate([vectors.rows for vectors in index.vectors])
        self._starts = index.starts[:-1]
        owners = [passage.article for passage in index.passages]
        self._articles, self._owners = np.unique(owners, return_inverse=True)
        self._random = np.random.default_rng(0)

    def first(self, vectors: Float32, articles: Sequence[str]) -> Iterator[tuple[int, ...]]:
        """For each question the passages that come first in libraries without the article it is on.

        ``vectors`` ``(b, d)`` are the questions' looked up, ``articles`` what they are on. It goes
        by the sentences' cosines alone, whatever their language.
        """
        best = np.maximum.reduceat(vectors @ self._rows.T, self._starts, axis=1)
        for cosines, own in zip(best, articles, strict=True):
            others = np.flatnonzero(self._articles != own)
            found = []
            for size in LIBRARIES:
                inside = self._random.permutation(others)[:size]
                passages = np.flatnonzero(np.isin(self._owners, inside))
                if len(passages):
                    found.append(int(passages[cosines[passages].argmax()]))
            yield tuple(dict.fromkeys(found))


def _ask(
    questions: Sequence[Asking],
    index: PassageIndex,
    libraries: _Libraries,
    encoder: Encoder,
    fit: Fit,
) -> Iterator[Asked]:
    encodings = encoder.encode_questions([asking.text for asking in questions])
    languages = [language_likelihoods(asking.text, index.languages) for asking in questions]
    queries = [
        Query.of(encoding.vector, fits, fit)
        for encoding, fits in zip(encodings, languages, strict=True)
    ]
    found = index.search_all(queries, CANDIDATES)
    vectors = np.stack([query.vector for query in queries])
    others = libraries.first(vectors, [asking.article for asking in questions])
    for asking, encoding, fits, hits, elsewhere in zip(
        questions, encodings, languages, found, others, strict=True
    ):
        if not len(encoding.tokens):
            continue
        matches = rerank(encoding, fits, hits, index, fit)[:FIRST]
        first = tuple(match.number for match in matches)
        elsewhere = tuple(number for number in elsewhere if number not in first)
        right, answer = _answer(asking.gold, index, encoder)
        yield Asked(
            tokens=centre(encoding.tokens, fit.question_mean).astype(np.float16),
            weights=encoding.weights,
            first=first,
            elsewhere=elsewhere,
            right=right,
            answer=answer,
        )


def _answer(
    gold: GoldAnswer | None, index: PassageIndex, encoder: Encoder
) -> tuple[int | None, tuple[int, ...]]:
    """The number of the passage that answers, and the places of the answer's tokens in it."""
    if gold is None:
        return None, ()
    numbers = index.numbers(gold.article)
    number = numbers[answering_passage([index.passages[number] for number in numbers], gold)]
    passage = index.passages[number]
    titled = TitledPassage(index.source(passage).title, passage)
    [tokens] = index.tokens([number])
    places = list[int]()
    for sentence in sorted(answering_sentences(passage, gold.texts)):
        one = titled.sentences()[sentence]
        [encoding] = encode_sentences([one], encoder)
        for text in gold.texts:
            start = one.sentence.find(text)
            if start >= 0:
                inside = (encoding.spans[:, 0] < start + len(text)) & (encoding.spans[:, 1] > start)
                places += (np.flatnonzero(inside) + tokens.starts[sentence]).tolist()
    return number, tuple(sorted(set(places)))
