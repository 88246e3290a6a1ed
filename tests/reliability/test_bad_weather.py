"""Discord at its worst: every question is answered once or refused once, in its own message.

Some cuts and troubles with the other tests; ``--count 100`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from beleg_process import Unwell, idle
from crowd import ANSWERED, NOT_DELIVERED, NOT_TAKEN, TOLD_TO_WAIT, Crowd
from discord_loopback import (
    INVALID,
    RECONNECT,
    LoopbackDiscord,
    Request,
    Trouble,
    limited,
)
from loop_probe import LIMIT_MS, Lags
from stage import Stage, reindex_all_the_time, settled, staged

CALLBACK = r"/interactions/\d+/\w+/callback"
ORIGINAL = r"/webhooks/\d+/\w+/messages/@original"
MESSAGES = r"/channels/\d+/messages"
TYPING = r"/channels/\d+/typing"

DONE_BUT_LOST = Trouble(carried_out=True, lost=True)
LOST = Trouble(lost=True)


def well(_: Request) -> None:
    """The weather of a Discord that is well."""


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("weather"), Unwell(hasty=True)) as stage:
        yield stage


# --- delivered twice ------------------------------------------------------------------------------


async def flush(stage: Stage) -> None:
    """Until the bot has done all that it was sent so far."""
    asked = await stage.discord.interaction("help", user=stage.discord.user("nils"))
    await asked.answer()
    # What it does beside that is a matter of a few turns.
    await asyncio.sleep(0.1)


def sent(stage: Stage, path: str) -> int:
    """How many requests there were with this piece in their path."""
    return sum(path in request.path for request in stage.discord.requests)


async def test_a_command_delivered_twice_is_answered_once(stage: Stage) -> None:
    crowd = stage.crowd()
    asked = (await crowd.ask(command=True)).command
    await stage.discord.replay(1)
    assert asked is not None
    await asked.answer()
    await stage.discord.replay(1)
    await flush(stage)
    assert crowd.fates() == {ANSWERED: 1}
    # One first response and one edit: the second delivery was not looked at.
    assert sent(stage, asked.token) == 2


async def test_a_message_delivered_twice_is_answered_once(stage: Stage) -> None:
    crowd = stage.crowd()
    for _ in range(3):
        question = await crowd.ask(command=False)
        await stage.discord.replay(1)
        await stage.discord.reply_to(question.message)
        before = len(stage.discord.requests)
        await stage.discord.replay(1)
        await flush(stage)
        [callback] = stage.discord.requests[before:]
        assert callback.path.endswith("/callback")  # that of the flush
    assert crowd.fates() == {ANSWERED: 3}


async def test_a_press_and_a_form_delivered_twice_count_once(stage: Stage) -> None:
    mira = stage.discord.user("mira")
    question = await stage.crowd().ask(mira, command=True)
    assert question.command is not None
    await question.command.answer()
    assert question.command.message is not None
    pressed = await stage.discord.press(question.command.message, "Not helpful", user=mira)
    await stage.discord.replay(1)
    await pressed.acknowledged()
    form = await stage.discord.submit(pressed, {"reason": "no lamps"}, user=mira)
    await stage.discord.replay(1)
    await form.outcome()
    await flush(stage)
    assert sent(stage, pressed.token) == 1
    assert sent(stage, form.token) == 2
    assert len(form.followups) == 1


async def test_a_new_session_answers_what_comes_before_the_servers(stage: Stage) -> None:
    crowd = stage.crowd()
    identified = stage.discord.identified
    async with stage.discord.hold(lambda held: held.reverse()):
        await stage.discord.invalidate()
        await stage.discord.wait_for(
            lambda: stage.discord.identified > identified, "a new session", 30
        )
        for _ in range(6):
            await crowd.ask()
    # All came first; then the server, and READY as the last of all.
    await stage.discord.wait_for(lambda: not crowd.open(), "answers")
    assert crowd.fates() == {ANSWERED: 6}


# --- requests that fail ---------------------------------------------------------------------------


class EachItsOwn:
    """The first requests that match fare badly: those of one question all in the same way."""

    def __init__(self, method: str, path: str, *troubles: tuple[Trouble, int]) -> None:
        self._method, self._path = method, re.compile(path)
        self._troubles = iter(troubles)
        self._left: dict[str, Iterator[Trouble]] = {}

    def __call__(self, request: Request) -> Trouble | None:
        if request.method != self._method or not self._path.fullmatch(request.path):
            return None
        question = request.body.get("nonce", request.path)
        if question not in self._left:
            self._left[question] = repeat(*next(self._troubles))
        return next(self._left[question], None)


SERVER_ERRORS = ((Trouble(500), 1), (Trouble(502, carried_out=True), 1))
BROKEN = ((LOST, 5), (DONE_BUT_LOST, 5))


@pytest.mark.parametrize(
    ("method", "path", "troubles"),
    [
        # What is tried again by discord.py comes a second later, and a first response has three.
        ("POST", CALLBACK, (*SERVER_ERRORS, (LOST, 2), (DONE_BUT_LOST, 1), (limited(0.1), 2))),
        ("PATCH", ORIGINAL, (*SERVER_ERRORS, *BROKEN, (limited(0.02), 7))),
        ("POST", MESSAGES, (*SERVER_ERRORS, *BROKEN, (limited(0.02), 7))),
        ("POST", MESSAGES, ((limited(0.02, globally=True), 7),)),
    ],
)
async def test_requests_that_fail(
    stage: Stage, method: str, path: str, troubles: tuple[tuple[Trouble, int], ...]
) -> None:
    crowd = stage.crowd()
    stage.discord.first_response_seconds = 3.0
    stage.discord.weather = EachItsOwn(method, path, *troubles)
    for _ in troubles:
        await crowd.ask(command=path != MESSAGES)
    await stage.discord.wait_for(lambda: not crowd.open(), "answers")
    stage.discord.weather = well
    stage.discord.first_response_seconds = None
    await flush(stage)
    assert crowd.fates() == {ANSWERED: len(troubles)}


async def test_a_message_waits_for_no_sign_of_typing(stage: Stage) -> None:
    crowd = stage.crowd()
    for trouble in (Trouble(delay=60), limited(60), Trouble(500)):
        stage.discord.fail("POST", TYPING, trouble=trouble)
        question = await crowd.ask(command=False)
        await stage.discord.reply_to(question.message, 30)
    assert crowd.fates() == {ANSWERED: 3}


async def test_a_limit_on_all_requests_met_while_typing_ends(stage: Stage) -> None:
    """discord.py would hold all requests back for ever if the one that waits were cancelled."""
    crowd = stage.crowd()
    stage.discord.fail("POST", TYPING, trouble=limited(0.3, globally=True))
    questions = [await crowd.ask(command=False) for _ in range(3)]
    for question in questions:
        await stage.discord.reply_to(question.message, 30)
    assert crowd.fates() == {ANSWERED: 3}


async def test_what_discord_has_given_up_is_not_looked_up(stage: Stage) -> None:
    crowd = stage.crowd()
    stage.discord.first_response_seconds = 0.0
    asked = (await crowd.ask(command=True)).command
    assert asked is not None
    await stage.discord.wait_for(lambda: sent(stage, asked.token), "a callback")
    stage.discord.first_response_seconds = None
    await flush(stage)
    assert asked.callbacks == []
    assert sent(stage, asked.token) == 1
    assert "the command 'ask' was not acknowledged within 3 s" in stage.bot.printed()


async def test_an_answer_after_its_time_is_one_line_in_the_log(stage: Stage) -> None:
    stage.discord.token_seconds = 0.0
    asked = (await stage.crowd().ask(command=True)).command
    assert asked is not None
    await stage.discord.wait_for(lambda: sent(stage, asked.token) == 2, "an edit")
    stage.discord.token_seconds = None
    await flush(stage)
    assert sent(stage, asked.token) == 2
    log = stage.bot.printed()
    assert "the command 'ask' took longer than the 15 minutes for a response" in log
    assert "Traceback" not in log


# --- all of it at once ----------------------------------------------------------------------------


@dataclass(slots=True)
class Weather:
    """Troubles at random for REST requests, while ``bad``."""

    chance: Random
    slow: float
    bad: bool = True
    storm: int = 0

    def __call__(self, request: Request) -> Trouble | None:
        if not self.bad:
            return None
        if self.storm:
            self.storm -= 1
            return limited(0.05, globally=self.chance.random() < 0.5)
        dice = self.chance.random()
        if dice < 0.01:
            self.storm = 20
        if dice < 0.06:
            return Trouble(self.chance.choice((500, 502)), carried_out=self.chance.random() < 0.5)
        if dice < 0.10:
            return Trouble(carried_out=self.chance.random() < 0.5, lost=True)
        if dice < 0.14:
            return Trouble(carried_out=True, delay=self.slow)
        return None


CUTS = ("close", "abort", "op 7", "op 9 true", "op 9 false", "session expired", "silence")
FEW_CUTS = len(CUTS)


async def cut(discord: LoopbackDiscord, kind: str, chance: Random) -> None:
    """End the bot's connection or session, and wait until it is back."""
    before = discord.identified + discord.resumed
    match kind:
        case "close":
            await discord.drop(chance.choice((1000, 1001, 4000, 4001, 4008, 4009)))
        case "abort":
            await discord.abort()
        case "op 7":
            await discord.send_operation(RECONNECT)
        case "op 9 true":
            await discord.send_operation(INVALID, data=True)
        case "op 9 false":
            await discord.invalidate()
        case "session expired":
            await discord.expire_session()
            await discord.abort()
        case "silence":
            await discord.go_silent()
    await discord.wait_for(
        lambda: discord.identified + discord.resumed > before, f"a connection after {kind!r}"
    )


async def test_cut_at_random(
    tmp_path: Path,
    repetitions: Callable[[int], int],
    tell: Callable[[str], None],
    request: pytest.FixtureRequest,
) -> None:
    chance = Random(3)
    long = request.config.getoption("--count") is not None
    probe, beside = tmp_path / "bot.json", tmp_path / "idle.json"
    # Longer than the five seconds before a new session, in which discord.py hears nothing.
    unwell = Unwell(probe, silence=7.0 if long else 1.5, hasty=not long)
    kinds: Counter[str] = Counter()
    with idle(beside):
        async with staged(tmp_path, unwell) as stage:
            discord = stage.discord
            discord.heartbeat_seconds = 1.0 if long else 0.3
            discord.first_response_seconds = 3.0
            await discord.drop()  # from the next connection on its heart beats faster
            discord.weather = weather = Weather(chance, slow=5.0 if long else 0.5)
            crowd = Crowd(discord, chance)
            over = asyncio.Event()
            work = [
                asyncio.create_task(ask_all_the_time(crowd, chance, over, 0.3 if long else 0.1)),
                asyncio.create_task(reindex_all_the_time(stage, over)),
            ]
            for number in range(repetitions(FEW_CUTS)):
                await asyncio.sleep(chance.uniform(0, 4.0 if long else 0.5))
                kind = chance.choice(CUTS) if long else CUTS[number]
                await cut(discord, kind, chance)
                kinds[kind] += 1
            over.set()
            await asyncio.gather(*work)
            weather.bad = False
            await settled(crowd)
            fates = crowd.fates()
            connections = f"{discord.identified} IDENTIFY, {discord.resumed} RESUME"
            assert discord.unknown == []
            assert await asyncio.to_thread(stage.bot.stop) == 0
            log = stage.bot.printed()
    reindexes = log.count("reindexed in")
    assert not re.search(r"ERROR (bot|index)", log), log
    assert set(fates) <= {ANSWERED, TOLD_TO_WAIT, NOT_TAKEN, NOT_DELIVERED}
    assert fates[ANSWERED] > fates.get(TOLD_TO_WAIT, 0), fates
    lags, noise = Lags.read(probe), Lags.read(beside)
    tell(f"cuts: {dict(sorted(kinds.items()))}; {connections}")
    tell(f"{len(crowd.questions)} questions during {reindexes} reindexes: {fates}")
    tell(f"event loop: {lags}")
    tell(f"that of an idle process beside it: {noise}")
    if long:
        assert lags.longest_own <= max(LIMIT_MS, noise.longest_own), lags


async def ask_all_the_time(crowd: Crowd, chance: Random, over: asyncio.Event, pause: float) -> None:
    """Questions until it is over; some events come twice, some in another order."""
    while not over.is_set():
        await crowd.ask()
        if chance.random() < 0.1:
            await crowd.discord.replay(chance.randrange(1, 4))
        if chance.random() < 0.05:
            async with crowd.discord.hold(chance.shuffle):
                for _ in range(4):
                    await crowd.ask()
        await asyncio.sleep(chance.uniform(0, pause))
