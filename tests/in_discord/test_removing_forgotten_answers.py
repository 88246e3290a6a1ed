"""“Remove” under a reply to a message, when the question has been erased."""

from typing import Any, cast

import discord
import pytest
from discord_world import QUESTION, World, last, scene, shown
from member_steps import answered, mention
from simcord import Env

MAY_NOT = "Only who asked, or who may manage messages here, can remove this answer."


async def forgotten(env: Env, world: World) -> tuple[Any, Any, Any, Any, Any]:
    """A channel, who asked there by a mention, somebody else, the question and its answer."""
    guild, channel, member = scene(env)
    other = guild.add_member(env.create_user("otto"))
    question = await member.send(channel, f"{mention(env)} {QUESTION}")
    answer = last(channel)
    assert shown(answer) == answered()
    services = world.services
    await services.records.erase_member(services.members.hash(member.id))
    return channel, member, other, question, answer


def followed(result: Any) -> list[list[str]]:
    assert all(message.flags.ephemeral for message in result.followups)
    return [shown(message) for message in result.followups]


def fetched(env: Env, question: Any) -> int:
    """How often the bot has read the question again."""
    path = f"/channels/{question.channel.id}/messages/{question.id}"
    return sum(one.method == "GET" and one.path == path for one in env.http_requests)


@pytest.fixture
def without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord sends answers without the message that they reply to."""
    made = discord.Message.__init__

    def make(self: discord.Message, *, data: Any, **others: Any) -> None:
        kept = {key: value for key, value in data.items() if key != "referenced_message"}
        made(self, data=cast(Any, kept), **others)

    monkeypatch.setattr(discord.Message, "__init__", make)


async def test_by_the_message_that_discord_sends_with_it(simcord_env: Env, world: World) -> None:
    channel, member, other, question, answer = await forgotten(simcord_env, world)
    assert followed(await other.click(answer, label="Remove")) == [[MAY_NOT]]
    assert len(channel.history(viewer=member)) == 2
    await member.click(answer, label="Remove")
    assert [one.id for one in channel.history(viewer=member)] == [question.id]
    assert fetched(simcord_env, question) == 0


@pytest.mark.usefixtures("without_it")
async def test_by_the_message_as_it_is_read_again(simcord_env: Env, world: World) -> None:
    channel, member, other, question, answer = await forgotten(simcord_env, world)
    await simcord_env.restart_bot(world.new_client())
    assert followed(await other.click(answer, label="Remove")) == [[MAY_NOT]]
    assert fetched(simcord_env, question) == 1
    await member.click(answer, label="Remove")
    assert [one.id for one in channel.history(viewer=member)] == [question.id]
    assert fetched(simcord_env, question) == 2


@pytest.mark.usefixtures("without_it")
async def test_what_cannot_be_read_is_logged(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    channel, member, _, question, answer = await forgotten(simcord_env, world)
    path = f"/channels/{channel.id}/messages/{question.id}"
    simcord_env.inject_error("GET", path, status=403, code=50001, message="Missing Access")
    assert followed(await member.click(answer, label="Remove")) == [[MAY_NOT]]
    assert "the message that an answer replies to could not be read: 403 Forbidden" in caplog.text
    assert answer.id in [one.id for one in channel.history(viewer=member)]
    assert simcord_env.errors == []


async def test_of_a_deleted_message_the_author_is_not_known(simcord_env: Env, world: World) -> None:
    channel, member, _, question, answer = await forgotten(simcord_env, world)
    simcord_env.backend.delete_message(channel.id, question.id)
    await simcord_env.settle()
    assert followed(await member.click(answer, label="Remove")) == [[MAY_NOT]]
    assert answer.id in [one.id for one in channel.history(viewer=member)]
