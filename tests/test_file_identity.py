"""When a file counts as untouched."""

import os
import time
from pathlib import Path

import pytest

from index import file_identity
from index.file_identity import settled_identity


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    return path


def test_it_stays_until_the_file_is_touched(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):
        monkeypatch.setattr(file_identity, name, 0)
    before = file.stat()
    assert settled_identity(before) is not None
    assert settled_identity(file.stat()) == settled_identity(before)
    time.sleep(0.02)  # the clock of a file system may tick every hundredth of a second
    file.write_bytes(b"abd")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert settled_identity(file.stat()) != settled_identity(before)


def test_one_that_was_just_written_has_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):
        monkeypatch.setattr(file_identity, name, 10**12)
    assert settled_identity(file.stat()) is None


def test_a_clock_that_counts_seconds_is_waited_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file's time has no fraction, its next write may have the same for seconds."""
    monkeypatch.setattr(file_identity, "_SETTLED_NS", 0)
    monkeypatch.setattr(file_identity, "_SETTLED_WHOLE_NS", 10**12)
    second = time.time_ns() // 10**9 * 10**9
    os.utime(file, ns=(second, second))
    assert settled_identity(file.stat()) is None
    os.utime(file, ns=(second + 1, second + 1))
    assert settled_identity(file.stat()) is not None
