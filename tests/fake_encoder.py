"""An encoder for tests that needs no model: its vectors follow from the words of the text alone."""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b

import numpy as np

from index.encoder import Float32, Int32, PassageEncoding, QuestionEncoding

_WORD = re.compile(r"\w+")


class FakeEncoder:
    """An `index.encoder.Encoder` to which a token is a word.

    A token's vector is a unit vector that depends on the lower-cased word and nothing else, so
    equal words match with cosine 1 and others with about 0. A text's vector is the mean of its
    tokens', scaled to unit length. All weights are 1.

    ``encoded_passages`` (sentences, most under their titles) and ``encoded_questions`` list what
    was encoded, in the order in which it was asked for.
    """

    def __init__(self, dimension: int = 64, *, max_tokens: int = 64) -> None:
        self._dimension = dimension
        self._max_tokens = max_tokens
        self.encoded_passages: list[str] = []
        self.encoded_questions: list[str] = []

    @property
    def name(self) -> str:
        return f"fake-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        # Of a text of megabytes a list of its words would keep other threads waiting.
        return [sum(1 for _ in _WORD.finditer(text)) for text in texts]

    def rarities(self, words: Sequence[str]) -> list[float | None]:
        """Every word is one token."""
        return [1.0 for _ in words]

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        self._refuse_long(texts)
        self.encoded_passages += texts
        encodings = []
        for done, text in enumerate(texts, start=1):
            vector, tokens, spans = self._encode(text)
            encodings.append(PassageEncoding(vector, tokens, spans))
            if on_progress is not None:
                on_progress(done)
        return encodings

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        self.encoded_questions += texts
        encodings = []
        for text in texts:
            vector, tokens, spans = self._encode(text)
            weights = np.ones(len(tokens), dtype=np.float32)
            encodings.append(QuestionEncoding(vector, tokens, weights, spans))
        return encodings

    def _encode(self, text: str) -> tuple[Float32, Float32, Int32]:
        spans = _words(text)[: self._max_tokens]
        tokens = np.empty((len(spans), self._dimension), dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            tokens[row] = self._word_vector(text[start:end].lower())
        # Like the real encoder's, the vector of a text without words is still of unit length.
        mean = tokens.mean(axis=0) if spans else self._word_vector("")
        vector = (mean / np.linalg.norm(mean)).astype(np.float32)
        return vector, tokens, np.array(spans, dtype=np.int32).reshape(-1, 2)

    def _word_vector(self, word: str) -> Float32:
        # Not hash(), which differs from run to run.
        seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
        vector = np.random.default_rng(seed).standard_normal(self._dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def _refuse_long(self, texts: Sequence[str]) -> None:
        for row, count in enumerate(self.count_tokens(texts)):
            if count > self._max_tokens:
                raise ValueError(
                    f"text {row} has {count} tokens, the model takes {self._max_tokens}: split it"
                )


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _WORD.finditer(text)]
