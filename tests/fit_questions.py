"""Questions with views set by hand, and what tests of the fitting see of their trials."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fits import fit_for

from index.fit import Fit, Ranking
from index.fit_samples import Question
from index.fit_trials import Trial
from index.late_interaction import Float32
from index.passage_vectors import PassageTokens
from index.reader import Reader

# Of six passages three are of the first article, two of the second, one of the third.
OWNERS = np.array(["a", "a", "a", "b", "b", "c"])
# Each passage's first view says its number, the second how good it is.
VIEWS = [
    (0.00, 0.1, 0.5),
    (0.01, 0.9, 0.7),
    (0.02, 0.2, 0.1),
    (0.03, 0.3, 0.4),
    (0.04, 0.4, 0.9),
    (0.05, 0.8, 0.2),
]


def question_of(
    views: Sequence[Sequence[float]], *, article: str, gold: int | None, same_language: float = 0.5
) -> Question:
    """A question by its passages' views: sentence, MaxSim, best sentence's MaxSim."""
    return Question(
        article=article,
        gold=gold,
        gold_sentences=frozenset({1}),
        views=np.array(views, float),
        sentences=[np.array([0.1, 0.9], np.float32) for _ in views],
        same_language=np.full(len(views), same_language),
    )


def by_view(**weights: float) -> Fit:
    """A fit whose ranking has these weights, and 0 for the views not named."""
    none = {"sentence": 0.0, "maxsim": 0.0, "sentence_maxsim": 0.0}
    return replace(fit_for(FakeEncoder(4)), ranking=Ranking(**none | weights))


def recorded_trials(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[Trial]:
    """All trials that the module makes from now on."""
    trials: list[Trial] = []
    make = module.make_trials

    def noted(*args: Any) -> Iterator[Trial]:
        for trial in make(*args):
            trials.append(trial)
            yield trial

    monkeypatch.setattr(module, "make_trials", noted)
    return trials


class Telling(Reader):
    """A reader that notes the tokens of what it is given, and finds one thing after another."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def read(self, question: Float32, weights: Float32, tokens: PassageTokens) -> float:
        self.asked.append((len(question), len(weights), len(tokens.vectors.scales)))
        return float(len(self.asked) % 3)
