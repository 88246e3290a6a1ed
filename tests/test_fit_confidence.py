"""Learning the confidence, the second look and the thresholds, from views set by hand."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fit_questions import OWNERS, VIEWS, Telling, by_view, question_of, recorded_trials

from index import fit_confidence, fit_trials
from index.fit import Features
from index.fit_samples import Asked, Pair, Question
from index.fit_trials import Kind, Trial
from index.second_look import Candidate, judge


def random_questions(count: int) -> dict[Pair, Asked]:
    """As many questions on the first two articles, whose views are random but for the right
    passage's, which are better on the whole; and small talk."""
    random = np.random.default_rng(5)
    questions = []
    for number in range(count):
        gold = number % 5
        views = random.normal(0.5, 0.1, (6, 3))
        views[gold] += 0.15
        article = str(OWNERS[gold])
        questions.append(question_of(views.tolist(), article=article, gold=gold))
    talk = [
        question_of(
            random.normal(0.5, 0.1, (6, 3)).tolist(), article="", gold=None, same_language=share
        )
        for share in (0.1, 0.3, 0.5, 0.7)
    ]
    return {("de", "de"): Asked(questions, talk, OWNERS)}


@pytest.fixture
def one_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is asked once, of a library of the first two articles."""
    monkeypatch.setattr(fit_confidence, "LIBRARIES", 1)
    monkeypatch.setattr(fit_confidence, "LIBRARY_SIZES", (2,))


@pytest.mark.usefixtures("one_library")
def test_thresholds_let_through_the_stated_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = recorded_trials(monkeypatch, fit_confidence)
    fit = fit_confidence.fit_confidence(
        by_view(maxsim=1), random_questions(200), frozenset({"a", "b"})
    )
    chances = [fit.probability(trial.features) for trial in trials]
    kinds = Counter(trial.kind for trial in trials)
    assert kinds == {Kind.ANSWERABLE: 200, Kind.NEIGHBOURING: 200, Kind.ABSENT: 4}
    answerable = np.array(
        [
            chance
            for chance, trial in zip(chances, trials, strict=True)
            if trial.kind is Kind.ANSWERABLE
        ]
    )
    assert np.mean(answerable >= fit.answered) == 0.90
    assert np.mean(answerable >= fit.unsure) == 0.99
    assert len(set(answerable.tolist())) == 200


@pytest.mark.usefixtures("one_library")
def test_confidence_is_higher_where_the_first_passage_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = recorded_trials(monkeypatch, fit_confidence)
    fit = fit_confidence.fit_confidence(
        by_view(maxsim=1), random_questions(200), frozenset({"a", "b"})
    )
    chances = np.array([fit.probability(trial.features) for trial in trials])
    right = np.array([trial.right for trial in trials])
    assert chances[right].mean() > chances[~right].mean() + 0.2
    # Logistic regression with an intercept: as many are right as it says, by weight.
    kinds = Counter(trial.kind for trial in trials)
    wanted = {Kind.ANSWERABLE: 1.0, Kind.ABSENT: 1.0, Kind.NEIGHBOURING: 0.3}
    weights = np.array([wanted[trial.kind] / kinds[trial.kind] for trial in trials])
    assert chances @ weights == pytest.approx(right @ weights, abs=1e-3)


@pytest.mark.usefixtures("one_library")
def test_each_kind_of_question_has_its_weight_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = recorded_trials(monkeypatch, fit_confidence)
    given: list[Any] = []

    class Noted(fit_confidence.LogisticRegression):
        def fit(self, table: Any, labels: Any, sample_weight: Any) -> Any:
            assert labels.tolist() == [trial.right for trial in trials]
            given.append(sample_weight)
            return super().fit(table, labels, sample_weight=sample_weight)

    monkeypatch.setattr(fit_confidence, "LogisticRegression", Noted)
    fit_confidence.fit_confidence(by_view(maxsim=1), random_questions(50), frozenset({"a", "b"}))
    [weights] = given
    assert weights.mean() == pytest.approx(1)
    total = Counter[Kind]()
    for trial, weight in zip(trials, weights, strict=True):
        total[trial.kind] += weight
    shares = [total[kind] / total[Kind.ANSWERABLE] for kind in Kind]
    assert shares == pytest.approx([1, 0.3, 1, 0])


@pytest.mark.usefixtures("one_library")
def test_what_is_held_out_counts_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions that their article does not answer are as like it by MaxSim as those that it does,
    and less by the sentence's cosine."""
    random = np.random.default_rng(6)
    questions = []
    for number in range(200):
        gold = number % 5
        views = random.normal(0.5, 0.1, (6, 3))
        views[gold] += 0.15
        unanswered = views.copy()
        unanswered[gold, 0] -= 0.3
        article = str(OWNERS[gold])
        questions.append(question_of(views.tolist(), article=article, gold=gold))
        questions.append(question_of(unanswered.tolist(), article=article, gold=None))
    questions.append(question_of(VIEWS, article="c", gold=5))
    given: list[Any] = []

    class Noted(fit_confidence.LogisticRegression):
        def fit(self, table: Any, labels: Any, sample_weight: Any) -> Any:
            given.append(sample_weight)
            return super().fit(table, labels, sample_weight=sample_weight)

    monkeypatch.setattr(fit_confidence, "LogisticRegression", Noted)
    monkeypatch.setattr(fit_confidence, "LIBRARY_SIZES", (3,))
    every, besides = random_questions(200), [Asked(questions, [], OWNERS)]
    trials = recorded_trials(monkeypatch, fit_confidence)
    three = frozenset({"a", "b", "c"})
    without = fit_confidence.fit_confidence(by_view(maxsim=1), every, three)
    trials.clear()
    within = fit_confidence.fit_confidence(by_view(maxsim=1), every, three, besides)
    assert without.confidence is not None
    assert within.confidence is not None
    share = without.confidence.sentence / without.confidence.sentence_maxsim
    assert within.confidence.sentence / within.confidence.sentence_maxsim > 1.2 * share
    # The thresholds are of the questions that are not held out.
    count = sum(len(one.questions) for one in every.values())
    answerable = [trial for trial in trials[: 2 * count] if trial.kind is Kind.ANSWERABLE]
    assert len(answerable) == count
    chances = np.array([within.probability(trial.features) for trial in answerable])
    assert np.mean(chances >= within.answered) == 0.90
    total = Counter[tuple[bool, Kind]]()
    for number, (trial, weight) in enumerate(zip(trials, given[-1], strict=True)):
        total[number >= len(trials) - 3 * 200 - 2, trial.kind] += weight
    unit = total[False, Kind.ANSWERABLE]
    assert {key: weight / unit for key, weight in total.items()} == pytest.approx(
        {
            (False, Kind.ANSWERABLE): 1,
            (False, Kind.NEIGHBOURING): 0.3,
            (False, Kind.ABSENT): 1,
            (True, Kind.ANSWERABLE): 0.3,
            (True, Kind.UNANSWERED): 0.3,
            (True, Kind.NEIGHBOURING): 0,
        }
    )


class Knowing:
    """Knows which passage answers a question, and notes which it was asked about."""

    def __init__(self, question: Question) -> None:
        self.gold = question.gold
        self.asked = set[int]()

    def __call__(self, number: int) -> float:
        self.asked.add(number)
        return 2.0 if number == self.gold else -2.0


def reader_of(trial: Trial) -> Knowing:
    read: Any = trial.candidates[0].read
    found: Knowing = read.func
    return found


def firsts_of(trial: Trial, trials: Sequence[Trial]) -> set[int]:
    """The passages that come first in all trials of this one's question."""
    return {one.numbers[0] for one in trials if reader_of(one) is reader_of(trial)}


@pytest.mark.usefixtures("one_library")
def test_the_second_look_goes_by_a_reader_that_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_confidence, "ANSWERED_SHARE", 0.5)
    trials = recorded_trials(monkeypatch, fit_confidence)
    asked = {
        pair: replace(
            one,
            questions=[replace(question, read=Knowing(question)) for question in one.questions],
            talk=[replace(question, read=Knowing(question)) for question in one.talk],
        )
        for pair, one in random_questions(200).items()
    }
    unread = by_view(maxsim=1)
    fit = fit_confidence.fit_confidence(
        replace(unread, reader=Telling()), asked, frozenset({"a", "b"})
    )
    assert fit.second_look is not None
    # It knows, so where the views leave it in doubt they decide nothing.
    judged = [(trial, judge(trial.candidates, fit)) for trial in trials]
    doubtful = [(trial, found) for trial, found in judged if found.in_doubt]
    right = np.array([trial.is_right(found.first) for trial, found in doubtful])
    chances = np.array([found.probability for _, found in doubtful])
    assert chances[right].min() > chances[~right].max()
    moved = [
        trial.is_right(found.first)
        for trial, found in doubtful
        if trial.kind is Kind.ANSWERABLE and trial.answer in trial.numbers and not trial.right
    ]
    assert len(moved) > 5
    assert all(moved)
    # Where they do not, nothing but the first one is read.
    in_doubt = {id(reader_of(trial)) for trial, _ in doubtful}
    clear = [trial for trial in trials if id(reader_of(trial)) not in in_doubt]
    assert len(clear) > 5
    assert all(reader_of(trial).asked <= firsts_of(trial, trials) for trial in clear)
    # The thresholds are of what it found.
    answerable = np.array(
        [found.probability for trial, found in judged if trial.kind is Kind.ANSWERABLE]
    )
    assert np.mean(answerable >= fit.answered) == 0.5
    without = fit_confidence.fit_confidence(unread, asked, frozenset({"a", "b"}))
    assert without.second_look is None
    assert without.confidence == fit.confidence
    assert without.answered != fit.answered


def doubtful_trial(kind: Kind, *passages: tuple[float, float], answer: int | None) -> Trial:
    """With candidates by their scores and what the reader finds, its log-odds."""
    return Trial(
        kind,
        tuple(
            Candidate(score, lambda: Features(*[0.0] * 5), lambda odds=odds: odds)
            for score, odds in passages
        ),
        tuple(range(len(passages))),
        answer,
    )


def test_what_the_reader_counts_for_in_the_order() -> None:
    """By two in the logarithm the reader is for the second passage. Of those 0.05 behind three in
    four answer, of those 0.07 behind one in four: so two are worth 0.06."""
    none, sure = -math.log(math.exp(2) - 1), 800.0

    def trial(behind: float, answer: int) -> Trial:
        passages = (0.5, none), (0.5 - behind, sure)
        return doubtful_trial(Kind.ANSWERABLE, *passages, answer=answer)

    trials = [
        (trial(0.05, 1), 3.0),
        (trial(0.05, 0), 1.0),
        (trial(0.07, 0), 3.0),
        (trial(0.07, 1), 1.0),
    ]
    assert fit_confidence._order(trials) == pytest.approx(0.03, abs=1e-4)


def test_a_reader_that_is_wrong_counts_for_nothing_in_the_order() -> None:
    trials = [
        doubtful_trial(Kind.ANSWERABLE, (0.5, -5.0), (0.4, 5.0), answer=0),
        doubtful_trial(Kind.ANSWERABLE, (0.5, 5.0), (0.4, -5.0), answer=1),
    ]
    assert fit_confidence._order([(trial, 1.0) for trial in trials]) == 0


def test_what_has_no_answer_among_several_tells_nothing_of_the_order() -> None:
    trials = [
        doubtful_trial(Kind.ANSWERABLE, (0.5, 5.0), answer=0),
        doubtful_trial(Kind.ANSWERABLE, (0.5, 5.0), (0.4, -5.0), answer=7),
        doubtful_trial(Kind.ABSENT, (0.5, 5.0), (0.4, -5.0), answer=None),
    ]
    assert fit_confidence._order([(trial, 1.0) for trial in trials]) == 0


def test_libraries_of_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    make = fit_confidence.make_trials

    def noted(questions: Any, owners: Any, inside: frozenset[str], *args: Any) -> Any:
        sizes.append(len(inside))
        return make(questions, owners, inside, *args)

    monkeypatch.setattr(fit_confidence, "LIBRARIES", 6)
    monkeypatch.setattr(fit_confidence, "LIBRARY_SIZES", (1, 2, 8))
    monkeypatch.setattr(fit_confidence, "make_trials", noted)
    fit_confidence.fit_confidence(
        by_view(maxsim=1), random_questions(20), frozenset({"a", "b", "c"})
    )
    assert sizes == [1, 2, 3] * 2


def test_unknown_lead_is_the_mean_of_those_there_are() -> None:
    one = fit_trials._trial(
        Kind.ANSWERABLE, question_of(VIEWS, article="c", gold=5), np.array([5]), by_view(maxsim=1)
    )

    def led(lead: float | None) -> Trial:
        features = replace(one.features, lead=lead)
        return replace(one, candidates=(replace(one.candidates[0], features=lambda: features),))

    trials = [led(lead) for lead in (0.1, None, 0.4)]
    assert fit_confidence._mean_lead(trials, np.array([1.0, 5.0, 2.0])) == pytest.approx(0.3)
    assert fit_confidence._mean_lead([one], np.array([1.0])) == 0
