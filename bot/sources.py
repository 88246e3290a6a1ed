"""``/sources``: what is in the library, page by page."""

from __future__ import annotations

import discord

from bot.catalogue import Texts
from bot.lasting import LastingItem
from bot.render import link_url, source_line
from bot.sending import respond
from bot.services import Interaction, texts_of
from bot.views import Button, Container, Row, View, display, lasting
from index.library import Library

ON_A_PAGE = 6


def render_sources(library: Library, texts: Texts, page: int = 0) -> View:
    """One page of the library's articles, with their links."""
    articles = library.articles
    count = max(1, -(-len(articles) // ON_A_PAGE))
    page = max(0, min(page, count - 1))
    container = Container(display(texts("sources-title", articles=len(articles))))
    for source in articles[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]:
        paragraphs = texts("source-paragraphs", count=library.paragraphs(source.id))
        line = f"{source_line(source, texts)} · {paragraphs}"
        container.add_item(discord.ui.Separator())
        link = link_url(source.url)
        if link is None:
            container.add_item(display(line))
        else:
            button = Button(label=texts("link"), url=link)
            container.add_item(discord.ui.Section(line, accessory=button))
    if count == 1:
        return lasting(container)
    container.add_item(display(f"-# {texts('page-of', number=page + 1, count=count)}"))
    row = Row()
    for label, to in (("previous", page - 1), ("next", page + 1)):
        row.add_item(
            Button(
                label=texts(label),
                custom_id=f"sources:{to}" if 0 <= to < count else f"sources:{label}",
                disabled=not 0 <= to < count,
            )
        )
    return lasting(container, row)


class SourcesButton(LastingItem, template=r"sources:(?P<page>\d+)"):
    """Turns a page of the sources."""

    actions = frozenset({"sources"})

    async def used(self, interaction: Interaction) -> None:
        library = interaction.client.services.library.library
        page = int(self.id_values["page"])
        view = render_sources(library, texts_of(interaction), page)
        await respond(interaction, interaction.response.edit_message, view=view)
