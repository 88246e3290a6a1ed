"""The default model's layers in torch, with corrections that can be learned.

The same BERT as `index.bert_graph` writes out, but in floats and differentiable. The lower layers
stay as they are: what they make of a text is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from index.adapter import Adapter, Factors
from index.encoder import BEFORE_SHARE
from index.model_file import Sizes, WordVectors
from training.samples import Text

Float32 = NDArray[np.float32]
MATRICES = ("q", "k", "v", "ao", "fi", "fo")
_BATCH_TOKENS = 2_500


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text's unit-length ``vector`` ``(d,)`` and its tokens' vectors ``(t, d)``, as
    `index.encoder` gives them, those of prompt and end marks among them."""

    vector: Tensor
    tokens: Tensor


class CorrectedLayers(nn.Module):
    """All layers; from ``first`` on with corrections of rank ``rank``, which add nothing yet."""

    def __init__(
        self,
        sizes: Sizes,
        weights: Mapping[str, Float32],
        words: WordVectors,
        *,
        first: int,
        rank: int,
        dtype: torch.dtype,
    ) -> None:
        """``weights`` are those of `index.model_file.tensor_shapes`, without the vectors of
        ``words``; products are computed in ``dtype``."""
        super().__init__()
        self.first = first
        self._sizes = sizes
        self._words = words
        self._weights = {name: torch.from_numpy(values) for name, values in weights.items()}
        self._places = self._weights["emb.pos"] + self._weights["emb.type"][0]
        self._matrices = nn.ModuleDict(
            {
                f"l{layer} {name}": _Matrix(
                    self._weights[f"l{layer}.{name}.w"],
                    self._weights[f"l{layer}.{name}.b"],
                    rank if layer >= first else 0,
                    dtype,
                )
                for layer in range(sizes.layers)
                for name in MATRICES
            }
        )

    @torch.no_grad()
    def lower_states(self, texts: Sequence[Text]) -> list[Tensor]:
        """What the layers below ``first`` make of each text, ``(t, d)`` in sixteen bits."""
        states: dict[int, Tensor] = {}
        for rows in _batches([len(text.ids) for text in texts]):
            padded, mask = self._embed([texts[row] for row in rows])
            _, below = self._run(padded, mask, range(self.first))
            states |= {
                row: one[: len(texts[row].ids)].half() for row, one in zip(rows, below, strict=True)
            }
        return [states[row] for row in range(len(texts))]

    def forward(self, lower: Sequence[Tensor]) -> list[Encoded]:
        """The encodings of texts of which `lower_states` are known."""
        encoded: dict[int, Encoded] = {}
        for rows in _batches([len(states) for states in lower]):
            padded = nn.utils.rnn.pad_sequence([lower[row].float() for row in rows], True)
            lengths = torch.tensor([len(lower[row]) for row in rows])
            mask = torch.arange(padded.shape[1]) < lengths[:, None]
            before, last = self._run(padded, mask, range(self.first, self._sizes.layers))
            tokens = _unit(last) + BEFORE_SHARE * _unit(before)
            pooled = _unit((last * mask[..., None]).sum(dim=1) / lengths[:, None])
            for place, row in enumerate(rows):
                encoded[row] = Encoded(pooled[place], tokens[place, : lengths[place]])
        return [encoded[row] for row in range(len(lower))]

    def corrections(self) -> list[nn.Parameter]:
        """All that is learned."""
        return [value for value in self.parameters() if value.requires_grad]

    def adapter(self) -> Adapter:
        """The corrections as they are now."""
        return {
            f"{name.replace(' ', '.')}.w": Factors(
                matrix.down.detach().numpy().copy(), matrix.up.detach().numpy().copy()
            )
            for name, matrix in self._matrices.items()
            if isinstance(matrix, _Matrix) and matrix.rank
        }

    def _embed(self, texts: Sequence[Text]) -> tuple[Tensor, Tensor]:
        lengths = torch.tensor([len(text.ids) for text in texts])
        words = [torch.from_numpy(self._words[text.ids]) for text in texts]
        padded = nn.utils.rnn.pad_sequence(words, True)
        states = padded + self._places[: padded.shape[1]]
        return self._norm("emb.ln", states), torch.arange(padded.shape[1]) < lengths[:, None]

    def _run(self, states: Tensor, mask: Tensor, layers: Iterable[int]) -> tuple[Tensor, Tensor]:
        """The states ``(n, t, d)`` before and after the last of the layers."""
        before = states
        for layer in layers:
            before, states = states, self._layer(layer, states, mask)
        return before, states

    def _layer(self, number: int, states: Tensor, mask: Tensor) -> Tensor:
        def product(name: str, factor: Tensor) -> Tensor:
            multiplied: Tensor = self._matrices[f"l{number} {name}"](factor)
            return multiplied

        count, length, width = states.shape
        heads = self._sizes.heads

        def split(name: str) -> Tensor:
            return product(name, states).view(count, length, heads, width // heads).transpose(1, 2)

        attended = functional.scaled_dot_product_attention(
            split("q"), split("k"), split("v"), attn_mask=mask[:, None, None, :]
        )
        together = attended.transpose(1, 2).reshape(count, length, width)
        states = self._norm(f"l{number}.aln", states + product("ao", together))
        inner = product("fo", functional.gelu(product("fi", states)))
        return self._norm(f"l{number}.oln", states + inner)

    def _norm(self, name: str, states: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.w"], self._weights[f"{name}.b"]
        return functional.layer_norm(
            states.float(), weight.shape, weight, bias, self._sizes.layer_norm_epsilon
        )


class _Matrix(nn.Module):
    """A matrix that stays, and a correction that is learned (Hu and others 2022)."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.rank = rank
        # A plain attribute: it is no part of what is learned.
        self._fixed = (weight.to(dtype), bias.to(dtype))
        self._dtype = dtype
        rows, columns = weight.shape
        # With nothing in one factor the first step starts from the model as it is.
        self.down = nn.Parameter(torch.randn(rank, columns) / math.sqrt(columns), bool(rank))
        self.up = nn.Parameter(torch.zeros(rows, rank), bool(rank))

    def forward(self, states: Tensor) -> Tensor:
        states = states.to(self._dtype)
        product = functional.linear(states, *self._fixed)
        if not self.rank:
            return product
        narrow = functional.linear(states, self.down.to(self._dtype))
        return product + functional.linear(narrow, self.up.to(self._dtype))


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, dim=-1, eps=1e-9)


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Rows in batches of at most `_BATCH_TOKENS` with padding, longest first."""
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    while rows:
        count = max(1, _BATCH_TOKENS // max(lengths[rows[0]], 1))
        yield rows[:count]
        rows = rows[count:]
