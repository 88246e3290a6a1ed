"""Where the bot's log goes, how its lines look, and what they never hold.

At the default level no line holds a token, a question's text, or who asked. What an exception says
about itself may hold any of these, so it is named by its type and by what is known to be safe. At
the level ``debug`` the log holds all that people write; tokens are left out even there.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import os
import queue
import re
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextvars import Context
from enum import StrEnum
from functools import partial
from logging.handlers import QueueHandler, QueueListener
from typing import Any, TextIO

import discord
import structlog
from structlog.typing import EventDict, Processor

from bot.report import harmless

log = logging.getLogger(__name__)

OURS = ("bot", "index")

MOST_WAITING = 10_000
"""Lines that wait to be written while nobody reads the log; what comes then is left out."""

FLUSH_SECONDS = 0.3
"""How long the end of the program waits for lines to be written."""

_TOKENS = re.compile(r"""(/(?:webhooks|interactions)/\d+/|["']token["']: ["'])[^/\s"'?]+""")
"""Tokens of interactions: in addresses, which discord.py logs when Discord is slow, and in what it
receives."""

_IDS = re.compile(r"\b\d{17,20}\b")
"""Ids of users, servers, channels and messages."""

_SESSIONS = re.compile(r"((?i:session)(?: ID:)? )[0-9a-f]{16,}")
"""With the bot's token, a session's id is enough to go on with it."""

FIELDS = (
    "status",
    "reason",
    "confidence",
    "waiting_ms",
    "lookup_ms",
    "sending_ms",
    "total_ms",
)
"""What may be given with a line (``extra``) and is written behind it; nothing else is."""

_FIRST = ("timestamp", "level", "logger", "event", "id", "source", *FIELDS)

_PLAIN_LINE = ("timestamp", "level", "logger", "event", "exception")


class LogStyle(StrEnum):
    """How a line of the log looks."""

    PLAIN = "plain"
    """For people: when, what, and what is known about it as ``name=value``."""
    JSON = "json"
    """For programs: one object a line."""


def configure(
    style: LogStyle = LogStyle.PLAIN, level: str = "info", *, secrets: Collection[str] = ()
) -> None:
    """Log to standard error: our own lines and discord.py's from ``level``, others from WARNING.

    None of ``secrets`` is ever written. What nobody catches is logged likewise, instead of being
    printed with all that it says.
    """
    sys.excepthook = lambda kind, error, trace: log.critical(
        "a fault of the program", exc_info=(kind, error, trace)
    )
    threading.excepthook = lambda args: log.critical(
        "a fault of the program in a thread", exc_info=args.exc_value
    )
    handler = LogQueue(sys.stderr)
    handler.setFormatter(formatter(style, everything=level == "debug", secrets=secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in (*OURS, "discord"):
        logging.getLogger(name).setLevel(level.upper())


class LogQueue(QueueHandler):
    """Has lines written to ``stream`` by a thread of its own: a pipe that nobody reads would hold
    up whoever writes into it, for ever.

    The lines are made where they are logged, for what they say of the question in hand is known
    only there. Once MOST_WAITING wait, further ones are left out, and the next one that finds room
    comes after one that says how many.
    """

    def __init__(self, stream: TextIO, most: int = MOST_WAITING) -> None:
        self._lines: queue.Queue[Any] = queue.Queue(most)
        super().__init__(self._lines)
        self._left_out = 0
        self._writer = _Writer(self._lines, stream)
        self._writer.start()

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self._left_out:
                self._lines.put_nowait(self._gap())
                self._left_out = 0
            self._lines.put_nowait(record)
        except queue.Full:
            self._left_out += 1

    def _gap(self) -> logging.LogRecord:
        said = "%d lines were left out here, since nobody read the log"
        record = log.makeRecord(
            log.name, logging.WARNING, __file__, 0, said, (self._left_out,), None
        )
        # It belongs to no question, also if a question's line makes it known.
        gap: logging.LogRecord = Context().run(self.prepare, record)
        return gap

    def flush(self) -> None:
        """Wait until all is written, at most FLUSH_SECONDS."""
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(
                lambda: not self._lines.unfinished_tasks, FLUSH_SECONDS
            )


class _Writer(QueueListener):
    """Writes finished lines.

    Not by another handler: `logging.shutdown` would wait for one that hangs.
    """

    def __init__(self, lines: queue.Queue[Any], stream: TextIO) -> None:
        super().__init__(lines)
        self._stream = stream

    def handle(self, record: logging.LogRecord) -> None:
        try:
            self._stream.write(f"{record.msg}\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass  # The log is closed, or its disk is full: there is no other place to say so.


def loop_failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what asyncio has to complain of; its own handler writes all that an exception says."""
    log.error("in the event loop: %s", context["message"], exc_info=context.get("exception"))


def formatter(
    style: LogStyle, *, everything: bool = False, secrets: Collection[str] = ()
) -> logging.Formatter:
    """Makes a line of a record: with ``everything``, also what is not for the default level."""
    render = _plain if style is LogStyle.PLAIN else _json
    return _Formatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.processors.ExceptionRenderer(
                lambda info: "".join(_told(info[1], everything)).rstrip()
            ),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            partial(_redacted, everything, [secret for secret in secrets if secret]),
            render,
        ],
        everything=everything,
    )


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record without what it is not to say."""

    def __init__(
        self,
        *,
        foreign_pre_chain: Sequence[Processor],
        processors: Sequence[Processor],
        everything: bool,
    ) -> None:
        super().__init__(foreign_pre_chain=foreign_pre_chain, processors=processors)
        self._everything = everything

    def format(self, record: logging.LogRecord) -> str:
        if not self._everything and record.args:
            record = copy.copy(record)
            # logging makes a mapping of a mapping that is the only argument.
            if isinstance(record.args, tuple):
                record.args = tuple(map(_safe, record.args))
        return super().format(record)


def _redacted(
    everything: bool, secrets: Sequence[str], _: object, __: str, event: EventDict
) -> EventDict:
    """The line without what must not be in it, whoever put it there."""
    # Ours name servers' channels, where an admin has to look, and no other ids.
    ids = everything or event["logger"].split(".")[0] in OURS

    def redact(value: object) -> object:
        if not isinstance(value, str):
            return value
        for secret in secrets:
            value = value.replace(secret, "…")
        value = _TOKENS.sub(r"\1…", value)
        return value if ids else _SESSIONS.sub(r"\1…", _IDS.sub("…", value))

    return {name: redact(value) for name, value in event.items()}


def _safe(argument: object) -> object:
    """What goes into a line; an exception is described."""
    return described(argument) if isinstance(argument, BaseException) else argument


def described(error: BaseException) -> str:
    """What ``error`` is, without what it may quote: a question, a name, an address with a token.

    Our own errors are sentences about files, settings and the index, and are shown whole.
    """
    name, detail = type(error).__name__, _detail(error)
    if _is_ours(error):
        return detail or name
    return f"{name} ({detail})" if detail else name


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in OURS


def _detail(error: BaseException) -> str:
    if _is_ours(error):
        return str(error)
    if isinstance(error, discord.HTTPException):
        return f"HTTP status {error.status}, code {error.code}"
    if isinstance(error, discord.ConnectionClosed):
        return f"code {error.code}"
    if isinstance(error, OSError) and error.errno is not None:
        # Not its own words, which may be anything.
        return os.strerror(error.errno) if error.errno > 0 else f"number {error.errno}"
    return str(getattr(error, "sqlite_errorname", ""))


def _told(error: BaseException, everything: bool) -> Iterator[str]:
    """Like a traceback, oldest error first; what each error says about itself only with
    ``everything``."""
    seen: set[int] = set()
    chain = []
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        chain.append(current)
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    for one in reversed(chain):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(one.__traceback__)
        if everything:
            yield from traceback.format_exception_only(one)
        else:
            detail = _detail(one)
            name = f"{type(one).__module__}.{type(one).__qualname__}"
            yield f"{name}: {detail}\n" if detail else f"{name}\n"
        if isinstance(one, BaseExceptionGroup):
            for inner in one.exceptions:
                yield from _told(inner, everything)


def _plain(_: object, __: str, event: EventDict) -> str:
    # An article's name must not command the terminal on which the log is read.
    said = harmless(event["event"])
    line = f"{event['timestamp']} {event['level'].upper()} {event['logger']}: {said}"
    fields = {name: value for name, value in _ordered(event).items() if name not in _PLAIN_LINE}
    if fields:
        line = f"{line} {_LOGFMT(None, '', fields)}"
    return f"{line}\n{event['exception']}" if "exception" in event else line


_LOGFMT: Callable[[object, str, EventDict], str] = structlog.processors.LogfmtRenderer()


def _json(_: object, __: str, event: EventDict) -> str:
    return json.dumps(_ordered(event), ensure_ascii=False, default=repr)


def _ordered(event: EventDict) -> EventDict:
    """What every line has comes first; context variables come in any order."""
    return {name: event[name] for name in (*_FIRST, *event) if name in event}
