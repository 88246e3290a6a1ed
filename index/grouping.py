"""Merge questions that ask the same, in whatever words and language, for a list of gaps.

Two questions are alike if each finds its words in the other: the smaller of the two MaxSims (see
late_interaction). The vectors of whole questions will not do: those of one language are alike,
whatever they ask.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.encoder import Encoder, QuestionEncoding
from index.fit import Fit
from index.late_interaction import Float32, best_matches, centre, unit

LIKENESS = 0.63
"""The least likeness of any two questions in a group.

Chosen on every second article of XQuAD's dev half in three languages: the lowest, in steps of 0.03,
at which 80 % of the merged pairs ask the same. On the other articles 81 % do, and 58 % of the pairs
that do are merged. See docs/quality.md.
"""

WORTH_COMPARING = 0.5
"""Cosine of the questions' weighted mean tokens below which two are not compared.

It spares 99 of 100 comparisons, and changed no figure on the same articles.
"""

MOST_WORDINGS = 3_000
"""Different wordings that are compared; memory grows with their square (36 MB)."""

_SIGNS = " \t\r\n?!.,;:¿¡؟？！。…\"'„“”«»"


def group_questions(questions: Sequence[str], encoder: Encoder, fit: Fit) -> list[list[int]]:
    """The positions of ``questions`` in groups that ask the same; the largest group first.

    Complete linkage (sklearn): any two of a group are alike. What differs only in case, white
    space or signs at its ends always is. Positions ascend within a group; of groups of one size the
    one that begins first comes first. With a model without a fit nothing else is merged, and of
    more than MOST_WORDINGS different wordings the later ones are not compared.
    """
    copies: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        key = " ".join(question.casefold().split())
        copies.setdefault(key.strip(_SIGNS) or key, []).append(position)
    positions = list(copies.values())
    compared = positions[:MOST_WORDINGS] if fit.confidence is not None else []
    labels = list(range(len(positions)))
    if len(compared) > 1:
        encodings = encoder.encode_questions([questions[first] for first, *_ in compared])
        labels[: len(compared)] = [-1 - label for label in _clusters(likeness(encodings, fit))]
    groups: dict[int, list[int]] = {}
    for label, same in zip(labels, positions, strict=True):
        groups.setdefault(label, []).extend(same)
    return sorted(map(sorted, groups.values()), key=lambda group: (-len(group), group[0]))


def likeness(questions: Sequence[QuestionEncoding], fit: Fit) -> Float32:
    """How alike any two of ``n`` questions are, float32 ``(n, n)``, at most 1; 0 where they were
    not worth comparing."""
    tokens = [centre(question.tokens, fit.question_mean) for question in questions]
    weights = [one.weights / max(float(one.weights.sum()), 1e-9) for one in questions]
    means = unit(np.stack([w @ t for w, t in zip(weights, tokens, strict=True)]))
    found = np.zeros((len(questions), len(questions)), np.float32)
    for row, mean in enumerate(means):
        columns = np.flatnonzero(means @ mean >= WORTH_COMPARING)
        if not len(columns):  # not even itself: it has no token
            continue
        others = [tokens[column] for column in columns]
        starts = np.cumsum([0, *(len(other) for other in others[:-1])])
        cosines = np.concatenate(others) @ tokens[row].T
        found[row, columns] = best_matches(cosines, starts) @ weights[row]
    return np.minimum(found, found.T)


def _clusters(alike: Float32) -> list[int]:
    # Here, not above: importing sklearn takes a second, and only a list of gaps needs it.
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None,
        metric="precomputed",
        linkage="complete",
        distance_threshold=1 - LIKENESS,
    )
    labels: list[int] = clustering.fit_predict(np.maximum(1 - alike, 0)).tolist()
    return labels
