"""The passages whose rows are nearest to a question's vector, out of one segment's in one language.

A question is compared with every row, rounded to bytes, and from CLUSTERED_FROM rows on with those
of some clusters (`index.clusters`).
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.byte_products import multiply, round_rows
from index.late_interaction import Float32, Int32, UInt8, quantise

CLUSTERED_FROM = 30_000
"""Rows in one language of a segment from which on clusters are used, if nothing else is set: those
of some 6,000 passages. See docs/performance.md."""
MANY = 100_000
"""Rows from which on several questions are looked up in clusters too."""
TOGETHER = 4
"""Questions that are compared with every row of fewer, as those are read once for all of them."""
FLOATS_BELOW = 3_000
"""Rows, times questions, that are compared as they are."""
_AT_ONCE = 4_096
"""Rows rounded in one turn, so that no copies of all of them are in memory."""


class Search(StrEnum):
    """How candidates are searched: AUTO clusters the rows of large segments."""

    AUTO = "auto"
    EXACT = "exact"
    CLUSTERED = "clustered"


FoundRows = tuple[NDArray[np.int64], Float32]
"""The rows with the highest inner products with a vector, in any order: their numbers and products,
which are cosines for a vector of unit length."""
Found = tuple[Int32, Float32]
"""The passages that own such rows, by number, and the products, within some 0.001; in any order.
One may come once for each of its rows."""


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
    if not len(rows) or (few and search is Search.AUTO):
        return RoundedRows(rows, owners)
    # Here, not above: FAISS takes a tenth of a second to import, and 15 MB.
    from index.clusters import AllRows, ClusteredRows

    if search is Search.EXACT:
        return ManyRows(AllRows(rows), owners)
    clustered = ManyRows(ClusteredRows(rows, folder, name), owners)
    return clustered if len(rows) >= MANY else FewOrMany(clustered, rows, owners)


class RoundedRows:
    """Compares with every row in one product of bytes, which reads the rows once for all questions.

    That takes half of the time that floats take for one question on two cores, and a third to a
    half for several; see docs/performance.md. The products are off by some 0.0005. Only very few
    rows are compared as they are, by one core: to wake the others takes longer.
    """

    def __init__(self, rows: Float32, owners: Int32) -> None:
        """Rows of unit length ``(n, d)`` and their owners, as `open_nearest` takes them; a byte for
        each component is kept in memory from the first product of bytes on."""
        self._rows = rows
        self._firsts = np.flatnonzero(np.diff(owners, prepend=owners[:1] - 1))
        self._passages = owners[self._firsts]

    def find(self, questions: Float32, count: int) -> list[Found]:
        """As `Nearest` says; each passage once, with its best row."""
        if not len(self._rows):
            return [(self._passages, np.empty(0, np.float32)) for _ in questions]
        products = self._products(questions)
        best = np.fmax.reduceat(products, self._firsts, axis=0)
        return [self._highest(np.ascontiguousarray(of_one), count) for of_one in best.T]

    def _products(self, questions: Float32) -> Float32:
        """Those of all rows ``(n, d)`` with the questions ``(b, d)``: ``(n, b)``."""
        if len(self._rows) * len(questions) < FLOATS_BELOW:
            found: Float32 = self._rows @ questions.T
            return found
        with np.errstate(invalid="ignore"):  # a question that is not a number
            values, scales = round_rows(questions)
        numbers, row_scales = self._rounded
        products = multiply(numbers, values.T.copy(), scales)
        products *= row_scales[:, None]
        return products

    @cached_property
    def _rounded(self) -> tuple[UInt8, Float32]:
        """The rows for `multiply`, and each one's scale, which is no number where the row is
        none."""
        numbers = np.empty(self._rows.shape, np.uint8)
        scales = np.empty(len(self._rows), np.float32)
        for start in range(0, len(self._rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rounded = quantise(np.nan_to_num(self._rows[part]))
            rounded.copy_to(numbers[part])
            is_number = np.isfinite(self._rows[part]).all(axis=1)
            scales[part] = np.where(is_number, rounded.scales, np.float32(np.nan))
        return numbers, scales

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


class FewOrMany:
    """Clusters for a few questions, every row for `TOGETHER` and more."""

    def __init__(self, clustered: Nearest, rows: Float32, owners: Int32) -> None:
        self._clustered, self._every = clustered, RoundedRows(rows, owners)

    def find(self, questions: Float32, count: int) -> list[Found]:
        """As `Nearest` says."""
        search = self._every if len(questions) >= TOGETHER else self._clustered
        return search.find(questions, count)
