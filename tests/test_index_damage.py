"""An index that is damaged, or of another model or format: it is named, and made anew."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from lamps_and_ropes import (
    LAMPS,
    ROPES,
    manifest,
    named,
    on_disk,
    open_library,
    report_of,
    segment_file,
    stored,
    texts,
)

from index import storage
from index.library import Library
from index.storage import DamagedIndexError, read_manifest
from index.update import Changes, read_index

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


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
        f"The index in {data} was built anew: its format is 0, and this version of Beleg writes 7."
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


SEGMENT_FILES = ("passages.json", "rows.f32", "scales.f32", "starts.i32", "tokens.i8")


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
        "its format is 6, and this version of Beleg writes 7",
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
        (b"{}", CANNOT_BE_READ),
        (b'{"sha256": "0", "index": []}', CANNOT_BE_READ),
        (b'{"sha256": "0", "index": {"format": 6, "x": "\\ud800"}}', CANNOT_BE_READ),
        (b"[" * 100_000, CANNOT_BE_READ),
        (b'{"sha256": "0", "index": {"format": ' + b"9" * 5_000 + b"}}", CANNOT_BE_READ),
        (b'{"sha256": [], "index": {"format": 7}}', CHANGED),
        (b'{"sha256": "0", "index": {"format": null}}', CHANGED),
        (b'{"sha256": "0", "index": {"format": {"a": [1]}}}', CHANGED),
        (
            b'{"sha256": "0", "index": {"format": 8}}',
            "its format is 8, and this version of Beleg writes 7",
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
