"""What commands, buttons and messages work with, in one object that the client carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord

from bot.catalogue import Texts, texts_for
from bot.drafts import Drafts
from bot.limits import Limits
from bot.members import MemberKeys
from bot.metrics import Metrics
from bot.records import Records
from bot.repeats import Repeats
from bot.servers import Servers
from bot.service import LibraryService
from bot.settings import Settings
from bot.work import Work
from index.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Services:
    """The library, what is stored, and the limits; made once when the bot starts."""

    library: LibraryService
    records: Records
    servers: Servers
    members: MemberKeys
    limits: Limits
    work: Work
    settings: Settings
    shelf: Shelf
    drafts: Drafts
    commands: dict[str, int] = field(default_factory=dict)
    """The ids of the commands by their English names, known when the client has synced them."""
    repeats: Repeats = field(default_factory=Repeats)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    metrics: Metrics = field(default_factory=Metrics)


class ServingClient(discord.Client):
    """A client that carries the services, so that a button finds them after a restart."""

    services: Services
    connected: bool = False
    """Whether there is a session at Discord's gateway now."""


Interaction = discord.Interaction[ServingClient]


def server_of(interaction: Interaction) -> int | None:
    """The server whose settings hold here.

    None in direct messages, and where a user brought the bot along to a server it is not in.
    """
    return interaction.guild_id if interaction.is_guild_integration() else None


def may_write(interaction: Interaction) -> bool:
    """Whether the bot may write where a command or button is used.

    Discord would show its answer even in a channel from which an admin has kept it out. Where a
    user brought it along, Discord itself decides who sees the answer.
    """
    if server_of(interaction) is None:
        return True
    may = interaction.app_permissions
    thread = isinstance(interaction.channel, discord.Thread)
    return may.view_channel and (may.send_messages_in_threads if thread else may.send_messages)


def texts_of(interaction: Interaction) -> Texts:
    """The texts in the language of who pressed or typed, unless the server has set another."""
    services = interaction.client.services
    fixed = services.servers.get(server_of(interaction)).language
    return texts_for(interaction.locale if fixed == "auto" else fixed, services.commands)


def roles_of(interaction: Interaction) -> set[int]:
    """The ids of the user's roles; none in a direct message."""
    return role_ids(interaction.user, interaction.guild_id)


def role_ids(user: discord.abc.User, server: int | None) -> set[int]:
    """The ids of the roles that somebody has in a server; none of somebody whom Discord has not
    named as its member.

    They come with each message and interaction. `discord.Member.roles` has only those of which
    Discord has told what they are, which a moment after a start are none.
    """
    if not isinstance(user, discord.Member) or server is None:
        return set()
    return {*user._roles, server}  # everybody has the role with the server's id


def places_of(interaction: Interaction) -> set[int]:
    """The ids of the channel and, of a thread, of its parent."""
    channel = interaction.channel
    places = {interaction.channel_id, getattr(channel, "parent_id", None)}
    return {place for place in places if place is not None}
