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
from index.evaluate import Dataset, answering_passage, answering_sentences
from index.fit import Fit
from index.language import language_likelihood
from index.late_interaction import Float32, centre
from index.library import Library
from index.passage_vectors import PassageTokens
from index.rerank import views
from index.search import Hit, PassageIndex

Float64 = NDArray[np.float64]
QUESTIONS_AT_ONCE = 64
"""Bounds the memory of the cosines: 64 questions and 20,000 tokens take 60 MB."""
Pair = tuple[str, str]
"""Languages: of the questions, and of the passages."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of one language, asked of all passages of one language."""

    article: str
    gold: int
    gold_sentences: frozenset[int]
    views: Float64
    """``(n, 3)``: the ranking's views; row n is passage n."""
    sentences: list[Float32]
    """For each passage ``(s,)``: its sentences' MaxSim."""
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
    talk = [_Asking(text, "", 0, ()) for text in small_talk]
    for language, passages in datasets.items():
        with tempfile.TemporaryDirectory(prefix="beleg-") as folder:
            content = Content(passages.articles, (), language)
            index = Library.of(content, Path(folder), encoder, fit).index
            owners = np.array([passage.article for passage in index.passages])
            talked = list(_ask(talk, index, encoder, fit))
            for asking, dataset in datasets.items():
                questions = [
                    _Asking(text, gold.article, answering_passage(index.passages, gold), gold.texts)
                    for id_, text in dataset.questions.items()
                    if (gold := passages.answers.get(id_))
                ]
                asked = list(_ask(questions, index, encoder, fit))
                yield (asking, language), Asked(asked, talked, owners)


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question still to be asked, and where its answer stands."""

    text: str
    article: str
    gold: int
    answers: Sequence[str]


def _ask(
    questions: Sequence[_Asking], index: PassageIndex, encoder: Encoder, fit: Fit
) -> Iterator[Question]:
    """Ask of all passages: their token vectors are restored once, and met by many questions."""
    stored = index.tokens(range(len(index.passages)))
    tokens = np.concatenate([one.vectors.values * one.vectors.scales[:, None] for one in stored])
    rows = np.concatenate([vectors.rows for vectors in index.vectors])
    for start in range(0, len(questions), QUESTIONS_AT_ONCE):
        batch = questions[start : start + QUESTIONS_AT_ONCE]
        encodings = encoder.encode_questions([one.text for one in batch])
        centred = [centre(encoding.tokens, fit.question_mean) for encoding in encodings]
        cosines = tokens @ np.concatenate(centred).T
        ends = np.cumsum([len(one) for one in centred])
        row_cosines = np.stack([fit.looked_up(one.vector) for one in encodings]) @ rows.T
        for one, encoding, by_row, by_token in zip(
            batch, encodings, row_cosines, np.split(cosines, ends[:-1], axis=1), strict=True
        ):
            yield _compared(one, encoding, by_row, by_token, index, stored)


def _compared(
    question: _Asking,
    encoding: QuestionEncoding,
    by_row: Float32,
    by_token: Float32,
    index: PassageIndex,
    tokens: Sequence[PassageTokens],
) -> Question:
    best = np.maximum.reduceat(by_row, index.starts[:-1])
    hits = [Hit(number, cosine) for number, cosine in enumerate(best.tolist())]
    found = views(encoding, hits, tokens, by_token)
    passage = index.passages[question.gold]
    return Question(
        article=question.article,
        gold=question.gold,
        gold_sentences=answering_sentences(passage, question.answers),
        views=found.passages,
        sentences=np.split(found.sentence_maxsim, found.firsts[1:]),
        same_language=language_likelihood(question.text, index.source(passage).language),
    )
