"""Replies to messages and to whoever pressed or typed, and what sending can raise."""

from __future__ import annotations

from functools import partial
from typing import Any

import aiohttp
import discord

SEND_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""Discord refuses, or it cannot be reached: discord.py passes broken connections on as they are."""

Content = str | discord.ui.LayoutView
"""What a message shows: plain text or components."""

_NO_HISTORY = 160002
"""Discord's code for "cannot reply without permission to read message history"."""


async def reply(message: discord.Message, content: Content) -> None:
    """Reply to ``message``, without a reference where the bot may not read the history.

    Raises one of SEND_ERRORS.
    """
    what: dict[str, Any] = {"content" if isinstance(content, str) else "view": content}
    # The nonce makes a send that is tried again after a server error appear once only.
    send = partial(message.channel.send, nonce=message.id, mention_author=False, **what)
    try:
        await send(reference=message.to_reference(fail_if_not_exists=False))
    except discord.HTTPException as error:
        if error.code != _NO_HISTORY:
            raise
        await send()


async def whisper(interaction: discord.Interaction[Any], content: Content) -> None:
    """Show ``content`` to nobody but who used the command or button.

    Raises one of SEND_ERRORS.
    """
    what: dict[str, Any] = {"content" if isinstance(content, str) else "view": content}
    if interaction.response.is_done():
        await interaction.followup.send(ephemeral=True, **what)
    else:
        await interaction.response.send_message(ephemeral=True, **what)
