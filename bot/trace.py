"""An id for everything that somebody asks or presses, and what becomes of a question.

Whatever is logged while it is worked on carries its id. Discord's events run in tasks of their own,
so an id that is bound at the beginning of one is unbound with it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from structlog.contextvars import bind_contextvars, get_contextvars

from bot.metrics import Metrics

log = logging.getLogger(__name__)


class Origin(StrEnum):
    """Where something comes from."""

    SLASH = "slash"
    MENU = "menu"
    """A message's menu, *Apps*."""
    MESSAGE = "message"
    DIRECT_MESSAGE = "direct message"
    BUTTON = "button"
    """Or a choice from a menu under a message."""
    FORM = "form"


class Stage(StrEnum):
    """What takes time on the way to an answer."""

    WAITING = "waiting"
    """For questions that came before."""
    LOOKUP = "lookup"
    SENDING = "sending"


@dataclass(slots=True)
class _Question:
    """What is known of the question in hand."""

    status: str = "failed"
    confidence: float | None = None
    refusal: str | None = None
    seconds: dict[Stage, float] = field(default_factory=dict)


_current: ContextVar[_Question | None] = ContextVar("question", default=None)


def begin(origin: Origin) -> None:
    """Give what was asked or pressed an id, which is logged with every line from here on."""
    bind_contextvars(id=secrets.token_hex(4), source=str(origin))


def identifier() -> str:
    """The id of what is being worked on; a new one for work that nobody asked for."""
    return str(get_contextvars().get("id") or secrets.token_hex(4))


@contextmanager
def question(metrics: Metrics) -> Iterator[None]:
    """Log that a question came, and what became of it."""
    followed = _Question()
    _current.set(followed)
    log.info("question received")
    began = time.perf_counter()
    try:
        yield
    except asyncio.CancelledError:
        followed.status = "broken off"
        raise
    except BaseException:
        followed.status = "failed"
        raise
    finally:
        _tell(followed, time.perf_counter() - began, metrics)
        _current.set(None)


def _tell(followed: _Question, seconds: float, metrics: Metrics) -> None:
    fields: dict[str, object] = {"status": followed.status}
    if followed.refusal is not None:
        fields["reason"] = followed.refusal
        metrics.refusals.labels(followed.refusal).inc()
    if followed.confidence is not None:
        fields["confidence"] = round(followed.confidence, 3)
    for stage, took in followed.seconds.items():
        fields[f"{stage}_ms"] = round(took * 1000)
        metrics.stages.labels(str(stage)).observe(took)
    fields["total_ms"] = round(seconds * 1000)
    metrics.questions.labels(get_contextvars().get("source", "unknown"), followed.status).inc()
    log.info("question done", extra=fields)


def refused(reason: str, sentence: str) -> str:
    """Note why a question is not looked up; the ``sentence`` that says so, as it was given.

    ``reason`` is one of a few names: it becomes a label of the metrics.
    """
    followed = _current.get()
    if followed is not None:
        followed.status, followed.refusal = "refused", reason
    return sentence


def found(status: str, confidence: float) -> None:
    """Note what the library says; it counts once it is sent."""
    followed = _current.get()
    if followed is not None:
        followed.confidence = confidence
        followed.status = status


def took(stage: Stage, seconds: float) -> None:
    """Note how long a stage took; its parts add up."""
    followed = _current.get()
    if followed is not None:
        followed.seconds[stage] = followed.seconds.get(stage, 0.0) + seconds


@contextmanager
def timed(stage: Stage) -> Iterator[None]:
    """Note how long what stands in it takes."""
    began = time.perf_counter()
    try:
        yield
    finally:
        took(stage, time.perf_counter() - began)
