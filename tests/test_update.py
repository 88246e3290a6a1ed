"""The index in the data folder: what an update encodes and counts, and what survives crashes, full
disks, damage and other writers."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from saboteur import Saboteur

from index import storage, update
from index.content import ContentError
from index.late_interaction import QuantisedTokens, quantise, unit
from index.library import Library
from index.passage_vectors import PassageVectors, SentenceVectors, TitledPassage, encode
from index.passages import Passage
from index.remarks import Remark
from index.segments import read_segment
from index.storage import DamagedIndexError, Manifest, StorageError, read_manifest
from index.token_vectors import TOKEN_LIMIT
from index.update import MOST_SEGMENTS, Changes, IndexReport, StoredIndex, read_index

LAMPS = ("The lamps of Quill burn oil. They were lit in March.", "Nobody counts the lamps.")
ROPES = ("Ropes are made from hemp. Hemp grows inland.",)
ROPES_SENTENCES = ("Ropes: Ropes are made from hemp.", "Ropes: Hemp grows inland.")
SENTENCES = (
    "Lamps: The lamps of Quill burn oil.",
    "Lamps: They were lit in March.",
    "Lamps: Nobody counts the lamps.",
    *ROPES_SENTENCES,
)
"""As they are encoded."""
NONE = Changes()


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing takes most of an update's time, and no test here pulls the plug."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def open_library(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> tuple[Library, IndexReport]:
    return Library.open(content.path, data, encoder, fit=fit_for(encoder))


def report_of(content: ContentFolder, data: Path, encoder: FakeEncoder) -> IndexReport:
    """The report of an update whose encoder remembers nothing of earlier ones."""
    encoder.encoded_passages.clear()
    return open_library(content, data, encoder)[1]


def stored(data: Path, encoder: FakeEncoder) -> StoredIndex:
    found = read_index(data, encoder, fit_for(encoder))
    assert found is not None
    return found


def manifest(data: Path) -> Manifest:
    found = read_manifest(data)
    assert found is not None
    return found


def texts(library: Library) -> list[str]:
    return sorted(passage.text for passage in library.index.passages)


def on_disk(data: Path) -> set[str]:
    """The segments there are."""
    return {path.name for path in (data / "segments").iterdir()}


def named(data: Path) -> set[str]:
    """The segments that count."""
    return {entry.name for entry in manifest(data).segments}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != storage.LOCK
    }


@pytest.fixture
def two(content: ContentFolder) -> ContentFolder:
    """Two articles: lamps of two passages with three sentences, ropes of one with two."""
    content.write("lamps.md", *LAMPS)
    content.write("ropes.md", *ROPES, title="Ropes")
    return content


def updated(
    content: ContentFolder, data: Path, encoder: FakeEncoder, limit: int = TOKEN_LIMIT
) -> tuple[Library, IndexReport, list[tuple[int, int]]]:
    """The library after an update, its report, and the progress that it told of."""
    encoder.encoded_passages.clear()
    told: list[tuple[int, int]] = []
    library, report = Library.open(
        content.path,
        data,
        encoder,
        fit=fit_for(encoder),
        token_limit=limit,
        on_progress=lambda done, total: told.append((done, total)),
    )
    return library, report, told


# --- what is counted and encoded ----------------------------------------------------------------


def test_first_build(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    library, report, told = updated(two, data, encoder)
    assert (report.articles, report.passages) == (Changes(added=2), Changes(added=3))
    assert (report.encoded, report.errors, report.rebuilt) == (3, (), None)
    assert encoder.encoded_passages == list(SENTENCES)
    assert told == [(number, 5) for number in range(1, 6)]
    assert texts(library) == sorted([*LAMPS, *ROPES])
    assert [source.title for source in library.articles] == ["Lamps", "Ropes"]
    assert library.passage_count == 3
    found = manifest(data)
    assert (found.format, found.model, found.dimension) == (5, "fake-64", 64)
    assert (found.passages, found.rows, len(found.segments)) == (3, 5, 1)


def test_title_is_left_out_where_it_does_not_fit(content: ContentFolder, data: Path) -> None:
    encoder = FakeEncoder(max_tokens=4)
    content.write("a.md", "Lamps burn. Old lamps burn oil.", title="Quill")
    report_of(content, data, encoder)
    assert encoder.encoded_passages == ["Quill: Lamps burn.", "Old lamps burn oil."]


def test_second_run_changes_nothing(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    before = files(data)
    library, report = open_library(two, data, encoder)
    assert (report.articles, report.passages) == (Changes(unchanged=2), Changes(unchanged=3))
    assert (report.encoded, report.rebuilt) == (0, None)
    assert encoder.encoded_passages == list(SENTENCES)
    assert files(data) == before
    assert texts(library) == sorted([*LAMPS, *ROPES])


def test_added_article(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("stones.md", "Stones lie still.", title="Stones")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(added=1, unchanged=2)
    assert report.passages == Changes(added=1, unchanged=3)
    assert report.encoded == 1
    assert encoder.encoded_passages == ["Stones: Stones lie still."]


def test_changed_paragraph(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("lamps.md", LAMPS[0], "Somebody counts the lamps.", "And pays.")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.passages == Changes(added=1, changed=1, unchanged=2)
    assert report.encoded == 2
    assert encoder.encoded_passages == ["Lamps: Somebody counts the lamps.", "Lamps: And pays."]


def test_moved_paragraph_is_not_encoded(
    two: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    report_of(two, data, encoder)
    two.write("lamps.md", LAMPS[1], LAMPS[0])
    report = report_of(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.passages == Changes(unchanged=3)
    assert (report.encoded, encoder.encoded_passages) == (0, [])
    library, _ = open_library(two, data, encoder)
    assert library.answer("Nobody counts the lamps.").citations[0].paragraph == 1


def test_removed_article(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    (two.path / "lamps.md").unlink()
    library, report = open_library(two, data, encoder)
    assert report.articles == Changes(removed=1, unchanged=1)
    assert report.passages == Changes(removed=2, unchanged=1)
    assert report.encoded == 0
    assert texts(library) == list(ROPES)
    assert [source.id for source in library.articles] == ["ropes"]


def test_new_title_encodes_again(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("ropes.md", *ROPES, title="Cords")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.passages == Changes(unchanged=3)
    assert report.encoded == 1
    assert encoder.encoded_passages == [
        "Cords: Ropes are made from hemp.",
        "Cords: Hemp grows inland.",
    ]


def test_new_author_encodes_nothing(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("ropes.md", *ROPES, title="Ropes", author="Odile Brandt")
    library, report = open_library(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.encoded == 0
    assert [source.author for source in library.articles] == [None, "Odile Brandt"]


def test_renamed_file_of_the_same_id(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("lamps.md", *LAMPS, id="quill")
    report_of(content, data, encoder)
    (content.path / "lamps.md").rename(content.path / "renamed.md")
    report = report_of(content, data, encoder)
    assert (report.articles, report.passages) == (Changes(unchanged=1), Changes(unchanged=2))
    assert (report.encoded, encoder.encoded_passages) == (0, [])
    # The next run finds the folder as it is, without an update.
    before = files(data)
    assert report_of(content, data, encoder).encoded == 0
    assert files(data) == before


def test_renamed_file_of_another_id(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    (two.path / "ropes.md").rename(two.path / "cords.md")
    library, report = open_library(two, data, encoder)
    assert report.articles == Changes(added=1, removed=1, unchanged=1)
    assert report.passages == Changes(added=1, removed=1, unchanged=2)
    assert report.encoded == 0
    assert [source.id for source in library.articles] == ["cords", "lamps"]


def test_text_of_two_articles_is_encoded_once(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", *ROPES, title="Ropes")
    content.write("b.md", *ROPES, title="Ropes")
    assert report_of(content, data, encoder).encoded == 1
    assert encoder.encoded_passages == list(ROPES_SENTENCES)


def test_bad_file_is_left_out_and_stays_reported(
    two: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    two.write_raw("bad.md", "---\ntitle: A\ntitle: B\n---\nText.\n")
    first, second = report_of(two, data, encoder), report_of(two, data, encoder)
    assert [(error.path, error.line) for error in first.errors] == [("content/bad.md", 3)]
    assert [str(error) for error in second.errors] == [str(error) for error in first.errors]
    # By name and values, so that it can be translated.
    kept = [(error.reason, error.reason.name, error.reason.values) for error in second.errors]
    assert kept == [(e.reason, e.reason.name, e.reason.values) for e in first.errors]
    assert kept[0][1] in {remark.label for remark in Remark}
    assert second.articles == Changes(unchanged=2)


def plain(vectors: PassageVectors) -> tuple[Any, ...]:
    """All that is known of a passage, as numbers that can be compared."""
    if (tokens := vectors.tokens) is None:
        return vectors.rows.tolist(), None
    values, scales = tokens.vectors.values.tolist(), tokens.vectors.scales.tolist()
    return vectors.rows.tolist(), values, scales, tokens.starts.tolist()


def all_vectors(library: Library) -> dict[str, tuple[Any, ...]]:
    """Those of each passage, by its text."""
    both = zip(library.index.passages, library.index.vectors, strict=True)
    return {passage.text: plain(vectors) for passage, vectors in both}


def test_stored_vectors_are_those_of_a_new_index(
    two: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    report_of(two, data, encoder)
    two.write("lamps.md", "A new first paragraph.", *LAMPS)
    two.write("stones.md", "Stones lie still.", title="Stones")
    updated, _ = open_library(two, data, encoder)
    fresh, _ = open_library(two, tmp_path / "fresh", encoder)
    assert all_vectors(updated) == all_vectors(fresh)
    assert len(all_vectors(fresh)) == 5


def test_articles_in_one_language_stand_together(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    """So that a search of one language's rows has one run of them to look at."""
    for number, language in enumerate(("de", "en", "de", "fr", "en")):
        head = f"---\ntitle: T\nlanguage: {language}\n---\n\n"
        content.write_raw(f"{number}.md", f"{head}Lamp number {number} burns.\n")
    library, _ = open_library(content, data, encoder)
    [segment] = stored(data, encoder).segments
    assert [article.source.id for article in segment.articles] == ["0", "2", "1", "4", "3"]
    for number in range(5):
        assert library.answer(f"Lamp number {number} burns.").citations[0].article == str(number)


def test_more_passages_than_a_chunk(
    content: ContentFolder, data: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "CHUNK", 3)
    paragraphs = [f"Lamp number {number} burns." for number in range(10)]
    content.write("lamps.md", *paragraphs)
    library, report, told = updated(content, data, encoder)
    assert report.encoded == 10
    assert told == [(number, 10) for number in range(1, 11)]
    for number in range(10):
        best = library.answer(f"Lamp number {number} burns.").citations[0]
        assert (best.paragraph, best.quote) == (number + 1, paragraphs[number])


def test_text_of_two_chunks_is_encoded_once(
    content: ContentFolder, data: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ropes come in the first, the second and the fourth chunk."""
    monkeypatch.setattr(update, "CHUNK", 2)
    content.write("a.md", LAMPS[1], *ROPES, "Hemp is cut.", *ROPES, title="T")
    content.write("b.md", "Tar is boiled.", "Wax is cast.", LAMPS[1], *ROPES, title="T")
    library, report, told = updated(content, data, encoder)
    assert (report.encoded, library.passage_count) == (5, 8)
    assert encoder.encoded_passages == [
        *(f"T: {LAMPS[1]}", "T: Ropes are made from hemp.", "T: Hemp grows inland."),
        "T: Hemp is cut.",
        *("T: Tar is boiled.", "T: Wax is cast."),
    ]
    assert told == [(number, 6) for number in range(1, 7)]
    assert [passage.text for passage in library.index.passages] == [
        *(LAMPS[1], *ROPES, "Hemp is cut.", *ROPES),
        *("Tar is boiled.", "Wax is cast.", LAMPS[1], *ROPES),
    ]
    stored_rows = [vectors.rows.tolist() for vectors in library.index.vectors]
    assert stored_rows[1] == stored_rows[3] == stored_rows[7]
    assert stored_rows[0] == stored_rows[6]
    assert len({str(rows) for rows in stored_rows}) == 5


# --- sentences that stay ------------------------------------------------------------------------


# Of six, five and three tokens, so that another's bounds would show.
BEACON = ("The lamps of Quill burn oil.", "They were lit in March.", "Nobody counts them.")
NEW = "Somebody trims their long wicks daily."
NO_TOKENS = 0  # bytes of token vectors


def assert_as_built_anew(
    library: Library, content: ContentFolder, folder: Path, limit: int = TOKEN_LIMIT
) -> None:
    fresh, _, _ = updated(content, folder / "anew", FakeEncoder(), limit)
    assert all_vectors(library) == all_vectors(fresh)


@pytest.fixture
def beacon(two: ContentFolder) -> ContentFolder:
    """The lamps' second paragraph has three sentences."""
    two.write("lamps.md", LAMPS[1], " ".join(BEACON))
    return two


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("before", "after"),
    [(TOKEN_LIMIT, TOKEN_LIMIT), (NO_TOKENS, NO_TOKENS), (TOKEN_LIMIT, NO_TOKENS)],
    ids=["stored", "not stored", "no longer stored"],
)
def test_changed_sentence_is_encoded_alone(
    beacon: ContentFolder,
    data: Path,
    encoder: FakeEncoder,
    tmp_path: Path,
    place: int,
    before: int,
    after: int,
) -> None:
    updated(beacon, data, encoder, before)
    changed = [*BEACON[:place], NEW, *BEACON[place + 1 :]]
    beacon.write("lamps.md", LAMPS[1], " ".join(changed))
    library, report, told = updated(beacon, data, encoder, after)
    assert encoder.encoded_passages == [f"Lamps: {NEW}"]
    assert told == [(1, 1)]
    assert report.passages == Changes(changed=1, unchanged=2)
    assert (report.encoded, report.rebuilt, report.tokens_stored) == (1, None, bool(after))
    assert_as_built_anew(library, beacon, tmp_path, after)
    rows, *tokens = all_vectors(library)[" ".join(changed)]
    assert len(rows) == 3
    if not after:
        assert tokens == [None]
        return
    _, scales, starts = tokens
    one, two, three = encoder.count_tokens(changed)
    assert (starts, len(scales)) == ([0, one, one + two], one + two + three)


def test_sentence_comes_between_others_and_another_goes(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder)
    beacon.write("lamps.md", LAMPS[1], " ".join([BEACON[2], NEW, BEACON[0]]))
    library, _, told = updated(beacon, data, encoder)
    assert encoder.encoded_passages == [f"Lamps: {NEW}"]
    assert told == [(1, 1)]
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentences_without_token_vectors_are_encoded_where_they_are_to_be_stored(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder, NO_TOKENS)
    beacon.write("lamps.md", LAMPS[1], " ".join([*BEACON[:2], NEW]))
    library, report, told = updated(beacon, data, encoder)
    assert encoder.encoded_passages == [
        *(f"Lamps: {sentence}" for sentence in (LAMPS[1], *BEACON[:2], NEW)),
        *ROPES_SENTENCES,
    ]
    assert told == [(number, 6) for number in range(1, 7)]
    assert (report.encoded, report.tokens_stored) == (3, True)
    assert report.rebuilt == (
        f"The index in {data} was built anew: its token vectors may be stored again."
    )
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentences_under_another_title_are_encoded_again(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder)
    changed = " ".join([*BEACON[:2], NEW])
    beacon.write("lamps.md", LAMPS[1], changed, title="Lights")
    # One that is known of the lamps, and one of the ropes.
    beacon.write("ropes.md", f"{BEACON[0]} Hemp grows inland.", title="Ropes")
    library, report, told = updated(beacon, data, encoder)
    assert encoder.encoded_passages == [
        *(f"Lights: {sentence}" for sentence in (LAMPS[1], *BEACON[:2], NEW)),
        f"Ropes: {BEACON[0]}",
    ]
    assert told == [(number, 5) for number in range(1, 6)]
    assert report.encoded == 3
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentence_that_moved_to_another_paragraph_is_not_encoded(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder)
    moved = f"{BEACON[1]} {LAMPS[1]}", f"{BEACON[0]} {BEACON[2]}"
    beacon.write("lamps.md", *moved)
    library, report, told = updated(beacon, data, encoder)
    assert (encoder.encoded_passages, told) == ([], [])
    assert report.passages == Changes(changed=2, unchanged=1)
    assert report.encoded == 0
    assert texts(library) == sorted([*moved, *ROPES])
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentence_that_comes_twice_in_a_paragraph_is_encoded_once(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", "Hemp grows inland. Tar is black. Hemp grows inland.", title="T")
    library, _, told = updated(content, data, encoder)
    assert encoder.encoded_passages == ["T: Hemp grows inland.", "T: Tar is black."]
    assert told == [(1, 2), (2, 2)]
    [vectors] = library.index.vectors
    first, second, third = (plain_sentence(one) for one in vectors.sentences())
    assert first == third != second
    assert vectors.tokens is not None
    assert vectors.tokens.starts.tolist() == [0, 3, 6]


def test_progress_counts_the_sentences_that_are_encoded(
    content: ContentFolder, data: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither known ones nor repeated ones; but one of two chunks is encoded with each."""
    monkeypatch.setattr(update, "CHUNK", 2)
    hemp, tar, wax, oil = "Hemp grows inland.", "Tar is black.", "Wax is cast.", "Oil burns."
    content.write("a.md", f"{hemp} {tar}", title="T")
    updated(content, data, encoder)
    chunks = [f"{hemp} {wax}", f"{wax} {hemp}"], [f"{tar} {wax}", f"{tar} {hemp}"], [oil, wax]
    content.write("a.md", *(paragraph for chunk in chunks for paragraph in chunk), title="T")
    _, report, told = updated(content, data, encoder)
    assert encoder.encoded_passages == [f"T: {one}" for one in (wax, wax, oil, wax)]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    # All paragraphs are new, and one of them has nothing but known sentences.
    assert report.passages == Changes(added=5, changed=1)
    assert report.encoded == 5


def plain_sentence(vectors: SentenceVectors) -> tuple[Any, ...]:
    assert vectors.tokens is not None
    tokens = vectors.tokens
    return vectors.row.tolist(), tokens.values.tolist(), tokens.scales.tolist()


def test_passage_taken_apart_and_put_together(encoder: FakeEncoder) -> None:
    """Also where a sentence has no token."""
    text = "Old hemp … grows inland. !"
    spans = ((0, 8), (9, 10), (11, 24), (25, 26))
    passage = TitledPassage("T", Passage("a", 1, 1, 0, len(text), text, None, spans))
    mean = np.zeros(64, np.float32)
    [whole] = encode([passage], encoder, mean)
    assert whole.tokens is not None
    assert whole.tokens.starts.tolist() == [0, 2, 2, 4]
    apart = list(whole.sentences())
    assert [len(one.tokens.scales) for one in apart if one.tokens] == [2, 0, 2, 0]
    encoder.encoded_passages.clear()
    known = dict(zip(passage.sentences(), apart, strict=True))
    [again] = encode([passage], encoder, mean, known=known)
    assert encoder.encoded_passages == []
    assert plain(again) == plain(whole)
    assert again.tokens is not None
    assert again.tokens.starts.dtype == np.int32
    # Where one has no token vectors, those of the others are of no use.
    first = passage.sentences()[0]
    known = {first: SentenceVectors(apart[0].row, None)}
    [rest] = encode([passage], encoder, mean, known=known)
    assert plain(rest) == (whole.rows.tolist(), None)


# --- what is stored -----------------------------------------------------------------------------


def vectors_of(content: ContentFolder, data: Path, encoder: FakeEncoder) -> PassageVectors:
    """The vectors of the one passage there is."""
    library, _ = open_library(content, data, encoder)
    [vectors] = library.index.vectors
    return vectors


def quantised(encoder: FakeEncoder, *words: str) -> QuantisedTokens:
    [encoding] = encoder.encode_questions([" ".join(words)])
    return quantise(unit(encoding.tokens))


def test_tokens_of_each_sentence_after_another(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", ROPES[0], title="Old ropes")
    vectors = vectors_of(content, data, encoder)
    # Five words and three, without the title's.
    assert vectors.tokens.starts.tolist() == [0, 5]
    assert vectors.tokens.starts.dtype == np.int32
    words = ("ropes", "are", "made", "from", "hemp", "hemp", "grows", "inland")
    expected = quantised(encoder, *words)
    assert vectors.tokens.vectors.values.tolist() == expected.values.tolist()
    assert vectors.tokens.vectors.scales.tolist() == expected.scales.tolist()
    # A sentence's row is of its title, too.
    texts = ["Old ropes: Ropes are made from hemp.", "Old ropes: Hemp grows inland."]
    rows = [encoding.vector.tolist() for encoding in encoder.encode_passages(texts)]
    assert vectors.rows.tolist() == rows


def test_tokens_of_a_sentence_that_has_no_room_for_its_title(
    content: ContentFolder, data: Path
) -> None:
    encoder = FakeEncoder(max_tokens=4)
    content.write("a.md", "Old lamps burn oil.", title="Quill")
    vectors = vectors_of(content, data, encoder)
    assert vectors.tokens.starts.tolist() == [0]
    expected = quantised(encoder, "old", "lamps", "burn", "oil")
    assert vectors.tokens.vectors.values.tolist() == expected.values.tolist()
    [encoding] = encoder.encode_passages(["Old lamps burn oil."])
    assert vectors.rows.tolist() == [encoding.vector.tolist()]


def test_token_vectors_are_centred(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", "Hemp")
    fit = fit_for(encoder, passage_mean=0.1)
    library, _ = Library.open(content.path, data, encoder, fit=fit)
    [vectors] = library.index.vectors
    [encoding] = encoder.encode_questions(["hemp"])
    expected = quantise(unit(encoding.tokens - np.float32(0.1)))
    assert vectors.tokens.vectors.values.tolist() == expected.values.tolist()


# --- segments -----------------------------------------------------------------------------------


def test_many_updates_stay_few_segments(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    counts = []
    for number in range(MOST_SEGMENTS + 2):
        content.write(f"{number}.md", f"Text of number {number}.", title=f"T{number}")
        report = report_of(content, data, encoder)
        assert report.encoded == 1
        assert encoder.encoded_passages == [f"T{number}: Text of number {number}."]
        assert on_disk(data) == named(data)
        counts.append(len(named(data)))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    library, report = open_library(content, data, encoder)
    assert texts(library) == sorted(f"Text of number {n}." for n in range(MOST_SEGMENTS + 2))


def test_dead_segment_goes_and_its_living_article_moves(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    for name in ("a", "b", "c"):
        content.write(f"{name}.md", f"Text of {name}.", title=name)
    report_of(content, data, encoder)
    [first] = named(data)
    (content.path / "a.md").unlink()
    report_of(content, data, encoder)
    # Two of three live: the segment stays, and the manifest says which of it counts.
    assert named(data) == {first}
    assert manifest(data).segments[0].articles == ("b", "c")
    (content.path / "b.md").unlink()
    report = report_of(content, data, encoder)
    [second] = named(data)
    assert second != first
    assert on_disk(data) == {second}
    assert report.encoded == 0
    segment = read_segment(data / "segments" / second, 64, tokens=True)
    assert [article.source.id for article in segment.articles] == ["c"]


def test_text_that_comes_back_while_its_segment_lives_is_not_encoded(
    two: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    report_of(two, data, encoder)
    (two.path / "ropes.md").unlink()
    report_of(two, data, encoder)
    two.write("ropes.md", *ROPES, title="Ropes")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(added=1, unchanged=1)
    assert report.encoded == 0


def test_litter_goes_with_the_next_update(
    two: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    report_of(two, data, encoder)
    (data / "segments" / "0123456789ab").mkdir()
    (data / "segments" / "0123456789ab" / "rows.f32").write_bytes(b"\0" * 10)
    (data / "manifest.json.new").write_text("{")
    two.write("stones.md", "Stones lie still.", title="Stones")
    report_of(two, data, encoder)
    assert on_disk(data) == named(data)
    assert sorted(path.name for path in data.iterdir()) == ["lock", "manifest.json", "segments"]
    assert (two.path / "lamps.md").exists()


# --- other models and formats -------------------------------------------------------------------


def test_other_model(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    old = on_disk(data)
    report = report_of(two, data, FakeEncoder(32))
    assert report.rebuilt == (
        f"The index in {data} was built anew: it was made with the model fake-64, "
        "and fake-32 is in use."
    )
    assert (report.articles, report.encoded) == (Changes(added=2), 3)
    assert manifest(data).dimension == 32
    assert on_disk(data) == named(data)
    assert not on_disk(data) & old
    assert report_of(two, data, FakeEncoder(32)).rebuilt is None


def test_other_centring(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    fit = fit_for(encoder, passage_mean=0.1)
    _, report = Library.open(two.path, data, encoder, fit=fit)
    assert report.rebuilt == (
        f"The index in {data} was built anew: it was made with other fitted numbers."
    )
    assert report.encoded == 3


def rewrite_manifest(data: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest's content and sign it as a writer of ours would."""
    body = json.loads((data / "manifest.json").read_text())["index"]
    change(body)
    outer = {"sha256": storage._digest(body), "index": body}
    (data / "manifest.json").write_text(json.dumps(outer, ensure_ascii=False))


def test_other_format(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    rewrite_manifest(data, lambda body: body.update(format=0, more="of another version"))
    report = report_of(two, data, encoder)
    assert report.rebuilt == (
        f"The index in {data} was built anew: its format is 0, and this version of Beleg writes 5."
    )
    assert report.encoded == 3


# --- damage -------------------------------------------------------------------------------------


def assert_damaged(content: ContentFolder, data: Path, encoder: FakeEncoder, reason: str) -> None:
    """The damage is named for ``reason``, and the next update rebuilds and says so."""
    with pytest.raises(DamagedIndexError) as caught:
        read_index(data, encoder, fit_for(encoder))
    assert str(caught.value) == reason
    library, report = open_library(content, data, encoder)
    assert report.rebuilt == f"The index in {data} was built anew: {reason}."
    assert report.encoded == 3
    assert texts(library) == sorted([*LAMPS, *ROPES])
    assert on_disk(data) == named(data)
    assert open_library(content, data, encoder)[1].rebuilt is None


@pytest.fixture
def whole(two: ContentFolder, data: Path, encoder: FakeEncoder) -> Path:
    """An index of two articles, in one segment."""
    report_of(two, data, encoder)
    return data


SEGMENT_FILES = ("passages.json", "rows.f32", "scales.f32", "starts.i32", "tokens.i8")


def segment_file(data: Path, name: str) -> Path:
    [segment] = (data / "segments").iterdir()
    return segment / name


def test_segment_files(whole: Path) -> None:
    [segment] = (whole / "segments").iterdir()
    assert sorted(path.name for path in segment.iterdir()) == list(SEGMENT_FILES)


@pytest.mark.parametrize("name", SEGMENT_FILES)
def test_truncated_file(whole: Path, two: ContentFolder, encoder: FakeEncoder, name: str) -> None:
    size = segment_file(whole, name).stat().st_size
    for length in (0, 1, size // 3, size // 2, size - 1):
        path = segment_file(whole, name)
        path.write_bytes(path.read_bytes()[:length])
        reason = f"{path.parent.name}/{name} has {length} bytes and should have {size}"
        assert_damaged(two, whole, encoder, reason)


@pytest.mark.parametrize("name", SEGMENT_FILES)
def test_flipped_byte(whole: Path, two: ContentFolder, encoder: FakeEncoder, name: str) -> None:
    size = segment_file(whole, name).stat().st_size
    for place in (0, size // 5, size // 2, size - 1):
        path = segment_file(whole, name)
        damaged = bytearray(path.read_bytes())
        damaged[place] ^= 1
        path.write_bytes(damaged)
        reason = f"{path.parent.name}/{name} was changed after it was written"
        assert_damaged(two, whole, encoder, reason)


@pytest.mark.parametrize("name", SEGMENT_FILES)
def test_missing_file(whole: Path, two: ContentFolder, encoder: FakeEncoder, name: str) -> None:
    path = segment_file(whole, name)
    path.unlink()
    assert_damaged(two, whole, encoder, f"{path.parent.name}/{name} is missing")


def test_missing_segment(whole: Path, two: ContentFolder, encoder: FakeEncoder) -> None:
    segment = segment_file(whole, "passages.json").parent
    shutil.rmtree(segment)
    assert_damaged(two, whole, encoder, f"{segment.name}/passages.json is missing")


def test_file_in_place_of_a_segment(whole: Path, two: ContentFolder, encoder: FakeEncoder) -> None:
    segment = segment_file(whole, "passages.json").parent
    shutil.rmtree(segment)
    segment.write_text("not a folder")
    assert_damaged(two, whole, encoder, f"{segment.name}/passages.json is missing")


@pytest.mark.parametrize("name", ["rows.f32", "passages.json"])
def test_files_of_two_indexes_swapped(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, tmp_path: Path, name: str
) -> None:
    other_content = ContentFolder(tmp_path / "other")
    # As long as the first, byte by byte, but for one word.
    other_content.write("lamps.md", LAMPS[0].replace("oil", "wax"), LAMPS[1])
    other_content.write("ropes.md", *ROPES, title="Ropes")
    report_of(other_content, tmp_path / "other-data", encoder)
    foreign = segment_file(tmp_path / "other-data", name)
    mine = segment_file(whole, name)
    assert foreign.stat().st_size == mine.stat().st_size
    shutil.copy(foreign, mine)
    reason = f"{mine.parent.name}/{name} was changed after it was written"
    assert_damaged(two, whole, encoder, reason)


def test_manifest_of_another_index(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, tmp_path: Path
) -> None:
    report_of(two, tmp_path / "other-data", encoder)
    shutil.copy(tmp_path / "other-data" / "manifest.json", whole / "manifest.json")
    name = segment_file(tmp_path / "other-data", "passages.json").parent.name
    assert_damaged(two, whole, encoder, f"{name}/passages.json is missing")


def test_every_byte_of_the_manifest_counts(whole: Path, encoder: FakeEncoder) -> None:
    path = whole / "manifest.json"
    good = path.read_bytes()
    reasons = set()
    for place in range(len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(DamagedIndexError) as caught:
            read_manifest(whole)
        reasons.add(str(caught.value))
    assert reasons == {
        "its manifest cannot be read",
        "its manifest was changed after it was written",
        "its format is 4, and this version of Beleg writes 5",
    }
    for length in range(0, len(good), 7):
        path.write_bytes(good[:length])
        with pytest.raises(DamagedIndexError, match="its manifest cannot be read"):
            read_manifest(whole)
    path.write_bytes(good)
    assert stored(whole, encoder).manifest.passages == 3


CANNOT_BE_READ = "its manifest cannot be read"
CHANGED = "its manifest was changed after it was written"


@pytest.mark.parametrize(
    ("nonsense", "reason"),
    [
        (b"", CANNOT_BE_READ),
        (b"\xff\xfe\x00", CANNOT_BE_READ),
        (b"null", CANNOT_BE_READ),
        (b"[]", CANNOT_BE_READ),
        (b'"index"', CANNOT_BE_READ),
        (b"{}", CANNOT_BE_READ),
        (b'{"sha256": "0", "index": []}', CANNOT_BE_READ),
        (b'{"sha256": "0", "index": {"format": 5, "x": "\\ud800"}}', CANNOT_BE_READ),
        (b"[" * 100_000, CANNOT_BE_READ),
        (b'{"sha256": "0", "index": {"format": ' + b"9" * 5_000 + b"}}", CANNOT_BE_READ),
        (b'{"sha256": [], "index": {"format": 5}}', CHANGED),
        (b'{"sha256": "0", "index": {"format": null}}', CHANGED),
        (b'{"sha256": "0", "index": {"format": {"a": [1]}}}', CHANGED),
        (
            b'{"sha256": "0", "index": {"format": 7}}',
            "its format is 7, and this version of Beleg writes 5",
        ),
    ],
)
def test_nonsense_manifest(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, nonsense: bytes, reason: str
) -> None:
    (whole / "manifest.json").write_bytes(nonsense)
    assert_damaged(two, whole, encoder, reason)


def forgeries() -> Iterator[tuple[str, Any]]:
    wrong: tuple[Any, ...] = (None, "x", -1.5, [], [1], {}, {"name": "a"})
    fields = "model", "centring", "dimension", "content", "passages", "rows", "token_bytes"
    for field in (*fields, "tokens_stored", "left_out", "segments"):
        for value in wrong:
            yield field, value


def forge(body: dict[str, Any], field: str, value: Any) -> None:
    body[field] = value


@pytest.mark.parametrize(("field", "value"), list(forgeries()))
def test_signed_manifest_of_wrong_types(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, field: str, value: Any
) -> None:
    rewrite_manifest(whole, lambda body: forge(body, field, value))
    if (field, value) in (("left_out", []), ("content", "x")):  # nothing is wrong with these
        assert stored(whole, encoder).manifest.passages == 3
        return
    with pytest.raises(DamagedIndexError) as caught:
        read_index(whole, encoder, fit_for(encoder))
    assert str(caught.value) in (
        "its manifest does not say what a manifest says",
        "it was made with the model x, and fake-64 is in use",
        "it was made with other fitted numbers",
        "its manifest and its passages do not fit one another",
    )
    assert open_library(two, whole, encoder)[1].encoded == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("model"),
        lambda body: body["segments"][0].pop("files"),
        lambda body: body["segments"][0].update(files=[]),
        lambda body: body["segments"][0].update(articles="lamps"),
        lambda body: body["segments"][0]["files"].update({"rows.f32": {"size": "10"}}),
        lambda body: body.update(
            left_out=[{"path": 1, "line": None, "reason": "x", "name": "", "values": {}}]
        ),
    ],
)
def test_signed_manifest_of_wrong_shape(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, change: Callable[[Any], None]
) -> None:
    rewrite_manifest(whole, change)
    assert_damaged(two, whole, encoder, "its manifest does not say what a manifest says")


def test_a_segment_is_mapped_once(whole: Path, two: ContentFolder, encoder: FakeEncoder) -> None:
    [segment] = stored(whole, encoder).segments
    library, _ = open_library(two, whole, encoder)
    assert stored(whole, encoder).segments[0] is segment
    # Written anew, though with the same content, it is another one.
    path = segment_file(whole, "starts.i32")
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))
    assert stored(whole, encoder).segments[0] is not segment
    assert library.passage_count == 3


def test_signed_manifest_that_forgets_a_file(
    whole: Path, two: ContentFolder, encoder: FakeEncoder
) -> None:
    path = segment_file(whole, "starts.i32")
    path.unlink()
    rewrite_manifest(whole, lambda body: body["segments"][0]["files"].pop("starts.i32"))
    assert_damaged(two, whole, encoder, f"{path.parent.name}/starts.i32 is missing")


def test_signed_manifest_that_forgets_an_article(
    whole: Path, two: ContentFolder, encoder: FakeEncoder
) -> None:
    rewrite_manifest(whole, lambda body: body["segments"][0].update(articles=["lamps"]))
    reason = "its manifest and its passages do not fit one another"
    assert_damaged(two, whole, encoder, reason)


def rewrite_passages(data: Path, change: Callable[[Any], Any]) -> str:
    """Change ``passages.json`` and sign it; the segment's name."""
    path = segment_file(data, "passages.json")
    content = json.loads(path.read_text())
    changed = change(content)
    path.write_text(json.dumps(content if changed is None else changed))
    entry = {"size": path.stat().st_size, "sha256": storage.file_digest(path)}
    rewrite_manifest(data, lambda body: body["segments"][0]["files"].update({path.name: entry}))
    return path.parent.name


@pytest.mark.parametrize(
    "change",
    [
        lambda content: [],
        lambda content: {"articles": []},
        lambda content: content.update(tokens=[3, -1, 2]),
        lambda content: content.update(tokens=["1", "2", "3"]),
        lambda content: content["articles"][0].pop("source"),
        lambda content: content["articles"][0].update(passages={}),
        lambda content: content["articles"][0]["passages"][0].update(sentences=[[1]]),
        lambda content: content["articles"][0]["passages"][0].update(text=None),
    ],
)
def test_signed_passages_of_wrong_shape(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, change: Callable[[Any], Any]
) -> None:
    name = rewrite_passages(whole, change)
    assert_damaged(two, whole, encoder, f"{name}/passages.json cannot be read")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["tokens"].pop(),
        lambda content: content["tokens"].append(0),
        lambda content: content["tokens"].__setitem__(0, content["tokens"][0] + 1),
        lambda content: content["tokens"].__setitem__(0, 10**30),
        lambda content: content["articles"].pop(),
        lambda content: content["articles"][0]["passages"][0]["sentences"].pop(),
    ],
)
def test_signed_passages_that_do_not_fit(
    whole: Path, two: ContentFolder, encoder: FakeEncoder, change: Callable[[Any], Any]
) -> None:
    name = rewrite_passages(whole, lambda content: change(content) and None)
    assert_damaged(two, whole, encoder, f"the files of {name} do not fit one another")


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


def test_an_article_that_stays_is_not_split_again(content: ContentFolder, data: Path) -> None:
    counted: list[str] = []

    class Counting(FakeEncoder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            counted.extend(texts)
            return super().count_tokens(texts)

    encoder = Counting()
    content.write("lamps.md", "Lamps burn whale oil.", "Wicks are trimmed at dawn.")
    content.write("ropes.md", "Ropes are twisted from hemp.")
    open_library(content, data, encoder)
    before = read_manifest(data)
    counted.clear()
    content.write("ropes.md", "Ropes are twisted from jute.")
    library, _ = open_library(content, data, encoder)
    assert set(counted) == {"Ropes are twisted from jute.", "Lamps: Ropes are twisted from jute."}
    assert [passage.text for passage in library.index.passages] == [
        "Lamps burn whale oil.",
        "Wicks are trimmed at dawn.",
        "Ropes are twisted from jute.",
    ]
    after = read_manifest(data)
    assert before is not None
    assert after is not None
    # As many tokens as before, so as many bytes: the tokens of what stays are known.
    assert after.token_bytes == before.token_bytes == 14 * (64 + 4)
