"""What those who look after a server and the library get: ``/admin``, its buttons and its menus."""

import asyncio
import csv
import io
import logging
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
import simcord.interactions
from discord_world import (
    AFTER,
    BEFORE,
    QUESTION,
    QUOTE,
    World,
    admin,
    article,
    buttons,
    components,
    report,
    scene,
    shown,
)
from simcord import Env, actors
from simcord.backend import serializers
from simcord.builders import ChannelHandle, UserHandle

from bot.admin.gaps import GapsButton
from bot.admin.settings import DAYS
from bot.client import BelegClient
from bot.records import Cited, Kind, Record, new_id
from bot.servers import ServerSettings
from bot.service import LibraryService, PreparingError, Progress
from index.answer import Status
from index.content import ContentError
from index.library import Library
from index.passages import passage_digest
from index.storage import StorageError
from index.update import IndexReport

MAY_NOT = "Only members who may manage this server can do that."
NOT_THE_OWNER = "In direct messages only the owner of this bot can do that."
MAY_NOT_EDIT = (
    "All servers share this library, so it can only be changed where whoever runs me has allowed "
    "it."
)
STOPPING = "I am being restarted. Please try again in a minute."
SERVER_ONLY = "This belongs to a server: use the command there."
COMMAND_CHANGED = (
    "This has changed since you last saw it. Please pick the command again after typing `/`."
)
UP_TO_DATE = (
    "**The index is up to date.** It took 1.2 s.\n"
    "Articles: 1 added, 0 changed, 0 removed, 1 unchanged.\n"
    "Passages: 4 newly encoded, 24 in all."
)
PREPARING = "The library is being prepared. Please ask again in a minute or two."

BUOYS = """\
---
title: Buoys and bells
author: Ben Drift
language: en
---

The first buoy was laid in 1850.

It carried a bell that rang by itself.
"""
BUOYS_SHOWN = [
    "**Buoys and bells**\nThis is a preview; nothing has been added yet.\n"
    "It will be stored as buoys.md. 2 paragraphs, language: English.",
    "> The first buoy was laid in 1850.",
    "> It carried a bell that rang by itself.",
]
LIGHTHOUSE = f"---\ntitle: The old lighthouse\nlanguage: en\n---\n\n{QUOTE}\n"
FERRIES = """\
The ferry leaves the north pier at eight.

It comes back at noon.
"""


# What the tests stand on ------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def simcord_bot(world: World) -> BelegClient:
    return world.new_client()


@pytest.fixture
def locales() -> dict[int, str]:
    """The locale of each user, by their id; simcord's users are all American."""
    return {}


@pytest.fixture(autouse=True)
def whole_interactions(monkeypatch: pytest.MonkeyPatch, locales: dict[int, str]) -> None:
    """Interactions as Discord sends them: simcord leaves out by whom the bot was installed."""
    original = simcord.interactions.base_payload

    def base_payload(*args: Any, **options: Any) -> Any:
        record, payload = original(*args, **options)
        server = options["guild_id"]
        payload["authorizing_integration_owners"] = {"0": str(server or 0)}
        payload["locale"] = locales.get(options["user_id"], "en-US")
        return record, payload

    monkeypatch.setattr(simcord.interactions, "base_payload", base_payload)


@pytest.fixture(autouse=True)
def nobody_is_pinged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, no message of the bot's may ping anyone."""
    yield
    env = request.node.funcargs.get("simcord_env")
    if env is None:
        return
    sent = [
        entry
        for entry in env.http_requests
        if entry.method in ("POST", "PATCH") and "allowed_mentions" in str(entry.json)
    ]
    for entry in sent:
        found = entry.json.get("data", entry.json)["allowed_mentions"]
        assert found["parse"] == []
        assert not found.get("replied_user")
    messages = [
        entry
        for entry in env.http_requests
        if isinstance(entry.json, dict) and {"content", "components"} & set(entry.json)
    ]
    assert all("allowed_mentions" in entry.json for entry in messages)


def owned_by(env: Env, user: Any) -> None:
    """Make ``user`` the owner of the bot."""
    application = env.bot.application
    assert application is not None
    application.owner = cast(Any, discord.Object(user.id))


def workshop(env: Env) -> tuple[Any, Any, Any]:
    """A server of the bot's owner, a channel in it, and an admin who is not that owner."""
    guild, channel, _ = scene(env)
    owned_by(env, guild.owner)
    return guild, channel, admin(env, guild)


async def slash(person: Any, channel: Any, name: str, **options: Any) -> Any:
    """A command used in a server, or in a direct message by a `UserHandle`."""
    if isinstance(person, UserHandle):
        return await person.slash(name, **options)
    return await person.slash(channel, name, **options)


async def press(
    person: Any, message: Any, custom_id: str, values: list[str] | None = None, kind: int = 2
) -> Any:
    """A button or menu used that the message need not have: clients can send what they like."""
    env = person._env
    source = env.backend.get_message(
        getattr(message, "channel_id", None) or message.channel.id, message.id
    )
    payload = dict(serializers.message_payload(env.backend, source))
    if custom_id not in str(payload["components"]):
        # discord.py looks for it in the message that comes with the interaction.
        style = {"style": 2, "label": "x"} if kind == 2 else {"options": []}
        row = {"type": 1, "components": [{"type": kind, "custom_id": custom_id, **style}]}
        payload["components"] = [row]
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": kind}
    if values is not None:
        data["values"] = values
    guild = getattr(person, "guild", None)
    channel = ChannelHandle(env, guild, env.backend.get_channel(source.channel_id))
    return await actors._dispatch_actor_interaction(
        person, 3, channel, data, extra={"message": payload}, source_message_id=source.id
    )


async def submit(person: Any, channel: Any, custom_id: str, **fields: str) -> Any:
    """A form handed in that nobody was shown."""
    typed = [
        {"type": 18, "id": number, "component": {"type": 4, "custom_id": name, "value": value}}
        for number, (name, value) in enumerate(fields.items(), 1)
    ]
    data = {"custom_id": custom_id, "components": typed}
    return await actors._dispatch_actor_interaction(person, 5, channel, data)


async def hand_over(world: World, guild: Any, member: Any) -> None:
    """Let a member use /admin, as a server's owner can in its settings."""
    assert world.client is not None
    commands = await world.client.tree.fetch_commands()
    [command] = [command for command in commands if command.name == "admin"]
    guild.set_command_permissions(command, {member: True})


def take_right_away(guild: Any, member: Any) -> None:
    """Take the role that makes an admin from a member."""
    backend = guild._env.backend
    backend.remove_member_role(guild.id, member.id, guild.roles["Editors"].id)


def callbacks(env: Env) -> list[int]:
    """The types of the first responses to interactions, in order."""
    sent: list[Any] = [r.json for r in env.http_requests if r.path.endswith("/callback")]
    return [response["type"] for response in sent]


def told(result: Any) -> list[str]:
    """What only the user was told, and nobody else."""
    assert result.ephemeral
    assert result.followups == []
    return shown(result.response)


def menus(message: Any) -> dict[str, dict[str, Any]]:
    """The menus of a message by their custom ids."""
    kinds = (3, 5, 6, 7, 8)
    return {one["custom_id"]: one for one in components(message) if one["type"] in kinds}


def refused(env: Env) -> bool:
    """Whether nothing broke: a command that is refused ends in CheckFailure, a button in nothing
    at all."""
    return {type(error) for error in env.errors} <= {discord.app_commands.CheckFailure}


def still_preparing(env: Env) -> bool:
    """Whether the one error of a command was that there is no library yet."""
    [error] = env.errors
    return isinstance(getattr(error, "original", None), PreparingError)


def files(world: World) -> dict[str, bytes]:
    """The content folder."""
    folder = world.data / "content"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put(world: World, name: str, text: str) -> None:
    (world.data / "content" / name).write_bytes(text.encode())


async def stored(world: World, guild: Any) -> ServerSettings:
    """The settings as another process would read them from the disk."""
    world.services.servers.forget(guild.id)
    return await world.services.servers.get(guild.id)


# Who may ----------------------------------------------------------------------------------------

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


def furnish(world: World) -> dict[str, bytes]:
    """An article in the folder and one that was removed; what is in the folder then."""
    put(world, "lighthouse.md", LIGHTHOUSE)
    put(world, "buoys.md", BUOYS)
    world.services.shelf.remove("buoys")
    return files(world)


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
        await editor.click(
            settings.response, label="For everyone. Press to show them only to the asker"
        ),
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


# Where the library may be changed ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("editing", "allowed"),
    [
        (None, {"own"}),
        ("own", {"own"}),
        ("none", set()),
        ("700000000000000001", {"other"}),
        ("1,700000000000000001", {"other"}),
        ("70000000000000000,7000000000000000011", set()),  # a part of an id is no id
    ],
)
async def test_where_the_library_may_be_changed(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    editing: str | None,
    allowed: set[str],
) -> None:
    if editing is not None:
        monkeypatch.setenv("BELEG_EDITING", editing)
    await simcord_env.restart_bot(world.new_client())
    own = simcord_env.create_guild("own", id=700000000000000009)
    other = simcord_env.create_guild("other", id=700000000000000001)
    owned_by(simcord_env, own.owner)
    replies = {}
    for guild in (own, other):
        channel = guild.create_text_channel("general")
        result = await admin(simcord_env, guild).slash(
            channel, "admin add", file=("buoys.md", BUOYS.encode())
        )
        replies[guild.name] = told(result)
    assert replies == {
        name: BUOYS_SHOWN if name in allowed else [MAY_NOT_EDIT] for name in ("own", "other")
    }


@pytest.mark.parametrize("editing", ["own", "none", "5"])
async def test_the_owner_changes_the_library_in_a_direct_message(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch, editing: str
) -> None:
    monkeypatch.setenv("BELEG_EDITING", editing)
    await simcord_env.restart_bot(world.new_client())
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    result = await owner.slash("admin add", file=("buoys.md", BUOYS.encode()))
    if editing == "none":
        assert told(result) == [MAY_NOT_EDIT]
        return
    assert told(result) == BUOYS_SHOWN
    await owner.click(result.response, label="Add to the library")
    assert files(world) == {"buoys.md": BUOYS.encode()}


# Reindex ----------------------------------------------------------------------------------------


async def test_an_admin_reindexes_and_the_new_library_answers(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.errors = (
        ContentError("content/b.md", 3, "the date is not a day"),
        ContentError("content/c_1.md", None, "it is empty; write the article into it or remove it"),
    )
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert callbacks(simcord_env) == [5]  # deferred: "thinking"
    assert told(result) == [
        f"{UP_TO_DATE}\n"
        "Left out:\n"
        "- content/b.md, line 3: the date is not a day.\n"
        "- content/c\\_1.md: it is empty; write the article into it or remove it."
    ]
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([], [QUESTION])


async def test_of_many_files_left_out_the_first_are_named(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    world.errors = tuple(
        ContentError(f"content/{'long' * 50}{number}.md", 10**6, "why? " * 300)
        for number in range(12)
    )
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    lines = told(result)[0].split("\n")
    assert len(lines) == 13
    assert lines[3] == "Left out:"
    assert all(line.startswith("- content/longlong") for line in lines[4:12])
    assert all(", line 1,000,000: why? why?" in line for line in lines[4:12])
    assert lines[12] == "- and 4 more files; `beleg check` lists them all"


async def test_in_a_direct_message_the_owner_reindexes(simcord_env: Env, world: World) -> None:
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    assert told(await owner.slash("admin reindex")) == [UP_TO_DATE]
    assert world.reindexes == 1


async def test_a_reindex_without_any_article_keeps_the_old_index(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = ContentError("content/a_1.md", 2, "there is no title")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [
        "The reindex failed, so the old index stays in use. "
        "content/a\\_1.md, line 2: there is no title."
    ]
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])


async def test_a_reindex_that_breaks_keeps_the_old_index_and_names_an_id(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = OSError("disk full at /secret")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [sentence] = told(result)
    [identifier] = re.findall("`([0-9a-f]{8})`", sentence)
    assert sentence == (
        "The reindex failed, so the old index stays in use. Sorry, something went wrong on my "
        "side. Please try again later; whoever runs me finds it in the log under "
        f"`{identifier}`."
    )
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == f"[{identifier}] a reindex failed"
    assert record.exc_info is not None
    assert record.exc_info[1] is world.failure
    assert simcord_env.errors == []
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])


@pytest.mark.parametrize(
    "sentence",
    [
        "Cannot write /secret/data: No space left on device; check the disk's space and the "
        "folder's permissions.",
        "Another process has been writing /secret/data for 10 minutes; wait until it is done.",
    ],
)
async def test_a_reindex_that_cannot_be_saved_keeps_the_old_index(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture, sentence: str
) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    world.failure = StorageError(sentence)
    result = await editor.slash(channel, "admin reindex")
    assert told(result) == [
        "The index could not be saved, so the old one stays in use. Whoever runs me finds the "
        "reason in the log; most often the disk is full or the data folder cannot be written."
    ]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "the reindex could not be saved"
    assert record.exc_info is not None
    assert record.exc_info[1] is world.failure
    assert simcord_env.errors == []
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])
    # Once the folder can be written again, so can the index.
    world.failure = None
    assert told(await editor.slash(channel, "admin reindex")) == [UP_TO_DATE]
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]


async def test_a_reindex_that_a_stop_breaks_off_says_so(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    world.services.library.stop_reindex()
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [
        "I am being stopped, so the reindex was broken off. The old index stays in use."
    ]
    assert world.reindexes == 0


async def test_a_report_that_cannot_be_sent_is_no_failed_reindex(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [sentence] = told(result)
    [identifier] = re.findall("`([0-9a-f]{8})`", sentence)
    assert sentence == (
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        f"in the log under `{identifier}`."
    )
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]
    assert len(simcord_env.errors) == 1


@pytest.fixture
def slow_reindex(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reindex that takes long enough to tell of its progress.

    Simcord's clock stands still while a thread works, so the time itself cannot be tested here.
    """
    reindex = LibraryService.reindex

    async def slow(
        service: LibraryService, on_progress: Callable[[Progress], Awaitable[None]], **options: Any
    ) -> IndexReport:
        await on_progress(Progress(1, 4))
        return await reindex(service, on_progress, **options)

    monkeypatch.setattr(LibraryService, "reindex", slow)


@pytest.mark.usefixtures("slow_reindex")
async def test_the_admin_sees_how_far_the_reindex_is(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    sent: list[Any] = [r.json for r in simcord_env.http_requests if r.method == "PATCH"]
    assert [edit["content"] for edit in sent] == [
        "Encoding the articles: 1 of 4 texts …",
        UP_TO_DATE,
    ]
    assert told(result) == [UP_TO_DATE]


@pytest.mark.usefixtures("slow_reindex")
@pytest.mark.parametrize(
    "failure", [aiohttp.ServerDisconnectedError(), ConnectionResetError("reset by peer")]
)
async def test_a_broken_connection_does_not_break_a_reindex_off(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    guild, channel, _ = scene(simcord_env)
    edit = discord.Interaction.edit_original_response
    failures = [failure]

    async def unreliable(interaction: Any, **what: Any) -> Any:
        if failures:
            raise failures.pop()
        return await edit(interaction, **what)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", unreliable)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [UP_TO_DATE]
    assert "the progress of a reindex could not be shown" in caplog.text
    assert simcord_env.errors == []


@pytest.mark.usefixtures("slow_reindex")
async def test_progress_that_discord_refuses_does_not_break_a_reindex_off(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [UP_TO_DATE]
    assert simcord_env.errors == []


class Gate:
    """A reindex that waits, having encoded one text of four."""

    def __init__(self, world: World) -> None:
        self.began, self.opened = threading.Event(), threading.Event()
        self.runs = 0
        self._world = world

    def reopen(self, on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        self.runs += 1
        on_progress(1, 4)
        self.began.set()
        assert self.opened.wait(30)
        return cast(Library, self._world.renewed), report()


async def running(world: World) -> tuple[Gate, asyncio.Task[IndexReport]]:
    """A reindex that somebody else has begun and that waits at its gate."""
    gate = Gate(world)
    service = world.services.library
    service._reopen = gate.reopen

    async def ignore(progress: Progress) -> None:
        pass

    task = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    return gate, task


async def test_what_breaks_before_a_command_is_told_with_an_id(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    assert world.database is not None
    world.database.close()
    result = await editor.slash(channel, "admin status")
    [identifier] = re.findall("`([0-9a-f]{8})`", told(result)[0])
    assert f"[{identifier}] check of rights failed" in caplog.text
    simcord_env.errors.clear()


async def test_a_reindex_of_over_15_minutes_is_no_failure(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel, _ = scene(simcord_env)
    simcord_env.inject_error(
        "PATCH", "/webhooks/*", status=401, code=50027, message="Invalid Webhook Token"
    )
    await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert f"a reindex took too long for its report to be shown: {UP_TO_DATE}" in caplog.text
    assert world.services.library.titles == ["New"]
    assert simcord_env.errors == []


async def test_a_second_reindex_joins_the_one_that_runs(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    gate, first = await running(world)
    reindex = LibraryService.reindex

    async def join(service: LibraryService, on_progress: Any, **options: Any) -> IndexReport:
        # The thread goes on, but the loop cannot see it before the caller has joined.
        gate.opened.set()
        return await reindex(service, on_progress, **options)

    monkeypatch.setattr(LibraryService, "reindex", join)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [UP_TO_DATE]
    assert await first == report()
    assert gate.runs == 1
    assert world.services.library.titles == ["New"]


# Adding -----------------------------------------------------------------------------------------


async def test_a_file_is_previewed_confirmed_stored_and_indexed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("Buoys.MD", BUOYS.encode()))
    assert told(result) == BUOYS_SHOWN
    assert result.response.flags.components_v2
    assert buttons(result.response) == {"Add to the library": True, "Cancel": True}
    assert files(world) == {}
    pressed = await editor.click(result.response, label="Add to the library")
    assert pressed.followups == []
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]
    assert buttons(result.response) == {}
    assert files(world) == {"buoys.md": BUOYS.encode()}
    assert world.reindexes == 1
    assert world.services.library.titles == ["New"]


async def test_while_it_is_added_nobody_can_press_again_or_cancel(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    seen = []
    add = world.services.shelf.add

    def look(draft: Any) -> Path:
        seen.append((shown(result.response), buttons(result.response)))
        return add(draft)

    monkeypatch.setattr(world.services.shelf, "add", look)
    await editor.click(result.response, label="Add to the library")
    assert seen == [(BUOYS_SHOWN, {})]


async def test_a_second_press_that_was_on_its_way_does_not_add_twice(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    [custom_id] = [
        one["custom_id"]
        for one in components(result.response)
        if one.get("label") == "Add to the library"
    ]
    await press(editor, result.response, custom_id)
    again = await press(editor, result.response, custom_id)
    assert shown(again.response) == ["This preview is too old. Please add the article again."]
    assert world.reindexes == 1


@pytest.mark.usefixtures("slow_reindex")
async def test_whoever_adds_an_article_sees_how_far_the_reindex_is(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Add to the library")
    edits: list[Any] = [r.json for r in simcord_env.http_requests if r.method == "PATCH"]
    [_, progress, _] = [edit["components"][0]["components"][0]["content"] for edit in edits]
    assert progress == "Encoding the articles: 1 of 4 texts …"
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]


async def test_an_article_that_was_added_though_the_reindex_failed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    world.failure = ContentError("content/other.md", 2, "there is no title")
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [
        "**The article was added.**\nThe reindex failed, so the old index stays in use. "
        "content/other.md, line 2: there is no title."
    ]
    assert files(world) == {"buoys.md": BUOYS.encode()}


async def test_plain_text_without_a_head_becomes_an_article(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    text = f"Ferries\n\n{FERRIES}"
    result = await editor.slash(channel, "admin add", file=("north pier.txt", text.encode()))
    assert told(result) == [
        "**Ferries**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as north-pier.txt. 2 paragraphs, language: English.",
        "> The ferry leaves the north pier at eight.",
        "> It comes back at noon.",
    ]
    await editor.click(result.response, label="Add to the library")
    assert files(world) == {"north-pier.txt": text.encode()}


async def test_a_long_article_is_previewed_by_its_beginning(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    paragraphs = [f"This is paragraph {number}. " + "More words. " * 40 for number in range(9)]
    text = "---\ntitle: Long\nlanguage: en\n---\n\n" + "\n\n".join(paragraphs)
    result = await editor.slash(channel, "admin add", file=("long.md", text.encode()))
    head, *quotes, more = told(result)
    assert head == (
        "**Long**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as long.md. 9 paragraphs, language: English."
    )
    assert [quote[:24] for quote in quotes] == [
        f"> This is paragraph {number}. M" for number in range(5)
    ]
    assert all(quote.endswith(" …") and len(quote) <= 250 for quote in quotes)
    assert more == "-# and 4 more paragraphs"


async def test_what_was_noticed_in_an_article_is_shown_by_line(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    text = BUOYS.replace("author:", "auhtor:")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode()))
    assert told(result)[0] == (
        "**Buoys and bells**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as buoys.md. 2 paragraphs, language: English.\n"
        "What was noticed:\n"
        "- line 3: unknown front matter key “auhtor”; did you mean “author”?"
    )


async def test_of_many_notes_the_first_are_shown(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    keys = "".join(f"strange{number}: x\n" for number in range(11))
    text = BUOYS.replace("author", f"{keys}author")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode()))
    lines = told(result)[0].split("\n")
    assert len(lines) == 13
    assert lines[4].startswith("- line 3: unknown front matter key “strange0”; known are title, ")
    assert lines[12] == "- and 3 more notes"


async def test_markdown_and_mentions_in_an_article_are_shown_as_text(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    text = "---\ntitle: '**Bold** @everyone'\nlanguage: en\n---\n\nHello <@1> and \u202eturned.\n"
    result = await editor.slash(channel, "admin add", file=("x_y.md", text.encode()))
    assert told(result) == [
        "**\\*\\*Bold\\*\\* \\@everyone**\n"
        "This is a preview; nothing has been added yet.\n"
        "It will be stored as x-y.md. One paragraph, language: English.",
        "> Hello \\<\\@1\\> and ⟨U+202E⟩turned.",
    ]


async def test_a_file_that_is_too_large_is_not_even_read(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(attachment: Any) -> bytes:
        raise AssertionError("it was read")

    _, channel, editor = workshop(simcord_env)
    monkeypatch.setattr(discord.Attachment, "read", read)
    result = await editor.slash(channel, "admin add", file=("a.md", b"a" * 1_000_001))
    assert told(result) == ["This file is too large: an article may have 1 MB at most."]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "photo.png",
            b"\x89PNG",
            "“photo.png” is no article; its name must end in .md, .markdown or .txt.",
        ),
        (
            "a_b.md",
            b"One na\xc3\xafve line.\n\nTwo \xf0\x9f lines.\n",
            "content/a-b.md, line 3: its UTF-8 is damaged; mend the signs there and save it as "
            "UTF-8.",
        ),
        (
            "a.md",
            b"One line.\n\nTwo \x81 lines.\n",
            "content/a.md, line 3: it is neither UTF-8 nor Windows-1252; save it as UTF-8.",
        ),
        ("a.md", b"\n \n", "content/a.md: it is empty; write the article into it or remove it."),
        (
            "a.md",
            b"---\ntitle: A\ntitle: B\n---\n\nText.\n",
            "content/a.md, line 3: “title” is given twice; keep one.",
        ),
        (
            "lighthouse.md",
            BUOYS.encode(),
            "content/lighthouse.md is there already; remove it first, or give one of the two "
            "articles another name.",
        ),
        (
            "b.md",
            b"---\nid: lighthouse\n---\n\nText.\n",
            "content/lighthouse.md has the id “lighthouse” already; remove it first, or give one "
            "of the two articles another id.",
        ),
    ],
)
async def test_a_file_that_cannot_be_added_is_declined_with_the_reason(
    simcord_env: Env, world: World, name: str, content: bytes, sentence: str
) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin add", file=(name, content))
    assert told(result) == [sentence]
    assert buttons(result.response) == {}
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}


async def test_text_that_is_not_utf8_is_stored_as_utf8(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    text = BUOYS.replace("bell that", "bell – naïve – that")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode("cp1252")))
    assert told(result)[0] == (
        "**Buoys and bells**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as buoys.md. 2 paragraphs, language: English.\n"
        "What was noticed:\n"
        "- line 9: read as Windows-1252 and stored as UTF-8; look whether every letter is right"
    )
    await editor.click(result.response, label="Add to the library")
    assert files(world) == {"buoys.md": text.encode()}


async def test_an_article_that_is_there_by_now_is_not_replaced(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    put(world, "buoys.md", LIGHTHOUSE)
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [
        "content/buoys.md is there already; remove it first, or give one of the two articles "
        "another name."
    ]
    assert files(world) == {"buoys.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 0


async def test_adding_is_cancelled(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Cancel")
    assert shown(result.response) == ["Nothing was changed."]
    assert buttons(result.response) == {}
    assert files(world) == {}
    assert world.reindexes == 0


async def test_a_preview_from_before_a_restart_is_too_old(simcord_env: Env, world: World) -> None:
    guild, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == ["This preview is too old. Please add the article again."]
    assert buttons(result.response) == {}
    assert files(world) == {}


async def test_without_a_file_a_form_opens(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add")
    assert result.response is None
    assert (result.modal["title"], result.modal["custom_id"]) == (
        "Add an article",
        "articles:paste",
    )
    fields = [(label["label"], label["component"]) for label in result.modal["components"]]
    keys = ("custom_id", "style", "required", "max_length")
    assert [(label, *(field[key] for key in keys)) for label, field in fields] == [
        ("Title", "title", 1, True, 200),
        ("Author (optional)", "author", 1, False, 200),
        ("Link (optional)", "url", 1, False, 500),
        ("Text, with a blank line between paragraphs", "text", 2, True, 4000),
    ]


async def test_pasted_text_is_previewed_confirmed_and_stored(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    values = {
        "title": "Ferries: a list",
        "author": "Ben Drift",
        "url": "https://example.org/ferries",
        "text": FERRIES,
    }
    result = await editor.submit_modal(form, values)
    assert told(result) == [
        "**Ferries\\: a list**\n"
        "This is a preview; nothing has been added yet.\n"
        "It will be stored as ferries-a-list.md. 2 paragraphs, language: English.",
        "> The ferry leaves the north pier at eight.",
        "> It comes back at noon.",
    ]
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]
    assert files(world) == {
        "ferries-a-list.md": (
            "---\n"
            "title: 'Ferries: a list'\n"
            "author: Ben Drift\n"
            "url: https://example.org/ferries\n"
            "---\n"
            f"\n{FERRIES}"
        ).encode()
    }


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"title": "?!", "text": "Text."},
            "The title holds no letter or digit; write one that does.",
        ),
        (
            {"title": "A", "url": "ferry", "text": "Text."},
            "“url” is not a web address; write one that begins with https\\://.",
        ),
        (
            {"title": "A", "text": "One.\n\nTwo\x07."},
            "content/a.md, line 3: it holds a control character and is no text; remove it, or save "
            "it as UTF-8 text.",
        ),
    ],
)
async def test_pasted_text_that_cannot_be_added_is_declined_with_the_reason(
    simcord_env: Env, world: World, values: dict[str, str], sentence: str
) -> None:
    _, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    result = await editor.submit_modal(form, values)
    assert told(result) == [sentence]
    assert files(world) == {}


async def test_a_form_from_before_a_restart_still_works(simcord_env: Env, world: World) -> None:
    guild, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    result = await editor.submit_modal(form, {"title": "Ferries", "text": FERRIES})
    assert told(result)[0] == (
        "**Ferries**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as ferries.md. 2 paragraphs, language: English."
    )


async def test_a_form_of_another_version_is_said_to_have_changed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await submit(editor, channel, "articles:other", title="Ferries", text=FERRIES)
    assert told(result) == [COMMAND_CHANGED]


# Removing and restoring -------------------------------------------------------------------------


async def test_an_article_is_removed_after_a_confirmation_and_restored(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    choices = await editor.autocomplete(channel, "admin remove", "article", "OLD")
    assert choices == [{"name": "The old lighthouse", "value": "lighthouse"}]
    assert await editor.autocomplete(channel, "admin remove", "article", "x") == []
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(result) == [
        "Take **The old lighthouse** out of the library, for all servers? It can be restored later."
    ]
    assert buttons(result.response) == {"Yes, remove it": True, "Cancel": True}
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    await editor.click(result.response, label="Yes, remove it")
    assert shown(result.response) == [
        f"**The article was removed.** `/admin restore` brings it back.\n{UP_TO_DATE}"
    ]
    assert buttons(result.response) == {}
    assert files(world) == {}
    assert world.reindexes == 1

    [removed] = world.services.shelf.removed()
    day = f"{removed.when:%Y-%m-%d}"
    choices = await editor.autocomplete(channel, "admin restore", "article", "LIGHT")
    assert choices == [{"name": f"{day} The old lighthouse", "value": removed.key}]
    assert await editor.autocomplete(channel, "admin restore", "article", "x") == []
    restored = await editor.slash(channel, "admin restore", article=removed.key)
    assert told(restored) == [f"**The article was brought back.**\n{UP_TO_DATE}"]
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 2
    assert await editor.autocomplete(channel, "admin restore", "article", "") == []


async def test_the_question_whether_to_remove_survives_a_restart(
    simcord_env: Env, world: World
) -> None:
    guild, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    await editor.click(result.response, label="Yes, remove it")
    assert files(world) == {}


async def test_removing_is_cancelled(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await editor.click(result.response, label="Cancel")
    assert shown(result.response) == ["Nothing was changed."]
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 0


async def test_an_article_that_is_gone_already_cannot_be_removed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    unknown = await editor.slash(channel, "admin remove", article="The old lighthouse")
    assert told(unknown) == [
        "There is no such article in my library. Pick one from the list while you type."
    ]
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await editor.click(result.response, label="Yes, remove it")
    assert shown(result.response) == [
        "There is no article with the id “lighthouse”; choose one that is in the library."
    ]
    assert world.reindexes == 0


async def test_while_the_library_is_prepared_nothing_can_be_removed(
    simcord_env: Env, world: World
) -> None:
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    _, channel, editor = workshop(simcord_env)
    assert await editor.autocomplete(channel, "admin remove", "article", "") == []
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(result) == [PREPARING]
    assert still_preparing(simcord_env)


async def test_what_was_not_removed_cannot_be_restored(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin restore", article="lighthouse")
    assert told(result) == [
        "There is no removed article “lighthouse”; it was put back already, or its record is "
        "damaged."
    ]
    assert world.reindexes == 0


async def test_what_was_removed_is_listed_only_to_those_who_may_restore_it(
    simcord_env: Env, world: World
) -> None:
    guild, channel, editor = workshop(simcord_env)
    furnish(world)
    member = guild.add_member(simcord_env.create_user("mo"))
    await hand_over(world, guild, member)
    elsewhere = simcord_env.create_guild("elsewhere")
    square = elsewhere.create_text_channel("square")
    listed = [
        [choice["name"][11:] for choice in await found]
        for found in (
            editor.autocomplete(channel, "admin restore", "article", ""),
            member.autocomplete(channel, "admin restore", "article", ""),
            admin(simcord_env, elsewhere).autocomplete(square, "admin restore", "article", ""),
            simcord_env.create_user("stan").autocomplete("admin restore", "article", ""),
            guild.owner.autocomplete("admin restore", "article", ""),
        )
    ]
    assert listed == [["Buoys and bells"], [], [], [], ["Buoys and bells"]]


async def test_of_many_removed_articles_the_newest_are_listed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    for number in range(27):
        title = f"Article {number} " + "and so on " * 20
        put(world, f"a{number}.md", f"---\ntitle: {title}\nlanguage: en\n---\n\nText.\n")
        world.services.shelf.remove(f"a{number}")
    choices = await editor.autocomplete(channel, "admin restore", "article", "")
    assert [choice["name"].split()[2] for choice in choices] == [
        str(number) for number in range(26, 1, -1)
    ]
    assert all(len(choice["name"]) <= 100 for choice in choices)


# Status -----------------------------------------------------------------------------------------


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot takes 123.6 MB."""
    usage = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=123_600_000))
    monkeypatch.setattr("bot.admin.overview.psutil.Process", lambda: usage)


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
        f"**How I am doing**\nArticles: 2\nPassages: 5\nModel: fake-model\n{status_end(world)}"
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
        "A reindex is running: 1 of 4 texts are read.\n"
        f"{status_end(world)}"
    ]
    after = await owner.slash("admin status")
    assert "A reindex is running" not in told(after)[0]


# Figures ----------------------------------------------------------------------------------------


async def ask_in(
    world: World,
    guild: Any,
    question: str,
    *,
    status: Status = Status.NO_ANSWER,
    when: datetime | None = None,
    kind: Kind = Kind.QUESTION,
    quote: str | None = None,
    votes: tuple[tuple[bool, str | None], ...] = (),
) -> Record:
    """A question that was asked in a server, and what people thought of the answer."""
    cited = Cited("lighthouse", passage_digest(quote), 0, 1, None) if quote else None
    record = Record(
        id=new_id(),
        server=guild.id,
        asker=b"asker",
        asked_at=when or datetime.now(UTC),
        kind=kind,
        question=question,
        status=status,
        confidence=0.5,
        citations=(cited,) if cited else (),
        unanswered=(),
        private=False,
    )
    records = world.services.records
    await records.add(record)
    for number, (helpful, reason) in enumerate(votes):
        voter = f"voter {number}".encode()
        await records.rate(record.id, voter, helpful=helpful, reason=reason, now=record.asked_at)
    return record


def noon(day: date) -> str:
    return f"<t:{int(datetime.combine(day, time(12), UTC).timestamp())}:d>"


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
    await ask_in(world, guild, "old", status=answered, when=ago[40], quote=AFTER)
    await ask_in(world, elsewhere, "other", status=answered, when=ago[0], quote=AFTER)
    editor = admin(simcord_env, guild)
    assert told(await editor.slash(channel, "admin stats")) == [
        "**The last 30 days in this server**\n"
        "Questions: 6, 0.2 a day\n"
        "Answered: 67%, doubtful: 17%, not in the articles: 17%\n"
        "Marked as helpful: 2, as not helpful: 1\n"
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
        "\n"
        "**Day by day**\n"
        f"- {noon(ago[0].date())}: one question, 1 answered\n"
        "\n"
        "**What answered most often**\n"
        "- The old lighthouse, paragraph 2: once"
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


# Gaps -------------------------------------------------------------------------------------------

GAPS_TITLE = "**What was asked here without a good answer**, the most asked first"
HEADER = "question,asked,unanswered,not_helpful,last_asked,wordings,reasons\r\n"


THIS_HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def hour(ago: int) -> datetime:
    return THIS_HOUR - timedelta(hours=ago)


def relative(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"


async def test_gaps_that_ask_the_same_are_merged_and_counted(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    unhelpful = ((False, "it is about *another* pier"), (False, "wrong year"))
    good = Status.ANSWERED
    await ask_in(world, guild, "Ferries: when do they leave?", when=hour(9))
    await ask_in(world, guild, "ferries:  when do they LEAVE?", when=hour(8))
    await ask_in(world, guild, "Ferries: how many?", when=hour(2), status=good, votes=unhelpful)
    await ask_in(world, guild, "Who built it?", when=hour(5), status=Status.UNSURE)
    await ask_in(world, guild, "Fine?", when=hour(4), status=good)
    await ask_in(world, guild, "Good?", when=hour(4), status=Status.UNSURE, votes=((True, None),))
    await ask_in(world, guild, "A claim.", when=hour(3), kind=Kind.CLAIM)
    await ask_in(world, elsewhere, "What about elsewhere?", when=hour(1))
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    assert callbacks(simcord_env) == [5]
    assert told(result) == [
        GAPS_TITLE,
        "**1.** ferries\\: when do they LEAVE?\n"
        "-# asked 3 times, 2 without a clear answer, 2 marked as not helpful · "
        f"{relative(hour(2))}\n"
        "-# and one other wording\n"
        "-# “it is about \\*another\\* pier”\n"
        "**2.** Who built it?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(5))}",
    ]
    assert buttons(result.response) == {"Export as CSV": True}


async def test_a_server_without_gaps(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    await ask_in(world, elsewhere, "What about elsewhere?")
    await ask_in(world, guild, "Fine?", status=Status.ANSWERED)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin gaps")
    assert told(result) == [
        "Every question that was asked here has a good answer, or none was asked yet."
    ]
    assert buttons(result.response) == {}


async def test_of_many_gaps_the_most_asked_are_shown(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    for number in range(12):
        for _ in range(1 + (number == 7)):
            question = f"q{number} " + "and what about the rest " * 20
            await ask_in(world, guild, question, when=hour(number + 1))
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    [_, text] = told(result)
    lines = text.split("\n")
    numbered = [line for line in lines if not line.startswith("-#")]
    assert [line.split()[:2] for line in numbered[:10]] == [
        [f"**{place}.**", f"q{number}"]
        for place, number in enumerate([7, 0, 1, 2, 3, 4, 5, 6, 8, 9], 1)
    ]
    assert numbered[10:] == ["and 2 more: the table has them all"]
    assert all(line.endswith(" …") for line in numbered[:10])
    assert lines[1].startswith("-# asked 2 times, 2 without a clear answer · <t:")


async def test_of_very_many_gaps_the_least_asked_stand_alone(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    for ago, question in enumerate(["boat one?", "boat two?", "boat three?", "boat four?"], 1):
        await ask_in(world, guild, question, when=hour(ago))
    monkeypatch.setattr("bot.admin.gaps.MOST_GROUPED", 2)
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    assert told(result) == [
        GAPS_TITLE,
        "**1.** boat one?\n"
        f"-# asked 2 times, 2 without a clear answer · {relative(hour(1))}\n"
        "-# and one other wording\n"
        "**2.** boat three?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(3))}\n"
        "**3.** boat four?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(4))}",
    ]


async def test_the_gaps_as_a_table(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    await ask_in(world, elsewhere, "What about elsewhere?")
    complaints = ((False, "@SUM(A1)"), (False, "+1, “older”"))
    await ask_in(world, guild, "=1+1 is what?", when=hour(1))
    await ask_in(world, guild, 'Wo läuft’s, Frau "Möwe"?', when=hour(2))
    await ask_in(world, guild, "Wo, dort?", when=hour(3), status=Status.UNSURE, votes=complaints)
    await ask_in(world, guild, "-why", when=hour(4))
    monkeypatch.setattr(world.library, "group", lambda questions: [[0], [1, 2], [3]])
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin gaps")
    sent = await editor.click(result.response, label="Export as CSV")
    assert sent.ephemeral
    message = sent.response
    assert message.content == "All of them, as a table."
    [file] = message.attachments
    assert file.filename == "gaps.csv"
    table = await file.read()
    assert (
        table
        == (
            "\ufeff"
            + HEADER
            + '"Wo läuft’s, Frau ""Möwe""?",2,2,2,'
            + f'{hour(2).isoformat()},"Wo, dort?","\'@SUM(A1) | +1, “older”"\r\n'
            + f"'=1+1 is what?,1,1,0,{hour(1).isoformat()},,\r\n"
            + f"'-why,1,1,0,{hour(4).isoformat()},,\r\n"
        ).encode()
    )
    # The list in the channel is still there.
    assert shown(result.response)[0] == GAPS_TITLE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
async def test_no_spreadsheet_takes_a_question_for_a_formula(
    simcord_env: Env, world: World, start: str
) -> None:
    guild, channel, member = scene(simcord_env)
    await ask_in(world, guild, f"{start}HYPERLINK(A1)", votes=((False, f"{start}A1"),))
    message = await member.send(channel, "hi")
    sent = await press(admin(simcord_env, guild), message, "gaps:export")
    table = await sent.response.attachments[0].read()
    [_, row] = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert (row[0], row[6]) == (f"'{start}HYPERLINK(A1)", f"'{start}A1")


async def test_a_table_of_no_gaps_has_only_its_head(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    message = await member.send(channel, "hi")
    sent = await press(admin(simcord_env, guild), message, "gaps:export")
    [file] = sent.response.attachments
    assert await file.read() == f"\ufeff{HEADER}".encode()


async def test_the_button_of_the_gaps_works_after_a_restart(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    await ask_in(world, guild, "Which boat?", when=hour(1))
    result = await editor.slash(channel, "admin gaps")
    await simcord_env.restart_bot(world.new_client())
    sent = await editor.click(result.response, label="Export as CSV")
    table = await sent.response.attachments[0].read()
    assert table == f"\ufeff{HEADER}Which boat?,1,1,0,{hour(1).isoformat()},,\r\n".encode()


async def test_gaps_wait_for_the_library(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the model that tells which ask the same."""
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    await ask_in(world, guild, "Which boat?")
    assert told(await editor.slash(channel, "admin gaps")) == [PREPARING]
    sent = await press(editor, await member.send(channel, "hi"), "gaps:export")
    assert told(sent) == [PREPARING]
    assert still_preparing(simcord_env)
    assert not [record for record in caplog.records if record.exc_info]


def test_the_template_of_the_gaps_button_takes_nothing_else() -> None:
    assert GapsButton.__discord_ui_compiled_template__.fullmatch("gaps:export:1") is None


# Settings ---------------------------------------------------------------------------------------

SETTINGS_SHOWN = [
    "**Settings of this server**\nChanges take effect at once.",
    "**Channels** in which I answer",
    "**Who may ask**",
    "**How sure I must be** before I call a passage an answer",
    "**Language** of what I say; passages stay as they were written",
    "**How long questions are kept**",
    "**Answers to `/ask`**, unless the asker says otherwise",
]
FOR_EVERYONE = "For everyone. Press to show them only to the asker"
FOR_THE_ASKER = "Only for the asker. Press to show them to everyone"


def chosen(message: Any) -> dict[str, list[str]]:
    """What is chosen in each menu."""
    return {
        custom_id: [option["value"] for option in menu["options"] if option.get("default")]
        if "options" in menu
        else [str(value["id"]) for value in menu.get("default_values", [])]
        for custom_id, menu in menus(message).items()
    }


UNCHANGED = {
    "settings:channels": [],
    "settings:askers": [],
    "settings:strictness": ["normal"],
    "settings:language": ["auto"],
    "settings:days_kept": ["30"],
}


async def test_the_settings_of_a_server(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    result = await admin(simcord_env, guild).slash(channel, "admin settings")
    assert told(result) == SETTINGS_SHOWN
    assert buttons(result.response) == {FOR_EVERYONE: True}
    assert chosen(result.response) == UNCHANGED
    found = menus(result.response)
    channels, askers = found["settings:channels"], found["settings:askers"]
    assert (channels["type"], channels["placeholder"]) == (8, "All channels")
    assert channels["channel_types"] == [0, 5, 2, 15]
    assert (askers["type"], askers["placeholder"]) == (6, "Everyone")
    assert [(menu["min_values"], menu["max_values"]) for menu in (channels, askers)] == [
        (0, 25),
        (0, 25),
    ]
    labels = {
        custom_id: [option["label"] for option in menu["options"]]
        for custom_id, menu in found.items()
        if "options" in menu
    }
    assert labels == {
        "settings:strictness": [
            "Looser: more answers, more of them wrong",
            "Normal",
            "Stricter: fewer answers, fewer of them wrong",
        ],
        "settings:language": ["Each member's own", "English", "German", "French", "Spanish"],
        "settings:days_kept": [
            "one day",
            "7 days",
            "14 days",
            "30 days",
            "90 days",
            "180 days",
            "365 days",
        ],
    }


async def test_a_server_answers_privately_or_not(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    pressed = await editor.click(result.response, label=FOR_EVERYONE)
    assert pressed.followups == []
    assert shown(result.response) == SETTINGS_SHOWN
    assert buttons(result.response) == {FOR_THE_ASKER: True}
    assert await stored(world, guild) == ServerSettings(private=True)
    assert (await member.slash(channel, "ask", question=QUESTION)).ephemeral
    assert not (await member.slash(channel, "ask", question=QUESTION, private=False)).ephemeral
    await editor.click(result.response, label=FOR_THE_ASKER)
    assert buttons(result.response) == {FOR_EVERYONE: True}
    assert await stored(world, guild) == ServerSettings()
    assert not (await member.slash(channel, "ask", question=QUESTION)).ephemeral


@pytest.mark.parametrize(
    ("value", "options"), [("looser", {"strictness": -1.0}), ("stricter", {"strictness": 1.0})]
)
async def test_how_strict_answers_are(
    simcord_env: Env, world: World, value: str, options: dict[str, float]
) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    for one in (value, "normal"):
        await editor.select(result.response, [one], custom_id="settings:strictness")
        assert chosen(result.response) == {**UNCHANGED, "settings:strictness": [one]}
        assert await stored(world, guild) == ServerSettings(strictness=cast(Any, one))
        await member.slash(channel, "ask", question=QUESTION)
    assert world.library.options == [options, {}]


async def test_in_which_channels_it_answers(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    library = guild.create_text_channel("library")
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [library], custom_id="settings:channels")
    assert chosen(result.response) == {**UNCHANGED, "settings:channels": [str(library.id)]}
    assert await stored(world, guild) == ServerSettings(channels=frozenset({library.id}))
    refused = await member.slash(channel, "ask", question=QUESTION)
    assert told(refused) == [f"I do not answer in this channel. Ask me in <#{library.id}>."]
    await member.slash(library, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]
    await editor.select(result.response, [], custom_id="settings:channels")
    assert chosen(result.response) == UNCHANGED
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION, QUESTION]


async def test_who_may_ask(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    readers = guild.create_role("Readers")
    reader = guild.add_member(simcord_env.create_user("rita"), roles=[readers])
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [readers], custom_id="settings:askers")
    assert chosen(result.response) == {**UNCHANGED, "settings:askers": [str(readers.id)]}
    assert await stored(world, guild) == ServerSettings(askers=frozenset({readers.id}))
    refused = await member.slash(channel, "ask", question=QUESTION)
    assert told(refused) == [
        "In this server only some roles may ask me. Whoever manages the server can change that."
    ]
    await reader.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]
    await editor.select(result.response, [guild.default_role], custom_id="settings:askers")
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION, QUESTION]
    await editor.select(result.response, [], custom_id="settings:askers")
    assert await stored(world, guild) == ServerSettings()


async def test_in_which_language_it_speaks(
    simcord_env: Env, world: World, locales: dict[int, str]
) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    locales[member.id] = "fr"
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["de"], custom_id="settings:language")
    # The menus are in the new language at once.
    assert shown(result.response)[0] == (
        "**Einstellungen dieses Servers**\nÄnderungen gelten sofort."
    )
    assert chosen(result.response) == {**UNCHANGED, "settings:language": ["de"]}
    assert await stored(world, guild) == ServerSettings(language="de")
    answer = await member.slash(channel, "ask", question=QUESTION)
    assert shown(answer.response)[0] == f"**Frage:** {QUESTION}"
    await editor.select(result.response, ["auto"], custom_id="settings:language")
    assert shown(result.response) == SETTINGS_SHOWN
    answer = await member.slash(channel, "ask", question=QUESTION)
    assert shown(answer.response)[0] == f"**Question\N{NO-BREAK SPACE}:** {QUESTION}"


async def test_how_long_questions_are_kept(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    now = datetime.now(UTC)
    record = await ask_in(world, guild, "Old?", when=now - timedelta(days=10))
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["14"], custom_id="settings:days_kept")
    assert chosen(result.response) == {**UNCHANGED, "settings:days_kept": ["14"]}
    assert await stored(world, guild) == ServerSettings(days_kept=14)
    assert await world.services.records.erase_expired(now) == 0
    await editor.select(result.response, ["7"], custom_id="settings:days_kept")
    assert "Questions are erased after 7 days." in "".join(
        shown((await member.slash(channel, "privacy")).response)
    )
    assert await world.services.records.erase_expired(now) == 1
    assert await world.services.records.get(record.id) is None


async def test_settings_are_kept_over_a_restart_and_each_server_has_its_own(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    elsewhere = simcord_env.create_guild("elsewhere")
    square = elsewhere.create_text_channel("square")
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["stricter"], custom_id="settings:strictness")
    await simcord_env.restart_bot(world.new_client())
    # The menus of before the restart work on.
    await editor.select(result.response, ["90"], custom_id="settings:days_kept")
    again = await editor.slash(channel, "admin settings")
    assert chosen(again.response) == {
        **UNCHANGED,
        "settings:strictness": ["stricter"],
        "settings:days_kept": ["90"],
    }
    other = await admin(simcord_env, elsewhere).slash(square, "admin settings")
    assert chosen(other.response) == UNCHANGED


@pytest.mark.parametrize(
    ("field", "values", "kind"),
    [
        ("strictness", ["strictest"], 3),
        ("strictness", [], 3),
        ("strictness", ["looser", "normal"], 3),
        ("language", ["xx"], 3),
        ("language", [], 3),
        ("days_kept", ["0"], 3),
        ("days_kept", ["8"], 3),
        ("days_kept", ["-1"], 3),
        ("days_kept", ["９0"], 3),
        ("days_kept", ["many"], 3),
        ("days_kept", [], 3),
        ("channels", ["general"], 8),
        ("channels", ["-5"], 8),
        ("channels", ["0"], 8),
        ("channels", [str(2**63)], 8),
        ("channels", ["9" * 5000], 8),
        ("channels", [str(number) for number in range(1, 27)], 8),
        ("askers", ["<@&5>"], 6),
        ("askers", ["٥"], 6),
        ("private", ["x"], 2),
    ],
)
async def test_values_that_no_menu_offers_are_refused(
    simcord_env: Env,
    world: World,
    caplog: pytest.LogCaptureFixture,
    field: str,
    values: list[str],
    kind: int,
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    sent = await press(editor, result.response, f"settings:{field}", values, kind)
    assert told(sent) == [COMMAND_CHANGED]
    assert await stored(world, guild) == ServerSettings()
    assert await world.services.records.servers() == frozenset()
    assert simcord_env.errors == []
    assert not [record for record in caplog.records if record.exc_info]
    assert chosen(result.response) == UNCHANGED


async def test_every_choice_of_days_is_taken(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    for days in DAYS:
        await editor.select(result.response, [str(days)], custom_id="settings:days_kept")
        assert (await stored(world, guild)).days_kept == days


# In German --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("memory")
async def test_an_admin_is_spoken_to_in_german(
    simcord_env: Env, world: World, locales: dict[int, str]
) -> None:
    guild, channel, editor = workshop(simcord_env)
    member = guild.add_member(simcord_env.create_user("mo"))
    locales[editor.id] = locales[member.id] = "de"
    put(world, "lighthouse.md", LIGHTHOUSE)
    await hand_over(world, guild, member)
    await ask_in(world, guild, "Welches Boot?", when=hour(1), votes=((False, None),) * 2)
    declined = await member.slash(channel, "admin reindex")
    assert told(declined) == ["Das können nur Mitglieder, die diesen Server verwalten dürfen."]
    assert refused(simcord_env)
    status = await editor.slash(channel, "admin status")
    assert told(status) == [
        "**Wie es mir geht**\n"
        "Artikel: 1\n"
        "Stellen: 3\n"
        "Modell: fake-model\n"
        "Arbeitsspeicher: 124 MB\n"
        "Fragen in Arbeit: 0\n"
        f"Gestartet: <t:{int(world.services.started.timestamp())}:R>\n"
        f"Version: {version('beleg')}"
    ]
    gaps = await editor.slash(channel, "admin gaps")
    assert told(gaps) == [
        "**Was hier gefragt wurde und keine gute Antwort bekam**, das Häufigste zuerst",
        "**1.** Welches Boot?\n"
        "-# einmal gefragt, 1 davon ohne klare Antwort, 2-mal als nicht hilfreich markiert · "
        f"{relative(hour(1))}",
    ]
    assert buttons(gaps.response) == {"Als CSV exportieren": True}
    stats = await editor.slash(channel, "admin stats", days=4)
    assert told(stats) == [
        "**Die letzten 4 Tage auf diesem Server**\n"
        "Fragen: 1, 0,2 pro Tag\n"
        "Beantwortet: 0 %, zweifelhaft: 0 %, nicht in den Artikeln: 100 %\n"
        "Als hilfreich markiert: 0, als nicht hilfreich: 2\n"
        "\n"
        "**Tag für Tag**\n"
        f"- {noon(hour(1).date())}: eine Frage, 0 beantwortet"
    ]
    settings = await editor.slash(channel, "admin settings")
    assert told(settings)[0] == "**Einstellungen dieses Servers**\nÄnderungen gelten sofort."
    labels = [one["label"] for one in menus(settings.response)["settings:language"]["options"]]
    assert labels[1:] == ["Englisch", "Deutsch", "Französisch", "Spanisch"]
    form = await editor.slash(channel, "admin add")
    assert form.modal["title"] == "Einen Artikel hinzufügen"
    remove = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(remove) == [
        "**The old lighthouse** aus der Bibliothek nehmen, für alle Server? Der Artikel lässt sich "
        "später wiederherstellen."
    ]
    assert buttons(remove.response) == {"Ja, entfernen": True, "Abbrechen": True}
    await editor.click(remove.response, label="Abbrechen")
    assert shown(remove.response) == ["Es wurde nichts geändert."]
    preview = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    assert told(preview)[0] == (
        "**Buoys and bells**\nDas ist eine Vorschau; noch ist nichts hinzugefügt.\n"
        "Gespeichert wird er als buoys.md. 2 Absätze, Sprache: Englisch."
    )
    await editor.click(preview.response, label="In die Bibliothek aufnehmen")
    assert shown(preview.response) == [
        "**Der Artikel wurde hinzugefügt.**\n"
        "**Der Index ist auf dem neuesten Stand.** Das hat 1,2 s gedauert.\n"
        "Artikel: 1 neu, 0 geändert, 0 entfernt, 1 unverändert.\n"
        "Stellen: 4 neu kodiert, 24 insgesamt."
    ]
