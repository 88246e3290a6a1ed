"""Pictures of what the benchmarks measured. They need matplotlib (the extra ``plots``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

Points = Sequence[tuple[float, float]]


def draw_latencies(latencies: Mapping[str, Sequence[float]], path: Path) -> None:
    """The share of one program's questions that were answered within a time; in seconds."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    for name, values in latencies.items():
        ordered = np.sort(values) * 1000
        axes.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered), label=name)
    axes.set(xlabel="time for one question, ms", ylabel="share of questions", xscale="log")
    axes.set_title("One question at a time")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_lines(
    panels: Sequence[tuple[str, str, Mapping[str, Points]]], path: Path, *, logarithmic: bool
) -> None:
    """Panels side by side: title, label of the x axis, and by name the points of each line.

    ``logarithmic``: the y axes too; the x axes always are.
    """
    figure = Figure(figsize=(4.2 * len(panels) + 0.8, 4))
    places = np.ravel(figure.subplots(1, len(panels)))
    for axes, (title, label, lines) in zip(places, panels, strict=True):
        for name, points in lines.items():
            axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
        axes.set(xlabel=label, xscale="log", title=title)
        if logarithmic:
            axes.set_yscale("log")
            # Powers of ten alone would leave an axis that spans less than one without a number.
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        else:
            axes.set_ylim(bottom=0)
        ticks = sorted({x for points in lines.values() for x, _ in points})
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    places[-1].legend()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    # Without a date and with fixed ids, the same figures give the same file.
    with mpl.rc_context({"svg.hashsalt": "beleg"}):
        figure.tight_layout()
        figure.savefig(path, metadata={"Date": None})
