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
from typing import TYPE_CHECKING, Protocol

from index.bundled_model import CONFIG, WEIGHTS
from index.model_file import Sizes, WordVectors

if TYPE_CHECKING:  # importing torch takes seconds
    from torch import Tensor


_ROUND = 64
"""Tokens of a batch are filled up to a multiple of this."""


class _Weights(Protocol):
    """An open file of weights."""

    def get_tensor(self, name: str) -> Tensor:
        """The tensor of this name."""


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor


class _Linear:
    """A product with a matrix, and a bias; the matrix laid out as oneDNN computes with it.

    torch lays it out anew for every product, which takes a third of the time of a short question.
    Its own compiler calls oneDNN in this way (``torch/_inductor/fx_passes/mkldnn_fusion.py``).
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        import torch

        self._bias = bias
        self._laid_out = torch._C._has_mkldnn and (
            weight.dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        )
        # A copy in any case, so that the mapped file can be let go.
        self._weight = (
            torch.ops.mkldnn._reorder_linear_weight(weight, None)
            if self._laid_out
            else weight.clone()
        )

    def __call__(self, states: Tensor, *, gelu: bool = False) -> Tensor:
        """``states`` ``(t, d)`` times the matrix, and the bias; ``gelu`` of that if asked for."""
        import torch

        if self._laid_out:
            after, which = ("gelu", "none") if gelu else ("none", "")
            product: Tensor = torch.ops.mkldnn._linear_pointwise(
                states, self._weight, self._bias, after, [], which
            )
            return product
        product = torch.nn.functional.linear(states, self._weight, self._bias)
        return torch.nn.functional.gelu(product) if gelu else product


@dataclass(frozen=True, slots=True)
class _Layer:
    # Queries, keys and values in one matrix: one product instead of three.
    qkv: _Linear
    attention: _Linear
    attention_norm: _Norm
    inner: _Linear
    outer: _Linear
    outer_norm: _Norm


class Bert:
    """A BERT encoder in the folder that `bundled_model.write_model_folder` writes."""

    def __init__(self, folder: Path, words: WordVectors) -> None:
        """Load the weights in ``folder``, which compute in the type they are stored in; ``words``
        are the vectors of the vocabulary.

        Raises OSError, ValueError, TypeError or SafetensorError for a damaged folder.
        """
        from safetensors import safe_open

        sizes = Sizes(**json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        self._heads = sizes.heads
        self._epsilon = sizes.layer_norm_epsilon
        self._words = words
        # Mapped only until the layers are laid out.
        with safe_open(folder / WEIGHTS, "pt") as weights:
            types = weights.get_tensor("embeddings.token_type_embeddings.weight")
            # Every text is of the first type.
            self._positions: Tensor = (
                weights.get_tensor("embeddings.position_embeddings.weight") + types[0]
            )
            self._embedding_norm = _norm(weights, "embeddings.LayerNorm")
            self._layers = [
                _layer(weights, f"encoder.layer.{number}") for number in range(sizes.layers)
            ]
        self.dimension = sizes.hidden
        """Length of every vector."""
        self.positions = sizes.positions
        """Tokens that a text may have, prompt and end marks included."""

    def __call__(self, ids: Tensor, mask: Tensor, _prompt: int, /) -> tuple[Tensor, Tensor, Tensor]:
        """The vectors float32 ``(n, d)`` of ``n`` texts, and their tokens' hidden states after the
        last layer and after the one before it, float32 ``(n, t, d)``.

        ``ids`` int64 ``(n, t)``; ``mask`` int64 ``(n, t)``, 0 where a text is padded. The
        prompt's tokens count like the text's own.
        """
        padding = _Padding(mask)
        before = states = self._embed(ids, padding)
        for layer in self._layers:
            before, states = states, self._apply(layer, states, padding)
        last = padding.put(states.float())
        return last.sum(1) / mask.sum(1, keepdim=True), last, padding.put(before.float())

    def _embed(self, ids: Tensor, padding: _Padding) -> Tensor:
        import torch

        words = torch.from_numpy(self._words[padding.take(ids[..., None])[:, 0].numpy()])
        places = self._positions[: ids.shape[1]].expand(len(ids), -1, -1)
        embedded = words.to(places.dtype) + padding.take(places)
        return self._norm(embedded, self._embedding_norm)

    def _apply(self, layer: _Layer, states: Tensor, padding: _Padding) -> Tensor:
        from torch.nn.functional import scaled_dot_product_attention

        qkv = padding.put(layer.qkv(states))
        texts, tokens, _ = qkv.shape
        by_head = qkv.view(texts, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        queries, keys, values = by_head
        attended = scaled_dot_product_attention(queries, keys, values, attn_mask=padding.seen)
        joined = padding.take(attended.transpose(1, 2).reshape(texts, tokens, -1))
        states = self._norm(layer.attention(joined) + states, layer.attention_norm)
        inner = layer.inner(states, gelu=True)
        return self._norm(layer.outer(inner) + states, layer.outer_norm)

    def _norm(self, states: Tensor, norm: _Norm) -> Tensor:
        from torch.nn.functional import layer_norm

        return layer_norm(states, norm.bias.shape, norm.weight, norm.bias, self._epsilon)


class _Padding:
    """Which places of a batch are tokens. Only attention sees texts beside one another; all else
    is computed for tokens alone: questions of different lengths are a third padding."""

    def __init__(self, mask: Tensor) -> None:
        """``mask`` int64 ``(n, t)``, 0 where a text is padded; at least one token is there."""
        from torch.nn.functional import pad

        self._shape = mask.shape
        places = mask.flatten().nonzero()[:, 0]
        self._count = len(places)
        # The first token again and again: oneDNN prepares itself for every number of tokens anew,
        # which takes as long as computing them, and keeps what it has prepared.
        rest = -self._count % _ROUND if self._count > _ROUND else 0
        full = bool(mask.all())
        self._places = None if full and not rest else places
        self._taken = pad(places, (0, rest), value=int(places[0]))
        # A single text has no padding, and attention without a mask is quicker.
        self.seen: Tensor | None = None if full else mask[:, None, None, :].bool()
        """Where attention looks, ``(n, 1, 1, t)``; None for everywhere."""

    def take(self, padded: Tensor) -> Tensor:
        """The tokens ``(t', d)`` in ``padded`` ``(n, t, d)``, and the first one some more times."""
        flat = padded.reshape(-1, padded.shape[-1])
        return flat if self._places is None else flat[self._taken]

    def put(self, tokens: Tensor) -> Tensor:
        """``tokens`` ``(t', d)`` in their places ``(n, t, d)``; zeros where a text is padded."""
        if self._places is None:
            return tokens.view(*self._shape, -1)
        padded = tokens.new_zeros(self._shape.numel(), tokens.shape[-1])
        padded[self._places] = tokens[: self._count]
        return padded.view(*self._shape, -1)


def _layer(weights: _Weights, prefix: str) -> _Layer:
    return _Layer(
        qkv=_linear(weights, *(f"{prefix}.attention.self.{n}" for n in ("query", "key", "value"))),
        attention=_linear(weights, f"{prefix}.attention.output.dense"),
        attention_norm=_norm(weights, f"{prefix}.attention.output.LayerNorm"),
        inner=_linear(weights, f"{prefix}.intermediate.dense"),
        outer=_linear(weights, f"{prefix}.output.dense"),
        outer_norm=_norm(weights, f"{prefix}.output.LayerNorm"),
    )


def _linear(weights: _Weights, *names: str) -> _Linear:
    """One product for all of ``names``, their results side by side."""
    import torch

    return _Linear(
        torch.cat([weights.get_tensor(f"{name}.weight") for name in names]),
        torch.cat([weights.get_tensor(f"{name}.bias") for name in names]),
    )


def _norm(weights: _Weights, name: str) -> _Norm:
    return _Norm(
        weights.get_tensor(f"{name}.weight").clone(), weights.get_tensor(f"{name}.bias").clone()
    )
