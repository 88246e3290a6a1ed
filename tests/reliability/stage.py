"""A bot that answers about ships, in a Discord on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from beleg_process import Beleg, Unwell
from content_folder import ContentFolder
from crowd import Crowd, write_ships
from discord_loopback import MANAGE_GUILD, Interaction, LoopbackDiscord


@dataclass(slots=True)
class Stage:
    """The Discord, the bot in it, and the folder of its articles."""

    discord: LoopbackDiscord
    bot: Beleg
    content: ContentFolder

    async def reindex(self) -> Interaction:
        """Have an admin begin a reindex."""
        return await self.discord.interaction(
            "admin reindex", user=self.discord.user("edda"), permissions=MANAGE_GUILD
        )

    def crowd(self) -> Crowd:
        return Crowd(self.discord, Random(1))


@asynccontextmanager
async def staged(
    folder: Path, unwell: Unwell, *, dimension: int | None = 64
) -> AsyncIterator[Stage]:
    """A bot that is up, in a Discord that is still well; ``dimension`` as for `Beleg.start`."""
    content = ContentFolder(folder / "content")
    write_ships(content)
    async with LoopbackDiscord() as discord:
        bot = await asyncio.to_thread(
            Beleg.start,
            ["run", "--content", content.path, "--data", folder / "data"],
            folder / "log.txt",
            environment={
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_URL": discord.api_url,
                "DISCORD_GATEWAY_URL": discord.gateway_url,
            },
            unwell=unwell,
            dimension=dimension,
        )
        try:
            await discord.connected()
            stage = Stage(discord, bot, content)
            await (await stage.reindex()).answer(is_report)
            yield stage
        finally:
            bot.process.kill()
            print(bot.printed())


def is_report(text: str) -> bool:
    """Whether a reindex has come to its end."""
    return "Passages: " in text


async def reindex_all_the_time(stage: Stage, over: asyncio.Event) -> None:
    """An admin changes articles and begins a reindex, or joins the one that runs, until it is over
    and once more."""
    for number in count(1):
        write_ships(stage.content, number)
        await stage.reindex()
        await asyncio.sleep(0.5)
        if over.is_set():
            return


async def settled(crowd: Crowd) -> None:
    """Until nothing more can become of any question: all that is open was given up by Discord."""

    def closed() -> bool:
        return all(crowd.given_up(question) for question in crowd.open())

    await crowd.discord.wait_for(closed, "an end of every question")
    # Whatever would come twice comes now.
    await asyncio.sleep(0.3)
