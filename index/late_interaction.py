"""Late interaction: every token of a question against every token of a passage.

MaxSim (Khattab and Zaharia 2020, ColBERT) takes, for each token of the question, the best cosine
among the passage's tokens. The token vectors are those of the model that gives the passage vectors;
no other model is needed. They are centred first: all of a model's token vectors share a large
component that says nothing, and subtracting the mean token vector takes it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.byte_products import LEVELS, MIDDLE, multiply, round_rows

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]
UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]


def centre(tokens: Float32, mean: Float32) -> Float32:
    """Unit-length centred token vectors ``(t, d)``; ``mean`` ``(d,)`` is that of unit-length token
    vectors."""
    return unit(unit(tokens) - mean)


class TokenVectors(Protocol):
    """Unit vectors in eight bits: ``values`` int8 ``(t, d)`` times ``scales`` float32 ``(t,)``."""

    @property
    def values(self) -> Int8:
        """Ask once: they may be read anew each time. Raises StorageError if they cannot be."""

    @property
    def scales(self) -> Float32:
        """One for each vector."""

    def part(self, start: int, end: int) -> TokenVectors:
        """Those from ``start`` to ``end``; nothing is read for it."""

    def copy_to(self, others: UInt8) -> None:
        """Write the values into ``others`` ``(t, d)``, each `MIDDLE` more.

        Raises StorageError, as ``values`` does, if they are read and cannot be.
        """


@dataclass(frozen=True, slots=True)
class QuantisedTokens:
    """`TokenVectors` in memory, or mapped into it."""

    values: Int8
    scales: Float32

    def part(self, start: int, end: int) -> QuantisedTokens:
        """As `TokenVectors` says."""
        return QuantisedTokens(self.values[start:end], self.scales[start:end])

    def copy_to(self, others: UInt8) -> None:
        """As `TokenVectors` says."""
        # In two's complement the sign turns into what is `MIDDLE` more.
        np.bitwise_xor(self.values.view(np.uint8), MIDDLE, out=others)


def quantise(tokens: Float32) -> QuantisedTokens:
    """Eight bits a component, one scale a vector, so that the restored vector has unit length
    again."""
    largest = np.abs(tokens).max(axis=1, keepdims=True, initial=1e-9)
    values = np.rint(tokens * (LEVELS / largest)).astype(np.int8)
    lengths = np.sqrt(np.einsum("td,td->t", values, values, dtype=np.float32))
    return QuantisedTokens(values, (1 / np.maximum(lengths, 1)).astype(np.float32))


def similarities(question: Float32, passages: Sequence[TokenVectors]) -> Float32:
    """Cosines ``(sum of t, q)`` of all passages' tokens, one below the other, with ``q`` question
    tokens.

    The question's vectors are rounded to bytes too, which changes a cosine by some 0.0005: as much
    as `quantise` does. Raises StorageError if tokens cannot be read.
    """
    counts = [len(passage.scales) for passage in passages]
    if not sum(counts) or not len(question):
        return np.zeros((sum(counts), len(question)), np.float32)
    values, scales = round_rows(question)
    tokens = np.empty((sum(counts), question.shape[1]), np.uint8)
    end = 0
    for passage, count in zip(passages, counts, strict=True):
        start, end = end, end + count
        passage.copy_to(tokens[start:end])
    cosines = multiply(tokens, values.T.copy(), scales)
    cosines *= np.concatenate([passage.scales for passage in passages])[:, None]
    return cosines


def best_matches(cosines: Float32, starts: NDArray[np.integer[Any]]) -> Float32:
    """MaxSim's inner part: the best row of each segment, ``(segments, q)``.

    ``starts`` holds each segment's first row, ascending from 0. An empty segment matches nothing:
    its row is 0.
    """
    best = np.zeros((len(starts), cosines.shape[1]), np.float32)
    full = np.flatnonzero(segment_lengths(starts, len(cosines)))
    if len(full) and cosines.shape[1]:
        best[full] = np.maximum.reduceat(cosines, starts[full], axis=0)
    return best


def segment_lengths(starts: NDArray[np.integer[Any]], end: int) -> NDArray[np.integer[Any]]:
    """The length ``(n,)`` of each segment, from where they start ``(n,)`` and the last one ends."""
    # numpy.diff takes three times as long for so few.
    lengths = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=lengths[:-1])
    lengths[-1:] = end - starts[-1:]
    return lengths


def unit(vectors: Float32) -> Float32:
    """Rows scaled to length one; a row of zeros stays zero."""
    # numpy.linalg.norm writes the squares down first, and takes twice as long.
    lengths = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))
    scaled: Float32 = vectors / np.maximum(lengths, 1e-9)[..., None]
    return scaled
