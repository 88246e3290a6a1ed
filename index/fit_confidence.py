"""Learn how sure an answer is, and what the reader has to say in it: the confidence, the second
look, and the thresholds.

For the confidence, libraries of different sizes are made of some articles; `index/fit_trials.py`
says what they are asked. Where there are other articles, with questions that somebody wrote for the
article not to answer, these count too: such a question is harder to tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from index.fit import Confidence, Features, Fit, SecondLook, is_in_doubt, log_probability
from index.fit_samples import Asked, Pair
from index.fit_trials import Kind, Trial, make_trials
from index.second_look import MOST_READ, judge, read_ahead

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

SHARPNESS = (10.0, 50.0)
"""What scores are multiplied by where the reader's weight in the order is learned: at least, so
that the views count for something, and at first."""
NEVER = -1e3
"""The score of a candidate that is not there."""


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
    table = _table([trial.features for trial in every], fit)
    fit = replace(fit, confidence=Confidence(*_regression(table, labels, weights)))
    if fit.reader:
        # What counts for nothing need not be read.
        counts = [(trial, weight) for trial, weight in zip(every, weights, strict=True) if weight]
        fit = replace(fit, second_look=_second_look(counts, fit))
    chances = [judge(t.candidates, fit).probability for t in trials if t.kind is Kind.ANSWERABLE]
    return replace(
        fit,
        answered=float(np.quantile(chances, 1 - ANSWERED_SHARE)),
        unsure=float(np.quantile(chances, 1 - UNSURE_SHARE)),
    )


def _second_look(trials: Sequence[tuple[Trial, float]], fit: Fit) -> SecondLook:
    """From trials and their weights; the ``fit`` has its confidence."""
    # What has no token cannot be read.
    readable = [(trial, weight) for trial, weight in trials if trial.candidates[0].read]
    doubtful = [is_in_doubt(fit.probability(trial.features)) for trial, _ in readable]
    order = _order([one for one, in_doubt in zip(readable, doubtful, strict=True) if in_doubt])
    features, read, labels = [], [], []
    for (trial, _), in_doubt in zip(readable, doubtful, strict=True):
        # Elsewhere the first one stays.
        candidates = trial.candidates if in_doubt else trial.candidates[:1]
        place, odds = read_ahead(candidates, order)
        features.append(candidates[place].features())
        read.append(log_probability(odds))
        labels.append(trial.is_right(place))
    table = np.column_stack([_table(features, fit), read])
    weights = np.array([weight for _, weight in readable])
    *views, of_read = _regression(table, np.array(labels), weights)
    return SecondLook(Confidence(*views), of_read, order)


def _order(trials: Sequence[tuple[Trial, float]]) -> float:
    """What the logarithm of the reader's probability should count for beside the score: softmax
    over the candidates of each trial that has one that answers among several."""
    scores, read, answers, weights = [], [], [], []
    for trial, weight in trials:
        if trial.answer not in trial.numbers or len(trial.numbers) < 2:
            continue
        missing = MOST_READ - len(trial.numbers)
        scores.append([*(one.score for one in trial.candidates), *[NEVER] * missing])
        odds = [one.read() for one in trial.candidates if one.read]
        read.append([*map(log_probability, odds), *[0.0] * missing])
        answers.append(trial.numbers.index(trial.answer))
        weights.append(weight)
    if not answers:
        return 0.0
    views, reader, every = np.array(scores), np.array(read), np.arange(len(answers))

    def loss(sharpness: Float64) -> float:
        chances = log_softmax(sharpness[0] * views + sharpness[1] * reader, axis=1)
        return float(-np.average(chances[every, answers], weights=weights))

    least, start = SHARPNESS
    found = minimize(loss, [start, 1.0], bounds=[(least, None), (0.0, None)]).x
    return float(found[1] / found[0])


def _table(features: Sequence[Features], fit: Fit) -> Float64:
    return np.array([astuple(_led(one, fit.unknown_lead)) for one in features])


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
    leads = [trial.features.lead for trial in trials]
    known = [(one, weight) for one, weight in zip(leads, weights, strict=True) if one is not None]
    if not known:
        return 0.0
    values, of_known = np.array(known).T
    return float(np.average(values, weights=of_known))


def _led(features: Features, unknown_lead: float) -> Features:
    """The features with a lead."""
    return features if features.lead is not None else replace(features, lead=unknown_lead)
