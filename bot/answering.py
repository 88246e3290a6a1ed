"""From a question to an answer that its buttons find again."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.catalogue import Texts
from bot.database import DatabaseError
from bot.escape import whole
from bot.failures import log_failure
from bot.records import Cited, Kind, Record, new_id
from bot.render import discord_time
from bot.servers import ServerSettings
from bot.services import Services
from bot.trace import refused
from index.answer import Citation, Status
from index.library import Library

QUESTION_LIMIT = 500
"""The longest question that is looked up, in characters."""

STRICTNESS = {"looser": -1.0, "normal": 0.0, "stricter": 1.0}
"""What a server's setting adds to the thresholds, in log-odds: at 1.0 the odds that a passage
answers must be nearly three times as high."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as it was put; ``before`` is the one that it follows up, ``cut`` as in
    `Record`."""

    question: str
    user: int
    server: int | None
    kind: Kind = Kind.QUESTION
    article: str | None = None
    before: str | None = None
    private: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer and its passages as they are now; None stands for one that has changed or gone."""

    record: Record
    citations: tuple[Citation | None, ...]


async def look_up(asking: Asking, services: Services) -> Shown:
    """The answer, which is remembered so that its buttons work later; not if its asker has had
    everything erased meanwhile, or if the disk or the database fails.

    Raises PreparingError before there is a library.
    """
    settings = services.servers.get(asking.server)
    asker = services.members.hash(asking.user)
    erasures = services.records.erasures(asker)
    answer = await services.library.answer(
        asking.question,
        article=asking.article,
        before=asking.before,
        strictness=STRICTNESS[settings.strictness],
    )
    record = Record(
        id=new_id(),
        server=asking.server,
        asker=asker,
        asked_at=datetime.now(UTC),
        kind=asking.kind,
        question=asking.question,
        status=answer.status,
        confidence=answer.confidence,
        citations=tuple(
            Cited(one.article, one.passage, one.highlight.start, one.highlight.end, one.asks)
            for one in answer.citations
        ),
        unanswered=answer.unanswered,
        private=asking.private,
        cut=asking.cut,
    )
    try:
        await services.records.add(record, erasures)
    except DatabaseError as error:
        # A disk that is full keeps nobody from reading; only the buttons find nothing later.
        log_failure("remembering an answer", error)
    return Shown(record, answer.citations)


def remembered(record: Record, library: Library) -> Shown:
    """An earlier answer with its passages as the library has them now."""
    found = [library.cite(one.article, one.passage, one.start, one.end) for one in record.citations]
    return Shown(record, tuple(found))


async def examples_for(shown: Shown, services: Services, texts: Texts) -> tuple[str, ...]:
    """Questions that the library answers, those in the reader's language first, where ``shown`` has
    no answer to show instead."""
    if shown.record.status is not Status.NO_ANSWER:
        return ()
    examples = partial(services.library.library.examples, language=texts.language)
    return await services.library.example_questions(examples)


def may_ask(settings: ServerSettings, texts: Texts, roles: Collection[int]) -> str | None:
    """Why somebody with these roles may not ask here, in a sentence; None if they may."""
    if settings.askers and settings.askers.isdisjoint(roles):
        return refused("role", texts("not-your-role"))
    return None


def answers_in(settings: ServerSettings, texts: Texts, places: Collection[int]) -> str | None:
    """Why there is no answer in a channel, in a sentence; None if there is.

    ``places`` are the channel's id and, of a thread, its parent's.
    """
    if settings.channels and settings.channels.isdisjoint(places):
        channels = ", ".join(f"<#{channel}>" for channel in sorted(settings.channels))
        return refused("channel", texts("not-here", channels=channels))
    return None


def unfit(asking: Asking, services: Services, texts: Texts) -> str | None:
    """Why a question is not looked up now, in a sentence; None if it is.

    Counts the question against its asker's share if it is.
    """
    if services.work.stopping:
        return refused("stopping", texts("stopping"))
    if not asking.question:
        return refused("empty", texts("no-text" if asking.kind is Kind.CLAIM else "hello"))
    if len(asking.question) > QUESTION_LIMIT:
        sentence = texts("too-long", length=len(asking.question), limit=QUESTION_LIMIT)
        return refused("too long", sentence)
    if not services.library.ready:
        progress = services.library.preparing
        if progress is None or not progress.total:
            return refused("preparing", texts("preparing"))
        sentence = texts("preparing-progress", done=progress.done, total=progress.total)
        return refused("preparing", sentence)
    return gone(asking, services, texts) or too_much(asking.user, services, texts)


def gone(asking: Asking, services: Services, texts: Texts) -> str | None:
    """Why the article that is asked about cannot be, in a sentence; None if it can, or if it is
    none."""
    known = {source.id for source in services.library.library.articles}
    if asking.article is None or asking.article in known:
        return None
    return refused("unknown article", texts("unknown-article"))


def too_much(user: int, services: Services, texts: Texts) -> str | None:
    """Why ``user`` must wait, in a sentence; None if not, and then it counts as a question."""
    wait = services.limits.admit(user, services.work.questions)
    if wait is None:
        return None
    # Rounded up, so that whoever waits until then is not told to wait again.
    when = discord_time(datetime.now(UTC) + timedelta(seconds=wait.seconds + 1), "R")
    sentence = texts("queue-full" if wait.queue_full else "cooldown", when=when)
    return refused("queue full" if wait.queue_full else "cooldown", sentence)


def without_ids(text: str) -> str:
    """``text`` without the numbers that Discord writes for people, roles, channels and emoji.

    They say nothing about the question, and ids of people are not to be stored. Half characters
    are replaced, as nothing can store them.
    """
    text = whole(text)
    text = re.sub(r"<@[!&]?\d+>", "@…", text)
    text = re.sub(r"<#\d+>", "#…", text)
    return re.sub(r"<a?(:\w+:)\d+>", r"\1", text)


def cut(text: str, limit: int) -> str:
    """The first ``limit`` characters of ``text`` at most, whole words if there are any."""
    if len(text) <= limit:
        return text
    head, _, _ = text[: limit + 1].rpartition(" ")
    return head.rstrip() or text[:limit]
