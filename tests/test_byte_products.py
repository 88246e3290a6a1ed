"""Products of bytes, beside those of whole numbers; and graphs that cannot be computed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnxruntime import InferenceSession

from index import byte_products, cores
from index.byte_products import PAIR, Graph, multiply, prepare, round_rows
from index.cores import shared_cores
from index.late_interaction import Float32


@pytest.mark.parametrize(
    "pair", [(64, 64), (127, 1), (1, 127), (-64, -64), (-127, -1), (127, -127)]
)
@pytest.mark.parametrize("number", [0, 1, 128, 255])
def test_the_largest_products_are_exact(number: int, pair: tuple[int, int]) -> None:
    """Where two products together do not fit 16 bits, a CPU without VNNI would cut them off."""
    numbers = np.full((5, 384), number, np.uint8)
    others = np.tile(np.array(pair, np.int8), 192)[:, None]
    products = multiply(numbers, others, np.array([0.5], np.float32))
    assert products.tolist() == [[(number - 128) * sum(pair) * 96]] * 5


@given(st.integers(0, 2**32), st.integers(1, 70), st.integers(1, 9))
def test_products_are_those_of_whole_numbers(seed: int, rows: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    numbers = random.integers(0, 256, (rows, 32), np.uint8)
    others = random.integers(-PAIR // 2, PAIR // 2 + 1, (32, columns)).astype(np.int8)
    expected = (numbers.astype(np.int64) - 128) @ others.astype(np.int64)
    scales = np.arange(1, columns + 1, dtype=np.float32)
    assert multiply(numbers, others, scales).tolist() == (expected * scales).tolist()


@pytest.mark.parametrize(
    ("row", "values", "scale"),
    [
        ([1, -1], [127, -127], 1 / 127),
        ([1, 1], [64, 64], 2 / 128),
        ([-1, -0.5], [-85, -43], 1.5 / 128),
        ([1, 0, -1, 0], [127, 0, -127, 0], 1 / 127),
        ([0, 1, 1, 0], [0, 127, 127, 0], 1 / 127),
        ([0, 0], [0, 0], 1e-9),
    ],
)
def test_a_row_as_bytes(row: list[float], values: list[int], scale: float) -> None:
    bytes_, scales = round_rows(np.array([row, [0.0] * len(row)], np.float32))
    assert bytes_.dtype == np.int8
    assert bytes_.tolist() == [values, [0] * len(row)]
    assert scales.tolist() == pytest.approx([scale, 1e-9], rel=3e-6)


def test_no_rounding_makes_a_pair_too_large() -> None:
    """In float32 the sum of these is a little less than it is, and they become 5 and 124."""
    values, _ = round_rows(np.array([[0.03238929, 0.8889052]], np.float32))
    assert values.tolist() == [[4, 123]]


def test_a_row_of_an_odd_length() -> None:
    values, scales = round_rows(np.array([[1, 1, -2]], np.float32))
    assert values.tolist() == [[64, 64, -127]]
    assert scales.tolist() == pytest.approx([2 / 127], rel=3e-6)


@given(arrays(np.float32, (3, 8), elements=st.floats(-4, 4, width=32)))
def test_rows_are_rounded_to_the_nearest_and_pairs_are_small(matrix: Float32) -> None:
    values, scales = round_rows(matrix)
    assert (np.abs(values * scales[:, None] - matrix) <= scales[:, None] * 0.501).all()
    assert np.abs(values.astype(int).reshape(3, 4, 2).sum(axis=2)).max() <= PAIR
    # No coarser than one of the two bounds asks for.
    used = np.maximum(
        np.abs(values.astype(int)).max(axis=1) / 127,
        np.abs(values.astype(int).reshape(3, 4, 2).sum(axis=2)).max(axis=1) / PAIR,
    )
    assert ((used > 0.99) | (scales < 2e-9)).all()


@pytest.mark.parametrize("graph", [b"", b"{", b"\x08\x0a"])
def test_what_is_no_graph(graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "graph").write_bytes(graph)
    for source in (graph, tmp_path / "graph", tmp_path / "none"):
        with pytest.raises(ValueError, match="is no graph that can be computed"):
            Graph(source)


def test_on_its_share_of_the_cores_a_thread_computes_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[int] = []
    opened = byte_products._open

    def note(graph: Path | bytes, cores: int) -> InferenceSession:
        loaded.append(cores)
        return opened(graph, cores)

    monkeypatch.setattr(cores, "_all_cores", lambda: 2)
    monkeypatch.setattr(byte_products, "_open", note)
    byte_products._product.cache_clear()
    numbers = np.full((300, 8), 130, np.uint8)
    others, scales = np.ones((8, 1), np.int8), np.array([0.5], np.float32)
    with shared_cores(2):
        prepare()
    assert loaded == [1]
    for threads in (1, 2, 2, 1):
        with shared_cores(threads):
            assert multiply(numbers, others, scales).tolist() == [[8.0]] * 300
    assert loaded == [1, 2]
    byte_products._product.cache_clear()


def test_it_is_prepared_for_the_cores_of_each_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[int] = []

    def note(graph: Path | bytes, cores: int) -> None:
        loaded.append(cores)

    monkeypatch.setattr(cores, "_all_cores", lambda: 2)
    monkeypatch.setattr(byte_products, "_open", note)
    graph = Graph(b"")
    with shared_cores(2):
        graph.prepare()
        graph.prepare()
    assert loaded == [2, 1]
