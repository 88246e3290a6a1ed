"""What the default model has learned besides: low-rank corrections of its matrices.

The model was trained for one vector a text. That its token vectors find the sentence that answers
is a by-product, and training for it makes them better. What was learned is kept as LoRA (Hu and
others 2022): to a matrix ``(out, in)`` the product of two narrow ones, ``up (out, r)`` times
``down (r, in)``, is added. It is added once, when the model is unpacked, so a question pays nothing
for it. `training` makes the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from index.model_file import ModelError

Float32 = NDArray[np.float32]

ADAPTER = Path(__file__).parent / "fits" / "multilingual-e5-small-tuned.safetensors"
"""That of the default model."""
_DOWN, _UP = ".down", ".up"


@dataclass(frozen=True, slots=True)
class Factors:
    """The correction of one matrix ``(out, in)``: ``up (out, r)`` times ``down (r, in)``."""

    down: Float32
    up: Float32

    @property
    def product(self) -> Float32:
        """What is added to the matrix, ``(out, in)``."""
        correction: Float32 = self.up @ self.down
        return correction


Adapter = Mapping[str, Factors]
"""Corrections by the name of the matrix, as in `index.model_file.tensor_shapes`."""
NOTHING_LEARNED: Adapter = MappingProxyType({})


def parse_adapter(data: bytes) -> Adapter:
    """The corrections in the content of a file that `write_adapter` wrote.

    Raises ValueError for what is none.
    """
    try:
        tensors = {name: array.astype(np.float32) for name, array in load(data).items()}
    except SafetensorError as error:
        raise ValueError("no file of tensors") from error
    names = {name.rpartition(".")[0] for name in tensors}
    if not names or tensors.keys() != {name + side for name in names for side in (_DOWN, _UP)}:
        raise ValueError("not the two factors of each correction")
    adapter = {name: Factors(tensors[name + _DOWN], tensors[name + _UP]) for name in sorted(names)}
    for name, factors in adapter.items():
        if not factors.down.ndim == factors.up.ndim == 2 or len(factors.down) != len(factors.up.T):
            raise ValueError(f"the factors of {name} do not fit together")
    return adapter


def write_adapter(path: Path, adapter: Adapter, provenance: Mapping[str, str]) -> None:
    """Write it for `parse_adapter`, in sixteen bits, with where it comes from.

    The same content is always the same file. Raises OSError if it cannot be written.
    """
    halves = {}
    for name, factors in adapter.items():
        halves[name + _DOWN] = factors.down.astype(np.float16)
        halves[name + _UP] = factors.up.astype(np.float16)
    # In one piece, as the library puts several in no fixed order.
    data = save(halves, {"provenance": json.dumps(dict(provenance), sort_keys=True)})
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def corrected(weights: Mapping[str, Float32], adapter: Adapter) -> dict[str, Float32]:
    """The model's ``weights`` with the corrections added.

    Raises ModelError if one is of a matrix that the model does not have in that shape.
    """
    corrections = {name: factors.product for name, factors in adapter.items()}
    for name, correction in corrections.items():
        if name not in weights or weights[name].shape != correction.shape:
            raise ModelError(
                f"The model has no matrix {name} of the shape {correction.shape}: what was learned "
                "belongs to another model."
            )
    return {
        name: values + corrections[name] if name in corrections else values
        for name, values in weights.items()
    }
