"""What members get from the bot in Discord: the real client against a simulated Discord."""

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import discord
import pytest
import simcord.interactions
from discord_world import (
    AFTER,
    BEFORE,
    QUESTION,
    QUOTE,
    SHOWN,
    SOURCE,
    FakeLibrary,
    Found,
    World,
    admin,
    article,
    buttons,
    components,
    last,
    report,
    scene,
    shown,
)
from simcord import Env
from simcord.backend.models.message import AllowedMentions

from bot.client import BelegClient
from bot.database import DatabaseError
from bot.housekeeping import erase_expired_forever
from bot.limits import Limits
from bot.records import Kind, Record, Records, new_id
from bot.servers import ServerSettings
from bot.service import Progress
from index.answer import Status
from index.library import Library
from index.update import IndexReport

FOOT = "-# How sure: almost certain"
HELLO = (
    "Ask me a question, and I will look for the passage that answers it: with `/ask`, in a direct "
    "message, or by mentioning me together with your question."
)
CHANGED = "This paragraph has changed or is gone since I showed it. Please ask again."
FORGOTTEN = "I no longer have this answer: questions are erased after a while. Please ask again."
PREPARING = "The library is being prepared. Please ask again in a minute or two."
STOPPING = "I am being restarted. Please try again in a minute."

PUBLIC = ["Context", "Read the article", "Helpful", "Not helpful", "Remove"]
PRIVATE = ["Context", "Read the article", "Helpful", "Not helpful", "Share"]

LAST = "Nobody lives there now."
SHOWN_LAST = f"> Since 1931 the light has been electric. **{LAST}**"
SOURCE_LAST = "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · paragraph 3 · English"
TWO = [Found(), Found(paragraph=3, sentence=LAST)]
FIRST_PAGE = [f"**Question:** {QUESTION}", SHOWN, SOURCE, f"{FOOT} · Passage 1 of 2"]
SECOND_PAGE = [f"**Question:** {QUESTION}", SHOWN_LAST, SOURCE_LAST, "-# Passage 2 of 2"]


@dataclass
class Payloads:
    """What Discord says with each interaction, and simcord leaves out or does not let one choose.

    ``added_by``: who has installed the bot, a server or only the user.
    """

    locale: str = "en-US"
    added_by: str = "server"


@pytest.fixture(autouse=True)
def payloads(monkeypatch: pytest.MonkeyPatch) -> Payloads:
    settings = Payloads()
    made = simcord.interactions.base_payload

    def make(*args: Any, **details: Any) -> Any:
        record, payload = made(*args, **details)
        payload["locale"] = settings.locale
        owner = (
            {"1": str(details["user_id"])}
            if settings.added_by == "user"
            else {"0": str(details["guild_id"] or 0)}
        )
        return record, payload | {"authorizing_integration_owners": owner}

    monkeypatch.setattr(simcord.interactions, "base_payload", make)
    return settings


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def simcord_bot(world: World) -> BelegClient:
    return world.new_client()


@pytest.fixture(autouse=True)
def nobody_is_pinged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, no message of the bot's may ping anyone."""
    yield
    env = request.node.funcargs.get("simcord_env")
    if env is None:
        return
    for entry in env.http_requests:
        if entry.method not in ("POST", "PATCH") or not isinstance(entry.json, dict):
            continue
        if entry.path.endswith("/callback") and entry.json["type"] not in (4, 7):
            continue  # deferred, a form, or choices: there is no message
        sent = entry.json.get("data", entry.json)
        if {"content", "components"} & set(sent):
            assert sent["allowed_mentions"]["parse"] == []
            assert not sent["allowed_mentions"].get("replied_user")


def answered(question: str = QUESTION) -> list[str]:
    return [f"**Question:** {question}", SHOWN, SOURCE, FOOT]


def callbacks(env: Env) -> list[int]:
    """The types of the first responses to interactions, in order."""
    sent: list[Any] = [r.json for r in env.http_requests if r.path.endswith("/callback")]
    return [response["type"] for response in sent]


def told(result: Any) -> str:
    """The one sentence that only the user of an interaction sees."""
    assert result.ephemeral
    [text] = shown(result.response)
    return text


def identifier_in(sentence: str) -> str:
    found = re.fullmatch(
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        "in the log under `([0-9a-f]{8})`.",
        sentence,
    )
    assert found is not None
    return found[1]


def mention(env: Env) -> str:
    assert env.bot.user is not None
    return f"<@{env.bot.user.id}>"


def private_messages(user: Any) -> list[list[str]]:
    return [shown(message) for message in user.dm_channel.history()]


async def stored(world: World, member: Any) -> dict[str, Any]:
    """All that is stored about somebody."""
    services = world.services
    return cast(Any, await services.records.export_member(services.members.hash(member.id)))


async def votes(world: World, member: Any) -> list[tuple[bool, str | None]]:
    return [(vote["helpful"], vote["reason"]) for vote in (await stored(world, member))["ratings"]]


def press(env: Env, member: Any, message: Any, custom_id: str) -> Awaitable[Any]:
    """Press a button of an older version: the first one under the message gets its custom id."""
    kept = env.backend.get_message(message.channel_id, message.id)
    found = [part for part in components(kept) if part["type"] == 2 and "custom_id" in part]
    found[0].update(custom_id=custom_id, disabled=False)
    return cast(Awaitable[Any], member.click(message, custom_id=custom_id))


# /ask -----------------------------------------------------------------------------------------


async def test_ask_is_deferred_and_then_answered(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=f"  {QUESTION} ")
    assert callbacks(simcord_env) == [5]  # deferred: "thinking"
    assert not result.ephemeral
    assert shown(result.response) == answered()
    assert list(buttons(result.response).items()) == [(label, True) for label in PUBLIC]
    [link] = [part for part in components(result.response) if part.get("url")]
    assert link["url"] == "https://example.org/lighthouse"
    assert result.response.flags.components_v2
    assert result.followups == []
    assert world.library.asked == [QUESTION]
    assert world.library.options == [{}]
    [question] = (await stored(world, member))["questions"]
    assert question["question"] == QUESTION
    assert question["server"] == str(guild.id)
    assert question["private"] is False


async def test_ask_works_in_a_direct_message(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    result = await user.slash("ask", question=QUESTION)
    assert shown(result.response) == answered()
    assert [one["server"] for one in (await stored(world, user))["questions"]] == [None]


async def test_a_private_answer_is_seen_by_its_asker_only(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    assert result.ephemeral
    assert result.response.ephemeral
    assert shown(result.response) == answered()
    assert buttons(result.response) == dict.fromkeys(PRIVATE, True)
    assert [one["private"] for one in (await stored(world, member))["questions"]] == [True]


@pytest.mark.parametrize(
    ("setting", "option", "private"),
    [(True, None, True), (True, False, False), (False, True, True), (False, None, False)],
)
async def test_the_server_says_whether_answers_are_private_unless_the_asker_does(
    simcord_env: Env, world: World, setting: bool, option: bool | None, private: bool
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(private=setting))
    options = {} if option is None else {"private": option}
    result = await member.slash(channel, "ask", question=QUESTION, **options)
    assert result.response.ephemeral is private


async def test_one_article_can_be_asked(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, article="lighthouse")
    assert shown(result.response) == answered()
    assert world.library.options == [{"article": "lighthouse"}]


async def test_an_article_that_is_not_there_is_named_as_such(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, article="The old lighthouse")
    assert told(result) == (
        "There is no such article in my library. Pick one from the list while you type."
    )
    assert world.library.asked == []


async def test_articles_are_offered_by_what_their_titles_hold(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [
        article(),
        article("mill", "The mill, and the LIGHT in it"),
        article("bridge", "A bridge"),
    ]
    assert await member.autocomplete(channel, "ask", "article", " light") == [
        {"name": "The old lighthouse", "value": "lighthouse"},
        {"name": "The mill, and the LIGHT in it", "value": "mill"},
    ]
    assert [one["value"] for one in await member.autocomplete(channel, "ask", "article", "")] == [
        "lighthouse",
        "mill",
        "bridge",
    ]
    assert await member.autocomplete(channel, "ask", "article", "tower") == []


async def test_at_most_25_articles_are_offered_with_titles_of_at_most_100_characters(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    titles = [f"{'lamp ' * 30}{number}" for number in range(30)]
    world.library.contents = [article(f"lamp-{n}", title) for n, title in enumerate(titles)]
    world.library.contents[1] = article("no-spaces", f"lamp{'x' * 200}")
    found = await member.autocomplete(channel, "ask", "article", "lamp")
    assert len(found) == 25
    assert found[0] == {"name": " ".join(["lamp"] * 20), "value": "lamp-0"}
    assert found[1] == {"name": f"lamp{'x' * 96}", "value": "no-spaces"}
    assert found[24]["value"] == "lamp-24"


@pytest.mark.parametrize("length", [500, 501])
async def test_a_question_that_is_too_long_is_declined(
    simcord_env: Env, world: World, length: int
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question="a" * length)
    if length == 500:
        assert world.library.asked == ["a" * 500]
    else:
        assert world.library.asked == []
        assert told(result) == (
            "Your question is 501 characters long, and I read at most 500. "
            "Please ask it more briefly."
        )


async def test_an_empty_question_gets_help(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    assert told(await member.slash(channel, "ask", question="   ")) == HELLO
    assert world.library.asked == []


@pytest.mark.parametrize("known", [True, False])
async def test_a_user_brings_the_bot_along_to_a_server_it_is_not_in(
    simcord_env: Env, world: World, payloads: Payloads, known: bool
) -> None:
    """There the settings of the server do not count, and nothing is counted for it."""
    guild, channel, member = scene(simcord_env)
    elsewhere = guild.create_text_channel("elsewhere")
    await world.services.servers.set(
        guild.id, ServerSettings(channels=frozenset({elsewhere.id}), language="fr")
    )
    payloads.added_by = "user"
    if not known:
        cast(Any, world.client)._connection._guilds.clear()
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()
    await member.click(result.response, label="Helpful")
    assert [one["server"] for one in (await stored(world, member))["questions"]] == [None]
    assert await votes(world, member) == [(True, None)]


async def test_a_failure_gives_one_sentence_with_an_id_that_the_log_has_too(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.fail = RuntimeError("secret detail")
    result = await member.slash(channel, "ask", question=QUESTION)
    identifier = identifier_in(result.response.content)
    [record] = [record for record in caplog.records if identifier in record.getMessage()]
    assert record.getMessage() == f"[{identifier}] command 'ask' failed"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is world.library.fail
    assert len(simcord_env.errors) == 1
    assert (await stored(world, member))["questions"] == []


async def test_while_stopping_it_says_so(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    earlier = await member.slash(channel, "ask", question=QUESTION)
    assert world.client is not None
    await world.client.finish(1.0)
    assert told(await member.slash(channel, "ask", question=QUESTION)) == STOPPING
    assert told(await member.click(earlier.response, label="Context")) == STOPPING
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == [STOPPING]
    assert world.library.asked == [QUESTION]


async def test_while_the_library_is_prepared_it_says_so(simcord_env: Env, world: World) -> None:
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    _, channel, member = scene(simcord_env)
    assert told(await member.slash(channel, "ask", question=QUESTION)) == PREPARING
    assert told(await member.slash(channel, "sources")) == PREPARING
    assert await member.autocomplete(channel, "ask", "article", "") == []
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == [PREPARING]
    assert (await stored(world, member))["questions"] == []


async def test_while_the_library_is_prepared_it_says_how_far_it_is(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def reopen(on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        on_progress(3, 12)
        began.set()
        assert go_on.wait(30)
        return cast(Library, FakeLibrary()), report()

    async def unseen(progress: Progress) -> None:
        pass

    world.ready = False
    monkeypatch.setattr(world, "reopen", reopen)
    await simcord_env.restart_bot(world.new_client())
    _, channel, member = scene(simcord_env)
    preparing = asyncio.create_task(world.services.library.reindex(unseen))
    assert await asyncio.to_thread(began.wait, 30)
    assert told(await member.slash(channel, "ask", question=QUESTION)) == (
        "The library is being prepared: 3 of 12 texts are read. Please ask again in a few minutes."
    )
    go_on.set()
    await preparing
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()


def moment_in(sentence: str, pattern: str) -> float:
    """In how many seconds the moment in ``sentence`` is."""
    found = re.fullmatch(pattern.replace("WHEN", r"<t:(\d+):R>"), sentence)
    assert found is not None, sentence
    return int(found[1]) - time.time()


async def test_who_asks_too_often_is_told_when_to_ask_again(simcord_env: Env, world: World) -> None:
    world.limits = Limits(questions=2, seconds=600)
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    await member.slash(channel, "ask", question=QUESTION)
    # What is not looked up does not count.
    await member.slash(channel, "ask", question="a" * 501)
    await member.send_dm(QUESTION)
    refusal = r"You have asked a lot in a short time\. Please ask again WHEN\."
    sentence = told(await member.slash(channel, "ask", question=QUESTION))
    assert 540 < moment_in(sentence, refusal) <= 602
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert 540 < moment_in(last(channel).content, refusal) <= 602
    assert len(world.library.asked) == 2
    answer = await other.slash(channel, "ask", question=QUESTION)
    assert shown(answer.response) == answered()


async def test_when_too_many_questions_wait_it_says_when_to_ask_again(
    simcord_env: Env, world: World
) -> None:
    world.limits = Limits(questions=1, seconds=600, waiting=1)
    await simcord_env.restart_bot(world.new_client())
    _, channel, member = scene(simcord_env)
    with world.services.work.piece():
        sentence = told(await member.slash(channel, "ask", question=QUESTION))
    seconds = moment_in(sentence, r"Too many questions are waiting\. Please ask again WHEN\.")
    assert 240 < seconds <= 302
    # It did not count against the asker's share.
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()


NOT_YOUR_ROLE = (
    "In this server only some roles may ask me. Whoever manages the server can change that."
)


async def test_only_the_roles_that_may_ask_are_answered(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    role = guild.create_role("Readers")
    reader = guild.add_member(simcord_env.create_user("rita"), roles=[role])
    await world.services.servers.set(guild.id, ServerSettings(askers=frozenset({role.id})))
    words = await reader.send(channel, "the lamp burned oil")
    assert told(await member.slash(channel, "ask", question=QUESTION)) == NOT_YOUR_ROLE
    assert told(await member.context_menu(channel, "Find evidence", words)) == NOT_YOUR_ROLE
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert last(channel).author.id == member.id
    assert private_messages(member.user) == [[NOT_YOUR_ROLE]]
    assert world.library.asked == []
    result = await reader.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()
    await reader.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == answered()
    # In a direct message no server's settings hold.
    await member.user.slash("ask", question=QUESTION)
    assert len(world.library.asked) == 3


async def test_it_answers_only_in_the_channels_that_were_set_and_their_threads(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    first, second = guild.create_text_channel("one"), guild.create_text_channel("two")
    chosen = frozenset({first.id, second.id})
    await world.services.servers.set(guild.id, ServerSettings(channels=chosen))
    refusal = f"I do not answer in this channel. Ask me in <#{first.id}>, <#{second.id}>."
    words = await member.send(channel, "the lamp burned oil")
    assert told(await member.slash(channel, "ask", question=QUESTION)) == refusal
    assert told(await member.context_menu(channel, "Find evidence", words)) == refusal
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert last(channel).author.id == member.id
    assert private_messages(member.user) == [[refusal]]
    assert world.library.asked == []
    places = [second]
    for place in (first, channel):
        simcord_env.backend.create_thread(place.id, "a thread", member.id)
        places += place.threads
    allowed_thread, other_thread = places[1:]
    assert told(await member.slash(other_thread, "ask", question=QUESTION)) == refusal
    for place in (second, allowed_thread):
        result = await member.slash(place, "ask", question=QUESTION)
        assert shown(result.response) == answered()
        await member.send(place, f"{mention(simcord_env)} {QUESTION}")
        assert shown(last(place)) == answered()
    assert len(world.library.asked) == 4


@pytest.mark.parametrize(("setting", "shift"), [("looser", -1.0), ("stricter", 1.0)])
async def test_the_server_says_how_sure_the_library_must_be(
    simcord_env: Env, world: World, setting: Any, shift: float
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(strictness=setting))
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.options == [{"strictness": shift}]


# What an answer looks like ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(0.95, "almost certain"), (0.8, "very likely"), (0.79, "likely")],
)
async def test_an_answer_says_how_sure_it_is(
    simcord_env: Env, world: World, confidence: float, word: str
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.confidence = confidence
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response)[-1] == f"-# How sure: {word}"


async def test_where_it_is_unsure_it_says_so_on_the_first_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.UNSURE, TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == [
        f"**Question:** {QUESTION}",
        "This passage comes closest; it may not answer your question.",
        SHOWN,
        SOURCE,
        "-# How sure: doubtful · Passage 1 of 2",
    ]
    await member.click(result.response, label="Next")
    assert shown(result.response) == SECOND_PAGE


@pytest.mark.parametrize("private", [False, True])
async def test_where_there_is_no_answer_it_says_what_can_be_asked(
    simcord_env: Env, world: World, private: bool
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.NO_ANSWER, []
    world.library.contents = [article(f"a{number}", f"Title {number}") for number in range(7)]
    result = await member.slash(channel, "ask", question=QUESTION, private=private)
    assert shown(result.response) == [
        f"**Question:** {QUESTION}",
        "I found nothing in these articles that answers this.\n"
        "\n"
        "The library holds:\n"
        "- Title 0\n- Title 1\n- Title 2\n- Title 3\n- Title 4\n"
        "- and 2 more\n"
        "\n"
        "You could ask, for example:\n"
        "- When was the lamp lit?\n- Who lives there?",
    ]
    assert buttons(result.response) == ({} if private else {"Remove": True})


async def test_a_library_without_articles_says_so(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.NO_ANSWER, []
    world.library.contents = []
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response)[1] == ("There are no articles in my library yet.")


async def test_two_questions_in_one_message_are_answered_on_one_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    until, who = "Until when did it burn oil?", "Who lives there?"
    world.library.found = [
        Found(asks=until),
        Found(paragraph=3, sentence=LAST, asks=who),
        Found(paragraph=1, sentence=BEFORE, asks=who),
    ]
    world.library.unanswered = ("What did it cost?",)
    question = f"{until} {who} What did it cost?"
    result = await member.slash(channel, "ask", question=question)
    page = [
        f"**Question:** {question}",
        "I found nothing in these articles that answers “What did it cost?”.",
        SHOWN,
        f"To “{until}”:\n{SOURCE}",
        SHOWN_LAST,
        f"To “{who}”:\n{SOURCE_LAST}",
        f"{FOOT} · Passage 1 of 4",
    ]
    assert shown(result.response) == page
    # Both have the link, and the context of two paragraphs is none of one's.
    labels = [part["label"] for part in components(result.response) if part["type"] == 2]
    link = "Read the article"
    assert labels == [link, link, "Previous", "Next", "Helpful", "Not helpful", "Remove"]
    for _ in range(3):
        await member.click(result.response, label="Next")
    assert shown(result.response) == [
        f"**Question:** {question}",
        f"> **{BEFORE}**",
        f"To “{who}”:\n{SOURCE.replace('paragraph 2', 'paragraph 1')}",
        "-# Passage 4 of 4",
    ]
    await member.click(result.response, label="Context")
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response)[-1] == "-# Passage 4 of 4"


async def test_what_was_asked_is_shown_as_text(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question="is **@everyone** <@1> \u202eright?")
    assert shown(result.response)[0] == (
        "**Question:** is \\*\\*\\@everyone\\*\\* \\@… ⟨U+202E⟩right?"
    )
    # Ids of people are neither looked up nor stored.
    assert world.library.asked == ["is **@everyone** @… \u202eright?"]


async def test_ids_that_discord_writes_are_not_stored(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    text = "did <@123456> or <@&234567> say <a:wave:345678> in <#456789>?"
    await member.send(channel, f"<@{me.id}> {text}")
    said = await member.send(channel, text)
    await member.slash(channel, "ask", question=text)
    await member.context_menu(channel, "Find evidence", said)
    plain = "did @… or @… say :wave: in #…?"
    assert world.library.asked == [plain, plain, plain]
    questions = (await stored(world, member))["questions"]
    assert [question["question"] for question in questions] == [plain, plain, plain]


# Find evidence ------------------------------------------------------------------------------------


async def test_evidence_is_found_privately_for_somebodys_message(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    claim = await other.send(channel, " The lamp burned oil until March. ")
    result = await member.context_menu(channel, "Find evidence", claim)
    assert callbacks(simcord_env) == [5]
    assert result.ephemeral
    assert result.response.ephemeral
    assert shown(result.response) == [
        "**Looked up:** The lamp burned oil until March.",
        SHOWN,
        SOURCE,
        FOOT,
    ]
    assert buttons(result.response) == dict.fromkeys(PRIVATE, True)
    assert world.library.asked == ["The lamp burned oil until March."]
    [question] = (await stored(world, member))["questions"]
    assert question["kind"] == "claim"
    assert (await stored(world, other))["questions"] == []


async def test_a_long_message_is_cut_between_words_and_says_so(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    claim = await member.send(channel, "lamp " * 300)
    result = await member.context_menu(channel, "Find evidence", claim)
    [asked] = world.library.asked
    assert asked == " ".join(["lamp"] * 100)
    texts = shown(result.response)
    assert texts[0].startswith("**Looked up:** lamp lamp ")
    assert texts[1:] == [
        "The message is long; I looked up its first 499 characters.",
        SHOWN,
        SOURCE,
        FOOT,
    ]


async def test_a_message_without_text_has_nothing_to_look_up(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    picture = await member.send(channel, attachments=[("photo.png", b"none")])
    result = await member.context_menu(channel, "Find evidence", picture)
    assert told(result) == "This message has no text that I could look up."
    assert world.library.asked == []


async def test_evidence_that_is_unsure_or_missing_is_named_so(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    claim = await member.send(channel, "It is blue.")
    world.library.status = Status.UNSURE
    result = await member.context_menu(channel, "Find evidence", claim)
    assert shown(result.response) == [
        "**Looked up:** It is blue.",
        "This passage comes closest; it may say nothing about this.",
        SHOWN,
        SOURCE,
        "-# How sure: doubtful",
    ]
    world.library.status, world.library.found = Status.NO_ANSWER, []
    result = await member.context_menu(channel, "Find evidence", claim)
    assert shown(result.response) == [
        "**Looked up:** It is blue.",
        "I found nothing about this in these articles.\n"
        "\n"
        "The library holds:\n"
        "- The old lighthouse\n"
        "\n"
        "You could ask, for example:\n"
        "- When was the lamp lit?\n- Who lives there?",
    ]
    assert buttons(result.response) == {}


# Buttons, at once and later -----------------------------------------------------------------------

Later = Callable[[Env, World, Any, Any], Awaitable[None]]


async def at_once(env: Env, world: World, guild: Any, channel: Any) -> None:
    pass


async def restarted(env: Env, world: World, guild: Any, channel: Any) -> None:
    await env.restart_bot(world.new_client())


async def reindexed(env: Env, world: World, guild: Any, channel: Any) -> None:
    """Another article comes first, and the old one has a new first paragraph."""
    paragraphs = ("A new beginning.", BEFORE, QUOTE, AFTER)
    world.renewed = FakeLibrary([article("a", "A"), article(paragraphs=paragraphs)])
    await admin(env, guild).slash(channel, "admin reindex")


LATER = pytest.mark.parametrize("later", [at_once, restarted, reindexed])


def moved(texts: list[str], later: Later) -> list[str]:
    """``texts`` with the paragraphs' new numbers, after `reindexed`."""
    if later is not reindexed:
        return texts
    return [re.sub(r"paragraph (\d)", lambda n: f"paragraph {int(n[1]) + 1}", t) for t in texts]


@LATER
async def test_next_and_previous_turn_the_message_for_its_asker(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == FIRST_PAGE
    turning = {
        "Read the article": True,
        "Previous": False,
        "Next": True,
        "Context": True,
        "Helpful": True,
        "Not helpful": True,
        "Remove": True,
    }
    assert buttons(result.response) == turning
    await later(simcord_env, world, guild, channel)
    await member.click(result.response, label="Next")
    assert shown(result.response) == moved(SECOND_PAGE, later)
    assert buttons(result.response) == turning | {"Previous": True, "Next": False}
    await member.click(result.response, label="Previous")
    assert shown(result.response) == moved(FIRST_PAGE, later)
    assert buttons(result.response) == turning
    assert callbacks(simcord_env)[-2:] == [7, 7]
    assert len(channel.history()) == 1


@LATER
async def test_others_who_turn_the_message_get_a_private_copy(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    await later(simcord_env, world, guild, channel)
    copy = await other.click(result.response, label="Next")
    assert copy.ephemeral
    assert copy.response.id != result.response.id
    assert shown(copy.response) == moved(SECOND_PAGE, later)
    assert buttons(copy.response) == {
        "Read the article": True,
        "Previous": True,
        "Next": False,
        "Context": True,
        "Helpful": True,
        "Not helpful": True,
    }
    assert shown(result.response) == FIRST_PAGE
    # In the copy they turn the pages themselves.
    await other.click(copy.response, label="Previous")
    assert shown(copy.response) == moved(FIRST_PAGE, later)
    await other.click(copy.response, label="Context")
    assert shown(copy.response)[0] == "The paragraphs around it, from **The old lighthouse**"
    await other.click(copy.response, label="Back to the answer")
    assert shown(copy.response) == moved(FIRST_PAGE, later)
    assert "Share" not in buttons(copy.response)
    assert shown(result.response) == FIRST_PAGE
    context = await other.click(result.response, label="Context")
    assert context.ephemeral
    assert shown(context.response)[0] == "The paragraphs around it, from **The old lighthouse**"
    assert shown(result.response) == FIRST_PAGE


@LATER
async def test_context_shows_the_paragraphs_around_it_and_goes_back(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Next")
    await later(simcord_env, world, guild, channel)
    await member.click(result.response, label="Context")
    assert shown(result.response) == [
        "The paragraphs around it, from **The old lighthouse**",
        f"> {QUOTE}",
        SHOWN_LAST,
    ]
    assert buttons(result.response) == {"Back to the answer": True}
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response) == moved(SECOND_PAGE, later)
    await member.click(result.response, label="Previous")
    await member.click(result.response, label="Context")
    assert shown(result.response) == [
        "The paragraphs around it, from **The old lighthouse**",
        f"> {BEFORE}",
        SHOWN,
        f"> {AFTER}",
    ]


async def test_long_context_has_pages_that_can_be_turned(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    long = "It stood dark. " * 150
    world.library.contents = [article(paragraphs=(long, QUOTE, long))]
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Context")
    title = "The paragraphs around it, from **The old lighthouse**"
    first = [title, f"> {long.rstrip()}", SHOWN, "-# Page 1 of 2"]
    assert [text.rstrip() for text in shown(result.response)] == first
    assert buttons(result.response) == {
        "Previous": False,
        "Next": True,
        "Back to the answer": True,
    }
    await member.click(result.response, label="Next")
    second = [title, f"> {long.rstrip()}", "-# Page 2 of 2"]
    assert [text.rstrip() for text in shown(result.response)] == second
    assert buttons(result.response) == {
        "Previous": True,
        "Next": False,
        "Back to the answer": True,
    }
    await member.click(result.response, label="Previous")
    assert [text.rstrip() for text in shown(result.response)] == first
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response) == answered()


@LATER
async def test_an_asker_shares_a_private_answer_with_the_channel(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Next")
    await later(simcord_env, world, guild, channel)
    assert channel.history(viewer=other) == []
    await member.click(result.response, label="Share")
    question, *rest = moved(SECOND_PAGE, later)
    assert shown(result.response) == [
        question,
        "Shared. Everybody in this channel can see it now.",
        *rest,
    ]
    assert result.response.ephemeral
    [public] = channel.history(viewer=other)
    assert not public.flags.ephemeral
    assert shown(public) == [question, *rest]
    assert buttons(public) == {
        "Read the article": True,
        "Previous": True,
        "Next": False,
        "Context": True,
        "Helpful": True,
        "Not helpful": True,
        "Remove": True,
    }
    # It is a message like any other: its asker turns and removes it.
    await member.click(public, label="Previous")
    assert shown(last(channel)) == moved(FIRST_PAGE, later)
    await member.click(public, label="Remove")
    assert channel.history(viewer=other) == []


async def test_nobody_but_the_asker_can_share(simcord_env: Env, world: World) -> None:
    """There is no such button for others, but a custom id can be made up."""
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION)
    [record] = (await stored(world, member))["questions"]
    pressed = await press(simcord_env, other, result.response, f"answer:share:{record['id']}:0")
    assert told(pressed) == "Only who asked can share an answer."
    assert shown(result.response) == answered()
    assert [message.id for message in channel.history(viewer=member)] == [result.response.id]


@LATER
@pytest.mark.parametrize("asked_by", ["command", "mention", "refused"])
@pytest.mark.parametrize("presser", ["asker", "moderator", "other"])
async def test_the_asker_or_a_moderator_removes_an_answer(
    simcord_env: Env, world: World, later: Later, asked_by: str, presser: str
) -> None:
    guild, channel, member = scene(simcord_env)
    role = guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    people = {
        "asker": member,
        "moderator": guild.add_member(simcord_env.create_user("mo"), roles=[role]),
        "other": guild.add_member(simcord_env.create_user("otto")),
    }
    if asked_by == "refused":
        world.library.status, world.library.found = Status.NO_ANSWER, []
    if asked_by == "mention":
        await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    else:
        await member.slash(channel, "ask", question=QUESTION)
    answer = last(channel)
    await later(simcord_env, world, guild, channel)
    result = await people[presser].click(answer, label="Remove")
    left = answer.id in [message.id for message in channel.history()]
    assert left is (presser == "other")
    if presser == "other":
        assert told(result) == (
            "Only who asked, or who may manage messages here, can remove this answer."
        )
    else:
        assert callbacks(simcord_env)[-1] == 6
        assert result.followups == []


@LATER
async def test_votes_are_stored_and_can_be_changed(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION)
    [record] = (await stored(world, member))["questions"]
    await later(simcord_env, world, guild, channel)
    thanks = "Thank you. That helps whoever looks after these articles."
    assert told(await member.click(result.response, label="Helpful")) == thanks
    assert await votes(world, member) == [(True, None)]
    [vote] = (await stored(world, member))["ratings"]
    assert vote["question"] == record["id"]
    # Pressed twice, it is still one vote.
    await member.click(result.response, label="Helpful")
    assert await votes(world, member) == [(True, None)]

    form = await member.click(result.response, label="Not helpful")
    assert form.modal == {
        "custom_id": f"answer:reason:{record['id']}",
        "title": "What was not helpful?",
        "components": [
            {
                "id": 1,
                "type": 18,
                "label": "What did you expect? (optional)",
                "component": {
                    "id": 2,
                    "type": 4,
                    "style": 2,
                    "label": None,
                    "custom_id": "reason",
                    "required": False,
                    "placeholder": "For example: the passage is about another year",
                    "max_length": 300,
                },
            }
        ],
    }
    # It counts also if the form is closed without being sent.
    assert await votes(world, member) == [(False, None)]
    await later(simcord_env, world, guild, channel)
    reason = "  I meant the other lamp. "
    assert told(await member.submit_modal(form, {"reason": reason})) == (
        "Thank you. Those who look after these articles will see what you wrote."
    )
    assert await votes(world, member) == [(False, "I meant the other lamp.")]

    form = await other.click(result.response, label="Not helpful")
    assert told(await other.submit_modal(form, {})) == thanks
    assert await votes(world, other) == [(False, None)]
    await other.click(result.response, label="Helpful")
    assert await votes(world, other) == [(True, None)]
    assert await votes(world, member) == [(False, "I meant the other lamp.")]
    assert shown(result.response) == answered()


async def rewritten(env: Env, world: World, guild: Any, channel: Any) -> None:
    """Paragraph 2 is another one, and has a sentence where the marked one stood."""
    other = "The lamp was lit in 1888. It burned palm oil until April. Then gas came."
    world.renewed = FakeLibrary([article(paragraphs=(BEFORE, other, AFTER))])
    await admin(env, guild).slash(channel, "admin reindex")


async def shortened(env: Env, world: World, guild: Any, channel: Any) -> None:
    world.renewed = FakeLibrary([article(paragraphs=(BEFORE, AFTER))])
    await admin(env, guild).slash(channel, "admin reindex")


async def removed(env: Env, world: World, guild: Any, channel: Any) -> None:
    """The article is gone, and another has the same paragraph."""
    world.renewed = FakeLibrary([article("copy", "A copy")])
    await admin(env, guild).slash(channel, "admin reindex")


async def rewritten_between_starts(env: Env, world: World, guild: Any, channel: Any) -> None:
    other = "The lamp was lit in 1888. It burned palm oil until April. Then gas came."
    world.library.contents = [article(paragraphs=(BEFORE, other, AFTER))]
    await env.restart_bot(world.new_client())


GONE = pytest.mark.parametrize("later", [rewritten, shortened, removed, rewritten_between_starts])


@GONE
async def test_a_paragraph_that_has_changed_or_gone_is_named_so_and_nothing_else_shown(
    simcord_env: Env, world: World, later: Later
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    world.library.found = [Found(paragraph=1, sentence=BEFORE), Found()]
    result = await member.slash(channel, "ask", question=QUESTION)
    private = await member.slash(channel, "ask", question=QUESTION, private=True)
    for message in (result.response, private.response):
        await member.click(message, label="Next")
    before = shown(result.response)
    await later(simcord_env, world, guild, channel)

    # Context of a page that was shown before: told, and the message stays as it is.
    assert told(await member.click(result.response, label="Context")) == CHANGED
    assert told(await other.click(result.response, label="Context")) == CHANGED
    assert shown(result.response) == before

    # The passage that is still there is shown as it is now, unless its article has gone.
    await member.click(result.response, label="Previous")
    first_page = shown(result.response)
    if later is removed:
        assert first_page == [
            f"**Question:** {QUESTION}",
            CHANGED,
            f"{FOOT} · Passage 1 of 2",
        ]
    else:
        assert first_page[1] == f"> **{BEFORE}**"
    await member.click(result.response, label="Next")
    gone = [f"**Question:** {QUESTION}", CHANGED, "-# Passage 2 of 2"]
    assert shown(result.response) == gone
    assert "Read the article" not in buttons(result.response)
    assert told(await member.click(result.response, label="Context")) == CHANGED
    copy = await other.click(result.response, label="Previous")
    assert shown(copy.response) == first_page

    # Nothing of it is shared.
    count = len(channel.history(viewer=other))
    assert told(await member.click(private.response, label="Share")) == CHANGED
    assert len(channel.history(viewer=other)) == count
    # An opinion can still be given.
    await member.click(result.response, label="Helpful")
    assert await votes(world, member) == [(True, None)]


async def test_context_that_was_open_when_its_paragraph_went_says_so(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Context")
    await shortened(simcord_env, world, guild, channel)
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response) == [f"**Question:** {QUESTION}", CHANGED, FOOT]


async def test_of_two_questions_the_one_whose_passage_is_left_keeps_it(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.library.found = [
        Found(asks="Oil?"),
        Found(paragraph=3, sentence=LAST, asks="Who lives there?"),
    ]
    result = await member.slash(channel, "ask", question="Oil? Who lives there?")
    await shortened(simcord_env, world, guild, channel)
    await member.click(result.response, label="Next")
    await member.click(result.response, label="Previous")
    assert shown(result.response) == [
        "**Question:** Oil? Who lives there?",
        CHANGED,
        SHOWN_LAST,
        f"To “Who lives there?”:\n{SOURCE}",
        f"{FOOT} · Passage 1 of 3",
    ]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("private", [False, True])
async def test_buttons_of_an_erased_answer_say_that_it_is_gone(
    simcord_env: Env, world: World, restart: bool, private: bool
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION, private=private)
    form = await member.click(result.response, label="Not helpful")
    services = world.services
    await services.records.erase_member(services.members.hash(member.id))
    if restart:
        await simcord_env.restart_bot(world.new_client())
    labels = ["Next", "Context", "Helpful", "Not helpful", *(["Share"] if private else [])]
    for label in labels:
        assert told(await member.click(result.response, label=label)) == FORGOTTEN
    assert told(await member.submit_modal(form, {"reason": "too late"})) == FORGOTTEN
    assert shown(result.response) == FIRST_PAGE
    assert await votes(world, member) == []


async def test_a_moderator_removes_an_answer_whose_record_is_erased(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    services = world.services
    await services.records.erase_member(services.members.hash(member.id))
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    moderator = guild.add_member(simcord_env.create_user("nils"), roles=[role])
    await moderator.click(result.response, label="Remove")
    assert callbacks(simcord_env)[-1] == 6
    assert channel.history(viewer=moderator) == []


async def test_an_answer_is_shared_once(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Share")
    assert "Share" not in buttons(result.response)


async def test_what_the_database_breaks_in_a_message_is_told_and_logged(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    user = simcord_env.create_user("mira")
    assert world.database is not None
    world.database.close()
    await user.send_dm(QUESTION)
    [identifier] = re.findall("`([0-9a-f]{8})`", last(user.dm_channel).content)
    assert f"[{identifier}] a question in a message failed" in caplog.text
    simcord_env.errors.clear()


async def test_an_answer_that_is_erased_while_somebody_votes_says_that_it_is_gone(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    get = Records.get

    async def get_then_erase(records: Records, identifier: str) -> Record | None:
        found = await get(records, identifier)
        assert found is not None
        await records.erase_member(found.asker)
        return found

    monkeypatch.setattr(Records, "get", get_then_erase)
    assert told(await member.click(result.response, label="Helpful")) == FORGOTTEN


@pytest.mark.parametrize("numbers", ["frobnicate:ID", "show:ID", "helpful:ID:1", "context:ID"])
async def test_a_button_that_this_version_does_not_have_says_so(
    simcord_env: Env, world: World, numbers: str
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    [record] = (await stored(world, member))["questions"]
    custom_id = f"answer:{numbers.replace('ID', record['id'])}"
    pressed = await press(simcord_env, member, result.response, custom_id)
    assert told(pressed) == (
        "This has changed since you last saw it. Please pick the command again after typing `/`."
    )


async def test_a_page_that_is_not_there_is_the_last_one(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    [record] = (await stored(world, member))["questions"]
    await press(simcord_env, member, result.response, f"answer:show:{record['id']}:99")
    assert shown(result.response) == SECOND_PAGE
    far = await press(simcord_env, member, result.response, f"answer:context:{record['id']}:99")
    assert told(far) == CHANGED
    await press(simcord_env, member, result.response, f"answer:context:{record['id']}:0:99")
    assert shown(result.response)[2] == SHOWN


async def test_buttons_say_that_the_library_is_being_prepared(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    private = await member.slash(channel, "ask", question=QUESTION, private=True)
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    for label in ("Next", "Context"):
        assert told(await member.click(result.response, label=label)) == PREPARING
    assert told(await member.click(private.response, label="Share")) == PREPARING
    assert shown(result.response) == FIRST_PAGE
    # Opinions need no library.
    await member.click(result.response, label="Helpful")
    assert await votes(world, member) == [(True, None)]


async def test_a_button_that_fails_leaves_the_answer_and_names_an_id(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)

    async def broken(*_: Any, **__: Any) -> None:
        raise DatabaseError("secret detail")

    monkeypatch.setattr(Records, "rate", broken)
    identifier = identifier_in(told(await member.click(result.response, label="Helpful")))
    form = await member.click(result.response, label="Not helpful")
    second = identifier_in(told(await member.submit_modal(form, {})))
    assert f"[{identifier}] AnswerButton 'answer:helpful:" in caplog.text
    assert f"[{second}] form failed" in caplog.text
    assert shown(result.response) == answered()


async def test_a_button_that_fails_half_way_leaves_the_answer_too(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    simcord_env.inject_error("DELETE", "/webhooks/*", status=400, code=50035, message="Invalid")
    pressed = await member.click(result.response, label="Remove")
    [sentence] = pressed.followups
    assert sentence.ephemeral
    identifier_in(sentence.content)
    assert shown(last(channel)) == answered()


async def test_in_a_direct_message_all_buttons_work(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    world.library.found = TWO
    await user.send_dm(QUESTION)
    answer = last(user.dm_channel)
    await simcord_env.restart_bot(world.new_client())
    await user.click(answer, label="Next")
    assert shown(last(user.dm_channel)) == SECOND_PAGE
    await user.click(answer, label="Context")
    assert shown(last(user.dm_channel))[2] == SHOWN_LAST
    await user.click(answer, label="Back to the answer")
    await user.click(answer, label="Helpful")
    form = await user.click(answer, label="Not helpful")
    await user.submit_modal(form, {"reason": "no"})
    assert await votes(world, user) == [(False, "no")]
    await user.click(answer, label="Remove")
    assert answer.id not in [message.id for message in user.dm_channel.history()]


async def test_discord_py_keeps_no_view_and_no_form_in_memory(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    world.library.contents += [article(f"a{number}", f"Title {number}") for number in range(14)]
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Next")
    await member.click(result.response, label="Context")
    await member.click(result.response, label="Back to the answer")
    await member.click(result.response, label="Not helpful")
    private = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(private.response, label="Share")
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    await member.user.send_dm(QUESTION)
    sources = await member.slash(channel, "sources")
    await member.click(sources.response, label="Next")
    privacy = await member.slash(channel, "privacy")
    await member.click(privacy.response, label="Erase my data")
    store = cast(Any, world.client)._connection._view_store
    assert (store._views, store._synced_message_views, store._modals) == ({}, {}, {})


# Messages -----------------------------------------------------------------------------------------


async def test_every_direct_message_is_a_question(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    message = await user.send_dm(QUESTION)
    reply = last(user.dm_channel)
    assert shown(reply) == answered()
    assert list(buttons(reply)) == PUBLIC
    assert reply.reference is not None
    assert reply.reference.message_id == message.id
    typing = [r for r in simcord_env.http_requests if r.path.endswith("/typing")]
    assert len(typing) == 1
    await user.send_dm("thanks")
    assert world.library.asked == [QUESTION, "thanks"]


async def test_a_mention_is_a_question_without_the_mention(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    me = mention(simcord_env)
    await member.send(channel, f"{me} {QUESTION}")
    assert shown(last(channel)) == answered()
    await member.send(channel, f"{QUESTION} {me.replace('@', '@!')}")
    assert world.library.asked == [QUESTION, QUESTION]
    assert {one["server"] for one in (await stored(world, member))["questions"]} == {str(guild.id)}


async def test_other_messages_are_left_alone(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    me = mention(simcord_env)
    other_bot = guild.add_member(simcord_env.create_user("gadget", bot=True))
    await member.send(channel, QUESTION)
    await member.send(channel, "@everyone and <@12345>")
    await other_bot.send(channel, f"{me} {QUESTION}")
    webhook = guild.create_webhook(channel, "hook")
    await webhook.send(f"{me} {QUESTION}")
    assert world.library.asked == []
    assert all(message.author.id != simcord_env.bot.user.id for message in channel.history())


async def test_in_a_server_that_is_not_known_yet_only_a_mention_counts(
    simcord_env: Env, world: World
) -> None:
    """Messages can come before the server itself does."""
    guild, channel, member = scene(simcord_env)
    cast(Any, world.client)._connection._guilds.clear()
    await member.send(channel, QUESTION)
    assert last(channel).author.id == member.id
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == answered()
    assert world.library.asked == [QUESTION]
    # What was set for the server holds all the same.
    await world.services.servers.set(
        guild.id, ServerSettings(channels=frozenset({1}), language="de")
    )
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert private_messages(member.user) == [
        ["In diesem Kanal antworte ich nicht. Frag mich in <#1>."]
    ]
    assert world.library.asked == [QUESTION]


async def test_a_reply_to_an_answer_follows_it_up(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    answer = last(channel)
    await simcord_env.restart_bot(world.new_client())
    for number, question in enumerate(("and what came after?", "when?"), 1):
        await other.send(channel, question, reply_to=answer)
        assert shown(last(channel)) == answered(question)
        assert world.library.asked[number] == question
        assert world.library.options[number] == {"before": QUESTION}
    # It does not matter which page is shown.
    await member.click(answer, label="Context")
    await member.send(channel, f"{mention(simcord_env)} and then?", reply_to=answer)
    assert world.library.options[-1] == {"before": QUESTION}


async def test_in_a_direct_message_a_reply_follows_up_too(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    await user.send_dm(QUESTION)
    answer = last(user.dm_channel)
    channel_id = user.dm_channel.id
    reference = {"channel_id": str(channel_id), "message_id": str(answer.id)}
    reference = simcord_env.backend.normalize_message_reference(channel_id, reference)
    await user.send_dm("and what came after?", reference=reference)
    assert world.library.options == [{}, {"before": QUESTION}]


async def test_a_follow_up_to_an_answer_that_was_erased_is_a_question_of_its_own(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    services = world.services
    await services.records.erase_member(services.members.hash(member.id))
    await member.send(channel, "and what came after?", reply_to=last(channel))
    assert world.library.options == [{}, {}]


async def test_thanks_and_replies_that_do_not_let_the_bot_know_are_left_alone(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    answer = last(channel)
    await member.send(channel, "thanks!", reply_to=answer)
    await member.send(channel, "oh, great", reply_to=answer)
    # Discord's switch beside the reply is off.
    backend = simcord_env.backend
    reference = {"channel_id": str(channel.id), "message_id": str(answer.id)}
    backend.create_message(
        channel.id,
        member.id,
        "and what came after?",
        reference=backend.normalize_message_reference(channel.id, reference),
        allowed_mentions=AllowedMentions(replied_user=False),
    )
    await simcord_env.settle()
    # Somebody else is answered.
    words = await member.send(channel, "It is dark.")
    await member.send(channel, "is it really so?", reply_to=words)
    assert world.library.asked == [QUESTION]
    # A reply to what is no answer.
    await member.send(channel, mention(simcord_env))
    await member.send(channel, "what do you mean?", reply_to=last(channel))
    assert world.library.asked == [QUESTION]


async def test_a_mention_without_a_question_gets_help(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    await member.send(channel, mention(simcord_env))
    assert last(channel).content == HELLO
    assert world.library.asked == []


async def test_an_attachment_alone_gets_help(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    photo = simcord_env.backend.store_attachments(user.dm_channel.id, [("photo.png", b"none")])
    await user.send_dm("", attachments=photo)
    assert last(user.dm_channel).content == HELLO


async def test_a_long_message_is_declined(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    await user.send_dm("Who was there? " * 80)
    assert last(user.dm_channel).content == (
        "Your question is 1,199 characters long, and I read at most 500. "
        "Please ask it more briefly."
    )
    assert world.library.asked == []


def forbid(env: Env, path: str, *, code: int = 50013, times: int | None = None) -> None:
    """From now on the bot may not write at ``path``."""
    message = "Missing Permissions"
    env.inject_error("POST", path, status=403, code=code, message=message, times=times)


async def test_where_it_may_not_write_its_answer_comes_in_a_direct_message(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    forbid(simcord_env, f"/channels/{channel.id}/*")
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert last(channel).author.id == member.id
    note = (
        f"I may not write in <#{channel.id}>, so here is my answer in private. "
        "Whoever manages the server can allow it."
    )
    question, *rest = answered()
    assert private_messages(member.user) == [[question, note, *rest]]
    await member.send(channel, f"{mention(simcord_env)} {'a' * 501}")
    assert private_messages(member.user)[1:] == [
        [
            f"{note}\n\nYour question is 501 characters long, and I read at most 500. "
            "Please ask it more briefly."
        ]
    ]
    assert f"may not write in channel {channel.id}: Missing Permissions" in caplog.text
    assert simcord_env.errors == []
    # Its buttons work as under any other answer.
    message = member.user.dm_channel.history()[0]
    await member.user.click(message, label="Context")
    assert shown(member.user.dm_channel.history()[0])[2] == SHOWN


async def test_whoever_takes_no_direct_messages_cannot_be_told(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    forbid(simcord_env, "/channels/*")
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert last(channel).author.id == member.id
    assert private_messages(member.user) == []
    assert f"somebody in channel {channel.id} could not be told: 403 Forbidden" in caplog.text
    assert simcord_env.errors == []


async def test_where_it_may_not_even_seem_to_type_it_answers(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    forbid(simcord_env, "/channels/*/typing")
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == answered()


async def test_without_the_history_it_answers_without_a_reference(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    forbid(simcord_env, "/channels/*/messages", code=160002, times=1)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    reply = last(channel)
    assert shown(reply) == answered()
    assert reply.reference is None


async def test_a_failure_in_a_message_gives_one_sentence_with_an_id(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    user = simcord_env.create_user("mira")
    world.library.fail = RuntimeError("secret detail")
    await user.send_dm(QUESTION)
    identifier = identifier_in(last(user.dm_channel).content)
    assert f"[{identifier}] a question in a message failed" in caplog.text
    assert len(simcord_env.errors) == 1


async def test_without_the_history_a_failure_is_told_without_a_reference(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.fail = RuntimeError("secret detail")
    forbid(simcord_env, "/channels/*/messages", code=160002, times=1)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    identifier_in(last(channel).content)
    assert last(channel).reference is None
    assert len(simcord_env.errors) == 1


async def test_a_connection_that_breaks_while_a_failure_is_told_is_logged(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise aiohttp.ServerDisconnectedError

    _, channel, member = scene(simcord_env)
    world.library.fail = RuntimeError("secret detail")
    monkeypatch.setattr(discord.Interaction, "edit_original_response", broken)
    monkeypatch.setattr(discord.abc.Messageable, "send", broken)
    await member.slash(channel, "ask", question=QUESTION)
    await member.user.send_dm(QUESTION)
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines[0] == "a failure could not be told to the user: Server disconnected"
    assert re.fullmatch(
        r"\[[0-9a-f]{8}\] could not be told to the user: Server disconnected", lines[1]
    )
    assert len(lines) == 2
    # What simcord has seen are the failures themselves, and nothing that came of telling them.
    assert len(simcord_env.errors) == 2


async def test_the_log_says_nothing_about_who_asked_what(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    form = await member.click(result.response, label="Not helpful")
    await member.submit_modal(form, {"reason": "a reason of mine"})
    await member.user.send_dm(QUESTION)
    privacy = await member.slash(channel, "privacy")
    await member.click(privacy.response, label="Erase my data")
    await member.click(privacy.response, label="Yes, erase")
    await admin(simcord_env, guild).slash(channel, "admin reindex")
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("bot")]
    assert any("reindexed" in line for line in ours)
    secrets = (QUESTION, "a reason of mine", "mira", "edda", str(member.id))
    assert not any(word in line for line in ours for word in secrets)


# /sources, /help, /privacy ------------------------------------------------------------------------


async def test_sources_lists_the_articles_with_links_page_by_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [
        article(
            f"a{number}", f"Title {number}", [QUOTE] * number, url=f"https://example.org/{number}"
        )
        for number in range(1, 15)
    ]
    world.library.contents[1] = article(
        "a2", "Title 2", [QUOTE, AFTER], url=None, author=None, date=None, language="de"
    )
    result = await member.slash(channel, "sources")
    assert result.ephemeral

    def lines(first: int, past: int) -> list[str]:
        return [
            f"**Title {number}**\n-# Ada Quill · <t:1709985600:D> · English · {number} paragraphs"
            for number in range(first, past)
        ]

    title = "**The library holds 14 articles.**"
    page = [
        title,
        lines(1, 2)[0].replace("1 paragraphs", "one paragraph"),
        "**Title 2**\n-# German · 2 paragraphs",
        *lines(3, 7),
        "-# Page 1 of 3",
    ]
    assert shown(result.response) == page
    links = [part["url"] for part in components(result.response) if part.get("url")]
    assert links == [f"https://example.org/{number}" for number in (1, 3, 4, 5, 6)]
    turning = [part for part in components(result.response) if part.get("custom_id")]
    assert [(part["label"], part["disabled"]) for part in turning] == [
        ("Previous", True),
        ("Next", False),
    ]
    await simcord_env.restart_bot(world.new_client())
    await member.click(result.response, label="Next")
    assert shown(result.response) == [title, *lines(7, 13), "-# Page 2 of 3"]
    await member.click(result.response, label="Next")
    assert shown(result.response) == [title, *lines(13, 15), "-# Page 3 of 3"]
    assert buttons(result.response)["Next"] is False
    # After a reindex there may be fewer pages.
    world.library.contents = world.library.contents[:1]
    await member.click(result.response, label="Previous")
    assert shown(result.response) == ["**The library holds one article.**", page[1]]
    assert buttons(result.response) == {"Read the article": True}


async def test_sources_of_an_empty_library(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    world.library.contents = []
    result = await user.slash("sources")
    assert shown(result.response) == ["**The library holds 0 articles.**"]


async def test_sources_that_are_turned_while_the_library_is_prepared_say_so(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [article(f"a{number}", f"Title {number}") for number in range(14)]
    result = await member.slash(channel, "sources")
    before = shown(result.response)
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    assert told(await member.click(result.response, label="Next")) == PREPARING
    assert shown(result.response) == before


async def test_help_says_how_to_ask(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    text = told(await member.slash(channel, "help"))
    assert text.splitlines()[0] == (
        "**I show the passage that answers your question, word for word, with its source.**"
    )
    for word in ("`/ask`", "`article`", "`private`", "`/sources`", "`/privacy`", "*Find evidence*"):
        assert word in text
    assert len(text) <= 2000
    assert (await member.user.slash("help")).response.content == text


ABOUT = (
    "**What I store about you**\n"
    "Your questions, what I answered, and what you thought of it. They are kept so that the "
    "buttons under an answer work and so that those who look after the articles see what is "
    "missing, private questions included. In place of your name or your id stands a code that "
    "only I can match to you.\n"
    "Questions are erased after DAYS. Nothing is sent to anybody else: I look things up on the "
    "machine I run on.\n"
    "\n"
)


async def test_privacy_says_what_is_stored(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "privacy")
    assert result.ephemeral
    about = ABOUT.replace("DAYS", "30 days")
    assert shown(result.response) == [f"{about}Nothing is stored about you now."]
    assert buttons(result.response) == {"Export my data": True, "Erase my data": True}
    answer = await member.slash(channel, "ask", question=QUESTION)
    result = await member.slash(channel, "privacy")
    assert shown(result.response) == [f"{about}One question of yours is stored now."]
    await member.user.slash("ask", question=QUESTION)
    await world.services.servers.set(guild.id, ServerSettings(days_kept=1))
    result = await member.slash(channel, "privacy")
    about = ABOUT.replace("DAYS", "one day")
    assert shown(result.response) == [f"{about}2 questions of yours are stored now."]
    # A rating of somebody else's question is stored about whoever gave it.
    await other.click(answer.response, label="Helpful")
    result = await other.slash(channel, "privacy")
    assert shown(result.response) == [f"{about}One rating of yours is stored now."]
    result = await other.user.slash("privacy")
    assert shown(result.response)[0].startswith(ABOUT.replace("DAYS", "30 days"))


async def test_members_take_along_what_is_stored_about_them(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    answer = await member.slash(channel, "ask", question="Où était-ce ?")
    await other.slash(channel, "ask", question="not mine")
    form = await member.click(answer.response, label="Not helpful")
    await member.submit_modal(form, {"reason": "wrong year"})
    await other.click(answer.response, label="Helpful")
    result = await member.slash(channel, "privacy")
    await simcord_env.restart_bot(world.new_client())
    export = await member.click(result.response, label="Export my data")
    assert told(export) == "Here is everything that is stored about you."
    [file] = export.response.attachments
    assert file.filename == "beleg.json"
    text = (await file.read()).decode()
    assert "Où était-ce ?" in text
    found = json.loads(text)
    [question], [rating] = found["questions"], found["ratings"]
    for moment in (question.pop("asked_at"), rating.pop("rated_at")):
        age = datetime.now(UTC) - datetime.fromisoformat(moment)
        assert timedelta(0) <= age < timedelta(minutes=5)
    assert found == {
        "member": world.services.members.hash(member.id).hex(),
        "questions": [
            {
                "id": question["id"],
                "server": str(guild.id),
                "kind": "question",
                "question": "Où était-ce ?",
                "status": "answered",
                "confidence": 0.97,
                "citations": [
                    {
                        "article": "lighthouse",
                        "passage": question["citations"][0]["passage"],
                        "start": QUOTE.index("It burned"),
                        "end": QUOTE.index(" Then gas"),
                        "asks": None,
                    }
                ],
                "unanswered": [],
                "private": False,
            }
        ],
        "ratings": [{"question": question["id"], "helpful": False, "reason": "wrong year"}],
    }


def on_disk(world: World) -> bytes:
    """All bytes of the database's files."""
    return b"".join(path.read_bytes() for path in world.data.glob("beleg.sqlite3*"))


@pytest.mark.parametrize("restart", [False, True])
async def test_members_erase_what_is_stored_about_them(
    simcord_env: Env, world: World, restart: bool
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    mine = await member.slash(channel, "ask", question="where is zanzibar?")
    await member.user.slash("ask", question="where is zanzibar now?")
    theirs = await other.slash(channel, "ask", question="where is otterburn?")
    for answer in (mine, theirs):
        form = await member.click(answer.response, label="Not helpful")
        await member.submit_modal(form, {"reason": "no xylophone"})
    await other.click(mine.response, label="Helpful")
    result = await member.slash(channel, "privacy")
    if restart:
        await simcord_env.restart_bot(world.new_client())
    await member.click(result.response, label="Erase my data")
    assert shown(result.response) == [
        "Erase all your questions and ratings? The buttons under your earlier answers will stop "
        "working."
    ]
    assert list(buttons(result.response)) == ["Yes, erase", "No, keep"]
    assert all(word in on_disk(world) for word in (b"zanzibar", b"xylophone", b"otterburn"))
    await member.click(result.response, label="Yes, erase")
    assert shown(result.response) == ["Erased: 2 questions, and 2 ratings."]
    assert buttons(result.response) == {}
    assert [word in on_disk(world) for word in (b"zanzibar", b"xylophone")] == [False, False]
    member_left = await stored(world, member)
    assert (member_left["questions"], member_left["ratings"]) == ([], [])
    other_left = await stored(world, other)
    assert [one["question"] for one in other_left["questions"]] == ["where is otterburn?"]
    # Their rating of a question that was erased went with it.
    assert other_left["ratings"] == []
    assert told(await member.click(mine.response, label="Helpful")) == FORGOTTEN
    assert shown((await member.slash(channel, "privacy")).response)[0].endswith(
        "Nothing is stored about you now."
    )


async def test_members_can_think_better_of_erasing(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    await member.slash(channel, "ask", question=QUESTION)
    result = await member.slash(channel, "privacy")
    await member.click(result.response, label="Erase my data")
    await member.click(result.response, label="No, keep")
    assert shown(result.response) == ["Nothing was erased."]
    assert buttons(result.response) == {}
    assert len((await stored(world, member))["questions"]) == 1


async def test_erasing_says_what_was_there(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    answer = await member.slash(channel, "ask", question=QUESTION)
    await other.click(answer.response, label="Helpful")
    for sentence in ("Erased: one rating.", "There was nothing to erase."):
        result = await other.slash(channel, "privacy")
        await other.click(result.response, label="Erase my data")
        await other.click(result.response, label="Yes, erase")
        assert shown(result.response) == [sentence]
    assert len((await stored(world, member))["questions"]) == 1


# Languages ----------------------------------------------------------------------------------------

IN_GERMAN = [
    f"**Frage:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · Absatz 2 · Englisch",
    "-# Einschätzung: fast sicher",
]
IN_FRENCH = [
    f"**Question\xa0:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · paragraphe 2 · anglais",
    "-# Pertinence\xa0: presque certaine",
]
IN_SPANISH = [
    f"**Pregunta:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · párrafo 2 · inglés",
    "-# Estimación: casi seguro",
]
GERMAN_BUTTONS = ["Kontext", "Zum Artikel", "Hilfreich", "Nicht hilfreich", "Entfernen"]


@pytest.mark.parametrize(
    ("locale", "texts", "labels"),
    [
        ("de", IN_GERMAN, GERMAN_BUTTONS),
        ("fr", IN_FRENCH, ["Contexte", "Lire l’article", "Utile", "Pas utile", "Supprimer"]),
        (
            "es-ES",
            IN_SPANISH,
            ["Contexto", "Leer el artículo", "Útil", "No es útil", "Eliminar"],
        ),
        (
            "es-419",
            IN_SPANISH,
            ["Contexto", "Leer el artículo", "Útil", "No es útil", "Eliminar"],
        ),
        ("en-GB", answered(), PUBLIC),
        ("ja", answered(), PUBLIC),
    ],
)
async def test_members_are_answered_in_their_language(
    simcord_env: Env,
    world: World,
    payloads: Payloads,
    locale: str,
    texts: list[str],
    labels: list[str],
) -> None:
    _, channel, member = scene(simcord_env)
    payloads.locale = locale
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == texts
    assert list(buttons(result.response)) == labels


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        (
            "de",
            "Deine Frage ist 501 Zeichen lang, und ich lese höchstens 500. Stell sie bitte kürzer.",
        ),
        (
            "fr",
            "Ta question fait 501 caractères, et j’en lis 500 au plus. Raccourcis-la, s’il te "
            "plaît.",
        ),
        (
            "es-ES",
            "Tu pregunta tiene 501 caracteres, y yo leo 500 como máximo. Acórtala, por favor.",
        ),
    ],
)
async def test_members_are_refused_in_their_language(
    simcord_env: Env, world: World, payloads: Payloads, locale: str, sentence: str
) -> None:
    _, channel, member = scene(simcord_env)
    payloads.locale = locale
    assert told(await member.slash(channel, "ask", question="a" * 501)) == sentence


async def test_whoever_presses_a_button_is_told_in_their_own_language(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION)
    payloads.locale = "de"
    assert told(await other.click(result.response, label="Remove")) == (
        "Diese Antwort kann nur entfernen, wer gefragt hat oder hier Nachrichten verwalten darf."
    )
    copy = await other.click(result.response, label="Context")
    assert shown(copy.response)[0] == "Die Absätze ringsum, aus **The old lighthouse**"
    form = await other.click(result.response, label="Not helpful")
    assert form.modal["title"] == "Was war nicht hilfreich?"
    payloads.locale = "fr"
    assert told(await other.submit_modal(form, {"reason": "non"})) == (
        "Merci. Les personnes qui s’occupent de ces articles verront ce que tu as écrit."
    )
    world.library.fail = RuntimeError("secret detail")
    failed = await other.slash(channel, "ask", question=QUESTION)
    assert failed.response.content.startswith("Désolé, ")
    assert len(simcord_env.errors) == 1


async def test_the_servers_language_goes_before_its_members(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(language="de"))
    payloads.locale = "fr"
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == IN_GERMAN
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == IN_GERMAN
    assert told(await member.slash(channel, "help")).startswith("**Ich zeige dir wörtlich")
    # In a direct message it is the member's own.
    result = await member.user.slash("ask", question=QUESTION)
    assert shown(result.response) == IN_FRENCH


async def test_a_mention_is_answered_in_the_language_that_discord_knows_of_the_server(
    simcord_env: Env, world: World
) -> None:
    guild = simcord_env.create_guild(preferred_locale="de")
    channel = guild.create_text_channel("general")
    member = guild.add_member(simcord_env.create_user("mira"))
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == IN_GERMAN
    assert list(buttons(last(channel))) == GERMAN_BUTTONS


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Bis wann wurde dort Öl verbrannt?", IN_GERMAN),
        ("Jusqu’à quand brûlait-on de l’huile ?", IN_FRENCH),
        ("¿Hasta cuándo se quemaba aceite?", IN_SPANISH),
        ("Until when did they burn oil there?", answered()),
    ],
)
async def test_a_direct_message_is_answered_in_its_language(
    simcord_env: Env, world: World, question: str, texts: list[str]
) -> None:
    user = simcord_env.create_user("mira")
    await user.send_dm(question)
    reply = shown(last(user.dm_channel))
    assert reply == [text.replace(QUESTION, question) for text in texts]
    world.library.fail = RuntimeError("secret detail")
    await user.send_dm(question)
    sorry = {"Frage": "Entschuldige", "Question\xa0": "Désolé", "Pregunta": "Lo siento"}
    word = texts[0].split(":**")[0].removeprefix("**")
    assert last(user.dm_channel).content.startswith(sorry.get(word, "Sorry"))
    assert len(simcord_env.errors) == 1


# Housekeeping -------------------------------------------------------------------------------------


async def everything(world: World) -> tuple[list[str], frozenset[int]]:
    """The stored questions, and the servers of which anything is stored."""
    database = world.database
    assert database is not None
    questions = await database.run(
        lambda connection: [
            text for (text,) in connection.execute("SELECT question FROM records ORDER BY number")
        ]
    )
    return questions, await world.services.records.servers()


async def test_a_servers_data_are_erased_when_the_bot_is_removed_from_it(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    other_guild, other_channel, other = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await member.slash(channel, "ask", question="where is zanzibar?")
    await member.user.slash("ask", question="in a direct message")
    await other.slash(other_channel, "ask", question="elsewhere")
    assert b"zanzibar" in on_disk(world)
    simcord_env.backend.remove_guild(guild.id)
    await simcord_env.settle()
    assert await everything(world) == (
        ["in a direct message", "elsewhere"],
        frozenset({other_guild.id}),
    )
    assert await world.services.servers.get(guild.id) == ServerSettings()
    assert b"zanzibar" not in on_disk(world)


async def test_a_servers_data_are_kept_while_it_is_merely_unavailable(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await member.slash(channel, "ask", question=QUESTION)
    simcord_env.backend.emit("GUILD_DELETE", {"id": str(guild.id), "unavailable": True})
    await simcord_env.settle()
    assert await everything(world) == ([QUESTION], frozenset({guild.id}))
    assert await world.services.servers.get(guild.id) == ServerSettings(private=True)


async def test_at_its_start_it_erases_the_data_of_servers_that_it_was_removed_from_meanwhile(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    left, settings_only = 4242, 4243
    await member.slash(channel, "ask", question="here")
    await member.user.slash("ask", question="in a direct message")
    records = world.services.records
    [newest, _] = (await stored(world, member))["questions"]
    kept = await records.get(newest["id"])
    assert kept is not None
    await records.add(replace(kept, id=new_id(), server=left, question="there"))
    await world.services.servers.set(guild.id, ServerSettings(private=True))
    await world.services.servers.set(settings_only, ServerSettings(private=True))
    await simcord_env.restart_bot(world.new_client())
    assert await everything(world) == (["here", "in a direct message"], frozenset({guild.id}))
    assert await world.services.servers.get(guild.id) == ServerSettings(private=True)


def asked_days_ago(days: float, server: int | None, question: str) -> Record:
    return Record(
        id=new_id(),
        server=server,
        asker=b"somebody",
        asked_at=datetime.now(UTC) - timedelta(days=days),
        kind=Kind.QUESTION,
        question=question,
        status=Status.NO_ANSWER,
        confidence=0.1,
        citations=(),
        unanswered=(),
        private=False,
    )


async def test_questions_are_erased_when_their_time_is_over(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild, _, _ = scene(simcord_env)
    short, _, _ = scene(simcord_env)
    await world.services.servers.set(short.id, ServerSettings(days_kept=7))
    for record in (
        asked_days_ago(30.1, guild.id, "old zanzibar"),
        asked_days_ago(29.9, guild.id, "young"),
        asked_days_ago(7.1, short.id, "old there"),
        asked_days_ago(6.9, short.id, "young there"),
        asked_days_ago(30.1, None, "old in a direct message"),
        asked_days_ago(29.9, None, "young in a direct message"),
    ):
        await world.services.records.add(record)
    await simcord_env.restart_bot(world.new_client())
    left, _ = await everything(world)
    assert left == ["young", "young there", "young in a direct message"]
    assert b"zanzibar" not in on_disk(world)
    assert "erased 3 questions that were kept long enough" in caplog.text
    # And again every hour.
    await world.services.records.add(asked_days_ago(31, guild.id, "old again"))
    await simcord_env.advance_time(3599)
    assert "old again" in (await everything(world))[0]
    await simcord_env.advance_time(2)
    assert "old again" not in (await everything(world))[0]


async def test_a_disk_that_fails_once_does_not_end_the_housekeeping(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.new_client()
    erase = Records.erase_expired
    failures = [DatabaseError("the disk is full")]

    async def unreliable(records: Records, now: datetime) -> int:
        if failures:
            raise failures.pop()
        return await erase(records, now)

    monkeypatch.setattr(Records, "erase_expired", unreliable)
    records = world.services.records
    await records.add(asked_days_ago(31, None, "old"))
    housekeeping = asyncio.create_task(erase_expired_forever(records, every=0.001))
    async with asyncio.timeout(30):
        while (await everything(world))[0]:
            await asyncio.sleep(0.01)
    housekeeping.cancel()
    [error] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage() == "questions that were kept long enough could not be erased"


# Start-up -----------------------------------------------------------------------------------------


async def test_commands_are_synced_only_when_they_have_changed(
    simcord_env: Env, world: World
) -> None:
    def syncs() -> int:
        return sum(request.method == "PUT" for request in simcord_env.http_requests)

    assert syncs() == 1
    await simcord_env.restart_bot(world.new_client())
    assert syncs() == 1
    changed = world.new_client()
    changed.tree.remove_command("ask")
    await simcord_env.restart_bot(changed)
    assert syncs() == 2


async def test_members_find_the_commands_in_their_language(simcord_env: Env, world: World) -> None:
    [sync] = [request for request in simcord_env.http_requests if request.method == "PUT"]
    commands = {command["name"]: command for command in cast(Any, sync.json)}
    members = ["Find evidence", "ask", "help", "privacy", "sources"]
    assert sorted(commands) == sorted([*members, "admin"])
    for name in members:
        assert sorted(commands[name]["contexts"]) == [0, 1, 2]  # servers, the bot, other messages
        assert sorted(commands[name]["integration_types"]) == [0, 1]  # for a server, for a user
    ask = commands["ask"]
    assert ask["name_localizations"] == {
        "en-US": "ask",
        "en-GB": "ask",
        "de": "fragen",
        "fr": "demander",
        "es-ES": "preguntar",
        "es-419": "preguntar",
    }
    assert ask["description_localizations"]["de"] == (
        "Zeigt dir wörtlich die Stelle, die deine Frage beantwortet, mit ihrer Quelle"
    )
    assert [
        (option["name"], option["name_localizations"]["de"], option["required"])
        for option in ask["options"]
    ] == [("question", "frage", True), ("article", "artikel", False), ("private", "privat", False)]
    assert commands["Find evidence"]["name_localizations"]["de"] == "Belege finden"
    _, channel, member = scene(simcord_env)
    visible = ("ask", "sources", "help", "privacy")
    assert sorted(member.available_commands(channel)) == sorted(visible)


async def test_no_privileged_intent_is_asked_for(world: World) -> None:
    intents = world.new_client().intents
    assert {name for name, wanted in intents if wanted} == {
        "guilds",
        "guild_messages",
        "dm_messages",
    }
    assert not (intents.message_content or intents.members or intents.presences)
