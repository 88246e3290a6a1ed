"""Pictures of how far the confidence can be trusted. They need matplotlib (the extra ``plots``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.evaluate import EvaluationError, Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 10
_SIZE = (5.0, 4.0)
"""Inches."""


def write_plots(judged: Sequence[Judged], folder: Path) -> list[Path]:
    """Draw ``reliability.svg`` and ``precision-coverage.svg`` into ``folder``.

    Raises EvaluationError if matplotlib is missing or the folder cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EvaluationError(
            "Plots need matplotlib, which is not installed: pip install matplotlib."
        ) from error
    confidence = np.array([one.confidence for one in judged])
    right = np.array([one.right for one in judged], bool)
    reliability, coverage = Figure(figsize=_SIZE), Figure(figsize=_SIZE)
    _draw_reliability(reliability.subplots(), confidence, right)
    _draw_coverage(coverage.subplots(), confidence, right)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [
            _save(reliability, folder / "reliability.svg"),
            _save(coverage, folder / "precision-coverage.svg"),
        ]
    except OSError as error:
        raise EvaluationError(
            f"The plots cannot be written to {folder}: {error.strerror}; choose another folder."
        ) from error


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """For each tenth of the scale with questions in it: mean confidence, share right, how many.

    A reliability diagram (DeGroot and Fienberg 1983) shows these; calibrated means equal.
    """
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        (float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for place in range(BINS)
        if (inside := places == place).any()
    ]


def precision_coverage(confidence: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coverage and precision if only the n most confident questions are answered, n from 1 to all.

    Coverage: how many of the questions that can be answered rightly are. Precision: the share of
    the answers that are right.
    """
    in_order = right[np.argsort(-confidence, kind="stable")]
    found = np.cumsum(in_order)
    return found / max(int(found[-1]), 1), found / np.arange(1, len(found) + 1)


def _draw_reliability(axes: Axes, confidence: np.ndarray, right: np.ndarray) -> None:
    points = reliability(confidence, right)
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="calibrated")
    axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker="o", label="measured")
    for x, y, count in points:
        axes.annotate(str(count), (x, y), textcoords="offset points", xytext=(4, -11), fontsize=7)
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title("Reliability (numbers: questions)")
    axes.legend(loc="upper left")


def _draw_coverage(axes: Axes, confidence: np.ndarray, right: np.ndarray) -> None:
    coverage, precision = precision_coverage(confidence, right)
    axes.plot(coverage, precision)
    axes.set(xlabel="coverage", ylabel="precision", xlim=(0, 1), ylim=(0.5, 1.01))
    axes.set_title("Precision and coverage")
    axes.grid(alpha=0.3)


def _save(figure: Figure, path: Path) -> Path:
    # Without a date and with fixed ids, the same figures give the same file.
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "beleg"}):
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    return path
