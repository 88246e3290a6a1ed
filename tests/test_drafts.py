"""Articles that wait to be confirmed."""

from pathlib import Path

import pytest

from bot import drafts
from bot.drafts import Drafts
from index.shelf import Draft, Shelf


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    (tmp_path / "content").mkdir()
    shelf = Shelf(tmp_path / "content", tmp_path / "removed")
    return shelf.draft("lamps.md", b"# Lamps\n\nThe lamp was lit in 1887.\n")


def test_taken_once_and_put_back(draft: Draft) -> None:
    kept = Drafts()
    key = kept.keep(draft)
    assert kept.take(key) is draft
    assert kept.take(key) is None
    kept.put_back(key, draft)
    assert kept.take(key) is draft


def test_kept_for_an_hour(draft: Draft) -> None:
    now = 0.0
    kept = Drafts(clock=lambda: now)
    early, late = kept.keep(draft), kept.keep(draft)
    now = 3599.0
    assert kept.take(early) is draft
    now = 3600.0
    assert kept.take(late) is None


def test_the_newest_that_fit(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_BYTES", 2 * len(draft.content))
    kept = Drafts()
    keys = [kept.keep(draft) for _ in range(3)]
    assert [kept.take(key) is draft for key in keys] == [False, True, True]
