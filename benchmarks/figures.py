"""From measured runs to tables: medians, and ratios with their spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Figures = Mapping[str, float]
"""One run's figures by name. One that a program does not have is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: ``factor`` brings the figure ``name`` into the unit that ``label``
    names; more is better or less is."""

    name: str
    label: str
    factor: float = 1.0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the least and the most of them."""

    middle: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError without values."""
    return Spread(median(values), min(values), max(values))


def ratios(ours: Sequence[Figures], theirs: Sequence[Figures], name: str) -> Spread | None:
    """Ours divided by theirs, round by round; None where one side has no such figure."""
    found = [
        own[name] / other[name]
        for own, other in zip(ours, theirs, strict=False)
        if name in own and other.get(name)
    ]
    return spread(found) if found else None


def far_off(runs: Mapping[str, Sequence[Figures]], own: str, margin: float) -> dict[str, str]:
    """The programs whose recall@1 says that they were not used rightly, and a sentence on each.

    All but ``own`` do the same with the same model, so one that is ``margin`` from their median
    is broken; ``own`` may be better.
    """
    recalls = {
        peer: median(one["recall"] for one in of_peer) for peer, of_peer in runs.items() if of_peer
    }
    usual = [recall for peer, recall in recalls.items() if peer != own]
    if not usual:
        return {}
    middle = median(usual)
    return {
        peer: f"{peer} is broken: its recall@1 is {recall:.3f}, the others' median {middle:.3f}."
        for peer, recall in recalls.items()
        if recall < middle - margin or (peer != own and recall > middle + margin)
    }


def medians_table(rows: Sequence[Row], runs: Mapping[str, Sequence[Figures]]) -> str:
    """A column for each program, in the order of ``runs``."""
    lines = []
    for row in rows:
        cells = []
        for of_peer in runs.values():
            values = [one[row.name] * row.factor for one in of_peer if row.name in one]
            cells.append(number(median(values)) if values else "–")
        if set(cells) != {"–"}:
            lines.append([row.label, *cells])
    return markdown(["", *runs], lines)


def ratios_table(rows: Sequence[Row], runs: Mapping[str, Sequence[Figures]], own: str) -> str:
    """``own`` divided by each other program: median, and in brackets the least and the most."""
    others = [peer for peer in runs if peer != own]
    lines = []
    for row in rows:
        cells = []
        for peer in others:
            ratio = ratios(runs[own], runs[peer], row.name)
            cells.append(
                "–" if ratio is None else f"{ratio.middle:.2f} ({ratio.least:.2f}–{ratio.most:.2f})"
            )
        if set(cells) != {"–"}:
            lines.append([f"{row.label}{' (more is better)' if row.more else ''}", *cells])
    return markdown(["", *others], lines)


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    all_lines = [list(head), ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in all_lines)


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if not value:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, digits):,.{digits}f}"


def replace_between(page: str, name: str, body: str) -> str:
    """``page`` with ``body`` between the marks ``<!-- name:begin -->`` and ``<!-- name:end -->``.

    Raises ValueError for a page that has not each of them once, in this order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page must have {begin} and then {end}, each once")
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{body.strip()}\n{end}{after}"
