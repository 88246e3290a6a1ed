"""Texts to tokens, and where in the text each of them stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.invisible import spans_with_invisible, without_invisible

if TYPE_CHECKING:
    import tokenizers

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_SPACE = "▁"
_WORD_MARKS = (_SPACE, "Ġ", "")
"""Where a word begins, to SentencePiece, to byte-level BPE and to WordPiece."""
# Weight of a token by its unigram score s (a natural logarithm): max(-s - 6, 0.5). Fitted on XQuAD.
_COMMON_SCORE, _LEAST_WEIGHT = -6.0, 0.5


@dataclass(frozen=True, slots=True)
class Prompt:
    """What stands before every text of a kind, and the tokens that this takes."""

    text: str
    leading: int
    """Tokens before the text's own: the first mark and the prompt."""
    overhead: int
    """Those, and the end marks."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text with its prompt, cut into tokens; invisible characters (`index.invisible`) are in
    none."""

    ids: Sequence[int]
    """Of all of them, prompt and end marks included."""
    kept: Int32
    """Int32[t]: the positions in ``ids`` of those that are some of the text."""
    spans: Int32
    """Int32[t, 2]: start and end of each in the text, white space around it left out."""


class Tokenizer(Protocol):
    """A model's tokenizer. One thread at a time."""

    @property
    def pad(self) -> int:
        """The id of padding."""

    @property
    def weights(self) -> Float32:
        """Float32[ids]: how rare each token is."""

    def prompt(self, text: str) -> Prompt:
        """The prompt ``text``; a space at its end becomes part of what follows."""

    def count(self, prompt: Prompt, texts: Sequence[str]) -> list[int]:
        """How many tokens each of ``texts`` has behind the prompt, the prompt's not counted."""

    def whole(self, word: str) -> int | None:
        """The id of the one token that a word alone is; None if it is several."""

    def cut(self, prompt: Prompt, texts: Sequence[str], most: int | None = None) -> list[Tokens]:
        """Each of ``texts`` behind the prompt; what is over ``most`` tokens in all is left out."""


class SentencePieceTokenizer:
    """The default model's tokenizer, by SentencePiece."""

    def __init__(self, file: Path, scores: Float32, unknown: int) -> None:
        """``scores`` ``(ids,)`` are the pieces' unigram scores, ``unknown`` the id of what the
        tokenizer does not know.

        Raises RuntimeError for a file that is missing or damaged.
        """
        # Here, not above: most tests do without.
        from sentencepiece import SentencePieceProcessor

        self._processor = SentencePieceProcessor(model_file=str(file))
        self._first, self._last = self._processor.bos_id(), self._processor.eos_id()
        self._unknown = self._processor.unk_id()
        self.pad: int = self._processor.pad_id()
        self.weights = rarity(scores, [unknown])

    def prompt(self, text: str) -> Prompt:
        """As `Tokenizer` says."""
        count = len(self._processor.encode(without_invisible(text).rstrip()))
        return Prompt(without_invisible(text), 1 + count, 2 + count)

    def count(self, prompt: Prompt, texts: Sequence[str]) -> list[int]:
        """As `Tokenizer` says."""
        return [
            len(self._processor.encode(text, return_type="numpy")) + 2 - prompt.overhead
            for text in _prompted(prompt, texts)
        ]

    def whole(self, word: str) -> int | None:
        """As `Tokenizer` says."""
        id_: int = self._processor.piece_to_id(f"{_SPACE}{word}")
        return None if id_ == self._unknown else id_

    def cut(self, prompt: Prompt, texts: Sequence[str], most: int | None = None) -> list[Tokens]:
        """As `Tokenizer` says."""
        end = None if most is None else most - 2
        cut = []
        for prompted, text in zip(_prompted(prompt, texts), texts, strict=True):
            # Of a list, SentencePiece would start threads, for longer than they are needed.
            one = self._processor.encode(prompted, return_type="offset_mapping")
            # Of a character that stands for several, all but the last have no width.
            spans = ((start, max(stop, start + 1)) for start, stop in one["offsets"][:end])
            ids = [self._first, *one["ids"][:end], self._last]
            cut.append(Tokens(ids, *_in_text(enumerate(spans, 1), text, prompt)))
        return cut


class FastTokenizer:
    """Any tokenizer of Hugging Face's library tokenizers."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, pad: int) -> None:
        """``pad``: the id of padding."""
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        # "</s>" in a text is text, not the end mark.
        self._tokenizer.encode_special_tokens = True
        self.pad = pad
        self.weights = _weights(tokenizer)

    def prompt(self, text: str) -> Prompt:
        """As `Tokenizer` says."""
        self._tokenizer.no_truncation()
        text = without_invisible(text)
        encoding = self._tokenizer.encode(text.rstrip())
        trailing = 0
        while trailing < len(encoding.ids) and encoding.special_tokens_mask[-1 - trailing]:
            trailing += 1
        return Prompt(text, len(encoding.ids) - trailing, len(encoding.ids))

    def count(self, prompt: Prompt, texts: Sequence[str]) -> list[int]:
        """As `Tokenizer` says."""
        self._tokenizer.no_truncation()
        encodings = self._tokenizer.encode_batch(_prompted(prompt, texts))
        return [len(encoding) - prompt.overhead for encoding in encodings]

    def whole(self, word: str) -> int | None:
        """As `Tokenizer` says."""
        ids = (self._tokenizer.token_to_id(f"{mark}{word}") for mark in _WORD_MARKS)
        return next((id_ for id_ in ids if id_ is not None), None)

    def cut(self, prompt: Prompt, texts: Sequence[str], most: int | None = None) -> list[Tokens]:
        """As `Tokenizer` says."""
        if most is None:
            self._tokenizer.no_truncation()
        else:
            self._tokenizer.enable_truncation(most)
        encodings = self._tokenizer.encode_batch(_prompted(prompt, texts))
        cut = []
        for encoding, text in zip(encodings, texts, strict=True):
            columns = zip(
                encoding.tokens, encoding.offsets, encoding.special_tokens_mask, strict=True
            )
            # Where a text begins, the tokenizer gives a mark for a space the span of a letter.
            spans = (
                (position, span)
                for position, (token, span, special) in enumerate(columns)
                if token != _SPACE and not special
            )
            cut.append(Tokens(encoding.ids, *_in_text(spans, text, prompt)))
        return cut


def rarity(scores: Float32, specials: Sequence[int]) -> Float32:
    """Float32[ids]: max(-s - 6, 0.5) of each unigram score s.

    What the tokenizer does not know, or was taught later, counts as its rarest piece: ``specials``.
    """
    scores = scores.copy()
    scores[specials] = np.delete(scores, specials).min()
    weights: Float32 = np.maximum(_COMMON_SCORE - scores, _LEAST_WEIGHT)
    return weights


def _weights(tokenizer: tokenizers.Tokenizer) -> Float32:
    """Float32[ids]: the rarity of every token id; 1 where the tokenizer has no unigram scores."""
    model = json.loads(tokenizer.to_str())["model"]
    count = max(tokenizer.get_vocab_size(), len(model["vocab"]))
    if model["type"] != "Unigram":
        return np.ones(count, np.float32)
    scores = np.array([score for _, score in model["vocab"]], np.float32)
    added = [index for index in tokenizer.get_added_tokens_decoder() if index < len(scores)]
    known = rarity(scores, [model["unk_id"], *added])
    weights = np.full(count, known.max(), np.float32)
    weights[: len(known)] = known
    return weights


def _prompted(prompt: Prompt, texts: Sequence[str]) -> list[str]:
    # Half of a character outside the first plane cannot be written in UTF-8: "?" stands for it.
    shown = map(without_invisible, texts)
    return [(prompt.text + text).encode("utf-8", "replace").decode() for text in shown]


def _in_text(
    spans: Iterable[tuple[int, tuple[int, int]]], text: str, prompt: Prompt
) -> tuple[Int32, Int32]:
    """``kept`` and ``spans`` of `Tokens`, from positions and their spans in prompt and text."""
    kept, found = [], []
    shown = without_invisible(text)
    for position, (start, end) in spans:
        start, end = max(start - len(prompt.text), 0), min(end - len(prompt.text), len(shown))
        # The white space before a word is part of its token.
        while start < end and _is_blank(shown[start]):
            start += 1
        while start < end and _is_blank(shown[end - 1]):
            end -= 1
        if start < end:
            kept.append(position)
            found.append((start, end))
    spans_shown = np.array(found, np.int32).reshape(-1, 2)
    return np.array(kept, np.int32), spans_with_invisible(spans_shown, text)


def _is_blank(character: str) -> bool:
    """White space, and what leaves no ink: control characters, zero-width spaces."""
    return character.isspace() or not character.isprintable()
