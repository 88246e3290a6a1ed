"""The slash commands: ``/ask`` and ``/admin reindex``."""

import logging

import discord
from discord import app_commands

from bot import wording
from bot.render import (
    render_answer,
    render_content_error,
    render_report,
    render_storage_error,
)
from bot.sending import SEND_ERRORS
from bot.service import LibraryService, Progress, ReindexStoppedError
from bot.work import Work
from index.content import ContentError
from index.storage import StorageError

log = logging.getLogger(__name__)

Interaction = discord.Interaction[discord.Client]


def add_commands(
    tree: app_commands.CommandTree[discord.Client], *, service: LibraryService, work: Work
) -> None:
    """Put all commands into ``tree``."""

    @tree.command(name="ask", description=wording.ASK_DESCRIPTION)
    @app_commands.describe(question=wording.ASK_QUESTION_DESCRIPTION)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ask(interaction: Interaction, question: str) -> None:
        if sentence := refusal(question, work):
            await interaction.response.send_message(sentence, ephemeral=True)
            return
        with work.piece():
            await interaction.response.defer(thinking=True)
            answer = await service.answer(question.strip())
            await interaction.edit_original_response(
                view=render_answer(answer, titles=service.titles)
            )

    admin = app_commands.Group(
        name="admin",
        description=wording.ADMIN_DESCRIPTION,
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
    )

    @admin.command(name="reindex", description=wording.REINDEX_DESCRIPTION)
    async def reindex(interaction: Interaction) -> None:
        sentence = wording.STOPPING if work.stopping else admin_refusal(interaction)
        if sentence:
            await interaction.response.send_message(sentence, ephemeral=True)
            return
        with work.piece():
            await interaction.response.defer(ephemeral=True, thinking=True)
            result = await _reindex(interaction, service)
            await interaction.edit_original_response(content=result)

    tree.add_command(admin)


def refusal(question: str, work: Work) -> str | None:
    """Why ``question`` is not looked up, in a sentence for its asker; None if it is."""
    if work.stopping:
        return wording.STOPPING
    question = question.strip()
    if not question:
        return wording.HELP
    if len(question) > wording.QUESTION_LIMIT:
        return wording.too_long(len(question))
    return None


def admin_refusal(interaction: Interaction) -> str | None:
    """Why this user may not look after the library, in a sentence; None if they may.

    Discord hides the commands from those without the permission, but a server's owner can hand
    them to anyone, so it is checked again here.
    """
    if interaction.guild_id is not None:
        return None if interaction.permissions.manage_guild else wording.MAY_NOT_MANAGE
    return None if _owns_application(interaction) else wording.NOT_THE_OWNER


def _owns_application(interaction: Interaction) -> bool:
    application = interaction.client.application
    if application is None:
        return False
    if application.team is None:
        return interaction.user.id == application.owner.id
    return any(
        member.id == interaction.user.id
        and member.membership_state is discord.TeamMembershipState.accepted
        and member.role in (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
        for member in application.team.members
    ) or (interaction.user.id == application.team.owner_id)


async def _reindex(interaction: Interaction, service: LibraryService) -> str:
    async def show(progress: Progress) -> None:
        try:
            await interaction.edit_original_response(
                content=wording.progress(progress.done, progress.total)
            )
        except SEND_ERRORS as error:
            # The reindex goes on: a missing progress line is no reason to break it off.
            log.warning("the progress of a reindex could not be shown: %s", error)

    try:
        return render_report(await service.reindex(show))
    except ContentError as error:
        log.warning("the reindex failed: %s", error)
        return render_content_error(error)
    except StorageError:
        log.exception("the reindex could not be saved")
        return render_storage_error()
    except ReindexStoppedError:
        return wording.REINDEX_STOPPED
