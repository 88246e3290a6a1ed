"""The library: articles that can be asked.

The one way from a folder of files to an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.answer import Answer, answer_message
from index.content import Content, ContentError, content_digest, read_content
from index.encoder import Encoder
from index.fit import Fit, load_fit
from index.search import PassageIndex
from index.segments import Source
from index.storage import DamagedIndexError
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


class Library:
    """Articles, their index and the model that made it.

    Its articles never change; several threads may ask it.
    """

    def __init__(self, stored: StoredIndex, encoder: Encoder, fit: Fit) -> None:
        computed = (
            None if stored.manifest.tokens_stored else ComputedTokens(encoder, fit.passage_mean)
        )
        self.index = PassageIndex(stored.live(), stored.manifest.dimension, computed)
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
        on_progress: Progress | None = None,
    ) -> tuple[Library, IndexReport]:
        """Bring the index in ``data`` up to date with ``content`` and load it.

        An index that is up to date is only read, so the data folder need not be writable then.
        Token vectors that would take more than ``token_limit`` bytes are not stored but computed
        when a question needs them. ``on_progress`` is told how many of how many texts are encoded.

        Raises ContentError if nothing could be read from ``content``, StorageError if ``data``
        cannot be used.
        """
        fit = fit or load_fit(encoder)
        try:
            stored = read_index(data, encoder, fit)
        except DamagedIndexError:
            stored = None  # the update finds the same, says so in its report, and rebuilds
        if stored and is_current(stored.manifest, content_digest(content), token_limit):
            return cls(stored, encoder, fit), unchanged_report(stored)
        return cls._updated(
            data, lambda: _articles(content), encoder, fit, token_limit, on_progress
        )

    @classmethod
    def of(cls, content: Content, data: Path, encoder: Encoder, fit: Fit) -> Library:
        """A library of articles already read, with its index in the folder ``data``."""
        return cls._updated(data, lambda: content, encoder, fit, TOKEN_LIMIT, None)[0]

    @classmethod
    def _updated(
        cls,
        data: Path,
        read: Callable[[], Content],
        encoder: Encoder,
        fit: Fit,
        token_limit: int,
        on_progress: Progress | None,
    ) -> tuple[Library, IndexReport]:
        stored, report = update_index(data, read, encoder, fit, token_limit, on_progress)
        return cls(stored, encoder, fit), report

    @property
    def articles(self) -> tuple[Source, ...]:
        """Where the passages come from, by article id."""
        return self.index.sources

    @property
    def passage_count(self) -> int:
        """How many passages can be cited."""
        return len(self.index.passages)

    def answer(self, message: str, top: int = 3) -> Answer:
        """The ``top`` passages that answer ``message``, or each of its questions, best first.

        Raises ValueError for ``top`` below 1.
        """
        return answer_message(message, self.index, self._encoder, self._fit, top)


def _articles(folder: Path) -> Content:
    """The content of ``folder``; raises ContentError if nothing in it could be read."""
    content = read_content(folder)
    if content.articles:
        return content
    if not content.errors:
        raise ContentError(
            str(folder), None, "it holds no article; put a Markdown or text file there"
        )
    first, others = content.errors[0], len(content.errors) - 1
    more = f" ({others} more could not be read either; beleg check lists them)" if others else ""
    raise ContentError(first.path, first.line, f"{first.reason}{more}")
