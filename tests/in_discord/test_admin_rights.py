"""Who may use ``/admin``, its buttons and its menus."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import discord
import pytest
from admin_steps import (
    BUOYS,
    BUOYS_SHOWN,
    FERRIES,
    LIGHTHOUSE,
    MAY_NOT,
    MAY_NOT_EDIT,
    NOT_THE_OWNER,
    SERVER_ONLY,
    STOPPING,
    UP_TO_DATE,
    ask_in,
    files,
    furnish,
    hand_over,
    owned_by,
    press,
    put,
    refused,
    slash,
    stored,
    submit,
    take_right_away,
    told,
    workshop,
)
from discord_world import World, admin, buttons, components, scene, shown
from simcord import Env
from simcord.builders import UserHandle

from bot.servers import ServerSettings

Use = Callable[[World, Any, Any], Awaitable[Any]]


def command(name: str, **options: Any) -> Use:
    async def use(world: World, person: Any, channel: Any) -> Any:
        return await slash(person, channel, f"admin {name}", **options)

    return use


async def some_message(person: Any, channel: Any) -> Any:
    if isinstance(person, UserHandle):
        return await person.send_dm("hi")
    # Without text, so that an edit may give it components.
    return await person.send(channel, attachments=[("photo.png", b"none")])


def item(custom_id: str, values: list[str] | None = None, kind: int = 2) -> Use:
    async def use(world: World, person: Any, channel: Any) -> Any:
        return await press(person, await some_message(person, channel), custom_id, values, kind)

    return use


async def confirm_a_draft(world: World, person: Any, channel: Any) -> Any:
    key = world.services.drafts.keep(world.services.shelf.draft("buoys.md", BUOYS.encode()))
    return await press(person, await some_message(person, channel), f"articles:add:{key}")


async def paste(world: World, person: Any, channel: Any) -> Any:
    return await submit(person, channel, "articles:paste", title="Ferries", text=FERRIES)


async def restore_the_buoys(world: World, person: Any, channel: Any) -> Any:
    [removed] = world.services.shelf.removed()
    return await slash(person, channel, "admin restore", article=removed.key)


EDITS: dict[str, Use] = {
    "add": command("add"),
    "add a file": command("add", file=("new.md", BUOYS.encode())),
    "remove": command("remove", article="lighthouse"),
    "restore": restore_the_buoys,
    "paste": paste,
    "articles:add": confirm_a_draft,
    "articles:remove": item("articles:remove:lighthouse"),
    "articles:cancel": item("articles:cancel"),
}
OF_A_SERVER: dict[str, Use] = {
    "stats": command("stats"),
    "gaps": command("gaps"),
    "settings": command("settings"),
    "gaps:export": item("gaps:export"),
    "settings:channels": item("settings:channels", ["5"], 8),
    "settings:askers": item("settings:askers", ["5"], 6),
    "settings:strictness": item("settings:strictness", ["looser"], 3),
    "settings:language": item("settings:language", ["de"], 3),
    "settings:days_kept": item("settings:days_kept", ["7"], 3),
    "settings:private": item("settings:private"),
}
USES: dict[str, Use] = {
    "reindex": command("reindex"),
    "status": command("status"),
    **EDITS,
    **OF_A_SERVER,
}


async def assert_nothing_was_done(
    env: Env, world: World, guild: Any, before: dict[str, bytes]
) -> None:
    assert refused(env)
    assert world.reindexes == 0
    assert files(world) == before
    assert len(world.services.shelf.removed()) == 1
    assert await world.services.records.servers() == frozenset()  # no settings either
    assert await stored(world, guild) == ServerSettings()


async def test_the_table_has_every_command_button_and_menu(simcord_env: Env, world: World) -> None:
    assert world.client is not None
    group = world.client.tree.get_command("admin")
    assert isinstance(group, discord.app_commands.Group)
    assert {one.name for one in group.commands} == {
        name for name in USES if ":" not in name and name not in ("add a file", "paste")
    }
    guild, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    await ask_in(world, guild, "Which boat?")
    found = set()
    for name in ("settings", "gaps"):
        result = await editor.slash(channel, f"admin {name}")
        found |= {one["custom_id"] for one in components(result.response) if "custom_id" in one}
    for name, options in (
        ("remove", {"article": "lighthouse"}),
        ("add", {"file": ("a.md", BUOYS.encode())}),
    ):
        result = await editor.slash(channel, f"admin {name}", **options)
        ids = [one["custom_id"] for one in components(result.response) if "custom_id" in one]
        found |= {":".join(one.split(":")[:2]) for one in ids}
    assert found == {name for name in USES if ":" in name}


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


@pytest.mark.parametrize("name", USES)
async def test_a_member_who_was_handed_the_commands_is_refused(
    simcord_env: Env, world: World, name: str
) -> None:
    guild, channel, member = scene(simcord_env)
    owned_by(simcord_env, guild.owner)
    before = furnish(world)
    await hand_over(world, guild, member)
    result = await USES[name](world, member, channel)
    assert told(result) == [MAY_NOT]
    await assert_nothing_was_done(simcord_env, world, guild, before)


@pytest.mark.parametrize("name", USES)
async def test_in_a_direct_message_others_than_the_owner_are_refused(
    simcord_env: Env, world: World, name: str
) -> None:
    guild, _, _ = scene(simcord_env)
    stranger = simcord_env.create_user("stan")
    before = furnish(world)
    result = await USES[name](world, stranger, stranger.dm_channel)
    assert told(result) == [NOT_THE_OWNER]
    await assert_nothing_was_done(simcord_env, world, guild, before)


@pytest.mark.parametrize("name", USES)
async def test_while_stopping_nothing_is_begun(simcord_env: Env, world: World, name: str) -> None:
    guild, channel, editor = workshop(simcord_env)
    before = furnish(world)
    assert world.client is not None
    await world.client.finish(1.0)
    result = await USES[name](world, editor, channel)
    assert told(result) == [STOPPING]
    await assert_nothing_was_done(simcord_env, world, guild, before)


@pytest.mark.parametrize("name", EDITS)
async def test_the_library_is_not_changed_from_a_server_of_others(
    simcord_env: Env, world: World, name: str
) -> None:
    guild, channel, _ = scene(simcord_env)
    before = furnish(world)
    result = await EDITS[name](world, admin(simcord_env, guild), channel)
    assert told(result) == [MAY_NOT_EDIT]
    await assert_nothing_was_done(simcord_env, world, guild, before)


@pytest.mark.parametrize("name", OF_A_SERVER)
async def test_what_belongs_to_a_server_is_used_there(
    simcord_env: Env, world: World, name: str
) -> None:
    guild, _, _ = scene(simcord_env)
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    before = furnish(world)
    result = await OF_A_SERVER[name](world, owner, owner.dm_channel)
    assert told(result) == [SERVER_ONLY]
    await assert_nothing_was_done(simcord_env, world, guild, before)


@pytest.mark.parametrize("name", USES)
async def test_an_admin_of_the_owners_server_is_not_refused(
    simcord_env: Env, world: World, name: str
) -> None:
    """So that the refusals above come of the missing right."""
    _, channel, editor = workshop(simcord_env)
    furnish(world)
    result = await USES[name](world, editor, channel)
    assert result.acknowledged
    if result.response is not None:
        refusals = {MAY_NOT, NOT_THE_OWNER, MAY_NOT_EDIT, STOPPING, SERVER_ONLY}
        assert refusals.isdisjoint(shown(result.response))
        assert "something went wrong" not in "".join(shown(result.response))


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
