"""The stored token vectors of a segment: mapped into memory where they are few, read where many.

Mapped, what questions have touched counts as this process's memory, and the first touch of each
page costs a fault. So where there are many they are read from the file, of which the system keeps
in its own cache what it has room for. A few, which stay mapped, take half the time of reading. See
docs/performance.md.
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
"""Bytes of an index's token vectors that are mapped at most: those of some 900 paragraphs."""


class TokenFile:
    """A segment's token vectors int8 ``(t, d)``, one after another in a file that never changes."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Raises OSError if it cannot be opened; it stays readable after it was removed."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        self.dimension = dimension

    def read(self, start: int, values: Int8 | UInt8) -> None:
        """Fill ``values`` ``(t, d)`` with the vectors from the one numbered ``start`` on.

        Raises StorageError if the disk fails, or the file was cut off.
        """
        missing = values.reshape(-1).view(np.uint8).data
        offset = start * self.dimension
        while missing:
            try:
                count = os.preadv(self._descriptor, [missing], offset)
            except OSError as error:
                raise StorageError(f"Cannot read {self._path}: {failure(error)}") from error
            if not count:
                raise StorageError(
                    f"{self._path} is shorter than it was when it was checked; check the disk, and "
                    "start Beleg again."
                )
            # A network's file system may give a part at a time.
            missing, offset = missing[count:], offset + count


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

    def part(self, start: int, end: int) -> ReadTokens:
        """As `TokenVectors` says."""
        return ReadTokens(self.file, self.start + start, self.scales[start:end])

    def copy_to(self, others: UInt8) -> None:
        """As `TokenVectors` says. Raises StorageError if they cannot be read."""
        self.file.read(self.start, others)
        others ^= MIDDLE  # while they are in the CPU's cache


def are_read(size: int) -> bool:
    """Whether the token vectors of an index are read and not mapped, if they take so many bytes."""
    return size > MAPPED_BYTES and hasattr(os, "preadv")  # not on Windows
