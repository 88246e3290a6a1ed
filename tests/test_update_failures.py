"""Updates that crash, find the disk full or the folder closed, or are several at once."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from lamps_and_ropes import (
    LAMPS,
    ROPES,
    files,
    named,
    on_disk,
    open_library,
    report_of,
    segment_file,
    stored,
    texts,
)
from saboteur import Saboteur

from index import storage, update
from index.content import ContentError
from index.library import Library
from index.storage import StorageError
from index.update import StoredIndex

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


# --- crashes and full disks ---------------------------------------------------------------------


class CrashError(BaseException):
    """The process ends here; nobody catches it."""


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


BEFORE = sorted([*LAMPS, *ROPES])
AFTER = sorted([LAMPS[0], *ROPES, "Stones lie still."])


def prepare(folder: Path, encoder: FakeEncoder) -> tuple[ContentFolder, Path]:
    """An index of the lamps and ropes, over content that is about lamps, ropes and stones by now:
    the update adds a segment; and there is litter to sweep."""
    content = ContentFolder(folder / "content")
    data = folder / "data"
    content.write("lamps.md", *LAMPS)
    content.write("ropes.md", *ROPES, title="Ropes")
    report_of(content, data, encoder)
    content.write("lamps.md", LAMPS[0])
    content.write("stones.md", "Stones lie still.", title="Stones")
    (data / "segments" / "0123456789ab").mkdir()
    return content, data


def steps_of_an_update(folder: Path, encoder: FakeEncoder) -> list[str]:
    content, data = prepare(folder, encoder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        saboteur = Saboteur(monkeypatch, data, None, CrashError)
        open_library(content, data, encoder)
    return saboteur.done


def test_steps_of_an_update(tmp_path: Path, encoder: FakeEncoder) -> None:
    """The steps that the next tests fail at, in order: those that make an update whole or not."""
    steps = steps_of_an_update(tmp_path, encoder)
    assert steps[: steps.index("sweep")] == ["mkdir"] * steps.index("sweep")  # also the lock's
    assert steps[steps.index("sweep") :] == [
        *("sweep", "rmtree", "unlink"),
        *("write_segment", "mkdir", "open", "open", "open", "open", "write_text"),
        *("make_durable", "fsync", "fsync", "fsync", "fsync", "fsync", "fsync", "fsync"),
        *("commit", "write_text", "fsync", "replace", "fsync", "unlink"),
    ]


@pytest.mark.parametrize("other_model", [False, True])
def test_crash_at_every_step(tmp_path: Path, encoder: FakeEncoder, other_model: bool) -> None:
    steps = steps_of_an_update(tmp_path / "count", encoder)
    replaced = steps.index("replace")
    for step in range(len(steps)):
        content, data = prepare(tmp_path / str(step), encoder)
        writer = FakeEncoder(32) if other_model else encoder
        with pytest.MonkeyPatch.context() as monkeypatch:
            Saboteur(monkeypatch, data, step, CrashError)
            with pytest.raises(CrashError):
                open_library(content, data, writer)
        if not other_model:
            shown = texts_of(stored(data, encoder))
            assert shown == (BEFORE if step <= replaced else AFTER), steps[step]
        elif step <= replaced:
            assert texts_of(stored(data, encoder)) == BEFORE
        else:
            assert texts_of(stored(data, writer)) == AFTER
        # The same again runs through.
        library, _ = open_library(content, data, writer)
        assert texts(library) == AFTER
        # And so does the next update, which leaves nothing of the crash.
        content.write("more.md", "More text.", title="More")
        library, report = open_library(content, data, writer)
        assert texts(library) == sorted([*AFTER, "More text."])
        assert report.rebuilt is None
        assert on_disk(data) == named(data)
        assert sorted(path.name for path in data.iterdir()) == ["lock", "manifest.json", "segments"]


def texts_of(index: StoredIndex) -> list[str]:
    return sorted(
        passage.text
        for segment, live in index.live()
        for article in segment.articles
        if article.source.id in live
        for passage in article.passages
    )


def test_full_disk_at_every_step(tmp_path: Path, encoder: FakeEncoder) -> None:
    steps = steps_of_an_update(tmp_path / "count", encoder)
    for step in range(len(steps)):
        content, data = prepare(tmp_path / str(step), encoder)
        with pytest.MonkeyPatch.context() as monkeypatch:
            Saboteur(monkeypatch, data, step, full)
            if step == len(steps) - 1:
                # The index is in place; what cannot be removed is no reason to fail.
                assert texts(open_library(content, data, encoder)[0]) == AFTER
                continue
            with pytest.raises(StorageError) as caught:
                open_library(content, data, encoder)
        assert str(caught.value) == (
            f"Cannot write {data}: No space left on device; "
            "check the disk's space and the folder's permissions."
        )
        shown = texts_of(stored(data, encoder))
        assert shown == (BEFORE if step <= steps.index("replace") else AFTER), steps[step]
        library, _ = open_library(content, data, encoder)
        assert texts(library) == AFTER


class StoppedError(Exception):
    """Whoever waits for the update has had enough."""


@pytest.mark.parametrize("other_model", [False, True])
def test_update_that_is_stopped_leaves_nothing(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, other_model: bool
) -> None:
    before = files(whole)
    two.write("stones.md", "Stones lie still.", title="Stones")

    def stop(done: int, total: int) -> None:
        # The segment's files are open by now.
        assert len(on_disk(whole)) == 2
        raise StoppedError

    writer = FakeEncoder(32) if other_model else encoder
    with pytest.raises(StoppedError):
        Library.open(two.path, whole, writer, fit=fit_for(writer), on_progress=stop)
    assert files(whole) == before


def test_failed_updates_do_not_pile_up(
    whole: Path, two: ContentFolder, encoder: FakeEncoder
) -> None:
    """Such as those of a new model on a machine that ends the process for its memory."""
    for _ in range(3):
        with pytest.MonkeyPatch.context() as monkeypatch:
            Saboteur(monkeypatch, whole, 10, CrashError)
            with pytest.raises(CrashError):
                open_library(two, whole, FakeEncoder(32))
        assert len(on_disk(whole)) == 2
        assert texts_of(stored(whole, encoder)) == BEFORE


def test_nothing_left_of_the_content_keeps_the_index(
    whole: Path, two: ContentFolder, encoder: FakeEncoder
) -> None:
    before = files(whole)
    for path in two.path.iterdir():
        path.unlink()
    with pytest.raises(ContentError) as caught:
        open_library(two, whole, encoder)
    assert str(caught.value) == (
        f"{two.path}: it holds no article; put a Markdown or text file there."
    )
    assert files(whole) == before


def test_nothing_but_bad_files(content: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    content.write_raw("a.md", "---\ntitle: [\n---\nText.\n")
    content.write_raw("b.md", "")
    with pytest.raises(ContentError) as caught:
        open_library(content, data, encoder)
    assert str(caught.value).startswith("content/a.md, line 3: ")
    assert str(caught.value).endswith(" (1 more could not be read either; beleg check lists them).")


# --- folders that cannot be written or read -----------------------------------------------------


def refuse_writing(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """What a read-only folder does; its permissions would not bind whoever runs this as root."""

    def denied() -> OSError:
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(data))

    Saboteur(monkeypatch, data, 0, denied)


def test_index_up_to_date_needs_no_writing(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(whole)
    (whole / "lock").unlink()
    refuse_writing(monkeypatch, whole)
    library, report = open_library(two, whole, encoder)
    assert report.encoded == 0
    assert library.answer("Hemp grows inland.").citations[0].article == "ropes"
    assert files(whole) == before
    assert not (whole / "lock").exists()


def test_update_of_a_folder_that_cannot_be_written(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.write("stones.md", "Stones lie still.", title="Stones")
    refuse_writing(monkeypatch, whole)
    with pytest.raises(StorageError) as caught:
        open_library(two, whole, encoder)
    assert str(caught.value) == (
        f"Cannot write {whole}: Permission denied; "
        "check the disk's space and the folder's permissions."
    )


def test_data_below_a_file(two: ContentFolder, encoder: FakeEncoder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError) as caught:
        open_library(two, tmp_path / "file" / "data", encoder)
    assert str(caught.value) == (
        f"Cannot read {tmp_path}/file/data/manifest.json: a file stands where a folder is needed; "
        "choose another data folder."
    )


def test_segment_file_that_cannot_be_read(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = segment_file(whole, "passages.json")

    def unreadable(_: Path) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(storage, "file_digest", unreadable)
    with pytest.raises(StorageError) as caught:
        open_library(two, whole, encoder)
    assert str(caught.value) == (
        f"Cannot read {path}: Input/output error; "
        "check the disk's space and the folder's permissions."
    )


# --- several at once ----------------------------------------------------------------------------


def test_threads_at_once(content: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    for number in range(20):
        content.write(f"{number}.md", f"Text of number {number}.", title=f"T{number}")

    def work(_: int) -> tuple[int, int]:
        library, report = open_library(content, data, encoder)
        return library.passage_count, report.encoded

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(work, range(6)))
    assert {count for count, _ in results} == {20}
    # One of them encoded; the others waited, and found it done.
    assert sorted(encoded for _, encoded in results) == [0, 0, 0, 0, 0, 20]
    assert on_disk(data) == named(data)


def test_next_writer_does_not_disturb(
    whole: Path,
    two: ContentFolder,
    encoder: FakeEncoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It replaces the index the moment the lock is free, and sweeps the segments away."""
    other = ContentFolder(tmp_path / "other")
    other.write("a.md", "Text of another writer.")

    @contextmanager
    def followed(folder: Path) -> Iterator[None]:
        with storage.writing(folder):
            yield
        monkeypatch.setattr(update, "writing", storage.writing)
        open_library(other, whole, encoder)

    two.write("stones.md", "Stones lie still.", title="Stones")
    monkeypatch.setattr(update, "writing", followed)
    library, report = open_library(two, whole, encoder)
    assert texts(library) == sorted([*LAMPS, *ROPES, "Stones lie still."])
    assert (report.encoded, report.rebuilt) == (1, None)
    assert texts_of(stored(whole, encoder)) == ["Text of another writer."]


def test_writers_of_different_content_at_once(tmp_path: Path, data: Path) -> None:
    """Each writer sweeps away the other's segments; no reader may notice."""
    folders = []
    for number in range(4):
        content = ContentFolder(tmp_path / f"content-{number}")
        content.write("a.md", f"Text of number {number}.", title="A")
        folders.append(content)

    def work(number: int) -> list[str]:
        library, _ = open_library(folders[number % 4], data, FakeEncoder())
        return texts(library)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(40)))
    assert results == [[f"Text of number {number % 4}."] for number in range(40)]
    assert on_disk(data) == named(data)


UPDATE_IN_A_PROCESS = """
import sys
from pathlib import Path
from fake_encoder import FakeEncoder
from fits import fit_for
from saboteur import Saboteur
from index.library import Library
encoder = FakeEncoder()
library, report = Library.open(
    Path(sys.argv[1]), Path(sys.argv[2]), encoder, fit=fit_for(encoder)
)
print(library.passage_count, report.encoded, report.rebuilt)
"""


def test_processes_at_once(content: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    for number in range(300):
        content.write(f"{number}.md", f"Text of number {number}.", title=f"T{number}")
    tests = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    command = [sys.executable, "-c", UPDATE_IN_A_PROCESS, str(content.path), str(data)]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert printed == ["300 0 None", "300 300 None"]
    assert len(texts_of(stored(data, encoder))) == 300
    assert on_disk(data) == named(data)


def test_library_answers_on_while_its_segments_are_swept(
    whole: Path, two: ContentFolder, encoder: FakeEncoder
) -> None:
    library, _ = open_library(two, whole, encoder)
    for path in two.path.iterdir():
        path.unlink()
    two.write("stones.md", "Stones lie still.", title="Stones")
    old = on_disk(whole)
    open_library(two, whole, encoder)
    assert not on_disk(whole) & old
    assert library.answer("Hemp grows inland.").citations[0].quote == ROPES[0]
    rows = np.concatenate([vectors.rows for vectors in library.index.vectors])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
