"""Makes an update of the index fail at a chosen step."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index import update


class Saboteur:
    """Lets ``steps`` operations on the data folder pass and fails from then on, as a dead process
    or a full disk does."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        data: Path,
        steps: int | None,
        error: Callable[[], BaseException],
    ) -> None:
        self.done: list[str] = []
        self._data, self._steps, self._error = data, steps, error
        for owner, name in (
            (Path, "mkdir"),
            (Path, "write_text"),
            (Path, "replace"),
            (Path, "unlink"),
            (shutil, "rmtree"),
            (os, "fsync"),
        ):
            monkeypatch.setattr(owner, name, self._wrapped(name, getattr(owner, name)))
        monkeypatch.setattr(Path, "open", self._opened(Path.open))
        for name in ("write_segment", "make_durable", "commit", "sweep"):
            monkeypatch.setattr(update, name, self._wrapped(name, getattr(update, name)))

    def _step(self, name: str) -> bool:
        """Whether this operation fails."""
        self.done.append(name)
        return self._steps is not None and len(self.done) > self._steps

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            if isinstance(args[0], Path) and not args[0].is_relative_to(self._data):
                return original(*args, **options)
            if self._step(name):
                if name == "write_text":  # half of it gets to the disk
                    original(args[0], args[1][: len(args[1]) // 2], **options)
                raise self._error()
            return original(*args, **options)

        return wrapper

    def _opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(path: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
            # Text files are write_text's.
            fails = mode == "wb" and path.is_relative_to(self._data) and self._step("open")
            file = original(path, mode, *args, **options)
            if fails:
                file.write(b"half")
                file.close()
                raise self._error()
            return file

        return wrapper
