"""Shelves for tests, and what lies in their folders."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.shelf import Shelf, ShelfError

BODY = "The harbour was built in the year 1931 and has been empty ever since.\n"


@contextmanager
def fresh_shelf() -> Iterator[tuple[Shelf, Path, Path]]:
    """A shelf of its own for one example: the shelf, its content and its removed articles."""
    with tempfile.TemporaryDirectory() as name:
        content, removed = Path(name, "content"), Path(name, "data", "removed")
        content.mkdir()
        yield Shelf(content, removed), content, removed


def files(folder: Path) -> dict[str, bytes]:
    """All files in the folder, those that no reader looks at included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refusal(call: Callable[[], object]) -> str:
    """What the shelf says when it refuses."""
    with pytest.raises(ShelfError) as caught:
        call()
    return str(caught.value)
