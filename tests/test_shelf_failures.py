"""The shelf: nothing is lost or half written, whatever the disk, other writers and kills do."""

import errno
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from filelock import FileLock
from shelves import BODY, files, fresh_shelf, refusal

from index import shelf as shelf_module
from index.content import read_content
from index.shelf import Draft, Removed, Shelf, ShelfError

CHECK = "check the disk's space and the permissions of the folders “content” and “removed”."


def test_full_disk(
    shelf: Shelf, content: ContentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content.write("a.md", "One.")
    content.write("b.md", "One.")
    draft, removed = shelf.draft("c.md", BODY.encode()), shelf.remove("b")
    before = files(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for call, failure in (
            (lambda: shelf.add(draft), "content/c.md could not be stored"),
            (lambda: shelf.remove("a"), "The article “a” could not be removed"),
            (
                lambda: shelf.restore(removed.key),
                f"The removed article “{removed.key}” could not be put back",
            ),
        ):
            assert refusal(call) == f"{failure}: No space left on device; {CHECK}"
            assert files(tmp_path) == before
    shelf.add(draft)


def test_read_only_content(
    shelf: Shelf, content: ContentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    content.write("a.md", "One.")
    before = files(content.path)

    def refuse(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        assert refusal(lambda: shelf.remove("a")) == (
            f"The article “a” could not be removed: Read-only file system; {CHECK}"
        )
    assert files(content.path) == before
    # Nor would it count as removed once somebody has changed the file.
    content.write("a.md", "Two.")
    assert shelf.removed() == []


def test_removed_folder_that_is_a_file(content: ContentFolder, tmp_path: Path) -> None:
    content.write("a.md", "One.")
    (tmp_path / "removed").write_text("")
    shelf = Shelf(content.path, tmp_path / "removed")
    assert refusal(lambda: shelf.remove("a")).startswith("The article “a” could not be removed: ")
    assert refusal(shelf.removed) == (
        "The removed articles cannot be read: Not a directory; check the permissions of the folder "
        "“removed”."
    )


def test_waiting_for_another_writer(
    shelf: Shelf, content: ContentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "LOCK_SECONDS", 0.2)
    content.write("a.md", "One.")
    removed = shelf.remove("a")
    draft = shelf.draft("b.md", BODY.encode())
    rest = "somebody else has been writing for 0 seconds; try again in a minute."
    with FileLock(tmp_path / "data" / "removed" / "lock"):
        assert refusal(lambda: shelf.add(draft)) == f"content/b.md could not be stored: {rest}"
        assert refusal(lambda: shelf.remove("a")).endswith(rest)
        assert refusal(lambda: shelf.restore(removed.key)).endswith(rest)
        assert shelf.removed() == [removed]
    shelf.add(draft)


def test_many_at_once(shelf: Shelf, content: ContentFolder) -> None:
    """Of several drafts with one id, in files of their own, one comes in."""
    drafts = [
        shelf.draft(f"{number}.md", f"---\nid: one\n---\nText {number}.\n".encode())
        for number in range(6)
    ]
    ready = threading.Barrier(len(drafts))
    outcomes: list[str] = []

    def work(draft: Draft) -> None:
        ready.wait()
        try:
            outcomes.append(shelf.add(draft).name)
        except ShelfError as error:
            outcomes.append(str(error).partition(";")[0])

    threads = [threading.Thread(target=work, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [name] = files(content.path)
    assert sorted(outcomes) == sorted(
        [name, *[f"content/{name} has the id “one” already"] * (len(drafts) - 1)]
    )


def test_what_a_killed_writer_left_is_swept(
    shelf: Shelf, content: ContentFolder, tmp_path: Path
) -> None:
    left = f".beleg-{'0' * 16}.new"
    content.write_raw(left, "half")
    content.write_raw(".beleg.md", "the operator's")
    removed = tmp_path / "data" / "removed"
    (removed / left).mkdir(parents=True)
    (removed / left / "article").write_bytes(b"half")
    shelf.add(shelf.draft("a.md", BODY.encode()))
    assert sorted(files(content.path)) == [".beleg.md", "a.md"]
    assert not (removed / left).exists()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What reaches the disk, in order; random names shown as NEW and KEY."""
    found: list[str] = []

    def shown(path: Any) -> str:
        name = Path(os.fsdecode(path)).name
        name = "NEW" if name.startswith(".beleg-") else name
        return "KEY" if name[:2] == "20" and name.count("-") == 2 else name

    def spy(name: str, show: Callable[..., str]) -> None:
        original = getattr(os, name)

        def call(*args: Any, **options: Any) -> Any:
            done = original(*args, **options)
            found.append(f"{name} {show(*args)}")
            return done

        monkeypatch.setattr(os, name, call)

    spy("fsync", lambda descriptor: shown(Path(f"/proc/self/fd/{descriptor}").readlink()))
    spy("link", lambda source, target: f"{shown(source)} {shown(target)}")
    spy("rename", lambda source, target, *_: f"{shown(source)} {shown(target)}")
    spy("unlink", lambda path, *_: shown(path))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="names of open files come from /proc")
def test_on_the_disk_before_the_next_step(shelf: Shelf, steps: list[str], tmp_path: Path) -> None:
    def taken() -> list[str]:
        done = [step for step in steps if not step.endswith("lock")]
        steps.clear()
        return done

    draft = shelf.draft("a.md", BODY.encode())
    shelf.add(draft)
    # The folders of the removed articles first, which are new.
    assert taken() == [
        "fsync data",
        f"fsync {tmp_path.name}",
        "fsync NEW",
        "link NEW a.md",
        "unlink NEW",
        "fsync content",
    ]
    key = shelf.remove("a").key
    assert taken() == [
        "fsync article",
        "fsync record.json",
        "fsync NEW",
        "rename NEW KEY",
        "fsync removed",
        "unlink a.md",
        "fsync content",
    ]
    shelf.restore(key)
    assert taken()[:5] == [
        "fsync NEW",
        "link NEW a.md",
        "unlink NEW",
        "fsync content",
        "rename KEY NEW",
    ]


CHANGES = {"os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process that dies right before its change number `step` of a folder; whether
    it came so far."""
    child = os.fork()
    if child == 0:
        left = step

        def hook(event: str, args: tuple[Any, ...]) -> None:
            nonlocal left
            if event in CHANGES or (event == "open" and args[1] is not None and "x" in args[1]):
                left -= 1
                if left == 0:
                    os._exit(9)

        try:
            sys.addaudithook(hook)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


Prepare = Callable[[Shelf, Path], Callable[[], object]]


def adding(shelf: Shelf, content: Path) -> Callable[[], object]:
    draft = shelf.draft("a.md", BODY.encode())
    return lambda: shelf.add(draft)


def removing(shelf: Shelf, content: Path) -> Callable[[], object]:
    (content / "a.md").write_text(BODY)
    return lambda: shelf.remove("a")


def restoring(shelf: Shelf, content: Path) -> Callable[[], object]:
    key = removed_once(shelf, content).key
    return lambda: shelf.restore(key)


def removed_once(shelf: Shelf, content: Path) -> Removed:
    (content / "a.md").write_text(BODY)
    return shelf.remove("a")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a child process is killed")
@pytest.mark.parametrize(
    ("prepare", "least_steps", "never_lost"),
    [(adding, 5, False), (removing, 6, True), (restoring, 7, True)],
)
def test_killed_at_any_step(prepare: Prepare, least_steps: int, never_lost: bool) -> None:
    step, came_so_far = 0, True
    while came_so_far:
        step += 1
        with fresh_shelf() as (shelf, content, _):
            (content / "kept.md").write_text(BODY)
            work = prepare(shelf, content)
            came_so_far = killed_at(step, work)
            found = read_content(content)
            assert found.errors == ()
            assert {article.text for article in found.articles} == {BODY}
            there = {article.id for article in found.articles}
            assert there in ({"kept"}, {"a", "kept"})
            waiting = [removed.article_id for removed in shelf.removed()]
            if never_lost:
                assert ("a" in there) != (waiting == ["a"])
            # The next one goes on from there, and nothing is left lying about.
            if "a" in there:
                shelf.remove("a")
            for removed in shelf.removed()[:1]:
                shelf.restore(removed.key)
            if never_lost or "a" in there:
                assert files(content) == {"a.md": BODY.encode(), "kept.md": BODY.encode()}
                assert shelf.removed() == []
    assert step > least_steps
