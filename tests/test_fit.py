"""The fitted numbers: their file, and the probability that they make of what is known."""

import json
import math
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder

from index import fit as fit_module
from index.answer import Status
from index.encoder import ModelError
from index.fit import (
    Confidence,
    Features,
    Fit,
    LanguageBias,
    Ranking,
    SecondLook,
    fit_path,
    is_in_doubt,
    load_fit,
    load_reader,
    log_probability,
    read_fit,
    reader_path,
    write_fit,
)
from index.library import Library
from index.reader import Reader

# Exact in sixteen bits, as the vectors of a file are.
QUESTION_MEAN = np.array([0.5, -0.25, 0], np.float32)
PASSAGE_MEAN = np.array([0.125, 2, -1], np.float32)
VECTOR_MEAN = np.array([0.5, 1, -0.25], np.float32)
FIT = Fit(
    question_mean=QUESTION_MEAN,
    passage_mean=PASSAGE_MEAN,
    vector_mean=VECTOR_MEAN,
    ranking=Ranking(sentence=0.25, maxsim=0.35, sentence_maxsim=0.4),
    confidence=Confidence(
        intercept=-3,
        sentence=2,
        maxsim=-1,
        sentence_maxsim=4,
        lead=10,
        same_language=-0.75,
    ),
    language_bias=LanguageBias(0.01, 0.02, 0.03),
    answered=0.6,
    unsure=0.2,
    unknown_lead=0.125,
    margin=0.0525,
)
FEATURES = Features(sentence=0.8, maxsim=0.6, sentence_maxsim=0.7, lead=0.1, same_language=1.0)


def numbers(fit: Fit) -> list[object]:
    """Everything in a fit, to be compared: arrays have no equality of their own."""
    return [
        value.tolist() if isinstance(value, np.ndarray) else value
        for value in (getattr(fit, field.name) for field in fields(fit))
    ]


def test_row_offsets_are_the_sentences_bias_as_far_as_the_question_fits() -> None:
    assert FIT.row_offsets({"en": 1.0, "de": 0.5, "fr": 0.0}) == {"en": 0.01, "de": 0.005, "fr": 0}


def test_half_of_the_mean_question_is_taken_off_what_is_looked_up() -> None:
    assert FIT.looked_up(np.array([1, 0.5, 0], np.float32)).tolist() == [0.75, 0, 0.125]


# The probability --------------------------------------------------------------------------------


def test_confidence_has_an_intercept_and_a_slope_for_each_feature() -> None:
    """In this order: the fitting puts the slopes in by their places."""
    names = [field.name for field in fields(Features)]
    assert [field.name for field in fields(Confidence)] == ["intercept", *names]
    assert names == ["sentence", "maxsim", "sentence_maxsim", "lead", "same_language"]


def test_probability_by_hand() -> None:
    # -3 + 1.6 - 0.6 + 2.8 + 1 - 0.75
    assert FIT.probability(FEATURES) == pytest.approx(1 / (1 + math.exp(-1.05)), rel=1e-12)


@pytest.mark.parametrize("name", [field.name for field in fields(Features)])
def test_each_slope_is_of_its_feature(name: str) -> None:
    none = dict.fromkeys([field.name for field in fields(Confidence)], 0.0)
    fit = replace(FIT, confidence=Confidence(**none | {"intercept": 0.5, name: 2.0}))
    expected = 1 / (1 + math.exp(-0.5 - 2 * asdict(FEATURES)[name]))
    assert fit.probability(FEATURES) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("intercept", "logit"), [(1e6, 50), (51, 50), (49, 49), (-49, -49), (-51, -50), (-1e6, -50)]
)
def test_extreme_values_overflow_nothing(intercept: float, logit: float) -> None:
    fit = replace(FIT, confidence=Confidence(intercept, *[0.0] * 5))
    assert fit.probability(FEATURES) == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-12)


def test_probability_where_none_was_fitted() -> None:
    assert replace(FIT, confidence=None, unsure=0.3).probability(FEATURES) == 0.3


LOOK = SecondLook(Confidence(-2, 1, 1, 1, 5, -0.5), read=0.5, order=0.03)


def test_the_second_look_by_hand() -> None:
    """The reader's log-odds of 0 are a probability of a half."""
    fit = replace(FIT, second_look=LOOK)
    odds = -2 + 0.8 + 0.6 + 0.7 + 0.5 - 0.5 + 0.5 * math.log(0.5)
    assert fit.probability(FEATURES, 0.0) == pytest.approx(1 / (1 + math.exp(-odds)))
    # What the reader is sure of adds nothing; what it rules out takes off as much as it likes.
    assert fit.probability(FEATURES, 40.0) == pytest.approx(1 / (1 + math.exp(-0.1)))
    assert fit.probability(FEATURES, -40.0) < 1e-8
    assert fit.probability(FEATURES) == FIT.probability(FEATURES)


def test_the_second_look_takes_the_unknown_lead() -> None:
    fit, alone = replace(FIT, second_look=LOOK), replace(FEATURES, lead=None)
    beside = replace(FEATURES, lead=0.125)
    assert fit.probability(alone, 1.0) == fit.probability(beside, 1.0)


@pytest.mark.parametrize(
    ("probability", "in_doubt"), [(0.1, False), (0.101, True), (0.799, True), (0.8, False)]
)
def test_what_is_in_doubt(probability: float, in_doubt: bool) -> None:
    assert is_in_doubt(probability) is in_doubt


@pytest.mark.parametrize("odds", [-800.0, -3.0, 0.0, 3.0, 800.0])
def test_log_probability(odds: float) -> None:
    expected = odds if odds < -700 else -math.log(1 + math.exp(-odds))
    assert log_probability(odds) == pytest.approx(expected)


def test_stricter_adds_to_the_log_odds_of_both_thresholds() -> None:
    fit = replace(FIT, answered=0.8, unsure=0.5)
    moved = fit.stricter(math.log(4))
    assert (moved.answered, moved.unsure) == (pytest.approx(16 / 17), pytest.approx(0.8))
    back = moved.stricter(-math.log(4))
    assert (back.answered, back.unsure) == (pytest.approx(0.8), pytest.approx(0.5))
    assert replace(moved, answered=0.8, unsure=0.5) == fit
    assert fit.stricter(0) is fit


def test_strictness_has_no_bounds() -> None:
    fit = replace(FIT, answered=0.8, unsure=0.5)
    assert fit.stricter(1e6).answered == fit.stricter(1e6).unsure == 1
    assert 0 < fit.stricter(-1e6).unsure < 1e-20
    never = replace(fit, answered=1.01, unsure=0.0)
    moved = never.stricter(1)
    assert (moved.answered, moved.unsure) == (1.01, 0)


@pytest.mark.parametrize("by", [math.nan, math.inf, -math.inf])
def test_strictness_is_a_number(by: float) -> None:
    with pytest.raises(ValueError, match=r"^strictness must be a finite number$"):
        FIT.stricter(by)


def test_stricter_without_a_fitted_confidence() -> None:
    fit = replace(FIT, confidence=None)
    assert fit.stricter(3) is fit


def test_centring_goes_by_both_means() -> None:
    other = replace(FIT, answered=0.9, confidence=None, vector_mean=PASSAGE_MEAN)
    assert other.centring() == FIT.centring()
    nothing = np.zeros(3, np.float32)
    variants = [
        FIT,
        replace(FIT, question_mean=nothing),
        replace(FIT, passage_mean=nothing),
        replace(FIT, question_mean=PASSAGE_MEAN, passage_mean=QUESTION_MEAN),
    ]
    assert len({fit.centring() for fit in variants}) == 4
    assert all(len(fit.centring()) == 16 for fit in variants)


def test_unknown_lead_stands_for_one_that_is_missing() -> None:
    alone, beside = replace(FEATURES, lead=None), replace(FEATURES, lead=0.125)
    assert FIT.probability(alone) == FIT.probability(beside) != FIT.probability(FEATURES)


# The file ---------------------------------------------------------------------------------------


def test_a_written_fit_comes_back(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit.json", FIT, {"model": "a model", "data": {"de": "3 Artikel, “ü”"}})
    text = (tmp_path / "fit.json").read_text(encoding="utf-8")
    content = json.loads(text)
    back = read_fit(content)
    assert numbers(back) == numbers(FIT)
    assert back.question_mean.dtype == back.passage_mean.dtype == np.float32
    assert back.centring() == FIT.centring()
    assert content["provenance"] == {"model": "a model", "data": {"de": "3 Artikel, “ü”"}}
    assert "“ü”" in text
    assert text.endswith("}\n")
    assert list(content) == [
        *("provenance", "ranking", "language_bias", "margin", "confidence"),
        *("answered", "unsure"),
        *("unknown_lead", "question_mean", "passage_mean", "vector_mean"),
    ]


def test_a_written_second_look_comes_back(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit.json", replace(FIT, second_look=LOOK), {})
    content = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert read_fit(content).second_look == LOOK
    for order in (-0.01, math.nan):
        wrong = {**content, "second_look": {**content["second_look"], "order": order}}
        with pytest.raises(ValueError, match="negative, or no number"):
            read_fit(wrong)
    del content["second_look"]["order"]
    with pytest.raises(KeyError):
        read_fit(content)


def test_numbers_have_four_decimals_and_vectors_sixteen_bits(tmp_path: Path) -> None:
    fit = replace(
        FIT,
        question_mean=np.array([1 / 3, 0.1, 0], np.float32),
        ranking=Ranking(1 / 3, 2 / 3, 0.00004),
        confidence=Confidence(-1 / 3, *[2 / 3] * 5),
        answered=0.55556,
        unsure=0.11111,
    )
    write_fit(tmp_path / "fit.json", fit, {})
    back = read_fit(json.loads((tmp_path / "fit.json").read_text(encoding="utf-8")))
    # A third and a tenth with eleven significant bits.
    assert back.question_mean.tolist() == [0.333251953125, 0.0999755859375, 0]
    assert back.ranking == Ranking(0.3333, 0.6667, 0.0)
    assert back.confidence is not None
    assert astuple(back.confidence) == (-0.3333, *[0.6667] * 5)
    assert (back.answered, back.unsure) == (0.5556, 0.1111)


def test_fit_without_confidence_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a fit without confidence is not worth keeping$"):
        write_fit(tmp_path / "fit.json", replace(FIT, confidence=None), {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("multilingual-e5-small-q4-float32.1", "multilingual-e5-small"),
        ("multilingual-e5-small-q4-bfloat16.2", "multilingual-e5-small"),
        ("intfloat/multilingual-e5-small@0123456789ab-float32", "multilingual-e5-small"),
        ("multilingual-e5-small", "multilingual-e5-small"),
        ("multilingual-e5-small-tuned-q4-int8.8", "multilingual-e5-small-tuned"),
        ("Multilingual-E5-Small@0123456789ab-bfloat16", "multilingual-e5-small"),
        ("multilingual-e5-base@0123456789ab-float32", "multilingual-e5-base"),
        ("/models/of mine/Quill-2/", "quill-2"),
        ("fake-64", "fake-64"),
    ],
)
def test_file_is_named_after_the_model(model: str, name: str) -> None:
    path = fit_path(model)
    assert path.name == f"{name}.json"
    assert path.parent.parts[-2:] == ("index", "fits")


@pytest.mark.parametrize("model", ["multilingual-e5-small-tuned", "multilingual-e5-small"])
def test_the_default_models_files_are_read(model: str) -> None:
    """Whatever was fitted, it is of this version's numbers and of the model's dimension."""
    path = fit_path(model)
    content = json.loads(path.read_text(encoding="utf-8"))
    fit = read_fit(content)
    assert fit.question_mean.shape == fit.passage_mean.shape == (384,)
    assert fit.confidence is not None
    assert asdict(fit.confidence) == content["confidence"]
    assert asdict(fit.ranking) == content["ranking"]
    assert 0 < fit.unsure < fit.answered < 1


class NamedEncoder(FakeEncoder):
    """An encoder of the default model's name."""

    @property
    def name(self) -> str:
        return "multilingual-e5-small-q4-float32.1"


def test_fit_is_that_of_the_encoders_model() -> None:
    path = fit_path("multilingual-e5-small")
    expected = read_fit(json.loads(path.read_text(encoding="utf-8")))
    assert numbers(load_fit(NamedEncoder())) == numbers(expected)


def test_the_default_models_reader_lies_beside_its_fit() -> None:
    path = fit_path("multilingual-e5-small-tuned-q4-int8")
    assert reader_path("multilingual-e5-small-tuned-q4-int8") == path.with_suffix(".onnx")
    assert path.with_suffix(".onnx").is_file()
    assert read_fit(json.loads(path.read_text(encoding="utf-8"))).second_look is not None
    assert load_reader("multilingual-e5-small-tuned-q4-int8") is not None


@pytest.mark.parametrize("look", [None, LOOK])
def test_a_reader_is_used_only_with_a_fit_that_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: SecondLook | None
) -> None:
    reader = Reader(tmp_path / "reader.onnx")
    write_fit(tmp_path / "fit.json", replace(FIT, second_look=look), {})
    monkeypatch.setattr(fit_module, "fit_path", lambda _: tmp_path / "fit.json")
    monkeypatch.setattr(fit_module, "load_reader", lambda _: reader)
    assert load_fit(FakeEncoder(3)).reader is (reader if look else None)


def test_a_model_without_a_reader_has_none() -> None:
    assert load_reader("multilingual-e5-small") is None
    assert load_fit(NamedEncoder()).reader is None


@pytest.mark.parametrize("content", ["", "{}", '{"ranking": {"maxsim_alone": 1}}', "[]"])
def test_a_fit_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    path = tmp_path / "fit.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(fit_module, "fit_path", lambda _: path)
    with pytest.raises(ModelError) as raised:
        load_fit(FakeEncoder(3))
    assert str(raised.value) == (
        f"The fitted numbers in {path} are damaged or of another version of Beleg: make them anew "
        "with `beleg fit`, or delete the file."
    )


@pytest.mark.parametrize(
    "name", ["margin", "ranking", "ranking.maxsim", "confidence.lead", "vector_mean", "answered"]
)
@pytest.mark.parametrize("value", [None, "high", [1]])
def test_a_fit_of_which_something_is_no_number(name: str, value: object) -> None:
    path = fit_path("multilingual-e5-small")
    content = json.loads(path.read_text(encoding="utf-8"))
    *within, last = name.split(".")
    (content[within[0]] if within else content)[last] = value
    with pytest.raises((TypeError, ValueError)):
        read_fit(content)


def test_model_without_a_file_is_unsure_of_every_answer() -> None:
    fit = load_fit(FakeEncoder(3))
    assert fit.question_mean.tolist() == fit.passage_mean.tolist() == [0, 0, 0]
    assert fit.vector_mean.tolist() == [0, 0, 0]
    assert fit.question_mean.dtype == fit.passage_mean.dtype == np.float32
    assert fit.confidence is None
    for value in (-1e6, 0, 1, 1e6):
        chance = fit.probability(Features(*[value] * 5))
        assert fit.unsure <= chance < fit.answered


def test_library_of_a_model_without_a_file(content: ContentFolder, data: Path) -> None:
    content.write("a.md", "Ropes are twisted from hemp.", "Salt is boiled in pans.")
    library, _ = Library.open(content.path, data, FakeEncoder())
    for question in ("Ropes are twisted from hemp.", "zinc vats hold brine"):
        answer = library.answer(question)
        assert (answer.status, answer.confidence) == (Status.UNSURE, 0.5)
        assert len(answer.citations) == 2
    assert library.answer("ropes twisted").citations[0].quote == "Ropes are twisted from hemp."
