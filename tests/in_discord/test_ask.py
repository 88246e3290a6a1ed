"""``/ask``: what it takes, and when it does not look a question up."""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from discord_world import (
    QUESTION,
    FakeLibrary,
    Payloads,
    World,
    article,
    buttons,
    callbacks,
    components,
    last,
    report,
    scene,
    shown,
)
from member_steps import (
    FORGOTTEN,
    PREPARING,
    PRIVATE,
    PUBLIC,
    STOPPING,
    answered,
    hello,
    identifier_in,
    mention,
    private_messages,
    stored,
    told,
    votes,
)
from simcord import Env

import bot.commands
from bot.database import DatabaseError
from bot.limits import Limits
from bot.records import Records
from bot.servers import ServerSettings
from bot.service import Progress
from index.library import Library
from index.update import IndexReport


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


async def test_an_article_that_is_removed_while_it_is_asked_about(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, member = scene(simcord_env)
    respond = bot.commands.respond

    async def slowly(*args: Any, **options: Any) -> None:
        await respond(*args, **options)
        world.library.contents.clear()

    monkeypatch.setattr("bot.commands.respond", slowly)
    result = await member.slash(channel, "ask", question=QUESTION, article="lighthouse")
    assert shown(result.response) == [
        "There is no such article in my library. Pick one from the list while you type."
    ]
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


async def test_choices_show_nothing_invisible(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [
        article("spoof", "safe\u202egnp.exe"),
        article("blank", "\u3164 "),
        article("smiles", "\U0001f642" * 100),
    ]
    found = await member.autocomplete(channel, "ask", "article", "")
    assert [one["name"] for one in found] == [
        "safe⟨U+202E⟩gnp.exe",
        "⟨U+3164⟩",
        "\U0001f642" * 50,
    ]


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
    assert told(await member.slash(channel, "ask", question="   ")) == hello(world)
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
    with world.services.work.question():
        sentence = told(await member.slash(channel, "ask", question=QUESTION))
    seconds = moment_in(sentence, r"Too many questions are waiting\. Please ask again WHEN\.")
    assert 240 < seconds <= 302
    # It did not count against the asker's share; and what is no question does not wait with them.
    with world.services.work.piece():
        result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()


async def test_a_flood_of_messages_gets_two_refusals(simcord_env: Env, world: World) -> None:
    world.limits = Limits(questions=1, seconds=600)
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    for _ in range(5):
        await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    replies = [shown(one) for one in channel.history() if one.author.bot]
    assert replies[0] == answered()
    assert [text.startswith("You have asked a lot") for [text] in replies[1:]] == [True, True]
    # Wherever they go on, and whatever the reason.
    await world.services.servers.set(guild.id, ServerSettings(channels=frozenset({1})))
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert member.user.dm_channel is None or private_messages(member.user) == []
    await other.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert private_messages(other.user) == [["I do not answer in this channel. Ask me in <#1>."]]
    # A command is answered every time: nobody else sees it.
    sentence = told(await member.slash(channel, "ask", question=QUESTION))
    assert sentence == "I do not answer in this channel. Ask me in <#1>."


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


async def test_an_answer_that_cannot_be_remembered_is_shown(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, channel, member = scene(simcord_env)

    async def fail(*_: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Records, "add", fail)
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()
    assert "remembering an answer failed" in caplog.text
    monkeypatch.undo()
    assert told(await member.click(result.response, label="Context")) == FORGOTTEN


async def test_roles_that_discord_has_not_told_of_yet_count(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    role = guild.create_role("Readers")
    reader = guild.add_member(simcord_env.create_user("rita"), roles=[role])
    await world.services.servers.set(guild.id, ServerSettings(askers=frozenset({role.id})))
    await simcord_env.settle()
    known = world.client.get_guild(guild.id)
    assert known is not None
    for one in known.roles:
        known._remove_role(one.id)
    result = await reader.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == answered()
    await reader.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == answered()
    assert told(await member.slash(channel, "ask", question=QUESTION)) == NOT_YOUR_ROLE


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
