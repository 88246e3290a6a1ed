"""Content that means harm: no crash, nothing read outside the folder, no more memory than stated.

A few files with the other tests; ``--count 100000`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from hostile import files, names
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot import report
from index.content import Content, read_content
from index.passages import split_article
from index.segments import indexed

MOST_MEGABYTES = 600
"""Memory that reading one file may take, beyond the program itself: see docs/reliability.md."""
SECRET = "the words of a secret outside"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def assert_harmless(folder: Path, found: Content) -> None:
    """What the articles say stands in their files, and what is printed of them is text alone."""
    encoder = FakeEncoder()
    for article in found.articles:
        text = (folder / article.path).read_bytes()
        assert any(
            article.text.encode(encoding, errors="replace").strip() in text
            for encoding in ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
        )
        passages = split_article(
            article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens
        )
        assert passages
        for passage in passages:
            assert passage.text in article.text
        indexed(article, passages)
    printed = StringIO()
    report.print_check(found, Console(file=printed, soft_wrap=True, highlight=False))
    assert not _CONTROL.search(printed.getvalue())
    for error in found.errors:
        assert not _CONTROL.search(report.harmless(str(error)))


def test_any_file(
    tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    folder = tmp_path / "content"
    count = repetitions(300)
    seen: Counter[str] = Counter()

    @settings(
        max_examples=-(-count // 10),
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.lists(st.tuples(names, files), min_size=10, max_size=10))
    def check(contents: list[tuple[str, bytes]]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        for number, (name, content) in enumerate(contents):
            path = folder / str(number) / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        found = read_content(folder)
        assert len(found.articles) + len(found.errors) == 10 - sum(
            name.startswith(".") for name, _ in contents
        )
        assert_harmless(folder, found)
        seen["articles"] += len(found.articles)
        seen["refused"] += len(found.errors)

    check()
    tell(f"{seen.total()} files: {dict(seen)}; no crash")


def nasty_folder(folder: Path) -> None:
    """Everything that is no file, and every way out."""
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text(SECRET)
    folder.mkdir()
    (folder / "good.md").write_text("An article like any other.")
    (folder / "out.md").symlink_to(outside / "secret.md")
    (folder / "relative.md").symlink_to("../outside/secret.md")
    (folder / "folder.md").symlink_to(outside)
    (folder / "outfolder").symlink_to(outside)
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "self").symlink_to(".")
    (folder / "zero.md").symlink_to("/dev/zero")
    (folder / "proc.md").symlink_to("/proc/self/environ")
    (folder / "nowhere.md").symlink_to("nowhere")
    (folder / "twice.md").symlink_to("out.md")
    (folder / "dots.md").symlink_to("../content/../outside/secret.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "is-a-folder.md").mkdir()
    (folder / "%2e%2e%2fetc%2fpasswd.md").write_text("A name that looks like a path.")
    (folder / "x\\..\\..\\y.md").write_text("Another one.")
    if os.geteuid() == 0:
        os.mknod(folder / "device.md", 0o20666, os.makedev(1, 5))


def test_ways_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    nasty_folder(folder)
    found = read_content(folder)
    assert sorted(article.path for article in found.articles) == [
        "%2e%2e%2fetc%2fpasswd.md",
        "good.md",
        "x\\..\\..\\y.md",
    ]
    assert not any(SECRET in article.text for article in found.articles)
    refused = {error.path.removeprefix("content/"): error.reason for error in found.errors}
    link_out = "it is a link that leads out of the content folder; copy what it leads to"
    unreadable = "it cannot be read; check its permissions, or what the link leads to"
    expected = {
        **dict.fromkeys(
            (
                *("out.md", "relative.md", "folder.md", "outfolder", "zero.md", "proc.md"),
                *("twice.md", "dots.md"),
            ),
            link_out,
        ),
        **dict.fromkeys(("loop.md", "nowhere.md"), unreadable),
        "pipe.md": "it is not an ordinary file; remove it",
    }
    if os.geteuid() == 0:
        expected["device.md"] = "it is not an ordinary file; remove it"
    assert refused == expected


def test_files_that_change_while_they_are_read(
    tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    """Another thread makes a file a link, a pipe, a folder, longer, shorter, and takes it away."""
    folder, outside = tmp_path / "content", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "a.md").write_text(SECRET)
    (folder / "good.md").write_text("An article like any other.")
    inner = folder / "inner"
    stop = threading.Event()

    def change() -> None:
        chance = random.Random(6)
        kinds: list[Callable[[Path], object]] = [
            lambda path: path.write_text("Some words. " * chance.randrange(1, 900)),
            lambda path: path.symlink_to(outside / "a.md"),
            os.mkfifo,
            Path.mkdir,
            lambda path: None,
        ]
        while not stop.is_set():
            for path in (folder / "a.md", inner / "a.md"):
                inner.mkdir(exist_ok=True)
                chance.choice(kinds)(path)
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
            shutil.rmtree(inner)
            inner.symlink_to(outside)
            inner.unlink()

    changer = threading.Thread(target=change)
    changer.start()
    seen: Counter[str] = Counter()
    try:
        for _ in range(repetitions(200)):
            found = read_content(folder)
            assert "good.md" in [article.path for article in found.articles]
            assert not any(SECRET in article.text for article in found.articles)
            seen["read"] += len(found.articles) - 1
            seen["refused"] += len(found.errors)
    finally:
        stop.set()
        changer.join()
    tell(
        f"{repetitions(200)} readings of a folder that changes: {dict(seen)}; nothing from outside"
    )


LARGE = {
    "50 MB": "Some words of an article. " * 2_000_000,
    "one line of 5 MB": "Some words of an article. " * 190_000,
    "one word of 5 MB": "a" * 4_900_000,
    "5 MB of blanks": " " * 4_900_000 + "word",
    "5 MB of line ends": "\n" * 4_900_000 + "word",
    "lines of a word": "a\n" * 99_998,
    "lines of a word in quotes": "> " * 50 + "a\n" + "b\n" * 10_000,
    "lines of 49 signs": ("a" * 48 + "\n") * 99_998,
    "rows of a table": "|a|b|\n|-|-|\n" + "|c|d|\n" * 99_900,
    "a list": "- a\n" * 99_900,
    "100 kB of quotes in quotes": "> " * 50_000 + "word",
    "100 kB of brackets": "# " + "[" * 100_000,
    "100 kB of list marks": "- " * 50_000 + "word",
    "100 kB of headings": "# a\n" * 25_000,
    "YAML in 1 MB of brackets": "---\nx: " + "[" * 1_000_000 + "\n---\nword",
    "YAML that refers to itself": "---\na: &a [x, x]\n"
    + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "---\nword",
    "a title of 5 MB": "---\ntitle: " + "a" * 4_900_000 + "\n---\nword",
}
MEASURE = r"""
import json, re, sys
from pathlib import Path
from index.content import read_content
def peak():  # not getrusage's, which begins with that of the parent process
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024
folder = Path(sys.argv[1])
(folder / "a.md").write_text("Some words to begin with.")
read_content(folder)
Path("/proc/self/clear_refs").write_text("5")  # forget the peak
before = peak()
(folder / "a.md").write_bytes(Path(sys.argv[2]).read_bytes())
found = read_content(folder)
print(json.dumps([len(found.articles), [e.reason for e in found.errors], peak() - before]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", LARGE)
def test_large_files(
    tmp_path: Path, name: str, request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    """In a process of its own, for its peak of memory."""
    short = request.config.getoption("--count") is None
    if short and name not in ("50 MB", "YAML in 1 MB of brackets", "one line of 5 MB"):
        pytest.skip("takes long: with --count")
    folder = tmp_path / "content"
    folder.mkdir()
    (tmp_path / "large").write_text(LARGE[name])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder), str(tmp_path / "large")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    articles, errors, megabytes = json.loads(done.stdout)
    assert articles + len(errors) == 1
    if name == "50 MB":
        assert errors == ["it is larger than 5 MB; split it into several articles"]
    assert megabytes < MOST_MEGABYTES
    tell(f"{name}: {articles} article, {megabytes:.0f} MB of memory")
