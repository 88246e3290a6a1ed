"""The rows nearest to a question among few, and which search there is for how many."""

from pathlib import Path

import numpy as np
import pytest

from index import nearest
from index.clusters import AllRows, ClusteredRows, clusters_file
from index.late_interaction import Float32, Int32, unit
from index.nearest import FewOrMany, ManyRows, RoundedRows, Search

ROWS = 300
ROUNDED = 0.01
"""How far bytes are off, with so few components."""


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


def owners(count: int = ROWS) -> Int32:
    """Three rows of each passage, numbered from 40."""
    return (40 + np.arange(count) // 3).astype(np.int32)


@pytest.mark.parametrize("floats", [True, False])
@pytest.mark.parametrize("count", [1, 20, ROWS // 3 - 1, ROWS // 3, ROWS + 1])
def test_each_question_finds_each_passage_with_its_best_row(
    monkeypatch: pytest.MonkeyPatch, count: int, *, floats: bool
) -> None:
    monkeypatch.setattr(nearest, "FLOATS_BELOW", 9_999 if floats else 0)
    rows, questions = some_rows(), some_rows(ROWS + 3)[ROWS:]
    found = RoundedRows(rows, owners()).find(questions, count)
    assert len(found) == 3
    for question, (passages, cosines) in zip(questions, found, strict=True):
        of_passages = (rows @ question).reshape(-1, 3).max(axis=1)
        np.testing.assert_allclose(cosines, of_passages[passages - 40], atol=ROUNDED)
        best = np.sort(of_passages)[::-1][:count]
        assert len(set(passages.tolist())) == len(best)
        np.testing.assert_allclose(np.sort(of_passages[passages - 40]), best[::-1], atol=ROUNDED)


@pytest.mark.parametrize("floats", [True, False])
def test_passages_of_no_row_or_of_many_or_that_no_longer_count(
    monkeypatch: pytest.MonkeyPatch, *, floats: bool
) -> None:
    monkeypatch.setattr(nearest, "FLOATS_BELOW", 9_999 if floats else 0)
    cosines = np.array([1, 0.5, 0.8, 0.7, np.nan], np.float32)
    rows = np.column_stack([cosines, np.sqrt(1 - cosines**2)])
    of_rows = np.array([-1, -1, 8, 3, 3], np.int32)
    question = np.eye(1, 2, dtype=np.float32)
    [(passages, products)] = RoundedRows(rows, of_rows).find(question, 9)
    assert passages.tolist() == [-1, 8, 3]
    assert products.tolist() == pytest.approx([1, 0.8, 0.7], abs=ROUNDED)
    others = np.array([8, 3, 5], np.int32)
    [(best, _)] = RoundedRows(rows[2:], others).find(question, 1)
    assert best.tolist() == [8]
    [(every, products)] = RoundedRows(rows[2:], others).find(question, 3)
    assert every.tolist() == [8, 3, 5]
    assert np.isnan(products[2])
    nowhere = np.full((1, 2), np.nan, np.float32)
    [(_, products)] = RoundedRows(rows, of_rows).find(nowhere, 9)
    assert np.isnan(products).all()
    [(none, nothing)] = RoundedRows(rows[:0], of_rows[:0]).find(np.eye(1, 2, dtype=np.float32), 9)
    assert none.tolist() == nothing.tolist() == []


def test_many_rows_by_their_owners() -> None:
    rows, questions = some_rows(), some_rows(ROWS + 2)[ROWS:]
    search = AllRows(rows)
    for count in (5, ROWS + 1):
        found = ManyRows(search, owners()).find(questions, count)
        for (passages, cosines), (numbers, products) in zip(
            found, search.find(questions, count), strict=True
        ):
            assert passages.tolist() == [40 + number // 3 for number in numbers.tolist()]
            assert cosines.tolist() == products.tolist()


@pytest.mark.parametrize(
    ("search", "few", "many"),
    [
        (Search.AUTO, RoundedRows, FewOrMany),
        (Search.EXACT, AllRows, AllRows),
        (Search.CLUSTERED, FewOrMany, FewOrMany),
    ],
)
def test_the_size_decides_and_what_is_set(
    monkeypatch: pytest.MonkeyPatch, search: Search, few: type, many: type
) -> None:
    monkeypatch.setattr(nearest, "CLUSTERED_FROM", ROWS)

    def opened(count: int) -> type:
        found = nearest.open_nearest(some_rows(count), owners(count), None, search, name="0")
        return type(found._rows) if isinstance(found, ManyRows) else type(found)

    assert (opened(0), opened(ROWS - 1), opened(ROWS)) == (RoundedRows, few, many)


def test_a_question_among_few_rows_is_compared_with_them_as_they_are() -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[ROWS:]
    [(passages, cosines)] = RoundedRows(rows, owners()).find(question, ROWS)
    of_passages = (rows @ question[0]).reshape(-1, 3).max(axis=1)
    np.testing.assert_allclose(cosines, of_passages[passages - 40], atol=1e-6)


def test_what_is_compared_as_it_is_counts_in_rows_times_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nearest, "FLOATS_BELOW", 2 * ROWS)
    monkeypatch.delattr(nearest, "multiply")
    search = RoundedRows(some_rows(), owners())
    search.find(some_rows(1), 9)
    with pytest.raises(NameError, match="multiply"):
        search.find(some_rows(2), 9)


def test_several_questions_are_compared_with_all_rows_unless_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Clusters find nothing here."""
    monkeypatch.setattr(ClusteredRows, "find", lambda *_: [(np.empty(0, int), np.empty(0))] * 4)
    rows, questions = some_rows(), some_rows(ROWS + 4)[ROWS:]

    def found(questions: Float32) -> list[list[int]]:
        search = nearest.open_nearest(rows, owners(), None, Search.CLUSTERED, name="0")
        return [sorted(passages.tolist()) for passages, _ in search.find(questions, 9)]

    every = RoundedRows(rows, owners()).find(questions, 9)
    assert found(questions) == [sorted(passages.tolist()) for passages, _ in every]
    assert found(questions[:3])[0] == []
    monkeypatch.setattr(nearest, "MANY", ROWS)
    assert found(questions) == [[], [], [], []]


def test_rows_are_rounded_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "FLOATS_BELOW", 0)
    questions = some_rows(ROWS + 2)[ROWS:]
    before = RoundedRows(some_rows(), owners()).find(questions, ROWS)
    monkeypatch.setattr(nearest, "_AT_ONCE", 7)
    after = RoundedRows(some_rows(), owners()).find(questions, ROWS)
    for one, other in zip(before, after, strict=True):
        assert one[1].tolist() == other[1].tolist()


def test_clusters_are_saved_in_the_folder_under_the_name(tmp_path: Path) -> None:
    nearest.open_nearest(some_rows(), owners(), tmp_path, Search.CLUSTERED, name="7")
    assert clusters_file(tmp_path, "7").is_file()
