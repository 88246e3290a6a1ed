"""Late interaction: every token of a question against every token of a passage.

MaxSim (Khattab and Zaharia 2020, ColBERT) takes, for each token of the question, the best cosine
among the passage's tokens. The token vectors are those of the model that gives the passage vectors;
no other model is needed. They are centred first: all of a model's token vectors share a large
component that says nothing, and subtracting the mean token vector takes it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]

LEVELS = 127
_BASE = 256


def centre(tokens: Float32, mean: Float32) -> Float32:
    """Unit-length centred token vectors ``(t, d)``; ``mean`` ``(d,)`` is that of unit-length token
    vectors."""
    return unit(unit(tokens) - mean)


@dataclass(frozen=True, slots=True)
class QuantisedTokens:
    """Unit vectors in eight bits: ``values`` int8 ``(t, d)`` times ``scales`` float32 ``(t,)``."""

    values: Int8
    scales: Float32


def quantise(tokens: Float32) -> QuantisedTokens:
    """Eight bits a component, one scale a vector, so that the restored vector has unit length
    again."""
    largest = np.abs(tokens).max(axis=1, keepdims=True, initial=1e-9)
    values = np.rint(tokens * (LEVELS / largest)).astype(np.int8)
    lengths = np.sqrt(np.einsum("td,td->t", values, values, dtype=np.float32))
    return QuantisedTokens(values, (1 / np.maximum(lengths, 1)).astype(np.float32))


def similarities(question: Float32, passages: Sequence[QuantisedTokens]) -> Float32:
    """Cosines ``(sum of t, q)`` of all passages' tokens, one below the other, with ``q`` question
    tokens."""
    if passages and len(question) and _multiplies_bytes():
        return _products_of_bytes(question, passages)
    return _products_of_floats(question, passages)


def _products_of_floats(question: Float32, passages: Sequence[QuantisedTokens]) -> Float32:
    counts = [len(passage.scales) for passage in passages]
    cosines = np.empty((sum(counts), len(question)), np.float32)
    # One passage at a time in the same place: all of them as floats would not fit the CPU's cache.
    floats = np.empty((max(counts, default=0), question.shape[1]), np.float32)
    end = 0
    for passage, count in zip(passages, counts, strict=True):
        start, end = end, end + count
        floats[:count] = passage.values
        np.matmul(floats[:count], question.T, out=cosines[start:end])
        cosines[start:end] *= passage.scales[:, None]
    return cosines


def _products_of_bytes(question: Float32, passages: Sequence[QuantisedTokens]) -> Float32:
    """The same to four digits in a third of the time. The question's components are taken as two
    digits to base 256, so that all products are of bytes."""
    import torch

    scales = (np.abs(question).max(axis=1, initial=1e-9) / (LEVELS * _BASE)).astype(np.float32)
    numbers = np.rint(question / scales[:, None]).astype(np.int32)
    high = (numbers + _BASE // 2) // _BASE
    digits = np.concatenate([high, numbers - high * _BASE]).astype(np.int8)
    values = np.concatenate([passage.values for passage in passages])
    sums = torch._int_mm(torch.from_numpy(digits), torch.from_numpy(values).T).numpy()
    numbers = sums[: len(high)]
    numbers *= _BASE
    numbers += sums[len(high) :]
    cosines = np.multiply(numbers, scales[:, None], dtype=np.float32)
    cosines *= np.concatenate([passage.scales for passage in passages])
    # Each token of the question stays in one run of memory, where its best match is looked for.
    by_token: Float32 = cosines.T
    return by_token


@cache
def _multiplies_bytes() -> bool:
    """Whether the CPU has instructions for that. Without them torch's products may overflow."""
    # Here, not above: importing torch takes a second, which most tests can do without.
    import torch

    capabilities = torch.cpu.get_capabilities()
    return torch._C._has_mkldnn and any(
        capabilities.get(name) for name in ("avx512_vnni", "avx_vnni")
    )


def best_matches(cosines: Float32, starts: NDArray[np.integer[Any]]) -> Float32:
    """MaxSim's inner part: the best row of each segment, ``(segments, q)``.

    ``starts`` holds each segment's first row, ascending from 0. An empty segment matches nothing:
    its row is 0.
    """
    best = np.zeros((len(starts), cosines.shape[1]), np.float32)
    full = np.flatnonzero(np.diff(starts, append=len(cosines)))
    if len(full) and cosines.shape[1]:
        best[full] = np.maximum.reduceat(cosines, starts[full], axis=0)
    return best


def unit(vectors: Float32) -> Float32:
    """Rows scaled to length one; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Float32 = vectors / np.maximum(lengths, 1e-9)
    return scaled
