"""What an update of the index encodes, counts and stores."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from cachetools import LRUCache
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from lamps_and_ropes import (
    LAMPS,
    ROPES,
    ROPES_SENTENCES,
    SENTENCES,
    files,
    manifest,
    named,
    on_disk,
    open_library,
    report_of,
    stored,
    texts,
    updated,
)

from index import content, file_identity, segments, update
from index.late_interaction import QuantisedTokens, quantise, unit
from index.library import Library
from index.passage_vectors import PassageVectors, SentenceVectors, TitledPassage, encode
from index.passages import Passage
from index.remarks import Remark
from index.segments import read_segment
from index.storage import read_manifest
from index.token_vectors import TOKEN_LIMIT
from index.update import MOST_SEGMENTS, Changes

READ_AND_SPLIT = (
    (content, "read_article", lambda _folder, path, _bytes: path),
    (update, "split_article", lambda article, **_: article.id),
)


def noted(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, note: Callable[..., str]
) -> Callable[[], list[str]]:
    """What ``note`` makes of the arguments of each call of the function from now on; gives those
    since it was asked last."""
    notes: list[str] = []
    function = getattr(module, name)

    def noting(*args: Any, **more: Any) -> Any:
        notes.append(note(*args, **more))
        return function(*args, **more)

    def since() -> list[str]:
        told = notes.copy()
        notes.clear()
        return told

    monkeypatch.setattr(module, name, noting)
    return since


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


# --- what is counted and encoded ----------------------------------------------------------------


def test_first_build(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    library, report, told = updated(two, data, encoder)
    assert (report.articles, report.passages) == (Changes(added=2), Changes(added=3))
    assert (report.encoded, report.errors, report.rebuilt) == (3, (), None)
    assert encoder.encoded_passages == ["Lamps", "Ropes", *SENTENCES]
    assert told == [(number, 5) for number in range(1, 6)]
    assert texts(library) == sorted([*LAMPS, *ROPES])
    assert [source.title for source in library.articles] == ["Lamps", "Ropes"]
    assert library.passage_count == 3
    found = manifest(data)
    assert (found.format, found.model, found.dimension) == (7, "fake-64", 64)
    assert (found.passages, found.rows, len(found.segments)) == (3, 5, 1)


def test_title_is_left_out_where_it_does_not_fit(content: ContentFolder, data: Path) -> None:
    encoder = FakeEncoder(max_tokens=4)
    content.write("a.md", "Lamps burn. Old lamps burn oil.", title="Quill")
    report_of(content, data, encoder)
    assert encoder.encoded_passages == ["Quill", "Quill: Lamps burn.", "Old lamps burn oil."]


def test_second_run_changes_nothing(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    before = files(data)
    library, report = open_library(two, data, encoder)
    assert (report.articles, report.passages) == (Changes(unchanged=2), Changes(unchanged=3))
    assert (report.encoded, report.rebuilt) == (0, None)
    assert encoder.encoded_passages == ["Lamps", "Ropes", *SENTENCES]
    assert files(data) == before
    assert texts(library) == sorted([*LAMPS, *ROPES])


def test_only_what_changed_is_read_and_split_by_another_process(
    two: ContentFolder, data: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_of(two, data, encoder)
    two.write("stones.md", "Stones lie still.", title="Stones")
    monkeypatch.setattr(content, "_remembered", LRUCache(10**6))  # as in a new process
    read, split = (noted(monkeypatch, *of) for of in READ_AND_SPLIT)
    assert report_of(two, data, encoder).articles == Changes(added=1, unchanged=2)
    assert (read(), split()) == (["stones.md"], ["stones"])


def test_what_would_be_split_differently_is_split_once(
    two: ContentFolder, data: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it turns out the same, and nothing is encoded."""
    report_of(two, data, encoder)
    for module in (segments, update):
        monkeypatch.setattr(module, "SPLITTING", module.SPLITTING + 1)
    _, split = (noted(monkeypatch, *of) for of in READ_AND_SPLIT)
    for name, once in (("a.md", ["a", "lamps", "ropes"]), ("b.md", ["b"])):
        two.write(name, f"Stones lie in {name}.", title="Stones")
        assert report_of(two, data, encoder).articles.added == 1
        assert sorted(split()) == once
        assert encoder.encoded_passages == ["Stones", f"Stones: Stones lie in {name}."]


@pytest.mark.parametrize("number", ["READING", "SPLITTING"])
def test_what_would_be_read_or_split_differently_is_so_without_a_change(
    number: str,
    two: ContentFolder,
    data: Path,
    encoder: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report_of(two, data, encoder)
    for module in (content,) if number == "READING" else (segments, update):
        monkeypatch.setattr(module, number, getattr(module, number) + 1)
    monkeypatch.setattr(content, "_remembered", LRUCache(10**6))
    read, split = (noted(monkeypatch, *of) for of in READ_AND_SPLIT)
    for once in (["lamps", "ropes"], []):
        assert report_of(two, data, encoder).articles == Changes(unchanged=2)
        assert sorted(split()) == once
        assert [path.removesuffix(".md") for path in sorted(read())] == once
        assert encoder.encoded_passages == []


@pytest.mark.parametrize("made_from", ["", "ab" * 32])
def test_an_index_of_an_earlier_version_is_read_and_split_once(
    made_from: str,
    two: ContentFolder,
    data: Path,
    encoder: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        update, "indexed", lambda *of: replace(segments.indexed(*of), made_from=made_from)
    )
    report_of(two, data, encoder)
    monkeypatch.setattr(update, "indexed", segments.indexed)
    _, split = (noted(monkeypatch, *of) for of in READ_AND_SPLIT)
    for name, once in (("a.md", ["a", "lamps", "ropes"]), ("b.md", ["b"])):
        two.write(name, f"Stones lie in {name}.", title="Stones")
        report_of(two, data, encoder)
        assert sorted(split()) == once


def test_added_article(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("stones.md", "Stones lie still.", title="Stones")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(added=1, unchanged=2)
    assert report.passages == Changes(added=1, unchanged=3)
    assert report.encoded == 1
    assert encoder.encoded_passages == ["Stones", "Stones: Stones lie still."]


def test_changed_paragraph(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("lamps.md", LAMPS[0], "Somebody counts the lamps.", "And pays.")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.passages == Changes(added=1, changed=1, unchanged=2)
    assert report.encoded == 2
    assert encoder.encoded_passages == [
        "Lamps",
        "Lamps: Somebody counts the lamps.",
        "Lamps: And pays.",
    ]


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


def test_of_copies_that_in_the_first_article_is_cited_whichever_is_new(
    two: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    report_of(two, data, encoder)
    two.write("copied.md", *LAMPS)
    for folder in (data, tmp_path / "anew"):
        library, _ = open_library(two, folder, encoder)
        answer = library.answer(LAMPS[1])
        assert (answer.citations[0].article, answer.citations[0].quote) == ("copied", LAMPS[1])


def test_new_title_encodes_again(two: ContentFolder, data: Path, encoder: FakeEncoder) -> None:
    report_of(two, data, encoder)
    two.write("ropes.md", *ROPES, title="Cords")
    report = report_of(two, data, encoder)
    assert report.articles == Changes(changed=1, unchanged=1)
    assert report.passages == Changes(unchanged=3)
    assert report.encoded == 1
    assert encoder.encoded_passages == [
        "Cords",
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
    assert encoder.encoded_passages == ["Ropes", *ROPES_SENTENCES]


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
        *("T", f"T: {LAMPS[1]}", "T: Ropes are made from hemp.", "T: Hemp grows inland."),
        *("T", "T: Hemp is cut."),
        *("T", "T: Tar is boiled.", "T: Wax is cast."),
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
    assert encoder.encoded_passages == [*(["Lamps"] if after else []), f"Lamps: {NEW}"]
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
    assert (starts, len(scales)) == ([1, 1 + one, 1 + one + two], 1 + one + two + three)


def test_sentence_comes_between_others_and_another_goes(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder)
    beacon.write("lamps.md", LAMPS[1], " ".join([BEACON[2], NEW, BEACON[0]]))
    library, _, told = updated(beacon, data, encoder)
    assert encoder.encoded_passages == ["Lamps", f"Lamps: {NEW}"]
    assert told == [(1, 1)]
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentences_without_token_vectors_are_encoded_where_they_are_to_be_stored(
    beacon: ContentFolder, data: Path, encoder: FakeEncoder, tmp_path: Path
) -> None:
    updated(beacon, data, encoder, NO_TOKENS)
    beacon.write("lamps.md", LAMPS[1], " ".join([*BEACON[:2], NEW]))
    library, report, told = updated(beacon, data, encoder)
    assert encoder.encoded_passages == [
        *("Lamps", "Ropes"),
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
        *("Lights", "Ropes"),
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
    assert (encoder.encoded_passages, told) == (["Lamps"], [])
    assert report.passages == Changes(changed=2, unchanged=1)
    assert report.encoded == 0
    assert texts(library) == sorted([*moved, *ROPES])
    assert_as_built_anew(library, beacon, tmp_path)


def test_sentence_that_comes_twice_in_a_paragraph_is_encoded_once(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", "Hemp grows inland. Tar is black. Hemp grows inland.", title="T")
    library, _, told = updated(content, data, encoder)
    assert encoder.encoded_passages == ["T", "T: Hemp grows inland.", "T: Tar is black."]
    assert told == [(1, 2), (2, 2)]
    [vectors] = library.index.vectors
    first, second, third = (plain_sentence(one) for one in vectors.sentences())
    assert first == third != second
    assert vectors.tokens is not None
    assert vectors.tokens.starts.tolist() == [1, 4, 7]


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
    assert encoder.encoded_passages == [
        *("T", f"T: {wax}", "T", f"T: {wax}"),
        *("T", f"T: {oil}", f"T: {wax}"),
    ]
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
    assert whole.tokens.starts.tolist() == [1, 3, 3, 5]
    apart = list(whole.sentences())
    assert [len(one.tokens.scales) for one in apart if one.tokens] == [2, 0, 2, 0]
    encoder.encoded_passages.clear()
    known = dict(zip(passage.sentences(), apart, strict=True))
    [again] = encode([passage], encoder, mean, known=known)
    assert encoder.encoded_passages == ["T"]
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
    # The title's two words, then five and three.
    assert vectors.tokens.starts.tolist() == [2, 7]
    assert vectors.tokens.starts.dtype == np.int32
    words = ("old", "ropes", "ropes", "are", "made", "from", "hemp", "hemp", "grows", "inland")
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
    assert vectors.tokens.starts.tolist() == [1]
    expected = quantised(FakeEncoder(), "quill", "old", "lamps", "burn", "oil")
    assert vectors.tokens.vectors.values.tolist() == expected.values.tolist()
    [encoding] = encoder.encode_passages(["Old lamps burn oil."])
    assert vectors.rows.tolist() == [encoding.vector.tolist()]


@pytest.mark.parametrize(("words", "kept"), [(40, 40), (41, 0)])
def test_a_long_title_has_no_tokens(
    content: ContentFolder, data: Path, encoder: FakeEncoder, words: int, kept: int
) -> None:
    content.write("a.md", "Hemp grows.", title=" ".join(f"w{n}" for n in range(words)))
    vectors = vectors_of(content, data, encoder)
    assert vectors.tokens.starts.tolist() == [kept]
    assert len(vectors.tokens.vectors.scales) == kept + 2
    assert manifest(data).token_bytes == (kept + 2) * (64 + 4)


def test_a_title_that_is_longer_than_what_the_model_reads(
    content: ContentFolder, data: Path
) -> None:
    encoder = FakeEncoder(max_tokens=4)
    content.write("a.md", "Old lamps burn oil.", title="Five words in one title")
    vectors = vectors_of(content, data, encoder)
    assert vectors.tokens.starts.tolist() == [0]
    expected = quantised(encoder, "old", "lamps", "burn", "oil")
    assert vectors.tokens.vectors.values.tolist() == expected.values.tolist()
    assert manifest(data).token_bytes == 4 * (64 + 4)


def test_token_vectors_are_centred(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    content.write("a.md", "Hemp", title="Hemp")
    fit = fit_for(encoder, passage_mean=0.1)
    library, _ = Library.open(content.path, data, encoder, fit=fit)
    [vectors] = library.index.vectors
    [encoding] = encoder.encode_questions(["hemp hemp"])
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
        assert encoder.encoded_passages == [f"T{number}", f"T{number}: Text of number {number}."]
        assert on_disk(data) == named(data)
        counts.append(len(named(data)))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    library, report = open_library(content, data, encoder)
    assert texts(library) == sorted(f"Text of number {n}." for n in range(MOST_SEGMENTS + 2))


def test_a_large_segment_stays_when_small_ones_are_put_together(
    content: ContentFolder, data: Path, encoder: FakeEncoder
) -> None:
    """An update must not take room and time for all that is there."""
    content.write("large.md", *(f"Text {n} of the large one." for n in range(20)), title="L")
    report_of(content, data, encoder)
    large = named(data)
    for number in range(MOST_SEGMENTS):
        content.write(f"{number}.md", f"Text of number {number}.", title=f"T{number}")
        report_of(content, data, encoder)
    assert [len(entry.articles) for entry in manifest(data).segments] == [1, MOST_SEGMENTS]
    assert large < named(data) == on_disk(data)


@pytest.mark.parametrize(
    ("sizes", "large"),
    [
        ([1] * 8, []),
        ([100, 1, 1, 1, 1, 1, 1, 1], [0]),
        # Those of a few large imports, which are no larger than one another together.
        ([5000, 3000, 2500, 1, 1, 1, 1, 1], [2, 1, 0]),
        ([5000, 5000, 1, 1, 1, 1, 1, 1], [0, 1]),
        ([9, 9, 9, 9, 9, 1, 1, 1], []),
        ([1, 1, 1, 1, 4, 9, 20, 50], [5, 6, 7]),
        ([1, 2, 4, 8, 16, 32, 64, 128], [4, 5, 6, 7]),
    ],
)
def test_which_segments_are_large(sizes: list[int], large: list[int]) -> None:
    assert update._large(sizes) == large


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
    segment = read_segment(data / "segments" / second, 64, token_bytes=0)
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


def test_an_article_that_stays_is_not_split_again(
    content: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    class Counting(FakeEncoder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            counted.extend(texts)
            return super().count_tokens(texts)

    encoder = Counting()
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):  # also where the file was parsed before
        monkeypatch.setattr(file_identity, name, 0)
    content.write("lamps.md", "Lamps burn whale oil.", "Wicks are trimmed at dawn.")
    content.write("ropes.md", "Ropes are twisted from hemp.")
    open_library(content, data, encoder)
    before = read_manifest(data)
    counted.clear()
    content.write("ropes.md", "Ropes are twisted from jute.")
    library, _ = open_library(content, data, encoder)
    assert set(counted) == {
        *("Lamps", "Ropes are twisted from jute.", "Lamps: Ropes are twisted from jute."),
    }
    assert [passage.text for passage in library.index.passages] == [
        "Lamps burn whale oil.",
        "Wicks are trimmed at dawn.",
        "Ropes are twisted from jute.",
    ]
    after = read_manifest(data)
    assert before is not None
    assert after is not None
    # As many tokens as before, three of them a title's; the tokens of what stays are known.
    assert after.token_bytes == before.token_bytes == (14 + 3) * (64 + 4)
