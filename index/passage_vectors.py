"""What the model makes of a passage: a vector of each of its sentences, and of each of its tokens
and of its title's.

One forward pass gives both. A passage is read sentence by sentence, each under the article's title.
Read as a whole as well, it would take twice as long and twice the space, and gain nothing (see
docs/trials.md). The title is also read by itself: what a question asks about it need not be said
again by the passage that answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from index.encoder import Encoder, PassageEncoding
from index.late_interaction import Float32, Int32, QuantisedTokens, TokenVectors, centre, quantise
from index.passages import Passage

MOST_TITLE_TOKENS = 40
"""A longer title does not match: more words match more, and a list of topics would come before
passages that answer. The longest of 54 titles in benchmarks/questions/ has 24."""
_BYTES_OF_SCALE = 4


@dataclass(frozen=True, slots=True)
class TitledSentence:
    """A sentence under its article's title: all that its vectors follow from."""

    title: str
    sentence: str


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

    def sentences(self) -> list[TitledSentence]:
        """Its sentences under the title, in order."""
        text = self.passage.text
        return [
            TitledSentence(self.title, text[start:end]) for start, end in self.passage.sentences
        ]


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """A sentence's vector ``row`` float32 ``(d,)``, and its centred token vectors, of which there
    are none in an index that does not store them. These may still have to be read."""

    row: Float32
    tokens: TokenVectors | None


@dataclass(frozen=True, slots=True)
class PassageTokens:
    """Centred token vectors of the article's title and then of a passage's sentences, one sentence
    after another.

    ``starts`` int32 ``(s,)``: the first token of each sentence; those before the first are the
    title's.
    """

    vectors: TokenVectors
    starts: Int32

    @property
    def nbytes(self) -> int:
        """Bytes that they take in memory."""
        return self.vectors.values.nbytes + self.vectors.scales.nbytes + self.starts.nbytes


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """Everything the index knows of one passage.

    ``rows`` float32 ``(s, d)``: its sentences' vectors. ``tokens`` is None in an index without
    stored token vectors.
    """

    rows: Float32
    tokens: PassageTokens | None

    def sentences(self) -> Iterator[SentenceVectors]:
        """The same, sentence by sentence."""
        if self.tokens is None:
            yield from (SentenceVectors(row, None) for row in self.rows)
            return
        vectors, starts = self.tokens.vectors, self.tokens.starts.tolist()
        bounds = zip(starts, [*starts[1:], len(vectors.scales)], strict=True)
        for row, (start, end) in zip(self.rows, bounds, strict=True):
            yield SentenceVectors(row, vectors.part(start, end))


NO_SENTENCES: Mapping[TitledSentence, SentenceVectors] = MappingProxyType({})


def encode(
    passages: Sequence[TitledPassage],
    encoder: Encoder,
    passage_mean: Float32,
    on_progress: Callable[[int], None] | None = None,
    known: Mapping[TitledSentence, SentenceVectors] = NO_SENTENCES,
    *,
    tokens: bool = True,
) -> list[PassageVectors]:
    """The vectors of each passage, with or without those of its ``tokens``; a sentence that is
    ``known`` is not encoded.

    ``passage_mean`` float32 ``(d,)`` is the fit's. ``on_progress`` gets the number of sentences
    encoded.
    """
    titles: dict[str, QuantisedTokens] = {}
    if tokens:
        titles = _encode_titles({titled.title for titled in passages}, encoder, passage_mean)
    new = new_sentences(passages, known)
    fresh = {
        sentence: SentenceVectors(
            one.vector, quantise(centre(one.tokens, passage_mean)) if tokens else None
        )
        for sentence, one in zip(new, encode_sentences(new, encoder, on_progress), strict=True)
    }
    return [
        _put_together(
            titles.get(titled.title),
            [fresh.get(sentence) or known[sentence] for sentence in titled.sentences()],
        )
        for titled in passages
    ]


def new_sentences(
    passages: Sequence[TitledPassage], known: Mapping[TitledSentence, SentenceVectors]
) -> list[TitledSentence]:
    """Those of the passages that are not ``known``, each once, in order."""
    every = (sentence for titled in passages for sentence in titled.sentences())
    return list(dict.fromkeys(sentence for sentence in every if sentence not in known))


def encode_sentences(
    sentences: Sequence[TitledSentence],
    encoder: Encoder,
    on_progress: Callable[[int], None] | None = None,
) -> list[PassageEncoding]:
    """Each sentence read with the article's title before it, where the model has room.

    A sentence often does not say what it is about ("It was finished in 1930."); the title does.
    The title's own tokens are left out: they are kept once for the passage, of the title read by
    itself. Spans are of the sentence's characters.
    """
    heads = [f"{one.title}: " for one in sentences]
    both = [head + one.sentence for head, one in zip(heads, sentences, strict=True)]
    fits = [count <= encoder.max_tokens for count in encoder.count_tokens(both)]
    texts = [
        long if fit else one.sentence for long, one, fit in zip(both, sentences, fits, strict=True)
    ]
    encodings = encoder.encode_passages(texts, on_progress)
    return [
        _from(encoding, len(head)) if fit else encoding
        for encoding, head, fit in zip(encodings, heads, fits, strict=True)
    ]


def title_tokens(count: int, encoder: Encoder) -> int:
    """How many tokens' vectors are kept of a title that has ``count``: all, or none."""
    return count if count <= min(MOST_TITLE_TOKENS, encoder.max_tokens) else 0


def estimated_token_bytes(token_count: int, dimension: int) -> int:
    """About how many bytes the token vectors take of passages with so many tokens, their titles'
    counted."""
    return token_count * (dimension + _BYTES_OF_SCALE)


def _encode_titles(
    titles: Iterable[str], encoder: Encoder, passage_mean: Float32
) -> dict[str, QuantisedTokens]:
    """The token vectors of each title; none of one that is too long."""
    texts = sorted(titles)
    counts = encoder.count_tokens(texts)
    fitting = [
        text for text, count in zip(texts, counts, strict=True) if title_tokens(count, encoder)
    ]
    none = np.empty((0, encoder.dimension), np.float32)
    tokens = dict.fromkeys(texts, none) | {
        text: one.tokens
        for text, one in zip(fitting, encoder.encode_passages(fitting), strict=True)
    }
    return {text: quantise(centre(vectors, passage_mean)) for text, vectors in tokens.items()}


def _put_together(
    title: QuantisedTokens | None, sentences: Sequence[SentenceVectors]
) -> PassageVectors:
    """The vectors of a passage; those of its tokens if there are all of them."""
    rows = np.stack([one.row for one in sentences])
    stored = [one.tokens for one in sentences if one.tokens is not None]
    if title is None or len(stored) < len(sentences):
        return PassageVectors(rows, None)
    tokens = QuantisedTokens(
        np.concatenate([title.values, *(one.values for one in stored)]),
        np.concatenate([title.scales, *(one.scales for one in stored)]),
    )
    counts = [len(one.scales) for one in (title, *stored[:-1])]
    starts = np.cumsum(counts, dtype=np.int32)
    return PassageVectors(rows, PassageTokens(tokens, starts))


def _from(encoding: PassageEncoding, start: int) -> PassageEncoding:
    """The encoding without the tokens that end before the character ``start``, from which the
    others are counted."""
    kept = encoding.spans[:, 1] > start
    spans = np.maximum(encoding.spans[kept] - np.int32(start), 0)
    return PassageEncoding(encoding.vector, encoding.tokens[kept], spans)
