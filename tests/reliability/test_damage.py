"""Damaged index files: noticed, named and rebuilt; never a crash, never a wrong quote.

A few places with the other tests; ``--count 500`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from versions import VERSIONS, Held, held, index_files, write_version

from index.clusters import clusters_file
from index.fit import load_fit
from index.library import Library
from index.nearest import Search
from index.storage import FORMAT, DamagedIndexError, read_manifest
from index.update import read_index

FEW = 5
NAMES = ("passages.json", "rows.f32", "scales.f32", "starts.i32", "tokens.i8")


class Indexes:
    """A good index of each version, and a third folder for what is to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        for version in VERSIONS:
            write_version(self.content(version), version)
            self.open(self.good(version), version)

    def content(self, version: str) -> ContentFolder:
        return ContentFolder(self.folder / f"content-{version}")

    def good(self, version: str) -> Path:
        return self.folder / f"data-{version}"

    def open(self, data: Path, version: str) -> tuple[Library, str | None]:
        content = self.content(version).path
        library, report = Library.open(content, data, FakeEncoder())
        return library, report.rebuilt

    def fresh(self) -> list[Path]:
        """A copy of the first index; its files, the manifest first."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.good(VERSIONS[0]), self.data)
        names = sorted(index_files(self.data) - {"lock"})
        assert [Path(name).name for name in names] == ["manifest.json", *NAMES]
        return [self.data / name for name in names]

    def assert_rebuilt(self, *reasons: str) -> str:
        """The damage is named for one of ``reasons``; the next update rebuilds and its quotes are
        the articles' words. The reason."""
        encoder = FakeEncoder()
        with pytest.raises(DamagedIndexError) as caught:
            read_index(self.data, encoder, load_fit(encoder))
        reason = str(caught.value)
        assert reason in reasons
        library, rebuilt = self.open(self.data, VERSIONS[0])
        assert rebuilt == f"The index in {self.data} was built anew: {reason}."
        assert held(self.data) == Held(VERSIONS[0], 64)
        said = f"Only the {VERSIONS[0]} version says this."
        citation = library.answer(said).citations[0]
        assert (citation.article, citation.quote) == (VERSIONS[0], said)
        return reason


@pytest.fixture
def indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Indexes:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody pulls the plug here
    return Indexes(tmp_path)


MANIFEST_REASONS = (
    "its manifest cannot be read",
    "its manifest was changed after it was written",
    *(
        f"its format is {number}, and this version of Beleg writes 3"
        for number in range(10)
        if number != 3
    ),
)


def reasons_for(path: Path, size: int) -> tuple[str, ...]:
    """What may be said of a damaged file that had ``size`` bytes."""
    if path.name == "manifest.json":
        return MANIFEST_REASONS
    name = f"{path.parent.name}/{path.name}"
    now = path.stat().st_size
    if now != size:
        return (f"{name} has {now} bytes and should have {size}",)
    return (f"{name} was changed after it was written",)


def test_flipped_bytes(
    indexes: Indexes, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    chance = random.Random(3)
    seen: Counter[str] = Counter()
    for _ in range(repetitions(FEW)):
        path = chance.choice(indexes.fresh())
        damaged = bytearray(path.read_bytes())
        damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        indexes.assert_rebuilt(*reasons_for(path, len(damaged)))
        seen[path.name] += 1
    tell(f"{seen.total()} flipped bytes, all noticed and rebuilt: {dict(sorted(seen.items()))}")


def test_truncated_files(
    indexes: Indexes, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    chance = random.Random(4)
    seen: Counter[str] = Counter()
    for _ in range(repetitions(FEW)):
        path = chance.choice(indexes.fresh())
        size = path.stat().st_size
        os.truncate(path, chance.randrange(size))
        indexes.assert_rebuilt(*reasons_for(path, size))
        seen[path.name] += 1
    tell(f"{seen.total()} truncations, all noticed and rebuilt: {dict(sorted(seen.items()))}")


def test_files_of_another_index(
    indexes: Indexes, request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    """Every file in the place of every other one, from this index and from one of other articles,
    except where both are the same."""
    swaps = 0
    cases = list(product(VERSIONS, NAMES, NAMES))
    if request.config.getoption("--count") is None:
        cases = random.Random(5).sample(cases, FEW)
    for version, mine, other in cases:
        good = indexes.fresh()
        [source] = indexes.good(version).glob(f"segments/*/{other}")
        [target] = [path for path in good if path.name == mine]
        size, before = target.stat().st_size, target.read_bytes()
        if source.read_bytes() == before:
            assert mine == other
            continue
        shutil.copy(source, target)
        indexes.assert_rebuilt(*reasons_for(target, size))
        swaps += 1
    tell(f"{swaps} swapped files, all noticed and rebuilt")


def test_manifest_of_another_index_model_or_format(
    indexes: Indexes, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    manifest = "manifest.json"
    indexes.fresh()
    shutil.copy(indexes.good(VERSIONS[1]) / manifest, indexes.data)
    other = read_manifest(indexes.data)
    assert other is not None
    indexes.assert_rebuilt(f"{other.segments[0].name}/passages.json is missing")

    Library.open(indexes.content(VERSIONS[0]).path, tmp_path / "model", FakeEncoder(32))
    indexes.fresh()
    shutil.copy(tmp_path / "model" / manifest, indexes.data)
    indexes.assert_rebuilt("it was made with the model fake-32, and fake-64 is in use")

    path = indexes.fresh()[0]
    content = json.loads(path.read_bytes())
    content["index"]["format"] = FORMAT + 1
    path.write_text(json.dumps(content))
    indexes.assert_rebuilt(f"its format is {FORMAT + 1}, and this version of Beleg writes {FORMAT}")
    tell("3 manifests, all noticed and rebuilt")


def test_damaged_clusters(
    indexes: Indexes, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    """They are derived, so the index stays and only they are made anew."""
    encoder = FakeEncoder()
    data, content = indexes.good(VERSIONS[0]), indexes.content(VERSIONS[0]).path
    said = f"Only the {VERSIONS[0]} version says this."

    def quotes() -> list[str]:
        library, report = Library.open(content, data, encoder, search=Search.CLUSTERED)
        assert report.rebuilt is None
        return [citation.quote for citation in library.answer(said).citations]

    good = quotes()
    assert good[0] == said
    [clusters] = data.glob(f"segments/*/{clusters_file(data, '0').name}")
    whole = clusters.read_bytes()
    chance = random.Random(6)
    seen: Counter[str] = Counter()
    for _ in range(repetitions(FEW)):
        damaged = bytearray(whole)
        kind = chance.choice(("flipped", "truncated"))
        place = chance.randrange(len(damaged))
        if kind == "flipped":
            damaged[place] ^= chance.randrange(1, 256)
        else:
            del damaged[place:]
        clusters.unlink()  # one that is mapped must not be changed where it lies
        clusters.write_bytes(damaged)
        assert quotes() == good
        assert clusters.read_bytes() == whole
        seen[kind] += 1
    tell(f"{seen.total()} damaged files of clusters, all made anew: {dict(sorted(seen.items()))}")
