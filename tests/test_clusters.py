"""Many rows: all of them compared, or clusters, which are saved, mapped, and made anew where they
are damaged."""

import errno
import os
import resource
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest

from index import clusters, cores
from index.clusters import AllRows, ClusteredRows, clusters_file
from index.cores import shared_cores
from index.late_interaction import Float32, unit
from index.nearest import FoundRows, RowSearch

ROWS = 300
NAME = "0"
BOTH = ["all", "clustered"]


def find(search: RowSearch, question: Float32, count: int) -> FoundRows:
    [found] = search.find(question[None, :], count)
    return found


def some_rows(count: int = ROWS) -> Float32:
    return unit(np.random.default_rng(3).standard_normal((count, 16), np.float32))


def clustered(rows: Float32, folder: Path | None = None) -> ClusteredRows:
    return ClusteredRows(rows, folder, NAME)


def opened(search: str, rows: Float32) -> RowSearch:
    return AllRows(rows) if search == "all" else clustered(rows)


@pytest.mark.parametrize("search", BOTH)
def test_the_best_rows_are_found_with_their_cosines(search: str) -> None:
    """So few clusters are all looked at."""
    rows = some_rows()
    question = some_rows(ROWS + 1)[-1]
    numbers, cosines = find(opened(search, rows), question, 20)
    assert {*numbers.tolist()} == {*np.argsort(-(rows @ question))[:20].tolist()}
    np.testing.assert_allclose(cosines, (rows @ question)[numbers], rtol=1e-5)


@pytest.mark.parametrize("search", BOTH)
@pytest.mark.parametrize("together", [2, 30])
def test_each_of_several_vectors_finds_its_own(
    search: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside one that is not a number."""
    monkeypatch.setattr(clusters, "ALL_CORES_FROM", ROWS)
    rows = opened(search, some_rows())
    questions = some_rows(ROWS + together)[ROWS:]
    questions[1] = np.nan
    found = rows.find(questions, 20)
    assert len(found) == together
    assert found[1][0].tolist() == []
    for place in {*range(together)} - {1}:
        numbers, cosines = find(rows, questions[place], 20)
        assert found[place][0].tolist() == numbers.tolist()
        np.testing.assert_allclose(found[place][1], cosines, rtol=1e-5)


@pytest.mark.parametrize("search", BOTH)
def test_no_more_rows_than_there_are(search: str) -> None:
    numbers, _ = find(opened(search, some_rows(7)), some_rows(1)[0], 50)
    assert sorted(numbers.tolist()) == list(range(7))


@pytest.mark.parametrize("search", BOTH)
def test_a_vector_that_is_not_a_number_finds_nothing(search: str) -> None:
    nowhere = np.full(16, np.nan, np.float32)
    assert find(opened(search, some_rows()), nowhere, 5)[0].tolist() == []


def test_a_row_that_is_not_a_number_is_in_nobodys_way() -> None:
    rows = some_rows()
    rows[3] = np.nan
    found, _ = find(ClusteredRows(rows, None, "rows"), rows[4], 5)
    assert found[0] == 4
    assert 3 not in found.tolist()


def test_rows_of_another_name_have_clusters_of_their_own(tmp_path: Path) -> None:
    rows, question = some_rows(2 * ROWS), some_rows(1)[0]
    for _ in range(2):  # made, then read
        for name, part in (("0", rows[:ROWS]), ("300", rows[ROWS:])):
            numbers, _ = find(ClusteredRows(part, tmp_path, name), question, 1)
            assert numbers[0] == np.argmax(part @ question)


def test_clusters_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())
    monkeypatch.delattr(clusters, "make_clusters")
    assert sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist()) == found


def test_no_threads_are_started_to_read_ahead(tmp_path: Path) -> None:
    for _ in range(2):  # made, then read
        found = clustered(some_rows(), tmp_path)._clusters
        lists = faiss.downcast_InvertedLists(found.invlists)
        assert isinstance(lists, faiss.OnDiskInvertedLists)
        assert lists.prefetch_nthread == 0


def test_few_rows_are_searched_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads would spin on cores that are needed for what comes next."""
    search = clustered(some_rows())
    on_all: list[bool] = []
    monkeypatch.setattr(clusters, "_compute_on_all_cores", on_all.append)
    find(search, some_rows(1)[0], 9)
    monkeypatch.setattr(clusters, "ALL_CORES_FROM", ROWS)
    find(search, some_rows(1)[0], 9)
    assert on_all == [False, True]


def of_other_rows(folder: Path) -> bytes:
    """A whole file of clusters of as many other rows."""
    folder.mkdir()
    clustered(some_rows(2 * ROWS)[ROWS:], folder)
    return clusters_file(folder, NAME).read_bytes()


@pytest.mark.parametrize(
    "damage",
    ["truncated", "overwritten", "of other rows", "half written", "no digest", "half a digest"],
)
def test_damaged_clusters_are_made_anew(damage: str, tmp_path: Path) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = sorted(find(AllRows(rows), question, 9)[0].tolist())
    clustered(rows, tmp_path)
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
    again = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())
    assert again == exact
    assert (path.read_bytes(), digest.read_bytes()) == (whole, its_digest)
    assert not (tmp_path / "nearest.new").exists()


def test_a_flipped_byte_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = sorted(find(AllRows(rows), question, 9)[0].tolist())
    clustered(rows, tmp_path)
    path = clusters_file(tmp_path, NAME)
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        again = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())
        assert (place, again) == (place, exact)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("not a file of FAISS")])
def test_what_faiss_cannot_read_is_damaged(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, question = some_rows(), some_rows(1)[0]
    found = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())

    def read(*_: object) -> None:
        raise error

    monkeypatch.setattr(clusters.faiss, "read_index", read)
    again = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())
    assert again == found


@pytest.mark.parametrize("failing", ["flush", "current_digest"])
def test_clusters_that_cannot_be_saved_are_made_for_this_process(
    failing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows, question = some_rows(), some_rows(ROWS + 1)[-1]
    exact = sorted(find(AllRows(rows), question, 9)[0].tolist())

    def fail(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(clusters, failing, fail)
    found = sorted(find(clustered(rows, tmp_path), question, 9)[0].tolist())
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
    made = clusters.make_clusters(some_rows())
    clusters._save(made, clusters_file(tmp_path, NAME))
    size = clusters_file(tmp_path, NAME).stat().st_size
    clusters_file(tmp_path, NAME).unlink()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, size // 2, size - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
                clusters._save(made, clusters_file(tmp_path, NAME))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not clusters_file(tmp_path, NAME).exists()
        assert not (tmp_path / "nearest.new").exists()


@pytest.mark.parametrize(("threads", "many"), [(1, 6), (2, 3)])
def test_few_rows_are_searched_on_one_core_and_many_on_all_that_are_the_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int, many: int
) -> None:
    """Also where the few come first."""
    monkeypatch.setattr(clusters, "ALL_CORES_FROM", 50)
    monkeypatch.setattr(cores, "_all_cores", lambda: 6)
    used: list[int] = []

    def search() -> None:
        for count in (10, 60, 10):
            rows = unit(np.eye(count, 64, dtype=np.float32) + 1)
            with shared_cores(threads):
                find(AllRows(rows), rows[0], 1)
            used.append(faiss.omp_get_max_threads())

    # A thread of its own: the number is a thread's.
    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert used == [1, many, 1]
