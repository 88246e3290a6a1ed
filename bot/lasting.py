"""Buttons and menus that work after a restart: what they need to know stands in their custom id."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot.failures import guarded
from bot.sending import whisper
from bot.services import Interaction, texts_of


class LastingItem(discord.ui.DynamicItem[discord.ui.Item[discord.ui.LayoutView]], template="(?!)"):
    """A button or menu that is known by its custom id; ``id_values`` are the named parts of it.

    Subclasses give the ``template`` and say what happens in `used`.
    """

    def __init__(
        self, item: discord.ui.Item[discord.ui.LayoutView], id_values: dict[str, str]
    ) -> None:
        super().__init__(item)
        self.id_values = id_values

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - asked for by discord.py
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        return cls(item, match.groupdict())

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if not interaction.client.services.repeats.first(interaction.id):
            return
        async with guarded(interaction, f"{type(self).__name__} {self.custom_id!r}"):
            if interaction.client.services.work.stopping:
                await whisper(interaction, texts_of(interaction)("stopping"))
                return
            await self.used(interaction)

    async def used(self, interaction: Interaction) -> None:
        """Somebody has pressed the button, or chosen in the menu.

        Discord waits three seconds for a first response: acknowledge before anything that reads
        the disk.
        """
        raise NotImplementedError
