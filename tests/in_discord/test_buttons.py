"""The buttons under an answer: at once, after a restart and after a reindex."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast

import discord
import pytest
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
    callbacks,
    last,
    scene,
    shown,
)
from member_steps import (
    CHANGED,
    FIRST_PAGE,
    FOOT,
    FORGOTTEN,
    LAST,
    PREPARING,
    SECOND_PAGE,
    SHOWN_LAST,
    TWO,
    answered,
    identifier_in,
    mention,
    press,
    stored,
    told,
    until,
    votes,
    whispered,
)
from simcord import Env

from bot.database import DatabaseError
from bot.limits import Limits
from bot.records import Record, Records
from bot.servers import ServerSettings
from index.answer import Status

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
    assert callbacks(simcord_env)[-2:] == [6, 6]
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
    copy = whispered(await other.click(result.response, label="Next"))
    assert copy.id != result.response.id
    assert shown(copy) == moved(SECOND_PAGE, later)
    assert buttons(copy) == {
        "Read the article": True,
        "Previous": True,
        "Next": False,
        "Context": True,
        "Helpful": True,
        "Not helpful": True,
    }
    assert shown(result.response) == FIRST_PAGE
    # In the copy they turn the pages themselves.
    await other.click(copy, label="Previous")
    assert shown(copy) == moved(FIRST_PAGE, later)
    await other.click(copy, label="Context")
    assert shown(copy)[0] == "The paragraphs around it, from **The old lighthouse**"
    await other.click(copy, label="Back to the answer")
    assert shown(copy) == moved(FIRST_PAGE, later)
    assert "Share" not in buttons(copy)
    assert shown(result.response) == FIRST_PAGE
    context = whispered(await other.click(result.response, label="Context"))
    assert shown(context)[0] == "The paragraphs around it, from **The old lighthouse**"
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
    assert buttons(result.response) == {"Back to the answer": True, "Remove": True}
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
        "Remove": True,
    }
    await member.click(result.response, label="Next")
    second = [title, f"> {long.rstrip()}", "-# Page 2 of 2"]
    assert [text.rstrip() for text in shown(result.response)] == second
    assert buttons(result.response) == {
        "Previous": True,
        "Next": False,
        "Back to the answer": True,
        "Remove": True,
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
    copy = whispered(await other.click(result.response, label="Previous"))
    assert shown(copy) == first_page

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


@pytest.mark.parametrize("restart", [False, True])
async def test_an_answer_that_was_shared_is_offered_on_no_page_of_it(
    simcord_env: Env, world: World, restart: bool
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Share")
    assert "Share" not in buttons(result.response)
    if restart:
        await simcord_env.restart_bot(world.new_client())
    for label in ("Next", "Previous", "Context", "Back to the answer"):
        await member.click(result.response, label=label)
        assert "Share" not in buttons(result.response)
    assert [one["shared"] for one in (await stored(world, member))["questions"]] == [True]


@pytest.mark.parametrize("page", [0, 1])
@pytest.mark.parametrize("restart", [False, True])
async def test_a_button_that_is_left_of_a_shared_answer_shares_nothing(
    simcord_env: Env, world: World, page: int, restart: bool
) -> None:
    """A page that was being turned while the answer was shared shows the button still."""
    world.limits = Limits(questions=2, seconds=600)
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Share")
    if restart:
        await simcord_env.restart_bot(world.new_client())
    [record] = (await stored(world, member))["questions"]
    await press(simcord_env, member, result.response, f"answer:share:{record['id']}:{page}")
    question, *rest = (FIRST_PAGE, SECOND_PAGE)[page]
    # It does not count as a question either, or it would be one too many.
    assert shown(result.response) == [question, "You have shared this answer already.", *rest]
    assert "Share" not in buttons(result.response)
    assert [shown(message) for message in channel.history(viewer=other)] == [FIRST_PAGE]


async def test_of_two_presses_at_once_one_shares(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    [record] = (await stored(world, member))["questions"]
    before = await world.services.records.get(record["id"])
    await member.click(result.response, label="Share")

    async def as_before(*_: Any) -> Record | None:
        """What the second press reads, when the first has not shared yet."""
        return before

    monkeypatch.setattr(Records, "get", as_before)
    await press(simcord_env, member, result.response, f"answer:share:{record['id']}:1")
    assert shown(result.response)[1] == "You have shared this answer already."
    assert [shown(message) for message in channel.history(viewer=other)] == [FIRST_PAGE]


async def test_an_answer_that_could_not_be_shared_can_be_tried_again(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    simcord_env.inject_error("POST", "/webhooks/*", status=400, code=50035, message="Invalid")
    identifier_in(told(await member.click(result.response, label="Share")))
    assert channel.history(viewer=other) == []
    await member.click(result.response, label="Share")
    assert [shown(message) for message in channel.history(viewer=other)] == [answered()]


async def test_a_closed_database_costs_nobody_the_answer(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    user = member.user
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert world.database is not None
    world.database.close()
    await user.send_dm(QUESTION)
    assert shown(last(user.dm_channel)) == answered()
    # Nor what only helps to understand the question.
    await member.send(channel, f"{mention(simcord_env)} And why?", reply_to=last(channel))
    assert shown(last(channel)) == answered("And why?")


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


async def test_sharing_counts_as_a_question(simcord_env: Env, world: World) -> None:
    world.limits = Limits(questions=2, seconds=600)
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    first = await member.slash(channel, "ask", question=QUESTION, private=True)
    second = await member.slash(channel, "ask", question=QUESTION, private=True)
    for message in (first.response, second.response):
        sentence = told(await member.click(message, label="Share"))
        assert sentence.startswith("You have asked a lot in a short time.")
    assert channel.history(viewer=other) == []


@pytest.mark.parametrize("label", ["Next", "Context", "Helpful", "Not helpful", "Remove"])
async def test_a_press_is_acknowledged_while_the_database_is_busy(
    simcord_env: Env, world: World, label: str
) -> None:
    """A sweep of a large database takes longer than the three seconds that Discord waits."""
    _, channel, member = scene(simcord_env)
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert world.database is not None
    swept = threading.Event()
    sweep = asyncio.create_task(world.database.run(lambda _: swept.wait(30)))
    pressing = asyncio.create_task(member.click(result.response, label=label))
    before = len(callbacks(simcord_env))
    await until(lambda: len(callbacks(simcord_env)) > before)
    assert callbacks(simcord_env)[-1] == (9 if label == "Not helpful" else 6)
    assert not pressing.done()
    swept.set()
    await pressing
    await sweep
    assert simcord_env.errors == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            ServerSettings(channels=frozenset({1})),
            "I do not answer in this channel. Ask me in <#1>.",
        ),
        (
            ServerSettings(askers=frozenset({1})),
            "In this server only some roles may ask me. Whoever manages the server can change "
            "that.",
        ),
    ],
)
async def test_where_nobody_may_ask_nothing_is_shared(
    simcord_env: Env, world: World, settings: ServerSettings, sentence: str
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await world.services.servers.set(guild.id, settings)
    assert told(await member.click(result.response, label="Share")) == sentence
    assert channel.history(viewer=other) == []


async def test_half_characters_in_a_reason_are_replaced(simcord_env: Env, world: World) -> None:
    """UTF-8 has none, and the database stores nothing else."""
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=f"\ud800 {QUESTION}")
    form = await member.click(result.response, label="Not helpful")
    await member.submit_modal(form, {"reason": "a\udc00b"})
    assert await votes(world, member) == [(False, "a\ufffdb")]
    assert world.library.asked == [f"\ufffd {QUESTION}"]


async def test_a_reason_stays_when_the_same_vote_is_given_again(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION)
    form = await member.click(result.response, label="Not helpful")
    await member.submit_modal(form, {"reason": "wrong year"})
    await member.click(result.response, label="Not helpful")
    assert await votes(world, member) == [(False, "wrong year")]
    await member.click(result.response, label="Helpful")
    assert await votes(world, member) == [(True, None)]
