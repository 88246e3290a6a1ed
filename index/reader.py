"""Read a question and a passage together, where the views leave in doubt whether it answers.

The views (`index.rerank`) sum up how well a question's words are matched. The reader sees each
match where it stands: a small transformer over the token vectors of both, which are there already.
It gives the log-odds that the passage answers. `training` makes its file.

A reader on top of a retriever's passages: Chen and others 2017. That it says when there is no
answer: Rajpurkar and others 2018. On vectors that are stored: MacAvaney and others 2020 (PreTTR).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.byte_products import Graph
from index.late_interaction import Float32, best_matches
from index.model_file import ModelError
from index.passage_vectors import PassageTokens

Int64 = NDArray[np.int64]

MOST_SENTENCES = 24
"""Later sentences of a passage count as the last of these."""
MOST_QUESTION_TOKENS = 64
"""What a longer question has beyond them is not read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the reader sees of a question of ``q`` tokens and a passage of ``t``.

    ``question`` float32 ``(q, d)`` and ``passage`` float32 ``(t, d)``: centred token vectors, the
    title's before the passage's own. ``sentences`` int64 ``(t,)``: which sentence each token is of,
    from 1; 0 for the title's. ``question_matches`` float32 ``(q, 2)``: of each token the best
    cosine, and its weight beside the mean one. ``passage_matches`` float32 ``(t, 3)``: of each
    token the best cosine, the weighted mean of all, and its sentence's MaxSim. ``alike`` float32
    ``(t, 2)``: its sentence's and the passage's MaxSim.
    """

    question: Float32
    passage: Float32
    sentences: Int64
    question_matches: Float32
    passage_matches: Float32
    alike: Float32

    @classmethod
    def of(cls, question: Float32, weights: Float32, tokens: PassageTokens) -> Pair:
        """``question`` ``(q, d)``, of which there is at least one token: centred vectors, with
        their ``weights`` ``(q,)``. Raises StorageError if the passage's cannot be read."""
        question, weights = question[:MOST_QUESTION_TOKENS], weights[:MOST_QUESTION_TOKENS]
        share = weights / max(float(weights.sum()), 1e-9)
        passage: Float32 = tokens.vectors.values * tokens.vectors.scales[:, None]
        cosines: Float32 = passage @ question.T
        found = best_matches(cosines, np.concatenate([[0], tokens.starts]))
        title = found[0] if tokens.starts[0] else -np.inf
        matches = np.maximum(found[1:], title)
        by_sentence = np.concatenate([[0], matches @ share])
        number = np.searchsorted(tokens.starts, np.arange(len(passage)), side="right")
        maxsim = by_sentence[number].astype(np.float32)
        return cls(
            question=question,
            passage=passage,
            sentences=np.minimum(number, MOST_SENTENCES),
            question_matches=np.stack([cosines.max(axis=0), share * len(share)], axis=1),
            passage_matches=np.stack([cosines.max(axis=1), cosines @ share, maxsim], axis=1),
            alike=np.stack([maxsim, np.full_like(maxsim, matches.max(axis=0) @ share)], axis=1),
        )


class Reader:
    """The reader in a file that `training.train_reader` wrote. Several threads may share one."""

    def __init__(self, path: Path) -> None:
        """It is loaded when it reads for the first time."""
        self._path = path

    def prepare(self) -> None:
        """Load it for the cores that this thread may use; else the first question in doubt waits
        for it. Raises ModelError for a damaged file."""
        with self._explained():
            self._graph.prepare()

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self._path)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise ModelError(
                f"The reader in {self._path} is damaged: install Beleg anew."
            ) from error

    def read(self, question: Float32, weights: Float32, tokens: PassageTokens) -> float:
        """The log-odds that the passage of these ``tokens`` answers; arguments as for `Pair.of`.

        Raises StorageError if the passage's vectors cannot be read, and ModelError for a damaged
        file.
        """
        pair = Pair.of(question, weights, tokens)
        inputs = {name: getattr(pair, name) for name in INPUTS}
        with self._explained():
            [odds] = self._graph.run(["odds"], inputs)
        return float(odds)


INPUTS = tuple(Pair.__dataclass_fields__)
"""The names of the graph's inputs: a pair's fields."""
