"""Who may use ``/admin``: what the table in ``rights.py`` has no field for."""

from typing import Any, cast

import discord
from admin_steps import (
    BUOYS,
    BUOYS_SHOWN,
    FERRIES,
    LIGHTHOUSE,
    MAY_NOT,
    MAY_NOT_EDIT,
    NOT_THE_OWNER,
    UP_TO_DATE,
    ask_in,
    files,
    hand_over,
    owned_by,
    put,
    refused,
    stored,
    take_right_away,
    told,
    workshop,
)
from discord_world import World, admin, buttons, scene, shown
from simcord import Env

from bot.servers import ServerSettings


async def test_the_commands_are_hidden_from_members(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    assert not any(name.startswith("admin") for name in member.available_commands(channel))
    assert {n for n in admin(simcord_env, guild).available_commands(channel) if "admin" in n} == {
        "admin add",
        "admin gaps",
        "admin reindex",
        "admin remove",
        "admin restore",
        "admin settings",
        "admin stats",
        "admin status",
    }


async def test_a_member_who_was_handed_the_commands_is_refused(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    await hand_over(world, guild, member)
    assert told(await member.slash(channel, "admin reindex")) == [MAY_NOT]
    assert world.reindexes == 0
    assert refused(simcord_env)


async def test_the_operator_is_anybody_in_a_server_of_others(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    owned_by(simcord_env, member)
    await hand_over(world, guild, member)
    assert told(await member.slash(channel, "admin reindex")) == [MAY_NOT]
    # Whoever manages that server may still not change the library, the operator included.
    owned_by(simcord_env, manager := admin(simcord_env, guild))
    result = await manager.slash(channel, "admin remove", article="lighthouse")
    assert told(result) == [MAY_NOT_EDIT]
    assert world.reindexes == 0
    assert refused(simcord_env)


async def test_a_button_and_a_menu_are_refused_once_the_right_is_gone(
    simcord_env: Env, world: World
) -> None:
    guild, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    await ask_in(world, guild, "Which boat?")
    preview = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    question = await editor.slash(channel, "admin remove", article="lighthouse")
    settings = await editor.slash(channel, "admin settings")
    gaps = await editor.slash(channel, "admin gaps")
    form = await editor.slash(channel, "admin add")
    take_right_away(guild, editor)
    results = [
        await editor.click(preview.response, label="Add to the library"),
        await editor.click(preview.response, label="Cancel"),
        await editor.click(question.response, label="Yes, remove it"),
        await editor.select(settings.response, ["stricter"], custom_id="settings:strictness"),
        await editor.select(settings.response, [channel], custom_id="settings:channels"),
        await editor.select(settings.response, ["on"], custom_id="settings:private"),
        await editor.click(gaps.response, label="Export as CSV"),
        await editor.submit_modal(form, {"title": "Ferries", "text": FERRIES}),
    ]
    assert [told(result) for result in results] == [[MAY_NOT]] * 8
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    assert await stored(world, guild) == ServerSettings()
    assert world.reindexes == 0
    # What they hung on is as it was.
    assert shown(preview.response) == BUOYS_SHOWN
    assert buttons(preview.response) == {"Add to the library": True, "Cancel": True}


async def test_a_bot_of_a_team_is_looked_after_by_its_members(
    simcord_env: Env, world: World
) -> None:
    people = {name: simcord_env.create_user(name) for name in ("own", "dev", "read", "new")}
    application = simcord_env.bot.application
    assert application is not None

    def teammate(name: str, role: str, state: int) -> dict[str, Any]:
        user = {"id": str(people[name].id), "username": name, "discriminator": "0", "avatar": None}
        return {"user": user, "role": role, "membership_state": state}

    data = {
        "id": "1",
        "name": "team",
        "icon": None,
        "owner_user_id": str(people["own"].id),
        "members": [
            teammate("dev", "developer", 2),
            teammate("read", "read_only", 2),
            teammate("new", "admin", 1),
        ],
    }
    application.team = discord.Team(cast(Any, application)._state, cast(Any, data))
    replies = {name: told(await user.slash("admin reindex")) for name, user in people.items()}
    assert replies == {
        "own": [UP_TO_DATE],
        "dev": [UP_TO_DATE],
        "read": [NOT_THE_OWNER],
        "new": [NOT_THE_OWNER],
    }
    assert refused(simcord_env)
