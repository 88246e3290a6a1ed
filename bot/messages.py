"""Questions in messages: direct messages, and mentions in a channel."""

from __future__ import annotations

import logging
import re

import discord

from bot.commands import refusal
from bot.render import render_answer
from bot.sending import reply
from bot.service import LibraryService
from bot.work import Work

log = logging.getLogger(__name__)


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
    # By the channel: of a server that is not in the cache, `message.guild` is None too.
    direct = isinstance(message.channel, discord.DMChannel)
    if not direct and me not in message.raw_mentions:
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
            await reply(message, sentence)
            return
        with work.piece():
            async with message.channel.typing():
                answer = await service.answer(question)
            await reply(message, render_answer(answer, titles=service.titles))
    except discord.Forbidden as error:
        log.warning("may not write in channel %d: %s", message.channel.id, error.text)
