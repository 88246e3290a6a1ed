"""What questions and passages have in common, collected once for learning from it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.content import Article, Content
from index.encoder import Encoder, QuestionEncoding
from index.evaluate import Dataset, GoldAnswer, answering_passage, answering_sentences
from index.fit import Fit
from index.language import language_likelihoods
from index.late_interaction import Float32, QuantisedTokens, centre
from index.library import Library
from index.passage_vectors import PassageTokens
from index.reader import Reader
from index.rerank import views
from index.search import Hit, PassageIndex

Float64 = NDArray[np.float64]
QUESTIONS_AT_ONCE = 64
"""Bounds the memory of the cosines: 64 questions and 20,000 tokens take 60 MB."""
Pair = tuple[str, str]
"""Languages: of the questions, and of the passages."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, asked of all passages of a library.

    ``article``: the id of the one it is asked of. ``gold``: the number of the passage that answers
    it, None if none does.
    """

    article: str
    gold: int | None
    gold_sentences: frozenset[int]
    views: Float64
    """``(n, 3)``: the ranking's views; row n is passage n."""
    sentences: list[Float32]
    """For each passage ``(s,)``: its sentences' MaxSim."""
    same_language: Float64
    """``(n,)``: from 0 to 1, how well the question fits each passage's language."""
    read: Callable[[int], float] | None = None
    """The reader's log-odds for the passage of a number; None without a reader."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions asked of a library's passages, the small talk too, and of each of the passages
    ``(n,)`` the article that it stands in."""

    questions: list[Question]
    talk: list[Question]
    articles: NDArray[np.str_]


def ask_all(
    datasets: Mapping[str, Dataset], small_talk: Sequence[str], encoder: Encoder, fit: Fit
) -> Iterator[tuple[Pair, Asked]]:
    """Ask every language's questions, and the small talk, of every language's passages."""
    talk = [Asking(text, "", None) for text in small_talk]
    for language, passages in datasets.items():
        with _index(passages.articles, encoder, fit) as index:
            talked = list(_ask(talk, index, encoder, fit))
            for asking, dataset in datasets.items():
                questions = [
                    Asking(text, gold.article, gold)
                    for id_, text in dataset.questions.items()
                    if (gold := passages.answers.get(id_))
                ]
                asked = list(_ask(questions, index, encoder, fit))
                yield (asking, language), Asked(asked, talked, _owners(index))


def ask_of_own(dataset: Dataset, encoder: Encoder, fit: Fit) -> Asked:
    """Ask all questions of a data set of its articles, those that have no answer too."""
    texts = dataset.questions
    questions = [
        *(Asking(texts[id_], gold.article, gold) for id_, gold in dataset.answers.items()),
        *(Asking(texts[id_], article, None) for id_, article in dataset.unanswered.items()),
    ]
    with _index(dataset.articles, encoder, fit) as index:
        return Asked(list(_ask(questions, index, encoder, fit)), [], _owners(index))


@contextmanager
def _index(articles: Sequence[Article], encoder: Encoder, fit: Fit) -> Iterator[PassageIndex]:
    with tempfile.TemporaryDirectory(prefix="beleg-") as folder:
        yield Library.of(Content(tuple(articles), (), ""), Path(folder), encoder, fit).index


def _owners(index: PassageIndex) -> NDArray[np.str_]:
    return np.array([passage.article for passage in index.passages])


@dataclass(frozen=True, slots=True)
class Asking:
    """A question still to be asked, the id of the article that it is on, and its answer if that has
    one."""

    text: str
    article: str
    gold: GoldAnswer | None


def _ask(
    questions: Sequence[Asking], index: PassageIndex, encoder: Encoder, fit: Fit
) -> Iterator[Question]:
    """Ask of all passages: their token vectors are restored once, and met by many questions."""
    stored = index.tokens(range(len(index.passages)))
    if fit.reader:
        stored = [_in_memory(one) for one in stored]
    tokens = np.concatenate([one.vectors.values * one.vectors.scales[:, None] for one in stored])
    rows = np.concatenate([vectors.rows for vectors in index.vectors])
    firsts = index.starts[:-1]
    for start in range(0, len(questions), QUESTIONS_AT_ONCE):
        batch = questions[start : start + QUESTIONS_AT_ONCE]
        encodings = encoder.encode_questions([one.text for one in batch])
        centred = [centre(encoding.tokens, fit.question_mean) for encoding in encodings]
        cosines = tokens @ np.concatenate(centred).T
        ends = np.cumsum([len(one) for one in centred])
        row_cosines = np.stack([fit.looked_up(one.vector) for one in encodings]) @ rows.T
        best_rows = np.maximum.reduceat(row_cosines, firsts, axis=1)
        for one, encoding, tokens_of_one, best, by_token in zip(
            batch,
            encodings,
            centred,
            best_rows,
            np.split(cosines, ends[:-1], axis=1),
            strict=True,
        ):
            found = _compared(one, encoding, best, by_token, index, stored)
            # Without a token there is nothing to read.
            if fit.reader is None or not len(tokens_of_one):
                yield found
                continue
            read = partial(_read, fit.reader, tokens_of_one, encoding.weights, stored)
            yield replace(found, read=cache(read))


def _in_memory(tokens: PassageTokens) -> PassageTokens:
    """The same, for when the index is gone."""
    vectors = QuantisedTokens(np.array(tokens.vectors.values), np.array(tokens.vectors.scales))
    return PassageTokens(vectors, np.array(tokens.starts))


def _read(
    reader: Reader,
    question: Float32,
    weights: Float32,
    passages: Sequence[PassageTokens],
    number: int,
) -> float:
    return reader.read(question, weights, passages[number])


def _compared(
    question: Asking,
    encoding: QuestionEncoding,
    best: Float32,
    by_token: Float32,
    index: PassageIndex,
    tokens: Sequence[PassageTokens],
) -> Question:
    hits = [Hit(number, cosine) for number, cosine in enumerate(best.tolist())]
    found = views(encoding, hits, tokens, by_token)
    gold, gold_sentences = None, frozenset[int]()
    if question.gold:
        gold = answering_passage(index.passages, question.gold)
        gold_sentences = answering_sentences(index.passages[gold], question.gold.texts)
    likelihoods = language_likelihoods(question.text, index.languages)
    return Question(
        article=question.article,
        gold=gold,
        gold_sentences=gold_sentences,
        views=found.passages,
        sentences=np.split(found.sentence_maxsim, found.firsts[1:]),
        same_language=np.array(
            [likelihoods.get(index.source(passage).language, 0.0) for passage in index.passages]
        ),
    )
