"""Replies to messages and to whoever pressed or typed, and what sending can raise.

Discord has bad hours: it answers with 5xx, tells to wait, breaks connections, or carries out what
was asked and loses the answer to it. discord.py tries five times, within half a minute. What a
question came to is tried for some minutes more, and in such a way that it appears once.

No request is ever cancelled: discord.py would hold all others back for ever if that happened while
it waits out a limit on all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import aiohttp
import discord

from bot.work import Work

log = logging.getLogger(__name__)

T = TypeVar("T")

SEND_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""Discord refuses, or it cannot be reached: discord.py passes broken connections on as they are."""

PAUSES = (5.0, 10.0, 20.0, 40.0, 80.0)
"""Seconds between the tries of what a question came to. With discord.py's own they span about five
minutes of 5xx, and two and a half of broken connections. Discord knows a nonce for as long."""

FIRST_PAUSES = (0.3, 0.7, 5.0, 20.0, 60.0)
"""The same for the first response to an interaction. Discord takes it for three seconds; what comes
later finds out whether an earlier try has got through."""

TYPING_SECONDS = 5.0
"""How often it is said again that the bot types: Discord shows it for ten seconds."""

Content = str | discord.ui.LayoutView
"""What a message shows: plain text or components."""

_NO_HISTORY = 160002
"""Discord's code for "cannot reply without permission to read message history"."""

_ALREADY_RESPONDED = 40060
"""Discord's code for "interaction has already been acknowledged"."""

_RESPONDED = "responded"


async def insist(send: Callable[[], Awaitable[T]], pauses: Sequence[float] | None = None) -> T:
    """The result of ``send``, which is called again, after ``pauses`` (PAUSES) in seconds, while
    Discord is unwell.

    What ``send`` does must come to the same if it is done twice. Raises one of SEND_ERRORS: at once
    where Discord refuses, and otherwise after the last try.
    """
    for pause in PAUSES if pauses is None else pauses:
        try:
            return await send()
        except SEND_ERRORS as error:
            if not _passes(error):
                raise
            log.warning("Discord is unwell (%s), trying again in %.1f s", _short(error), pause)
        await asyncio.sleep(pause)
    return await send()


def _passes(error: Exception) -> bool:
    """Whether it may go better in a while."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500 or error.status == 429
    return True


def _short(error: Exception) -> str:
    if isinstance(error, discord.HTTPException):
        return f"HTTP status {error.status}"
    return type(error).__name__


def _what(content: Content) -> dict[str, Any]:
    return {"content" if isinstance(content, str) else "view": content}


async def reply(message: discord.Message, content: Content) -> None:
    """Reply to ``message``, without a reference where the bot may not read the history.

    Raises one of SEND_ERRORS.
    """
    what = _what(content)
    # The nonce makes a send that is tried again after a server error appear once only.
    send = partial(message.channel.send, nonce=message.id, mention_author=False, **what)
    reference = message.to_reference(fail_if_not_exists=False)
    try:
        await insist(partial(send, reference=reference))
    except discord.HTTPException as error:
        if error.code != _NO_HISTORY:
            raise
        await insist(send)


async def tell_author(message: discord.Message, content: Content) -> None:
    """Send ``content`` to the author of ``message`` in a direct message.

    Raises one of SEND_ERRORS.
    """
    what = _what(content)
    await insist(partial(message.author.send, nonce=message.id, **what))


async def respond(
    interaction: discord.Interaction[Any],
    send: Callable[..., Awaitable[Any]],
    *args: Any,  # noqa: ANN401 - discord.py overloads these methods, which ParamSpec cannot follow
    **kwargs: Any,  # noqa: ANN401
) -> None:
    """Give the first response to an interaction: ``send`` is a method of its ``response``, which
    gets the other arguments.

    If Discord says that it has been given, the answer to an earlier try was lost, or another
    process of the bot gave it: either way things go on from there.
    Raises one of SEND_ERRORS.
    """
    try:
        await insist(partial(send, *args, **kwargs), FIRST_PAUSES)
    except discord.HTTPException as error:
        if error.code != _ALREADY_RESPONDED:
            raise
        log.warning("an interaction had its first response already")
        interaction.extras[_RESPONDED] = True


def responded(interaction: discord.Interaction[Any]) -> bool:
    """Whether the first response has been given."""
    return interaction.response.is_done() or _RESPONDED in interaction.extras


async def show(interaction: discord.Interaction[Any], content: Content) -> None:
    """Turn the response to ``interaction`` into ``content``.

    Raises one of SEND_ERRORS.
    """
    what = _what(content)
    await insist(partial(interaction.edit_original_response, **what))


async def whisper(interaction: discord.Interaction[Any], content: Content) -> None:
    """Show ``content`` to nobody but who used the command or button.

    Raises one of SEND_ERRORS.
    """
    what = _what(content)
    if responded(interaction):
        await interaction.followup.send(ephemeral=True, **what)
    else:
        await respond(interaction, interaction.response.send_message, ephemeral=True, **what)


@asynccontextmanager
async def typing(channel: discord.abc.Messageable, work: Work) -> AsyncIterator[None]:
    """Show in ``channel`` that the bot types, if Discord takes it; nothing waits for that."""
    over = asyncio.Event()

    async def say() -> None:
        # What is wrong with the channel shows when the answer is sent.
        with suppress(*SEND_ERRORS):
            while not over.is_set():
                await channel.typing()
                with suppress(TimeoutError):
                    async with asyncio.timeout(TYPING_SECONDS):
                        await over.wait()

    work.beside(say())
    try:
        yield
    finally:
        over.set()
