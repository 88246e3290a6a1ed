"""``/privacy``: what is stored about somebody; they can take it along or have it erased."""

from __future__ import annotations

import io
import json

import discord

from bot.catalogue import Texts
from bot.lasting import LastingItem
from bot.services import Interaction, Services, server_of, texts_of

View = discord.ui.LayoutView


async def render_privacy(interaction: Interaction, services: Services, texts: Texts) -> View:
    """What is stored about the user, with buttons to export and to erase it."""
    member = services.members.hash(interaction.user.id)
    stored = await services.records.export_member(member)
    settings = await services.servers.get(server_of(interaction))
    text = texts(
        "privacy",
        days=settings.days_kept,
        questions=_count(stored, "questions"),
        ratings=_count(stored, "ratings"),
    )
    return _view(text, texts, "export", "erase")


def _count(stored: dict[str, object], name: str) -> int:
    found = stored[name]
    assert isinstance(found, list)
    return len(found)


def _view(text: str, texts: Texts, *actions: str) -> View:
    view = View(timeout=None)
    view.add_item(discord.ui.Container(discord.ui.TextDisplay(text)))
    if actions:
        row = discord.ui.ActionRow[View]()
        for action in actions:
            row.add_item(discord.ui.Button(label=texts(action), custom_id=f"privacy:{action}"))
        view.add_item(row)
    view.stop()
    return view


class PrivacyButton(LastingItem, template=r"privacy:(?P<action>[a-z-]+)"):
    """Exports or erases what is stored about whoever presses it, and nobody else."""

    async def used(self, interaction: Interaction) -> None:
        services = interaction.client.services
        texts = await texts_of(interaction)
        member = services.members.hash(interaction.user.id)
        match self.id_values["action"]:
            case "export":
                stored = await services.records.export_member(member)
                content = json.dumps(stored, ensure_ascii=False, indent=2).encode()
                file = discord.File(io.BytesIO(content), "beleg.json")
                await interaction.response.send_message(
                    texts("export-ready"), file=file, ephemeral=True
                )
            case "erase":
                view = _view(texts("erase-ask"), texts, "erase-yes", "erase-no")
                await interaction.response.edit_message(view=view)
            case "erase-yes":
                # Sweeping a large database takes longer than Discord waits for a response.
                await interaction.response.defer()
                erased = await services.records.erase_member(member)
                text = texts("erased", questions=erased.questions, ratings=erased.ratings)
                await interaction.edit_original_response(view=_view(text, texts))
            case _:
                await interaction.response.edit_message(view=_view(texts("kept"), texts))
