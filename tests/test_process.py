"""``beleg run`` as a process of its own, with the real model, against a Discord on loopback."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from discord_loopback import MANAGE_GUILD, SEND_MESSAGES, LoopbackDiscord, texts

ROOT = Path(__file__).parent.parent
QUESTION = "when did Patriot deliveries pause?"
START_SECONDS = 600.0
"""The first start on a machine unpacks the model."""

NEW_ARTICLE = """---
title: The lamps of Quillhaven
author: Odile Brandt
date: 2025-02-03
language: en
---

Quillhaven is a harbour town on a cold sea, known for its ropes and its lamps.

In 1911 the clockmaker Jonas Feld repaired forty-one harbour lamps in a single winter.

The town has paid for the oil ever since.
"""
NEW_QUESTION = "How many harbour lamps did the clockmaker of Quillhaven repair in 1911?"

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

T = TypeVar("T")


@dataclass(slots=True)
class Bot:
    """A running ``beleg run``; what it writes to standard error goes into ``log``."""

    process: asyncio.subprocess.Process
    log: Path

    @classmethod
    async def start(cls, folder: Path, content: Path, **environment: str) -> Bot:
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "log.txt"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("DISCORD_") and name not in ("BELEG_MODEL", "BELEG_DATA")
        }
        with log.open("wb") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot.cli", "run", "--content", str(content)),
                *("--data", str(folder / "data")),
                cwd=folder,
                env={**inherited, "PYTHONPATH": str(ROOT), **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        return cls(process, log)

    async def during(self, awaitable: Awaitable[T]) -> T:
        """The result of ``awaitable``; fails with the log if the bot ends before."""
        work = asyncio.ensure_future(awaitable)
        ended = asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise AssertionError(f"the bot ended with status {ended.result()}:\n{self.read_log()}")
        finally:
            work.cancel()
            ended.cancel()

    async def exit_status(self, timeout: float = 120.0) -> int:
        async with asyncio.timeout(timeout):
            return await self.process.wait()

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass(slots=True)
class Stage:
    """The Discord, the bot in it, and the folder of its articles."""

    discord: LoopbackDiscord
    bot: Bot
    content: Path

    async def ask(self, question: str) -> list[str]:
        asked = await self.discord.interaction(
            "ask", {"question": question}, user=self.discord.user("mira")
        )
        assert (await self.bot.during(asked.acknowledged()))["type"] == 5
        return await self.bot.during(asked.answer())

    async def reindex(self) -> str:
        asked = await self.discord.interaction(
            "admin reindex", user=self.discord.user("edda"), permissions=MANAGE_GUILD
        )
        [text] = await self.bot.during(asked.answer(_is_report))
        assert asked.ephemeral
        return text


def _is_report(text: str) -> bool:
    return not text.startswith("Encoding the articles: ")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("beleg")
    content = folder / "content"
    shutil.copytree(ROOT / "content", content)
    async with LoopbackDiscord() as server:
        bot = await Bot.start(
            folder,
            content,
            DISCORD_TOKEN=server.token,
            DISCORD_API_URL=server.api_url,
            DISCORD_GATEWAY_URL=server.gateway_url,
        )
        try:
            await bot.during(server.connected(START_SECONDS))
            yield Stage(server, bot, content)
        finally:
            await bot.kill()
            print(bot.read_log())


def german_passage() -> str:
    """The paragraph of the German article that answers the question."""
    article = (ROOT / "content" / "ukraine-hilfe.md").read_text(encoding="utf-8")
    [paragraph] = [part for part in article.split("\n\n") if "Juli" in part and "Patriot-" in part]
    return paragraph


def plain(markdown: str) -> str:
    """A quote as it is read: without its marks, escapes and the sentence's bold."""
    unquoted = "\n".join(line.removeprefix("> ") for line in markdown.split("\n"))
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", unquoted.replace("**", ""))


def best_quote(shown: list[str]) -> str:
    """The text of the first passage in an answer."""
    return plain(next(text for text in shown if text.startswith("> ")))


async def test_an_english_question_gets_the_german_passage(stage: Stage) -> None:
    shown = await stage.ask(QUESTION)
    assert shown[0] == f"**Question:** {QUESTION}"
    assert best_quote(shown) == german_passage()
    quotes = [text for text in shown if text.startswith("> ")]
    [marked] = re.findall(r"\*\*(.+?)\*\*", quotes[0])
    assert "Juli" in marked
    assert any("paragraph" in text and "German" in text for text in shown)


async def test_a_direct_message_is_answered(stage: Stage) -> None:
    asked = await stage.discord.direct_message(QUESTION, user=stage.discord.user("mira"))
    reply = await stage.bot.during(stage.discord.reply_to(asked))
    assert best_quote(texts(reply)) == german_passage()


async def test_a_mention_is_answered_and_other_messages_are_not(stage: Stage) -> None:
    mira = stage.discord.user("mira")
    ignored = await stage.discord.message(QUESTION, user=mira)
    me = stage.discord.bot_user["id"]
    asked = await stage.discord.message(f"<@{me}> {QUESTION}", user=mira)
    reply = await stage.bot.during(stage.discord.reply_to(asked))
    assert best_quote(texts(reply)) == german_passage()
    answered = [message["message_reference"]["message_id"] for message in stage.discord.messages]
    assert ignored not in map(str, answered)


async def test_chatter_is_refused_with_what_the_library_holds(stage: Stage) -> None:
    shown = await stage.ask("lol thanks!")
    assert not any(text.startswith("> ") for text in shown)
    assert shown[1].startswith("I found nothing in these articles that answers this.")


async def test_a_member_may_not_reindex(stage: Stage) -> None:
    asked = await stage.discord.interaction(
        "admin reindex", user=stage.discord.user("mira"), permissions=SEND_MESSAGES
    )
    shown = await stage.bot.during(asked.answer())
    assert shown == ["Only members who may manage this server can do that."]
    assert asked.ephemeral


async def test_in_a_direct_message_only_the_owner_may_reindex(stage: Stage) -> None:
    stranger = await stage.discord.interaction(
        "admin reindex", user=stage.discord.user("mira"), permissions=None
    )
    assert await stage.bot.during(stranger.answer()) == [
        "In direct messages only the owner of this bot can do that."
    ]
    owner = await stage.discord.interaction(
        "admin reindex", user=stage.discord.owner, permissions=None
    )
    [text] = await stage.bot.during(owner.answer(_is_report))
    assert text.startswith("**The index is up to date.**")


async def test_after_a_reindex_a_new_article_answers(stage: Stage) -> None:
    before = await stage.ask(NEW_QUESTION)
    assert not any("forty-one" in text for text in before)
    (stage.content / "quillhaven.md").write_text(NEW_ARTICLE, encoding="utf-8")
    (stage.content / "broken.md").write_text("---\ntitle: [\n---\n\nText.\n", encoding="utf-8")
    report = await stage.reindex()
    (stage.content / "broken.md").unlink()
    assert "Articles: 1 added, 0 changed, 0 removed, 2 unchanged." in report
    assert "Passages: 3 newly encoded," in report
    assert re.search(r"broken\.md, line \d+: ", report)
    after = await stage.ask(NEW_QUESTION)
    quotes = [text for text in after if text.startswith("> ")]
    assert "forty-one harbour lamps" in quotes[0]
    assert best_quote(await stage.ask(QUESTION)) == german_passage()


def long_article(days: int) -> str:
    """An article with a paragraph for each day, none like another."""
    winds = ("north", "east", "south", "west")
    paragraphs = [
        f"On day {day} of {days} the keeper counted {day * 7 % 31} ships. The wind came from the "
        f"{winds[day % 4]}, and the glass stood at {700 + day}."
        for day in range(1, days + 1)
    ]
    return "---\ntitle: The keeper's log\nlanguage: en\n---\n\n" + "\n\n".join(paragraphs) + "\n"


async def test_questions_are_answered_while_a_reindex_runs(stage: Stage) -> None:
    (stage.content / "log.md").write_text(long_article(120), encoding="utf-8")
    reindex = await stage.discord.interaction(
        "admin reindex", user=stage.discord.user("edda"), permissions=MANAGE_GUILD
    )
    await stage.bot.during(reindex.acknowledged())
    assert best_quote(await stage.ask(QUESTION)) == german_passage()
    shown_by_then = [] if reindex.message is None else texts(reindex.message)
    assert not any(_is_report(text) for text in shown_by_then)
    [report] = await stage.bot.during(reindex.answer(_is_report, 600))
    assert "Passages: 120 newly encoded," in report


async def test_nothing_was_asked_that_discord_does_not_have(stage: Stage) -> None:
    assert stage.discord.unknown == []
    sent: list[Any] = [r.body for r in stage.discord.requests if r.method in ("POST", "PATCH")]
    messages = [body.get("data", body) for body in sent if isinstance(body, dict)]
    shown = [message for message in messages if {"content", "components"} & set(message)]
    assert len(shown) > 5
    assert all(message["allowed_mentions"]["parse"] == [] for message in shown)


async def test_it_stops_cleanly_and_finishes_the_answer_in_hand(stage: Stage) -> None:
    # The last test with this bot, which is gone after it.
    (stage.content / "log.md").write_text(long_article(400), encoding="utf-8")
    reindex = await stage.discord.interaction(
        "admin reindex", user=stage.discord.user("edda"), permissions=MANAGE_GUILD
    )
    await stage.bot.during(reindex.acknowledged())
    asked = await stage.discord.interaction(
        "ask", {"question": QUESTION}, user=stage.discord.user("mira")
    )
    await stage.bot.during(asked.acknowledged())
    stage.bot.process.send_signal(signal.SIGTERM)
    assert best_quote(await asked.answer()) == german_passage()
    assert await reindex.answer(_is_report) == [
        "I am being stopped, so the reindex was broken off. The old index stays in use."
    ]
    assert await stage.bot.exit_status() == 0
    log = stage.bot.read_log()
    assert "Traceback" not in log
    for secret in (stage.discord.token, QUESTION, "mira", "edda"):
        assert secret not in log


async def test_a_wrong_token_ends_with_one_sentence(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    (content / "quillhaven.md").write_text(NEW_ARTICLE, encoding="utf-8")
    async with LoopbackDiscord() as server:
        bot = await Bot.start(
            tmp_path / "run",
            content,
            DISCORD_TOKEN="wrong.token",
            DISCORD_API_URL=server.api_url,
            DISCORD_GATEWAY_URL=server.gateway_url,
        )
        try:
            assert await bot.exit_status(START_SECONDS) == 2
        finally:
            await bot.kill()
    log = bot.read_log()
    assert log.splitlines()[-1] == (
        "Discord did not accept the token: make a new one in the developer portal "
        "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
        "and set DISCORD_TOKEN to it."
    )
    assert "Traceback" not in log
    assert "wrong.token" not in log


async def test_without_a_token_one_sentence_says_how_to_get_one(tmp_path: Path) -> None:
    bot = await Bot.start(tmp_path, ROOT / "content", DISCORD_TOKEN="")
    try:
        assert await bot.exit_status() == 2
    finally:
        await bot.kill()
    assert bot.read_log() == (
        "DISCORD_TOKEN is not set: get a token in the Discord developer portal "
        "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
        "and put the line DISCORD_TOKEN=… into a file .env here or into the environment.\n"
    )


async def test_an_unreachable_discord_ends_with_one_sentence(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    (content / "quillhaven.md").write_text(NEW_ARTICLE, encoding="utf-8")
    async with LoopbackDiscord() as server:
        nobody = server.api_url
    bot = await Bot.start(tmp_path / "run", content, DISCORD_TOKEN="a.b", DISCORD_API_URL=nobody)
    try:
        assert await bot.exit_status(START_SECONDS) == 2
    finally:
        await bot.kill()
    assert bot.read_log().splitlines()[-1] == (
        "Discord could not be reached at 127.0.0.1: check the network connection "
        "and DISCORD_API_URL."
    )
