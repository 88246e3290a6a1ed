"""The library: articles that can be asked.

The one way from a folder of files to an answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.answer import Answer, Asked, Citation, answer_messages, cite_again
from index.content import (
    NOTHING_KNOWN,
    Content,
    ContentError,
    check_folder,
    content_digest,
    read_content,
)
from index.encoder import Encoder
from index.examples import Examples
from index.fit import Fit, load_fit
from index.grouping import group_questions
from index.nearest import Search
from index.passages import Passage
from index.remarks import Remark
from index.search import PassageIndex
from index.segments import Source
from index.storage import MANIFEST, DamagedIndexError
from index.token_vectors import TOKEN_LIMIT, ComputedTokens
from index.update import (
    IndexReport,
    StoredIndex,
    is_current,
    read_index,
    unchanged_report,
    update_index,
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Context:
    """All passages of an article, in its order, and the place of one of them: ``passages[at]``.

    The parts of a long paragraph follow one another.
    """

    passages: tuple[Passage, ...]
    at: int


class Library:
    """Articles, their index and the model that made it.

    Its articles never change; several threads may ask it. Nothing that it holds leads back to it,
    so that a library that was replaced is gone at once, without Python's search for garbage.
    """

    def __init__(
        self, stored: StoredIndex, encoder: Encoder, fit: Fit, search: Search = Search.AUTO
    ) -> None:
        computed = (
            None if stored.manifest.tokens_stored else ComputedTokens(encoder, fit.passage_mean)
        )
        self.index = PassageIndex(stored.live(), stored.manifest.dimension, computed, search)
        self.model = encoder.name
        """The model, its version, and the type it computes in."""
        self.stored_bytes = sum(
            file.size for entry in stored.manifest.segments for file in entry.files.values()
        )
        """Bytes of the index on disk, those of outdated articles in its files included."""
        self._examples = Examples(self.index)
        self._encoder = encoder
        self._fit = fit

    @classmethod
    def open(
        cls,
        content: Path,
        data: Path,
        encoder: Encoder,
        *,
        fit: Fit | None = None,
        token_limit: int = TOKEN_LIMIT,
        search: Search = Search.AUTO,
        on_progress: Progress | None = None,
    ) -> tuple[Library, IndexReport]:
        """Bring the index in ``data`` up to date with ``content`` and load it.

        An index that is up to date is only read, so the data folder need not be writable then.
        Token vectors that would take more than ``token_limit`` bytes are not stored but computed
        when a question needs them. ``search`` says how candidates are found. ``on_progress`` is
        told how many of how many sentences are encoded.

        Raises ContentError if nothing could be read from ``content``, StorageError if ``data``
        cannot be used.
        """
        check_folder(content)  # before a data folder is made for articles that are not there
        fit = fit or load_fit(encoder)
        try:
            stored = read_index(data, encoder, fit)
        except DamagedIndexError:
            stored = None  # the update finds the same, says so in its report, and rebuilds
        if stored and is_current(stored.manifest, content_digest(content), token_limit):
            return cls(stored, encoder, fit, search), unchanged_report(stored)
        return cls._updated(
            data, partial(_articles, content), encoder, fit, token_limit, search, on_progress
        )

    @classmethod
    def stored(cls, data: Path, encoder: Encoder, search: Search = Search.AUTO) -> Library | None:
        """The index in ``data`` as it is, however old; None if there is none that can be used.

        Raises StorageError if ``data`` cannot be read.
        """
        fit = load_fit(encoder)
        try:
            stored = read_index(data, encoder, fit)
        except DamagedIndexError:
            return None  # the next update finds the same and says so
        return None if stored is None else cls(stored, encoder, fit, search)

    @classmethod
    def of(cls, content: Content, data: Path, encoder: Encoder, fit: Fit) -> Library:
        """A library of articles already read, with its index in the folder ``data``."""
        auto = Search.AUTO
        return cls._updated(data, lambda _: content, encoder, fit, TOKEN_LIMIT, auto, None)[0]

    @classmethod
    def _updated(
        cls,
        data: Path,
        read: Callable[[Mapping[str, str]], Content],
        encoder: Encoder,
        fit: Fit,
        token_limit: int,
        search: Search,
        on_progress: Progress | None,
    ) -> tuple[Library, IndexReport]:
        stored, report = update_index(data, read, encoder, fit, token_limit, on_progress)
        return cls(stored, encoder, fit, search), report

    @property
    def articles(self) -> tuple[Source, ...]:
        """Where the passages come from, by article id."""
        return self.index.sources

    @property
    def passage_count(self) -> int:
        """How many passages can be cited."""
        return len(self.index.passages)

    def paragraphs(self, article: str) -> int:
        """How many paragraphs of the article with this id can be cited."""
        numbers = self.index.numbers(article)
        return len({self.index.passages[number].paragraph for number in numbers})

    def answer(
        self,
        message: str,
        top: int = 3,
        *,
        article: str | None = None,
        before: str | None = None,
        strictness: float = 0.0,
    ) -> Answer:
        """The ``top`` passages that answer ``message``, or each of its questions, best first.

        ``article``: the id of the only article to look at. ``before``: the message that this one
        follows up; what is found only with its help is unsure. ``strictness`` is added to the
        thresholds of the status, in log-odds.

        Raises ValueError for ``top`` below 1, an article that is not in the library, and a
        strictness that is no finite number, StorageError if token vectors cannot be read.
        """
        [answer] = self.answers([Asked(message, top, article, before, strictness)])
        return answer

    def answers(self, asked: Sequence[Asked]) -> list[Answer]:
        """What `answer` says to each message, in less time than one after another.

        They are computed together, so a score may differ from that of the message alone by its
        rounding. So may the last candidates: another one of very many copies of a passage, more
        than sixty, may be cited. Raises what `answer` raises, if that is so for one of them.
        """
        return answer_messages(asked, self.index, self._encoder, self._fit)

    def cite(self, article: str, passage: str, start: int, end: int) -> Citation | None:
        """A passage cited before, by its article's id and `Citation.passage`, as it stands now;
        ``quote[start:end]`` is marked.

        Its rank is 1 and its score 0. None if the article no longer holds this very text, or if
        there is nothing from ``start`` to ``end``. The first, if the text stands there twice.
        """
        return cite_again(self.index, article, passage, start, end)

    def context(self, article: str, passage: str) -> Context | None:
        """The article around a passage cited before; None if it no longer holds this very text."""
        number = self.index.number_of(article, passage)
        if number is None:
            return None
        numbers = self.index.numbers(article)
        passages = self.index.passages[numbers.start : numbers.stop]
        return Context(tuple(passages), number - numbers.start)

    def examples(self, count: int = 3, *, language: str | None = None) -> tuple[str, ...]:
        """At most ``count`` questions, or headings, that the library answers, from its articles in
        turn; those in ``language`` (ISO 639-1) come first.

        They are looked up once: call it where answers are made.
        """
        return self._examples.first(count, language, lambda question: self.answer(question, top=1))

    def prepare(self) -> None:
        """Collect the words that slips of the fingers are told from, for which the first question
        that needs them would have to wait."""
        _ = self.index.words

    def group(self, questions: Sequence[str]) -> list[list[int]]:
        """The positions of ``questions`` in groups that ask the same, the largest group first."""
        return group_questions(questions, self._encoder, self._fit)


def check_start(content: Path, data: Path) -> None:
    """Raises ContentError if `Library.open` could have nothing to answer from: no folder of
    articles, or nothing readable in it and no index from before."""
    check_folder(content)
    # Not Path.exists, which fails in a folder that may not be searched: whoever opens it says that.
    if not os.path.exists(data / MANIFEST):  # noqa: PTH110
        _articles(content)


def _articles(folder: Path, known: Mapping[str, str] = NOTHING_KNOWN) -> Content:
    """The content of ``folder``, without the articles that are ``known`` (`read_content`); raises
    ContentError if nothing in it could be read."""
    content = read_content(folder, known)
    if content.articles or content.known:
        return content
    if not content.errors:
        raise ContentError(str(folder), None, Remark.FOLDER_EMPTY())
    first, others = content.errors[0], len(content.errors) - 1
    if not others:
        raise first
    reason = Remark.AND_MORE_FILES(reason=first.reason, count=others)
    raise ContentError(first.path, first.line, reason)
