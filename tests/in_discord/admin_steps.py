"""What those who look after a server do and see in the simulated Discord."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import discord
from discord_world import QUOTE, World, admin, components, report, scene, shown
from simcord import Env, actors
from simcord.backend import serializers
from simcord.builders import ChannelHandle, UserHandle

from bot.records import Cited, Kind, Record, new_id
from bot.servers import Servers, ServerSettings
from bot.service import PreparingError, Progress
from index.answer import Status
from index.library import Library
from index.passages import passage_digest
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
    """The settings as they will be after a restart."""
    assert world.database is not None
    return Servers.load(world.database).get(guild.id)


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
    unanswered: tuple[str, ...] = (),
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
        unanswered=unanswered,
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


THIS_HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def hour(ago: int) -> datetime:
    return THIS_HOUR - timedelta(hours=ago)


def relative(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"


def furnish(world: World) -> dict[str, bytes]:
    """An article in the folder and one that was removed; what is in the folder then."""
    put(world, "lighthouse.md", LIGHTHOUSE)
    put(world, "buoys.md", BUOYS)
    world.services.shelf.remove("buoys")
    return files(world)


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
