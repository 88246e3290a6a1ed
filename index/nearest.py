"""The passages whose rows are nearest to a question's vector, out of one segment's in one language.

A question is compared with every row, and from CLUSTERED_FROM rows on with those of some clusters
(`index.clusters`).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.late_interaction import Float32, Int32

CLUSTERED_FROM = 8_000
"""Rows in one language of a segment from which on clusters are used, if nothing else is set: those
of some 1,600 passages. See docs/performance.md."""


class Search(StrEnum):
    """How candidates are searched: AUTO clusters the rows of large segments."""

    AUTO = "auto"
    EXACT = "exact"
    CLUSTERED = "clustered"


FoundRows = tuple[NDArray[np.int64], Float32]
"""The rows with the highest inner products with a vector, in any order: their numbers and products,
which are cosines for a vector of unit length."""
Found = tuple[Int32, Float32]
"""The passages that own such rows, by number, and the products; in any order. One may come once for
each of its rows."""


class RowSearch(Protocol):
    """Finds rows."""

    def find(self, questions: Float32, count: int) -> list[FoundRows]:
        """At most ``count`` rows, 1 or more, for each of the vectors ``(b, d)``. There may be some
        whose product is not a number."""


class Nearest(Protocol):
    """Finds passages of one segment by their rows."""

    def find(self, questions: Float32, count: int) -> list[Found]:
        """The owners of the ``count`` best rows, 1 or more, for each of the vectors ``(b, d)``, and
        perhaps of others. There may be some whose product is not a number."""


def open_nearest(
    rows: Float32, owners: Int32, folder: Path | None, search: Search, *, name: str
) -> Nearest:
    """The search for the passages that own some of a segment's ``rows`` ``(n, d)``, of unit length,
    whose files lie in ``folder``; ``name`` tells them from the segment's others.

    ``owners`` ``(n,)`` are the passages' numbers, -1 for those that no longer count; one's rows
    stand together. Without a folder, or where they cannot be saved in it, clusters are made for
    this process alone.
    """
    few = len(rows) < CLUSTERED_FROM
    if not len(rows) or (few and search is not Search.CLUSTERED):
        return FewRows(rows, owners)
    # Here, not above: FAISS takes a tenth of a second to import, and 15 MB.
    from index.clusters import AllRows, ClusteredRows

    every = search is Search.EXACT
    return ManyRows(AllRows(rows) if every else ClusteredRows(rows, folder, name), owners)


class FewRows:
    """Compares with every row, where it lies, in one product of matrices: in half of the time that
    FAISS takes for so few (docs/performance.md)."""

    def __init__(self, rows: Float32, owners: Int32) -> None:
        self._rows = rows
        self._firsts = np.flatnonzero(np.diff(owners, prepend=owners[:1] - 1))
        self._passages = owners[self._firsts]

    def find(self, questions: Float32, count: int) -> list[Found]:
        """As `Nearest` says; each passage once, with its best row."""
        if not len(self._rows):
            return [(self._passages, np.empty(0, np.float32)) for _ in questions]
        best = np.fmax.reduceat(questions @ self._rows.T, self._firsts, axis=1)
        return [self._highest(products, count) for products in best]

    def _highest(self, products: Float32, count: int) -> Found:
        if count >= len(products):
            return self._passages, products
        places = np.argpartition(-products, count)[:count]  # what is not a number comes last
        return self._passages[places], products[places]


class ManyRows:
    """The passages that own the rows which another search finds."""

    def __init__(self, rows: RowSearch, owners: Int32) -> None:
        self._rows, self._owners = rows, owners

    def find(self, questions: Float32, count: int) -> list[Found]:
        """As `Nearest` says."""
        found = self._rows.find(questions, min(count, len(self._owners)))
        return [(self._owners[rows], products) for rows, products in found]
