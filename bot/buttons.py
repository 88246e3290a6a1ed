"""What the buttons under an answer do; they work after a restart and after a reindex."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

import discord

from bot.answer_view import context_sheets, custom_id, pages, render_answer, render_context
from bot.answering import Shown, answers_in, may_ask, remembered, too_much
from bot.catalogue import Texts
from bot.forms import form_values
from bot.lasting import LastingItem
from bot.records import Record
from bot.sending import SEND_ERRORS, respond, show, whisper
from bot.services import Interaction, Services, may_write, places_of, roles_of, server_of, texts_of
from bot.views import View

log = logging.getLogger(__name__)

REASON_LIMIT = 300

REASON_FORM = "answer:reason"
_REASON = re.compile(rf"{REASON_FORM}:(?P<record>[\w-]+)")


class AnswerButton(
    LastingItem, template=r"answer:(?P<action>[a-z]+):(?P<record>[\w-]+)(?P<numbers>(?::\d+)*)"
):
    """Any button under an answer."""

    actions = frozenset(
        f"answer:{action}"
        for action in ("show", "context", "share", "helpful", "unhelpful", "remove")
    )

    async def used(self, interaction: Interaction) -> None:
        action = self.id_values["action"]
        numbers = [int(number) for number in self.id_values["numbers"].split(":") if number]
        services = interaction.client.services
        texts = texts_of(interaction)
        identifier = self.id_values["record"]
        if action == "unhelpful":
            await respond(
                interaction, interaction.response.send_modal, _reason_modal(identifier, texts)
            )
        else:
            # Says nothing yet: afterwards the message can be edited, or a private one be sent.
            await respond(interaction, interaction.response.defer)
        record = await _record_here(interaction, identifier, services)
        if action == "remove":
            await _remove(interaction, record, services, texts)
            return
        if record is None:
            await whisper(interaction, texts("forgotten"))
            return
        match action, numbers:
            case "show", [page]:
                await _show(interaction, record, page, services, texts)
            case "context", [place, *page]:
                await _context(interaction, record, place, page, services, texts)
            case "share", [page]:
                await _share(interaction, record, page, services, texts)
            case "helpful", []:
                await _rate(interaction, record, services, texts, helpful=True)
            case "unhelpful", []:
                # At once: the form may be closed without being sent.
                await _store_rating(interaction, record, services, helpful=False, reason=None)
            case _:
                # From a version of Beleg that had another button.
                await whisper(interaction, texts("command-changed"))


async def reason_given(interaction: Interaction) -> bool:
    """Take the reason out of a submitted form; whether it was one of ours.

    The form is known by its custom id, so that one that was opened before a restart still works.
    """
    data: dict[str, Any] = dict(interaction.data or {})
    match = _REASON.fullmatch(str(data.get("custom_id")))
    if interaction.type is not discord.InteractionType.modal_submit or match is None:
        return False
    await respond(interaction, interaction.response.defer)
    services = interaction.client.services
    texts = texts_of(interaction)
    record = await _record_here(interaction, match["record"], services)
    if record is None:
        await whisper(interaction, texts("forgotten"))
        return True
    reason = form_values(data).get("reason", "").strip()[:REASON_LIMIT]
    await _rate(interaction, record, services, texts, helpful=False, reason=reason or None)
    return True


async def _record_here(
    interaction: Interaction, identifier: str, services: Services
) -> Record | None:
    """What is stored of an answer; None if that was erased, or if it is another server's.

    Where the bot may not write, what was asked in a server is answered in a direct message.
    """
    record = await services.records.get(identifier)
    if record is None or record.server in (None, interaction.guild_id):
        return record
    told_privately = interaction.guild_id is None and _asked_it(interaction, record, services)
    return record if told_privately else None


def _asked_it(interaction: Interaction, record: Record, services: Services) -> bool:
    return services.members.hash(interaction.user.id) == record.asker


def _is_private(interaction: Interaction) -> bool:
    assert interaction.message is not None  # buttons hang on messages
    return bool(interaction.message.flags.ephemeral)


async def _present(
    interaction: Interaction, record: Record, services: Services, view: View
) -> None:
    """Turn the message over for whoever asked, and give anybody else a private copy."""
    if _is_private(interaction) or _asked_it(interaction, record, services):
        await show(interaction, view)
    else:
        await whisper(interaction, view)


def _shown(record: Record, services: Services) -> Shown:
    return remembered(record, services.library.library)


async def _show(
    interaction: Interaction, record: Record, page: int, services: Services, texts: Texts
) -> None:
    own = _asked_it(interaction, record, services)
    view = render_answer(
        _shown(record, services),
        texts,
        page=page,
        private=_is_private(interaction) or not own,
        own=own and may_write(interaction) and not record.shared,
    )
    await _present(interaction, record, services, view)


async def _context(
    interaction: Interaction,
    record: Record,
    place: int,
    page: list[int],
    services: Services,
    texts: Texts,
) -> None:
    shown = _shown(record, services)
    citation = shown.citations[place] if place < len(shown.citations) else None
    around = (
        None
        if citation is None
        else services.library.library.context(citation.article, citation.passage)
    )
    if citation is None or around is None:
        await whisper(interaction, texts("changed"))
        return
    sheets = await asyncio.to_thread(context_sheets, citation, around)
    view = render_context(
        record,
        place,
        citation,
        sheets,
        texts,
        page=page[0] if page else None,
        private=_is_private(interaction) or not _asked_it(interaction, record, services),
    )
    await _present(interaction, record, services, view)


async def _share(
    interaction: Interaction, record: Record, page: int, services: Services, texts: Texts
) -> None:
    if not _asked_it(interaction, record, services):
        await whisper(interaction, texts("may-not-share"))
        return
    shown = _shown(record, services)
    # Without the button, so that it is shared once.
    privately = partial(render_answer, shown, texts, page=page, private=True, own=False)
    if record.shared:
        await show(interaction, privately(note=texts("shared-already")))
        return
    settings = services.servers.get(server_of(interaction))
    refusal = may_ask(settings, texts, roles_of(interaction)) or answers_in(
        settings, texts, places_of(interaction)
    )
    if refusal is None and not may_write(interaction):
        refusal = texts("cannot-share", channel=f"<#{interaction.channel_id}>")
    if refusal:
        await whisper(interaction, refusal)
        return
    every = pages(record)
    if not any(shown.citations[place] for place in every[min(page, len(every) - 1)]):
        await whisper(interaction, texts("changed"))
        return
    if sentence := too_much(interaction.user.id, services, texts):
        await whisper(interaction, sentence)
        return
    # Noted before it is sent: it may be pressed twice at once, or on a page that was being turned.
    if not await services.records.set_shared(record.id, shared=True):
        await show(interaction, privately(note=texts("shared-already")))
        return
    try:
        await interaction.followup.send(view=render_answer(shown, texts, page=page, private=False))
    except SEND_ERRORS:
        await services.records.set_shared(record.id, shared=False)
        raise
    await show(interaction, privately(note=texts("shared")))


async def _remove(
    interaction: Interaction, record: Record | None, services: Services, texts: Texts
) -> None:
    """Delete the message; its asker can do that also when the record has been erased."""
    if not await _may_remove(interaction, record, services):
        await whisper(interaction, texts("may-not-remove"))
        return
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        log.info("an answer was removed twice")


async def _may_remove(interaction: Interaction, record: Record | None, services: Services) -> bool:
    if interaction.context.dm_channel or interaction.permissions.manage_messages:
        return True
    if record is not None:
        return _asked_it(interaction, record, services)
    assert interaction.message is not None  # buttons hang on messages
    command = interaction.message.interaction_metadata
    asker = await _replied_to(interaction.message) if command is None else command.user
    return asker is not None and asker.id == interaction.user.id


async def _replied_to(message: discord.Message) -> discord.abc.User | None:
    """Who wrote the message that ``message`` replies to; None if that cannot be found out."""
    reference = message.reference
    if reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved.author
    if reference.resolved is not None:
        return None  # it has been deleted
    try:
        return (await message.channel.fetch_message(reference.message_id)).author
    except SEND_ERRORS as error:
        log.warning("the message that an answer replies to could not be read: %s", error)
        return None


async def _rate(
    interaction: Interaction,
    record: Record,
    services: Services,
    texts: Texts,
    *,
    helpful: bool,
    reason: str | None = None,
) -> None:
    if not await _store_rating(interaction, record, services, helpful=helpful, reason=reason):
        await whisper(interaction, texts("forgotten"))
        return
    await whisper(interaction, texts("thanks" if reason is None else "thanks-reason"))


async def _store_rating(
    interaction: Interaction,
    record: Record,
    services: Services,
    *,
    helpful: bool,
    reason: str | None,
) -> bool:
    member = services.members.hash(interaction.user.id)
    return await services.records.rate(
        record.id, member, helpful=helpful, reason=reason, now=datetime.now(UTC)
    )


def _reason_modal(record: str, texts: Texts) -> discord.ui.Modal:
    modal = discord.ui.Modal(
        title=texts("reason-title"), custom_id=custom_id("reason", record), timeout=None
    )
    field: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="reason",
        style=discord.TextStyle.paragraph,
        placeholder=texts("reason-placeholder"),
        required=False,
        max_length=REASON_LIMIT,
    )
    modal.add_item(discord.ui.Label(text=texts("reason-label"), component=field))
    # What is typed comes back by the custom id; discord.py need not keep the form in memory.
    modal.stop()
    return modal
