"""An answer as a Discord message. Pure: no client, no network, no event loop.

Discord shows at most 4,000 characters and 40 components of one message (Components V2); whatever
the articles hold, the messages made here stay within that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from urllib.parse import urlsplit

import discord
import yarl

from bot import wording
from bot.escape import width
from bot.shorten import quote, quote_width, share, shorten
from index.answer import Answer, Citation, Status
from index.content import ContentError
from index.update import IndexReport

TEXT_LIMIT = 4000
MOST_CITATIONS = 5
MOST_TITLES = 5
MOST_LEFT_OUT = 8
# Widths are in UTF-16 units, the most that Discord may count.
QUESTION_WIDTH = 300
ASKS_WIDTH = 100
TITLE_WIDTH = 150
NAME_WIDTH = 80
REASON_WIDTH = 140
URL_LIMIT = 512


def render_answer(answer: Answer, *, titles: Sequence[str]) -> discord.ui.LayoutView:
    """The message for ``answer``.

    ``titles`` are those of the library's articles, named when there is no answer.
    """
    asked = discord.ui.TextDisplay[discord.ui.LayoutView](
        wording.question(shorten(answer.question, QUESTION_WIDTH))
    )
    container = discord.ui.Container[discord.ui.LayoutView](asked)
    if answer.status is Status.NO_ANSWER or not answer.citations:
        container.add_item(discord.ui.TextDisplay(_no_answer(titles)))
    else:
        if answer.status is Status.UNSURE:
            container.add_item(discord.ui.TextDisplay(wording.UNSURE))
        for question in answer.unanswered:
            unanswered = wording.unanswered(shorten(question, ASKS_WIDTH))
            container.add_item(discord.ui.TextDisplay(unanswered))
        room = TEXT_LIMIT - sum(
            width(item.content)
            for item in container.walk_children()
            if isinstance(item, discord.ui.TextDisplay)
        )
        _add_citations(container, answer.citations[:MOST_CITATIONS], room)
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def render_report(report: IndexReport) -> str:
    """The words for a finished reindex, within one message's 2,000 characters."""
    sentences = [_left_out(error) for error in report.errors[:MOST_LEFT_OUT]]
    if more := len(report.errors) - len(sentences):
        sentences.append(wording.more_left_out(more))
    articles, passages = report.articles, report.passages
    return wording.reindexed(
        seconds=report.seconds,
        articles=wording.changes(
            added=articles.added,
            changed=articles.changed,
            removed=articles.removed,
            unchanged=articles.unchanged,
        ),
        encoded=report.encoded,
        passages=passages.added + passages.changed + passages.unchanged,
        rebuilt=report.rebuilt is not None,
        left_out=sentences,
    )


def render_content_error(error: ContentError) -> str:
    """The words for a reindex that found nothing to index."""
    return wording.reindex_failed(_left_out(error))


def render_storage_error() -> str:
    """The words for a reindex that could not be saved; where and why stands in the log."""
    return wording.REINDEX_NOT_SAVED


def _left_out(error: ContentError) -> str:
    # The path is shortened to a third so that eight of these lines stay within one message.
    return wording.left_out(
        shorten(error.path, REASON_WIDTH // 3), error.line, shorten(error.reason, REASON_WIDTH - 40)
    )


def _add_citations(
    container: discord.ui.Container[discord.ui.LayoutView], citations: Sequence[Citation], room: int
) -> None:
    sources = [_source(citation) for citation in citations]
    room -= sum(map(width, sources))
    spans = [(item.quote, item.highlight.start, item.highlight.end) for item in citations]
    shares = share([quote_width(*span, TEXT_LIMIT) for span in spans], room)
    for citation, span, source, limit in zip(citations, spans, sources, shares, strict=True):
        container.add_item(discord.ui.Separator())
        container.add_item(discord.ui.TextDisplay(quote(*span, limit)))
        link = link_url(citation.url)
        if link is None:
            container.add_item(discord.ui.TextDisplay(source))
        else:
            button = discord.ui.Button[discord.ui.LayoutView](label=wording.LINK, url=link)
            container.add_item(discord.ui.Section(source, accessory=button))


def _source(citation: Citation) -> str:
    people = ", ".join(
        shorten(name, NAME_WIDTH) for name in (citation.author, citation.publisher) if name
    )
    parts = [
        people,
        "" if citation.date is None else timestamp(citation.date),
        wording.paragraph(citation.paragraph),
        wording.LANGUAGES.get(citation.language, shorten(citation.language, NAME_WIDTH)),
    ]
    title = shorten(citation.title, TITLE_WIDTH) or shorten(citation.article, TITLE_WIDTH)
    asks = f"{wording.asks(shorten(citation.asks, ASKS_WIDTH))}\n" if citation.asks else ""
    return f"{asks}**{title}**\n" + " · ".join(part for part in parts if part)


def _no_answer(titles: Sequence[str]) -> str:
    if not titles:
        return f"{wording.NO_ANSWER} {wording.NO_ARTICLES}"
    lines = [f"- {shorten(title, TITLE_WIDTH)}" for title in titles[:MOST_TITLES]]
    if more := len(titles) - len(lines):
        lines.append(f"- {wording.more_titles(more)}")
    return "\n".join([wording.NO_ANSWER, "", wording.LIBRARY, *lines])


def timestamp(day: str) -> str:
    """An ISO 8601 day as Discord shows dates, in each reader's language.

    It is taken at noon UTC, so that it is the same day nearly everywhere. Anything else is shown as
    it stands.
    """
    try:
        noon = datetime.combine(date.fromisoformat(day), time(12), UTC)
    except ValueError:
        return shorten(day, NAME_WIDTH)
    return f"<t:{int(noon.timestamp())}:D>"


def link_url(url: str | None) -> str | None:
    """``url`` as Discord takes it for a button, or None if it is not a web address."""
    if url is None:
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in ("http", "https") or parts.username or not parts.hostname:
            return None
        encoded = str(yarl.URL(url.strip()))
    except ValueError:
        return None
    return encoded if len(encoded) <= URL_LIMIT and _is_public_host(parts.hostname) else None


def _is_public_host(host: str) -> bool:
    """Whether Discord takes the host in a link: an address, or a name with a dot.

    One refused link would cost the whole message.
    """
    try:
        ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        return len(labels) > 1 and all(label.replace("-", "").isalnum() for label in labels)
    return True
