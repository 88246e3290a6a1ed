"""Learn how sure an answer is: the confidence, the second look, and the thresholds.

For the confidence, libraries of different sizes are made of some articles; `index/fit_trials.py`
says what they are asked. Where there are other articles, with questions that somebody wrote for the
article not to answer, these count too: such a question is harder to tell.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from index.fit import Confidence, Features, Fit, SecondLook, log_probability
from index.fit_samples import Asked, Pair
from index.fit_trials import Kind, Trial, make_trials

Float64 = NDArray[np.float64]

LIBRARY_SIZES = (2, 4, 8)
"""Articles in the libraries that confidence is learned from: ten to forty of XQuAD's paragraphs."""
LIBRARIES = 12
ANSWERED_SHARE = 0.90
UNSURE_SHARE = 0.99
"""The thresholds let through these shares of the answerable questions. With 95 % answered, nearly
twice as many of the neighbouring ones would be."""
WEIGHTS = {Kind.ANSWERABLE: 1.0, Kind.ABSENT: 1.0, Kind.NEIGHBOURING: 0.3}
"""Of all trials of a kind. When the last was chosen, on XQuAD, mean of nine pairs of languages:
15.3 % of neighbouring questions are answered at the threshold, and with 0 20.9 %; of the absent
ones 3.4 % where 95 % of the answerable ones are, and with 0 2.8 %."""
HELD_OUT_WEIGHTS = {
    Kind.ANSWERABLE: 0.3,
    Kind.UNANSWERED: 0.3,
    Kind.ABSENT: 0.0,
    Kind.NEIGHBOURING: 0.0,
}
"""The same of what is held out. With more, more of XQuAD's absent questions are answered; see
docs/trials.md."""


def fit_confidence(
    fit: Fit,
    asked: Mapping[Pair, Asked],
    articles: frozenset[str],
    besides: Sequence[Asked] = (),
) -> Fit:
    """The fit with its confidence and thresholds and, if it has a reader, its second look.

    ``asked``: the questions on ``articles``, which the libraries are made of, and the small talk.
    ``besides``: what is held out, asked of its own articles; the thresholds do not go by it.
    """
    random = np.random.default_rng(0)

    def some(articles: Iterable[str], count: int) -> frozenset[str]:
        return frozenset(map(str, random.permutation(sorted(set(articles)))[:count]))

    trials: list[Trial] = []
    for number in range(LIBRARIES):
        size = LIBRARY_SIZES[number % len(LIBRARY_SIZES)]
        inside = some(sorted(articles), size)
        for one in asked.values():
            trials += make_trials([*one.questions, *one.talk], one.articles, inside, fit, random)
    others = [
        trial
        for one in besides
        for size in LIBRARY_SIZES
        for trial in make_trials(one.questions, one.articles, some(one.articles, size), fit, random)
    ]
    weights = np.concatenate([_weights(trials, WEIGHTS), _weights(others, HELD_OUT_WEIGHTS)])
    every = [*trials, *others]
    labels = np.array([trial.right for trial in every])
    fit = replace(fit, unknown_lead=_mean_lead(every, weights))
    table = np.array([astuple(_led(trial.features, fit.unknown_lead)) for trial in every])
    fit = replace(fit, confidence=Confidence(*_regression(table, labels, weights)))
    if fit.reader:
        # What counts for nothing need not be read, and what has no token cannot be.
        read = [
            log_probability(trial.read()) if trial.read and weight else -math.inf
            for trial, weight in zip(every, weights, strict=True)
        ]
        known = np.isfinite(read)
        both = np.column_stack([table, read])[known]
        *views, of_read = _regression(both, labels[known], weights[known])
        fit = replace(fit, second_look=SecondLook(Confidence(*views), of_read))
    chances = [fit.probability(t.features, t.read) for t in trials if t.kind is Kind.ANSWERABLE]
    return replace(
        fit,
        answered=float(np.quantile(chances, 1 - ANSWERED_SHARE)),
        unsure=float(np.quantile(chances, 1 - UNSURE_SHARE)),
    )


def _regression(table: Float64, labels: NDArray[np.bool_], weights: Float64) -> list[float]:
    """The intercept and the slopes of a logistic regression on the columns ``(n, f)``."""
    middle, spread = table.mean(axis=0), table.std(axis=0)
    model = LogisticRegression(C=100, max_iter=1000)
    model.fit((table - middle) / spread, labels, sample_weight=weights / weights.mean())
    slopes = model.coef_[0] / spread
    return [float(model.intercept_[0] - slopes @ middle), *map(float, slopes)]


def _weights(trials: Sequence[Trial], of_kinds: Mapping[Kind, float]) -> Float64:
    """Of each trial; each kind as a whole has a fixed weight, however many are of it."""
    counts = Counter(trial.kind for trial in trials)
    return np.array([of_kinds[trial.kind] / counts[trial.kind] for trial in trials])


def _mean_lead(trials: Sequence[Trial], weights: Float64) -> float:
    """The mean of the leads there are, each with its weight.

    A library of one passage has no runners-up, and its passage's lead should tell nothing.
    """
    known = [
        (trial.features.lead, weight)
        for trial, weight in zip(trials, weights, strict=True)
        if trial.features.lead is not None
    ]
    leads, weights = np.array(known).reshape(-1, 2).T
    return float(np.average(leads, weights=weights)) if len(leads) else 0.0


def _led(features: Features, unknown_lead: float) -> Features:
    """The features with a lead."""
    return features if features.lead is not None else replace(features, lead=unknown_lead)
