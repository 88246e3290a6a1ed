"""Stored token vectors: mapped where they are few, read where they are many."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index import token_file
from index.byte_products import MIDDLE
from index.late_interaction import QuantisedTokens, TokenVectors, UInt8
from index.library import Library
from index.storage import StorageError
from index.token_file import ReadTokens, TokenFile, are_read

LAMPS = "Old lamps stand on the quay. They burned whale oil until 1887. Then gas came."
ROPES = "Ropes are twisted from hemp. Hemp grows inland."
VALUES = np.arange(-60, 60, dtype=np.int8).reshape(12, 10)
SCALES = np.ones(4, np.float32)

pytestmark = pytest.mark.skipif(not hasattr(os, "preadv"), reason="there they are mapped")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.i8"
    path.write_bytes(VALUES.tobytes())
    return path


def copied(tokens: TokenVectors) -> UInt8:
    others = np.empty((4, 10), np.uint8)
    tokens.copy_to(others)
    return others


def test_what_is_read_is_what_would_be_mapped(file: Path) -> None:
    read = ReadTokens(TokenFile(file, 10), 5, SCALES)
    mapped = QuantisedTokens(VALUES[5:9], SCALES)
    assert read.values.tolist() == mapped.values.tolist() == VALUES[5:9].tolist()
    assert copied(read).tolist() == copied(mapped).tolist()
    assert copied(read).tolist() == (VALUES[5:9].astype(int) + MIDDLE).tolist()


def test_it_can_be_read_after_it_was_removed(file: Path) -> None:
    opened = TokenFile(file, 10)
    file.unlink()
    assert ReadTokens(opened, 8, SCALES).values.tolist() == VALUES[8:].tolist()


def test_a_file_that_was_cut_off_meanwhile(file: Path) -> None:
    tokens = ReadTokens(TokenFile(file, 10), 8, SCALES)
    os.truncate(file, 119)
    for read in (lambda: tokens.values, lambda: copied(tokens)):
        with pytest.raises(StorageError, match=r"tokens\.i8 is shorter than it was"):
            read()


def test_a_disk_that_fails(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> int:
        raise OSError(5, "Input/output error")

    tokens = ReadTokens(TokenFile(file, 10), 8, SCALES)
    monkeypatch.setattr(os, "preadv", failing)
    with pytest.raises(StorageError, match=r"^Cannot read .*tokens\.i8: Input/output error; check"):
        copied(tokens)


def test_the_file_is_closed_with_the_last_that_reads_it(file: Path) -> None:
    tokens = ReadTokens(TokenFile(file, 10), 8, SCALES)
    descriptor = tokens.file._descriptor
    os.fstat(descriptor)
    del tokens
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_how_many_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (are_read(64_000_000), are_read(64_000_001)) == (False, True)
    monkeypatch.delattr(os, "preadv")
    assert not are_read(64_000_001)


def is_mapped(file: Path) -> bool:
    return f" {file}\n" in Path("/proc/self/maps").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("many", [False, True])
def test_answers_and_updates_are_the_same_however_many_there_are(
    many: bool, content: ContentFolder, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many, what a question reads does not stay in this process's memory."""
    encoder = FakeEncoder()
    content.write("lamps.md", LAMPS, ROPES)

    def opened(folder: Path) -> Library:
        return Library.open(content.path, folder, encoder, fit=fit_for(encoder))[0]

    expected = opened(tmp_path / "mapped").answer("whale oil lamps").citations
    monkeypatch.setattr(token_file, "MAPPED_BYTES", 0 if many else 64_000_000)
    library = opened(data)
    assert library.answer("whale oil lamps").citations == expected
    [file] = data.rglob("tokens.i8")
    assert is_mapped(file) is not many
    # Its vectors move to another segment, without the encoder.
    content.write("lamps.md", ROPES, LAMPS)
    encoder.encoded_passages.clear()
    moved = opened(data).answer("whale oil lamps").citations
    assert [(one.quote, one.highlight) for one in moved] == [
        (one.quote, one.highlight) for one in expected
    ]
    assert set(encoder.encoded_passages) <= {"Lamps"}  # a title by itself
