"""The rows nearest to a question's vector, out of many: the one importer of faiss.

To compare a question with every one takes long beside what the model takes. So the rows
are put into clusters, and only those clusters are looked at that are nearest to the question (an
inverted file: Jégou, Douze and Schmid 2011). In them rows have eight bits a component; those found
are compared again with the rows as they are, so a cosine is always exact, and what clusters can
cost is a candidate.

The clusters are derived from a segment's rows, which never change. They are saved beside them and
mapped into memory; where they are missing or damaged they are made anew.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from index.cores import own_cores
from index.late_interaction import Float32
from index.nearest import TOGETHER, FoundRows
from index.storage import LOCK_SECONDS, current_digest, failure, flush

log = logging.getLogger(__name__)

VERSION = 2
"""Raise it when the clusters of the same rows change."""
ALL_CORES_FROM = 100_000
"""Rows from which on FAISS computes on all cores."""
SCANNED = 40_000
"""Rows that a question is compared with, about, in whatever clusters are nearest to it."""
LEAST_PROBED = 48
"""Clusters that are looked at in any case; with SCANNED 99 of 100 candidates are found. See
docs/performance.md."""
ROWS_FOR_CENTRE = 40
"""Rows that each cluster's centre is learned from, about; FAISS asks for 39 and more."""
ROUNDS = 10
"""Of k-means."""
_BATCH = 65_536


class AllRows:
    """Compares with every row, where it lies: nothing is copied into memory."""

    def __init__(self, rows: Float32) -> None:
        self._rows = rows

    def find(self, questions: Float32, count: int) -> list[FoundRows]:
        """As `index.nearest.RowSearch` says."""
        _compute_on_all_cores(len(self._rows) >= ALL_CORES_FROM)
        cosines, found = faiss.knn(
            questions, self._rows, min(count, len(self._rows)), metric=faiss.METRIC_INNER_PRODUCT
        )
        # FAISS gives -1 where it has no row to give: for a vector that is not a number.
        return [
            (numbers[numbers >= 0], products[numbers >= 0])
            for numbers, products in zip(found, cosines, strict=True)
        ]


class ClusteredRows:
    """Compares with the rows of some clusters."""

    def __init__(self, rows: Float32, folder: Path | None, name: str) -> None:
        """Clusters of ``rows`` ``(n, d)``, saved in ``folder`` under ``name``.

        Without a folder, or where they cannot be saved in it, they are made for this process alone.
        """
        self._rows = rows
        self._clusters = (
            make_clusters(rows)
            if folder is None
            else _saved_clusters(rows, clusters_file(folder, name))
        )
        # There are as many clusters as rows in one of them.
        self.probed = max(LEAST_PROBED, math.ceil(SCANNED / self._clusters.nlist))
        """How many clusters are looked at."""

    def find(self, questions: Float32, count: int) -> list[FoundRows]:
        """As `index.nearest.RowSearch` says, but that some rows may be missed."""
        probed = faiss.SearchParametersIVF()
        probed.nprobe = self.probed
        _compute_on_all_cores(len(self._rows) >= ALL_CORES_FROM)
        _, found = self._clusters.search(questions, count, params=probed)
        return [
            self._compared(question, numbers)
            for question, numbers in zip(questions, found, strict=True)
        ]

    def _compared(self, question: Float32, found: NDArray[np.int64]) -> FoundRows:
        # FAISS gives -1 where it has no more; other numbers would come from a damaged file.
        numbers = found[(found >= 0) & (found < len(self._rows))]
        return numbers, self._rows[numbers] @ question


def clusters_file(folder: Path, name: str) -> Path:
    """Where the clusters are saved of those of a segment's rows that have this name.

    Beside it a file with the suffix ``.sha256`` holds its hexadecimal SHA-256; it does not count
    without.
    """
    return folder / f"nearest-{VERSION}-{name}.faiss"


def _compute_on_all_cores(yes: bool) -> None:
    """Let FAISS compute on all cores that are this thread's, or on one.

    Its threads spin for a while after each search, on cores that the re-ranking needs.
    """
    faiss.omp_set_num_threads(own_cores() if yes else 1)
    # Else FAISS reads the rows once for each question, up to 20 of them.
    faiss.cvar.distance_compute_blas_threshold = TOGETHER


def make_clusters(rows: Float32) -> Any:  # noqa: ANN401  (faiss has no types)
    """An inverted file over ``rows``, with a cluster for each of the square root of their number.

    Takes a time in proportion to the number of rows to the power of one and a half.
    """
    _compute_on_all_cores(True)
    count, dimension = rows.shape
    centres = max(1, round(math.sqrt(count)))
    clusters = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        centres,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    clusters.cp.spherical = True
    clusters.cp.niter = ROUNDS
    clusters.cp.min_points_per_centroid = 1
    sample = np.random.default_rng(0).choice(count, min(count, ROWS_FOR_CENTRE * centres), False)
    # FAISS refuses what is not a number; the rows themselves are looked at again.
    clusters.train(np.nan_to_num(rows[np.sort(sample)]))
    for start in range(0, count, _BATCH):
        clusters.add(np.nan_to_num(rows[start : start + _BATCH]))
    return clusters


def _saved_clusters(rows: Float32, path: Path) -> Any:  # noqa: ANN401  (faiss has no types)
    """The clusters saved in ``path``, made and saved now if there are none."""
    found = _read(rows, path)
    if found is not None:
        return found
    folder = path.parent
    if not os.access(folder, os.W_OK):
        return make_clusters(rows)
    made = None
    try:
        with FileLock(folder / "nearest.lock", timeout=LOCK_SECONDS):
            found = _read(rows, path)  # another process may have made them meanwhile
            if found is not None:
                return found
            made = make_clusters(rows)
            _save(made, path)
            found = _read(rows, path)
        reason = "what was written cannot be read again; check the disk."
    except Timeout:
        reason = f"another process has been making them for more than {LOCK_SECONDS:.0f} s."
    except OSError as error:
        reason = failure(error)
    if found is not None:
        return found
    log.warning("%s: the clusters cannot be saved, and will be made again: %s", folder, reason)
    return make_clusters(rows) if made is None else made


def _save(clusters: Any, path: Path) -> None:  # noqa: ANN401  (faiss has no types)
    """Write the clusters in one step; nothing stays of them if that fails with an OSError."""
    draft = path.with_name("nearest.new")
    digest = hashlib.sha256()
    try:
        with draft.open("wb") as file:

            def write(data: bytes) -> None:
                digest.update(data)
                file.write(data)

            # FAISS itself does not notice when the last bytes do not fit on the disk.
            writer = faiss.PyCallbackIOWriter(write)  # type: ignore[attr-defined]
            faiss.write_index(clusters, writer)
        flush(draft)
        # Before the file that it is of: in between, neither counts.
        of_it = path.with_suffix(".sha256")
        of_it.write_text(digest.hexdigest(), encoding="ascii")
        flush(of_it)
        draft.replace(path)
        flush(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)  # a full disk must not stay full of half a file
        raise


def _read(rows: Float32, path: Path) -> Any:  # noqa: ANN401  (faiss has no types)
    """The clusters in ``path``; None if there are none that fit ``rows`` and are as they were
    saved."""
    try:
        # FAISS notices next to no damage; what it finds then is wrong, or it crashes.
        if path.with_suffix(".sha256").read_bytes() != current_digest(path).encode("ascii"):
            return None
        clusters = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    except (OSError, RuntimeError, MemoryError):
        return None  # not there, or damaged
    if (clusters.ntotal, clusters.d) != rows.shape or not isinstance(clusters, faiss.IndexIVF):
        return None
    # Else each search starts 32 threads to read ahead what is in memory as a rule: 2.5 ms.
    lists = faiss.downcast_InvertedLists(clusters.invlists)  # type: ignore[arg-type]
    lists.prefetch_nthread = 0  # type: ignore[attr-defined]
    return clusters
