"""Who may use the admin commands; asked again whenever one runs or a button of one is pressed."""

from __future__ import annotations

from typing import cast

import discord
from discord import app_commands

from bot.catalogue import Texts
from bot.failures import guarded
from bot.sending import whisper
from bot.services import Interaction, server_of, texts_of


class AdminGroup(app_commands.Group):
    """``/admin``: each of its commands first checks who uses it.

    Discord hides the commands from those without the permission, but a server's owner can hand
    them to anyone, so it is checked again here.
    """

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        # Outside the commands' own error handling: what fails here would reach nobody.
        asked = cast(Interaction, interaction)
        async with guarded(asked, "check of rights"):
            return await may_administer(asked)
        return False


async def may_administer(interaction: Interaction) -> bool:
    """Whether this user may look after the server; if not, they have been told why."""
    texts = texts_of(interaction)
    work = interaction.client.services.work
    sentence = texts("stopping") if work.stopping else refusal(interaction, texts)
    if sentence is None:
        return True
    await whisper(interaction, sentence)
    return False


async def server_administered(interaction: Interaction) -> int | None:
    """The id of the server that this is about; None in a direct message, where the user has been
    told to use it in a server."""
    if interaction.guild_id is None:
        await whisper(interaction, texts_of(interaction)("server-only"))
    return interaction.guild_id


def refusal(interaction: Interaction, texts: Texts) -> str | None:
    """Why this user may not look after the library, in a sentence; None if they may."""
    if interaction.guild_id is not None:
        if server_of(interaction) is None:
            # Discord offers no command of ours there, so this was made up, or its rules changed.
            return texts("not-added")
        return None if interaction.permissions.manage_guild else texts("may-not-manage")
    return (
        None
        if interaction.user.id in operators(interaction.client.application)
        else texts("not-the-owner")
    )


def operators(application: discord.AppInfo | None) -> set[int]:
    """The ids of those who run the bot."""
    if application is None:
        return set()
    team = application.team
    if team is None:
        return {application.owner.id}
    roles = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
    accepted = discord.TeamMembershipState.accepted
    members = {
        member.id
        for member in team.members
        if member.membership_state is accepted and member.role in roles
    }
    return members | ({team.owner_id} if team.owner_id else set())
