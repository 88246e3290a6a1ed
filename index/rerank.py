"""Put the candidates in order: which passage answers, and which of its sentences.

Three views of the same model: the best sentence's vector, MaxSim over the whole passage, and MaxSim
within the best sentence. Each is standardised over the question's candidates, so that the weights
carry over from one model and one size of library to another, and added up with the fitted weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encoder import QuestionEncoding
from index.fit import Fit, Ranking
from index.late_interaction import Float32, Int32, best_matches, centre, similarities
from index.search import Hit, PassageIndex

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate in its place; all similarities are cosines, higher is better.

    ``sentence`` is the number of the sentence within the passage that answers, ``score`` what the
    order goes by.
    """

    number: int
    sentence: int
    paragraph_cosine: float
    sentence_cosine: float
    maxsim: float
    sentence_maxsim: float
    score: float


@dataclass(frozen=True, slots=True)
class Views:
    """How alike a question and each of its candidates are, before any weighing.

    ``passages`` float64 ``(n, 3)``: best sentence's cosine, MaxSim, best sentence's MaxSim.
    ``sentence_maxsim``: for each candidate its sentences' MaxSim, float32 ``(s,)``.
    """

    passages: Float64
    sentence_maxsim: list[Float32]


def rerank(
    question: QuestionEncoding, hits: Sequence[Hit], index: PassageIndex, fit: Fit
) -> list[Match]:
    """The candidates with the best first."""
    if not hits:
        return []
    views = compare(question, hits, index, fit.question_mean)
    scores = score(views.passages, fit.ranking)
    return [
        Match(
            number=hits[i].number,
            sentence=int(
                np.argmax(hits[i].sentences + fit.sentence_maxsim * views.sentence_maxsim[i])
            ),
            paragraph_cosine=hits[i].paragraph,
            sentence_cosine=float(views.passages[i, 0]),
            maxsim=float(views.passages[i, 1]),
            sentence_maxsim=float(views.passages[i, 2]),
            score=float(scores[i]),
        )
        for i in np.argsort(-scores, kind="stable")
    ]


def score(passages: Float64, ranking: Ranking) -> Float64:
    """The score ``(n,)`` of ``n`` candidates from their views ``(n, 3)``."""
    weights = [ranking.sentence, ranking.maxsim, ranking.sentence_maxsim]
    scores: Float64 = standardised(passages) @ np.array(weights)
    return scores


def standardised(values: Float64) -> Float64:
    """Each column with mean 0 and standard deviation 1; a column of equal values becomes 0."""
    spread = values.std(axis=0)
    standard: Float64 = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return standard


def compare(
    question: QuestionEncoding, hits: Sequence[Hit], index: PassageIndex, question_mean: Float32
) -> Views:
    """The views of each of ``hits``, of which there is at least one."""
    tokens = [index.vectors[hit.number].tokens for hit in hits]
    cosines = similarities(centre(question.tokens, question_mean), tokens)
    return views(question, hits, index, cosines)


def views(
    question: QuestionEncoding, hits: Sequence[Hit], index: PassageIndex, cosines: Float32
) -> Views:
    """The views of each of ``hits``, from the cosines of all their tokens ``(t, q)``."""
    weights = question.weights / max(float(question.weights.sum()), 1e-9)
    firsts = [sentence_starts(index, hit.number) for hit in hits]
    lengths = [len(index.vectors[hit.number].spans) for hit in hits]
    offsets = np.cumsum([0, *lengths[:-1]])
    starts = np.concatenate([first + at for first, at in zip(firsts, offsets, strict=True)])
    by_sentence = best_matches(cosines, starts)
    bounds = np.cumsum([0, *(len(first) for first in firsts[:-1])])
    within = by_sentence @ weights
    sentence_maxsim = np.split(within, bounds[1:])
    passages = np.column_stack(
        [
            np.maximum.reduceat(np.concatenate([hit.sentences for hit in hits]), bounds),
            best_matches(by_sentence, bounds) @ weights,
            np.maximum.reduceat(within, bounds),
        ]
    )
    return Views(passages.astype(np.float64), sentence_maxsim)


def sentence_starts(index: PassageIndex, number: int) -> Int32:
    """The first token of each sentence of passage ``number``, ``(s,)``; the first begins at 0."""
    begins = [start for start, _ in index.passages[number].sentences]
    first = np.searchsorted(index.vectors[number].spans[:, 0], begins).astype(np.int32)
    first[0] = 0
    return first
