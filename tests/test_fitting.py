"""Learning the fitted numbers, from made-up texts of two languages and from views set by hand."""

import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fit_questions import OWNERS, VIEWS, Telling, by_view, question_of, recorded_trials
from fits import fit_for
from places import PAIRS, PLACES, TALK, TEXTS, squad

from index import fit_confidence, fit_samples, fit_trials, fitting, search
from index.evaluate import Dataset, EvaluationError, read_squad
from index.fit import Confidence, Fit, LanguageBias, SecondLook
from index.fit_samples import Asked, Pair, Question
from index.fit_trials import Kind
from index.fitting import Cell, by_language, fit_model, provenance, read_small_talk
from index.language import language_likelihood
from index.second_look import Candidate, Judgement, judge


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """One library of each size instead of four, and no waiting for the disk: nobody pulls the
    plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_confidence, "LIBRARIES", 3)
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    folder = tmp_path_factory.mktemp("squad")
    return {language: squad(folder, language) for language in TEXTS}


@dataclass
class Run:
    """What a run gave, and what it did: the articles learned from each time, with the fit, and for
    each cell the articles that each fit was judged by."""

    fit: Fit
    cells: list[Cell]
    learned: list[tuple[frozenset[str], Fit]]
    judged: dict[Pair, list[tuple[frozenset[str], Fit]]]


def run(datasets: Mapping[str, Dataset]) -> Run:
    learned: list[tuple[frozenset[str], Fit]] = []
    judged: dict[Pair, list[tuple[frozenset[str], Fit]]] = {}
    learn, judge = fitting._fit_articles, fitting._cell

    def noted(*args: Any) -> tuple[Fit, dict[Pair, Asked]]:
        fit, asked = learn(*args)
        learned.append((args[3], fit))
        return fit, asked

    def noted_cell(pair: Pair, fitted: Sequence[Any]) -> Cell:
        judged[pair] = [(fold, fit) for fold, fit, _ in fitted]
        return judge(pair, fitted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_fit_articles", noted)
        patch.setattr(fitting, "_cell", noted_cell)
        fit, cells = fit_model(datasets, TALK, FakeEncoder())
    return Run(fit, cells, learned, judged)


@pytest.fixture(scope="module")
def first_run(datasets: dict[str, Dataset]) -> Run:
    return run(datasets)


ALL = frozenset({"0001", "0002", "0003", "0004"})


def numbers(fit: Fit) -> list[object]:
    """Everything in a fit, to be compared: arrays have no equality of their own."""
    return [
        value.tolist() if isinstance(value, np.ndarray) else value
        for value in (getattr(fit, field.name) for field in fields(fit))
    ]


# The whole --------------------------------------------------------------------------------------


def test_shapes(first_run: Run) -> None:
    fit = first_run.fit
    assert fit.question_mean.shape == fit.passage_mean.shape == fit.vector_mean.shape == (64,)
    assert sum(astuple(fit.ranking)) == pytest.approx(1)
    assert fit.confidence is not None
    weights = [*astuple(fit.ranking), *astuple(fit.confidence)]
    assert np.isfinite(weights).all()
    assert 0 < fit.unsure < fit.answered < 1
    assert 0 < fit.margin < 1


def test_cells(first_run: Run) -> None:
    assert [(cell.questions, cell.passages) for cell in first_run.cells] == PAIRS
    assert [field.name for field in fields(Cell)] == [
        *("questions", "passages", "recall", "sentence", "false_at_95"),
        *("answered", "false_answers", "neighbouring"),
    ]
    for cell in first_run.cells:
        assert all(0 <= share <= 1 for share in astuple(cell)[2:])
        if cell.questions == cell.passages:
            assert cell.recall == 1


def test_two_runs_are_equal(first_run: Run, datasets: dict[str, Dataset]) -> None:
    again = run(datasets)
    assert numbers(again.fit) == numbers(first_run.fit)
    assert again.cells == first_run.cells


def test_every_article_is_judged_by_what_others_taught(first_run: Run) -> None:
    [(first_half, first), (second_half, second), (everything, whole)] = first_run.learned
    assert (len(first_half), len(second_half)) == (2, 2)
    assert first_half | second_half == everything == ALL
    assert first_run.fit is whole
    assert list(first_run.judged) == PAIRS
    for [(fold, fit), (other_fold, other_fit)] in first_run.judged.values():
        assert (fold, other_fold) == (second_half, first_half)
        assert fit is first
        assert other_fit is second


def test_questions_on_other_articles_teach_nothing(datasets: dict[str, Dataset]) -> None:
    some = frozenset({"0001", "0003"})

    def learned(changed: frozenset[str]) -> list[float]:
        """The weights, with other questions on the articles ``changed``."""
        data = datasets["en"]
        questions = {
            id_: "Who keeps a grey goose?" if data.answers[id_].article in changed else text
            for id_, text in data.questions.items()
        }
        asked = {"en": replace(data, questions=questions)}
        fit, _ = fitting._fit_articles(asked, TALK, FakeEncoder(), some)
        assert fit.confidence is not None
        weights = [*astuple(fit.ranking), *astuple(fit.confidence), fit.answered, fit.unsure]
        return [*fit.question_mean.tolist(), *fit.vector_mean.tolist(), *weights]

    as_they_are = learned(frozenset())
    # Not to the last bit: the order of a sum may be another.
    assert learned(ALL - some) == pytest.approx(as_they_are, rel=1e-3, abs=1e-4)
    assert learned(some) != pytest.approx(as_they_are, rel=1e-3, abs=1e-4)


def test_a_models_reader_is_fitted_with_it(
    datasets: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is reported is of both."""
    given: list[SecondLook | None] = []

    def noted(candidates: Sequence[Candidate], fit: Fit) -> Judgement:
        given.append(fit.second_look)
        return judge(candidates, fit)

    monkeypatch.setattr(fitting, "judge", noted)
    fit, cells = fit_model(datasets, TALK, FakeEncoder(), None, Telling())
    assert fit.second_look is not None
    assert len(cells) == 4
    assert given
    assert None not in given
    assert fit_model(datasets, TALK, FakeEncoder())[0].second_look is None


# Means and bias ---------------------------------------------------------------------------------


def test_means(datasets: dict[str, Dataset]) -> None:
    """Of all tokens of one language's texts, then of the languages, which count the same."""
    encoder = FakeEncoder()
    means = fitting._means(datasets, encoder, frozenset({"0002"}))
    question_mean, passage_mean, vector_mean = means
    name, builder, year, keeper, height = PLACES[1]
    # As the index reads them: to a real model a token is another one under a title.
    assert encoder.encoded_passages == [
        f"{name}: {sentence.strip('.')}."
        for language in TEXTS
        for kind in (0, 2)
        for sentence in TEXTS[language][kind][0].format(*PLACES[1]).split(". ")
    ]
    questions = {
        "de": f"Wer hat {year} den Steg von {name} gebaut Wie viele Meter ist der Turm von {name} "
        "hoch",
        "en": f"Who built the pier of {name} in {year} How many metres is the tower of {name} high",
    }
    passages = {
        "de": f"Der Steg von {name} ist aus Eichenholz Im Jahr {year} hat {builder} ihn gebaut "
        f"Der Turm von {name} ist {height} Meter hoch Nachts zählt {keeper} dort die Schiffe",
        "en": f"The pier of {name} is made of oak In the year {year} it was built by {builder} "
        f"The tower of {name} is {height} metres high At night {keeper} counts the ships there",
    }
    for found, texts in ((question_mean, questions), (passage_mean, passages)):
        means = [one.tokens.mean(axis=0) for one in encoder.encode_questions(list(texts.values()))]
        np.testing.assert_allclose(found, (means[0] + means[1]) / 2, rtol=0, atol=1e-6)
    every = [TEXTS[language][kind][0].format(*PLACES[1]) for language in TEXTS for kind in (1, 3)]
    vectors = [one.vector for one in encoder.encode_questions(every)]
    np.testing.assert_allclose(vector_mean, np.mean(vectors, axis=0), rtol=0, atol=1e-6)


def test_bias_is_what_the_questions_own_language_adds() -> None:
    """On the passages of the articles learned from: the last one is not, and says something
    else."""
    owners = np.array(["a", "a", "b"])

    def asked(alike: float, *views: float) -> Asked:
        rows = [(alike, 2 * alike, 3 * alike), (0, 0, 0), (9, 9, 9)]
        one = question_of(rows, article="a", gold=0)
        other = question_of([views, views, (9, 9, 9)], article="a", gold=1)
        return Asked([one, other], [], owners)

    every = {
        ("en", "en"): asked(0.8, 0.2, 0.2, 0.2),
        ("de", "de"): asked(0.4, 0.2, 0.2, 0.2),
        ("en", "de"): asked(0.4, 0.1, 0.1, 0.1),
    }
    found = fitting._language_bias(every, frozenset({"a"}))
    # Of four views each: 0.3 and 0.2 on an average, against 0.15.
    assert astuple(found) == pytest.approx((0.1, 0.15, 0.2))


def test_one_language_has_no_bias(datasets: dict[str, Dataset]) -> None:
    fit = fit_model({"de": datasets["de"]}, TALK, FakeEncoder())[0]
    assert fit.language_bias == LanguageBias()


def test_what_is_learned_is_without_the_bias() -> None:
    asked = Asked(
        [question_of([(0.5, 0.6, 0.7)], article="a", gold=0, same_language=0.5)],
        [question_of([(0.5, 0.6, 0.7)], article="", gold=0, same_language=1.0)],
        np.array(["a"]),
    )
    fit = replace(by_view(), language_bias=LanguageBias(0.1, 0.2, 0.3))
    found = fitting._without_bias(asked, fit)
    assert found.questions[0].views.tolist() == [pytest.approx([0.45, 0.5, 0.55])]
    assert found.talk[0].views.tolist() == [pytest.approx([0.4, 0.4, 0.4])]


def test_each_passage_has_a_language_of_its_own() -> None:
    fits = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    question = replace(question_of(VIEWS, article="a", gold=1), same_language=fits)
    trial = fit_trials._trial(Kind.ANSWERABLE, question, np.array([0, 1, 2]), by_view(maxsim=1))
    assert trial.features.same_language == 0.2
    fit = replace(by_view(), language_bias=LanguageBias(0.1, 0.0, 0.0))
    [unbiased] = fitting._without_bias(Asked([question], [], OWNERS), fit).questions
    taken = np.array(VIEWS)[:, 0] - unbiased.views[:, 0]
    assert taken.tolist() == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])


# Ranking and margin -----------------------------------------------------------------------------


def asked_of(*questions: Question) -> dict[Pair, Asked]:
    return {("de", "de"): Asked(list(questions), [], OWNERS)}


def test_ranking_goes_by_the_view_that_tells() -> None:
    for view in range(3):
        views = np.full((6, 3), 0.5)
        views[2, view] = 0.9
        found = fitting._fit_ranking(asked_of(question_of(views.tolist(), article="a", gold=2)))
        assert astuple(found) == pytest.approx([float(view == n) for n in range(3)], abs=1e-3)


def test_views_that_say_the_same_share_the_weight() -> None:
    views = [[value] * 3 for value in (0.1, 0.2, 0.9, 0.3, 0.2, 0.1)]
    found = fitting._fit_ranking(asked_of(question_of(views, article="a", gold=2)))
    assert astuple(found) == pytest.approx([1 / 3] * 3, abs=1e-3)


def test_the_regularisation_does_not_decide_between_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each view is wrong about some questions, as much as real ones differ."""
    ahead = [(0.05, 0.01), (0.04, -0.02), (0.03, 0.05), (-0.02, 0.04), (0.05, -0.01), (-0.01, 0.01)]
    asked = asked_of(
        *(
            question_of([(0.8 + one, 0.5 + other, 0), (0.8, 0.5, 0)], article="a", gold=0)
            for one, other in ahead
        )
    )
    found = astuple(fitting._fit_ranking(asked))
    monkeypatch.setattr(fitting, "REGULARISATION", 0.0)
    assert found == pytest.approx(astuple(fitting._fit_ranking(asked)), abs=0.03)


def test_margin_is_the_furthest_that_a_right_first_passage_was_behind() -> None:
    """By MaxSim passage 1 comes first, 0.04 behind passage 5 in the sentence's cosine."""
    near = question_of([(0.52, 0.9, 0), (0.53, 0.1, 0)], article="a", gold=0)
    wrong = question_of([(0.1, 0.9, 0), (0.9, 0.1, 0)], article="a", gold=1)
    right = question_of(VIEWS, article="a", gold=1)
    fit = by_view(maxsim=1)

    def margin(*questions: Question) -> float:
        return fitting._margin({("en", "de"): Asked([*questions], [], OWNERS)}, fit)

    assert margin(near, wrong) == pytest.approx(0.01)
    assert margin(near, wrong, right) == pytest.approx(0.04)
    assert margin(wrong) == math.inf


# Figures ----------------------------------------------------------------------------------------


def by_sentence(shift: float) -> Fit:
    """Ranks by MaxSim; the logit is the sentence's cosine plus ``shift``, which is also the
    threshold of an answer: what is above 0 is answered."""
    none = {field.name: 0.0 for field in fields(Confidence)}
    return replace(
        by_view(maxsim=1),
        confidence=Confidence(**none | {"intercept": shift, "sentence": 1.0}),
        answered=1 / (1 + np.exp(-shift)),
    )


@pytest.mark.parametrize(
    ("answerable", "absent", "neighbouring", "shares"),
    [
        # false_at_95, answered, false_answers, neighbouring
        (1, -1, -1, (0, 1, 0, 0)),
        (-2, -1, -3, (1, 0, 0, 0)),
        (-1, 2, -3, (1, 0, 1, 0)),
        (-1, -2, 1, (0, 0, 0, 1)),
        (2, 1, 1, (0, 1, 1, 1)),
    ],
)
def test_cell_by_hand(
    monkeypatch: pytest.MonkeyPatch,
    answerable: float,
    absent: float,
    neighbouring: float,
    shares: tuple[float, ...],
) -> None:
    """Two articles of two paragraphs, one of them inside at a time.

    Of the whole, the first question has its own paragraph first, the second one of the other
    article's. Each fold's fit has another threshold.
    """
    owners = np.array(["a", "a", "b", "b"])
    first = question_of(
        [
            *[(answerable, 0.9, 0), (neighbouring, 0.1, 0)],
            *[(absent, 0.2, 0), (absent, 0.3, 0)],
        ],
        article="a",
        gold=0,
    )
    second = question_of(
        [
            *[(absent, 0.2, 0), (absent, 0.9, 0)],
            *[(neighbouring, 0.1, 0), (answerable, 0.8, 0)],
        ],
        article="b",
        gold=3,
    )
    asked = {("en", "de"): Asked([first, second], [], owners)}
    fitted = [
        (frozenset({"a"}), by_sentence(0.5), asked),
        (frozenset({"b"}), by_sentence(-3.0), asked),
    ]
    trials = recorded_trials(monkeypatch, fitting)
    cell = fitting._cell(("en", "de"), fitted)
    # Eight libraries: the question on the article inside twice, the other one once.
    kinds = [Kind.ANSWERABLE, Kind.NEIGHBOURING, Kind.ABSENT]
    assert Counter(trial.kind for trial in trials) == dict.fromkeys(kinds, 8)
    assert (cell.questions, cell.passages) == ("en", "de")
    # The first question's marked sentence is its second, which is right.
    assert (cell.recall, cell.sentence) == (0.5, 0.5)
    assert astuple(cell)[4:] == shares


def test_cell_takes_each_question_by_the_fit_of_its_fold() -> None:
    """By MaxSim both have the right passage first, by the sentence's cosine only the second has."""
    first = question_of(
        [(0.9, 0.1, 0), (0.1, 0.9, 0), (0.2, 0.2, 0), (0.3, 0.3, 0)],
        article="a",
        gold=1,
    )
    second = question_of(
        [(0.2, 0.2, 0), (0.3, 0.3, 0), (0.1, 0.1, 0), (0.9, 0.9, 0)],
        article="b",
        gold=3,
    )
    asked = {("en", "de"): Asked([first, second], [], np.array(["a", "a", "b", "b"]))}
    right = by_sentence(0)
    wrong = replace(right, ranking=by_view(sentence=1).ranking)

    def figures(of_a: Fit, of_b: Fit) -> tuple[float, float]:
        folds = [(frozenset({"a"}), of_a, asked), (frozenset({"b"}), of_b, asked)]
        cell = fitting._cell(("en", "de"), folds)
        return cell.recall, cell.sentence

    assert figures(right, wrong) == (1, 1)
    assert figures(wrong, right) == (0.5, 0.5)
    # The sentence with the best MaxSim is the second one of every passage.
    asked[("en", "de")].questions[1] = replace(second, gold_sentences=frozenset({0}))
    assert figures(right, right) == (1, 0.5)
    assert figures(wrong, right) == (0.5, 0)


def test_cell_has_no_passage_that_is_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right one is the best but for the sentence's cosine, where it is 0.3 behind."""
    monkeypatch.setattr(search, "LEAST_COMPARED", 1)
    question = question_of(
        [(0.5, 0.9, 0), (0.8, 0.1, 0), (0.2, 0.2, 0), (0.3, 0.3, 0)],
        article="a",
        gold=0,
    )
    other = replace(question, article="b")
    asked = {("en", "de"): Asked([question, other], [], np.array(["a", "a", "b", "b"]))}

    def recall(margin: float) -> float:
        fit = replace(by_view(maxsim=1), confidence=by_sentence(0).confidence, margin=margin)
        folds = [(frozenset({"a"}), fit, asked), (frozenset({"b"}), fit, asked)]
        return fitting._cell(("en", "de"), folds).recall

    assert (recall(0.31), recall(0.29)) == (1, 0)


# What is held out -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four articles, two of them German and two English, each with a question that it does not
    answer."""
    folder = tmp_path_factory.mktemp("held_out")
    for language in TEXTS:
        squad(folder, language, [(name[::-1], *others) for name, *others in PLACES])
    data, english = (json.loads((folder / f"{one}.json").read_text()) for one in TEXTS)
    data["data"][1:3] = english["data"][1:3]
    for number, article in enumerate(data["data"]):
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                asked["id"] = f"held-{asked['id']}"
        unanswered = {"id": f"deep-{number}", "question": "Who dug it in 1887?", "answers": []}
        article["paragraphs"][0]["qas"].append(unanswered)
    (folder / "mixed.json").write_text(json.dumps(data), encoding="utf-8")
    return read_squad(folder / "mixed.json")


def test_held_out_questions_are_asked_of_their_own_articles(
    held_out: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "GROUP", 3)
    parts = list(fitting._groups(held_out))
    assert [len(part.articles) for part in parts] == [3, 1]
    assert sorted(article.id for part in parts for article in part.articles) == sorted(ALL)
    assert sorted(id_ for part in parts for id_ in part.questions) == sorted(held_out.questions)
    encoder = FakeEncoder()
    for part in parts:
        asked = fit_samples.ask_of_own(part, encoder, fit_for(encoder))
        assert asked.talk == []
        languages = [
            "en" if article in {"0002", "0003"} else "de" for article in asked.articles.tolist()
        ]
        for (id_, text), question in zip(part.questions.items(), asked.questions, strict=True):
            fits = [language_likelihood(text, language) for language in languages]
            assert question.same_language.tolist() == fits
            gold = part.answers.get(id_)
            assert question.article == (gold.article if gold else part.unanswered[id_])
            assert (question.gold is None) == id_.startswith("deep")
            if question.gold is not None:
                assert asked.articles[question.gold] == question.article
            else:
                assert question.gold_sentences == frozenset()


def test_the_confidence_alone_is_learned_from_what_is_held_out(
    datasets: dict[str, Dataset], held_out: Dataset, first_run: Run
) -> None:
    fit, cells = fit_model(datasets, TALK, FakeEncoder(), held_out)
    before, after = (
        replace(one, confidence=None, answered=0, unsure=0, unknown_lead=0)
        for one in (first_run.fit, fit)
    )
    assert numbers(after) == numbers(before)
    assert fit.confidence != first_run.fit.confidence
    # Those of the folds, too.
    assert [cell.recall for cell in cells] == [cell.recall for cell in first_run.cells]
    assert cells != first_run.cells


def test_what_is_held_out_is_without_the_bias(
    datasets: dict[str, Dataset], held_out: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Fit, Sequence[Asked]]] = []
    learn = fitting.fit_confidence

    def noted(fit: Fit, known: Any, articles: frozenset[str], besides: Sequence[Asked]) -> Fit:
        calls.append((fit, besides))
        return learn(fit, known, articles, besides)

    monkeypatch.setattr(fitting, "fit_confidence", noted)
    fitting._fit_articles(datasets, TALK, FakeEncoder(), ALL, held_out)
    [(fit, [asked])] = calls
    bias = np.array(astuple(fit.language_bias))
    assert abs(bias).min() > 0.001
    [group] = fitting._groups(held_out)
    as_compared = fit_samples.ask_of_own(group, FakeEncoder(), fit)
    for found, question in zip(asked.questions, as_compared.questions, strict=True):
        wanted = question.views - question.same_language[:, None] * bias
        np.testing.assert_allclose(found.views, wanted, rtol=0, atol=1e-6)


def test_what_cannot_be_held_out(datasets: dict[str, Dataset], held_out: Dataset) -> None:
    check = fitting.check_held_out
    check(held_out, datasets)
    for bad, words in (
        (replace(held_out, articles=held_out.articles[:1]), "two articles"),
        (
            replace(held_out, articles=(replace(held_out.articles[0], paragraphs=()),) * 3),
            "each with a paragraph",
        ),
        (replace(held_out, unanswered={}), "questions that they do not"),
        (replace(held_out, answers={}), "questions that its articles answer"),
        (replace(held_out, questions=datasets["de"].questions), "of the other files"),
    ):
        with pytest.raises(EvaluationError, match=words):
            check(bad, datasets)


# What comes with it -----------------------------------------------------------------------------


def test_small_talk() -> None:
    talk = read_small_talk()
    assert len(talk) >= 20
    assert talk[:2] == ["hello there", "thx mate, much appreciated"]
    assert all(isinstance(text, str) and text.strip() for text in talk)
    assert len(set(talk)) == len(talk)


def test_provenance(datasets: dict[str, Dataset]) -> None:
    cell = Cell("de", "en", 0.912345, 1.0, 0.0, 2 / 3, 0.00004, 0.5)
    before = date.today().isoformat()
    besides = replace(datasets["de"], articles=datasets["de"].articles[:3])
    # What has no answer is learned from only where it is held out.
    unanswered = {"deep": "How deep is it?"}
    datasets = datasets | {
        "de": replace(datasets["de"], questions=datasets["de"].questions | unanswered)
    }
    args = (FakeEncoder(), datasets, [cell, cell], "beleg fit de.json en.json")
    data = provenance(*args, besides)["data"]
    assert data["held out"] == "3 articles, 8 questions"
    found = provenance(*args)
    assert before <= found.pop("date") <= date.today().isoformat()
    assert found == {
        "model": "fake-64",
        "command": "beleg fit de.json en.json",
        "data": {"de": "4 articles, 8 questions", "en": "4 articles, 8 questions"},
        "split": "2 folds of articles for the figures below; all articles for the numbers",
        "figures": [
            {
                "questions": "de",
                "passages": "en",
                "recall": 0.9123,
                "sentence": 1.0,
                "false_at_95": 0.0,
                "answered": 0.6667,
                "false_answers": 0.0,
                "neighbouring": 0.5,
            }
        ]
        * 2,
    }
    assert json.loads(json.dumps(found)) == found


def test_by_language(datasets: dict[str, Dataset]) -> None:
    assert by_language(list(datasets.values())) == datasets


def test_data_that_cannot_be_fitted_on_together(datasets: dict[str, Dataset]) -> None:
    one, other = datasets.values()
    few = replace(one, articles=one.articles[:3])
    fewer = replace(other, answers=dict(list(other.answers.items())[:-1]))
    language = one.articles[0].language
    cases: list[tuple[list[Dataset], str]] = [
        (
            [replace(one, answers={})],
            "One of the files has no answered question; leave it out.",
        ),
        (
            [one, one],
            f"Two of the files are in one language ({language}); give one file a language.",
        ),
        ([few], "The files have 3 articles; fitting needs at least 4."),
        (
            [one, fewer],
            "The files do not hold the same questions; give translations of one data set.",
        ),
    ]
    for files, sentence in cases:
        with pytest.raises(EvaluationError) as caught:
            by_language(files)
        assert str(caught.value) == sentence
