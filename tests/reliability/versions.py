"""Two versions of a content folder, and which of them an index holds: all of one, or a mixture."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from beleg_process import Beleg
from content_folder import ContentFolder
from fake_encoder import FakeEncoder

from index.fit import load_fit
from index.library import Library
from index.storage import read_manifest
from index.update import StoredIndex, read_index

VERSIONS = ("first", "second")
PARAGRAPHS = 60


def write_version(content: ContentFolder, version: str) -> None:
    """Make the folder hold this version: an article that both have, one that differs in half of
    its paragraphs, and one that only this version has."""
    shutil.rmtree(content.path, ignore_errors=True)
    words = [version if number % 2 else "always" for number in range(PARAGRAPHS)]
    log = [f"On day {n} the {word} ship came. It was seen." for n, word in enumerate(words)]
    content.write("log.md", *log, title="Log")
    content.write("lamps.md", "The lamps of Quill burn oil. They were lit in March.")
    content.write(f"{version}.md", f"Only the {version} version says this.", title=version)


@dataclass(frozen=True, slots=True)
class Held:
    """What an index holds."""

    version: str
    dimension: int


def held(data: Path) -> Held | None:
    """The version that the index in ``data`` holds, texts and vectors; None if there is no index.

    Raises DamagedIndexError for one that is not whole, AssertionError for a mixture.
    """
    manifest = read_manifest(data)
    if manifest is None:
        return None
    encoder = FakeEncoder(int(manifest.model.removeprefix("fake-")))
    stored = read_index(data, encoder, load_fit(encoder))
    assert stored is not None
    found = _content(stored)
    [version] = [v for v in VERSIONS if found == _expected(v, encoder.dimension)]
    return Held(version, encoder.dimension)


def files(data: Path) -> set[str]:
    """Every file in ``data``, by its path in there."""
    return {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}


def index_files(data: Path) -> set[str]:
    """The files that an index consists of, with its lock, and no other."""
    manifest = read_manifest(data)
    assert manifest is not None
    named = {f"segments/{s.name}/{file}" for s in manifest.segments for file in s.files}
    return {"lock", "manifest.json", *named}


def litter(data: Path) -> set[str]:
    """Names of segments that do not count, and of other files in ``data`` that an index has not."""
    manifest = read_manifest(data)
    named = {segment.name for segment in manifest.segments} if manifest else set()
    segments = data / "segments"
    there = {path.name for path in segments.iterdir()} if segments.is_dir() else set()
    return there - named | {p.name for p in data.iterdir()} - {"lock", "manifest.json", "segments"}


class Ships:
    """A content folder, the data folder of its index, and ``beleg`` on both."""

    def __init__(self, folder: Path) -> None:
        self.content = ContentFolder(folder / "content")
        self.data = folder / "data"
        self.log = folder / "log.txt"

    def arguments(self, command: str) -> list[str | Path]:
        return [command, "--content", self.content.path, "--data", self.data]

    def start(self, target: Held, *, dies_at: int | None = None) -> Beleg:
        """Begin to make the index hold ``target``."""
        write_version(self.content, target.version)
        return Beleg.start(
            self.arguments("index"), self.log, dimension=target.dimension, dies_at=dies_at
        )

    def finish(self, target: Held) -> None:
        """Make it hold ``target``; if there is anything to write, not one file too many is left."""
        current = self.data.exists() and held(self.data) == target
        beleg = self.start(target)
        assert beleg.exit_status() == 0, beleg.printed()
        assert held(self.data) == target
        if not current:
            assert files(self.data) == index_files(self.data)

    def check(self, old: Held | None, target: Held) -> str:
        """After a kill: the index is the old one or the new one, and there is at most one
        unfinished segment and one unfinished manifest."""
        found = held(self.data) if self.data.exists() else None
        assert found in (old, target)
        extra = litter(self.data) if self.data.exists() else set()
        assert len(extra - {"manifest.json.new"}) <= 1, extra
        return "old" if found == old else "new"


def _content(stored: StoredIndex) -> Counter[tuple[str, str, bytes, bytes, bytes]]:
    """Of every passage its article, its text and its vectors."""
    content: Counter[tuple[str, str, bytes, bytes, bytes]] = Counter()
    for segment, live in stored.live():
        vectors = iter(segment.vectors)
        for article in segment.articles:
            for passage in article.passages:
                of_passage = next(vectors)
                assert of_passage.tokens is not None
                values = of_passage.tokens.vectors.values.tobytes()
                starts = of_passage.tokens.starts.tobytes()
                if article.source.id in live:
                    rows = of_passage.rows.tobytes()
                    content[article.source.id, passage.text, rows, values, starts] += 1
    return content


@cache
def _expected(version: str, dimension: int) -> Counter[tuple[str, str, bytes, bytes, bytes]]:
    encoder = FakeEncoder(dimension)
    with TemporaryDirectory() as folder:
        content = ContentFolder(Path(folder, "content"))
        write_version(content, version)
        fit = load_fit(encoder)
        Library.open(content.path, Path(folder, "data"), encoder, fit=fit)
        stored = read_index(Path(folder, "data"), encoder, fit)
        assert stored is not None
        return _content(stored)
