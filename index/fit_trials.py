"""What a library made of some articles has on a question.

A library is asked questions that its articles answer; questions on other articles, and small talk,
which they do not; and neighbouring questions, whose own paragraph is taken out while the rest of
its article stays. There may also be questions that somebody wrote for the article not to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from index.fit import Features, Fit
from index.fit_samples import Question
from index.rerank import lead, score
from index.search import is_compared


class Kind(StrEnum):
    """What a library has on a question."""

    ANSWERABLE = "its paragraph"
    NEIGHBOURING = "the rest of its article"
    ABSENT = "nothing"
    UNANSWERED = "its article, which does not answer it"


@dataclass(frozen=True, slots=True)
class Trial:
    """A question asked of a library; ``right`` if the passage that answers it came first."""

    kind: Kind
    features: Features
    right: bool
    read: Callable[[], float] | None
    """The reader's log-odds for the first passage; None without a reader."""


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
    candidates = candidates_of(question, library, fit)
    views = question.views[candidates]
    first = int(score(views, fit.ranking).argmax())
    sentence, maxsim, sentence_maxsim = map(float, views[first])
    features = Features(
        sentence=sentence,
        maxsim=maxsim,
        sentence_maxsim=sentence_maxsim,
        lead=lead(maxsim, np.delete(views[:, 1], first)),
        same_language=float(question.same_language[candidates[first]]),
    )
    number = int(candidates[first])
    read = partial(question.read, number) if question.read else None
    return Trial(kind, features, kind is Kind.ANSWERABLE and number == question.gold, read)


def candidates_of(question: Question, passages: NDArray[np.intp], fit: Fit) -> NDArray[np.intp]:
    """Those of the ``passages``, by their numbers, that a library of them would compare with the
    question; the one with the best sentence first."""
    best_first = passages[np.argsort(-question.views[passages, 0], kind="stable")]
    cosines = question.views[best_first, 0].tolist()
    behind = ((place, cosines[0] - cosine) for place, cosine in enumerate(cosines))
    count = sum(1 for _ in takewhile(lambda one: is_compared(*one, fit.margin), behind))
    return best_first[:count]
