"""What a message says that somebody wants to look up: “Find evidence”."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import discord

from bot.answering import without_ids
from bot.escape import count_words

ENOUGH_WORDS = 3
"""A message with so many words says something itself; “Look:” and a link do not."""

_LINK = re.compile(r"https?://\S+")


def claim_in(message: discord.Message) -> str:
    """The text to look up for ``message``; empty if it has none. Attachments are not read.

    It is what the message itself says. Where that is little or nothing, it is what it forwards and
    what its embeds (previews of links, and what other bots send) say.
    """
    forwarded = [_said(one.content, one.embeds) for one in message.message_snapshots]
    return without_ids(_said(message.content, message.embeds, forwarded)).strip()


def _said(content: str, embeds: Iterable[discord.Embed], forwarded: Sequence[str] = ()) -> str:
    if count_words(_LINK.sub(" ", content)) >= ENOUGH_WORDS:
        return content
    return _joined([*forwarded, *map(_embed_text, embeds)]) or content


def _embed_text(embed: discord.Embed) -> str:
    fields = [part for field in embed.fields for part in (field.name, field.value)]
    return _joined([embed.title, embed.description, *fields])


def _joined(parts: Iterable[str | None]) -> str:
    return "\n".join(part for part in parts if part and part.strip())
