"""``/admin add``, ``remove`` and ``restore``: which articles are in the library.

All servers share the library, so these are only for servers that whoever runs the bot has allowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.admin.reindex import reindexed, report
from bot.admin.rights import AdminGroup, may_administer, operators, refusal
from bot.catalogue import Texts
from bot.catalogue import text_of_command as text
from bot.commands import MOST_CHOICES, article_choices, choice_name
from bot.failures import log_failure
from bot.forms import form_values
from bot.lasting import LastingItem
from bot.render import TITLE_WIDTH, left_out
from bot.sending import respond, show, whisper
from bot.services import Interaction, Services, server_of, texts_of
from bot.shorten import quote, shorten
from bot.views import Button, Container, Row, View, display, lasting
from index.content import ContentError, Note
from index.shelf import MAX_BYTES, Draft, Removed, ShelfError

T = TypeVar("T")

MOST_NOTES = 8
MOST_PARAGRAPHS = 5
PARAGRAPH_WIDTH = 250
SENTENCE_WIDTH = 500
FORM = "articles:paste"
FIELDS = {"title": 200, "author": 200, "url": 500, "text": 4000}
"""The fields of the form and how many characters they take; Discord's most is 4,000."""
LABELS = {
    "title": "add-form-title-field",
    "author": "add-form-author",
    "url": "add-form-url",
    "text": "add-form-text",
}


def add_articles(group: AdminGroup, services: Services) -> None:
    """Put the commands into ``group``."""
    shelf = services.shelf

    @group.command(name=text("add-name"), description=text("add-description"))
    @app_commands.rename(file=text("add-file"))
    @app_commands.describe(file=text("add-file-description"))
    async def add(interaction: Interaction, file: discord.Attachment | None = None) -> None:
        texts = texts_of(interaction)
        if not await may_edit(interaction, texts):
            return
        if file is None:
            await respond(interaction, interaction.response.send_modal, _form(texts))
            return
        if file.size > MAX_BYTES:
            # Before it is read: Discord takes files of hundreds of megabytes.
            sentence = texts("add-too-large", megabytes=MAX_BYTES // 1_000_000)
            await whisper(interaction, sentence)
            return
        await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
        name, content = file.filename, await file.read()
        await _preview(interaction, services, texts, lambda: shelf.draft(name, content))

    @group.command(name=text("remove-name"), description=text("remove-description"))
    @app_commands.rename(article=text("remove-article"))
    @app_commands.describe(article=text("remove-article-description"))
    async def remove(interaction: Interaction, article: str) -> None:
        texts = texts_of(interaction)
        if not await may_edit(interaction, texts):
            return
        library = services.library.library
        source = next((one for one in library.articles if one.id == article), None)
        if source is None:
            await whisper(interaction, texts("unknown-article"))
            return
        question = texts("remove-ask", title=shorten(source.title, TITLE_WIDTH) or source.id)
        view = _view(question, texts, ("remove-yes", f"articles:remove:{source.id}"))
        await whisper(interaction, view)

    @remove.autocomplete("article")
    async def present(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return article_choices(services, typed)

    @group.command(name=text("restore-name"), description=text("restore-description"))
    @app_commands.rename(article=text("restore-article"))
    @app_commands.describe(article=text("restore-article-description"))
    async def restore(interaction: Interaction, article: str) -> None:
        texts = texts_of(interaction)
        if not await may_edit(interaction, texts):
            return
        await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
        await _change(interaction, services, texts, lambda: shelf.restore(article), "restored")

    @restore.autocomplete("article")
    async def removed(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        # What was removed is nobody else's business. The group's check does not run while somebody
        # types, so this asks for itself.
        texts = texts_of(interaction)
        if refusal(interaction, texts) is not None or not edits_here(interaction):
            return []
        try:
            found = await asyncio.to_thread(shelf.removed)
        except (ShelfError, ContentError, OSError) as error:
            # There is nowhere to say it; restoring says it.
            log_failure("the list of removed articles", error)
            return []
        return removed_choices(found, typed)


def removed_choices(removed: list[Removed], typed: str) -> list[app_commands.Choice[str]]:
    """The removed articles whose title holds what was typed, newest first, with the day."""
    return [
        app_commands.Choice(name=choice_name(f"{one.when:%Y-%m-%d} {one.title}"), value=one.key)
        for one in removed
        if typed.casefold().strip() in one.title.casefold()
    ][:MOST_CHOICES]


def edits_here(interaction: Interaction) -> bool:
    """Whether the library may be changed from here: BELEG_EDITING says where."""
    where = interaction.client.services.settings.editing
    ours = operators(interaction.client.application)
    server = server_of(interaction)
    if server is None:
        return interaction.guild_id is None and interaction.user.id in ours and where != "none"
    if where == "own":
        return interaction.guild is not None and interaction.guild.owner_id in ours
    return where != "none" and str(server) in where.split(",")


async def may_edit(interaction: Interaction, texts: Texts) -> bool:
    """Whether the library may be changed from here; if not, the user has been told why."""
    if edits_here(interaction):
        return True
    await whisper(interaction, texts("may-not-edit"))
    return False


async def pasted(interaction: Interaction) -> bool:
    """Make a draft of what was pasted into the form; whether the form was ours."""
    data: dict[str, Any] = dict(interaction.data or {})
    if data.get("custom_id") != FORM:
        return False
    texts = texts_of(interaction)
    if not await may_administer(interaction) or not await may_edit(interaction, texts):
        return True
    await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
    values = form_values(data)
    services = interaction.client.services

    def draft() -> Draft:
        return services.shelf.draft_pasted(
            values.get("title", ""),
            values.get("text", ""),
            url=values.get("url"),
            author=values.get("author"),
        )

    await _preview(interaction, services, texts, draft)
    return True


def render_draft(draft: Draft, key: str, texts: Texts) -> View:
    """What would be added: title, notes and the first paragraphs, with a button to add it."""
    article = draft.article
    count = len(article.paragraphs)
    lines = [
        texts("draft-title", title=shorten(article.title, TITLE_WIDTH) or article.id),
        texts("draft-preview"),
        texts(
            "draft-facts",
            file=shorten(draft.name, TITLE_WIDTH),
            paragraphs=count,
            language=texts.language_name(article.language) or article.language,
        ),
    ]
    if draft.notes:
        lines.append(texts("draft-notes"))
        lines += [
            f"- {texts('draft-note', line=note.line, text=_note(note, texts))}"
            for note in draft.notes[:MOST_NOTES]
        ]
    if len(draft.notes) > MOST_NOTES:
        lines.append(f"- {texts('draft-more-notes', count=len(draft.notes) - MOST_NOTES)}")
    view = _view("\n".join(lines), texts, ("add-yes", f"articles:add:{key}"))
    container = view.children[0]
    assert isinstance(container, discord.ui.Container)
    for paragraph in article.paragraphs[:MOST_PARAGRAPHS]:
        container.add_item(discord.ui.Separator())
        body = article.text[paragraph.start : paragraph.end]
        container.add_item(display(quote(body, 0, 0, PARAGRAPH_WIDTH)))
    if count > MOST_PARAGRAPHS:
        more = texts("draft-more", count=count - MOST_PARAGRAPHS)
        container.add_item(display(f"-# {more}"))
    return view


def _note(note: Note, texts: Texts) -> str:
    return shorten(texts.said(note.text), PARAGRAPH_WIDTH)


class ArticlesButton(
    LastingItem, template=r"articles:(?:cancel|(?P<action>add|remove):(?P<what>[\w.-]+))"
):
    """Confirms or cancels a change to the library."""

    actions = frozenset({"articles:add", "articles:remove", "articles:cancel"})

    async def used(self, interaction: Interaction) -> None:
        texts = texts_of(interaction)
        if not await may_administer(interaction) or not await may_edit(interaction, texts):
            return
        services = interaction.client.services
        action, what = self.id_values["action"], self.id_values["what"]
        if action is None:
            await respond(
                interaction,
                interaction.response.edit_message,
                view=_view(texts("cancelled"), texts),
            )
            return
        assert interaction.custom_id is not None
        again = (f"{action}-yes", interaction.custom_id)
        if action == "remove":
            await _take_buttons_away(interaction)
            remove = partial(services.shelf.remove, what)
            await _change(interaction, services, texts, remove, "removed", again)
            return
        draft = services.drafts.take(what)
        if draft is None:
            await respond(
                interaction,
                interaction.response.edit_message,
                view=_view(texts("draft-gone"), texts),
            )
            return
        stored = False
        try:
            await _take_buttons_away(interaction)
            add = partial(services.shelf.add, draft)
            stored = await _change(interaction, services, texts, add, "added", again)
        finally:
            if not stored:
                # The disk may have room for it the next time.
                services.drafts.put_back(what, draft)


async def _preview(
    interaction: Interaction, services: Services, texts: Texts, make: Callable[[], Draft]
) -> None:
    """Show the draft that ``make`` makes, or why there is none."""
    draft = await _attempt(interaction, texts, make)
    if draft is not None:
        view = render_draft(draft, services.drafts.keep(draft), texts)
        await show(interaction, view)


async def _change(
    interaction: Interaction,
    services: Services,
    texts: Texts,
    change: Callable[[], object],
    done: str,
    again: tuple[str, str] | None = None,
) -> bool:
    """Change the folder and then the index, and say what was done; whether the folder was changed.

    ``again`` are the label and the custom id of a button to try it once more if it was not.
    """
    with services.work.piece():
        if await _attempt(interaction, texts, change, again) is None:
            return False

        async def say(sentence: str) -> None:
            await _say(interaction, sentence, texts)

        result = await reindexed(say, services.library, texts, changed=True)
        await report(say, f"{texts(done)}\n{result}")
        return True


async def _attempt(
    interaction: Interaction,
    texts: Texts,
    work: Callable[[], T],
    again: tuple[str, str] | None = None,
) -> T | None:
    """The result of ``work``, which reads or writes files; None if the user was told why not."""
    try:
        return await asyncio.to_thread(work)
    except ShelfError as error:
        sentence = shorten(texts.said(error.said), SENTENCE_WIDTH)
    except ContentError as error:
        sentence = left_out(error, texts)
    await _say(interaction, sentence, texts, *([again] if again else []))
    return None


async def _say(
    interaction: Interaction, sentence: str, texts: Texts, *actions: tuple[str, str]
) -> None:
    """Show a sentence in the response, which has been deferred or sent."""
    if interaction.type is discord.InteractionType.component:
        # It takes the place of what the button hung on, which has no plain content.
        await show(interaction, _view(sentence, texts, *actions))
    else:
        await show(interaction, sentence)


async def _take_buttons_away(interaction: Interaction) -> None:
    """Leave the message without buttons: what is being done cannot be done twice or cancelled."""
    assert interaction.message is not None  # buttons hang on messages
    view = View.from_message(interaction.message, timeout=None)
    for item in view.children:
        if isinstance(item, discord.ui.ActionRow):
            view.remove_item(item)
    view.stop()
    await respond(interaction, interaction.response.edit_message, view=view)


def _view(sentence: str, texts: Texts, *actions: tuple[str, str]) -> View:
    """A sentence with a button for each of ``actions`` and one to cancel, if there are any."""
    container = Container(display(sentence))
    if not actions:
        return lasting(container)
    row = Row()
    for label, custom_id in actions:
        style = discord.ButtonStyle.danger if "remove" in label else discord.ButtonStyle.primary
        row.add_item(Button(label=texts(label), custom_id=custom_id, style=style))
    row.add_item(Button(label=texts("cancel"), custom_id="articles:cancel"))
    return lasting(container, row)


def _form(texts: Texts) -> discord.ui.Modal:
    form = discord.ui.Modal(title=texts("add-form-title"), custom_id=FORM, timeout=None)
    for name, limit in FIELDS.items():
        field: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=name,
            max_length=limit,
            required=name in ("title", "text"),
            style=discord.TextStyle.paragraph if name == "text" else discord.TextStyle.short,
        )
        form.add_item(discord.ui.Label(text=texts(LABELS[name]), component=field))
    # What is typed comes back by the custom id; discord.py need not keep the form in memory.
    form.stop()
    return form
