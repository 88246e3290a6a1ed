"""The shelf: articles are removed and put back."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from shelves import BODY, files, refusal

from index.content import read_content
from index.shelf import Shelf


def test_remove_and_restore_in_a_folder(shelf: Shelf, content: ContentFolder) -> None:
    path = content.write_raw("Old news/Der Flügel.v1.TXT", b"\xff\xfeT\x00.\x00")
    content.write("kept.md", "One.")
    before = files(content.path)
    start = datetime.now(UTC)
    removed = shelf.remove("old-news-der-flugel-v1")
    assert (removed.article_id, removed.path) == (
        "old-news-der-flugel-v1",
        "Old news/Der Flügel.v1.TXT",
    )
    assert start <= removed.when <= datetime.now(UTC)
    assert list(files(content.path)) == ["kept.md"]
    assert shelf.removed() == [removed]
    path.parent.rmdir()
    assert shelf.restore(removed.key) == path
    assert files(content.path) == before
    assert shelf.removed() == []
    assert refusal(lambda: shelf.restore(removed.key)) == (
        f"There is no removed article “{removed.key}”; it was put back already, or its record is "
        "damaged."
    )


@pytest.mark.parametrize("name", ["a.md", f"{'a long title ' * 6}.md", "日.md"])
def test_path_that_is_no_text(shelf: Shelf, content: ContentFolder, name: str) -> None:
    folder = Path(os.fsdecode(os.fsencode(content.path) + b"/\xff"))
    folder.mkdir()
    (folder / name).write_text(BODY)
    [article] = read_content(content.path).articles
    removed = shelf.remove(article.id)
    assert shelf.removed() == [removed]
    assert shelf.restore(removed.key) == folder / name


def test_removed_newest_first(shelf: Shelf, content: ContentFolder) -> None:
    assert shelf.removed() == []
    for name in ("b", "a", "c"):
        content.write(f"{name}.md", "One.", title=f"Title {name}")
    done = [shelf.remove(name) for name in ("b", "a", "c")]
    assert shelf.removed() == done[::-1]
    assert [removed.title for removed in shelf.removed()] == ["Title c", "Title a", "Title b"]
    shelf.restore(done[1].key)
    assert shelf.removed() == [done[2], done[0]]


@pytest.mark.parametrize("article_id", ["nothing", "../a", "", "\u202e\n"])
def test_remove_what_is_not_there(shelf: Shelf, content: ContentFolder, article_id: str) -> None:
    content.write("a.md", "One.")
    shown = article_id.strip("\u202e\n")
    assert refusal(lambda: shelf.remove(article_id)) == (
        f"There is no article with the id “{shown}”; choose one that is in the library."
    )


def test_remove_a_link(shelf: Shelf, content: ContentFolder) -> None:
    path = content.write("kept.md", "One.")
    (content.path / "alias.md").symlink_to(path)
    assert refusal(lambda: shelf.remove("alias")) == (
        "content/alias.md is a link; remove it by hand."
    )
    assert (content.path / "alias.md").is_symlink()


def test_restore_onto_another_file_or_id(shelf: Shelf, content: ContentFolder) -> None:
    content.write("a.md", "One.")
    removed = shelf.remove("a")
    for name, head, message in (
        ("a.md", {"id": "b"}, "content/a.md is there already;"),
        ("c.md", {"id": "a"}, "content/c.md has the id “a” already;"),
    ):
        path = content.write(name, "Two.", **head)
        before = files(content.path)
        assert refusal(lambda: shelf.restore(removed.key)).startswith(message)
        assert files(content.path) == before
        assert shelf.removed() == [removed]
        path.unlink()
    shelf.restore(removed.key)


@pytest.mark.parametrize("key", ["", "..", "../planted", "20250101-000000-00000000", "a\u202e"])
def test_restore_an_unknown_key(
    shelf: Shelf, content: ContentFolder, tmp_path: Path, key: str
) -> None:
    content.write("a.md", "One.")
    here = tmp_path / "data" / "removed" / shelf.remove("a").key
    shutil.copytree(here, tmp_path / "data" / "planted")
    assert refusal(lambda: shelf.restore(key)).startswith("There is no removed article “")
    assert files(content.path) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../evil.md"},
        {"path": "/tmp/evil.md"},
        {"path": ""},
        {"path": "a\0.md"},
        {"path": 1},
        {"title": None},
        {"when": "yesterday"},
        {"when": 3},
        None,
    ],
)
def test_damaged_record(
    shelf: Shelf, content: ContentFolder, tmp_path: Path, change: dict[str, Any] | None
) -> None:
    for name in ("a", "b"):
        content.write(f"{name}.md", "One.")
    damaged, whole = shelf.remove("a"), shelf.remove("b")
    record = tmp_path / "data" / "removed" / damaged.key / "record.json"
    fields = json.loads(record.read_bytes())
    record.write_text("{" if change is None else json.dumps(fields | change))
    assert shelf.removed() == [whole]
    assert refusal(lambda: shelf.restore(damaged.key)).startswith("There is no removed article “")
    assert files(content.path) == {}
    assert not (tmp_path / "evil.md").exists()


def test_folder_that_became_a_link_out(
    shelf: Shelf, content: ContentFolder, tmp_path: Path
) -> None:
    folder = content.write("deep/a.md", "One.").parent
    removed = shelf.remove("deep-a")
    folder.rmdir()
    (tmp_path / "outside").mkdir()
    folder.symlink_to(tmp_path / "outside")
    assert refusal(lambda: shelf.restore(removed.key)) == (
        "The folder of content/deep/a.md is a link that leads out of the content folder now; "
        "remove the link first."
    )
    assert files(tmp_path / "outside") == {}


def test_what_is_in_both_folders_is_not_removed(shelf: Shelf, content: ContentFolder) -> None:
    path = content.write("a.md", "One.")
    stored = path.read_bytes()
    first = shelf.remove("a")
    path.write_bytes(stored)
    assert shelf.removed() == []
    path.write_bytes(stored + b"\nTwo.\n")
    assert shelf.removed() == [first]
