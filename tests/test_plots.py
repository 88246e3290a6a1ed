"""The points of the reliability diagram and of the precision-coverage plot."""

from pathlib import Path

import numpy as np
import pytest

from index.evaluate import EvaluationError, Judged
from index.plots import precision_coverage, reliability, write_plots


def test_reliability_by_tenths() -> None:
    confidence = np.array([0.02, 0.08, 0.55, 0.95, 1.0])
    right = np.array([False, True, True, True, False])
    points = reliability(confidence, right)
    assert [count for *_, count in points] == [2, 1, 2]
    assert [share for _, share, _ in points] == [0.5, 1, 0.5]
    assert [mean for mean, *_ in points] == pytest.approx([0.05, 0.55, 0.975])


def test_precision_and_coverage_from_the_most_confident_on() -> None:
    confidence = np.array([0.2, 0.9, 0.6, 0.4])
    right = np.array([True, True, False, False])
    coverage, precision = precision_coverage(confidence, right)
    assert coverage.tolist() == [0.5, 0.5, 0.5, 1]
    assert precision.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 2])


def test_nothing_right() -> None:
    coverage, precision = precision_coverage(np.array([0.3, 0.1]), np.array([False, False]))
    assert coverage.tolist() == precision.tolist() == [0, 0]


def test_two_pictures(tmp_path: Path) -> None:
    judged = [Judged(0.9, True), Judged(0.2, False)]
    folder = tmp_path / "new" / "plots"
    written = write_plots(judged, folder)
    assert [path.name for path in written] == ["reliability.svg", "precision-coverage.svg"]
    first = [path.read_bytes() for path in written]
    assert all(b"</svg>" in content for content in first)
    assert [path.read_bytes() for path in write_plots(judged, folder)] == first


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EvaluationError) as caught:
        write_plots([Judged(0.9, True)], tmp_path / "file")
    assert str(caught.value) == (
        f"The plots cannot be written to {tmp_path}/file: File exists; choose another folder."
    )
