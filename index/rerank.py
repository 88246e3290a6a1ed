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
from index.passages import Passage
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
    weights = question.weights / max(float(question.weights.sum()), 1e-9)
    vectors = [index.vectors[hit.number] for hit in hits]
    cosines = similarities(
        centre(question.tokens, question_mean), [passage.tokens for passage in vectors]
    )
    ends = np.cumsum([len(passage.spans) for passage in vectors])
    starts = np.concatenate(([0], ends[:-1]))
    maxsim = best_matches(cosines, starts) @ weights
    within = [
        _within_sentences(cosines[start:end], index.passages[hit.number], passage.spans) @ weights
        for hit, passage, start, end in zip(hits, vectors, starts, ends, strict=True)
    ]
    passages = np.array(
        [
            [hit.sentences.max(), total, sentences.max()]
            for hit, total, sentences in zip(hits, maxsim, within, strict=True)
        ]
    )
    return Views(passages, within)


def _within_sentences(cosines: Float32, passage: Passage, spans: Int32) -> Float32:
    """MaxSim's inner part for each sentence ``(s, q)``; a sentence without a token of its own
    matches nothing."""
    begins = [start for start, _ in passage.sentences]
    of_token = np.clip(np.searchsorted(begins, spans[:, 0], side="right") - 1, 0, None)
    best = np.zeros((len(begins), cosines.shape[1]), np.float32)
    present, first = np.unique(of_token, return_index=True)
    best[present] = best_matches(cosines, first)
    return best
