"""What a library has on a question, from views set by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fit_questions import OWNERS, VIEWS, by_view, question_of

from index import fit_trials, search
from index.fit import Features, Fit
from index.fit_samples import Question
from index.fit_trials import Kind, Trial


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The passages that each trial has to do with."""
    found: list[list[int]] = []
    try_ = fit_trials._trial

    def noted(kind: Kind, question: Question, library: Any, fit: Fit) -> Trial:
        found.append(library.tolist())
        return try_(kind, question, library, fit)

    monkeypatch.setattr(fit_trials, "_trial", noted)
    return found


def trials_of(question: Question, inside: set[str], seed: int = 0) -> list[Trial]:
    random = np.random.default_rng(seed)
    return list(
        fit_trials.make_trials([question], OWNERS, frozenset(inside), by_view(maxsim=1), random)
    )


def test_question_on_an_absent_article(libraries: list[list[int]]) -> None:
    [trial] = trials_of(question_of(VIEWS, article="b", gold=3), {"a", "c"})
    assert (trial.kind, trial.right) == (Kind.ABSENT, False)
    assert libraries == [[0, 1, 2, 5]]
    assert trial.features.sentence == 0.01


def test_small_talk_is_on_no_article() -> None:
    [trial] = trials_of(question_of(VIEWS, article="", gold=None), {"a", "b", "c"})
    assert (trial.kind, trial.right) == (Kind.ABSENT, False)
    assert trial.features.sentence == 0.01


def test_question_with_its_paragraph_and_without(libraries: list[list[int]]) -> None:
    """Both libraries have four passages: with the right one, another of its article is out."""
    out = set()
    for seed in range(20):
        libraries.clear()
        with_it, without = trials_of(question_of(VIEWS, article="a", gold=1), {"a", "b"}, seed)
        assert (with_it.kind, with_it.right) == (Kind.ANSWERABLE, True)
        assert with_it.features.sentence == 0.01
        assert (without.kind, without.right) == (Kind.NEIGHBOURING, False)
        assert without.features.sentence == 0.04
        answerable, neighbouring = libraries
        assert neighbouring == [0, 2, 3, 4]
        [missing] = {0, 1, 2, 3, 4} - set(answerable)
        out.add(missing)
        assert len(answerable) == 4
    assert out == {0, 2}


def test_the_only_paragraph_of_an_article(libraries: list[list[int]]) -> None:
    """There is none beside it to be left out."""
    with_it, without = trials_of(question_of(VIEWS, article="c", gold=5), {"b", "c"})
    assert (with_it.kind, with_it.right) == (Kind.ANSWERABLE, True)
    assert (without.kind, without.right) == (Kind.NEIGHBOURING, False)
    assert libraries == [[3, 4, 5], [3, 4]]
    [alone] = trials_of(question_of(VIEWS, article="c", gold=5), {"c"})
    assert (alone.kind, alone.right) == (Kind.ANSWERABLE, True)


def test_another_paragraph_that_comes_first_is_wrong() -> None:
    with_it, _ = trials_of(question_of(VIEWS, article="b", gold=3), {"a", "b"})
    assert (with_it.kind, with_it.right) == (Kind.ANSWERABLE, False)


def test_question_that_its_article_does_not_answer(libraries: list[list[int]]) -> None:
    [trial] = trials_of(question_of(VIEWS, article="b", gold=None), {"a", "b"})
    assert (trial.kind, trial.right) == (Kind.UNANSWERED, False)
    assert libraries == [[0, 1, 2, 3, 4]]
    assert trial.features.sentence == 0.01
    [trial] = trials_of(question_of(VIEWS, article="b", gold=None), {"a", "c"})
    assert (trial.kind, trial.right) == (Kind.ABSENT, False)


def test_features_of_a_trial() -> None:
    """Passage 1 comes first by MaxSim, with 0.9; the next ones have 0.8, 0.4 and 0.3."""
    question = question_of(VIEWS, article="a", gold=1, same_language=0.25)
    trial = fit_trials._trial(Kind.ANSWERABLE, question, np.arange(6), by_view(maxsim=1))
    assert trial.features == Features(
        sentence=0.01,
        maxsim=0.9,
        sentence_maxsim=0.7,
        lead=pytest.approx(0.9 - (0.8 + 0.4 + 0.3) / 3),
        same_language=0.25,
    )
    assert trial.right


def test_first_passage_of_a_trial_is_the_rankings() -> None:
    question = question_of(VIEWS, article="a", gold=1)
    for view, first in (("sentence", 5), ("maxsim", 1), ("sentence_maxsim", 4)):
        trial = fit_trials._trial(Kind.ANSWERABLE, question, np.arange(6), by_view(**{view: 1.0}))
        assert trial.features.sentence == VIEWS[first][0]
        assert trial.right == (first == 1)


def test_trial_in_a_library_of_one_passage() -> None:
    question = question_of(VIEWS, article="c", gold=5)
    trial = fit_trials._trial(Kind.ANSWERABLE, question, np.array([5]), by_view(maxsim=1))
    assert (trial.right, trial.features.lead, trial.features.maxsim) == (True, None, 0.8)


def test_a_trial_compares_what_a_library_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passage with the best MaxSim is 0.04 behind in the sentence's cosine."""
    monkeypatch.setattr(search, "LEAST_COMPARED", 2)
    question = question_of(VIEWS, article="a", gold=1)
    fit = by_view(maxsim=1)
    for margin, first, lead in (
        (0.045, 1, 0.9 - (0.8 + 0.4 + 0.3) / 3),
        (0.035, 5, 0.8 - (0.4 + 0.3 + 0.2) / 3),
        (0.0, 5, 0.8 - 0.4),
    ):
        trial = fit_trials._trial(
            Kind.ANSWERABLE, question, np.arange(6), replace(fit, margin=margin)
        )
        assert trial.features.sentence == VIEWS[first][0]
        assert trial.features.lead == pytest.approx(lead)
        assert trial.right == (first == 1)


def test_the_first_three_may_come_first() -> None:
    """By MaxSim these are 1, 5 and 4. Each one's lead is over the others."""
    question = question_of(VIEWS, article="b", gold=4)
    trial = fit_trials._trial(Kind.ANSWERABLE, question, np.arange(6), by_view(maxsim=1))
    assert trial.numbers == (1, 5, 4)
    assert [candidate.score for candidate in trial.candidates] == [0.9, 0.8, 0.4]
    assert [trial.is_right(place) for place in range(3)] == [False, False, True]
    leads = [candidate.features().lead for candidate in trial.candidates]
    assert leads == pytest.approx([0.9 - 1.5 / 3, 0.8 - 1.6 / 3, 0.4 - 2.0 / 3])
    assert [candidate.features().sentence for candidate in trial.candidates] == [0.01, 0.05, 0.04]
