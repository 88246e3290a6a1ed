"""“Not in these articles”: what can be done with a refusal."""

import pytest
from discord_world import QUESTION, Payloads, World, admin, buttons, last, scene, shown
from member_steps import mention, stored, votes
from simcord import Env

from index.answer import Status

REFUSED = [
    f"**Question:** {QUESTION}",
    "I found nothing in these articles that answers this.\n"
    "\n"
    "The library holds:\n"
    "- The old lighthouse\n"
    "\n"
    "You could ask, for example:\n"
    "- When was the lamp lit?\n- Who lives there?",
]
OPINIONS = {"Helpful": True, "Not helpful": True}


@pytest.fixture(autouse=True)
def refusing(world: World) -> None:
    world.library.status, world.library.found = Status.NO_ANSWER, []


@pytest.mark.parametrize("private", [False, True])
async def test_a_refusal_can_be_rated(simcord_env: Env, world: World, private: bool) -> None:
    guild, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=QUESTION, private=private)
    assert shown(result.response) == REFUSED
    assert buttons(result.response) == OPINIONS | ({} if private else {"Remove": True})
    await simcord_env.restart_bot(world.new_client())
    thanks = await member.click(result.response, label="Helpful")
    assert [shown(message) for message in thanks.followups] == [
        ["Thank you. That helps whoever looks after these articles."]
    ]
    assert await votes(world, member) == [(True, None)]
    form = await member.click(result.response, label="Not helpful")
    assert await votes(world, member) == [(False, None)]
    sent = await member.submit_modal(form, {"reason": "It is in the third chapter."})
    assert [shown(message) for message in sent.followups] == [
        ["Thank you. Those who look after these articles will see what you wrote."]
    ]
    assert await votes(world, member) == [(False, "It is in the third chapter.")]
    # Those who look after the articles see it.
    gaps = await admin(simcord_env, guild).slash(channel, "admin gaps")
    text = shown(gaps.response)[1].split("\n")
    assert text[0] == f"**1.** {QUESTION}"
    assert text[1].startswith(
        "-# asked once, 1 without a clear answer, 1 marked as not helpful · <t:"
    )
    assert text[2:] == ["-# “It is in the third chapter.”"]
    # The refusal stays as it is.
    assert shown(result.response) == REFUSED


async def test_a_refusal_in_a_message_can_be_rated_by_all_and_removed_by_its_asker(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    question = await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    refusal = last(channel)
    assert shown(refusal) == REFUSED
    assert buttons(refusal) == OPINIONS | {"Remove": True}
    await other.click(refusal, label="Helpful")
    assert await votes(world, other) == [(True, None)]
    assert len((await stored(world, member))["questions"]) == 1
    await other.click(refusal, label="Remove")
    assert last(channel).id == refusal.id
    await member.click(refusal, label="Remove")
    assert [message.id for message in channel.history(viewer=member)] == [question.id]


async def test_a_refusal_in_a_direct_message_can_be_rated_and_removed(
    simcord_env: Env, world: World
) -> None:
    user = simcord_env.create_user("mira")
    question = await user.send_dm(QUESTION)
    refusal = last(user.dm_channel)
    assert shown(refusal) == REFUSED
    assert buttons(refusal) == OPINIONS | {"Remove": True}
    await user.click(refusal, label="Helpful")
    assert await votes(world, user) == [(True, None)]
    await user.click(refusal, label="Remove")
    left = [message.id for message in user.dm_channel.history()]
    assert refusal.id not in left
    assert question.id in left


@pytest.mark.parametrize(
    ("locale", "first"),
    [("de", "Wann wurde die Lampe entzündet?"), ("fr", "When was the lamp lit?")],
)
async def test_examples_in_the_readers_language_come_first(
    simcord_env: Env, world: World, payloads: Payloads, locale: str, first: str
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.translated_examples["de"] = ("Wann wurde die Lampe entzündet?",)
    payloads.locale = locale
    result = await member.slash(channel, "ask", question=QUESTION)
    lines = shown(result.response)[1].split("\n")
    assert next(line for line in lines if line.endswith("?")) == f"- {first}"


async def test_examples_in_the_language_of_a_direct_message_come_first(
    simcord_env: Env, world: World
) -> None:
    user = simcord_env.create_user("mira")
    world.library.translated_examples["de"] = ("Wann wurde die Lampe entzündet?", "Wer wohnt da?")
    await user.send_dm("Wie viele Menschen wohnen heute auf dem Felsen?")
    assert shown(last(user.dm_channel))[1] == (
        "In diesen Artikeln habe ich keine Antwort darauf gefunden.\n"
        "\n"
        "In der Bibliothek stehen:\n"
        "- The old lighthouse\n"
        "\n"
        "Du könntest zum Beispiel fragen:\n"
        "- Wann wurde die Lampe entzündet?\n- Wer wohnt da?\n- When was the lamp lit?"
    )
