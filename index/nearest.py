"""The rows nearest to a question's vector, out of one segment's in one language.

A question is compared with every row, and from CLUSTERED_FROM rows on with those of some clusters
(`index.clusters`).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.late_interaction import Float32

CLUSTERED_FROM = 8_000
"""Rows in one language of a segment from which on clusters are used, if nothing else is set: those
of some 1,600 passages. See docs/performance.md."""


class Search(StrEnum):
    """How candidates are searched: AUTO clusters the rows of large segments."""

    AUTO = "auto"
    EXACT = "exact"
    CLUSTERED = "clustered"


Found = tuple[NDArray[np.int64], Float32]
"""The rows with the highest inner products with a vector, in any order: their numbers and products,
which are cosines for a vector of unit length."""


class Nearest(Protocol):
    """Finds rows of one segment."""

    def find(self, questions: Float32, count: int) -> list[Found]:
        """At most ``count`` rows, 1 or more, for each of the vectors ``(b, d)``. There may be some
        whose product is not a number."""


def open_nearest(rows: Float32, folder: Path | None, search: Search, *, name: str) -> Nearest:
    """The search for some of a segment's ``rows`` ``(n, d)``, of unit length, whose files lie in
    ``folder``; ``name`` tells them from the segment's others.

    Without a folder, or where they cannot be saved in it, clusters are made for this process alone.
    """
    few = len(rows) < CLUSTERED_FROM
    if not len(rows) or (few and search is not Search.CLUSTERED):
        return FewRows(rows)
    # Here, not above: FAISS takes a tenth of a second to import, and 15 MB.
    from index.clusters import AllRows, ClusteredRows

    return AllRows(rows) if search is Search.EXACT else ClusteredRows(rows, folder, name)


class FewRows:
    """Compares with every row, where it lies, in one product of matrices: in half of the time that
    FAISS takes for so few (docs/performance.md)."""

    def __init__(self, rows: Float32) -> None:
        self._rows = rows

    def find(self, questions: Float32, count: int) -> list[Found]:
        """As `Nearest` says."""
        return [_highest(products, count) for products in questions @ self._rows.T]


def _highest(products: Float32, count: int) -> Found:
    numbers = np.arange(len(products))
    if count < len(products):
        numbers = np.argpartition(products, -count)[-count:]
    return numbers, products[numbers]
