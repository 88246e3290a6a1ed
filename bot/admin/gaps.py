"""``/admin gaps``: what was asked without a good answer, the same questions together."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import discord

from bot.admin.rights import AdminGroup, may_administer, server_administered
from bot.catalogue import Texts
from bot.catalogue import text_of_command as text
from bot.lasting import LastingItem
from bot.records import Gap
from bot.render import discord_time
from bot.sending import respond, show
from bot.services import Interaction, Services, texts_of
from bot.shorten import shorten
from bot.views import Button, Container, Row, View, display, lasting

MOST_SHOWN = 10
MOST_GROUPED = 300
"""Grouping reads every question with the model, some 30 ms each; of more, the most asked are
compared and the others stand for themselves."""

MOST_ROWS = 5_000
"""A table with more would be too large to send; those that are left out were asked least."""

QUESTION_WIDTH = 120
REASON_WIDTH = 100
MOST_WORDINGS = 3


@dataclass(frozen=True, slots=True)
class MergedGap:
    """Gaps that ask the same, the most asked wording first; the counts are of all of them."""

    questions: tuple[str, ...]
    asked: int
    unanswered: int
    not_helpful: int
    reasons: tuple[str, ...]
    last_asked: datetime


def add_gaps(group: AdminGroup, services: Services) -> None:
    """Put the command into ``group``."""

    @group.command(name=text("gaps-name"), description=text("gaps-description"))
    async def gaps(interaction: Interaction) -> None:
        texts = texts_of(interaction)
        server = await server_administered(interaction)
        if server is None:
            return
        with services.work.piece():
            await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
            merged = await _joined(server, services)
            await show(interaction, render_gaps(merged, texts))


async def merged_gaps(server: int, services: Services) -> list[MergedGap]:
    """The server's gaps, those that ask the same merged, the most asked first.

    Raises PreparingError before there is a library, whose model tells what asks the same.
    """
    found = await services.records.gaps(server)
    if not found:
        return []
    compared = [gap.question for gap in found[:MOST_GROUPED]]
    groups = await services.library.aside(partial(services.library.library.group, compared))
    alone = [[place] for place in range(len(compared), len(found))]
    merged = [_merge([found[place] for place in sorted(places)]) for places in [*groups, *alone]]
    return sorted(merged, key=lambda gap: (gap.asked, gap.last_asked), reverse=True)


def _merge(gaps: Sequence[Gap]) -> MergedGap:
    return MergedGap(
        questions=tuple(gap.question for gap in gaps),
        asked=sum(gap.asked for gap in gaps),
        unanswered=sum(gap.unanswered for gap in gaps),
        not_helpful=sum(gap.not_helpful for gap in gaps),
        reasons=tuple(reason for gap in gaps for reason in gap.reasons),
        last_asked=max(gap.last_asked for gap in gaps),
    )


def render_gaps(gaps: Sequence[MergedGap], texts: Texts) -> View:
    """The most asked gaps, and a button for all of them as a table."""
    title = texts("gaps-title") if gaps else texts("gaps-none")
    container = Container(display(title))
    if not gaps:
        return lasting(container)
    lines = []
    for number, gap in enumerate(gaps[:MOST_SHOWN], 1):
        lines.append(f"**{number}.** {shorten(gap.questions[0], QUESTION_WIDTH)}")
        counts = texts(
            "gap-counts",
            asked=gap.asked,
            unanswered=gap.unanswered,
            dislikes=gap.not_helpful,
        )
        lines.append(f"-# {counts} · {discord_time(gap.last_asked, 'R')}")
        if len(gap.questions) > 1:
            lines.append(f"-# {texts('gap-wordings', count=len(gap.questions) - 1)}")
        if gap.reasons:
            lines.append(f"-# {texts('gap-reason', text=shorten(gap.reasons[0], REASON_WIDTH))}")
    if len(gaps) > MOST_SHOWN:
        lines.append(texts("gaps-more", count=len(gaps) - MOST_SHOWN))
    container.add_item(display("\n".join(lines)))
    return lasting(container, Row(Button(label=texts("gaps-export"), custom_id="gaps:export")))


def gaps_csv(gaps: Sequence[MergedGap], texts: Texts) -> bytes:
    """A table with a line for each gap, as spreadsheets read it: UTF-8 with a byte-order mark."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(
        [
            texts("gaps-column-question"),
            texts("gaps-column-asked"),
            texts("gaps-column-unanswered"),
            texts("gaps-column-not-helpful"),
            texts("gaps-column-last-asked"),
            texts("gaps-column-wordings"),
            texts("gaps-column-reasons"),
        ]
    )
    for gap in gaps[:MOST_ROWS]:
        row = (
            gap.questions[0],
            gap.asked,
            gap.unanswered,
            gap.not_helpful,
            gap.last_asked.isoformat(),
            " | ".join(gap.questions[1:]),
            " | ".join(gap.reasons),
        )
        rows.writerow([_inert(cell) if isinstance(cell, str) else cell for cell in row])
    return file.getvalue().encode("utf-8-sig", errors="replace")


def _joined(server: int, services: Services) -> Coroutine[Any, Any, list[MergedGap]]:
    """`merged_gaps`, once for all who ask for them at the same time."""
    return services.work.joined(("gaps", server), partial(merged_gaps, server, services))


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


class GapsButton(LastingItem, template="gaps:export"):
    """Sends all gaps as a file."""

    actions = frozenset({"gaps:export"})

    async def used(self, interaction: Interaction) -> None:
        if not await may_administer(interaction):
            return
        texts = texts_of(interaction)
        server = await server_administered(interaction)
        if server is None:
            return
        await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)
        merged = await _joined(server, interaction.client.services)
        table = await asyncio.to_thread(gaps_csv, merged, texts)
        file = discord.File(io.BytesIO(table), "gaps.csv")
        await interaction.followup.send(texts("gaps-file"), file=file, ephemeral=True)
