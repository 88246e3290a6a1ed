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
from index.update import IndexReport, StoredIndex, read_index, unchanged_report, update_index

Progress = Callable[[int, int], None]


class Library:
    """Articles, their index and the model that made it.

    It never changes; several threads may ask it.
    """

    def __init__(self, stored: StoredIndex, encoder: Encoder, fit: Fit) -> None:
        self.index = PassageIndex(stored.live(), stored.manifest.dimension)
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
        on_progress: Progress | None = None,
    ) -> tuple[Library, IndexReport]:
        """Bring the index in ``data`` up to date with ``content`` and load it.

        An index that is up to date is only read, so the data folder need not be writable then.
        ``on_progress`` is told how many of how many texts are encoded.

        Raises ContentError if nothing could be read from ``content``, StorageError if ``data``
        cannot be used.
        """
        fit = fit or load_fit(encoder)
        try:
            stored = read_index(data, encoder, fit)
        except DamagedIndexError:
            stored = None  # the update finds the same, says so in its report, and rebuilds
        if stored is not None and stored.manifest.content == content_digest(content):
            return cls(stored, encoder, fit), unchanged_report(stored)
        return cls._updated(data, lambda: _articles(content), encoder, fit, on_progress)

    @classmethod
    def of(cls, content: Content, data: Path, encoder: Encoder, fit: Fit) -> Library:
        """A library of articles already read, with its index in the folder ``data``."""
        return cls._updated(data, lambda: content, encoder, fit, None)[0]

    @classmethod
    def _updated(
        cls,
        data: Path,
        read: Callable[[], Content],
        encoder: Encoder,
        fit: Fit,
        on_progress: Progress | None,
    ) -> tuple[Library, IndexReport]:
        stored, report = update_index(data, read, encoder, fit, on_progress)
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
