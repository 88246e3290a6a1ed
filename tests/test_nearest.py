"""Exact search, and clusters that are saved, mapped, and made anew where they are damaged."""

from pathlib import Path

import numpy as np
import pytest

from index import nearest
from index.late_interaction import Float32, unit
from index.nearest import ClusteredRows, ExactRows, Search, open_nearest

ROWS = 300


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_the_best_rows_come_first_with_their_cosines(search: Search, tmp_path: Path) -> None:
    """So few clusters are all looked at."""
    rows = some_rows()
    question = some_rows(ROWS + 1)[-1]
    numbers, cosines = open_nearest(rows, tmp_path, search).find(question, 20)
    order = np.argsort(-(rows @ question))[:20]
    assert numbers.tolist() == order.tolist()
    np.testing.assert_allclose(cosines, (rows @ question)[order], rtol=1e-5)


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_no_more_rows_than_there_are(search: Search, tmp_path: Path) -> None:
    numbers, _ = open_nearest(some_rows(7), tmp_path, search).find(some_rows(1)[0], 50)
    assert sorted(numbers.tolist()) == list(range(7))


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_a_vector_that_is_not_a_number_finds_nothing(search: Search) -> None:
    nowhere = np.full(16, np.nan, np.float32)
    assert open_nearest(some_rows(), None, search).find(nowhere, 5)[0].tolist() == []


def test_the_size_decides_if_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "CLUSTERED_FROM", ROWS)
    assert isinstance(open_nearest(some_rows(), None, Search.AUTO), ClusteredRows)
    assert isinstance(open_nearest(some_rows(ROWS - 1), None, Search.AUTO), ExactRows)
    assert isinstance(open_nearest(some_rows(), None, Search.EXACT), ExactRows)
    assert isinstance(open_nearest(some_rows(9), None, Search.CLUSTERED), ClusteredRows)
    assert isinstance(open_nearest(some_rows(0), None, Search.CLUSTERED), ExactRows)


def test_clusters_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = open_nearest(rows, tmp_path, Search.CLUSTERED).find(question, 9)[0].tolist()
    monkeypatch.delattr(nearest, "make_clusters")
    again = open_nearest(rows, tmp_path, Search.CLUSTERED).find(question, 9)[0].tolist()
    assert again == found


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "of other rows", "half written"])
def test_damaged_clusters_are_made_anew(damage: str, tmp_path: Path) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = open_nearest(rows, tmp_path, Search.CLUSTERED).find(question, 9)[0].tolist()
    path = tmp_path / nearest.FILE
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[:-50])
    elif damage == "overwritten":
        path.write_bytes(b"\0" * len(whole))
    elif damage == "of other rows":
        path.unlink()
        open_nearest(some_rows(ROWS // 2), tmp_path, Search.CLUSTERED)
    else:  # killed while it was written
        path.rename(tmp_path / "nearest.new")
        (tmp_path / "nearest.new").write_bytes(whole[:100])
    assert open_nearest(rows, tmp_path, Search.CLUSTERED).find(question, 9)[0].tolist() == found
    assert (tmp_path / nearest.FILE).read_bytes() == whole
    assert not (tmp_path / "nearest.new").exists()
