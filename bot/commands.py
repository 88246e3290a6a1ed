"""The commands that members use: ask, find evidence, sources, help and privacy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import discord
from discord import app_commands

from bot import trace
from bot.answer_view import render_answer
from bot.answering import (
    QUESTION_LIMIT,
    Asking,
    answers_in,
    cut,
    examples_for,
    gone,
    look_up,
    may_ask,
    unfit,
    without_ids,
)
from bot.catalogue import text_of_command as text
from bot.escape import visible, width
from bot.evidence import claim_in
from bot.privacy import show_privacy
from bot.records import Kind
from bot.sending import respond, show, whisper
from bot.services import (
    Interaction,
    Services,
    ServingClient,
    may_write,
    places_of,
    roles_of,
    server_of,
    texts_of,
)
from bot.sources import render_sources

F = TypeVar("F", bound=Callable[..., object])

MOST_CHOICES = 25
CHOICE_LIMIT = 100


def add_commands(tree: app_commands.CommandTree[ServingClient], services: Services) -> None:
    """Put the members' commands into ``tree``."""

    @tree.command(name=text("ask-name"), description=text("ask-description"))
    @app_commands.rename(
        question=text("ask-question"), article=text("ask-article"), private=text("ask-private")
    )
    @app_commands.describe(
        question=text("ask-question-description"),
        article=text("ask-article-description"),
        private=text("ask-private-description"),
    )
    @_everywhere
    async def ask(
        interaction: Interaction,
        question: str,
        article: str | None = None,
        private: bool | None = None,
    ) -> None:
        settings = services.servers.get(server_of(interaction))
        asking = Asking(
            question=without_ids(question).strip(),
            user=interaction.user.id,
            server=server_of(interaction),
            article=article,
            private=settings.private if private is None else private,
        )
        await _answer(interaction, asking, services)

    @ask.autocomplete("article")
    async def articles(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return article_choices(services, typed)

    @tree.context_menu(name=text("evidence-name"))
    @_everywhere
    async def evidence(interaction: Interaction, message: discord.Message) -> None:
        claim = claim_in(message)
        asking = Asking(
            question=cut(claim, QUESTION_LIMIT),
            user=interaction.user.id,
            server=server_of(interaction),
            kind=Kind.CLAIM,
            # It is about somebody else's words: who looked them up decides whether to share.
            private=True,
            cut=len(claim) > QUESTION_LIMIT,
        )
        await _answer(interaction, asking, services)

    @tree.command(name=text("sources-name"), description=text("sources-description"))
    @_everywhere
    async def sources(interaction: Interaction) -> None:
        texts = texts_of(interaction)
        library = services.library
        ready = library.ready
        await whisper(
            interaction, render_sources(library.library, texts) if ready else texts("preparing")
        )

    @tree.command(name=text("help-name"), description=text("help-description"))
    @_everywhere
    async def help_(interaction: Interaction) -> None:
        await whisper(interaction, texts_of(interaction)("help"))

    @tree.command(name=text("privacy-name"), description=text("privacy-description"))
    @_everywhere
    async def privacy(interaction: Interaction) -> None:
        with services.work.piece():
            await show_privacy(interaction)


def choice_name(name: str) -> str:
    """``name`` as a choice shows it: nothing invisible, within Discord's limit."""
    shown = cut(visible(name).strip(), CHOICE_LIMIT)
    while width(shown) > CHOICE_LIMIT:
        shown = cut(shown, len(shown) - 1)
    return shown


def article_choices(services: Services, typed: str) -> list[app_commands.Choice[str]]:
    """The articles whose title holds what was typed, for an option that takes an article's id."""
    if not services.library.ready:
        return []
    found = [
        app_commands.Choice(
            name=choice_name(source.title) or choice_name(source.id), value=source.id
        )
        for source in services.library.library.articles
        if typed.casefold().strip() in source.title.casefold()
    ]
    return found[:MOST_CHOICES]


def _everywhere(function: F) -> F:
    """In servers and direct messages, and wherever a user brings the bot along."""
    places = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    return app_commands.allowed_installs(guilds=True, users=True)(places(function))


async def _answer(interaction: Interaction, asking: Asking, services: Services) -> None:
    with trace.question(services.metrics):
        await _answer_or_refuse(interaction, asking, services)


async def _answer_or_refuse(interaction: Interaction, asking: Asking, services: Services) -> None:
    texts = texts_of(interaction)
    settings = services.servers.get(asking.server)
    sentence = (
        may_ask(settings, texts, roles_of(interaction))
        or answers_in(settings, texts, places_of(interaction))
        or unfit(asking, services, texts)
    )
    if sentence:
        await whisper(interaction, sentence)
        return
    note = None
    if not asking.private and not may_write(interaction):
        note = texts("cannot-write", channel=f"<#{interaction.channel_id}>")
        asking = replace(asking, private=True)
    with services.work.question():
        await respond(
            interaction, interaction.response.defer, thinking=True, ephemeral=asking.private
        )
        # A reindex may have taken the article away meanwhile.
        if sentence := gone(asking, services, texts):
            await show(interaction, sentence)
            return
        shown = await look_up(asking, services)
        view = render_answer(
            shown,
            texts,
            private=asking.private,
            own=may_write(interaction),
            titles=services.library.titles,
            examples=await examples_for(shown, services, texts),
            note=note,
        )
        with trace.timed(trace.Stage.SENDING):
            await show(interaction, view)
