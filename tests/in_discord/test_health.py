"""What the bot tells programs on its machine: that it lives, whether it is ready, its metrics."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from discord_world import QUESTION, World, admin, scene
from member_steps import mention
from prometheus_client.parser import text_string_to_metric_families
from simcord import Env

from bot import health
from bot.service import ReindexStoppedError
from index.content import ContentError
from index.remarks import Said


async def seen(world: World, path: str) -> tuple[int, str]:
    """What the bot answers at ``path``."""
    assert world.client is not None
    async with TestClient(TestServer(health.application(world.client))) as client:
        response = await client.get(path)
        return response.status, await response.text()


async def metrics(world: World) -> dict[tuple[str, ...], float]:
    """Each value by its name and the values of its labels."""
    status, text = await seen(world, "/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def told(world: World, simcord_bot: Any) -> None:
    """The bot's state is among its metrics, as it is when they are served."""
    world.services.metrics.registry.register(health.State(simcord_bot))


async def test_it_lives_and_is_ready(simcord_env: Env, world: World) -> None:
    assert await seen(world, "/healthz") == (200, "alive\n")
    assert await seen(world, "/readyz") == (200, "ready\n")
    assert (await seen(world, "/"))[0] == 404


async def test_why_it_is_not_ready(simcord_env: Env, world: World) -> None:
    client = world.client
    assert client is not None
    client.dispatch("disconnect")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await seen(world, "/readyz") == (503, "not connected to Discord\n")
    client.dispatch("resumed")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await seen(world, "/readyz") == (200, "ready\n")
    world.ready = False
    restarted = world.new_client()
    assert await seen(world, "/readyz") == (
        503,
        "not connected to Discord; no index is loaded yet\n",
    )
    restarted.services.work.stopping = True
    assert (await seen(world, "/readyz"))[1].startswith("the bot is stopping; ")
    assert await seen(world, "/healthz") == (200, "alive\n")


async def test_questions_are_counted(simcord_env: Env, world: World, told: None) -> None:
    _, channel, member = scene(simcord_env)
    for _ in range(2):
        await member.slash(channel, "ask", question=QUESTION)
    await member.slash(channel, "ask", question="a" * 501)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    world.library.fail = RuntimeError("no")
    await member.user.send_dm(QUESTION)
    assert len(simcord_env.errors) == 1
    found = await metrics(world)
    counted = {key[1:]: n for key, n in found.items() if key[0] == "beleg_questions_total"}
    assert counted == {
        ("slash", "answered"): 2,
        ("slash", "refused"): 1,
        ("message", "answered"): 1,
        ("direct message", "failed"): 1,
    }
    assert found["beleg_refusals_total", "too long"] == 1
    for stage in ("waiting", "lookup", "sending"):
        assert found["beleg_stage_seconds_count", stage] == 3
    assert found["beleg_questions_waiting",] == 0
    assert found["beleg_questions_in_hand",] == 0


async def test_the_state_is_shown(simcord_env: Env, world: World, told: None) -> None:
    scene(simcord_env)
    found = await metrics(world)
    assert found["beleg_ready",] == 1
    assert found["beleg_connected",] == 1
    assert found["beleg_articles",] == 1
    assert found["beleg_passages",] == 3
    assert found["beleg_servers",] == 1
    assert found["beleg_reindex_running",] == 0
    assert found["beleg_gateway_connections_total", "new"] == 1
    assert found["process_resident_memory_bytes",] > 1e7
    assert ("beleg_gateway_latency_seconds",) in found


async def test_connections_that_are_lost_are_counted_once(
    simcord_env: Env, world: World, told: None
) -> None:
    client = world.client
    assert client is not None
    # discord.py tells of every attempt that fails.
    for event in ("disconnect", "disconnect", "resumed"):
        client.dispatch(event)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    found = await metrics(world)
    assert found["beleg_gateway_disconnections_total",] == 1
    assert found["beleg_gateway_connections_total", "resumed"] == 1


async def test_reindexes_are_counted(simcord_env: Env, world: World, told: None) -> None:
    guild, channel, _ = scene(simcord_env)
    edda = admin(simcord_env, guild)
    await edda.slash(channel, "admin reindex")
    world.failure = ContentError("content/a.md", 1, Said("it is wrong"))
    await edda.slash(channel, "admin reindex")
    world.failure = ReindexStoppedError()
    await edda.slash(channel, "admin reindex")
    found = await metrics(world)
    counted = {key[1:]: n for key, n in found.items() if key[0] == "beleg_reindexes_total"}
    assert counted == {("done",): 1, ("failed",): 1, ("stopped",): 1}
    assert found["beleg_reindex_seconds_count",] == 1


async def test_nothing_that_people_do_makes_the_list_longer(
    simcord_env: Env, world: World, told: None
) -> None:
    """However many ask, and whatever they ask."""
    guild, channel, _ = scene(simcord_env)

    async def ask(people: range) -> int:
        for number in people:
            member = guild.add_member(simcord_env.create_user(f"member {number}"))
            await member.slash(channel, "ask", question=f"{QUESTION} {number}")
            await member.user.send_dm(f"{QUESTION} {number}")
            await member.slash(channel, "ask", question=QUESTION, article=f"article {number}")
        return len(await metrics(world))

    before = await ask(range(2))
    assert await ask(range(2, 12)) == before
    assert before < 150
    text = (await seen(world, "/metrics"))[1]
    assert "oil" not in text
    assert not re.search(r"member \d", text)


async def test_it_is_served_where_it_is_to_be(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that belongs to it, and not beyond the end."""
    client = world.client
    assert client is not None
    monkeypatch.setattr(health, "BEAT_SECONDS", 0.0)
    async with health.serving(None, client):
        pass
    with health.listen(0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            health.listen(port)
        async with health.serving(listener, client):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
            logging.getLogger("bot").warning("trouble")
            logging.getLogger("discord").error("trouble")
            text = (await reader.read()).decode()
            writer.close()
    assert text.startswith("HTTP/1.0 200 OK\r\n")
    assert "\nbeleg_connected 1.0\n" in text
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    found = await metrics(world)
    assert found["beleg_log_lines_total", "warning"] == 1
    assert found["beleg_log_lines_total", "error"] == 1
    assert found["beleg_event_loop_lag_seconds_count",] >= 1
