"""The log as whoever runs the bot reads it: every line that was written, in both styles."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.logs import OURS, LogStyle, formatter


@dataclass(frozen=True, slots=True)
class Logbook:
    """What has been logged at the default level, or at another."""

    plain: io.StringIO = field(default_factory=io.StringIO)
    json: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        """All of it, in both styles."""
        return self.plain.getvalue() + self.json.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines as programs read them."""
        return [json.loads(line) for line in self.json.getvalue().splitlines()]

    def about(self, identifier: str) -> list[dict[str, Any]]:
        """The lines with this id."""
        return [line for line in self.lines if line.get("id") == identifier]


@contextmanager
def logbook(*, level: str = "info", secrets: tuple[str, ...] = ()) -> Iterator[Logbook]:
    """Log meanwhile as `bot.logs.configure` sets it up, into a `Logbook`."""
    book = Logbook()
    root = logging.getLogger()
    handlers: list[logging.Handler] = []
    for style, stream in ((LogStyle.PLAIN, book.plain), (LogStyle.JSON, book.json)):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter(style, everything=level == "debug", secrets=secrets))
        handlers.append(handler)
        root.addHandler(handler)
    before = {name: logging.getLogger(name).level for name in (*OURS, "discord")}
    for name in before:
        logging.getLogger(name).setLevel(level.upper())
    try:
        yield book
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)
