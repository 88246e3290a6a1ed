"""What questions and passages have in common, collected once for learning from it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.content import Content
from index.encoder import Encoder, QuestionEncoding
from index.evaluate import Dataset
from index.fit import Fit
from index.language import language_likelihood
from index.library import Library
from index.rerank import compare
from index.search import PassageIndex

Float64 = NDArray[np.float64]
Pair = tuple[str, str]
"""Languages: of the questions, and of the passages."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of one language, asked of all passages of one language."""

    article: str
    gold: int
    gold_sentences: frozenset[int]
    views: Float64
    """``(n, 4)``: the ranking's three views, and the paragraph's cosine; row n is passage n."""
    sentences: list[Float64]
    """For each passage ``(s, 2)``: its sentences' cosines and MaxSim."""
    same_language: float


@dataclass(frozen=True, slots=True)
class Asked:
    """All questions of one language asked of one language's passages, and where those stand."""

    questions: list[Question]
    talk: list[Question]
    articles: NDArray[np.str_]


def ask_all(
    datasets: Mapping[str, Dataset], small_talk: Sequence[str], encoder: Encoder, fit: Fit
) -> Iterator[tuple[Pair, Asked]]:
    """Ask every language's questions, and the small talk, of every language's passages."""
    for language, passages in datasets.items():
        with tempfile.TemporaryDirectory(prefix="beleg-") as folder:
            content = Content(passages.articles, (), language)
            index = Library.of(content, Path(folder), encoder, fit).index
            owners = np.array([passage.article for passage in index.passages])
            talk = [
                _ask(text, encoding, "", 0, (), index, fit)
                for text, encoding in zip(
                    small_talk, encoder.encode_questions(small_talk), strict=True
                )
            ]
            for asking, dataset in datasets.items():
                questions = list(_ask_dataset(dataset, passages, encoder, index, fit))
                yield (asking, language), Asked(questions, talk, owners)


def _ask_dataset(
    dataset: Dataset, passages: Dataset, encoder: Encoder, index: PassageIndex, fit: Fit
) -> Iterator[Question]:
    ids = [id_ for id_ in dataset.questions if id_ in passages.answers]
    texts = [dataset.questions[id_] for id_ in ids]
    # Of a paragraph that was split, the first part that holds the answer.
    for id_, text, encoding in zip(ids, texts, encoder.encode_questions(texts), strict=True):
        gold = passages.answers[id_]
        parts = [
            number
            for number, passage in enumerate(index.passages)
            if (passage.article, passage.paragraph) == (gold.article, gold.paragraph)
        ]
        number = next(
            (n for n in parts if any(t in index.passages[n].text for t in gold.texts)), parts[0]
        )
        yield _ask(text, encoding, gold.article, number, gold.texts, index, fit)


def _ask(
    text: str,
    encoding: QuestionEncoding,
    article: str,
    gold: int,
    answers: Sequence[str],
    index: PassageIndex,
    fit: Fit,
) -> Question:
    hits = sorted(index.search(encoding.vector, len(index.passages)), key=lambda hit: hit.number)
    views = compare(encoding, hits, index, fit.question_mean)
    passage = index.passages[gold]
    return Question(
        article=article,
        gold=gold,
        gold_sentences=frozenset(
            number
            for number, (start, end) in enumerate(passage.sentences)
            if any(answer in passage.text[start:end] for answer in answers)
        ),
        views=np.column_stack([views.passages, [hit.paragraph for hit in hits]]),
        sentences=[
            np.column_stack([hit.sentences, within])
            for hit, within in zip(hits, views.sentence_maxsim, strict=True)
        ],
        same_language=language_likelihood(text, index.source(passage).language),
    )
