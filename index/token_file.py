"""The stored token vectors of a segment: mapped into memory where they are few, read where many.

Mapped, what questions have touched counts as this process's memory, and the first touch of each
page costs a fault. So many are read from the file, of which the system keeps in its own cache what
it has room for: at 10,000 paragraphs in two thirds of the time. A few that stay mapped take half
the time of reading. See docs/performance.md.
"""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.byte_products import MIDDLE
from index.late_interaction import Float32, Int8, UInt8
from index.storage import StorageError, failure

MAPPED_BYTES = 64_000_000
"""Token vectors of one segment that are mapped at most: those of some 900 paragraphs."""


class TokenFile:
    """A segment's token vectors int8 ``(t, d)``, one after another in a file that never changes."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Raises OSError if it cannot be opened; it stays readable after it was removed."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self.dimension = dimension

    def read(self, start: int, values: Int8 | UInt8) -> None:
        """Fill ``values`` ``(t, d)`` with the vectors from the one numbered ``start`` on. Raises
        StorageError."""
        try:
            size = os.preadv(self._descriptor, [values.data], start * self.dimension)
        except OSError as error:
            raise StorageError(f"Cannot read {self._path}: {failure(error)}") from error
        if size < values.nbytes:
            raise StorageError(
                f"{self._path} is shorter than it was when it was checked; check the disk, and "
                "start Beleg again."
            )


@dataclass(frozen=True, slots=True)
class ReadTokens:
    """Token vectors (`index.late_interaction.TokenVectors`) from the one numbered ``start`` in
    ``file`` on, read whenever they are asked for."""

    file: TokenFile
    start: int
    scales: Float32

    @property
    def values(self) -> Int8:
        """Raises StorageError if they cannot be read."""
        values = np.empty((len(self.scales), self.file.dimension), np.int8)
        self.file.read(self.start, values)
        return values

    def copy_to(self, others: UInt8) -> None:
        """As `TokenVectors` says. Raises StorageError if they cannot be read."""
        self.file.read(self.start, others)
        others ^= MIDDLE  # while they are in the CPU's cache


def are_read(size: int) -> bool:
    """Whether a segment's token vectors of so many bytes are read and not mapped."""
    return size > MAPPED_BYTES and hasattr(os, "preadv")  # not on Windows
