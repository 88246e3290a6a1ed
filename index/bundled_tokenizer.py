"""The default model's tokenizer, built from the vocabulary in its file.

It is that of XLM-RoBERTa, a unigram model, as SentencePiece reads it, which takes a quarter of the
memory and time of the library tokenizers, and gives the same tokens.
"""

from __future__ import annotations

import struct
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any

from index.model_file import Vocabulary

_MASK = "<mask>"


def build_sentencepiece(vocabulary: Vocabulary) -> bytes:
    """The vocabulary as a serialized SentencePiece model, ids and all; end marks are the caller's.

    It composes letters as the original does, and drops white space at the end of a text.
    """
    from sentencepiece import sentencepiece_model_pb2

    protos: Any = sentencepiece_model_pb2  # its classes are made when it is imported
    piece = protos.ModelProto.SentencePiece
    specials = special_ids(vocabulary)
    model = protos.ModelProto()
    for index, (text, score) in enumerate(vocabulary.pieces):
        if index == vocabulary.unknown:
            kind = piece.UNKNOWN
        else:
            kind = piece.CONTROL if index in specials else piece.NORMAL
        model.pieces.add(piece=text, score=score, type=kind)
    trainer = model.trainer_spec
    trainer.model_type = protos.TrainerSpec.UNIGRAM
    trainer.vocab_size = len(vocabulary.pieces)
    for name, index in (
        ("bos", vocabulary.bos),
        ("eos", vocabulary.eos),
        ("pad", vocabulary.pad),
        ("unk", vocabulary.unknown),
    ):
        setattr(trainer, f"{name}_id", index)
        setattr(trainer, f"{name}_piece", vocabulary.pieces[index][0])
    normalizer = model.normalizer_spec
    normalizer.precompiled_charsmap = build_charsmap(vocabulary.normalisation)
    normalizer.add_dummy_prefix = True
    normalizer.remove_extra_whitespaces = True
    normalizer.escape_whitespaces = True
    serialized: bytes = model.SerializeToString()
    return serialized


def build_charsmap(normalisation: Mapping[str, str]) -> bytes:
    """The table as SentencePiece's "precompiled charsmap".

    The original map also composes: "u" and a combining diaeresis give "ü". The file's table has
    only single characters, so the compositions are added from Unicode's own data. NFKC itself would
    not do: it sorts combining marks, and pieces of Burmese, Hebrew and Arabic have them unsorted.

    Layout (sentencepiece, ``normalizer.cc``): u32 size of the trie in bytes, the trie, and the
    replacements, each ended by a 0 byte; the trie maps UTF-8 to offsets into the replacements. It
    is a double-array trie as darts-clone writes it, units of 32 bits: a node at position ``p`` with
    offset ``o`` has its child for a byte at ``p ^ o ^ byte`` and its value at ``p ^ o``. Here every
    node with children has a block of 256 units of its own, which needs no search for room.
    SentencePiece wants whole blocks.
    """
    mapping = _compositions(normalisation) | dict(normalisation)
    replacements = bytearray()
    root: dict[int, Any] = {}
    for text, replacement in mapping.items():
        node = root
        for byte in text.encode():
            node = node.setdefault(byte, {})
        node[_VALUE] = len(replacements)
        replacements += replacement.encode() + b"\0"

    units = [0] * 256
    inner = [(0, root)]
    leaves: list[tuple[int, dict[int, Any]]] = []
    for position, node in inner:  # grows while it is walked
        base = len(units)
        units += [0] * 256
        _point(units, position, base, node.get(_VALUE))
        for byte, child in node.items():
            if byte != _VALUE:
                units[base ^ byte] = byte
                (leaves if child.keys() == {_VALUE} else inner).append((base ^ byte, child))
    for position, node in leaves:
        units.append(0)
        _point(units, position, len(units) - 1, node[_VALUE])
    units += [0] * (-len(units) % 256)
    trie = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(trie)) + trie + bytes(replacements)


# No byte of UTF-8 text, so free to be the key of a node's value.
_VALUE = -1
# In bytes; the library tokenizers, ``normalizers::precompiled``.
_LONGEST_CLUSTER = 5


def _point(units: list[int], position: int, base: int, value: int | None) -> None:
    """Makes ``base`` the base of the node at ``position``, and puts the node's value there."""
    units[position] |= (position ^ base) << 10
    if value is not None:
        units[position] |= 1 << 8
        units[base] = value | 1 << 31


def _compositions(normalisation: Mapping[str, str]) -> dict[str, str]:
    """What composes to one character, and that character as the table has it.

    Only of at most 5 bytes: the library tokenizers looks no further, and other programs are to cut
    a text as this one does. So decomposed kana stay as they are.
    """
    compositions = {}
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        decomposition = unicodedata.decomposition(character)
        if (
            not decomposition
            or decomposition.startswith("<")  # a compatibility decomposition
            or unicodedata.normalize("NFC", character) != character
        ):
            continue
        text = "".join(chr(int(part, 16)) for part in decomposition.split())
        if len(text.encode()) <= _LONGEST_CLUSTER:
            compositions[text] = normalisation.get(character, character)
    return compositions


def special_ids(vocabulary: Vocabulary) -> set[int]:
    """The pieces that stand for no text. The mask is the last piece, in this vocabulary's order."""
    last = len(vocabulary.pieces) - 1
    specials = {vocabulary.bos, vocabulary.pad, vocabulary.eos, vocabulary.unknown}
    return specials | ({last} if vocabulary.pieces[last][0] == _MASK else set())
