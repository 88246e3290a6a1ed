"""What a line of the log looks like, and what none of them holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import sqlite3
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from logbook import Logbook, logbook
from structlog.contextvars import bound_contextvars

from bot import logs, trace
from bot.database import DatabaseError
from bot.logs import described
from bot.metrics import Metrics
from index.content import ContentError
from index.remarks import Remark

QUESTION = "who paid for the oil of the lamps?"
TOKEN = "aW50ZXJhY3Rpb246MTIz.c2VjcmV0"
log = logging.getLogger("bot.test")


def raised(error: BaseException) -> BaseException:
    """``error`` with a traceback."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - to be logged
        return caught


def response(status: int) -> Any:
    return SimpleNamespace(status=status, reason="no")


def test_a_plain_line() -> None:
    with logbook() as book, bound_contextvars(id="0a1b2c3d", source="slash"):
        log.info("question done", extra={"status": "no_answer", "lookup_ms": 12, "reason": "a b"})
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z INFO bot\.test: question done "
        r'id=0a1b2c3d source=slash status=no_answer reason="a b" lookup_ms=12\n',
        book.plain.getvalue(),
    )


def test_a_line_cannot_command_the_terminal() -> None:
    with logbook() as book:
        log.warning("Left out: %s", "a\x1b[31m\u202eb.md")
    assert book.plain.getvalue().endswith("Left out: a [31mb.md\n")
    assert book.lines[0]["event"] == "Left out: a\x1b[31m\u202eb.md"


def test_a_line_for_programs() -> None:
    with logbook() as book, bound_contextvars(id="0a1b2c3d"):
        log.warning("Größe: %d\nof it", 3, extra={"lookup_ms": 12, "other": QUESTION})
    [line] = book.lines
    assert re.fullmatch(r"20\d\d-.*Z", line.pop("timestamp"))
    assert [*line.items()] == [
        ("level", "warning"),
        ("logger", "bot.test"),
        ("event", "Größe: 3\nof it"),
        ("id", "0a1b2c3d"),
        ("lookup_ms", 12),
    ]
    assert "Größe" in book.json.getvalue()


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError(QUESTION), "ValueError"),
        (OSError(28, QUESTION, QUESTION), "OSError (No space left on device)"),
        (OSError(QUESTION), "OSError"),
        (sqlite3.OperationalError(QUESTION), "OperationalError"),
        (aiohttp.ServerDisconnectedError(QUESTION), "ServerDisconnectedError"),
        (
            discord.HTTPException(response(400), {"code": 50035, "message": QUESTION}),
            "HTTPException (HTTP status 400, code 50035)",
        ),
        (
            discord.Forbidden(response(403), {"code": 50013, "message": QUESTION}),
            "Forbidden (HTTP status 403, code 50013)",
        ),
        (DatabaseError("The disk is full."), "The disk is full."),
        (
            ContentError("content/a.md", 3, Remark.FILE_EMPTY()),
            "content/a.md, line 3: it is empty; write the article into it or remove it.",
        ),
    ],
)
def test_an_error_is_described_and_not_quoted(error: Exception, shown: str) -> None:
    assert described(error) == shown
    with logbook() as book:
        log.warning("could not: %s", error)
        log.error("failed", exc_info=raised(error))
    assert f"could not: {shown}" in book.text
    assert QUESTION not in book.text
    assert book.lines[1]["exception"].splitlines()[0] == "Traceback (most recent call last):"
    assert "in raised\n    raise error\n" in book.lines[1]["exception"]


def chained() -> BaseException:
    try:
        try:
            raise KeyError(QUESTION)
        except KeyError as error:
            raise RuntimeError(QUESTION) from error
    except RuntimeError as error:
        error.add_note(QUESTION)
        return raised(ExceptionGroup(QUESTION, [error, ValueError(QUESTION)]))


def test_chains_groups_and_notes_of_errors_are_not_quoted() -> None:
    with logbook() as book:
        log.error("failed", exc_info=chained())
    # Also not by the other handlers of the same line, which leave their text in it.
    kinds = re.findall(r"^(?:builtins\.)(\w+)$", book.lines[0]["exception"], re.MULTILINE)
    before = ["KeyError", "RuntimeError"]
    assert kinds == [*before, "ExceptionGroup", *before, "ValueError"]
    assert QUESTION not in book.text


def test_at_the_level_debug_errors_are_quoted() -> None:
    with logbook(level="debug") as book:
        log.error("failed: %s", ValueError(QUESTION), exc_info=raised(ValueError(QUESTION)))
    [line] = book.lines
    assert line["event"] == f"failed: {QUESTION}"
    assert line["exception"].endswith(f"ValueError: {QUESTION}")


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_token_is_ever_logged(level: str) -> None:
    base = "https://discord.com/api/v10"
    with logbook(level=level, secrets=("the.bot.token",)) as book:
        discords = logging.getLogger("discord.http")
        slow = "We are being rate limited. %s %s responded with 429. Retrying in %.2f seconds."
        for path in (
            f"/webhooks/123456789012345678/{TOKEN}/messages/@original",
            f"/webhooks/123456789012345678/{TOKEN}?wait=true",
            f"/interactions/123456789012345678/{TOKEN}/callback",
        ):
            discords.warning(slow, "POST", base + path, 1.5)
        discords.warning("event %s", {"d": {"token": TOKEN, "id": "1"}})
        discords.warning("event %s", json.dumps({"d": {"token": TOKEN, "id": "1"}}))
        log.error("failed %s", "the.bot.token", exc_info=raised(ValueError("the.bot.token")))
        log.info("it", extra={"reason": "the.bot.token"})
    assert len(book.lines) == 7
    assert TOKEN not in book.text
    assert "the.bot.token" not in book.text
    assert "/messages/@original responded with 429. Retrying in 1.50 seconds." in book.text


def test_ids_are_left_out_of_what_discord_py_says() -> None:
    with logbook() as book:
        logging.getLogger("discord.app_commands.tree").error(
            "Ignoring exception in autocomplete for %r (Guild: %s, User: %s)",
            "ask",
            112233445566778899,
            998877665544332211,
        )
        logging.getLogger("discord.gateway").info(
            "Shard ID %s has connected to Gateway (Session ID: %s).", None, "0123456789abcdef" * 2
        )
        log.warning("may not write in channel %d", 112233445566778899)
    assert [line["event"] for line in book.lines] == [
        "Ignoring exception in autocomplete for 'ask' (Guild: …, User: …)",
        "Shard ID None has connected to Gateway (Session ID: …).",
        "may not write in channel 112233445566778899",
    ]


def test_what_nobody_catches_is_logged_without_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "excepthook", None)
    monkeypatch.setattr(threading, "excepthook", None)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    with logbook() as book:
        logs.configure()
        error = raised(ValueError(QUESTION))
        sys.excepthook(type(error), error, error.__traceback__)
        threading.excepthook(
            threading.ExceptHookArgs((type(error), error, error.__traceback__, None))
        )
    assert [line["event"] for line in book.lines] == [
        "a fault of the program",
        "a fault of the program in a thread",
    ]
    assert all(line["exception"].endswith("builtins.ValueError") for line in book.lines)
    assert QUESTION not in book.text


def test_what_the_event_loop_complains_of_is_logged_without_what_it_says() -> None:
    async def fail() -> None:
        raise ValueError(QUESTION)

    async def forget() -> None:
        asyncio.get_running_loop().set_exception_handler(logs.loop_failed)
        asyncio.create_task(fail(), name=QUESTION)  # noqa: RUF006 - forgotten on purpose
        await asyncio.sleep(0.01)

    with logbook() as book:
        asyncio.run(forget())
    [line] = book.lines
    assert line["event"] == "in the event loop: Task exception was never retrieved"
    assert line["exception"].endswith("builtins.ValueError")
    assert QUESTION not in book.text


def test_configured_lines_go_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("bot", "index", "discord")}
    try:
        logs.configure(logs.LogStyle.JSON, "warning", secrets=["the.bot.token"])
        log.info("not this")
        logging.getLogger("discord.client").warning("this: %s", "the.bot.token")
        logging.getLogger("another").warning("and this")
        for handler in root.handlers:
            handler.flush()
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
        for name, old in levels.items():
            logging.getLogger(name).setLevel(old)
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.err.splitlines()]
    assert [line["event"] for line in lines] == ["this: …", "and this"]
    assert printed.out == ""


def test_a_log_that_nobody_reads_holds_up_nobody() -> None:
    """What finds no room is left out, and the log says how many lines that were."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    own = logging.Logger("bot.test")
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        handler = logs.LogQueue(stream, most=20)
        handler.setFormatter(logs.formatter(logs.LogStyle.JSON))
        own.addHandler(handler)
        began = time.perf_counter()
        for number in range(30):
            own.warning("%d %s", number, "x" * 70_000)  # more than a pipe holds
        handler.flush()
        assert time.perf_counter() - began < logs.FLUSH_SECONDS + 1
        text = b""
        while text.count(b"\n") < 20 or handler.queue.unfinished_tasks:
            with contextlib.suppress(BlockingIOError):
                text += os.read(reading, 1 << 20)
        with bound_contextvars(id="0a1b2c3d"):
            own.warning("again")
        handler.flush()
        text += os.read(reading, 1 << 20)
    os.close(reading)
    *lines, gap, last = [json.loads(line) for line in text.splitlines()]
    # The writer has one in hand, if it was quick enough.
    assert [int(line["event"].split()[0]) for line in lines] == [*range(len(lines))]
    assert len(lines) in (20, 21)
    assert gap["event"] == (
        f"{30 - len(lines)} lines were left out here, since nobody read the log"
    )
    assert "id" not in gap
    assert (last["event"], last["id"]) == ("again", "0a1b2c3d")


# --- questions ----------------------------------------------------------------------------------


def followed(book: Logbook) -> dict[str, Any]:
    """The last line of a question, without its times."""
    line = book.lines[-1]
    return {name: value for name, value in line.items() if name in ("event", "status", "reason")}


async def test_what_becomes_of_a_question_is_counted() -> None:
    metrics = Metrics()

    async def ask(error: BaseException | None, *, refuse: bool = False) -> None:
        trace.begin(trace.Origin.SLASH)
        with trace.question(metrics):
            if refuse:
                assert trace.refused("cooldown", "Wait.") == "Wait."
                return
            trace.found("unsure", 0.41234)
            trace.took(trace.Stage.LOOKUP, 0.25)
            with trace.timed(trace.Stage.SENDING):
                if error is not None:
                    raise error

    with logbook() as book:
        await asyncio.create_task(ask(None))
        assert followed(book) == {"event": "question done", "status": "unsure"}
        assert (book.lines[-1]["confidence"], book.lines[-1]["lookup_ms"]) == (0.412, 250)
        await asyncio.create_task(ask(None, refuse=True))
        assert followed(book) == {
            "event": "question done",
            "status": "refused",
            "reason": "cooldown",
        }
        for error, status in (
            (ValueError(QUESTION), "failed"),
            (asyncio.CancelledError(), "broken off"),
        ):
            with pytest.raises(type(error)):
                await asyncio.create_task(ask(error))
            assert followed(book) == {"event": "question done", "status": status}
    identifiers = [line["id"] for line in book.lines]
    assert identifiers[::2] == identifiers[1::2]
    assert len(set(identifiers)) == 4
    counted = {
        tuple(sample.labels.values()): sample.value
        for family in metrics.questions.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert counted == {
        ("slash", "unsure"): 1,
        ("slash", "refused"): 1,
        ("slash", "failed"): 1,
        ("slash", "broken off"): 1,
    }
    assert metrics.registry.get_sample_value("beleg_refusals_total", {"reason": "cooldown"}) == 1
    seconds = "beleg_stage_seconds_sum"
    assert metrics.registry.get_sample_value(seconds, {"stage": "lookup"}) == 0.75
