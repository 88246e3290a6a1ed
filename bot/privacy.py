"""``/privacy``: what is stored about somebody; they can take it along or have it erased."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile

import discord

from bot.catalogue import Texts
from bot.lasting import LastingItem
from bot.sending import respond, show
from bot.servers import ServerSettings
from bot.services import Interaction, server_of, texts_of
from bot.views import Button, Container, Row, View, display, lasting

PLAIN_BYTES = 4_000_000
"""Discord takes files of 10 MB; words shrink to a fifth or less when they are packed."""


async def show_privacy(interaction: Interaction) -> None:
    """Show the user what is stored about them, with buttons to export and to erase it."""
    await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
    services, texts = interaction.client.services, texts_of(interaction)
    count = await services.records.count_member(services.members.hash(interaction.user.id))
    here = services.servers.get(server_of(interaction))
    text = texts(
        "privacy",
        days=here.days_kept,
        standard=ServerSettings().days_kept,
        questions=count.questions,
        ratings=count.ratings,
    )
    await show(interaction, _view(text, texts, "export", "erase"))


def _view(text: str, texts: Texts, *actions: str) -> View:
    container = Container(display(text))
    if not actions:
        return lasting(container)
    buttons = [Button(label=texts(action), custom_id=f"privacy:{action}") for action in actions]
    return lasting(container, Row(*buttons))


def _file(stored: dict[str, object]) -> discord.File:
    """All of it as JSON, packed if it is large."""
    content = json.dumps(stored, ensure_ascii=False, indent=2).encode()
    if len(content) <= PLAIN_BYTES:
        return discord.File(io.BytesIO(content), "beleg.json")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("beleg.json", content)
    packed.seek(0)
    return discord.File(packed, "beleg.zip")


class PrivacyButton(LastingItem, template=r"privacy:(?P<action>[a-z-]+)"):
    """Exports or erases what is stored about whoever presses it, and nobody else."""

    actions = frozenset(
        {"privacy:export", "privacy:erase", "privacy:erase-yes", "privacy:erase-no"}
    )

    async def used(self, interaction: Interaction) -> None:
        services = interaction.client.services
        texts = texts_of(interaction)
        member = services.members.hash(interaction.user.id)
        match self.id_values["action"]:
            case "export":
                await respond(
                    interaction, interaction.response.defer, ephemeral=True, thinking=True
                )
                stored = await services.records.export_member(member)
                file = await asyncio.to_thread(_file, stored)
                await interaction.followup.send(texts("export-ready"), file=file, ephemeral=True)
            case "erase":
                view = _view(texts("erase-ask"), texts, "erase-yes", "erase-no")
                await respond(interaction, interaction.response.edit_message, view=view)
            case "erase-yes":
                # Sweeping a large database takes longer than Discord waits for a response.
                await respond(interaction, interaction.response.defer)
                erased = await services.records.erase_member(member)
                text = texts("erased", questions=erased.questions, ratings=erased.ratings)
                await show(interaction, _view(text, texts))
            case _:
                await respond(
                    interaction, interaction.response.edit_message, view=_view(texts("kept"), texts)
                )
