"""Products of matrices of bytes, on ONNX Runtime.

They are exact until they become floats, and some twice as fast as products of floats. But a CPU
without VNNI adds two neighbouring products in 16 bits, and cuts the sum off where it does not fit.
One side are bytes up to 255; so two neighbours of the other side, of the same sign, are together at
most `PAIR`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from index.cores import pool_cores

UInt8 = NDArray[np.uint8]
Int8 = NDArray[np.int8]
Float32 = NDArray[np.float32]

LEVELS = 127
PAIR = 128
"""255 times this is the most that 16 bits hold."""
TINY = 1e-9
"""The least scale: that of zeros."""
MIDDLE = 128
"""The byte that stands for zero where bytes stand for numbers from -128 to 127."""
OPERATORS, FILE_VERSION = 21, 10
"""Of ONNX; ONNX Runtime reads no newer ones than it knows."""
ADDED = "com.microsoft"
"""The operators that ONNX Runtime adds."""
_ERRORS_ONLY = 3
_SPIN_MICROSECONDS = 30
"""How long a thread spins while it waits for the next product."""
_LARGER = 1 + 1e-6


class Graph:
    """A graph that can be computed. Several threads may share one."""

    def __init__(self, source: Path | bytes) -> None:
        """Load it from a file, or as it would lie in one.

        Raises ValueError for what is no such graph.
        """
        self._source = source
        self._loading = threading.Lock()
        self._by_cores: dict[int, InferenceSession] = {}
        self.prepare()

    def prepare(self) -> None:
        """Load it for the cores that this thread may use, if that has not been done; else the first
        run on so many waits for it. Raises ValueError if the file is no graph any more."""
        self._session()

    def run(self, outputs: Sequence[str], inputs: Mapping[str, object]) -> list[Any]:
        """The arrays of these names, computed on the cores that this thread may use."""
        computed: list[Any] = self._session().run(outputs, inputs)
        return computed

    def _session(self) -> InferenceSession:
        cores = pool_cores()
        if cores not in self._by_cores:
            with self._loading:
                if cores not in self._by_cores:
                    self._by_cores[cores] = _open(self._source, cores)
        return self._by_cores[cores]


def _open(graph: Path | bytes, cores: int) -> InferenceSession:
    """A session of ONNX Runtime, which is on so many cores for as long as it lives."""
    options = SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Said explicitly, since the library else ties each thread to a core, also to one of others'.
    options.intra_op_num_threads = cores
    # Then they sleep. Without it a lone question takes a quarter longer; with the library's own
    # milliseconds it takes twice as long beside a busy process. See docs/performance.md.
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(_SPIN_MICROSECONDS))
    source = graph if isinstance(graph, bytes) else str(graph)
    try:
        return InferenceSession(source, options, providers=["CPUExecutionProvider"])
    # What the library raises has no other base than Exception.
    except (
        runtime.Fail,
        runtime.InvalidArgument,
        runtime.InvalidGraph,
        runtime.InvalidProtobuf,
        runtime.NoSuchFile,
        runtime.RuntimeException,
    ) as error:
        raise ValueError(f"{graph!r:.200} is no graph that can be computed") from error


def prepare() -> None:
    """Make what `multiply` needs on the cores that this thread may use, which takes a tenth of a
    second, so that the first question need not wait for it."""
    multiply(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.int8), np.zeros(1, np.float32))


def round_rows(matrix: Float32) -> tuple[Int8, Float32]:
    """A matrix ``(m, k)`` as bytes for `multiply` and a scale ``(m,)`` for each row.

    Only where two large neighbours meet is the scale coarser than bytes alone would make it.
    """
    exact = matrix.astype(np.float64)
    largest = np.abs(exact).max(axis=1, initial=0) / LEVELS
    # The last one of an odd number has no neighbour.
    pairs = exact[:, :-1:2] + exact[:, 1::2]
    # A little more, so that no rounding makes a pair too large.
    together = np.abs(pairs).max(axis=1, initial=0) / PAIR * _LARGER
    scales = np.maximum(np.maximum(largest, together), TINY).astype(np.float32)
    return np.rint(exact / scales[:, None]).astype(np.int8), scales


def multiply(numbers: UInt8, others: Int8, scales: Float32) -> Float32:
    """``numbers`` ``(m, k)``, each less `MIDDLE`, times ``others`` ``(k, n)``; see the module for
    what these may be. Each column is multiplied with its scale, ``(n,)``."""
    inputs = {"numbers": numbers, "others": others, "scales": scales}
    [products] = _product().run(["products"], inputs)
    scaled: Float32 = products
    return scaled


@cache
def _product() -> Graph:
    from onnx import TensorProto, helper, numpy_helper

    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    middle = numpy_helper.from_array(np.array(MIDDLE, np.uint8), "middle")
    node = helper.make_node(
        "MatMulIntegerToFloat",
        ["numbers", "others", "one", "scales", "middle"],
        ["products"],
        domain=ADDED,
    )
    graph = helper.make_graph(
        [node],
        "multiply",
        [
            helper.make_tensor_value_info("numbers", TensorProto.UINT8, ["m", "k"]),
            helper.make_tensor_value_info("others", TensorProto.INT8, ["k", "n"]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, ["n"]),
        ],
        [helper.make_tensor_value_info("products", TensorProto.FLOAT, ["m", "n"])],
        [one, middle],
    )
    operators = [helper.make_opsetid(ADDED, 1)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=FILE_VERSION)
    return Graph(model.SerializeToString())
