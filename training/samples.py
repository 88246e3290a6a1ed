"""Articles with questions, cut into the tokens that the model sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.bundled_model import PASSAGE_PROMPT, QUERY_PROMPT
from index.content import Article
from index.evaluate import (
    Dataset,
    GoldAnswer,
    answering_passage,
    answering_sentences,
    read_squad,
)
from index.passage_vectors import MOST_TITLE_TOKENS, TitledPassage
from index.passages import Passage, split_article
from index.tokenizer import SentencePieceTokenizer, Tokens

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """The ``ids`` int64 ``(n,)`` of a text behind its prompt, and the places in them ``kept`` int64
    ``(t,)`` of the tokens that count."""

    ids: Int64
    kept: Int64


@dataclass(frozen=True, slots=True)
class Question:
    """``weights`` float32 ``(t,)``: the rarity of its tokens. ``passage``: the number, within the
    article, of the one that answers, None if none does; ``sentences``: those within the passage
    that do."""

    text: Text
    weights: Float32
    passage: int | None
    sentences: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sample:
    """An article: its title, its passages' sentences, each under the title, and its questions."""

    title: Text
    passages: tuple[tuple[Text, ...], ...]
    questions: tuple[Question, ...]

    def texts(self) -> list[Text]:
        """The title, all sentences, and all questions."""
        sentences = [sentence for passage in self.passages for sentence in passage]
        return [self.title, *sentences, *(question.text for question in self.questions)]


def read_samples(
    files: Sequence[Path], tokenizer: SentencePieceTokenizer, positions: int
) -> list[Sample]:
    """The articles in files of SQuAD's format; ``positions``: how many tokens a text may have.

    Raises EvaluationError for a file that cannot be read.
    """
    reader = _Reader(tokenizer, positions)
    return [sample for file in files for sample in reader.samples(read_squad(file))]


class _Reader:
    def __init__(self, tokenizer: SentencePieceTokenizer, positions: int) -> None:
        self._tokenizer = tokenizer
        self._positions = positions
        self._query = tokenizer.prompt(QUERY_PROMPT)
        self._passage = tokenizer.prompt(PASSAGE_PROMPT)

    def samples(self, dataset: Dataset) -> Iterator[Sample]:
        asked: dict[str, list[tuple[str, GoldAnswer | None]]] = {}
        for id_, gold in dataset.answers.items():
            asked.setdefault(gold.article, []).append((dataset.questions[id_], gold))
        for id_, about in dataset.unanswered.items():
            asked.setdefault(about, []).append((dataset.questions[id_], None))
        for article in dataset.articles:
            yield self._sample(article, asked.get(article.id, []))

    def _sample(self, article: Article, asked: Sequence[tuple[str, GoldAnswer | None]]) -> Sample:
        passages = split_article(
            article,
            count_tokens=lambda texts: self._tokenizer.count(self._passage, texts),
            max_tokens=self._positions - self._passage.overhead,
        )
        title = self._cut([article.title])[0]
        return Sample(
            title if len(title.kept) <= MOST_TITLE_TOKENS else Text(title.ids, title.kept[:0]),
            tuple(self._sentences(article.title, passage) for passage in passages),
            tuple(self._question(text, gold, passages) for text, gold in asked),
        )

    def _sentences(self, title: str, passage: Passage) -> tuple[Text, ...]:
        """As `index.passage_vectors.encode_sentences` reads them where the title leaves room."""
        head = f"{title}: "
        sentences = TitledPassage(title, passage).sentences()
        return tuple(self._cut([head + one.sentence for one in sentences], len(head)))

    def _question(
        self, text: str, gold: GoldAnswer | None, passages: Sequence[Passage]
    ) -> Question:
        [tokens] = self._tokenizer.cut(self._query, [text], self._positions)
        cut = _text(tokens, 0)
        weights = self._tokenizer.weights[cut.ids[cut.kept]]
        if gold is None:
            return Question(cut, weights, None, frozenset())
        number = answering_passage(passages, gold)
        return Question(cut, weights, number, answering_sentences(passages[number], gold.texts))

    def _cut(self, texts: Sequence[str], start: int = 0) -> list[Text]:
        cut = self._tokenizer.cut(self._passage, texts, self._positions)
        return [_text(tokens, start) for tokens in cut]


def _text(tokens: Tokens, start: int) -> Text:
    """Without the tokens that end before the character ``start``."""
    kept = np.asarray(tokens.kept, np.int64)[np.asarray(tokens.spans)[:, 1] > start]
    return Text(np.asarray(tokens.ids, np.int64), kept)
