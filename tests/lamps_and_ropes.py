"""Two small articles, and what tests see of an index of them in the data folder."""

from pathlib import Path

from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index import storage
from index.library import Library
from index.storage import Manifest, read_manifest
from index.token_vectors import TOKEN_LIMIT
from index.update import IndexReport, StoredIndex, read_index

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


def segment_file(data: Path, name: str) -> Path:
    [segment] = (data / "segments").iterdir()
    return segment / name
