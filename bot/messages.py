"""Questions in messages: direct messages, and mentions in a channel."""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import Any

import discord

from bot.commands import refusal
from bot.render import render_answer
from bot.service import LibraryService
from bot.work import Work

log = logging.getLogger(__name__)

_NO_HISTORY = 160002
"""Discord's code for "cannot reply without permission to read message history"."""


def question_in(message: discord.Message, me: int) -> str | None:
    """The question that ``message`` puts to the bot with the id ``me``; None if it puts none.

    Every direct message is a question. In a server only a mention in the text itself counts, not
    the ping of a reply, so that a "thanks" to an answer is not looked up. Bots, webhooks and
    system messages ask nothing.
    """
    if message.author.bot or message.webhook_id is not None:
        return None
    if message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return None
    if message.guild is not None and me not in message.raw_mentions:
        return None
    return re.sub(rf"<@!?{me}>", " ", message.content).strip()


async def answer_message(
    message: discord.Message, question: str, *, service: LibraryService, work: Work
) -> None:
    """Reply to ``message`` with what the library says to ``question``.

    Where the bot may not write, it stays silent and the log says so.
    """
    try:
        if sentence := refusal(question, work):
            await _reply(message, sentence)
            return
        with work.piece():
            async with message.channel.typing():
                answer = await service.answer(question)
            await _reply(message, render_answer(answer, titles=service.titles))
    except discord.Forbidden as error:
        log.warning("may not write in channel %d: %s", message.channel.id, error.text)


async def _reply(message: discord.Message, content: str | discord.ui.LayoutView) -> None:
    what: dict[str, Any] = {"content" if isinstance(content, str) else "view": content}
    # The nonce makes a send that is tried again after a server error appear once only.
    send = partial(message.channel.send, nonce=message.id, mention_author=False, **what)
    try:
        await send(reference=message.to_reference(fail_if_not_exists=False))
    except discord.HTTPException as error:
        if error.code != _NO_HISTORY:
            raise
        await send()
