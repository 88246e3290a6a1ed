"""“Context” under an answer: whole paragraphs, and who can remove it."""

import pytest
from discord_world import AFTER, BEFORE, QUESTION, QUOTE, SHOWN, World, buttons, scene, shown
from member_steps import answered
from simcord import Env

from index.library import Context
from index.passages import Passage

TITLE = "The paragraphs around it, from **The old lighthouse**"


async def test_the_parts_of_long_paragraphs_are_all_shown(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, member = scene(simcord_env)
    parts = [(1, 1, "Far away."), (2, 1, BEFORE), (2, 2, "Then ships came.")]
    parts += [
        (3, 1, "It was dark."),
        (3, 2, QUOTE),
        (3, 3, "Gas was cheap."),
        (4, 1, AFTER),
        (4, 2, "It hums."),
    ]
    found, position = [], 0
    for paragraph, part, text in parts:
        end = position + len(text)
        span = ((0, len(text)),)
        found.append(Passage("lighthouse", paragraph, part, position, end, text, None, span))
        position = end + 1
    monkeypatch.setattr(world.library, "context", lambda *_: Context(tuple(found), 4))
    result = await member.slash(channel, "ask", question=QUESTION)
    await member.click(result.response, label="Context")
    assert shown(result.response) == [
        TITLE,
        f"> {BEFORE} Then ships came.",
        f"> It was dark. {SHOWN.removeprefix('> ')} Gas was cheap.",
        f"> {AFTER} It hums.",
    ]


async def test_a_public_context_can_be_removed_by_its_asker(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION)
    # Others look at a copy of their own, which nobody has to remove.
    copy = await other.click(result.response, label="Context")
    assert [message.ephemeral for message in copy.followups] == [True]
    assert buttons(copy.followups[0]) == {"Back to the answer": True}
    await member.click(result.response, label="Context")
    assert buttons(result.response) == {"Back to the answer": True, "Remove": True}
    refused = await other.click(result.response, label="Remove")
    assert [shown(message) for message in refused.followups] == [
        ["Only who asked, or who may manage messages here, can remove this answer."]
    ]
    assert [message.id for message in channel.history()] == [result.response.id]
    await member.click(result.response, label="Remove")
    assert channel.history(viewer=member) == []


async def test_a_private_context_has_nothing_to_remove(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, private=True)
    await member.click(result.response, label="Context")
    assert buttons(result.response) == {"Back to the answer": True}
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response) == answered()
