"""Where the views leave it in doubt whether the first passage answers, read those that come first.

What the reader finds counts for two things: which of them comes first, and how sure that is. A
passage is read only if it could still come first: the reader can take from a passage's score, but
not add to it. That is how Fagin and others (2003, the threshold algorithm) stop early.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.fit import Features, Fit, is_in_doubt, log_probability

MOST_READ = 3
"""Candidates of different wordings that may be read for a question, which takes some 3 ms each; see
docs/trials.md."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may come first: its ``score`` by the views, what the confidence goes by if it
    does, and the reader's log-odds that it answers, None without a reader."""

    score: float
    features: Callable[[], Features]
    read: Callable[[], float] | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """``first``: the place of the candidate that comes first; ``probability``: that it answers;
    ``in_doubt``: whether it was read."""

    first: int
    probability: float
    in_doubt: bool


def judge(candidates: Sequence[Candidate], fit: Fit) -> Judgement:
    """Which of the ``candidates`` comes first: at least one and no more than `MOST_READ`, the best
    by the views first.

    Raises what their ``read`` raises.
    """
    [best, *_] = candidates
    features = best.features()
    probability = fit.probability(features)
    if fit.second_look is None or best.read is None or not is_in_doubt(probability):
        return Judgement(0, probability, in_doubt=False)
    place, odds = read_ahead(candidates, fit.second_look.order)
    if place:
        features = candidates[place].features()
    return Judgement(place, fit.probability(features, odds), in_doubt=True)


def read_ahead(candidates: Sequence[Candidate], order: float) -> tuple[int, float]:
    """The place of the candidate that comes first once they are read, and the reader's log-odds for
    it; ``order``: see `index.fit.SecondLook`.

    They are read as long as the next one could still come before those that were.
    """
    first, highest, odds_of_first = 0, -math.inf, -math.inf
    for place, candidate in enumerate(candidates):
        if candidate.read is None or candidate.score <= highest:
            break
        odds = candidate.read()
        score = candidate.score + order * log_probability(odds)
        if score > highest:
            first, highest, odds_of_first = place, score, odds
    return first, odds_of_first
