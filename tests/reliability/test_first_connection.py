"""A bot that starts while Discord's gateway is down."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from beleg_process import Beleg
from content_folder import ContentFolder
from crowd import write_ships
from discord_loopback import LoopbackDiscord


async def test_a_gateway_that_cannot_be_reached_ends_the_start(tmp_path: Path) -> None:
    content = ContentFolder(tmp_path / "content")
    write_ships(content)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with LoopbackDiscord() as discord:
        bot = await asyncio.to_thread(
            Beleg.start,
            ["run", "--content", content.path, "--data", tmp_path / "data"],
            tmp_path / "log.txt",
            environment={
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_URL": discord.api_url,
                "DISCORD_GATEWAY_URL": f"ws://127.0.0.1:{port}/",
            },
        )
        assert await asyncio.to_thread(bot.exit_status) == 1
    assert bot.printed().splitlines()[-1] == (
        "Discord's gateway could not be reached: check the network connection, and "
        "DISCORD_GATEWAY_URL if it is set."
    )
