"""What the log says of conversations: each question by its id, and nothing of what people write."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
import pytest
from discord_world import QUESTION, World, admin, last, scene
from logbook import Logbook, logbook
from member_steps import identifier_in, mention
from simcord import Env

from bot.records import Records
from index.answer import Status
from index.content import ContentError
from index.remarks import Said

NAMES = ("mira-of-the-lamps", "nils-of-the-ropes")
REASON = "a reason of mine"
CLAIM = "The lamp of the lighthouse burned whale oil until March."


class QuotingError(Exception):
    """An error that says everything that it should not."""


def done(book: Logbook, place: int = -1) -> dict[str, Any]:
    """How a question ended, without its times."""
    lines = [line for line in book.lines if line["event"] == "question done"]
    kept = ("source", "status", "reason", "confidence")
    return {name: value for name, value in lines[place].items() if name in kept}


async def test_each_question_has_an_id_from_receipt_to_answer(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    with logbook() as book:
        await member.slash(channel, "ask", question=QUESTION)
        await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
        await member.user.send_dm(QUESTION)
    assert [(line["event"], line["source"]) for line in book.lines if "id" in line] == [
        (event, source)
        for source in ("slash", "message", "direct message")
        for event in ("question received", "question done")
    ]
    assert len({line["id"] for line in book.lines if "id" in line}) == 3
    for line in book.lines[1::2]:
        assert (line["status"], line["confidence"]) == ("answered", 0.97)
        stages = [line[f"{stage}_ms"] for stage in ("waiting", "lookup", "sending")]
        assert all(isinstance(took, int) and took >= 0 for took in stages)
        assert line["total_ms"] + 3 >= sum(stages)


async def test_a_failure_has_the_id_of_its_question(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.library.fail = QuotingError(QUESTION)
    with logbook() as book:
        result = await member.slash(channel, "ask", question=QUESTION)
        identifier = identifier_in(result.response.content)
        assert [line["event"] for line in book.about(identifier)] == [
            "question received",
            "question done",
            f"[{identifier}] command 'ask' failed",
        ]
        assert done(book) == {"source": "slash", "status": "failed"}
        await member.user.send_dm(QUESTION)
        identifier = identifier_in(last(member.user.dm_channel).content)
        assert len(book.about(identifier)) == 3
    assert "test_log.QuotingError" in book.text
    assert QUESTION not in book.text
    assert len(simcord_env.errors) == 2


async def test_a_refusal_is_logged_with_its_reason(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.services.limits.__init__(questions=1)  # type: ignore[misc]
    with logbook() as book:
        await member.slash(channel, "ask", question="a" * 501)
        assert done(book) == {"source": "slash", "status": "refused", "reason": "too long"}
        await member.slash(channel, "ask", question=" ")
        assert done(book) == {"source": "slash", "status": "refused", "reason": "empty"}
        await member.slash(channel, "ask", question=QUESTION)
        await member.slash(channel, "ask", question=QUESTION)
        assert done(book) == {"source": "slash", "status": "refused", "reason": "cooldown"}
        await member.user.send_dm(QUESTION)
        assert done(book)["source"] == "direct message"
        assert done(book)["reason"] == "cooldown"
        world.services.work.stopping = True
        await member.slash(channel, "ask", question=QUESTION)
        assert done(book)["reason"] == "stopping"


async def converse(env: Env, world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Conversations of many kinds, some of which fail; what the log must not hold of them."""
    guild = env.create_guild()
    channel = guild.create_text_channel("general")
    mira, nils = (guild.add_member(env.create_user(name)) for name in NAMES)
    edda = admin(env, guild)
    secrets = [QUESTION, REASON, CLAIM, "whale", *NAMES, "edda", "olga", "boss"]

    def broken(text: str) -> QuotingError:
        people = f"{mira.id} {nils.id} {edda.id} {NAMES}"
        return QuotingError(f"{text} {QUESTION} {REASON} {people}")

    # Answers of every kind, and all that can be done with them.
    asked = await mira.slash(channel, "ask", question=QUESTION)
    await nils.click(asked.response, label="Context")
    await nils.click(asked.response, label="Helpful")
    form = await nils.click(asked.response, label="Not helpful")
    await nils.submit_modal(form, {"reason": REASON})
    await nils.click(asked.response, label="Remove")
    private = await mira.slash(channel, "ask", question=QUESTION, private=True)
    await mira.click(private.response, label="Share")
    for status in (Status.UNSURE, Status.NO_ANSWER, Status.ANSWERED):
        world.library.status = status
        await mira.slash(channel, "ask", question=QUESTION)
    await mira.send(channel, f"{mention(env)} {QUESTION}")
    await mira.user.send_dm(QUESTION)
    await mira.user.send_dm(QUESTION * 30)
    message = await nils.send(channel, CLAIM)
    await mira.context_menu(channel, "Find evidence", message)
    for command in ("sources", "help", "privacy"):
        await mira.slash(channel, command)
    for command in ("status", "stats", "gaps", "settings"):
        await edda.slash(channel, f"admin {command}")
    # The library breaks, and says why.
    world.library.fail = broken("the library:")
    await mira.slash(channel, "ask", question=QUESTION)
    await mira.send(channel, f"{mention(env)} {QUESTION}")
    await mira.user.send_dm(QUESTION)
    world.library.fail = None
    # Discord refuses, in the words of the question, and breaks off.
    for path in ("/webhooks/*", "/channels/*", "/interactions/*"):
        for method in ("POST", "PATCH"):
            env.inject_error(method, path, status=400, code=50035, message=QUESTION, times=2)
        await mira.slash(channel, "ask", question=QUESTION)
        await mira.send(channel, f"{mention(env)} {QUESTION}")
        await mira.user.send_dm(QUESTION)
        await nils.click(asked.response, label="Context")
    env.inject_error("POST", "/channels/*", status=403, code=50013, message=QUESTION, times=2)
    await mira.send(channel, f"{mention(env)} {QUESTION}")
    with monkeypatch.context() as patches:

        async def gone(*_: Any, **__: Any) -> None:
            raise aiohttp.ServerDisconnectedError(f"{QUESTION} {mira.id}")

        patches.setattr(discord.Interaction, "edit_original_response", gone)
        patches.setattr(discord.abc.Messageable, "send", gone)
        await mira.slash(channel, "ask", question=QUESTION)
        await mira.user.send_dm(QUESTION)
    with monkeypatch.context() as patches:

        async def fail(*_: Any, **__: Any) -> None:
            raise broken("the database:")

        for name in ("rate", "get", "add", "export_member"):
            patches.setattr(Records, name, fail)
        await nils.click(asked.response, label="Helpful")
        again = await nils.click(asked.response, label="Not helpful")
        await nils.submit_modal(again, {"reason": REASON})
        await nils.slash(channel, "ask", question=QUESTION)
        await nils.slash(channel, "privacy")
    # A reindex fails, in a way that is known and in one that is not.
    world.failure = ContentError("content/a.md", 1, Said("it is wrong"))
    await edda.slash(channel, "admin reindex")
    world.failure = broken("the reindex:")
    await edda.slash(channel, "admin reindex")
    world.failure = None
    await edda.slash(channel, "admin reindex")
    tokens = re.findall(r"/(?:webhooks|interactions)/\d+/([^/]+)", str(env.http_requests))
    assert len(set(tokens)) > 10
    return [*secrets, *{str(one.id) for one in (mira, nils, edda)}, *set(tokens)]


def said(book: Logbook, secrets: list[str]) -> set[str]:
    """Which of these words stand in the log; an id such as “8edda1c0” does not name Edda."""
    return {one for one in secrets if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", book.text)}


async def test_nothing_of_what_people_write_is_logged(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    with logbook() as book:
        secrets = await converse(simcord_env, world, monkeypatch)
    assert said(book, secrets) == set()
    assert len(simcord_env.errors) == 8
    # It is a log all the same.
    levels = [line["level"] for line in book.lines]
    assert len(levels) > 60
    assert levels.count("error") > 10
    assert "content/a.md, line 1: it is wrong." in book.text
    outcomes = {line["status"] for line in book.lines if line["event"] == "question done"}
    assert outcomes == {"answered", "unsure", "no_answer", "refused", "failed"}
    received = [line["id"] for line in book.lines if line["event"] == "question received"]
    ended = [line["id"] for line in book.lines if line["event"] == "question done"]
    assert sorted(received) == sorted(ended)
    assert len(set(received)) == len(received)
    tell(
        f"{len(received)} questions, {len(levels)} lines, {levels.count('error')} of them errors; "
        f"none of {len(secrets)} words, names, ids and tokens"
    )


async def test_the_words_would_be_found(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the level debug they are there, so the test above looks in the right place."""
    with logbook(level="debug") as book:
        secrets = await converse(simcord_env, world, monkeypatch)
    assert len(simcord_env.errors) == 8
    assert {QUESTION, REASON, NAMES[0]} <= said(book, secrets)
