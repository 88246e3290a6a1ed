"""What the model makes of a passage: vectors of it, of each of its sentences, and of its tokens.

One forward pass gives both. A passage is read twice: as a whole, and sentence by sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.encoder import Encoder, PassageEncoding
from index.late_interaction import Float32, Int32, QuantisedTokens, centre, quantise
from index.passages import Passage

_BYTES_OF_SCALE = 4


@dataclass(frozen=True, slots=True, eq=False)
class TitledPassage:
    """A passage under its article's title. Two are equal if they have the same vectors."""

    title: str
    passage: Passage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TitledPassage) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.title, self.passage.text, self.passage.sentences


@dataclass(frozen=True, slots=True)
class PassageTokens:
    """Centred token vectors of the passage as the model reads it as a whole, then those of each
    sentence read alone.

    ``starts`` int32 ``(s + 1,)``: the first token of each sentence in the whole, then of the
    sentences alone.
    """

    vectors: QuantisedTokens
    starts: Int32

    @property
    def nbytes(self) -> int:
        """Bytes of memory, or of disk."""
        return self.vectors.values.nbytes + self.vectors.scales.nbytes + self.starts.nbytes


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """Everything the index knows of one passage.

    ``rows`` float32 ``(1 + s, d)``: the passage's vector, then its sentences'. ``tokens`` is None
    in an index without stored token vectors.
    """

    rows: Float32
    tokens: PassageTokens | None


def encode(
    passages: Sequence[TitledPassage],
    encoder: Encoder,
    passage_mean: Float32,
    on_progress: Callable[[int], None] | None = None,
) -> list[tuple[Float32, PassageTokens]]:
    """The rows and the token vectors of each passage.

    ``passage_mean`` float32 ``(d,)`` is the fit's. ``on_progress`` gets the number of texts
    (passages and sentences) done.
    """
    whole = encoder.encode_passages([titled.passage.text for titled in passages], on_progress)
    alone = iter(_encode_sentences(passages, encoder, on_progress))
    vectors = []
    for titled, encoding in zip(passages, whole, strict=True):
        sentences = [next(alone) for _ in titled.passage.sentences]
        tokens = np.concatenate([encoding.tokens, *(sentence.tokens for sentence in sentences)])
        rows = np.stack([encoding.vector, *(sentence.vector for sentence in sentences)])
        starts = _sentence_starts(titled.passage, encoding)
        vectors.append((rows, PassageTokens(quantise(centre(tokens, passage_mean)), starts)))
    return vectors


def estimated_token_bytes(token_count: int, dimension: int) -> int:
    """About how many bytes the token vectors take of passages with so many tokens.

    Each token is stored twice, as it is read in the whole and in its sentence.
    """
    return 2 * token_count * (dimension + _BYTES_OF_SCALE)


def _sentence_starts(passage: Passage, encoding: PassageEncoding) -> Int32:
    """The first token of each sentence, and behind the last token, ``(s + 1,)``."""
    begins = [start for start, _ in passage.sentences]
    starts = np.searchsorted(encoding.spans[:, 0], begins)
    # White space before the first sentence may have a token.
    starts[0] = 0
    return np.append(starts, len(encoding.tokens)).astype(np.int32)


def _encode_sentences(
    passages: Sequence[TitledPassage],
    encoder: Encoder,
    on_progress: Callable[[int], None] | None,
) -> list[PassageEncoding]:
    """Each sentence read with the article's title before it, where the model has room.

    A sentence often does not say what it is about ("It was finished in 1930."); the title does.
    The title's own tokens are left out: they would be the same for every sentence.
    """
    plain = [
        titled.passage.text[start:end]
        for titled in passages
        for start, end in titled.passage.sentences
    ]
    heads = [f"{titled.title}: " for titled in passages for _ in titled.passage.sentences]
    both = [head + sentence for head, sentence in zip(heads, plain, strict=True)]
    fits = [count <= encoder.max_tokens for count in encoder.count_tokens(both)]
    texts = [long if fit else short for long, short, fit in zip(both, plain, fits, strict=True)]

    def told(done: int) -> None:
        if on_progress is not None:
            on_progress(len(passages) + done)

    encodings = encoder.encode_passages(texts, told)
    return [
        _from(encoding, len(head)) if fit else encoding
        for encoding, head, fit in zip(encodings, heads, fits, strict=True)
    ]


def _from(encoding: PassageEncoding, start: int) -> PassageEncoding:
    """The encoding without the tokens that end before the character ``start``."""
    kept = encoding.spans[:, 1] > start
    return PassageEncoding(encoding.vector, encoding.tokens[kept], encoding.spans[kept])
