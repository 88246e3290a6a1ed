"""The default model's forward pass, written out on torch: a plain BERT encoder with mean pooling.

Importing sentence-transformers takes several times as long as all else that a question needs. The
default model is known to the last tensor (see bundled_model.py), so it needs no library that can
load any model. Every other model goes through sentence-transformers, and the vectors are the same.

BERT: Devlin et al. 2019; the layers' names are those of the weights' file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing torch takes seconds
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class _Affine:
    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class _Layer:
    # Queries, keys and values in one matrix: one product instead of three.
    qkv: _Affine
    attention: _Affine
    attention_norm: _Affine
    inner: _Affine
    outer: _Affine
    outer_norm: _Affine


class Bert:
    """A BERT encoder in the folder that `bundled_model.write_model_folder` writes.

    The weights are mapped into memory: rows of the vocabulary that no text has asked for are never
    read.
    """

    def __init__(self, folder: Path) -> None:
        """Map the weights in ``folder``; they compute in the type they are stored in.

        Raises OSError, ValueError, LookupError or SafetensorError for a damaged folder.
        """
        from safetensors.torch import load_file

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights = load_file(folder / "model.safetensors")
        self._embedding_norm = self._affine("embeddings.LayerNorm")
        self._layers = [self._layer(number) for number in range(config["num_hidden_layers"])]
        self.dimension: int = config["hidden_size"]
        """Length of every vector."""
        self.positions: int = config["max_position_embeddings"]
        """Tokens that a text may have, prompt and end marks included."""

    def __call__(self, ids: Tensor, mask: Tensor, _prompt: int, /) -> tuple[Tensor, Tensor]:
        """The vectors float32 ``(n, d)`` of ``n`` texts and their tokens' last hidden states
        float32 ``(n, t, d)``.

        ``ids`` int64 ``(n, t)``; ``mask`` int64 ``(n, t)``, 0 where a text is padded. The
        prompt's tokens count like the text's own.
        """
        # A single question has no padding, and attention without a mask is quicker.
        seen = None if bool(mask.all()) else mask[:, None, None, :].bool()
        states = self._embed(ids)
        for layer in self._layers:
            states = self._apply(layer, states, seen)
        states = states.float()
        weights = mask[:, :, None].float()
        return (states * weights).sum(1) / weights.sum(1), states

    def _embed(self, ids: Tensor) -> Tensor:
        from torch.nn.functional import embedding

        words = embedding(ids, self._weights["embeddings.word_embeddings.weight"])
        types = self._weights["embeddings.token_type_embeddings.weight"][0]
        positions = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        return self._norm(words + types + positions, self._embedding_norm)

    def _apply(self, layer: _Layer, states: Tensor, seen: Tensor | None) -> Tensor:
        from torch.nn.functional import gelu, linear, scaled_dot_product_attention

        texts, tokens, width = states.shape
        qkv = linear(states, layer.qkv.weight, layer.qkv.bias)
        by_head = qkv.view(texts, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        queries, keys, values = by_head
        attended = scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
        joined = attended.transpose(1, 2).reshape(texts, tokens, width)
        attention = linear(joined, layer.attention.weight, layer.attention.bias)
        states = self._norm(attention + states, layer.attention_norm)
        inner = gelu(linear(states, layer.inner.weight, layer.inner.bias))
        outer = linear(inner, layer.outer.weight, layer.outer.bias)
        return self._norm(outer + states, layer.outer_norm)

    def _norm(self, states: Tensor, norm: _Affine) -> Tensor:
        from torch.nn.functional import layer_norm

        return layer_norm(states, norm.bias.shape, norm.weight, norm.bias, self._epsilon)

    def _layer(self, number: int) -> _Layer:
        import torch

        prefix = f"encoder.layer.{number}"
        parts = [self._affine(f"{prefix}.attention.self.{n}") for n in ("query", "key", "value")]
        return _Layer(
            qkv=_Affine(
                torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
            ),
            attention=self._affine(f"{prefix}.attention.output.dense"),
            attention_norm=self._affine(f"{prefix}.attention.output.LayerNorm"),
            inner=self._affine(f"{prefix}.intermediate.dense"),
            outer=self._affine(f"{prefix}.output.dense"),
            outer_norm=self._affine(f"{prefix}.output.LayerNorm"),
        )

    def _affine(self, name: str) -> _Affine:
        return _Affine(self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])
