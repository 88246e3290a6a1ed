"""Writes model files in the format of the default model, tiny ones, for tests."""

import random
import struct
from dataclasses import dataclass, field

SPECIALS = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
WORDS = [
    ("▁query", -9.0),
    ("▁passage", -9.0),
    ("▁the", -4.0),
    ("▁ferry", -11.5),
    ("▁island", -10.0),
]
# Every lower-case letter, so that any word can be written.
LETTERS = [(letter, -14.0) for letter in "abcdefghijklmnopqrstuvwxyz:.?é中"]
BRACKETS = [(letter, -4.0) for letter in "</>"]
PIECES = [*SPECIALS, ("▁", -5.0), *WORDS, *LETTERS, *BRACKETS, ("<mask>", 0.0)]
# As in the real table: white space, a control character, a ligature, a full-width letter.
NORMALISATION = {"\t": " ", "\x01": "", "ﬁ": "fi", "ａ": "a"}


@dataclass
class TinyModel:
    """What goes into the file. Matrices are quantised, vectors are not; the values are random."""

    sizes: list[int] = field(default_factory=lambda: [32, 2, 2, 64, len(PIECES) + 3, 40, 1])
    epsilon: float = 1e-12
    block: int = 32
    magic: bytes = b"E5S1"
    version: int = 1
    specials: tuple[int, int, int, int] = (0, 2, 1, 3)
    pieces: list[tuple[str, float]] = field(default_factory=lambda: list(PIECES))
    normalisation: list[tuple[int, list[int]]] = field(
        default_factory=lambda: [
            (ord(character), [ord(part) for part in replacement])
            for character, replacement in NORMALISATION.items()
        ]
    )

    def __post_init__(self) -> None:
        hidden, layers, _, ffn, vocabulary, positions, types = self.sizes
        shapes: dict[str, int] = {"emb.word": vocabulary * hidden, "emb.pos": positions * hidden}
        shapes |= {"emb.type": types * hidden, "emb.ln.w": hidden, "emb.ln.b": hidden}
        for layer in range(layers):
            for name, rows, columns in [
                *[(name, hidden, hidden) for name in ("q", "k", "v", "ao")],
                ("fi", ffn, hidden),
                ("fo", hidden, ffn),
            ]:
                shapes[f"l{layer}.{name}.w"] = rows * columns
                shapes[f"l{layer}.{name}.b"] = rows
            for name in ("aln", "oln"):
                shapes |= {f"l{layer}.{name}.w": hidden, f"l{layer}.{name}.b": hidden}
        chance = random.Random(7)
        self.tensors: dict[str, tuple[int, int, bytes]] = {}
        self.values: dict[str, list[float]] = {}
        for name, count in shapes.items():
            quantised = name == "emb.word" or (name[0] == "l" and name[2:] not in _VECTORS)
            write = _write_blocks if quantised else _write_floats
            data, self.values[name] = write(count, chance)
            self.tensors[name] = (int(quantised), count, data)

    def to_bytes(self) -> bytes:
        head = self.magic + struct.pack(
            "<I7ifi", self.version, *self.sizes, self.epsilon, self.block
        )
        texts = [piece.encode() for piece, _ in self.pieces]
        ends = [sum(map(len, texts[:count])) for count in range(len(texts) + 1)]
        head += struct.pack("<5iQ", len(texts), *self.specials, ends[-1])
        head += struct.pack(f"<{len(ends)}I", *ends)
        head += struct.pack(f"<{len(texts)}f", *(score for _, score in self.pieces))
        head += b"".join(texts)
        table = b"".join(
            struct.pack(f"<IB{len(replacement)}I", number, len(replacement), *replacement)
            for number, replacement in self.normalisation
        )
        head += struct.pack("<iI", len(self.normalisation), len(table)) + table
        head += struct.pack("<i", len(self.tensors))
        offset = len(head) + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in self.tensors)
        body = b""
        for name, (kind, count, data) in self.tensors.items():
            head += struct.pack("<H", len(name)) + name.encode()
            head += struct.pack("<BIQQ", kind, count, offset + len(body), len(data))
            body += data
        return head + body


_VECTORS = {f"{name}.b" for name in ("q", "k", "v", "ao", "fi", "fo")} | {
    f"{name}.{part}" for name in ("aln", "oln") for part in "wb"
}


def _write_floats(count: int, chance: random.Random) -> tuple[bytes, list[float]]:
    values = [chance.randrange(-64, 64) / 64 for _ in range(count)]
    return struct.pack(f"<{count}f", *values), values


def _write_blocks(count: int, chance: random.Random) -> tuple[bytes, list[float]]:
    data, values = b"", []
    for _ in range(count // 32):
        scale = chance.randrange(1, 16) / 64  # exact in 16 bits
        weights = [chance.randrange(16) for _ in range(32)]
        halves = [low | high << 4 for low, high in zip(weights[:16], weights[16:], strict=True)]
        data += struct.pack("<e16B", scale, *halves)
        values += [(weight - 8) * scale for weight in weights]
    return data, values
