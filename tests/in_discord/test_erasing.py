"""What is erased by itself, and when."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import discord
import pytest
from discord_world import QUESTION, World, scene, shown
from member_steps import answered, on_disk, stored, until
from simcord import Env

from bot.database import DatabaseError
from bot.housekeeping import erase_forever
from bot.records import Kind, Record, Records, new_id
from bot.servers import ServerSettings
from index.answer import Status


async def everything(world: World) -> tuple[list[str], frozenset[int]]:
    """The stored questions, and the servers of which anything is stored."""
    database = world.database
    assert database is not None
    questions = await database.run(
        lambda connection: [
            text for (text,) in connection.execute("SELECT question FROM records ORDER BY number")
        ]
    )
    return questions, await world.services.records.servers()


async def test_a_servers_data_are_erased_when_the_bot_is_removed_from_it(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    other_guild, other_channel, other = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await member.slash(channel, "ask", question="where is zanzibar?")
    await member.user.slash("ask", question="in a direct message")
    await other.slash(other_channel, "ask", question="elsewhere")
    assert b"zanzibar" in on_disk(world)
    simcord_env.backend.remove_guild(guild.id)
    await simcord_env.settle()
    assert await everything(world) == (
        ["in a direct message", "elsewhere"],
        frozenset({other_guild.id}),
    )
    assert world.services.servers.get(guild.id) == ServerSettings()
    assert b"zanzibar" not in on_disk(world)


async def test_a_servers_data_are_kept_while_it_is_merely_unavailable(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await member.slash(channel, "ask", question=QUESTION)
    simcord_env.backend.emit("GUILD_DELETE", {"id": str(guild.id), "unavailable": True})
    await simcord_env.settle()
    assert await everything(world) == ([QUESTION], frozenset({guild.id}))
    assert world.services.servers.get(guild.id) == ServerSettings(private=True)


async def test_at_its_start_it_erases_the_data_of_servers_that_it_was_removed_from_meanwhile(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    left, settings_only = 4242, 4243
    await member.slash(channel, "ask", question="here")
    await member.user.slash("ask", question="in a direct message")
    records = world.services.records
    [newest, _] = (await stored(world, member))["questions"]
    kept = await records.get(newest["id"])
    assert kept is not None
    await records.add(replace(kept, id=new_id(), server=left, question="there"))
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await world.services.servers.set(settings_only, ServerSettings(private=True))
    await simcord_env.restart_bot(world.new_client())
    assert await everything(world) == (["here", "in a direct message"], frozenset({guild.id}))
    assert world.services.servers.get(guild.id) == ServerSettings(private=True)


@pytest.mark.parametrize("asked", [True, False])
async def test_a_bot_without_any_server_asks_whether_it_was_removed_from_all(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    asked: bool,
) -> None:
    async def unreachable(*_: Any, **__: Any) -> AsyncIterator[discord.Guild]:
        raise aiohttp.ServerDisconnectedError
        yield

    await world.services.records.add(asked_days_ago(1, 4242, "there"))
    if not asked:
        monkeypatch.setattr(discord.Client, "fetch_guilds", unreachable)
    await simcord_env.restart_bot(world.new_client())
    assert (await everything(world))[0] == ([] if asked else ["there"])
    assert ("which servers the bot is in could not be asked for" in caplog.text) is not asked


async def test_what_is_in_hand_when_somebody_has_everything_erased_is_not_stored(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    services = world.services

    async def ask_and_erase(question: str, whose: int) -> Any:
        world.library.gate, world.library.asked = threading.Event(), []
        asking = asyncio.create_task(member.slash(channel, "ask", question=question))
        await until(lambda: bool(world.library.asked))
        await services.records.erase_member(services.members.hash(whose))
        world.library.gate.set()
        return await asking

    answer = await ask_and_erase("mine", member.id)
    assert shown(answer.response) == answered("mine")
    assert (await everything(world))[0] == []
    await ask_and_erase("afterwards", 4242)
    assert (await everything(world))[0] == ["afterwards"]


async def test_a_question_that_was_in_hand_when_its_server_was_left_goes_with_the_hour(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    scene(simcord_env)  # another server, where the bot stays
    world.library.gate = threading.Event()
    asking = asyncio.create_task(member.slash(channel, "ask", question="late"))
    await until(lambda: bool(world.library.asked))
    assert world.client is not None
    await world.client.on_guild_remove(cast(Any, discord.Object(guild.id)))
    world.library.gate.set()
    await asking
    await member.user.slash("ask", question="in a direct message")
    assert (await everything(world))[0] == ["late", "in a direct message"]
    cast(Any, world.client)._connection._guilds.pop(guild.id)
    await simcord_env.advance_time(3601)
    assert (await everything(world))[0] == ["in a direct message"]


def asked_days_ago(days: float, server: int | None, question: str) -> Record:
    return Record(
        id=new_id(),
        server=server,
        asker=b"somebody",
        asked_at=datetime.now(UTC) - timedelta(days=days),
        kind=Kind.QUESTION,
        question=question,
        status=Status.NO_ANSWER,
        confidence=0.1,
        citations=(),
        unanswered=(),
        private=False,
    )


async def test_questions_are_erased_when_their_time_is_over(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild, _, _ = scene(simcord_env)
    short, _, _ = scene(simcord_env)
    await world.services.servers.set(short.id, ServerSettings(days_kept=7))
    for record in (
        asked_days_ago(30.1, guild.id, "old zanzibar"),
        asked_days_ago(29.9, guild.id, "young"),
        asked_days_ago(7.1, short.id, "old there"),
        asked_days_ago(6.9, short.id, "young there"),
        asked_days_ago(30.1, None, "old in a direct message"),
        asked_days_ago(29.9, None, "young in a direct message"),
    ):
        await world.services.records.add(record)
    await simcord_env.restart_bot(world.new_client())
    left, _ = await everything(world)
    assert left == ["young", "young there", "young in a direct message"]
    assert b"zanzibar" not in on_disk(world)
    assert "erased 3 questions that were kept long enough" in caplog.text
    # And again every hour.
    await world.services.records.add(asked_days_ago(31, guild.id, "old again"))
    await simcord_env.advance_time(3599)
    assert "old again" in (await everything(world))[0]
    await simcord_env.advance_time(2)
    assert "old again" not in (await everything(world))[0]


async def in_no_server() -> list[int]:
    return []


async def test_a_disk_that_fails_once_does_not_end_the_housekeeping(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.new_client()
    erase = Records.erase_expired
    failures = [DatabaseError("the disk is full")]

    async def unreliable(records: Records, now: datetime) -> int:
        if failures:
            raise failures.pop()
        return await erase(records, now)

    monkeypatch.setattr(Records, "erase_expired", unreliable)
    records = world.services.records
    await records.add(asked_days_ago(31, None, "old"))
    housekeeping = asyncio.create_task(erase_forever(records, in_no_server, every=0.001))
    async with asyncio.timeout(30):
        while (await everything(world))[0]:
            await asyncio.sleep(0.01)
    housekeeping.cancel()
    [error] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage() == "what was kept long enough could not be erased"
