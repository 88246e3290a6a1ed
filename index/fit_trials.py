"""What a library made of some articles has on a question.

A library is asked questions that its articles answer; questions on other articles, and small talk,
which they do not; and neighbouring questions, whose own paragraph is taken out while the rest of
its article stays. There may also be questions that somebody wrote for the article not to answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from index.fit import Features, Fit
from index.fit_samples import Question
from index.rerank import lead, score
from index.search import is_compared
from index.second_look import MOST_READ, Candidate

Float64 = NDArray[np.float64]


class Kind(StrEnum):
    """What a library has on a question."""

    ANSWERABLE = "its paragraph"
    NEIGHBOURING = "the rest of its article"
    ABSENT = "nothing"
    UNANSWERED = "its article, which does not answer it"


@dataclass(frozen=True, slots=True)
class Trial:
    """A question asked of a library. ``candidates``: those that may come first, the best by the
    views first; ``numbers``: their passages'; ``answer``: the number of the one that answers."""

    kind: Kind
    candidates: tuple[Candidate, ...]
    numbers: tuple[int, ...]
    answer: int | None

    @property
    def features(self) -> Features:
        """What the confidence goes by where the views alone decide which comes first."""
        return self.candidates[0].features()

    @property
    def right(self) -> bool:
        """Whether it answers then."""
        return self.is_right(0)

    def is_right(self, place: int) -> bool:
        """Whether the candidate at this place answers."""
        return self.numbers[place] == self.answer


def make_trials(
    questions: Sequence[Question],
    owners: NDArray[np.str_],
    inside: frozenset[str],
    fit: Fit,
    random: np.random.Generator,
) -> Iterator[Trial]:
    """Ask the questions of a library of the articles ``inside``.

    ``owners`` are the articles of all passages. A question that one of the articles answers is
    asked twice, with its own paragraph and without; with it another paragraph is out, so that the
    library's size does not tell the two apart. One that its article does not answer is asked once.
    """
    library = np.flatnonzero(np.isin(owners, sorted(inside)))
    for question in questions:
        if question.article not in inside:
            yield _trial(Kind.ABSENT, question, library, fit)
            continue
        if question.gold is None:
            yield _trial(Kind.UNANSWERED, question, library, fit)
            continue
        others = library[(owners[library] == question.article) & (library != question.gold)]
        without = library[library != random.choice(others)] if len(others) else library
        yield _trial(Kind.ANSWERABLE, question, without, fit)
        rest = library[library != question.gold]
        if len(rest):
            yield _trial(Kind.NEIGHBOURING, question, rest, fit)


def _trial(kind: Kind, question: Question, library: NDArray[np.intp], fit: Fit) -> Trial:
    answer = question.gold if kind is Kind.ANSWERABLE else None
    return Trial(kind, *first_candidates(question, library, fit), answer)


def first_candidates(
    question: Question, passages: NDArray[np.intp], fit: Fit
) -> tuple[tuple[Candidate, ...], tuple[int, ...]]:
    """Those that may come first in a library of these ``passages``, by their numbers, the best by
    the views first; and their numbers."""
    compared = candidates_of(question, passages, fit)
    views = question.views[compared]
    scores = score(views, fit.ranking)
    best = np.argsort(-scores, kind="stable")[:MOST_READ].tolist()
    numbers = tuple(int(compared[place]) for place in best)
    found = tuple(
        Candidate(
            score=float(scores[place]),
            features=cache(partial(_features, question, views, place, number)),
            read=partial(question.read, number) if question.read else None,
        )
        for place, number in zip(best, numbers, strict=True)
    )
    return found, numbers


def _features(question: Question, views: Float64, place: int, number: int) -> Features:
    """Were the one at this place of the ``views`` the first."""
    sentence, maxsim, sentence_maxsim = map(float, views[place])
    return Features(
        sentence=sentence,
        maxsim=maxsim,
        sentence_maxsim=sentence_maxsim,
        lead=lead(maxsim, np.delete(views[:, 1], place)),
        same_language=float(question.same_language[number]),
    )


def candidates_of(question: Question, passages: NDArray[np.intp], fit: Fit) -> NDArray[np.intp]:
    """Those of the ``passages``, by their numbers, that a library of them would compare with the
    question; the one with the best sentence first."""
    best_first = passages[np.argsort(-question.views[passages, 0], kind="stable")]
    cosines = question.views[best_first, 0].tolist()
    behind = ((place, cosines[0] - cosine) for place, cosine in enumerate(cosines))
    count = sum(1 for _ in takewhile(lambda one: is_compared(*one, fit.margin), behind))
    return best_first[:count]
