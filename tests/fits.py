"""Fitted numbers that a test sets itself, so that what it asserts does not change with a new
fit."""

from dataclasses import fields

import numpy as np

from index.encoder import Encoder
from index.fit import Confidence, Fit, Ranking


def fit_for(
    encoder: Encoder,
    *,
    intercept: float = 0.0,
    sentence: float = 0.0,
    answered: float = 0.5,
    unsure: float = 0.25,
    passage_mean: float = 0.0,
) -> Fit:
    """A fit without centring; confidence is ``1 / (1 + exp(-intercept - sentence * s))``, where
    ``s`` is the best sentence's cosine."""
    none = {field.name: 0.0 for field in fields(Confidence)}
    return Fit(
        question_mean=np.zeros(encoder.dimension, np.float32),
        passage_mean=np.full(encoder.dimension, passage_mean, np.float32),
        vector_mean=np.zeros(encoder.dimension, np.float32),
        ranking=Ranking(**{field.name: 1.0 for field in fields(Ranking)}),
        confidence=Confidence(**none | {"intercept": intercept, "sentence": sentence}),
        answered=answered,
        unsure=unsure,
    )
