"""Questions in messages: direct messages, mentions in a channel, and replies to an answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import discord

from bot import trace
from bot.answer_view import render_answer
from bot.answering import Asking, answers_in, examples_for, look_up, may_ask, unfit, without_ids
from bot.catalogue import LANGUAGES, Texts, texts_for
from bot.database import DatabaseError
from bot.escape import count_words
from bot.failures import log_failure
from bot.sending import SEND_ERRORS, Content, reply, tell_author, typing
from bot.services import Services, role_ids
from index.language import likeliest

log = logging.getLogger(__name__)

_ANSWER_ID = re.compile(r"answer:[a-z]+:(?P<record>[\w-]+)")
_ASKS = re.compile("[?？؟\u037e՞]")
FOLLOW_UP_WORDS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """The question in a message; ``follows`` is the id of the answer it replies to."""

    question: str
    follows: str | None = None


def asked_in(message: discord.Message, me: int) -> Asked | None:
    """The question that ``message`` puts to the bot with the id ``me``; None if it puts none.

    Every direct message is a question. In a server a mention in the text is one, and a reply to an
    answer that lets the bot know. A short reply that asks nothing, such as "thanks", is left alone;
    one without anything in it is a question whose text Discord keeps from the bot, as it does in
    replies to answers of commands, so its author is told how to ask. Bots, webhooks and system
    messages ask nothing.
    """
    if message.author.bot or message.webhook_id is not None:
        return None
    if message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return None
    question = without_ids(re.sub(rf"<@!?{me}>", " ", message.content)).strip()
    talk = count_words(question) < FOLLOW_UP_WORDS and not _ASKS.search(question)
    follows = None if talk else _answer_replied_to(message, me)
    # By the channel: of a server that is not in the cache, `message.guild` is None too.
    direct = isinstance(message.channel, discord.DMChannel)
    mentioned = me in message.raw_mentions
    told = any(user.id == me for user in message.mentions)
    if direct or mentioned or (told and (follows or _is_withheld(message))):
        return Asked(question, follows)
    return None


def _is_withheld(message: discord.Message) -> bool:
    """Whether this is a reply without the text that it must have."""
    said = message.content or message.attachments or message.stickers or message.embeds
    return message.type is discord.MessageType.reply and not said


def _answer_replied_to(message: discord.Message, me: int) -> str | None:
    reference = message.reference
    earlier = reference and reference.resolved
    if not isinstance(earlier, discord.Message) or earlier.author.id != me:
        return None
    return next(_answer_ids(earlier.components), None)


def _answer_ids(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        match = _ANSWER_ID.match(getattr(component, "custom_id", None) or "")
        if match:
            yield match["record"]
        yield from _answer_ids(getattr(component, "children", []))


async def answer_message(message: discord.Message, asked: Asked, services: Services) -> None:
    """Reply to ``message`` with what the library says.

    Where the bot may not answer, its author is told so in a direct message; where it may not
    write, the answer comes there. Whoever is told so again and again is told nothing any more for
    a while.
    """
    direct = isinstance(message.channel, discord.DMChannel)
    trace.begin(trace.Origin.DIRECT_MESSAGE if direct else trace.Origin.MESSAGE)
    with trace.question(services.metrics):
        await _answer_or_refuse(message, asked, services)


async def _question_before(asked: Asked, services: Services) -> str | None:
    """The question whose answer this one follows, if that is still stored and can be read."""
    if asked.follows is None:
        return None
    try:
        record = await services.records.get(asked.follows)
    except DatabaseError as error:
        # Most follow-ups can be answered by themselves.
        log_failure("reading the question that another follows", error)
        return None
    return record.question if record else None


async def _answer_or_refuse(message: discord.Message, asked: Asked, services: Services) -> None:
    server = _server_of(message)
    texts = texts_of_message(message, services)
    settings = services.servers.get(server)
    sentence = may_ask(settings, texts, role_ids(message.author, server)) or answers_in(
        settings, texts, _places(message)
    )
    if sentence:
        if services.limits.refuses(message.author.id):
            await _tell_privately(message, sentence)
        return
    asking = Asking(
        question=asked.question,
        user=message.author.id,
        server=server,
        before=await _question_before(asked, services),
    )
    refusal = texts("cannot-write", channel=f"<#{message.channel.id}>")
    if sentence := unfit(asking, services, texts):
        if services.limits.refuses(message.author.id):
            await _send(message, sentence, privately=f"{refusal}\n\n{sentence}")
        return
    with services.work.question():
        async with typing(message.channel, services.work):
            shown = await look_up(asking, services)
            examples = await examples_for(shown, services, texts)
        render = partial(
            render_answer,
            shown,
            texts,
            private=False,
            titles=services.library.titles,
            examples=examples,
        )
        with trace.timed(trace.Stage.SENDING):
            await _send(message, render(), privately=render(note=refusal))


async def _send(message: discord.Message, content: Content, *, privately: Content) -> None:
    """Reply with ``content``; send ``privately`` to the author where the bot may not write."""
    try:
        await reply(message, content)
    except discord.Forbidden as error:
        log.warning("may not write in %s: %s", _place(message), error)
        if not isinstance(message.channel, discord.DMChannel):
            await _tell_privately(message, privately)


def texts_of_message(message: discord.Message, services: Services) -> Texts:
    """The texts in the language of the server, or of the question itself in a direct message and
    before Discord has told of the server.

    A message does not say what language its author's Discord is in.
    """
    settings = services.servers.get(_server_of(message))
    if settings.language != "auto":
        return texts_for(settings.language, services.commands)
    if message.guild is None:
        return texts_for(likeliest(message.content, LANGUAGES), services.commands)
    return texts_for(message.guild.preferred_locale, services.commands)


def _server_of(message: discord.Message) -> int | None:
    """The server's id, also before Discord has told of the server itself; None in a direct
    message."""
    if message.guild is not None:
        return message.guild.id
    return getattr(message.channel, "guild_id", None)


def _places(message: discord.Message) -> set[int]:
    parent = getattr(message.channel, "parent_id", None)
    return {message.channel.id} | ({parent} if parent else set())


def _place(message: discord.Message) -> str:
    """Where an admin has to look; a direct message's channel would say who wrote it."""
    if isinstance(message.channel, discord.DMChannel):
        return "a direct message"
    return f"channel {message.channel.id}"


async def _tell_privately(message: discord.Message, content: Content) -> None:
    try:
        await tell_author(message, content)
    except SEND_ERRORS as error:
        # Many people take no direct messages; there is no other way to reach them.
        log.warning("somebody in %s could not be told: %s", _place(message), error)
