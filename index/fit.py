"""The fitted numbers: what was learned from questions with known answers, kept in one small file a
model.

A file ``fits/<name>.json`` holds the numbers with their provenance: data, split, date and the
command that makes them anew. A model without a file still ranks, by weights like the default
model's; but nobody has measured what its scores mean, so every answer of it counts as unsure.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder import Encoder, ModelError
from index.late_interaction import Float32
from index.reader import Reader

MEAN_SHARE = 0.5
"""Of the mean question's vector, what is taken off each question's; see docs/trials.md."""
DOUBT = (0.1, 0.8)
"""The probabilities between which the views leave it in doubt whether the first passage answers:
it is read there, as reading it elsewhere gains nothing; see docs/trials.md. The threshold of
"answered" lies between them."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Weights of the views that put the candidates in order."""

    sentence: float
    maxsim: float
    sentence_maxsim: float


@dataclass(frozen=True, slots=True)
class LanguageBias:
    """How much more alike, by each measure, a question is to a passage in its own language than to
    the same passage in another language.

    Every language's texts share a component that says nothing about what they say. In a library of
    several languages the wrong passage in the question's language would come before the right one.
    """

    sentence: float = 0.0
    maxsim: float = 0.0
    sentence_maxsim: float = 0.0


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence goes by: the first passage's similarities, its lead, its language.

    ``lead`` is how far its MaxSim is above the runners-up's; None if there are none.
    The similarities are without the language's bias. ``same_language``, from 0 to 1, is how well
    the question fits the passage's language: where it does, alike and right go together less.
    """

    sentence: float
    maxsim: float
    sentence_maxsim: float
    lead: float | None
    same_language: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """Logistic regression on the features of the same names."""

    intercept: float
    sentence: float
    maxsim: float
    sentence_maxsim: float
    lead: float
    same_language: float

    def log_odds(self, features: Features) -> float:
        """Whether the first passage answers; the features have a lead."""
        products: Iterator[float] = (
            getattr(self, field.name) * getattr(features, field.name) for field in fields(features)
        )
        return self.intercept + sum(products)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Logistic regression on the features and on what the reader found: ``read`` is the weight of
    the logarithm of its probability that the passage answers; ``order``, 0 or more, is that
    logarithm's weight beside the ranking's score for which passage comes first."""

    views: Confidence
    read: float
    order: float

    def log_odds(self, features: Features, read: float) -> float:
        """The same, ``read`` being the reader's log-odds."""
        return self.views.log_odds(features) + self.read * log_probability(read)


@dataclass(frozen=True, slots=True)
class Fit:
    """The numbers for one model.

    ``question_mean`` and ``passage_mean`` float32 ``(d,)``: mean unit-length token vectors.
    ``vector_mean`` float32 ``(d,)``: mean vector of whole questions.
    ``language_bias`` is taken off in proportion to how well the question fits the passage's
    language. ``confidence`` is None if it was not fitted, and ``second_look`` if it was fitted
    without a reader; then ``reader`` is None too. ``answered`` and ``unsure``: probabilities from
    which an answer counts as such. ``unknown_lead``: what counts as the lead of
    a passage that has no others beside it. ``margin``: how far behind the best row, in cosines, a
    candidate's best row may be for its being worth a closer look.
    """

    question_mean: Float32
    passage_mean: Float32
    vector_mean: Float32
    ranking: Ranking
    confidence: Confidence | None
    answered: float
    unsure: float
    unknown_lead: float = 0.0
    language_bias: LanguageBias = LanguageBias()
    margin: float = math.inf
    second_look: SecondLook | None = None
    reader: Reader | None = None

    def centring(self) -> str:
        """A digest of the means: token vectors stored under another one cannot be compared."""
        means = self.question_mean.tobytes() + self.passage_mean.tobytes()
        return hashlib.sha256(means).hexdigest()[:16]

    def looked_up(self, question: Float32) -> Float32:
        """The vector ``(d,)`` to look up for a question of this vector.

        A row's cosine with it is less by some of the row's cosine with the mean question: a row
        near to every question says little by being near to this one.
        """
        vector: Float32 = question - MEAN_SHARE * self.vector_mean
        return vector

    def probability(self, features: Features, read: float | None = None) -> float:
        """The probability that the first passage answers; ``unsure`` where none was fitted.

        ``read``: the reader's log-odds, for a second look.
        """
        if self.confidence is None:
            return self.unsure
        if features.lead is None:
            features = replace(features, lead=self.unknown_lead)
        if read is None or self.second_look is None:
            return _probability(self.confidence.log_odds(features))
        return _probability(self.second_look.log_odds(features, read))

    def row_offsets(self, languages: Mapping[str, float]) -> dict[str, float]:
        """What to take off the cosines of rows in each language; ``languages``: how well the
        question fits each, from 0 to 1."""
        bias = self.language_bias.sentence
        return {language: bias * fits for language, fits in languages.items()}

    def stricter(self, by: float) -> Fit:
        """This fit with ``by`` added to both thresholds in log-odds; below 0 it is looser.

        Without a fitted confidence it stays as it is: there is nothing to be strict about. Raises
        ValueError if ``by`` is no finite number.
        """
        if not math.isfinite(by):
            raise ValueError("strictness must be a finite number")
        # Exactly the fit itself at 0, so that a confidence on the threshold stays on it.
        if self.confidence is None or by == 0:
            return self
        return replace(self, answered=_moved(self.answered, by), unsure=_moved(self.unsure, by))


def is_in_doubt(probability: float) -> bool:
    """Whether so probable an answer is worth a second look."""
    return DOUBT[0] < probability < DOUBT[1]


def log_probability(log_odds: float) -> float:
    """The logarithm of the probability of these odds."""
    return -float(np.logaddexp(0.0, -log_odds))


def _moved(threshold: float, by: float) -> float:
    if not 0 < threshold < 1:
        return threshold
    return _probability(math.log(threshold / (1 - threshold)) + by)


def _probability(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -50), 50)))


# For a model without a fit.
_RANKING = Ranking(sentence=0.2, maxsim=0.45, sentence_maxsim=0.35)


def load_fit(encoder: Encoder) -> Fit:
    """The fit for the encoder's model; without one, no centring, and every answer is unsure.

    Raises ModelError for one that cannot be read.
    """
    path = fit_path(encoder.name)
    if path.is_file():
        try:
            fit = read_fit(json.loads(path.read_text(encoding="utf-8")))
            return replace(fit, reader=load_reader(encoder.name) if fit.second_look else None)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The fitted numbers in {path} are damaged or of another version of Beleg: make "
                "them anew with `beleg fit`, or delete the file."
            ) from error
    none = np.zeros(encoder.dimension, np.float32)
    return Fit(none, none, none, _RANKING, None, answered=1.01, unsure=0.5)


@cache
def load_reader(model: str) -> Reader | None:
    """The model's reader, if it has one: the same each time, so that it is loaded once."""
    path = reader_path(model)
    return Reader(path) if path.is_file() else None


def fit_path(model: str) -> Path:
    """Where a model's fit lies: named after the model, without folders and number format.

    Four-bit weights and full ones, and products of bytes and of floats, share a file: the cosine of
    a vector to its counterpart is 0.999 in the mean.
    """
    name = model.rstrip("/").rsplit("/", 1)[-1].split("@")[0].lower()
    name = re.sub(r"(-q4)?(-float32|-bfloat16|-int8)?(\.\d+)?$", "", name)
    return Path(__file__).parent / "fits" / f"{name}.json"


def reader_path(model: str) -> Path:
    """Where the model's reader lies, if there is one: beside its fit."""
    return fit_path(model).with_suffix(".onnx")


def read_fit(content: dict[str, Any]) -> Fit:
    """A fit from the content of its file, without a reader.

    Raises KeyError, TypeError or ValueError where a number is missing, is none, or is one too many.
    """
    return Fit(
        question_mean=_vector(content["question_mean"]),
        passage_mean=_vector(content["passage_mean"]),
        vector_mean=_vector(content["vector_mean"]),
        ranking=Ranking(**_floats(content["ranking"])),
        confidence=Confidence(**_floats(content["confidence"])),
        language_bias=LanguageBias(**_floats(content["language_bias"])),
        second_look=_second_look(content["second_look"]) if "second_look" in content else None,
        answered=float(content["answered"]),
        unsure=float(content["unsure"]),
        unknown_lead=float(content["unknown_lead"]),
        margin=float(content["margin"]),
    )


def write_fit(path: Path, fit: Fit, provenance: dict[str, Any]) -> None:
    """Write a fit's file, for ``read_fit``: provenance, numbers, then vectors."""
    if fit.confidence is None:
        raise ValueError("a fit without confidence is not worth keeping")
    content = {
        "provenance": provenance,
        "ranking": _rounded(asdict(fit.ranking)),
        "language_bias": _rounded(asdict(fit.language_bias)),
        "margin": round(fit.margin, 4),
        "confidence": _rounded(asdict(fit.confidence)),
        **({"second_look": _written(fit.second_look)} if fit.second_look else {}),
        "answered": round(fit.answered, 4),
        "unsure": round(fit.unsure, 4),
        "unknown_lead": round(fit.unknown_lead, 4),
        "question_mean": _text(fit.question_mean),
        "passage_mean": _text(fit.passage_mean),
        "vector_mean": _text(fit.vector_mean),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _written(look: SecondLook) -> dict[str, float]:
    return {
        **_rounded(asdict(look.views)),
        "read": round(look.read, 4),
        "order": round(look.order, 4),
    }


def _second_look(content: Mapping[str, Any]) -> SecondLook:
    numbers = _floats(content)
    read, order = numbers.pop("read"), numbers.pop("order")
    if not order >= 0:
        raise ValueError("the reader's weight in the order is negative, or no number")
    return SecondLook(Confidence(**numbers), read, order)


def _floats(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in dict(values).items()}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _text(vector: Float32) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def _vector(text: str) -> Float32:
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
