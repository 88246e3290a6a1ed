"""The fitted numbers: what was learned from questions with known answers, kept in one small file a
model.

A file ``fits/<name>.json`` holds the numbers with their provenance: data, split, date and the
command that makes them anew. A model without a file still ranks, since the ranking's weights act on
standardised values; but nobody has measured what its scores mean, so every answer of it counts as
unsure.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoder import Encoder
from index.late_interaction import Float32

if TYPE_CHECKING:  # rerank needs this module's numbers
    from index.rerank import Match


@dataclass(frozen=True, slots=True)
class Fit:
    """The numbers for one model.

    ``question_mean`` and ``passage_mean`` float32 ``(d,)``: mean unit-length token vectors.
    ``ranking``: weights of the best sentence's cosine, MaxSim and the best sentence's MaxSim, each
    standardised over the candidates. ``sentence_maxsim``: weight of a sentence's MaxSim beside its
    cosine when the sentence is chosen. ``confidence``: logistic regression over the first passage's
    sentence cosine, paragraph cosine, MaxSim and sentence MaxSim, the intercept last; None if it
    was not fitted. ``answered`` and ``unsure``: probabilities from which an answer counts as such.
    """

    question_mean: Float32
    passage_mean: Float32
    ranking: tuple[float, float, float]
    sentence_maxsim: float
    confidence: tuple[float, float, float, float, float] | None
    answered: float
    unsure: float

    def centring(self) -> str:
        """A digest of the means: token vectors stored under another one cannot be compared."""
        means = self.question_mean.tobytes() + self.passage_mean.tobytes()
        return hashlib.sha256(means).hexdigest()[:16]

    def probability(self, matches: Sequence[Match]) -> float:
        """The probability that the first of ``matches`` answers the question."""
        if not matches:
            return 0.0
        if self.confidence is None:
            return self.unsure
        best = matches[0]
        values = (best.sentence_cosine, best.paragraph_cosine, best.maxsim, best.sentence_maxsim, 1)
        logit = sum(w * x for w, x in zip(self.confidence, values, strict=True))
        return 1 / (1 + math.exp(-min(max(logit, -50), 50)))


# For a model without a fit: the default model's weights, which act on standardised values.
_RANKING = (0.7, 1.0, 0.5)
_SENTENCE_MAXSIM = 0.35


def load_fit(encoder: Encoder) -> Fit:
    """The fit for the encoder's model; without one, no centring, and every answer is unsure."""
    path = resources.files("index") / "fits" / f"{fit_name(encoder.name)}.json"
    if path.is_file():
        return read_fit(json.loads(path.read_text(encoding="utf-8")))
    none = np.zeros(encoder.dimension, np.float32)
    return Fit(none, none, _RANKING, _SENTENCE_MAXSIM, None, answered=1.01, unsure=0.5)


def fit_name(model: str) -> str:
    """The name of a model's file: the model's name without folders and number format.

    Four-bit weights and full ones share a file: their vectors differ by less than a thousandth.
    """
    name = model.rstrip("/").rsplit("/", 1)[-1].split("@")[0].lower()
    return re.sub(r"(-q4)?(-float32|-bfloat16)?$", "", name)


def read_fit(content: dict[str, Any]) -> Fit:
    """A fit from the content of its file."""
    ranking, confidence = content["ranking"], content["confidence"]
    return Fit(
        question_mean=_vector(content["question_mean"]),
        passage_mean=_vector(content["passage_mean"]),
        ranking=(ranking["sentence"], ranking["maxsim"], ranking["sentence_maxsim"]),
        sentence_maxsim=content["sentence"]["maxsim"],
        confidence=(
            confidence["sentence"],
            confidence["paragraph"],
            confidence["maxsim"],
            confidence["sentence_maxsim"],
            confidence["intercept"],
        ),
        answered=content["thresholds"]["answered"],
        unsure=content["thresholds"]["unsure"],
    )


def _vector(text: str) -> Float32:
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
