"""`/ask` in channels from which an admin has kept the bot out."""

from typing import Any

import discord
import pytest
from discord_world import QUESTION, World, buttons, scene, shown
from member_steps import FIRST_PAGE, PUBLIC, SECOND_PAGE, TWO, answered, stored
from simcord import Env
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from index.answer import Status

SILENT = ["Context", "Read the article", "Helpful", "Not helpful"]


def note(channel: Any) -> str:
    return (
        f"I may not write in <#{channel.id}>, so here is my answer in private. "
        "Whoever manages the server can allow it."
    )


def keep_out(env: Env, channel: Any, **denied: bool) -> None:
    """Take permissions from the bot in a channel."""
    deny = discord.Permissions(**denied).value
    kind = OverwriteType.MEMBER
    env.backend.set_overwrite(channel.id, Overwrite(env.bot.user.id, kind, allow=0, deny=deny))


@pytest.mark.parametrize("denied", ["send_messages", "view_channel"])
async def test_the_answer_comes_privately_and_says_why(
    simcord_env: Env, world: World, denied: str
) -> None:
    _, channel, member = scene(simcord_env)
    keep_out(simcord_env, channel, **{denied: True})
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert result.ephemeral
    assert result.response.ephemeral
    assert shown(result.response) == [FIRST_PAGE[0], note(channel), *FIRST_PAGE[1:]]
    assert "Share" not in buttons(result.response)
    assert [one["private"] for one in (await stored(world, member))["questions"]] == [True]
    # Nor is it offered on other pages.
    await member.click(result.response, label="Next")
    assert shown(result.response) == SECOND_PAGE
    assert "Share" not in buttons(result.response)


async def test_a_refusal_comes_privately_too(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    keep_out(simcord_env, channel, send_messages=True)
    world.library.status, world.library.found = Status.NO_ANSWER, []
    result = await member.slash(channel, "ask", question=QUESTION)
    assert result.response.ephemeral
    assert shown(result.response)[1] == note(channel)
    assert buttons(result.response) == {"Helpful": True, "Not helpful": True}


async def test_who_asks_privately_is_told_nothing_about_it(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    keep_out(simcord_env, channel, send_messages=True)
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    assert shown(result.response) == answered()
    assert list(buttons(result.response)) == SILENT


async def test_an_earlier_answer_is_not_shared_there(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    keep_out(simcord_env, channel, send_messages=True)
    refused = await member.click(result.response, label="Share")
    assert [shown(one) for one in refused.followups] == [
        [
            f"I may not write in <#{channel.id}>, so I cannot share it there. "
            "Whoever manages the server can allow it."
        ]
    ]
    assert [one for one in channel.history() if not one.flags.ephemeral] == []


@pytest.mark.parametrize(
    ("denied", "private"), [("send_messages_in_threads", True), ("send_messages", False)]
)
async def test_in_a_thread_the_permission_for_threads_counts(
    simcord_env: Env, world: World, denied: str, private: bool
) -> None:
    _, channel, member = scene(simcord_env)
    simcord_env.backend.create_thread(channel.id, "a thread", member.id)
    [thread] = channel.threads
    keep_out(simcord_env, channel, **{denied: True})
    result = await member.slash(thread, "ask", question=QUESTION)
    assert result.response.ephemeral is private
    question, *rest = answered()
    assert shown(result.response) == [question, *([note(thread)] if private else []), *rest]
    assert list(buttons(result.response)) == (SILENT if private else PUBLIC)
