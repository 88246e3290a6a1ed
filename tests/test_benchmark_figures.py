"""The pure parts of the benchmarks: tables, ratios, marks, workloads, the protocol."""

import json
from pathlib import Path

import pytest

from benchmarks.figures import (
    Row,
    Spread,
    far_off,
    medians_table,
    number,
    ratios,
    ratios_table,
    replace_between,
)
from benchmarks.peers.protocol import Peer, ask_together
from benchmarks.processes import why_it_failed
from benchmarks.workload import article_file, read_workload, write_articles
from index.content import read_content

RUNS = {
    "other": [{"p50": 0.020, "rate": 40.0}, {"p50": 0.030, "rate": 50.0}, {"p50": 0.025}],
    "beleg": [{"p50": 0.010, "rate": 80.0}, {"p50": 0.030, "rate": 75.0}, {"p50": 0.00625}],
}
ROWS = (Row("p50", "one question, ms", 1000), Row("rate", "a second", more=True), Row("none", "x"))


def test_medians_stand_in_the_rows_that_somebody_has_a_figure_for() -> None:
    assert medians_table(ROWS, RUNS) == (
        "| | other | beleg |\n"
        "| --- | --- | --- |\n"
        "| one question, ms | 25.0 | 10.0 |\n"
        "| a second | 45.0 | 77.5 |"
    )


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios(RUNS["beleg"], RUNS["other"], "p50") == Spread(0.5, 0.25, 1.0)
    # The medians' ratio would be 0.4.
    assert ratios_table(ROWS, RUNS, "beleg") == (
        "| | other |\n"
        "| --- | --- |\n"
        "| one question, ms | 0.50 (0.25–1.00) |\n"
        "| a second (more is better) | 1.75 (1.50–2.00) |"
    )


def test_a_figure_that_one_side_lacks_has_no_ratio() -> None:
    assert ratios([{"p50": 1.0}], [{"rate": 1.0}], "p50") is None


def test_who_finds_far_less_or_more_than_the_others_is_broken() -> None:
    runs = {
        name: [{"recall": recall}]
        for name, recall in {"a": 0.84, "b": 0.83, "c": 0.4, "d": 0.99, "beleg": 0.96}.items()
    }
    assert far_off(runs, "beleg", 0.1) == {
        "c": "c is broken: its recall@1 is 0.400, the others' median 0.835.",
        "d": "d is broken: its recall@1 is 0.990, the others' median 0.835.",
    }
    assert list(far_off({**runs, "beleg": [{"recall": 0.7}]}, "beleg", 0.1)) == ["c", "d", "beleg"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1.5, "1.50"), (99.96, "100.0"), (1489.4, "1,489")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = "before\n<!-- compare:begin -->\nold\n<!-- compare:end -->\nafter\n"
    new = replace_between(page, "compare", "new\n")
    assert new == "before\n<!-- compare:begin -->\nnew\n<!-- compare:end -->\nafter\n"
    assert replace_between(new, "compare", "new") == new
    with pytest.raises(ValueError, match=r"<!-- scale:begin -->"):
        replace_between(page, "scale", "new")


def _squad(path: Path, language: str) -> Path:
    articles = [
        {
            "title": f"Lake_{number}",
            "paragraphs": [
                {
                    "context": f"Lake {number}.{place} is deep ({language}). It has fish.",
                    "qas": [
                        {
                            "id": f"{number}.{place}",
                            "question": f"What is in {number}.{place} ({language})?",
                            "answers": [{"text": "fish", "answer_start": 0}],
                        }
                    ],
                }
                for place in range(2)
            ],
        }
        for number in range(3)
    ]
    path.write_text(json.dumps({"data": articles}), encoding="utf-8")
    return path


def test_a_question_belongs_to_its_paragraph_in_every_language(tmp_path: Path) -> None:
    german, english = _squad(tmp_path / "de.json", "de"), _squad(tmp_path / "en.json", "en")
    workload = read_workload([german, english], [english], None)
    assert len(workload.paragraphs) == 12
    assert workload.questions[3].text == "What is in 1.1 (en)?"
    assert workload.questions[3].answers == {3, 9}
    assert workload.right(3, "Lake 1.1 is deep (de).")
    assert not workload.right(3, "Lake 1.0 is deep (de).")
    # Nothing is asked about the paragraph that changes.
    assert workload.changed[0] == 11
    assert [question.text for question in workload.questions][-1] == "What is in 2.0 (en)?"


def test_a_larger_library_is_made_of_the_same_words_in_another_order(tmp_path: Path) -> None:
    path = _squad(tmp_path / "de.json", "de")
    workload = read_workload([path], [path], 20)
    assert [len(numbers) for _, numbers in workload.articles] == [2, 2, 2, 5, 5, 4]
    assert len(set(workload.paragraphs)) == 20
    real, made = workload.paragraphs[:6], workload.paragraphs[6:]
    words = {word.rstrip(".") for text in real for word in text.split()}
    assert all({word.rstrip(".") for word in text.split()} <= words for text in made)
    assert all(len(text) >= 699 for text in made)
    # So that none holds an answer that a real one holds.
    known = {part for text in real for part in text.split(". ")}
    assert not [text for text in made if set(text.split(". ")) <= known]
    assert len(read_workload([path], [path], 3).paragraphs) == 3


def test_articles_are_read_again_as_they_were(tmp_path: Path) -> None:
    path = _squad(tmp_path / "de.json", "de")
    workload = read_workload([path], [path], 7)
    write_articles(workload, tmp_path / "content")
    read = read_content(tmp_path / "content").articles
    texts = [one.text[span.start : span.end] for one in read for span in one.paragraphs]
    assert texts == list(workload.paragraphs)
    assert [one.title for one in read] == ["Lake 0", "Lake 1", "Lake 2", "Made 6"]
    assert article_file(tmp_path / "content", range(6, 7)).exists()


def test_a_paragraph_that_changes_leaves_its_articles_language(tmp_path: Path) -> None:
    path = _squad(tmp_path / "de.json", "de")
    workload = read_workload([path], [path], None)
    write_articles(workload, tmp_path / "content")
    german = "Der Hafen wurde vor langer Zeit gebaut und steht seither leer. " * 3
    title, numbers = workload.articles[0]
    text = workload.article_text(title, numbers, {1: german.strip()})
    article_file(tmp_path / "content", numbers).write_text(text, encoding="utf-8")
    changed = read_content(tmp_path / "content").articles[0]
    texts = [changed.text[span.start : span.end] for span in changed.paragraphs]
    assert texts == [workload.paragraphs[0], german.strip()]
    assert changed.language == "en"


class _Known(Peer):
    def build(self, paragraphs: list[str], saved: Path) -> None: ...
    def load(self, saved: Path) -> None: ...
    def change(self, number: int, text: str, saved: Path) -> None: ...

    def ask(self, question: str) -> str:
        if question == "bad":
            raise RuntimeError("Already borrowed")
        return question


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (0, "ValueError: only a warning", None),
        (-11, "", "killed by SIGSEGV"),
        (1, "Traceback\n  x\nbroken.OwnError: no\nLoading: 100%", "broken.OwnError: no"),
        (3, "Loading: 100%", "exit status 3"),
    ],
)
def test_why_a_program_failed(status: int, said: str, reason: str | None) -> None:
    assert why_it_failed(status, said) == reason


async def test_clients_share_the_questions() -> None:
    told = await ask_together(_Known({}), ["a", "b", "c", "d", "e"], 2)
    assert len(told["latencies"]) == 5
    assert told["rate"] > 0


async def test_a_program_that_fails_under_load_is_named() -> None:
    told = await ask_together(_Known({}), ["a", "bad", "c"], 3)
    assert told == {"error": "RuntimeError: Already borrowed"}


class _Blocking(_Known):
    async def ask_async(self, question: str) -> str:
        import time

        time.sleep(0.05)
        return question


async def test_a_blocked_event_loop_is_seen() -> None:
    told = await ask_together(_Blocking({}), ["a"], 1)
    assert told["blocked"] > 0.04
