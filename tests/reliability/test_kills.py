"""``beleg index`` and the reindex of a running bot, killed by SIGKILL: what is left is a whole
index, old or new, and no litter grows.

A few kills with the other tests; ``--count 200`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from beleg_process import Beleg
from discord_loopback import MANAGE_GUILD, Interaction, LoopbackDiscord
from fake_encoder import FakeEncoder
from saboteur import Saboteur
from versions import VERSIONS, Held, Ships, held, litter, write_version

from index.library import Library

DIMENSIONS = (64, 32)
FEW = 2


@pytest.fixture
def ships(tmp_path: Path) -> Ships:
    return Ships(tmp_path)


def test_killed_at_random_moments(
    ships: Ships, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    chance = random.Random(1)
    runs = []
    for version in (*VERSIONS, *VERSIONS):
        began = time.perf_counter()
        ships.finish(Held(version, 64))
        runs.append(time.perf_counter() - began)
    old: Held | None = Held(VERSIONS[1], 64)
    seen: Counter[str] = Counter()
    for number in range(repetitions(FEW)):
        if number % 10 == 9:  # the first index of all
            shutil.rmtree(ships.data)
            old = None
        # Mostly other articles, often another model too, sometimes nothing new.
        target = Held(chance.choice(VERSIONS), chance.choice(DIMENSIONS))
        beleg = ships.start(target)
        time.sleep(chance.uniform(0, median(runs)))
        killed = beleg.kill()
        left = ships.check(old, target)
        if old == target:
            left = "old (nothing was to be done)"
        seen[f"{left} index" if killed else "ended before it was killed"] += 1
        if not killed:
            assert beleg.process.exitcode == 0, beleg.printed()
        # Half of the time the next run is killed as well.
        if number % 2:
            ships.finish(target)
        old = held(ships.data) if ships.data.exists() else None
    ships.finish(Held(VERSIONS[0], 64))
    tell(f"{seen.total()} kills; left: {dict(sorted(seen.items()))}; litter: none")


def steps(folder: Path, old: Held | None, target: Held) -> list[str]:
    """The steps that an update from ``old`` to ``target`` takes."""
    ships = Ships(folder)
    if old is not None:
        ships.finish(old)
    write_version(ships.content, target.version)
    with pytest.MonkeyPatch.context() as patches:
        saboteur = Saboteur(patches, ships.data, None, RuntimeError)
        Library.open(ships.content.path, ships.data, FakeEncoder(target.dimension))
    return saboteur.done


@pytest.mark.parametrize(
    ("old", "target"),
    [
        (Held("first", 64), Held("second", 64)),
        (Held("first", 64), Held("second", 32)),
        (None, Held("first", 64)),
    ],
    ids=["other articles", "other model", "first index"],
)
def test_killed_at_every_step(
    tmp_path: Path,
    old: Held | None,
    target: Held,
    request: pytest.FixtureRequest,
    tell: Callable[[str], None],
) -> None:
    names = steps(tmp_path / "count", old, target)
    replaced = names.index("replace")
    ships = Ships(tmp_path)
    every = request.config.getoption("--count") is not None
    chosen = range(len(names)) if every else (names.index("write_text"), replaced, replaced + 1)
    for step in chosen:
        if old is None:
            shutil.rmtree(ships.data, ignore_errors=True)
        else:
            ships.finish(old)
        beleg = ships.start(target, dies_at=step)
        assert beleg.exit_status() == -signal.SIGKILL, beleg.printed()
        left = ships.check(old, target)
        assert left == ("old" if step <= replaced else "new"), names[step]
        ships.finish(target)
    tell(f"{len(chosen)} kills, one at each step; the old index up to “replace”, then the new one")


# --- the running bot ----------------------------------------------------------------------------


@dataclass(slots=True)
class Stage:
    """A Discord on loopback and what the bot in it works on."""

    discord: LoopbackDiscord
    ships: Ships

    async def start(self) -> Beleg:
        """Start the bot and wait until it has a connection and its index is up to date."""
        self.discord.identified = 0
        bot = await asyncio.to_thread(
            Beleg.start,
            self.ships.arguments("run"),
            self.ships.log,
            environment={
                "DISCORD_TOKEN": self.discord.token,
                "DISCORD_API_URL": self.discord.api_url,
                "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            },
        )
        await self.discord.connected()
        return bot

    async def reindex(self) -> Interaction:
        """Have an admin begin a reindex."""
        return await self.discord.interaction(
            "admin reindex", user=self.discord.user("edda"), permissions=MANAGE_GUILD
        )

    async def ask(self, question: str) -> str:
        asked = await self.discord.interaction(
            "ask", {"question": question}, user=self.discord.user("mira")
        )
        return "\n".join(await asked.answer())


def is_report(text: str) -> bool:
    return "Passages: " in text


async def test_bot_killed_while_it_reindexes(
    ships: Ships, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    chance = random.Random(2)
    write_version(ships.content, VERSIONS[1])
    seen: Counter[str] = Counter()
    async with LoopbackDiscord() as discord:
        stage = Stage(discord, ships)
        bot = await stage.start()
        try:
            began = time.perf_counter()
            await (await stage.reindex()).answer(is_report)
            write_version(ships.content, VERSIONS[0])
            began = time.perf_counter()
            await (await stage.reindex()).answer(is_report)
            run = time.perf_counter() - began
            kept = litter(ships.data)
            for number in range(repetitions(FEW)):
                old, target = (Held(VERSIONS[(number + one) % 2], 64) for one in (0, 1))
                assert held(ships.data) == old
                write_version(ships.content, target.version)
                await stage.reindex()
                await asyncio.sleep(chance.uniform(0, run))
                assert await asyncio.to_thread(bot.kill), bot.printed()
                found = held(ships.data)
                assert found in (old, target)
                extra = litter(ships.data) - kept
                assert len(extra - {"manifest.json.new"}) <= 1, extra
                seen["old index" if found == old else "new index"] += 1
                # The next start answers from whatever there is, and then from the new articles.
                bot = await stage.start()
                await (await stage.reindex()).answer(is_report)
                assert held(ships.data) == target
                question = f"Only the {target.version} version says this."
                assert question in (await stage.ask(question)).replace("**", "")
                if found == old:
                    assert litter(ships.data) == kept
        finally:
            bot.process.kill()
    tell(f"{seen.total()} kills; left: {dict(sorted(seen.items()))}; litter: none")
