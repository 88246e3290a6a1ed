"""Questions that the library answers, for a reader whose own it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest

from index.answer import Answer, Status
from index.search import PassageIndex

MOST_TRIES = 24
"""Questions looked up in all, once: some two seconds of an idle machine."""


class Examples:
    """Questions that are known to be answered, looked up when they are first wanted, and kept.

    Several threads may ask; they wait for one another.
    """

    def __init__(self, index: PassageIndex, answer: Callable[[str], Answer]) -> None:
        self._answer = answer
        self._untried = islice(candidates(index), MOST_TRIES)
        self._found: list[str] = []
        self._lock = threading.Lock()

    def first(self, count: int) -> tuple[str, ...]:
        """The first ``count``, or as many as there are; always the same ones."""
        with self._lock:
            while len(self._found) < count:
                if (untried := next(self._untried, None)) is None:
                    break
                article, question = untried
                answer = self._answer(question)
                # Answered out of another article, it would not show what this one is about.
                if (
                    answer.status is Status.ANSWERED
                    and not answer.unanswered
                    and answer.citations[0].article == article
                ):
                    self._found.append(question)
            return tuple(self._found[:count])


def candidates(index: PassageIndex) -> Iterator[tuple[str, str]]:
    """An article's id and a question it may answer: what the authors put into the front matter,
    then headings, either from all articles in turn; no text comes twice."""
    questions = [[(source.id, text) for text in source.questions] for source in index.sources]
    headings = [
        [
            (source.id, heading)
            for number in index.numbers(source.id)
            if (heading := index.passages[number].heading)
        ]
        for source in index.sources
    ]
    seen: set[str] = set()
    for article, text in chain(_in_turn(questions), _in_turn(headings)):
        if text not in seen:
            seen.add(text)
            yield article, text


def _in_turn(lists: Iterable[list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    # A heading comes with each of its passages: without copies, so that no turn is empty.
    unique = (dict.fromkeys(one) for one in lists)
    return filter(None, chain.from_iterable(zip_longest(*unique)))
