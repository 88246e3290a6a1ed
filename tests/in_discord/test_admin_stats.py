"""``/admin stats``."""

import re
from datetime import UTC, datetime, timedelta

from admin_steps import ask_in, noon, told
from discord_world import AFTER, BEFORE, QUOTE, World, admin, scene
from simcord import Env

from bot.records import Kind
from bot.servers import ServerSettings
from index.answer import Status


async def test_the_figures_of_a_server(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    now = datetime.now(UTC)
    ago = {days: now - timedelta(days=days) for days in (0, 2, 5, 40)}
    answered = Status.ANSWERED
    liked = ((True, None), (False, "too old"), (True, None))
    await ask_in(world, guild, "a", status=answered, when=ago[0], quote=QUOTE, votes=liked)
    await ask_in(world, guild, "b", status=answered, when=ago[2], quote=QUOTE)
    await ask_in(world, guild, "c", status=answered, when=ago[2], quote=BEFORE)
    await ask_in(world, guild, "d", status=answered, when=ago[2], quote="A paragraph now gone.")
    await ask_in(world, guild, "e", status=Status.UNSURE, when=ago[2], quote=AFTER)
    await ask_in(world, guild, "f", when=ago[5])
    await ask_in(world, guild, "claim", kind=Kind.CLAIM, when=ago[5])
    await ask_in(world, guild, "claim", kind=Kind.CLAIM, when=ago[2], status=answered, quote=AFTER)
    await ask_in(world, guild, "old", status=answered, when=ago[40], quote=AFTER)
    await ask_in(world, elsewhere, "other", status=answered, when=ago[0], quote=AFTER)
    editor = admin(simcord_env, guild)
    assert told(await editor.slash(channel, "admin stats")) == [
        "**The last 30 days in this server**\n"
        "Questions: 6, 0.2 a day\n"
        "Answered: 67%, doubtful: 17%, not in the articles: 17%\n"
        "Marked as helpful: 2, as not helpful: 1\n"
        "Messages looked up: 2\n"
        "\n"
        "**Day by day**\n"
        f"- {noon(ago[5].date())}: one question, 0 answered\n"
        f"- {noon(ago[2].date())}: 4 questions, 3 answered\n"
        f"- {noon(ago[0].date())}: one question, 1 answered\n"
        "\n"
        "**What answered most often**\n"
        "- The old lighthouse, paragraph 2: 2 times\n"
        "- The old lighthouse, paragraph 1: once"
    ]
    assert told(await editor.slash(channel, "admin stats", days=1)) == [
        "**The last day in this server**\n"
        "Questions: 1, 1 a day\n"
        "Answered: 100%, doubtful: 0%, not in the articles: 0%\n"
        "Marked as helpful: 2, as not helpful: 1\n"
        "Messages looked up: 0\n"
        "\n"
        "**Day by day**\n"
        f"- {noon(ago[0].date())}: one question, 1 answered\n"
        "\n"
        "**What answered most often**\n"
        "- The old lighthouse, paragraph 2: once"
    ]


async def test_messages_that_were_looked_up_are_counted_by_themselves(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    claim = await member.send(channel, "The lamp burned oil until March.")
    for _ in range(2):
        await member.context_menu(channel, "Find evidence", claim)
    assert told(await admin(simcord_env, guild).slash(channel, "admin stats")) == [
        "**The last 30 days in this server**\nNothing was asked.\nMessages looked up: 2"
    ]


async def test_figures_go_back_as_far_as_questions_are_kept(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    assert told(await editor.slash(channel, "admin stats", days=365)) == [
        "**The last 30 days in this server**\nNothing was asked."
    ]
    await world.services.servers.set(guild.id, ServerSettings(days_kept=90))
    assert told(await editor.slash(channel, "admin stats", days=365)) == [
        "**The last 90 days in this server**\nNothing was asked."
    ]


async def test_the_figures_of_many_days_are_those_of_the_last(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    now = datetime.now(UTC)
    for days in range(20):
        await ask_in(world, guild, "a", when=now - timedelta(days=days))
    result = await admin(simcord_env, guild).slash(channel, "admin stats")
    [text] = told(result)
    assert re.findall(r"- (<t:\d+:d>): one question, 0 answered", text) == [
        noon((now - timedelta(days=days)).date()) for days in range(13, -1, -1)
    ]
    assert "What answered most often" not in text


async def test_before_there_is_a_library_the_figures_name_no_passages(
    simcord_env: Env, world: World
) -> None:
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    guild, channel, _ = scene(simcord_env)
    await ask_in(world, guild, "a", status=Status.ANSWERED, quote=QUOTE)
    result = await admin(simcord_env, guild).slash(channel, "admin stats")
    [text] = told(result)
    assert text.startswith("**The last 30 days in this server**\nQuestions: 1\n")
    assert "What answered most often" not in text
