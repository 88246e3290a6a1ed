"""The figures of `beleg evaluate` on files small enough to work them out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_encoder import FakeEncoder
from fits import fit_for

from index.evaluate import Dataset, Evaluation, EvaluationError, as_json, evaluate, read_squad

OIL = "Old lamps stand on the quay. They burned whale oil until 1887."
HEMP = "Ropes are twisted from hemp. Hemp grows inland."
SALT = "Salt is boiled in copper pans."
SLATE = "Slate covers the roofs."


def question(id_: str, text: str, *answers: str) -> dict[str, Any]:
    return {
        "id": id_,
        "question": text,
        "answers": [{"text": answer, "answer_start": 0} for answer in answers],
    }


def squad(path: Path, *articles: tuple[str, list[tuple[str, list[dict[str, Any]]]]]) -> Path:
    data = [
        {
            "title": title,
            "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs],
        }
        for title, paragraphs in articles
    ]
    path.write_text(json.dumps({"version": "1.1", "data": data}), encoding="utf-8")
    return path


@pytest.fixture
def passages(tmp_path: Path) -> Path:
    return squad(
        tmp_path / "passages.json",
        (
            "Quay",
            [
                (OIL, [question("oil", "what was burned until 1887", "whale oil")]),
                (HEMP, [question("hemp", "what are ropes twisted from", "hemp")]),
            ],
        ),
        (
            "Hill",
            [
                (SALT, [question("salt", "what boils in copper pans", "Salt")]),
                (SLATE, [question("slate", "what covers the roofs", "Slate")]),
            ],
        ),
    )


def figures(passages: Path, questions: dict[str, str], absent: dict[str, str]) -> Evaluation:
    encoder = FakeEncoder()
    fit = fit_for(encoder, intercept=-3, sentence=10)
    return evaluate(read_squad(passages), questions, absent, encoder, fit)


def test_read_squad(passages: Path) -> None:
    dataset = read_squad(passages)
    assert [(article.id, article.title) for article in dataset.articles] == [
        ("0001", "Quay"),
        ("0002", "Hill"),
    ]
    first = dataset.articles[0]
    spans = [first.text[paragraph.start : paragraph.end] for paragraph in first.paragraphs]
    assert spans == [OIL, HEMP]
    assert dataset.questions["slate"] == "what covers the roofs"
    gold = dataset.answers["slate"]
    assert (gold.article, gold.paragraph, gold.texts) == ("0002", 2, ("Slate",))


def test_a_question_without_an_answer_belongs_to_its_article(tmp_path: Path) -> None:
    unanswered = {"id": "depth", "question": "how deep is the quay", "answers": []}
    path = squad(
        tmp_path / "unanswered.json", ("Hill", []), ("Quay", [(OIL, [unanswered])]), ("Moor", [])
    )
    dataset = read_squad(path)
    assert dataset.questions == {"depth": "how deep is the quay"}
    assert dataset.answers == {}
    assert dataset.unanswered == {"depth": "0002"}


def test_titles_have_spaces(tmp_path: Path) -> None:
    path = squad(tmp_path / "titles.json", ("Old_Quay_(harbour)", []))
    assert read_squad(path).articles[0].title == "Old Quay (harbour)"


def test_all_right(passages: Path) -> None:
    found = figures(passages, read_squad(passages).questions, {})
    assert (found.passages, found.questions, found.absent) == (4, 4, 0)
    assert {k: figure.value for k, figure in found.recall.items()} == {1: 1, 3: 1, 5: 1}
    assert (found.mrr.value, found.sentence.value) == (1, 1)
    assert (found.recall[1].low, found.recall[1].high) == (1, 1)
    assert found.false_answers is None


def test_wrong_first_passage(passages: Path) -> None:
    """Of two questions one is answered by another paragraph, which comes first."""
    questions = {"oil": "what was burned until 1887", "slate": "Salt is boiled in copper pans."}
    found = figures(passages, questions, {})
    assert found.questions == 2
    rank = next(rank for rank in (2, 3, 4) if found.mrr.value == pytest.approx((1 + 1 / rank) / 2))
    assert {k: figure.value for k, figure in found.recall.items()} == {
        1: 0.5,
        3: 1 if rank <= 3 else 0.5,
        5: 1,
    }
    assert found.sentence.value == 0.5
    # With two questions a resample has a mean of 0, 0.5 or 1, each in more than 2.5 % of cases.
    assert (found.recall[1].low, found.recall[1].high) == (0, 1)


def test_a_paragraph_in_two_articles_is_right_in_either(tmp_path: Path) -> None:
    asked = "what was burned until 1887", "what stood until 1887"
    copies = squad(
        tmp_path / "copies.json",
        ("Quay", [(OIL, [question("a", asked[0], "whale oil")])]),
        ("Hill", [(OIL.replace(" ", "  "), [question("b", asked[1], "lamps")])]),
        ("Dale", [(SALT, [question("c", "what boils in copper pans", "Salt")])]),
    )
    found = figures(copies, read_squad(copies).questions, {})
    assert found.recall[1].value == 1


def test_right_paragraph_but_wrong_sentence(passages: Path) -> None:
    found = figures(passages, {"oil": "Old lamps stand on the quay."}, {})
    assert (found.recall[1].value, found.sentence.value) == (1, 0)


def test_absent_questions(passages: Path) -> None:
    absent = {
        "one": "zinc vats hold brine",
        "two": "Ropes are twisted from hemp.",
        "oil": "a question whose answer is there does not count",
    }
    found = figures(passages, {"oil": "They burned whale oil until 1887."}, absent)
    assert found.absent == 2
    assert found.answered.value == 1
    assert found.false_answers is not None
    assert found.false_answers.value == 0.5


def test_false_at_95(passages: Path) -> None:
    """Against the lowest of twenty answerable questions but one, not against the threshold."""
    dataset = read_squad(passages)
    questions = {f"oil-{number}": "They burned whale oil until 1887." for number in range(19)}
    questions["oil-19"] = "oil"  # the one in twenty that need not be answered
    answers = dict.fromkeys(questions, dataset.answers["oil"])
    encoder = FakeEncoder()
    found = evaluate(
        Dataset(dataset.articles, questions, answers),
        questions,
        {"same": "They burned whale oil until 1887.", "one": "oil", "other": "zinc vats"},
        encoder,
        fit_for(encoder, intercept=-14, sentence=10),  # so unsure that nothing is answered
    )
    assert found.answered.value == 0
    assert found.false_answers is not None
    assert found.false_answers.value == 0
    assert found.false_at_95 is not None
    assert found.false_at_95.value == pytest.approx(1 / 3)
    assert [one.right for one in found.judged] == [True] * 20 + [False] * 3


def test_questions_of_other_files(passages: Path) -> None:
    """Questions count if their id has its answer in the passages, whatever their wording."""
    found = figures(passages, {"hemp": "hemp ropes twisted", "other": "not in the passages"}, {})
    assert found.questions == 1
    assert found.recall[1].value == 1


def test_progress(passages: Path) -> None:
    encoder = FakeEncoder()
    told: list[tuple[int, int]] = []
    dataset = read_squad(passages)
    evaluate(
        dataset,
        dataset.questions,
        {"x": "absent"},
        encoder,
        fit_for(encoder),
        lambda done, total: told.append((done, total)),
    )
    assert told == [(number, 5) for number in range(1, 6)]


def test_json(passages: Path) -> None:
    found = figures(
        passages, read_squad(passages).questions, {"one": "Ropes are twisted from hemp."}
    )
    printed = as_json(found)
    latency = printed.pop("latency_ms")
    assert sorted(latency) == ["p50", "p95"]
    assert 0 < latency["p50"] <= latency["p95"]
    names = ["recall@1", "recall@3", "recall@5", "mrr@10", "sentence@1"]
    names += ["false_answers", "false_at_95"]
    assert printed.pop("interval_95").keys() == {*names, "answered"}
    assert 0 <= printed.pop("answered") <= 1
    assert printed == {
        "passages": 4,
        "questions": 4,
        "absent_questions": 1,
        **dict.fromkeys(names, 1.0),
    }
    without = as_json(figures(passages, read_squad(passages).questions, {}))
    assert without["false_answers"] is without["false_at_95"] is None
    assert "false_answers" not in without["interval_95"]


def test_no_question_of_the_passages(passages: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        figures(passages, {"other": "x"}, {})
    assert str(caught.value) == (
        "No question has its answer in the passages: the two files share no question id; "
        "check that they belong together."
    )


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        read_squad(tmp_path / "none.json")
    assert str(caught.value) == (
        f"Cannot read {tmp_path}/none.json: No such file or directory; check the path."
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"data": 3}',
        b'{"data": [3]}',
        b'{"data": [{"paragraphs": [{"context": "x"}]}]}',
        b'{"data": [{"paragraphs": [{"context": null, "qas": []}]}]}',
        b'{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": [], "question": "q"}]}]}]}',
        b'{"data": {"paragraphs": []}}',
        b'{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "1", "question": null,'
        b' "answers": []}]}]}]}',
        b'{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "1", "question": "q",'
        b' "answers": [{"text": 3}]}]}]}]}',
        b'{"data": [{"paragraphs": [{"context": "\\ud800", "qas": []}]}]}',
        b"[" * 100_000,
    ],
)
def test_file_of_another_shape(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(EvaluationError) as caught:
        read_squad(path)
    assert str(caught.value) == (
        f"{path} is not in SQuAD format (data, paragraphs, context, qas); "
        "check that it is the right file."
    )
