"""The data folder on disk: what makes an index whole, and how it changes from one whole to the
next.

    data/
      manifest.json      the only file that says what counts; replaced in one step
      segments/<name>/   files that never change once the manifest names them
      lock               held while the folder is written

A save writes a new segment, makes it durable, and then replaces the manifest. A process killed
before the replacement leaves the old index; killed after it, the new one. Segments that no manifest
names are swept away by the next writer, and by one that fails at the moment it does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from index.file_identity import settled_identity

log = logging.getLogger(__name__)

FORMAT = 7
MANIFEST = "manifest.json"
SEGMENTS = "segments"
LOCK = "lock"
_UNFINISHED = f"{MANIFEST}.new"
_SEGMENT_NAME = re.compile("[0-9a-f]{12}")
_QUOTED_NAME = re.compile('"([0-9a-f]{12})"')
LOCK_SECONDS = 600.0
"""How long a writer waits for another one: longer than any reindex of a library this program is
for."""


class StorageError(Exception):
    """The data folder cannot be used; ``str()`` is one sentence for the person who runs the
    program."""


class DamagedIndexError(Exception):
    """What is on disk is not a whole index of ours; ``str()`` says why.

    The remedy is to rebuild it.
    """


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's length in bytes and the hexadecimal SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment as the manifest knows it: which of its articles still count, and its files."""

    name: str
    articles: tuple[str, ...]
    files: dict[str, StoredFile]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A content file that was not indexed, and why: `name` and `values` as in `Said`."""

    path: str
    line: int | None
    reason: str
    name: str
    values: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the index was made of.

    A difference in ``format``, ``model`` or ``centring`` means a rebuild. ``token_bytes``: about
    what all passages' token vectors take; ``tokens_stored``: whether the segments hold them.
    """

    format: int
    model: str
    centring: str
    dimension: int
    content: str
    passages: int
    rows: int
    token_bytes: int
    tokens_stored: bool
    left_out: tuple[LeftOut, ...]
    segments: tuple[SegmentEntry, ...]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; None where there is none.

    Raises DamagedIndexError for a file that is not a manifest of this format, StorageError if it
    cannot be read.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(_cannot("read", path, error)) from error
    try:
        outer = json.loads(raw)
        # Ours is an object with a digest and an object, and a damaged one still has one of them.
        if outer and not (
            isinstance(outer, dict) and ("sha256" in outer or isinstance(outer.get("index"), dict))
        ):
            raise _foreign(path)
        body, digest, version = outer["index"], outer["sha256"], outer["index"]["format"]
        whole = digest == _digest(body)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        if not (folder / SEGMENTS).is_dir():  # no index was ever here
            raise _foreign(path) from error
        raise DamagedIndexError("its manifest cannot be read") from error
    if isinstance(version, int) and version != FORMAT:
        raise DamagedIndexError(
            f"its format is {version}, and this version of Beleg writes {FORMAT}"
        )
    if not whole:
        raise DamagedIndexError("its manifest was changed after it was written")
    try:
        return _manifest_type().validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        raise DamagedIndexError("its manifest does not say what a manifest says") from error


def _foreign(path: Path) -> StorageError:
    return StorageError(f"{path} belongs to another program; choose another folder for the index.")


@cache
def _manifest_type() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def segment_folder(folder: Path, name: str) -> Path:
    """Where the segment ``name`` lies."""
    return folder / SEGMENTS / name


def check_segment(folder: Path, entry: SegmentEntry) -> None:
    """Raise DamagedIndexError unless every file of the segment has the length and digest it was
    saved with."""
    for name, stored in entry.files.items():
        with reading(segment_folder(folder, entry.name) / name) as path:
            size = path.stat().st_size
            same = size == stored.size and current_digest(path) == stored.sha256
        if size != stored.size:
            raise DamagedIndexError(
                f"{entry.name}/{name} has {size} bytes and should have {stored.size}"
            )
        if not same:
            raise DamagedIndexError(f"{entry.name}/{name} was changed after it was written")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Path]:
    """Read the file ``path`` of a segment; one that is not there means that the index is damaged,
    one that cannot be read is a StorageError."""
    try:
        yield path
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise DamagedIndexError(f"{path.parent.name}/{path.name} is missing") from error
    except OSError as error:
        raise StorageError(_cannot("read", path, error)) from error


def current_digest(path: Path) -> str:
    """`file_digest`, computed once a process for a file that has not been touched since.

    A running bot checks its index at every reindex: gigabytes, of which an update changes little.
    """
    if (identity := settled_identity(path.stat())) is None:
        return file_digest(path)
    return _digest_of_settled(path, *identity)


@lru_cache(maxsize=256)
def _digest_of_settled(path: Path, *_identity: int) -> str:
    return file_digest(path)


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; on a failure of the disk raise StorageError with the old index in
    place."""
    try:
        (folder / SEGMENTS).mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise StorageError(
            f"Another process has been writing {folder} for {LOCK_SECONDS / 60:.0f} minutes; "
            "wait until it is done, or stop it and try again."
        ) from error
    except OSError as error:
        raise StorageError(_cannot("write", folder, error)) from error


def make_durable(segment: Path) -> dict[str, StoredFile]:
    """Flush every file of a freshly written segment to the disk and return their lengths and
    digests."""
    files = {}
    for path in sorted(segment.iterdir()):
        flush(path)
        files[path.name] = StoredFile(path.stat().st_size, file_digest(path))
    flush(segment)
    flush(segment.parent)
    return files


def commit(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step, then sweep.

    Call it inside ``writing``. If it fails before the end, either manifest may be in place.
    """
    body = asdict(manifest)
    temporary = folder / _UNFINISHED
    temporary.write_text(
        json.dumps({"sha256": _digest(body), "index": body}, ensure_ascii=False), encoding="utf-8"
    )
    flush(temporary)
    temporary.replace(folder / MANIFEST)
    flush(folder)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Remove what a save left that did not get to its end: segments that the manifest does not
    name, and an unfinished manifest. Nothing else is touched.

    What cannot be removed stays for the next sweep: a network file system keeps a folder while a
    file of it is mapped.
    A manifest of another format or a damaged one keeps the segments whose names stand in it. Call
    it inside ``writing``, in a folder that belongs to no other program.
    """
    named = _named_segments(folder)
    for path in (folder / SEGMENTS).iterdir():
        if path.name in named or not _SEGMENT_NAME.fullmatch(path.name):
            continue
        _remove(path)
    _remove(folder / _UNFINISHED)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be removed, and stays for now: %s", path, failure(error))


def _named_segments(folder: Path) -> set[str]:
    try:
        manifest = (folder / MANIFEST).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return set()
    return set(_QUOTED_NAME.findall(manifest))


@contextlib.contextmanager
def sweeping_after_failure(folder: Path) -> Iterator[None]:
    """Sweep if something is raised in here: a full disk must not stay full of half a segment."""
    try:
        yield
    except BaseException:
        sweep(folder)
        raise


def _digest(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    return hashlib.sha256(canonical).hexdigest()


def flush(path: Path) -> None:
    """Ask the system to put a file, or a folder's list of names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def failure(error: OSError) -> str:
    """Why the folder of the index or the database failed, and what to do, for the end of a
    sentence."""
    if isinstance(error, NotADirectoryError | FileExistsError):
        return "a file stands where a folder is needed; choose another data folder."
    reason = error.strerror or type(error).__name__
    return f"{reason}; check the disk's space and the folder's permissions."


def _cannot(action: str, path: Path, error: OSError) -> str:
    return f"Cannot {action} {error.filename or path}: {failure(error)}"
