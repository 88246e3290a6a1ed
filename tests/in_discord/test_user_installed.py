"""Where a user brings the bot along: a server that it is not in, and a group's direct messages."""

from typing import Any, cast

import pytest
from discord_world import (
    QUESTION,
    SHOWN,
    SOURCE,
    Payloads,
    World,
    buttons,
    callbacks,
    scene,
    shown,
)
from member_steps import (
    FIRST_PAGE,
    FOOT,
    PRIVATE,
    PUBLIC,
    SECOND_PAGE,
    SHOWN_LAST,
    TWO,
    answered,
    stored,
    votes,
)
from simcord import Env

from bot.servers import ServerSettings
from index.answer import Status

CONTEXT_TITLE = "The paragraphs around it, from **The old lighthouse**"


@pytest.fixture(params=["server", "unknown server", "group"])
def place(
    request: pytest.FixtureRequest, simcord_env: Env, world: World, payloads: Payloads
) -> tuple[Any, Any, Any]:
    """A channel, its member who has brought the bot along, and another member who has not."""
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    payloads.added_by = "user"
    payloads.in_group = request.param == "group"
    if request.param != "server":
        cast(Any, world.client)._connection._guilds.clear()
    return channel, member, other


def followed(result: Any) -> list[list[str]]:
    """What only the one who pressed was told, after the press was acknowledged."""
    assert all(message.flags.ephemeral for message in result.followups)
    return [shown(message) for message in result.followups]


Place = tuple[Any, Any, Any]


async def test_ask(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, _ = place
    result = await member.slash(channel, "ask", question=QUESTION)
    assert callbacks(simcord_env) == [5]
    assert not result.ephemeral
    assert shown(result.response) == answered()
    assert buttons(result.response) == dict.fromkeys(PUBLIC, True)
    private = await member.slash(channel, "ask", question=QUESTION, private=True)
    assert private.response.ephemeral
    assert buttons(private.response) == dict.fromkeys(PRIVATE, True)
    assert [one["server"] for one in (await stored(world, member))["questions"]] == [None, None]


async def test_its_asker_turns_the_pages(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, _ = place
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Next")
    assert shown(result.response) == SECOND_PAGE
    await member.click(result.response, label="Context")
    assert shown(result.response)[0] == CONTEXT_TITLE
    assert shown(result.response)[2] == SHOWN_LAST
    assert buttons(result.response) == {"Back to the answer": True, "Remove": True}
    await member.click(result.response, label="Back to the answer")
    await member.click(result.response, label="Previous")
    assert shown(result.response) == FIRST_PAGE
    thanks = await member.click(result.response, label="Helpful")
    assert followed(thanks) == [["Thank you. That helps whoever looks after these articles."]]
    form = await member.click(result.response, label="Not helpful")
    sent = await member.submit_modal(form, {"reason": "another year"})
    assert followed(sent) == [
        ["Thank you. Those who look after these articles will see what you wrote."]
    ]
    assert await votes(world, member) == [(False, "another year")]
    await member.click(result.response, label="Remove")
    assert [message for message in channel.history() if not message.flags.ephemeral] == []


async def test_others_press_the_buttons_too(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, other = place
    world.library.found = TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert followed(await other.click(result.response, label="Next")) == [SECOND_PAGE]
    context = await other.click(result.response, label="Context")
    assert [text[0] for text in followed(context)] == [CONTEXT_TITLE]
    assert buttons(context.followups[0]) == {"Back to the answer": True}
    await other.click(result.response, label="Helpful")
    assert await votes(world, other) == [(True, None)]
    refused = await other.click(result.response, label="Remove")
    assert followed(refused) == [
        ["Only who asked, or who may manage messages here, can remove this answer."]
    ]
    assert shown(result.response) == FIRST_PAGE


async def test_a_private_answer_is_shared(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, other = place
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Share")
    shared = channel.history(viewer=other)[-1]
    assert shown(shared) == answered()
    assert buttons(shared) == dict.fromkeys(PUBLIC, True)
    assert followed(await other.click(shared, label="Context"))[0][0] == CONTEXT_TITLE
    await member.click(shared, label="Remove")
    assert channel.history(viewer=other)[-1:] != [shared]


async def test_evidence(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, other = place
    claim = await other.send(channel, "The lamp burned oil until March.")
    result = await member.context_menu(channel, "Find evidence", claim)
    assert result.response.ephemeral
    assert shown(result.response) == [
        "**Looked up:** The lamp burned oil until March.",
        SHOWN,
        SOURCE,
        FOOT,
    ]
    assert buttons(result.response) == dict.fromkeys(PRIVATE, True)
    assert world.library.asked == ["The lamp burned oil until March."]


async def test_a_refusal(simcord_env: Env, world: World, place: Place) -> None:
    channel, member, other = place
    world.library.status, world.library.found = Status.NO_ANSWER, []
    result = await member.slash(channel, "ask", question=QUESTION)
    assert buttons(result.response) == {"Helpful": True, "Not helpful": True, "Remove": True}
    await other.click(result.response, label="Helpful")
    assert await votes(world, other) == [(True, None)]


async def test_only_its_asker_removes_an_answer_that_is_forgotten(
    simcord_env: Env, world: World, place: Place
) -> None:
    channel, member, other = place
    result = await member.slash(channel, "ask", question=QUESTION)
    services = world.services
    await services.records.erase_member(services.members.hash(member.id))
    refused = await other.click(result.response, label="Remove")
    assert followed(refused) == [
        ["Only who asked, or who may manage messages here, can remove this answer."]
    ]
    await member.click(result.response, label="Remove")
    assert [message for message in channel.history() if not message.flags.ephemeral] == []


async def test_what_is_set_for_a_server_does_not_hold_there(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    settings = ServerSettings(channels=frozenset({1}), private=True, language="fr")
    await world.services.servers.set(guild.id, settings)
    payloads.added_by = "user"
    result = await member.slash(channel, "ask", question=QUESTION)
    assert not result.response.ephemeral
    assert shown(result.response) == answered()
