"""``/admin status``."""

from importlib.metadata import version

import pytest
from admin_steps import PREPARING, owned_by, running, told
from discord_world import World, admin, article, scene
from simcord import Env


def status_end(world: World) -> str:
    return (
        "Memory: 124 MB\n"
        "Questions in hand: 0\n"
        f"Started: <t:{int(world.services.started.timestamp())}:R>\n"
        f"Version: {version('beleg')}"
    )


@pytest.mark.usefixtures("memory")
async def test_the_status_of_the_bot(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    world.library.contents.append(article("second", "Second", ["One.", "Two."]))
    result = await admin(simcord_env, guild).slash(channel, "admin status")
    assert told(result) == [
        f"**How I am doing**\nArticles: 2\nPassages: 5\nModel: fake-model\n"
        f"Index on disk: 2.3 MB\n{status_end(world)}"
    ]


@pytest.mark.usefixtures("memory")
async def test_the_status_while_the_library_is_prepared(simcord_env: Env, world: World) -> None:
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    assert told(await editor.slash(channel, "admin status")) == [
        f"**How I am doing**\n{PREPARING}\n{status_end(world)}"
    ]
    gate, task = await running(world)
    result = await editor.slash(channel, "admin status")
    gate.opened.set()
    await task
    assert told(result) == [
        f"**How I am doing**\n{PREPARING}\n"
        "A reindex is running: 1 of 4 texts are read.\n"
        f"{status_end(world)}"
    ]


@pytest.mark.usefixtures("memory")
async def test_the_status_while_a_reindex_runs(simcord_env: Env, world: World) -> None:
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    gate, task = await running(world)
    result = await owner.slash("admin status")
    gate.opened.set()
    await task
    assert told(result) == [
        "**How I am doing**\n"
        "Articles: 1\n"
        "Passages: 3\n"
        "Model: fake-model\n"
        "Index on disk: 2.3 MB\n"
        "A reindex is running: 1 of 4 texts are read.\n"
        f"{status_end(world)}"
    ]
    after = await owner.slash("admin status")
    assert "A reindex is running" not in told(after)[0]
