"""Libraries too large for stored token vectors: the line, crossing it, answers on either side."""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from lamps_and_ropes import manifest

from index import answer, storage
from index.answer import Answer
from index.encoder import PassageEncoding
from index.fit import Fit
from index.library import Library
from index.passage_vectors import PassageTokens, TitledPassage, encode
from index.passages import Passage
from index.search import PassageIndex
from index.storage import DamagedIndexError
from index.token_vectors import ComputedTokens, are_stored
from index.update import IndexReport, read_index

STONES = "Stones lie still."
LIMIT = (11 + 4 + 8 + 3) * (64 + 4)
"""What the token vectors of lamps and ropes take, three passages with a title of one word: each
word is stored as 64 numbers and a scale of four bytes."""
QUESTIONS = ("when were the lamps lit?", "what are ropes made from?", "who counts?", "why?")


def fit_of(encoder: FakeEncoder) -> Fit:
    return fit_for(encoder, passage_mean=0.01, sentence=4.0, intercept=-1.0)


def opened(
    content: ContentFolder, data: Path, limit: int, encoder: FakeEncoder | None = None
) -> tuple[Library, IndexReport]:
    encoder = encoder or FakeEncoder()
    return Library.open(content.path, data, encoder, fit=fit_of(encoder), token_limit=limit)


def files(data: Path) -> set[str]:
    """The names of all segments' files."""
    return {path.name for path in (data / "segments").rglob("*.*")}


# The line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token_bytes", "before", "stored"),
    [(100, True, True), (101, True, False), (80, False, True), (81, False, False)],
)
def test_line(token_bytes: int, before: bool, stored: bool) -> None:
    assert are_stored(token_bytes, 100, before) is stored


def test_at_the_limit_and_above(two: ContentFolder, tmp_path: Path) -> None:
    for limit, stored in ((LIMIT, True), (LIMIT - 1, False)):
        data = tmp_path / str(limit)
        library, report = opened(two, data, limit)
        assert library.index.tokens_stored is stored
        assert (report.tokens_stored, report.token_bytes) == (stored, LIMIT)
        assert manifest(data).tokens_stored is stored
        # The same is said of an index that is up to date.
        assert opened(two, data, limit)[1].tokens_stored is stored
        of_tokens = {"tokens.i8", "scales.f32", "starts.i32"} if stored else set()
        assert files(data) == {"passages.json", "rows.f32"} | of_tokens


def test_the_estimate_is_what_they_take(two: ContentFolder, data: Path) -> None:
    opened(two, data, LIMIT)
    [segment] = (data / "segments").iterdir()
    sizes = [(segment / name).stat().st_size for name in ("tokens.i8", "scales.f32")]
    assert sum(sizes) == LIMIT == manifest(data).token_bytes


def test_growing_over_the_limit_drops_token_vectors_without_encoding(
    two: ContentFolder, data: Path
) -> None:
    opened(two, data, LIMIT)
    two.write("stones.md", STONES, title="Stones")
    encoder = FakeEncoder()
    library, report = opened(two, data, LIMIT, encoder)
    assert encoder.encoded_passages == ["Stones: Stones lie still."]
    assert (report.encoded, report.rebuilt) == (1, None)
    assert (report.tokens_stored, library.index.tokens_stored) == (False, False)
    assert files(data) == {"passages.json", "rows.f32"}
    fresh, _ = opened(two, data.parent / "fresh", LIMIT)
    for one, other in zip(library.index.vectors, fresh.index.vectors, strict=True):
        assert one.rows.tolist() == other.rows.tolist()


def test_shrinking_a_little_leaves_it_as_it_is(two: ContentFolder, data: Path) -> None:
    two.write("stones.md", STONES, title="Stones")
    opened(two, data, LIMIT)
    (two.path / "stones.md").unlink()
    encoder = FakeEncoder()
    library, report = opened(two, data, LIMIT, encoder)
    assert (library.index.tokens_stored, report.encoded) == (False, 0)
    assert encoder.encoded_passages == []


def test_shrinking_well_below_the_limit_encodes_everything(two: ContentFolder, data: Path) -> None:
    opened(two, data, LIMIT - 1)
    (two.path / "ropes.md").unlink()
    library, report = opened(two, data, LIMIT - 1)
    assert (library.index.tokens_stored, report.encoded) == (True, 2)
    assert report.rebuilt == (
        f"The index in {data} was built anew: its token vectors may be stored again."
    )
    assert "tokens.i8" in files(data)


def test_another_limit_counts_though_the_content_is_the_same(
    two: ContentFolder, data: Path
) -> None:
    opened(two, data, LIMIT)
    assert opened(two, data, LIMIT - 1)[1].tokens_stored is False
    assert opened(two, data, LIMIT)[1].tokens_stored is False  # not below four fifths of it
    library, report = opened(two, data, 2 * LIMIT)
    assert (report.tokens_stored, report.encoded) == (True, 3)
    assert library.index.tokens_stored


@pytest.mark.parametrize("limit", [LIMIT, LIMIT - 1])
def test_manifest_and_segments_that_disagree(
    two: ContentFolder, data: Path, limit: int, encoder: FakeEncoder
) -> None:
    opened(two, data, limit)
    body = json.loads((data / "manifest.json").read_text())["index"]
    body["tokens_stored"] = not body["tokens_stored"]
    outer = {"sha256": storage._digest(body), "index": body}
    (data / "manifest.json").write_text(json.dumps(outer))
    [segment] = (data / "segments").iterdir()
    with pytest.raises(DamagedIndexError) as caught:
        read_index(data, encoder, fit_of(encoder))
    assert str(caught.value) == f"the files of {segment.name} do not fit one another"


def test_neither_stored_nor_computed(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    opened(two, data, 0)
    stored = read_index(data, encoder, fit_of(encoder))
    assert stored is not None
    with pytest.raises(ValueError, match="neither stored nor computed"):
        PassageIndex(stored.live(), encoder.dimension)


# Answers ----------------------------------------------------------------------------------------


def untimed(found: Answer) -> Answer:
    return replace(found, elapsed_ms=0)


def plain(tokens: Sequence[PassageTokens]) -> list[tuple[list[list[int]], list[float], list[int]]]:
    return [
        (one.vectors.values.tolist(), one.vectors.scales.tolist(), one.starts.tolist())
        for one in tokens
    ]


def test_answers_are_those_with_stored_token_vectors(two: ContentFolder, tmp_path: Path) -> None:
    stored, _ = opened(two, tmp_path / "stored", LIMIT)
    computed, _ = opened(two, tmp_path / "computed", 0)
    for _ in range(2):  # encoded, and then remembered
        for question in QUESTIONS:
            assert untimed(computed.answer(question)) == untimed(stored.answer(question))
    assert plain(computed.index.tokens([2, 0, 1])) == plain(stored.index.tokens([2, 0, 1]))


def test_only_candidates_are_encoded(
    two: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "COMPUTED_CANDIDATES", 1)
    opened(two, data, 0)
    encoder = FakeEncoder()
    library, _ = opened(two, data, 0, encoder)
    assert len(library.answer("what are ropes made from?").citations) == 1
    assert encoder.encoded_passages == [
        "Ropes",
        "Ropes: Ropes are made from hemp.",
        "Ropes: Hemp grows inland.",
    ]
    library.answer("ropes?")
    assert len(encoder.encoded_passages) == 3


# What is remembered -----------------------------------------------------------------------------


def titled(*texts: str) -> list[TitledPassage]:
    return [
        TitledPassage("T", Passage("a", n, 1, 0, len(text), text, None, ((0, len(text)),)))
        for n, text in enumerate(texts, 1)
    ]


NO_MEAN = np.zeros(64, np.float32)
WORD = 2 * (64 + 4) + 4
"""Bytes of a passage of one word: its token and the title's, and the start of its sentence."""


def tokens_of(passages: Sequence[TitledPassage], encoder: FakeEncoder) -> list[PassageTokens]:
    encoded = [vectors.tokens for vectors in encode(passages, encoder, NO_MEAN)]
    return [tokens for tokens in encoded if tokens is not None]


def test_what_was_asked_for_last_is_kept(encoder: FakeEncoder) -> None:
    one, two, three = titled("one", "two", "three")
    tokens = ComputedTokens(encoder, NO_MEAN, cache_bytes=2 * WORD)
    assert tokens.of([one])[0].nbytes == WORD

    def encoded(*passages: TitledPassage) -> list[str]:
        encoder.encoded_passages.clear()
        tokens.of(passages)
        return [text.removeprefix("T: ") for text in encoder.encoded_passages if text != "T"]

    assert encoded(two) == ["two"]
    assert encoded(one) == []
    assert encoded(three) == ["three"]  # two was asked for longest ago
    assert encoded(one, three) == []
    assert encoded(two) == ["two"]
    assert encoded(three) == []
    # One that there is no room for puts the others out, and is not kept.
    large = titled("four five six seven")
    assert encoded(*large) == encoded(*large) == ["four five six seven"]
    assert encoded(three) == ["three"]


def test_token_vectors_come_in_the_order_asked_for(encoder: FakeEncoder) -> None:
    passages = titled("one", "two", "one")
    expected = tokens_of(passages, encoder)
    tokens = ComputedTokens(encoder, NO_MEAN, cache_bytes=0)
    encoder.encoded_passages.clear()
    assert plain(tokens.of(passages)) == plain(expected)
    assert encoder.encoded_passages == ["T", "T: one", "T: two"]
    assert tokens.of([]) == []


class MeetingEncoder(FakeEncoder):
    """Encodes "first" only when two threads want to at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2, timeout=10)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        if "T: first" in texts:
            self._both.wait()
        return super().encode_passages(texts, on_progress)


def test_threads_share_what_is_remembered() -> None:
    """None waits for another's encoding, and what each gets is right."""
    words = "abcdefghij"
    passages = titled(*words)
    expected = plain(tokens_of(passages, FakeEncoder()))
    tokens = ComputedTokens(MeetingEncoder(), NO_MEAN, cache_bytes=3 * WORD)

    def work(seed: int) -> None:
        tokens.of(titled("first"))
        for pair in np.random.default_rng(seed).integers(len(words), size=(200, 2)):
            assert plain(tokens.of([passages[n] for n in pair])) == [expected[n] for n in pair]

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, range(2)))
    assert tokens._bytes == sum(kept.nbytes for kept in tokens._cached.values()) == 3 * WORD
