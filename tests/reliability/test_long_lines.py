"""Articles of 5 MB in one line or paragraph: the bot's event loop turns while they are read in.

They take long: only with ``--count``, for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from beleg_process import Unwell, idle
from loop_probe import LIMIT_MS, Lags
from stage import is_report, staged

WORDS = "Some words of an article. "
GERMAN = "Die Fähre hält, wie man hört, zweimal täglich an der großen Brücke über den Fluss. "
GLUED = "A new form of helpThe ferry was bought by the city in 2024. "
ARTICLES = {
    "short sentences": ("a.txt", WORDS * 190_000),
    "umlauts": ("a.txt", GERMAN * 53_000),
    "umlauts in Markdown": ("a.md", GERMAN * 53_000),
    "Windows-1252": ("a.txt", (GERMAN * 58_000).encode("cp1252")),
    "a glued heading": ("a.txt", GLUED + WORDS * 185_000),
    "a glued heading before no sentence": ("a.txt", GLUED + "some words of an article " * 190_000),
    "one paragraph of many lines": ("a.md", (WORDS * 2 + "words\n") * 85_000),
}


@pytest.mark.parametrize("name", ARTICLES)
async def test_the_loop_turns_while_a_long_line_is_read_in(
    tmp_path: Path, name: str, request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    if request.config.getoption("--count") is None:
        pytest.skip("takes long: with --count")
    probe, beside = tmp_path / "bot.json", tmp_path / "idle.json"
    with idle(beside):
        async with staged(tmp_path, Unwell(probe)) as stage:
            path, text = ARTICLES[name]
            content = text if isinstance(text, bytes) else text.encode()
            (stage.content.path / path).write_bytes(content)
            report = await (await stage.reindex()).answer(is_report)
            assert await asyncio.to_thread(stage.bot.stop) == 0
    assert "Articles: 1 added" in "\n".join(report)
    lags, noise = Lags.read(probe), Lags.read(beside)
    tell(f"{len(content) / 1e6:.1f} MB; event loop: {lags}")
    tell(f"that of an idle process beside it: {noise}")
    assert lags.longest_own <= max(LIMIT_MS, noise.longest_own), lags
