"""Questions that the library answers, for a reader whose own it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest

from index.answer import Answer, Status
from index.language import language_likelihood
from index.search import PassageIndex
from index.segments import Source

MOST_TRIES = 24
"""Questions looked up for one language, once: some two seconds of an idle machine."""

MOST_READ = 2000
"""Questions in articles of other languages whose own language is looked at: less than a second."""

# Of `language_likelihood`. Authors mostly ask in the language they write in.
LIKELY_OWN = 0.2
LIKELY_OTHER = 0.9


class Examples:
    """Questions that are known to be answered, looked up when they are first wanted, and kept.

    Several threads may ask; they wait for one another.
    """

    def __init__(self, index: PassageIndex) -> None:
        self._index = index
        self._searches: dict[str | None, _Search] = {}
        self._answered: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    def first(
        self, count: int, language: str | None, answer: Callable[[str], Answer]
    ) -> tuple[str, ...]:
        """The first ``count``, or as many as there are; always the same ones.

        Those in ``language`` (ISO 639-1) come before the others. ``answer`` is what the library
        says to a question.
        """
        found = self._found(count, language, answer)
        if language is not None and len(found) < count:
            found = list(dict.fromkeys([*found, *self._found(count, None, answer)]))
        return tuple(found[:count])

    def _found(
        self, count: int, language: str | None, answer: Callable[[str], Answer]
    ) -> list[str]:
        while True:
            # Given back after each question, so that who waits for another language has a turn.
            with self._lock:
                search = self._searches.setdefault(language, _Search(self._index, language))
                untried = next(search.untried, None) if len(search.found) < count else None
                if untried is None:
                    return search.found[:count]
                if self._is_answered(*untried, answer):
                    search.found.append(untried[1])

    def _is_answered(self, article: str, question: str, answer: Callable[[str], Answer]) -> bool:
        key = (article, question)
        if key not in self._answered:
            said = answer(question)
            # Answered out of another article, it would not show what this one is about.
            self._answered[key] = (
                said.status is Status.ANSWERED
                and not said.unanswered
                and said.citations[0].article == article
            )
        return self._answered[key]


class _Search:
    """How far the search for examples in one language, or in any, has come."""

    def __init__(self, index: PassageIndex, language: str | None) -> None:
        self.untried = islice(candidates(index, language), MOST_TRIES)
        self.found: list[str] = []


def candidates(index: PassageIndex, language: str | None = None) -> Iterator[tuple[str, str]]:
    """An article's id and a question it may answer: what the authors put into the front matter,
    then headings, either from all articles in turn; no text comes twice.

    With a ``language`` only those that are in it: of its articles first, then questions that stand
    in others.
    """
    if language is None:
        found = chain(_questions(index.sources), _headings(index, index.sources))
    else:
        own = [source for source in index.sources if source.language == language]
        others = [source for source in index.sources if source.language != language]
        found = chain(
            _likely(_questions(own), language, LIKELY_OWN),
            _headings(index, own),
            _likely(islice(_questions(others), MOST_READ), language, LIKELY_OTHER),
        )
    seen: set[str] = set()
    for article, text in found:
        if text not in seen:
            seen.add(text)
            yield article, text


def _likely(
    found: Iterable[tuple[str, str]], language: str, least: float
) -> Iterator[tuple[str, str]]:
    return (one for one in found if language_likelihood(one[1], language) >= least)


def _questions(sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    return _in_turn([(source.id, text) for text in source.questions] for source in sources)


def _headings(index: PassageIndex, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    return _in_turn(
        [
            (source.id, heading)
            for number in index.numbers(source.id)
            if (heading := index.passages[number].heading)
        ]
        for source in sources
    )


def _in_turn(lists: Iterable[list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    # A heading comes with each of its passages: without copies, so that no turn is empty.
    unique = (dict.fromkeys(one) for one in lists)
    return filter(None, chain.from_iterable(zip_longest(*unique)))
