"""Exact search, and clusters that are saved, mapped, and made anew where they are damaged."""

import errno
import os
import resource
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest

from index import cores, nearest
from index.cores import shared_cores
from index.late_interaction import Float32, unit
from index.nearest import ClusteredRows, ExactRows, Found, Nearest, Search, clusters_file

ROWS = 300
NAME = "0"


def open_nearest(rows: Float32, folder: Path | None, search: Search) -> Nearest:
    return nearest.open_nearest(rows, folder, search, name=NAME)


def find(search: Nearest, question: Float32, count: int) -> Found:
    [found] = search.find(question[None, :], count)
    return found


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_the_best_rows_come_first_with_their_cosines(search: Search, tmp_path: Path) -> None:
    """So few clusters are all looked at."""
    rows = some_rows()
    question = some_rows(ROWS + 1)[-1]
    numbers, cosines = find(open_nearest(rows, tmp_path, search), question, 20)
    order = np.argsort(-(rows @ question))[:20]
    assert numbers.tolist() == order.tolist()
    np.testing.assert_allclose(cosines, (rows @ question)[order], rtol=1e-5)


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
@pytest.mark.parametrize("together", [2, 30])
def test_each_of_several_vectors_finds_its_own(
    search: Search, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside one that is not a number."""
    monkeypatch.setattr(nearest, "MANY", ROWS)
    opened = open_nearest(some_rows(), None, search)
    questions = some_rows(ROWS + together)[ROWS:]
    questions[1] = np.nan
    found = opened.find(questions, 20)
    assert len(found) == together
    assert found[1][0].tolist() == []
    for place in {*range(together)} - {1}:
        numbers, cosines = find(opened, questions[place], 20)
        assert found[place][0].tolist() == numbers.tolist()
        np.testing.assert_allclose(found[place][1], cosines, rtol=1e-5)


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_no_more_rows_than_there_are(search: Search, tmp_path: Path) -> None:
    numbers, _ = find(open_nearest(some_rows(7), tmp_path, search), some_rows(1)[0], 50)
    assert sorted(numbers.tolist()) == list(range(7))


@pytest.mark.parametrize("search", [Search.EXACT, Search.CLUSTERED])
def test_a_vector_that_is_not_a_number_finds_nothing(search: Search) -> None:
    nowhere = np.full(16, np.nan, np.float32)
    assert find(open_nearest(some_rows(), None, search), nowhere, 5)[0].tolist() == []


def test_the_size_decides_if_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "CLUSTERED_FROM", ROWS)
    assert isinstance(open_nearest(some_rows(), None, Search.AUTO), ClusteredRows)
    assert isinstance(open_nearest(some_rows(ROWS - 1), None, Search.AUTO), ExactRows)
    assert isinstance(open_nearest(some_rows(), None, Search.EXACT), ExactRows)
    assert isinstance(open_nearest(some_rows(9), None, Search.CLUSTERED), ClusteredRows)
    assert isinstance(open_nearest(some_rows(0), None, Search.CLUSTERED), ExactRows)


def test_several_questions_are_compared_with_all_rows_unless_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here one cluster is looked at, which holds not even the count."""
    rows, questions = some_rows(), some_rows(ROWS + 4)[ROWS:]
    opened = open_nearest(rows, None, Search.CLUSTERED)
    assert isinstance(opened, ClusteredRows)
    opened.probed = 1
    exact = [numbers.tolist() for numbers, _ in ExactRows(rows).find(questions, 99)]
    assert [numbers.tolist() for numbers, _ in opened.find(questions, 99)] == exact
    assert all(len(numbers) < 99 for numbers, _ in opened.find(questions[:3], 99))
    monkeypatch.setattr(nearest, "MANY", ROWS)
    assert all(len(numbers) < 99 for numbers, _ in opened.find(questions, 99))


def test_rows_of_another_name_have_clusters_of_their_own(tmp_path: Path) -> None:
    rows, question = some_rows(2 * ROWS), some_rows(1)[0]
    for _ in range(2):  # made, then read
        for name, part in (("0", rows[:ROWS]), ("300", rows[ROWS:])):
            search = nearest.open_nearest(part, tmp_path, Search.CLUSTERED, name=name)
            assert find(search, question, 1)[0][0] == np.argmax(part @ question)


def test_clusters_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
    monkeypatch.delattr(nearest, "make_clusters")
    again = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
    assert again == found


def test_no_threads_are_started_to_read_ahead(tmp_path: Path) -> None:
    for _ in range(2):  # made, then read
        opened = open_nearest(some_rows(), tmp_path, Search.CLUSTERED)
        assert isinstance(opened, ClusteredRows)
        lists = faiss.downcast_InvertedLists(opened._clusters.invlists)
        assert isinstance(lists, faiss.OnDiskInvertedLists)
        assert lists.prefetch_nthread == 0


def test_few_rows_are_searched_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads would spin on cores that are needed for what comes next."""
    opened = open_nearest(some_rows(), None, Search.CLUSTERED)
    on_all: list[bool] = []
    monkeypatch.setattr(nearest, "_compute_on_all_cores", on_all.append)
    find(opened, some_rows(1)[0], 9)
    monkeypatch.setattr(nearest, "MANY", ROWS)
    find(opened, some_rows(1)[0], 9)
    assert on_all == [False, True]


def of_other_rows(folder: Path) -> bytes:
    """A whole file of clusters of as many other rows."""
    folder.mkdir()
    open_nearest(some_rows(2 * ROWS)[ROWS:], folder, Search.CLUSTERED)
    return clusters_file(folder, NAME).read_bytes()


@pytest.mark.parametrize(
    "damage",
    ["truncated", "overwritten", "of other rows", "half written", "no digest", "half a digest"],
)
def test_damaged_clusters_are_made_anew(damage: str, tmp_path: Path) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = find(open_nearest(rows, None, Search.EXACT), question, 9)[0].tolist()
    open_nearest(rows, tmp_path, Search.CLUSTERED)
    path = clusters_file(tmp_path, NAME)
    digest = path.with_suffix(".sha256")
    whole, its_digest = path.read_bytes(), digest.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[:-50])
    elif damage == "overwritten":
        path.write_bytes(b"\0" * len(whole))
    elif damage == "of other rows":
        path.write_bytes(of_other_rows(tmp_path / "other"))
    elif damage == "half written":  # killed while it was written
        path.rename(tmp_path / "nearest.new")
        (tmp_path / "nearest.new").write_bytes(whole[:100])
    elif damage == "no digest":
        digest.unlink()
    else:
        digest.write_bytes(its_digest[:10])
    again = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
    assert again == exact
    assert (path.read_bytes(), digest.read_bytes()) == (whole, its_digest)
    assert not (tmp_path / "nearest.new").exists()


def test_a_flipped_byte_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = find(open_nearest(rows, None, Search.EXACT), question, 9)[0].tolist()
    open_nearest(rows, tmp_path, Search.CLUSTERED)
    path = clusters_file(tmp_path, NAME)
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        again = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
        assert (place, again) == (place, exact)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("not a file of FAISS")])
def test_what_faiss_cannot_read_is_damaged(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()

    def read(*_: object) -> None:
        raise error

    monkeypatch.setattr(nearest.faiss, "read_index", read)
    again = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
    assert again == found


@pytest.mark.parametrize("failing", ["flush", "current_digest"])
def test_clusters_that_cannot_be_saved_are_made_for_this_process(
    failing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = find(open_nearest(rows, None, Search.EXACT), question, 9)[0].tolist()

    def fail(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(nearest, failing, fail)
    found = find(open_nearest(rows, tmp_path, Search.CLUSTERED), question, 9)[0].tolist()
    assert found == exact
    assert not (tmp_path / "nearest.new").exists()
    [record] = caplog.records
    assert record.levelname == "WARNING"
    reason = {
        "flush": "No space left on device; check the disk's space and the folder's permissions.",
        "current_digest": "what was written cannot be read again; check the disk.",
    }[failing]
    assert record.getMessage() == (
        f"{tmp_path}: the clusters cannot be saved, and will be made again: {reason}"
    )


def test_a_disk_that_fills_up_while_clusters_are_written(tmp_path: Path) -> None:
    """With the last bytes too, of which FAISS itself does not look whether they were written."""
    clusters = nearest.make_clusters(some_rows())
    nearest._save(clusters, clusters_file(tmp_path, NAME))
    size = clusters_file(tmp_path, NAME).stat().st_size
    clusters_file(tmp_path, NAME).unlink()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, size // 2, size - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
                nearest._save(clusters, clusters_file(tmp_path, NAME))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not clusters_file(tmp_path, NAME).exists()
        assert not (tmp_path / "nearest.new").exists()


@pytest.mark.parametrize(("threads", "many"), [(1, 6), (2, 3)])
def test_few_rows_are_searched_on_one_core_and_many_on_all_that_are_the_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int, many: int
) -> None:
    """Also where the few come first."""
    monkeypatch.setattr(nearest, "MANY", 50)
    monkeypatch.setattr(cores, "_all_cores", lambda: 6)
    used: list[int] = []

    def search() -> None:
        for count in (10, 60, 10):
            rows = unit(np.eye(count, 64, dtype=np.float32) + 1)
            with shared_cores(threads):
                find(ExactRows(rows), rows[0], 1)
            used.append(faiss.omp_get_max_threads())

    # A thread of its own: the number is a thread's.
    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert used == [1, many, 1]
