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
from index.late_interaction import QuantisedTokens, TokenVectors, UInt8, similarities, unit
from index.library import Library
from index.segments import read_segment
from index.storage import DamagedIndexError, StorageError
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


def test_a_file_system_that_gives_a_part_at_a_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preadv = os.preadv

    def seven_bytes(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        return preadv(descriptor, [buffers[0][:7]], offset)

    def then_fails(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        if offset > 80:
            raise OSError(5, "Input/output error")
        return seven_bytes(descriptor, buffers, offset)

    tokens = ReadTokens(TokenFile(file, 10), 8, SCALES)
    monkeypatch.setattr(os, "preadv", seven_bytes)
    assert tokens.values.tolist() == VALUES[8:].tolist()
    monkeypatch.setattr(os, "preadv", then_fails)
    with pytest.raises(StorageError, match="Input/output error"):
        copied(tokens)


def test_part_of_them_and_none(file: Path) -> None:
    tokens = ReadTokens(TokenFile(file, 10), 5, SCALES)
    assert tokens.part(1, 3).values.tolist() == VALUES[6:8].tolist()
    assert tokens.part(1, 3).scales.shape == (2,)
    assert tokens.part(4, 4).values.shape == (0, 10)


def test_similarities_with_what_is_read_and_what_is_mapped(file: Path) -> None:
    question = unit(np.arange(20, dtype=np.float32).reshape(2, 10))
    read = ReadTokens(TokenFile(file, 10), 5, SCALES)
    mapped = QuantisedTokens(VALUES[5:9], SCALES)
    cosines = similarities(question, [read, read.part(0, 0), mapped])
    assert cosines.shape == (8, 2)
    assert cosines[:4].tolist() == cosines[4:].tolist()


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


def library_of(content: ContentFolder, data: Path, encoder: FakeEncoder) -> Library:
    return Library.open(content.path, data, encoder, fit=fit_for(encoder))[0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("many", [False, True])
def test_answers_and_updates_are_the_same_however_many_there_are(
    many: bool, content: ContentFolder, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many, what a question reads does not stay in this process's memory."""
    encoder = FakeEncoder()
    content.write("lamps.md", LAMPS, ROPES)
    expected = library_of(content, tmp_path / "mapped", encoder).answer("whale oil lamps").citations
    monkeypatch.setattr(token_file, "MAPPED_BYTES", 0 if many else 64_000_000)
    library = library_of(content, data, encoder)
    assert library.answer("whale oil lamps").citations == expected
    [file] = data.rglob("tokens.i8")
    assert is_mapped(file) is not many
    # Its vectors move to another segment, without the encoder.
    content.write("lamps.md", ROPES, LAMPS)
    encoder.encoded_passages.clear()
    moved = library_of(content, data, encoder).answer("whale oil lamps").citations
    assert [(one.quote, one.highlight) for one in moved] == [
        (one.quote, one.highlight) for one in expected
    ]
    assert set(encoder.encoded_passages) <= {"Lamps"}  # a title by itself


def test_the_other_sentences_of_a_passage_keep_their_vectors(
    content: ContentFolder, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_file, "MAPPED_BYTES", 0)
    encoder = FakeEncoder()
    content.write("lamps.md", LAMPS, ROPES)
    library_of(content, data, encoder)
    content.write("lamps.md", LAMPS.replace("Then gas came.", "Then wind came."), ROPES)
    encoder.encoded_passages.clear()
    updated = library_of(content, data, encoder).index
    assert set(encoder.encoded_passages) <= {"Lamps", "Lamps: Then wind came."}
    anew = library_of(content, tmp_path / "anew", encoder).index
    for one, other in zip(updated.tokens([0, 1]), anew.tokens([0, 1]), strict=True):
        assert one.vectors.values.tolist() == other.vectors.values.tolist()
        assert one.starts.tolist() == other.starts.tolist()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_limit_is_that_of_all_segments_together(
    content: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = FakeEncoder()
    content.write("lamps.md", LAMPS)
    first = library_of(content, data, encoder)
    [one] = data.rglob("tokens.i8")
    monkeypatch.setattr(token_file, "MAPPED_BYTES", 2 * one.stat().st_size)
    content.write("oil.md", LAMPS, title="Oil")
    content.write("salt.md", ROPES, title="Salt")
    library = library_of(content, data, encoder)
    files = [*data.rglob("tokens.i8")]
    assert len(files) == 2
    del first
    gc.collect()
    assert library.answer("whale oil lamps").citations[0].quote == LAMPS
    assert not any(map(is_mapped, files))


@pytest.mark.parametrize("length", [None, 0, 17])
def test_a_file_that_does_not_fit_its_segment(
    content: ContentFolder, data: Path, length: int | None
) -> None:
    content.write("lamps.md", LAMPS)
    library_of(content, data, FakeEncoder())
    [file] = data.rglob("tokens.i8")
    reason = f"the files of {file.parent.name} do not fit one another"
    if length is None:
        file.unlink()
        reason = f"{file.parent.name}/tokens.i8 is missing"
    else:
        os.truncate(file, length)
    for token_bytes in (0, 64_000_001):
        with pytest.raises(DamagedIndexError) as caught:
            read_segment(file.parent, 64, token_bytes)
        assert str(caught.value) == reason
