"""What the default model has learned besides: its file, and what it adds."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from index.adapter import Factors, corrected, parse_adapter, write_adapter
from index.bundled_model import FORMAT, LEARNED_SHA256, find_bundled_file, read_adapter
from index.model_file import ModelError, parse_model_file, tensor_shapes

FACTORS = Factors(np.array([[1, 0, 2]], np.float32), np.array([[1], [-3]], np.float32))


def test_a_correction_is_added_to_its_matrix_alone() -> None:
    weights = {"a": np.ones((2, 3), np.float32), "b": np.ones((2, 3), np.float32)}
    added = corrected(weights, {"a": FACTORS})
    assert added["a"].tolist() == [[2, 1, 3], [-2, 1, -5]]
    assert added["b"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert weights["a"].tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("weights", [{}, {"a": np.ones((3, 2), np.float32)}])
def test_what_another_model_has_learned_is_refused(weights: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelError, match=r"no matrix a of the shape \(2, 3\).*another model"):
        corrected(weights, {"a": FACTORS})


def test_it_is_kept_in_sixteen_bits_with_where_it_comes_from(tmp_path: Path) -> None:
    third = Factors(FACTORS.down / 3, FACTORS.up)
    content = {"l0.q.w": third, "l0.k.w": FACTORS}
    files = [tmp_path / str(number) for number in range(8)]
    for path in files:
        write_adapter(path, content, {"texts": "none", "date": "today", "seed": "0"})
    data = files[0].read_bytes()
    assert {path.read_bytes() for path in files} == {data}
    assert sorted(tmp_path.iterdir()) == files
    assert b"texts" in data
    read = parse_adapter(data)
    assert list(read) == ["l0.k.w", "l0.q.w"]
    assert read["l0.q.w"].down.tolist() == third.down.astype(np.float16).tolist()
    assert read["l0.q.w"].up.tolist() == [[1], [-3]]
    assert read["l0.q.w"].down.dtype == np.float32


@pytest.mark.parametrize(
    "data",
    [
        b"no tensors",
        save({}),
        save({"a.down": FACTORS.down}),
        save({"a.up": FACTORS.up}),
        save({"a.down": FACTORS.down, "a.up": FACTORS.up, "b.weight": FACTORS.up}),
        save({"a.down": FACTORS.down, "a.up": np.ones((2, 2), np.float32)}),
        save({"a.down": FACTORS.down, "a.up": np.ones(1, np.float32)}),
    ],
)
def test_a_file_that_holds_something_else(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(no file of tensors|not the two factors|the factors)"):
        parse_adapter(data)


def test_what_the_default_model_has_learned_is_of_its_upper_layers() -> None:
    bundled = find_bundled_file()
    if bundled is None:
        pytest.skip("the package has no wheel for this machine")
    shapes = tensor_shapes(parse_model_file(bundled.read_bytes()).sizes)
    assert {name: factors.product.shape for name, factors in read_adapter().items()} == {
        name: shapes[name]
        for name in shapes
        if name.endswith((".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w"))
        and int(name[1:].partition(".")[0]) >= 6
    }


def test_an_index_knows_which_version_was_learned() -> None:
    """An index made with another version must not be used: raise FORMAT, and say both here."""
    assert (FORMAT, LEARNED_SHA256[:16]) == (8, "6800c34046eb000b")
