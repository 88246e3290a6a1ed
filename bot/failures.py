"""When something breaks: the log gets everything under a short id, and the user gets that id."""

from __future__ import annotations

import logging
import secrets

import aiohttp
import discord
from discord import app_commands

from bot import wording
from bot.sending import SEND_ERRORS, reply

log = logging.getLogger(__name__)

_DISCORD_ERRORS = (discord.DiscordException, aiohttp.ClientError)
_UNKNOWN_INTERACTION = 10062


class BelegTree(app_commands.CommandTree[discord.Client]):
    """A command tree whose errors end in one friendly sentence."""

    async def on_error(
        self, interaction: discord.Interaction[discord.Client], error: app_commands.AppCommandError
    ) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("a command was used in a form that this version does not know")
            await _tell(interaction, wording.COMMAND_CHANGED)
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        name = interaction.command.qualified_name if interaction.command else "unknown"
        if isinstance(cause, discord.NotFound) and cause.code == _UNKNOWN_INTERACTION:
            # Discord gave up waiting for the first response; there is nobody left to tell.
            log.warning("the command %r was not acknowledged within 3 s", name)
            return
        sentence = wording.failed(_log_failure(f"command {name!r}", cause))
        # What fails in sending fails before the reindex or after it, not within it.
        if name == "admin reindex" and not isinstance(cause, _DISCORD_ERRORS):
            sentence = wording.reindex_failed(sentence)
        await _tell(interaction, sentence)


async def message_failed(message: discord.Message, error: BaseException) -> None:
    """Log why ``message`` was not answered, and tell its author."""
    identifier = _log_failure("a question in a message", error)
    try:
        await reply(message, wording.failed(identifier))
    except SEND_ERRORS as failure:
        log.warning("[%s] could not be told to the user: %s", identifier, failure)


def event_failed(event: str, error: BaseException) -> None:
    """Log an error that concerns no user."""
    _log_failure(f"event {event!r}", error)


def _log_failure(where: str, error: BaseException) -> str:
    identifier = secrets.token_hex(4)
    log.error("[%s] %s failed", identifier, where, exc_info=error)
    return identifier


async def _tell(interaction: discord.Interaction[discord.Client], sentence: str) -> None:
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=sentence)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except SEND_ERRORS as failure:
        log.warning("a failed command could not be told to the user: %s", failure)
