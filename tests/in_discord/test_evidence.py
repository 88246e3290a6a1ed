"""“Find evidence” in the menu of a message."""

from discord_world import SHOWN, SOURCE, World, buttons, callbacks, scene, shown
from member_steps import FOOT, PRIVATE, SECOND_PAGE, TWO, stored, told
from simcord import Env

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
