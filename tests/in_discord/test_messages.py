"""Questions in messages: direct ones, mentions and replies."""

import logging
import re
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from discord_world import QUESTION, SHOWN, World, admin, buttons, last, scene, shown
from member_steps import PUBLIC, answered, hello, identifier_in, mention, private_messages, stored
from simcord import Env
from simcord.backend.models.message import AllowedMentions

from bot.database import DatabaseError
from bot.messages import Asked, asked_in
from bot.records import Records
from bot.servers import ServerSettings


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


async def test_a_follow_up_is_answered_though_the_question_before_cannot_be_read(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, channel, member = scene(simcord_env)
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")

    async def fail(*_: Any) -> None:
        raise DatabaseError("the database is locked")

    monkeypatch.setattr(Records, "get", fail)
    await member.send(channel, "and what came after?", reply_to=last(channel))
    assert shown(last(channel)) == answered("and what came after?")
    assert world.library.options == [{}, {}]
    assert "reading the question that another follows failed" in caplog.text


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
    assert last(channel).content == hello(world)
    assert world.library.asked == []


async def test_an_attachment_alone_gets_help(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    photo = simcord_env.backend.store_attachments(user.dm_channel.id, [("photo.png", b"none")])
    await user.send_dm("", attachments=photo)
    assert last(user.dm_channel).content == hello(world)


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
    assert f"may not write in channel {channel.id}: 403 Forbidden" in caplog.text
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


async def test_a_channel_that_is_deleted_meanwhile_is_no_failure(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    simcord_env.inject_error(
        "POST", "/channels/*/messages", status=404, code=10003, message="Unknown Channel"
    )
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert last(channel).author.id == member.id
    assert private_messages(member.user) == []
    assert "a question in a message was in a channel that is gone" in caplog.text
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    simcord_env.errors.clear()


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


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({}, True),
        ({"mentions": []}, False),
        ({"stickers": ["a wave"]}, False),
        ({"attachments": ["a photo"]}, False),
        ({"content": "thanks"}, False),
        ({"type": discord.MessageType.default}, False),
    ],
)
def test_a_reply_whose_text_discord_keeps_back_is_told_how_to_ask(
    change: dict[str, Any], asks: bool
) -> None:
    me = 7
    message: Any = SimpleNamespace(
        author=SimpleNamespace(bot=False),
        webhook_id=None,
        type=discord.MessageType.reply,
        content="",
        attachments=[],
        stickers=[],
        embeds=[],
        mentions=[SimpleNamespace(id=me)],
        raw_mentions=[],
        reference=None,
        channel=None,
    )
    vars(message).update(change)
    assert asked_in(message, me) == (Asked("") if asks else None)
