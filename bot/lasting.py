"""Buttons and menus that work after a restart: what they need to know stands in their custom id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import discord

from bot.failures import guarded
from bot.sending import whisper
from bot.services import Interaction, texts_of


def begun_by(names: Iterable[str], custom_id: str) -> str | None:
    """The name that ``custom_id`` is, or begins with before a colon; None if there is none."""
    return next(
        (name for name in names if custom_id == name or custom_id.startswith(f"{name}:")), None
    )


class LastingItem(discord.ui.DynamicItem[discord.ui.Item[discord.ui.LayoutView]], template="(?!)"):
    """A button or menu that is known by its custom id; ``id_values`` are the named parts of it.

    Subclasses give the ``template``, say in `actions` what there is, and in `used` what happens.
    """

    actions: ClassVar[frozenset[str]] = frozenset()
    """The beginnings of the custom ids, one for each thing that can be done; whatever else fits the
    template is of another version, and done nothing with. The table of rights in docs/rights.md has
    a row for each."""

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
            if begun_by(self.actions, str(interaction.custom_id)) is None:
                await whisper(interaction, texts_of(interaction)("command-changed"))
                return
            await self.used(interaction)

    async def used(self, interaction: Interaction) -> None:
        """Somebody has pressed the button, or chosen in the menu.

        Discord waits three seconds for a first response: acknowledge before anything that reads
        the disk.
        """
        raise NotImplementedError
