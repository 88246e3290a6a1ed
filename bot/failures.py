"""When something breaks: the log gets everything under a short id, and the user gets that id."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands

from bot import trace
from bot.catalogue import Texts
from bot.sending import SEND_ERRORS, reply, responded, show, whisper
from bot.service import PreparingError
from bot.services import Interaction, ServingClient, texts_of

log = logging.getLogger(__name__)

_NOBODY_LISTENS = {
    10003: "was in a channel that is gone",
    10008: "was about a message that somebody has deleted",
    10062: "was not acknowledged within 3 s",
    10015: "was not acknowledged within 3 s",
    50027: "took longer than the 15 minutes for a response",
}
"""Discord's codes for interactions that it has given up, whose user has been told so by Discord
itself, or whose message is gone: there is nobody left to tell."""


class BelegTree(app_commands.CommandTree[ServingClient]):
    """A command tree that takes each command once, and whose errors end in one friendly
    sentence."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether it is the first time that Discord delivers this; what is logged from here on
        carries an id."""
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        # Refusals and what is said of failures are answers in hand too.
        interaction.client.services.work.until_done()
        data: dict[str, Any] = dict(interaction.data or {})
        slash = data.get("type", 1) == discord.AppCommandType.chat_input.value
        trace.begin(trace.Origin.SLASH if slash else trace.Origin.MENU)
        return interaction.client.services.repeats.first(interaction.id)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("a command was used in a form that this version does not know")
            await _tell(interaction, texts_of(interaction)("command-changed"))
            return
        if isinstance(error, app_commands.CheckFailure):
            return  # the check has told the user why
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        name = interaction.command.qualified_name if interaction.command else "unknown"
        await _failed(interaction, f"command {name!r}", cause)


@asynccontextmanager
async def guarded(interaction: Interaction, what: str) -> AsyncIterator[None]:
    """Something to be finished before the bot stops; whatever fails is logged under an id and told
    to the user."""
    if interaction.type is discord.InteractionType.component:
        trace.begin(trace.Origin.BUTTON)
    elif interaction.type is discord.InteractionType.modal_submit:
        trace.begin(trace.Origin.FORM)
    with interaction.client.services.work.piece():
        try:
            yield
        except Exception as error:  # noqa: BLE001 - logged with its traceback, and told
            await _failed(interaction, what, error)


async def _failed(interaction: Interaction, what: str, error: BaseException) -> None:
    if interaction.client.services.work.abandoned:
        broken_off(what)
        return
    texts = texts_of(interaction)
    if _given_up(f"the {what}", error):
        return
    if isinstance(error, PreparingError):
        await _tell(interaction, texts("preparing"))
        return
    await _tell(interaction, texts("failed", identifier=log_failure(what, error)))


def nobody_listens(error: BaseException) -> bool:
    """Whether Discord says that there is nobody left to tell what was to be told."""
    return isinstance(error, discord.HTTPException) and error.code in _NOBODY_LISTENS


def _given_up(what: str, error: BaseException) -> bool:
    """Whether nobody is left to tell, which is then logged."""
    if not (isinstance(error, discord.HTTPException) and nobody_listens(error)):
        return False
    log.warning("%s %s", what, _NOBODY_LISTENS[error.code])
    return True


async def message_failed(message: discord.Message, error: BaseException, texts: Texts) -> None:
    """Log why ``message`` was not answered, and tell its author, if there is where."""
    what = "a question in a message"
    if _given_up(what, error):
        return
    identifier = log_failure(what, error)
    try:
        await reply(message, texts("failed", identifier=identifier))
    except SEND_ERRORS as failure:
        log.warning("[%s] could not be told to the user: %s", identifier, failure)


def broken_off(what: str) -> None:
    """Log that the bot's stop ended something; there is no connection to tell anybody."""
    log.warning("the %s was broken off, since the bot stops", what)


def event_failed(event: str, error: BaseException) -> None:
    """Log an error that concerns no user."""
    log_failure(f"event {event!r}", error)


def log_failure(where: str, error: BaseException) -> str:
    """Log ``error`` with its traceback; the id that its line begins with, which is that of what
    was asked or pressed."""
    identifier = trace.identifier()
    log.error("[%s] %s failed", identifier, where, exc_info=error)
    return identifier


async def _tell(interaction: Interaction, sentence: str) -> None:
    try:
        command = interaction.type is discord.InteractionType.application_command
        if responded(interaction) and command:
            await show(interaction, sentence)
        else:
            # The original response of a button is the answer it hangs on: leave that alone.
            await whisper(interaction, sentence)
    except SEND_ERRORS as failure:
        log.warning("a failure could not be told to the user: %s", failure)
