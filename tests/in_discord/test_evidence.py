"""“Find evidence” in the menu of a message."""

from typing import Any, cast

import pytest
from discord_world import SHOWN, SOURCE, Payloads, World, buttons, callbacks, scene, shown
from member_steps import FOOT, PRIVATE, SECOND_PAGE, TWO, stored, told
from simcord import Env, actors
from simcord.backend import serializers
from simcord.builders import ChannelHandle

from index.answer import Status


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
    guild, channel, member = scene(simcord_env)
    world.library.found = TWO
    claim = await member.send(channel, "lamp " * 300)
    result = await member.context_menu(channel, "Find evidence", claim)
    [asked] = world.library.asked
    assert asked == " ".join(["lamp"] * 100)
    first = shown(result.response)
    assert first[0].startswith("**Looked up:** lamp lamp ")
    assert first[1:] == [
        "The message is long; I looked up its first 499 characters.",
        SHOWN,
        SOURCE,
        f"{FOOT} · Passage 1 of 2",
    ]
    # It says so still when pages have been turned, after a restart, and to everybody.
    await member.click(result.response, label="Next")
    assert shown(result.response) == [first[0], *SECOND_PAGE[1:]]
    await simcord_env.restart_bot(world.new_client())
    await member.click(result.response, label="Previous")
    assert shown(result.response) == first
    await member.click(result.response, label="Context")
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response) == first
    await member.click(result.response, label="Share")
    other = guild.add_member(simcord_env.create_user("otto"))
    assert shown(channel.history(viewer=other)[-1]) == first


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
    assert buttons(result.response) == {"Helpful": True, "Not helpful": True}


LAMP, OIL, GAS = "The lamp was lit in 1887.", "It burned whale oil.", "Gas came in March."
PREVIEW: dict[str, Any] = {
    "title": LAMP,
    "description": f"{OIL} <@1234>",
    "fields": [{"name": "And then?", "value": GAS, "inline": True}],
    "footer": {"text": "not read"},
}
PREVIEW_READ = f"{LAMP}\n{OIL} @…\nAnd then?\n{GAS}"


async def put(env: Env, channel: Any, author: Any, content: str = "", **parts: Any) -> Any:
    """A message as only other programs can send it, or Discord itself completes it."""
    if forwarded := parts.pop("forwarded", None):
        reference = {"type": 1, "channel_id": forwarded.channel.id, "message_id": forwarded.id}
        parts["reference"] = env.backend.normalize_message_reference(channel.id, reference)
    message = env.backend.create_message(channel.id, author.id, content, **parts)
    await env.settle()
    return next(one for one in channel.history() if one.id == message.id)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ("", PREVIEW_READ),
        ("https://example.org/a/long/address?of=the&page=1", PREVIEW_READ),
        ("Look here: https://example.org/lamp", PREVIEW_READ),
        ("It was dark. https://example.org/lamp", "It was dark. https://example.org/lamp"),
        ("灯が点いたのは一八年", "灯が点いたのは一八年"),
    ],
)
async def test_a_message_with_little_text_is_read_with_its_embeds(
    simcord_env: Env, world: World, content: str, read: str
) -> None:
    _, channel, member = scene(simcord_env)
    message = await put(simcord_env, channel, member, content, embeds=[PREVIEW])
    await member.context_menu(channel, "Find evidence", message)
    assert world.library.asked == [read]


async def test_a_few_words_without_anything_else_are_looked_up(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    message = await put(simcord_env, channel, member, "Whale oil!", embeds=[{"url": "https://a.b"}])
    await member.context_menu(channel, "Find evidence", message)
    assert world.library.asked == ["Whale oil!"]


@pytest.mark.parametrize(
    ("content", "embeds", "read"),
    [
        (f"{LAMP} {OIL}", [], f"{LAMP} {OIL}"),
        (f"{LAMP} {OIL}", [PREVIEW], f"{LAMP} {OIL}"),
        ("https://example.org/lamp", [PREVIEW], PREVIEW_READ),
    ],
)
async def test_a_forwarded_message_is_read(
    simcord_env: Env, world: World, content: str, embeds: list[dict[str, Any]], read: str
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.create_text_channel("news")
    first = await put(simcord_env, other, member, content, embeds=embeds)
    forward = await put(simcord_env, channel, member, forwarded=first)
    assert forward.content == ""
    result = await member.context_menu(channel, "Find evidence", forward)
    assert world.library.asked == [read]
    assert shown(result.response)[1:] == [SHOWN, SOURCE, FOOT]
    assert buttons(result.response) == dict.fromkeys(PRIVATE, True)


async def test_a_forwarded_picture_has_nothing_to_look_up(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.create_text_channel("news")
    picture = await member.send(other, attachments=[("photo.png", b"none")])
    forward = await put(simcord_env, channel, member, forwarded=picture)
    result = await member.context_menu(channel, "Find evidence", forward)
    assert told(result) == "This message has no text that I could look up."
    assert world.library.asked == []


async def find_evidence(env: Env, person: Any, message: Any) -> Any:
    """The menu used in a direct message."""
    visible = env.backend.visible_commands(user_id=person.id, channel_id=message.channel.id, type=3)
    [command] = [one for one in visible if one["name"] == "Find evidence"]
    stored_message = env.backend.get_message(message.channel.id, message.id)
    payload = dict(serializers.message_payload(env.backend, stored_message))
    data = {
        "id": command["id"],
        "name": command["name"],
        "type": 3,
        "target_id": str(message.id),
        "resolved": {"messages": {str(message.id): payload}},
    }
    channel = ChannelHandle(env, None, env.backend.get_channel(message.channel.id))
    return await actors._dispatch_actor_interaction(person, 2, channel, data)


async def test_evidence_in_a_direct_message(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    user = member.user
    news = await put(simcord_env, channel, member, embeds=[PREVIEW])
    direct = user.dm_channel
    forward = await put(simcord_env, direct, user, forwarded=news)
    world.library.asked.clear()
    result = await find_evidence(simcord_env, user, forward)
    assert world.library.asked == [PREVIEW_READ]
    assert result.ephemeral
    assert shown(result.response)[1:] == [SHOWN, SOURCE, FOOT]
    assert buttons(result.response) == dict.fromkeys(PRIVATE, True)
    claims = [one for one in (await stored(world, user))["questions"] if one["kind"] == "claim"]
    assert [one["server"] for one in claims] == [None]


@pytest.mark.parametrize("known", [True, False])
async def test_evidence_in_a_server_that_the_bot_is_not_in(
    simcord_env: Env, world: World, payloads: Payloads, known: bool
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    news = await put(simcord_env, channel, other, embeds=[PREVIEW])
    forward = await put(simcord_env, channel, other, forwarded=news)
    payloads.added_by = "user"
    if not known:
        cast(Any, world.client)._connection._guilds.clear()
    for message in (news, forward):
        result = await member.context_menu(channel, "Find evidence", message)
        assert result.ephemeral
        assert shown(result.response)[1:] == [SHOWN, SOURCE, FOOT]
        assert buttons(result.response) == dict.fromkeys(PRIVATE, True)
    assert world.library.asked == [PREVIEW_READ, PREVIEW_READ]
    assert [one["server"] for one in (await stored(world, member))["questions"]] == [None, None]
    # It can be shared there too.
    await member.click(result.response, label="Share")
    assert shown(channel.history(viewer=other)[-1])[1:] == [SHOWN, SOURCE, FOOT]
