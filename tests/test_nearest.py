"""The rows nearest to a question among few, and which search there is for how many."""

from pathlib import Path

import numpy as np
import pytest

from index import nearest
from index.clusters import AllRows, ClusteredRows, clusters_file
from index.late_interaction import Float32, Int32, unit
from index.nearest import FewRows, ManyRows, Search

ROWS = 300


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


def owners(count: int = ROWS) -> Int32:
    """Three rows of each passage, numbered from 40."""
    return (40 + np.arange(count) // 3).astype(np.int32)


@pytest.mark.parametrize("count", [1, 20, ROWS // 3 - 1, ROWS // 3, ROWS + 1])
def test_each_question_finds_each_passage_with_its_best_row(count: int) -> None:
    rows, questions = some_rows(), some_rows(ROWS + 3)[ROWS:]
    found = FewRows(rows, owners()).find(questions, count)
    assert len(found) == 3
    for question, (passages, cosines) in zip(questions, found, strict=True):
        of_passages = (rows @ question).reshape(-1, 3).max(axis=1)
        best = np.argsort(-of_passages)[:count]
        assert sorted(passages.tolist()) == sorted((40 + best).tolist())
        np.testing.assert_allclose(cosines, of_passages[passages - 40], atol=1e-6)


def test_passages_of_no_row_or_of_many_or_that_no_longer_count() -> None:
    rows = np.array([[1, 0], [0.5, 0], [0.8, 0], [0.7, 0], [np.nan, 0]], np.float32)
    of_rows = np.array([-1, -1, 8, 3, 3], np.int32)
    [(passages, products)] = FewRows(rows, of_rows).find(np.eye(1, 2, dtype=np.float32), 9)
    assert passages.tolist() == [-1, 8, 3]
    assert products.tolist() == [1, np.float32(0.8), np.float32(0.7)]
    [(best, _)] = FewRows(rows[2:], np.array([8, 3, 5], np.int32)).find(
        np.eye(1, 2, dtype=np.float32), 1
    )
    assert best.tolist() == [8]  # the last row is not a number
    [(none, nothing)] = FewRows(rows[:0], of_rows[:0]).find(np.eye(1, 2, dtype=np.float32), 9)
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
        (Search.AUTO, FewRows, ClusteredRows),
        (Search.EXACT, FewRows, AllRows),
        (Search.CLUSTERED, ClusteredRows, ClusteredRows),
    ],
)
def test_the_size_decides_and_what_is_set(
    monkeypatch: pytest.MonkeyPatch, search: Search, few: type, many: type
) -> None:
    monkeypatch.setattr(nearest, "CLUSTERED_FROM", ROWS)

    def opened(count: int) -> type:
        found = nearest.open_nearest(some_rows(count), owners(count), None, search, name="0")
        return type(found._rows) if isinstance(found, ManyRows) else type(found)

    assert (opened(0), opened(ROWS - 1), opened(ROWS)) == (FewRows, few, many)


def test_clusters_are_saved_in_the_folder_under_the_name(tmp_path: Path) -> None:
    nearest.open_nearest(some_rows(), owners(), tmp_path, Search.CLUSTERED, name="7")
    assert clusters_file(tmp_path, "7").is_file()
