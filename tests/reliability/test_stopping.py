"""SIGTERM: what is in hand is finished, whatever hangs is left behind, and the process ends in time
with exit status 0.

A few stops with the other tests; ``--count 100`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from beleg_process import Beleg
from content_folder import ContentFolder
from discord_loopback import Interaction, LoopbackDiscord
from fake_encoder import FakeEncoder
from filelock import FileLock

from bot.stop import CLOSE_SECONDS, FINISH_SECONDS, STOP_SECONDS
from index.encoder import QuestionEncoding
from index.storage import LOCK

OIL = "The lamps of Quill burn oil. They were lit in March."
QUESTION = "Which lamps of Quill burn oil?"
STOPPING = "I am being restarted. Please try again in a minute."
SLOW_SECONDS = 0.3
LEEWAY = 1.5
"""Seconds that a busy machine may take to end a process."""


class SlowEncoder(FakeEncoder):
    """Questions take a while, so that some are always in hand."""

    def encode_questions(self, texts: Any) -> list[QuestionEncoding]:
        time.sleep(SLOW_SECONDS)
        return super().encode_questions(texts)


def slow_encoder(*_: object, **__: object) -> SlowEncoder:
    return SlowEncoder()


class SlowDiscord(LoopbackDiscord):
    """Takes ``seconds`` for every request with this method."""

    def __init__(self) -> None:
        super().__init__()
        self.method: str | None = None
        self.seconds = 0.0
        self._gateways: list[asyncio.Transport] = []

    def stop_listening(self) -> None:
        """From now on hear nothing at the gateway, not even a goodbye."""
        for transport in self._gateways:
            transport.pause_reading()

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        self._gateways.append(cast(asyncio.Transport, request.transport))
        return await super()._gateway(request)

    async def _rest(self, request: web.Request) -> web.Response:
        if request.method == self.method:
            await asyncio.sleep(self.seconds)
        return await super()._rest(request)


async def started(
    discord: LoopbackDiscord,
    tmp_path: Path,
    patches: dict[str, object] | None = None,
    *,
    indexed: bool = True,
) -> Beleg:
    """The bot, connected and, if it is to be ``indexed``, with its index up to date."""
    discord.identified = 0
    bot = await asyncio.to_thread(
        Beleg.start,
        ["run", "--content", tmp_path / "content", "--data", tmp_path / "data"],
        tmp_path / "log.txt",
        environment={
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        },
        patches={"index.encoder.load_encoder": slow_encoder, **(patches or {})},
    )
    await discord.connected(30)
    async with asyncio.timeout(30):
        while ("bot.service: reindexed" if indexed else "bot.client: ready") not in bot.printed():
            await asyncio.sleep(0.01)
    return bot


async def ended(bot: Beleg) -> int:
    """Its exit status; in a thread, so that Discord goes on meanwhile."""
    return await asyncio.to_thread(bot.exit_status)


async def ask(discord: LoopbackDiscord, people: int) -> list[Interaction]:
    """Somebody else asks each time, and each is told that it is being worked on."""
    asked = [
        await discord.interaction("ask", {"question": QUESTION}, user=discord.user(f"m{number}"))
        for number in range(people)
    ]
    for one in asked:
        await one.acknowledged()
    return asked


async def impatient(bot: Beleg, chance: random.Random) -> None:
    """Signals of both kinds, again and again until it has ended."""
    with contextlib.suppress(ProcessLookupError):
        while bot.process.is_alive():
            os.kill(bot.pid, chance.choice([signal.SIGTERM, signal.SIGINT]))
            await asyncio.sleep(chance.uniform(0, 0.1))


@pytest.fixture(autouse=True)
def lamps(content: ContentFolder) -> None:
    content.write("lamps.md", OIL, title="Lamps")


def check_log(bot: Beleg, discord: LoopbackDiscord) -> None:
    """It ended as it should, and told nothing that it should not."""
    log = bot.printed()
    assert "Traceback" not in log
    for secret in (discord.token, QUESTION):
        assert secret not in log


async def test_answers_in_hand_are_finished(
    tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    chance = random.Random(1)
    outcomes: Counter[str] = Counter()
    took = []
    stops = repetitions(2)
    for number in range(stops):
        async with LoopbackDiscord() as discord:
            bot = await started(discord, tmp_path)
            try:
                asked = await ask(discord, 6)
                await asyncio.sleep(chance.uniform(0, SLOW_SECONDS))
                began = time.perf_counter()
                os.kill(bot.pid, signal.SIGTERM)
                if number % 2:
                    await impatient(bot, chance)
                assert await ended(bot) == 0, bot.printed()
                took.append(time.perf_counter() - began)
            finally:
                bot.process.kill()
            assert all(one.message is not None for one in asked)
            for one in asked:
                text = "\n".join(await one.answer())
                outcomes["answered" if "lit in March" in text else text] += 1
            check_log(bot, discord)
            assert "stopped before" not in bot.printed()
    assert dict(outcomes) == {"answered": 6 * stops}
    assert max(took) < FINISH_SECONDS
    tell(
        f"{stops} stops, half of them with signals until the end: {outcomes.total()} answers in "
        f"hand, all sent; at most {max(took):.1f} s; exit status 0"
    )


@pytest.mark.parametrize("asked", ["a command", "a message"])
async def test_refusals_in_hand_are_sent(tmp_path: Path, asked: str) -> None:
    """Also by a Discord that takes its time."""
    long = "x" * 600
    async with SlowDiscord() as discord:
        mira = discord.user("mira")
        bot = await started(discord, tmp_path)
        try:
            discord.method, discord.seconds = "POST", 1.0
            if asked == "a command":
                await discord.interaction("ask", {"question": long}, user=mira)
            else:
                await discord.direct_message(long, user=mira)
            async with asyncio.timeout(30):
                while "question received" not in bot.printed():
                    await asyncio.sleep(0.01)
            os.kill(bot.pid, signal.SIGTERM)
            assert await ended(bot) == 0
        finally:
            bot.process.kill()
        check_log(bot, discord)
        assert "status=refused" in bot.printed()
        path = "/callback" if asked == "a command" else "/messages"
        assert [one.path for one in discord.requests if one.path.endswith(path)]


async def test_what_comes_after_the_signal_is_refused(tmp_path: Path) -> None:
    async with LoopbackDiscord() as discord:
        bot = await started(discord, tmp_path)
        try:
            [first] = await ask(discord, 1)
            os.kill(bot.pid, signal.SIGTERM)
            async with asyncio.timeout(30):
                while "bot.start: stopping" not in bot.printed():
                    await asyncio.sleep(0.01)
            late = await discord.interaction(
                "ask", {"question": QUESTION}, user=discord.user("nils")
            )
            assert await ended(bot) == 0
        finally:
            bot.process.kill()
        assert "lit in March" in "\n".join(await first.answer())
        assert await late.answer() == [STOPPING]


FINISH, CLOSE, STOP = 0.6, 0.4, 1.5
"""Shorter times, so that nobody waits for the tests."""


def sleep(*_: object) -> None:
    """Stands where a thread waits for a disk or a name server."""
    time.sleep(60)


async def sleep_in_a_thread(*_: object) -> None:
    await asyncio.to_thread(sleep)


@pytest.mark.parametrize(
    ("hangs", "seconds"),
    [
        ("an answer to a command", FINISH),
        ("an answer to a message", FINISH),
        ("a reindex", FINISH),
        ("the first reindex", CLOSE),
        ("the gateway", 0),
        ("a thread", STOP),
        ("the event loop", STOP),
    ],
)
async def test_what_hangs_is_left_behind(
    tmp_path: Path, hangs: str, seconds: float, tell: Callable[[str], None]
) -> None:
    """At the end of the time that is meant for it, and not of a later one."""
    times = {"bot.start.FINISH": FINISH, "bot.start.CLOSE": CLOSE, "bot.stop.STOP": 30.0}
    lock = FileLock(tmp_path / "data" / LOCK)
    async with SlowDiscord() as discord:
        mira = discord.user("mira")
        patches: dict[str, object] = {f"{name}_SECONDS": n for name, n in times.items()}
        if hangs == "a thread":
            patches |= {
                "bot.stop.STOP_SECONDS": STOP,
                "bot.client.erase_servers_left": sleep_in_a_thread,
            }
        elif hangs == "the event loop":
            patches |= {"bot.stop.STOP_SECONDS": STOP, "bot.client.asked_in": sleep}
        elif hangs == "the first reindex":
            lock.acquire()  # as another process that writes the index
        bot = await started(
            discord, tmp_path, patches, indexed=hangs not in ("a thread", "the first reindex")
        )
        try:
            if hangs == "an answer to a command":
                discord.method, discord.seconds = "PATCH", 60.0
                await ask(discord, 1)
            elif hangs == "an answer to a message":
                await discord.direct_message(QUESTION, user=mira)
                await discord.wait_for(
                    lambda: [one for one in discord.requests if one.path.endswith("/typing")],
                    "typing",
                )
                discord.method, discord.seconds = "POST", 60.0
            elif hangs == "a reindex":
                lock.acquire()
                (tmp_path / "content" / "new.md").write_text(OIL, encoding="utf-8")
                reindex = await discord.interaction("admin reindex", user=mira, permissions=1 << 5)
                await reindex.acknowledged()
            elif hangs == "the event loop":
                await discord.direct_message(QUESTION, user=mira)
                await asyncio.sleep(0.1)
            elif hangs == "the gateway":
                discord.stop_listening()
            began = time.perf_counter()
            os.kill(bot.pid, signal.SIGTERM)
            assert await ended(bot) == 0, bot.printed()
            took = time.perf_counter() - began
        finally:
            bot.process.kill()
            lock.release(force=True)
    assert seconds <= took < seconds + LEEWAY
    check_log(bot, discord)
    tell(f"{hangs} hangs: {took:.1f} s, of at least {seconds:.1f} s")


def test_the_times_of_a_stop_are_what_is_documented() -> None:
    """Container engines kill after ten seconds."""
    assert FINISH_SECONDS + CLOSE_SECONDS < STOP_SECONDS < 10
    said = (Path(__file__).parents[2] / "docs" / "operation.md").read_text(encoding="utf-8")
    said = " ".join(said.split())
    assert f"up to {FINISH_SECONDS:.0f} seconds" in said
    assert f"after {STOP_SECONDS} seconds" in said


async def test_a_stop_before_there_is_anything_to_finish(tmp_path: Path) -> None:
    """While the model is being loaded."""
    async with LoopbackDiscord() as discord:
        bot = await asyncio.to_thread(
            Beleg.start,
            ["run", "--content", tmp_path / "content", "--data", tmp_path / "data"],
            tmp_path / "log.txt",
            environment={"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url},
            patches={"index.encoder.load_encoder": endless_encoder},
        )
        try:
            async with asyncio.timeout(30):
                while "loading\n" not in bot.printed():
                    await asyncio.sleep(0.01)
            os.kill(bot.pid, signal.SIGTERM)
            assert await ended(bot) == 0
        finally:
            bot.process.kill()
    assert bot.printed() == "loading\n"


def endless_encoder(*_: object, **__: object) -> FakeEncoder:
    print("loading", flush=True)
    while True:
        time.sleep(0.01)
