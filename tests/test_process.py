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
from discord_loopback import (
    EPHEMERAL,
    MANAGE_GUILD,
    MODAL,
    SEND_MESSAGES,
    Interaction,
    Json,
    LoopbackDiscord,
    texts,
)

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
            stage = Stage(server, bot, content)
            # The bot is there before the library is; a reindex joins the one that makes it.
            await stage.reindex()
            yield stage
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


async def pressed(stage: Stage, interaction: Interaction) -> Json:
    """What a press of a button has changed the message to, or answered privately."""
    return await stage.bot.during(interaction.outcome())


async def test_a_conversation_in_a_server(stage: Stage) -> None:
    mira, nils = stage.discord.user("mira"), stage.discord.user("nils")
    asked = await stage.discord.interaction("ask", {"question": QUESTION}, user=mira)
    first = await stage.bot.during(asked.answer())
    assert asked.message is not None
    # The next passage, and back; for somebody else a private copy, the message stays.
    turned = await pressed(stage, await stage.discord.press(asked.message, "Next", user=mira))
    assert not turned["flags"] & EPHEMERAL
    assert texts(turned)[0] == first[0]
    assert best_quote(texts(turned)) != german_passage()
    copy = await pressed(stage, await stage.discord.press(asked.message, "Next", user=nils))
    assert copy["flags"] & EPHEMERAL
    assert texts(copy)[1:] == texts(turned)[1:]
    # The paragraphs around it.
    around = await pressed(stage, await stage.discord.press(asked.message, "Context", user=mira))
    quotes = [plain(text) for text in texts(around) if text.startswith("> ")]
    assert len(quotes) == 3
    assert quotes[1] == german_passage()
    # What was not helpful.
    disliked = await stage.discord.press(asked.message, "Not helpful", user=nils)
    assert (await stage.bot.during(disliked.acknowledged()))["type"] == 9
    sent = await stage.discord.submit(disliked, {"reason": "It says too little"}, user=nils)
    thanks = await pressed(stage, sent)
    assert thanks["content"].startswith("Thank you.")
    gaps = await stage.discord.interaction(
        "admin gaps", user=stage.discord.user("edda"), permissions=MANAGE_GUILD
    )
    listed = "\n".join(await stage.bot.during(gaps.answer()))
    assert QUESTION in listed
    assert "It says too little" in listed
    # A follow-up, in reply to an answer.
    me = stage.discord.bot_user["id"]
    mentioned = await stage.discord.message(f"<@{me}> {QUESTION}", user=mira)
    reply = await stage.bot.during(stage.discord.reply_to(mentioned))
    follow = await stage.discord.message(
        "and what was the official reason?", user=mira, replies_to=reply
    )
    reason = await stage.bot.during(stage.discord.reply_to(follow))
    assert "strategischen Fähigkeiten überprüfen" in best_quote(texts(reason))
    # Only who asked, or a moderator, takes an answer away.
    refused = await pressed(stage, await stage.discord.press(asked.message, "Remove", user=nils))
    assert refused["content"].startswith("Only who asked")
    removed = await stage.discord.press(asked.message, "Remove", user=mira)
    assert (await stage.bot.during(removed.acknowledged()))["type"] == 6
    await stage.bot.during(stage.discord.wait_for(lambda: removed.deleted, "a deletion"))


async def test_a_conversation_in_direct_messages(stage: Stage) -> None:
    lena = stage.discord.user("lena")
    asked = await stage.discord.direct_message(
        "Wann wurden die Lieferungen von Patriot-Raketen unterbrochen?", user=lena
    )
    reply = await stage.bot.during(stage.discord.reply_to(asked))
    shown = texts(reply)
    assert shown[0] == "**Frage:** Wann wurden die Lieferungen von Patriot-Raketen unterbrochen?"
    assert best_quote(shown) == german_passage()
    turned = await stage.discord.press(reply, "Nächste", user=lena, permissions=None, locale="de")
    assert texts(await pressed(stage, turned))[0] == shown[0]
    # What is stored, and none of it any more.
    privacy = await stage.discord.interaction("privacy", user=lena, permissions=None)
    told = "\n".join(await stage.bot.during(privacy.answer()))
    assert "Stored about you now: one question and no ratings." in told
    assert privacy.message is not None
    erase = await pressed(
        stage,
        await stage.discord.press(privacy.message, "Erase my data", user=lena, permissions=None),
    )
    erased = await stage.discord.press(
        {**privacy.message, **erase}, "Yes, erase", user=lena, permissions=None
    )
    told_erased = erased.answer(lambda text: text.startswith("Erased"))
    assert await stage.bot.during(told_erased) == ["Erased: one question, and 0 ratings."]
    gone = await stage.discord.press(reply, "Kontext", user=lena, permissions=None)
    assert (await pressed(stage, gone))["content"].startswith("I no longer have this answer")


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
    messages = [
        body.get("data", body)
        for body in sent
        if isinstance(body, dict) and body.get("type") != MODAL
    ]
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


async def test_questions_without_the_key_of_who_asked_them_end_with_one_sentence(
    stage: Stage,
) -> None:
    # After the test that stopped the bot.
    folder = stage.bot.log.parent
    key = folder / "data" / "members.key"
    key.unlink()
    bot = await Bot.start(
        folder,
        stage.content,
        DISCORD_TOKEN=stage.discord.token,
        DISCORD_API_URL=stage.discord.api_url,
        DISCORD_GATEWAY_URL=stage.discord.gateway_url,
    )
    try:
        assert await bot.exit_status() == 2
    finally:
        await bot.kill()
    assert bot.read_log() == (
        f"The key {key} is missing, without which the questions that are stored cannot be found "
        "by who asked them; put its backup in its place, or remove the database to begin anew.\n"
    )


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
            assert await bot.exit_status() == 2
        finally:
            await bot.kill()
    assert bot.read_log() == (
        "Discord did not accept the token: make a new one in the developer portal "
        "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
        "and set DISCORD_TOKEN to it.\n"
    )


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
        assert await bot.exit_status() == 1
    finally:
        await bot.kill()
    assert bot.read_log() == (
        "Discord could not be reached at 127.0.0.1: check the network connection "
        "and DISCORD_API_URL.\n"
    )
