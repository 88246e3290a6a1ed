"""``/admin status`` and ``/admin stats``."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib.metadata import version

import psutil
from discord import app_commands

from bot.admin.rights import AdminGroup, server_administered
from bot.catalogue import Texts
from bot.catalogue import text_of_command as text
from bot.records import Stats
from bot.render import TITLE_WIDTH, discord_time
from bot.sending import respond, show, whisper
from bot.services import Interaction, Services, texts_of
from bot.shorten import shorten
from index.library import Library

DAYS = 30
MOST_DAYS_LISTED = 14
MEGABYTE = 1_000_000


def add_overview(group: AdminGroup, services: Services) -> None:
    """Put the commands into ``group``."""

    @group.command(name=text("status-name"), description=text("status-description"))
    async def status(interaction: Interaction) -> None:
        texts = texts_of(interaction)
        await whisper(interaction, render_status(services, texts))

    @group.command(name=text("stats-name"), description=text("stats-description"))
    @app_commands.rename(days=text("stats-days"))
    @app_commands.describe(days=text("stats-days-description"))
    async def stats(interaction: Interaction, days: app_commands.Range[int, 1, 365] = DAYS) -> None:
        texts = texts_of(interaction)
        server = await server_administered(interaction)
        if server is None:
            return
        await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
        settings = services.servers.get(server)
        # Before that, questions have been erased. The range holds in Discord's clients only.
        days = max(1, min(days, settings.days_kept))
        now = datetime.now(UTC)
        since = now - timedelta(days=days)
        found = await services.records.stats(server, since, now)
        library = services.library.library if services.library.ready else None
        sentence = render_stats(found, days, library, texts)
        await show(interaction, sentence)


def render_status(services: Services, texts: Texts) -> str:
    """How the bot is doing."""
    service = services.library
    lines = [texts("status-title")]
    if service.ready:
        library = service.library
        lines += [
            texts("status-articles", count=len(library.articles)),
            texts("status-passages", count=library.passage_count),
            texts("status-model", name=shorten(library.model, TITLE_WIDTH)),
            texts("status-index", megabytes=round(library.stored_bytes / MEGABYTE, 1)),
        ]
    else:
        lines.append(texts("preparing"))
    progress = service.preparing
    if progress is not None:
        lines.append(texts("status-reindex", done=progress.done, total=progress.total))
    memory = psutil.Process().memory_info().rss
    return "\n".join(
        [
            *lines,
            texts("status-memory", megabytes=round(memory / MEGABYTE)),
            texts("status-queue", count=service.waiting),
            texts("status-uptime", when=discord_time(services.started, "R")),
            texts("status-version", version=version("beleg")),
        ]
    )


def render_stats(stats: Stats, days: int, library: Library | None, texts: Texts) -> str:
    """What was asked in a server in the last ``days``, within one message's 2,000 characters."""
    title = texts("stats-title", days=days)
    claims = texts("stats-claims", count=stats.claims)
    if not stats.questions:
        return "\n".join([title, texts("stats-none"), *([claims] if stats.claims else [])])
    lines = [
        title,
        texts("stats-questions", count=stats.questions, daily=round(stats.questions / days, 1)),
        texts(
            "stats-shares",
            answered=_percent(stats.answered, stats.questions),
            unsure=_percent(stats.unsure, stats.questions),
            refused=_percent(stats.no_answer, stats.questions),
        ),
        texts("stats-ratings", likes=stats.helpful, dislikes=stats.not_helpful),
        claims,
        "",
        texts("stats-days-title"),
    ]
    for day in [day for day in stats.days if day.questions][-MOST_DAYS_LISTED:]:
        noon = datetime.combine(day.date, time(12), UTC)
        counts = texts("stats-day", count=day.questions, answered=day.answered)
        lines.append(f"- {discord_time(noon, 'd')}: {counts}")
    top = []
    for one in stats.top:
        # A mark is of no use here; one character of it is enough to find the passage.
        citation = library and library.cite(one.article, one.passage, 0, 1)
        if citation:
            where = texts("paragraph", number=citation.paragraph)
            title = shorten(citation.title, TITLE_WIDTH // 2)
            top.append(f"- {title}, {where}: {texts('stats-times', count=one.times)}")
    if top:
        lines += ["", texts("stats-top"), *top]
    return "\n".join(lines)


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole)
