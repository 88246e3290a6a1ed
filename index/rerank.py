"""Put the candidates in order: which passage answers, and which of its sentences.

Three views of the same model: the best sentence's vector, MaxSim over the whole passage, and the
best sentence's MaxSim. What a question says of the topic is matched by the article's title as well:
the passage that answers seldom says again what the article is about, and would come behind one that
does. And a sentence leans on the one before it, which may have said what "it" is.

The views are added up with the fitted weights, so a passage's score does not hang on which others
are compared. Where they leave it in doubt which one answers, `index/second_look.py` has the last
word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from index.encoder import QuestionEncoding
from index.fit import Features, Fit, Ranking
from index.late_interaction import Float32, best_matches, centre, segment_lengths, similarities
from index.passage_vectors import PassageTokens
from index.search import Hit, PassageIndex

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

LEANING = 0.7
"""What a token's match in one sentence is worth to the next. Chosen on XQuAD; see
docs/trials.md."""
RUNNERS_UP = 3
"""Passages that the first one's lead is measured against."""


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate in its place; all similarities are without the language's bias, higher is better.

    ``sentence`` is the number of the sentence within the passage that answers,
    ``sentence_cosine`` the best sentence's with the vector looked up, ``same_language``
    from 0 to 1 how well the question fits the passage's language, ``score`` what the order goes by.
    """

    number: int
    sentence: int
    sentence_cosine: float
    maxsim: float
    sentence_maxsim: float
    same_language: float
    score: float


@dataclass(frozen=True, slots=True)
class Views:
    """How alike a question and each of its candidates are, before any weighing.

    ``passages`` float64 ``(n, 3)``: best sentence's cosine, MaxSim over the whole passage and its
    title, best sentence's MaxSim. ``sentence_maxsim`` float32 ``(s,)``: that of all candidates'
    sentences, each with the title and leaning on the one before, the first candidate's first;
    ``firsts`` int64 ``(n,)``: where each one's begin.
    """

    passages: Float64
    sentence_maxsim: Float32
    firsts: Int64

    def best_sentences(self) -> Int64:
        """Of each candidate the number of the sentence with the highest MaxSim, ``(n,)``."""
        counts = segment_lengths(self.firsts, len(self.sentence_maxsim))
        best = np.repeat(np.maximum.reduceat(self.sentence_maxsim, self.firsts), counts)
        places = np.flatnonzero(self.sentence_maxsim == best)
        numbers: Int64 = places[np.searchsorted(places, self.firsts)] - self.firsts
        return numbers


def rerank(
    question: QuestionEncoding,
    languages: Mapping[str, float],
    hits: Sequence[Hit],
    index: PassageIndex,
    fit: Fit,
) -> list[Match]:
    """The candidates with the best first.

    ``languages``: how well the question fits each language, from 0 to 1 (`language_likelihoods`).
    Raises StorageError if token vectors cannot be read.
    """
    if not hits:
        return []
    found = compare(question, hits, index, fit.question_mean)
    same = np.array([languages.get(index.language(hit.number), 0.0) for hit in hits])
    alike = without_bias(found.passages, same, fit)
    scores = score(alike, fit.ranking)
    views_of = alike.tolist()
    sentences = found.best_sentences().tolist()
    # Of copies, which are equal, that in the first article, whichever was written last.
    order = sorted(
        range(len(hits)),
        key=lambda i: (-scores[i], index.passages[hits[i].number].article, hits[i].number),
    )
    return [
        Match(
            number=hits[i].number,
            sentence=sentences[i],
            sentence_cosine=views_of[i][0],
            maxsim=views_of[i][1],
            sentence_maxsim=views_of[i][2],
            same_language=float(same[i]),
            score=float(scores[i]),
        )
        for i in order
    ]


def without_bias(alike: Float64, same_language: Float64, fit: Fit) -> Float64:
    """The three views ``(n, 3)`` without what the passages' language adds; ``same_language``
    ``(n,)`` from 0 to 1."""
    bias = fit.language_bias
    of_views = np.array([bias.sentence, bias.maxsim, bias.sentence_maxsim])
    unbiased: Float64 = alike - same_language[:, None] * of_views
    return unbiased


def features(matches: Sequence[Match], index: PassageIndex) -> Features:
    """What tells whether the first of ``matches``, of which there is at least one, answers.

    Copies of its text do not count as runners-up.
    """
    first = matches[0]
    text = index.wording(first.number)
    by_likeness = sorted(matches, key=lambda match: -match.maxsim)
    others = (m for m in by_likeness if index.wording(m.number) != text)
    runners_up = [match.maxsim for match in islice(others, RUNNERS_UP)]
    return Features(
        sentence=first.sentence_cosine,
        maxsim=first.maxsim,
        sentence_maxsim=first.sentence_maxsim,
        lead=lead(first.maxsim, runners_up),
        same_language=first.same_language,
    )


def lead(first: float, others: Iterable[float]) -> float | None:
    """How far ``first`` is above the mean of the best RUNNERS_UP of ``others``; None without any.

    A passage on the question's topic is alike whether or not it answers. One that answers is also
    more alike than its neighbours on that topic are.
    """
    best = nlargest(RUNNERS_UP, others)
    return first - sum(best) / len(best) if best else None


def score(passages: Float64, ranking: Ranking) -> Float64:
    """The score ``(n,)`` of ``n`` candidates from their views ``(n, 3)``."""
    weights = np.array([ranking.sentence, ranking.maxsim, ranking.sentence_maxsim])
    scores: Float64 = passages @ weights
    return scores


def compare(
    question: QuestionEncoding, hits: Sequence[Hit], index: PassageIndex, question_mean: Float32
) -> Views:
    """The views of each of ``hits``, of which there is at least one.

    Raises StorageError if token vectors cannot be read.
    """
    tokens = index.tokens([hit.number for hit in hits])
    vectors = [one.vectors for one in tokens]
    return views(
        question, hits, tokens, similarities(centre(question.tokens, question_mean), vectors)
    )


def views(
    question: QuestionEncoding,
    hits: Sequence[Hit],
    tokens: Sequence[PassageTokens],
    cosines: Float32,
) -> Views:
    """The views of each of ``hits``, from the cosines of all their ``tokens``, ``(t, q)``."""
    weights = question.weights / max(float(question.weights.sum()), 1e-9)
    counts = np.array([len(one.starts) for one in tokens])
    lengths = np.array([len(one.vectors.scales) for one in tokens])
    firsts, offsets = np.cumsum(counts) - counts, np.cumsum(lengths) - lengths
    starts = np.concatenate([one.starts for one in tokens]) + np.repeat(offsets, counts)
    # Before the sentences of each passage, of which there is at least one, comes the title.
    titles = firsts + np.arange(len(firsts))
    is_sentence = np.ones(len(starts) + len(titles), bool)
    is_sentence[titles] = False
    segments = np.empty(len(is_sentence), np.int64)
    segments[titles], segments[is_sentence] = offsets, starts
    found = best_matches(cosines, segments)
    by_title, by_sentence = found[titles], found[is_sentence]
    by_title[starts[firsts] == offsets] = -np.inf  # without a token
    np.maximum(by_sentence, np.repeat(by_title, counts, axis=0), out=by_sentence)
    sentence_maxsim = _leaning(by_sentence, firsts) @ weights
    passages = np.empty((len(hits), 3))
    passages[:, 0] = [hit.cosine for hit in hits]
    passages[:, 1] = np.maximum.reduceat(by_sentence, firsts, axis=0) @ weights
    passages[:, 2] = np.maximum.reduceat(sentence_maxsim, firsts)
    return Views(passages, sentence_maxsim, firsts)


def _leaning(by_sentence: Float32, firsts: Int64) -> Float32:
    """The best matches ``(s, q)`` of sentences that lean on the one before, if there is one in the
    passage: ``firsts`` are those that have none."""
    leaning = np.empty_like(by_sentence)
    np.multiply(by_sentence[:-1], np.float32(LEANING), out=leaning[1:])
    leaning[firsts] = -np.inf
    return np.maximum(leaning, by_sentence, out=leaning)
