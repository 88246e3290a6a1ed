"""Many people, and many questions: answered or told to wait, and the memory stays what it is.

A few dozen questions with the other tests; ``--count`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import psutil
import pytest
from beleg_process import Unwell, idle
from crowd import ANSWERED, TOLD_TO_WAIT, Crowd
from discord_loopback import MANAGE_GUILD, Json
from loop_probe import LIMIT_MS, Lags
from stage import Stage, reindex_all_the_time, settled, staged

MEGABYTE = 1_000_000
ROUNDS = 3
EACH_ASKS = 5

FEW_AT_ONCE = 40
FEW = 60
IN_HAND = 12
"""So many questions are open at a time in the long run: fewer than the bot lets wait."""

PEOPLE = 5_000

MOST_GROWTH_MB = 20.0
"""What the bot's memory may grow by once it is warm."""


def memory_mb(stage: Stage) -> float:
    """The bot's resident memory."""
    return float(psutil.Process(stage.bot.pid).memory_info().rss / MEGABYTE)


async def crowded_minute(stage: Stage, crowd: Crowd, count: int, seconds: float) -> list[float]:
    """``count`` questions from a fifth as many people, evenly spread; how many seconds the admin's
    commands took meanwhile."""
    people = [stage.discord.user(f"user{n}") for n in range(max(count // EACH_ASKS, 1))]
    over = asyncio.Event()
    admin = asyncio.create_task(look_after(stage, over))
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
        # Of the messages that one person is told are not looked up, the third and on are not told.
        round_, person = divmod(number, len(people))
        await crowd.ask(people[person], command=None if round_ < 2 else True)
    over.set()
    took = await admin
    await settled(crowd)
    return took


async def look_after(stage: Stage, over: asyncio.Event) -> list[float]:
    """An admin looks at the status and the figures again and again; the seconds each took."""
    took = []
    while True:
        for command, shows in (("admin status", "Memory"), ("admin stats", "30 days")):
            began = time.monotonic()
            asked = await stage.discord.interaction(
                command, user=stage.discord.user("edda"), permissions=MANAGE_GUILD
            )
            assert shows.lower() in "\n".join(await asked.answer()).lower()
            took.append(time.monotonic() - began)
        if over.is_set():
            return took
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    "dimension", [64, pytest.param(None, marks=pytest.mark.process)], ids=["small", "real model"]
)
async def test_a_crowd_asks_while_it_reindexes(
    tmp_path: Path,
    dimension: int | None,
    request: pytest.FixtureRequest,
    repetitions: Callable[[int], int],
    tell: Callable[[str], None],
) -> None:
    long = request.config.getoption("--count") is not None
    if dimension is None and not long:
        pytest.skip("the real model: only with --count")
    count, seconds = repetitions(FEW_AT_ONCE), 60.0 if long else 1.0
    probe, beside = tmp_path / "bot.json", tmp_path / "idle.json"
    memory = []
    with idle(beside):
        async with staged(tmp_path, Unwell(probe), dimension=dimension) as stage:
            over = asyncio.Event()
            reindexing = asyncio.create_task(reindex_all_the_time(stage, over))
            for number in range(ROUNDS if long else 1):
                crowd = Crowd(stage.discord, Random(number), exact=dimension is not None)
                took = await crowded_minute(stage, crowd, count, seconds)
                fates = crowd.fates()
                assert set(fates) <= {ANSWERED, TOLD_TO_WAIT}
                assert fates[ANSWERED] > 0
                memory.append(memory_mb(stage))
                tell(
                    f"{count} questions in {seconds:.0f} s: {fates}; {len(took)} admin's commands, "
                    f"the slowest {max(took):.2f} s; {memory[-1]:.0f} MB afterwards"
                )
            over.set()
            await reindexing
            reindexes = stage.bot.printed().count("reindexed in")
            assert reindexes > 1
            assert await asyncio.to_thread(stage.bot.stop) == 0
    lags, noise = Lags.read(probe), Lags.read(beside)
    tell(f"{reindexes} reindexes; event loop: {lags}")
    tell(f"that of an idle process beside it: {noise}")
    if long:
        assert memory[-1] - memory[1] < MOST_GROWTH_MB, memory
        assert lags.longest_own <= max(LIMIT_MS, noise.longest_own), lags


async def test_memory_stays_flat(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    repetitions: Callable[[int], int],
    tell: Callable[[str], None],
) -> None:
    long = request.config.getoption("--count") is not None
    count = repetitions(FEW)
    probe, beside = tmp_path / "bot.json", tmp_path / "idle.json"
    fates: Counter[str] = Counter()
    memory: list[float] = []
    with idle(beside):
        async with staged(tmp_path, Unwell(probe)) as stage:
            crowd = Crowd(stage.discord, Random(1))
            # One may ask five times in half a minute: nobody is to wait.
            people = [stage.discord.user(f"user{n}") for n in range(PEOPLE)]
            turns = iter(range(count))

            async def ask_in_turn() -> None:
                for number in turns:
                    fates[await asked(crowd, people[number % len(people)], number)] += 1
                    if number % (count // 10) == 0:
                        memory.append(memory_mb(stage))

            began = time.monotonic()
            await asyncio.gather(*(ask_in_turn() for _ in range(IN_HAND)))
            seconds = time.monotonic() - began
            memory.append(memory_mb(stage))
            assert await asyncio.to_thread(stage.bot.stop) == 0
    assert set(fates) <= {ANSWERED, TOLD_TO_WAIT}
    assert fates[ANSWERED] > 0.9 * count
    tell(f"{count} questions in {seconds:.0f} s: {dict(fates)}")
    tell(f"MB after each tenth of them: {[round(one) for one in memory]}")
    lags = Lags.read(probe)
    # All that was imported.
    assert lags.spared > 50_000
    assert lags.handover == pytest.approx(0.001)
    tell(f"event loop: {lags}")
    tell(f"that of an idle process beside it: {Lags.read(beside)}")
    if long:
        warm = memory[3]
        assert memory[-1] - warm < MOST_GROWTH_MB, memory


async def asked(crowd: Crowd, user: Json, number: int) -> str:
    """What became of a question, which is forgotten then; some answers are turned over first."""
    discord = crowd.discord
    question = await crowd.ask(user)
    fate = await discord.wait_for(lambda: crowd.fate(question), "an answer")
    message = question.command.message if question.command else None
    if number % 10 == 0 and fate == ANSWERED and message is not None:
        pressed = await discord.press(message, "Next", user=user)
        await pressed.outcome()
        del discord.interactions[pressed.token]
    crowd.forget(question)
    discord.requests.clear()
    discord.messages.clear()
    return fate
