"""An encoder that encodes every text once, for asking the same texts many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.encoder import Encoder, PassageEncoding, QuestionEncoding


class RememberingEncoder:
    """Another encoder, and the vectors of all texts it has been given; it reports no progress."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._passages: dict[str, PassageEncoding] = {}
        self._questions: dict[str, QuestionEncoding] = {}

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def max_tokens(self) -> int:
        return self._encoder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def rarities(self, words: Sequence[str]) -> list[float | None]:
        return self._encoder.rarities(words)

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        del on_progress
        new = [text for text in dict.fromkeys(texts) if text not in self._passages]
        self._passages.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return [self._passages[text] for text in texts]

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        new = [text for text in dict.fromkeys(texts) if text not in self._questions]
        self._questions.update(zip(new, self._encoder.encode_questions(new), strict=True))
        return [self._questions[text] for text in texts]
