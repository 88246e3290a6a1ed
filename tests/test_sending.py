"""Sending that is tried again while Discord is unwell, and first responses that got lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot import sending
from bot.sending import insist, respond, responded, typing, whisper
from bot.work import Work


def refused(status: int, code: int = 0) -> discord.HTTPException:
    response = cast(Any, SimpleNamespace(status=status, reason="as the test wants it"))
    kind = discord.DiscordServerError if status >= 500 else discord.HTTPException
    return kind(response, {"code": code, "message": "no"})


class Failing:
    """Raises these errors one after the other, then returns what it was called with."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[Any] = []

    async def __call__(self, *args: Any, **what: Any) -> Any:
        self.calls.append((args, what))
        if self.errors:
            raise self.errors.pop(0)
        return "sent"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, which take no time."""
    made: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr(sending.asyncio, "sleep", note)
    return made


@pytest.mark.parametrize(
    "error",
    [
        refused(500),
        refused(502),
        refused(503),
        refused(429),
        aiohttp.ServerDisconnectedError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}",
)
async def test_what_may_pass_is_tried_again(
    error: Exception, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    send = Failing(error, error)
    assert await insist(send) == "sent"
    assert pauses == [5.0, 10.0]
    assert len(caplog.records) == 2
    assert all(record.levelno == logging.WARNING for record in caplog.records)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_taken_for_one(status: int, pauses: list[float]) -> None:
    send = Failing(refused(status))
    with pytest.raises(discord.HTTPException):
        await insist(send)
    assert len(send.calls) == 1
    assert pauses == []


async def test_what_does_not_pass_is_raised_in_the_end(pauses: list[float]) -> None:
    send = Failing(*[refused(500)] * 6)
    with pytest.raises(discord.DiscordServerError):
        await insist(send)
    assert pauses == [5.0, 10.0, 20.0, 40.0, 80.0]
    assert len(send.calls) == 6


def interaction(*, send: Callable[..., Awaitable[Any]], later: Failing | None = None) -> Any:
    """As much of an interaction as these functions look at."""
    response = SimpleNamespace(send_message=send, defer=send, is_done=lambda: False)
    return SimpleNamespace(response=response, extras={}, followup=SimpleNamespace(send=later))


async def test_a_response_that_discord_has_already_counts_as_given(pauses: list[float]) -> None:
    send, later = Failing(ConnectionResetError(), refused(400, 40060)), Failing()
    asked = interaction(send=send, later=later)
    assert not responded(asked)
    await respond(asked, asked.response.defer, thinking=True)
    assert [what for _, what in send.calls] == [{"thinking": True}] * 2
    assert pauses == [0.3]
    assert responded(asked)
    await whisper(asked, "Not now.")
    assert [what for _, what in later.calls] == [{"ephemeral": True, "content": "Not now."}]
    assert len(send.calls) == 2


async def test_a_response_that_comes_too_late_does_not_count(pauses: list[float]) -> None:
    asked = interaction(send=Failing(refused(404, 10062)))
    with pytest.raises(discord.HTTPException):
        await respond(asked, asked.response.defer)
    assert pauses == []
    assert not responded(asked)


async def test_nothing_waits_for_typing_and_none_of_it_is_cancelled() -> None:
    ended: list[str] = []
    go_on = asyncio.Event()

    class Channel:
        async def typing(self) -> None:
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise
            ended.append("typed")

    work = Work()
    async with typing(cast(Any, Channel()), work):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ended == []
    go_on.set()
    await asyncio.sleep(0.01)
    assert ended == ["typed"]


async def test_typing_is_shown_again_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TYPING_SECONDS", 0.01)
    shown = asyncio.Semaphore(0)

    class Channel:
        async def typing(self) -> None:
            shown.release()

    async with asyncio.timeout(30), typing(cast(Any, Channel()), Work()):
        for _ in range(3):
            await shown.acquire()
