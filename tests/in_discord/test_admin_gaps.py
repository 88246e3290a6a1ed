"""``/admin gaps`` and its table."""

import csv
import io

import pytest
from admin_steps import PREPARING, ask_in, hour, press, relative, still_preparing, told
from discord_world import World, admin, buttons, callbacks, scene, shown
from simcord import Env

from bot.admin.gaps import GapsButton
from bot.records import Kind
from index.answer import Status

GAPS_TITLE = "**What was asked here without a good answer**, the most asked first"
HEADER = (
    "Question,Asked,Without a clear answer,Not helpful,Last asked,Other wordings,Reasons given\r\n"
)


async def test_gaps_that_ask_the_same_are_merged_and_counted(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    unhelpful = ((False, "it is about *another* pier"), (False, "wrong year"))
    good = Status.ANSWERED
    await ask_in(world, guild, "Ferries: when do they leave?", when=hour(9))
    await ask_in(world, guild, "ferries:  when do they LEAVE?", when=hour(8))
    await ask_in(world, guild, "Ferries: how many?", when=hour(2), status=good, votes=unhelpful)
    await ask_in(world, guild, "Who built it?", when=hour(5), status=Status.UNSURE)
    await ask_in(world, guild, "Fine?", when=hour(4), status=good)
    await ask_in(world, guild, "Good?", when=hour(4), status=Status.UNSURE, votes=((True, None),))
    await ask_in(world, guild, "A claim.", when=hour(3), kind=Kind.CLAIM)
    await ask_in(world, elsewhere, "What about elsewhere?", when=hour(1))
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    assert callbacks(simcord_env) == [5]
    assert told(result) == [
        GAPS_TITLE,
        "**1.** ferries\\: when do they LEAVE?\n"
        "-# asked 3 times, 2 without a clear answer, 2 marked as not helpful · "
        f"{relative(hour(2))}\n"
        "-# and one other wording\n"
        "-# “it is about \\*another\\* pier”\n"
        "**2.** Who built it?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(5))}",
    ]
    assert buttons(result.response) == {"Export as CSV": True}


async def test_questions_of_a_message_that_found_no_answer_are_gaps_of_their_own(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    both = "Who built it? Ferries: when do they leave?"
    ferries = "Ferries: when do they leave?"
    await ask_in(world, guild, both, when=hour(3), status=Status.ANSWERED, unanswered=(ferries,))
    await ask_in(world, guild, "Ferries, and when?", when=hour(2))
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    assert told(result) == [
        GAPS_TITLE,
        "**1.** Ferries, and when?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(2))}\n"
        "**2.** Ferries\\: when do they leave?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(3))}",
    ]


async def test_a_server_without_gaps(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    await ask_in(world, elsewhere, "What about elsewhere?")
    await ask_in(world, guild, "Fine?", status=Status.ANSWERED)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin gaps")
    assert told(result) == [
        "Every question that was asked here has a good answer, or none was asked yet."
    ]
    assert buttons(result.response) == {}


async def test_of_many_gaps_the_most_asked_are_shown(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    for number in range(12):
        for _ in range(1 + (number == 7)):
            question = f"q{number} " + "and what about the rest " * 20
            await ask_in(world, guild, question, when=hour(number + 1))
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    [_, text] = told(result)
    lines = text.split("\n")
    numbered = [line for line in lines if not line.startswith("-#")]
    assert [line.split()[:2] for line in numbered[:10]] == [
        [f"**{place}.**", f"q{number}"]
        for place, number in enumerate([7, 0, 1, 2, 3, 4, 5, 6, 8, 9], 1)
    ]
    assert numbered[10:] == ["and 2 more: the table has them all"]
    assert all(line.endswith(" …") for line in numbered[:10])
    assert lines[1].startswith("-# asked 2 times, 2 without a clear answer · <t:")


async def test_of_very_many_gaps_the_least_asked_stand_alone(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    for ago, question in enumerate(["boat one?", "boat two?", "boat three?", "boat four?"], 1):
        await ask_in(world, guild, question, when=hour(ago))
    monkeypatch.setattr("bot.admin.gaps.MOST_GROUPED", 2)
    result = await admin(simcord_env, guild).slash(channel, "admin gaps")
    assert told(result) == [
        GAPS_TITLE,
        "**1.** boat one?\n"
        f"-# asked 2 times, 2 without a clear answer · {relative(hour(1))}\n"
        "-# and one other wording\n"
        "**2.** boat three?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(3))}\n"
        "**3.** boat four?\n"
        f"-# asked once, 1 without a clear answer · {relative(hour(4))}",
    ]


async def test_the_gaps_as_a_table(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    elsewhere = simcord_env.create_guild("elsewhere")
    await ask_in(world, elsewhere, "What about elsewhere?")
    complaints = ((False, "@SUM(A1)"), (False, "+1, “older”"))
    await ask_in(world, guild, "=1+1 is what?", when=hour(1))
    await ask_in(world, guild, 'Wo läuft’s, Frau "Möwe"?', when=hour(2))
    await ask_in(world, guild, "Wo, dort?", when=hour(3), status=Status.UNSURE, votes=complaints)
    await ask_in(world, guild, "-why", when=hour(4))
    monkeypatch.setattr(world.library, "group", lambda questions: [[0], [1, 2], [3]])
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin gaps")
    sent = await editor.click(result.response, label="Export as CSV")
    assert sent.ephemeral
    message = sent.response
    assert message.content == "All of them, as a table."
    [file] = message.attachments
    assert file.filename == "gaps.csv"
    table = await file.read()
    assert (
        table
        == (
            "\ufeff"
            + HEADER
            + '"Wo läuft’s, Frau ""Möwe""?",2,2,2,'
            + f'{hour(2).isoformat()},"Wo, dort?","\'@SUM(A1) | +1, “older”"\r\n'
            + f"'=1+1 is what?,1,1,0,{hour(1).isoformat()},,\r\n"
            + f"'-why,1,1,0,{hour(4).isoformat()},,\r\n"
        ).encode()
    )
    # The list in the channel is still there.
    assert shown(result.response)[0] == GAPS_TITLE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
async def test_no_spreadsheet_takes_a_question_for_a_formula(
    simcord_env: Env, world: World, start: str
) -> None:
    guild, channel, member = scene(simcord_env)
    await ask_in(world, guild, f"{start}HYPERLINK(A1)", votes=((False, f"{start}A1"),))
    message = await member.send(channel, "hi")
    sent = await press(admin(simcord_env, guild), message, "gaps:export")
    table = await sent.response.attachments[0].read()
    [_, row] = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert (row[0], row[6]) == (f"'{start}HYPERLINK(A1)", f"'{start}A1")


async def test_a_table_of_no_gaps_has_only_its_head(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    message = await member.send(channel, "hi")
    sent = await press(admin(simcord_env, guild), message, "gaps:export")
    [file] = sent.response.attachments
    assert await file.read() == f"\ufeff{HEADER}".encode()


async def test_the_button_of_the_gaps_works_after_a_restart(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    await ask_in(world, guild, "Which boat?", when=hour(1))
    result = await editor.slash(channel, "admin gaps")
    await simcord_env.restart_bot(world.new_client())
    sent = await editor.click(result.response, label="Export as CSV")
    table = await sent.response.attachments[0].read()
    assert table == f"\ufeff{HEADER}Which boat?,1,1,0,{hour(1).isoformat()},,\r\n".encode()


async def test_gaps_wait_for_the_library(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the model that tells which ask the same."""
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    await ask_in(world, guild, "Which boat?")
    assert told(await editor.slash(channel, "admin gaps")) == [PREPARING]
    sent = await press(editor, await member.send(channel, "hi"), "gaps:export")
    assert told(sent) == [PREPARING]
    assert still_preparing(simcord_env)
    assert not [record for record in caplog.records if record.exc_info]


def test_the_template_of_the_gaps_button_takes_nothing_else() -> None:
    assert GapsButton.__discord_ui_compiled_template__.fullmatch("gaps:export:1") is None
