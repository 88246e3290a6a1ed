"""The rows nearest to a question among few, and which search there is for how many."""

from pathlib import Path

import numpy as np
import pytest

from index import nearest
from index.clusters import AllRows, ClusteredRows, clusters_file
from index.late_interaction import Float32, unit
from index.nearest import FewRows, Search

ROWS = 300


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


@pytest.mark.parametrize("count", [1, 20, ROWS - 1, ROWS, ROWS + 1])
def test_each_question_finds_the_best_rows(count: int) -> None:
    rows, questions = some_rows(), some_rows(ROWS + 3)[ROWS:]
    found = FewRows(rows).find(questions, count)
    assert len(found) == 3
    for question, (numbers, cosines) in zip(questions, found, strict=True):
        best = np.argsort(-(rows @ question))[:count]
        assert sorted(numbers.tolist()) == sorted(best.tolist())
        np.testing.assert_allclose(cosines, (rows @ question)[numbers], atol=1e-6)


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
        return type(nearest.open_nearest(some_rows(count), None, search, name="0"))

    assert (opened(0), opened(ROWS - 1), opened(ROWS)) == (FewRows, few, many)


def test_clusters_are_saved_in_the_folder_under_the_name(tmp_path: Path) -> None:
    nearest.open_nearest(some_rows(), tmp_path, Search.CLUSTERED, name="7")
    assert clusters_file(tmp_path, "7").is_file()
