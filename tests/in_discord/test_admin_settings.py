"""``/admin settings``."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from admin_steps import COMMAND_CHANGED, ask_in, menus, press, stored, told
from discord_world import QUESTION, Payloads, World, admin, buttons, mentioned, scene, shown
from simcord import Env

from bot.admin.settings import DAYS
from bot.servers import ServerSettings

SETTINGS_SHOWN = [
    "**Settings of this server**\nChanges take effect at once.",
    "**Channels** in which I answer",
    "**Who may ask**",
    "**How sure I must be** before I call a passage an answer",
    "**Language** of what I say; passages stay as they were written",
    "**How long questions are kept**",
    "**Answers to {ask}**, unless the asker says otherwise",
]


def settings_shown(world: World) -> list[str]:
    return [line.format(ask=mentioned(world, "ask")) for line in SETTINGS_SHOWN]


def chosen(message: Any) -> dict[str, list[str]]:
    """What is chosen in each menu."""
    return {
        custom_id: [option["value"] for option in menu["options"] if option.get("default")]
        if "options" in menu
        else [str(value["id"]) for value in menu.get("default_values", [])]
        for custom_id, menu in menus(message).items()
    }


UNCHANGED = {
    "settings:channels": [],
    "settings:askers": [],
    "settings:strictness": ["normal"],
    "settings:language": ["auto"],
    "settings:days_kept": ["30"],
    "settings:private": ["off"],
}


async def test_the_settings_of_a_server(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    result = await admin(simcord_env, guild).slash(channel, "admin settings")
    assert told(result) == settings_shown(world)
    assert buttons(result.response) == {}
    assert chosen(result.response) == UNCHANGED
    found = menus(result.response)
    channels, askers = found["settings:channels"], found["settings:askers"]
    assert (channels["type"], channels["placeholder"]) == (8, "All channels")
    assert channels["channel_types"] == [0, 5, 2, 13, 15, 16]
    assert (askers["type"], askers["placeholder"]) == (6, "Everyone")
    assert [(menu["min_values"], menu["max_values"]) for menu in (channels, askers)] == [
        (0, 25),
        (0, 25),
    ]
    labels = {
        custom_id: [option["label"] for option in menu["options"]]
        for custom_id, menu in found.items()
        if "options" in menu
    }
    assert labels == {
        "settings:strictness": [
            "Looser: more answers, more of them wrong",
            "Normal",
            "Stricter: fewer answers, fewer of them wrong",
        ],
        "settings:language": ["Each member's own", "English", "German", "French", "Spanish"],
        "settings:days_kept": [
            "one day",
            "7 days",
            "14 days",
            "30 days",
            "90 days",
            "180 days",
            "365 days",
        ],
        "settings:private": ["For everyone", "Only for the asker"],
    }


async def test_a_server_answers_privately_or_not(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    picked = await editor.select(result.response, ["on"], custom_id="settings:private")
    assert picked.followups == []
    assert shown(result.response) == settings_shown(world)
    assert chosen(result.response) == {**UNCHANGED, "settings:private": ["on"]}
    assert await stored(world, guild) == ServerSettings(private=True)
    assert (await member.slash(channel, "ask", question=QUESTION)).ephemeral
    assert not (await member.slash(channel, "ask", question=QUESTION, private=False)).ephemeral
    await editor.select(result.response, ["off"], custom_id="settings:private")
    assert chosen(result.response) == UNCHANGED
    assert await stored(world, guild) == ServerSettings()
    assert not (await member.slash(channel, "ask", question=QUESTION)).ephemeral


@pytest.mark.parametrize(
    ("value", "options"), [("looser", {"strictness": -1.0}), ("stricter", {"strictness": 1.0})]
)
async def test_how_strict_answers_are(
    simcord_env: Env, world: World, value: str, options: dict[str, float]
) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    for one in (value, "normal"):
        await editor.select(result.response, [one], custom_id="settings:strictness")
        assert chosen(result.response) == {**UNCHANGED, "settings:strictness": [one]}
        assert await stored(world, guild) == ServerSettings(strictness=cast(Any, one))
        await member.slash(channel, "ask", question=QUESTION)
    assert world.library.options == [options, {}]


async def test_in_which_channels_it_answers(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    library = guild.create_text_channel("library")
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [library], custom_id="settings:channels")
    assert chosen(result.response) == {**UNCHANGED, "settings:channels": [str(library.id)]}
    assert await stored(world, guild) == ServerSettings(channels=frozenset({library.id}))
    refused = await member.slash(channel, "ask", question=QUESTION)
    assert told(refused) == [f"I do not answer in this channel. Ask me in <#{library.id}>."]
    await member.slash(library, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]
    await editor.select(result.response, [], custom_id="settings:channels")
    assert chosen(result.response) == UNCHANGED
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION, QUESTION]


async def test_who_may_ask(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    readers = guild.create_role("Readers")
    reader = guild.add_member(simcord_env.create_user("rita"), roles=[readers])
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [readers], custom_id="settings:askers")
    assert chosen(result.response) == {**UNCHANGED, "settings:askers": [str(readers.id)]}
    assert await stored(world, guild) == ServerSettings(askers=frozenset({readers.id}))
    refused = await member.slash(channel, "ask", question=QUESTION)
    assert told(refused) == [
        "In this server only some roles may ask me. Whoever manages the server can change that."
    ]
    await reader.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]
    await editor.select(result.response, [guild.default_role], custom_id="settings:askers")
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION, QUESTION]
    await editor.select(result.response, [], custom_id="settings:askers")
    assert await stored(world, guild) == ServerSettings()


async def test_roles_that_are_gone_shut_nobody_out_for_good(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    readers, writers = guild.create_role("Readers"), guild.create_role("Writers")
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [readers, writers], custom_id="settings:askers")
    simcord_env.backend.delete_role(guild.id, readers.id)
    result = await editor.slash(channel, "admin settings")
    one_gone = "Some of the roles chosen here no longer exist."
    assert told(result) == [*SETTINGS_SHOWN[:3], one_gone, *settings_shown(world)[3:]]
    assert chosen(result.response) == {**UNCHANGED, "settings:askers": [str(writers.id)]}
    assert buttons(result.response) == {}
    simcord_env.backend.delete_role(guild.id, writers.id)
    result = await editor.slash(channel, "admin settings")
    nobody = (
        "The roles chosen here no longer exist, so nobody may ask. Choose others or take the "
        "choice back:"
    )
    assert told(result) == [*SETTINGS_SHOWN[:3], nobody, *settings_shown(world)[3:]]
    assert chosen(result.response) == UNCHANGED
    assert buttons(result.response) == {"Everyone": True}
    # Until then it stays as it was set.
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == []
    # Where another admin has chosen anew since, the button takes nothing back.
    again = await editor.slash(channel, "admin settings")
    await editor.select(again.response, [guild.default_role], custom_id="settings:askers")
    await editor.click(result.response, custom_id="settings:askers:all")
    chosen_anew = str(guild.default_role.id)
    assert chosen(result.response) == {**UNCHANGED, "settings:askers": [chosen_anew]}
    await world.services.servers.set(guild.id, ServerSettings(askers=frozenset({writers.id})))
    result = await editor.slash(channel, "admin settings")
    await editor.click(result.response, custom_id="settings:askers:all")
    assert shown(result.response) == settings_shown(world)
    assert await stored(world, guild) == ServerSettings()
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]


async def test_channels_that_are_gone_leave_it_not_silent_for_good(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    library = guild.create_text_channel("library")
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [library], custom_id="settings:channels")
    simcord_env.backend.delete_channel(library.id)
    result = await editor.slash(channel, "admin settings")
    nowhere = (
        "The channels chosen here no longer exist, so I answer nowhere. Choose others or take the "
        "choice back:"
    )
    assert told(result) == [*SETTINGS_SHOWN[:2], nowhere, *settings_shown(world)[2:]]
    assert chosen(result.response) == UNCHANGED
    assert buttons(result.response) == {"All channels": True}
    await editor.click(result.response, custom_id="settings:channels:all")
    assert shown(result.response) == settings_shown(world)
    assert await stored(world, guild) == ServerSettings()
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]


async def test_one_of_the_channels_is_gone(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    library, attic = guild.create_text_channel("library"), guild.create_text_channel("attic")
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, [library, attic], custom_id="settings:channels")
    simcord_env.backend.delete_channel(attic.id)
    result = await editor.slash(channel, "admin settings")
    some = "Some of the channels chosen here no longer exist."
    assert told(result) == [*SETTINGS_SHOWN[:2], some, *settings_shown(world)[2:]]
    assert chosen(result.response) == {**UNCHANGED, "settings:channels": [str(library.id)]}
    # A menu of before, which still names it, may be used.
    await editor.select(result.response, ["looser"], custom_id="settings:strictness")
    assert (await stored(world, guild)).strictness == "looser"


async def test_in_which_language_it_speaks(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    payloads.locales[member.id] = "fr"
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["de"], custom_id="settings:language")
    # The menus are in the new language at once.
    assert shown(result.response)[0] == (
        "**Einstellungen dieses Servers**\nÄnderungen gelten sofort."
    )
    assert chosen(result.response) == {**UNCHANGED, "settings:language": ["de"]}
    assert await stored(world, guild) == ServerSettings(language="de")
    answer = await member.slash(channel, "ask", question=QUESTION)
    assert shown(answer.response)[0] == f"**Frage:** {QUESTION}"
    await editor.select(result.response, ["auto"], custom_id="settings:language")
    assert shown(result.response) == settings_shown(world)
    answer = await member.slash(channel, "ask", question=QUESTION)
    assert shown(answer.response)[0] == f"**Question\N{NO-BREAK SPACE}:** {QUESTION}"


async def test_how_long_questions_are_kept(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    editor = admin(simcord_env, guild)
    now = datetime.now(UTC)
    record = await ask_in(world, guild, "Old?", when=now - timedelta(days=10))
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["14"], custom_id="settings:days_kept")
    assert chosen(result.response) == {**UNCHANGED, "settings:days_kept": ["14"]}
    assert await stored(world, guild) == ServerSettings(days_kept=14)
    assert await world.services.records.erase_expired(now) == 0
    await editor.select(result.response, ["7"], custom_id="settings:days_kept")
    assert "Questions asked here are erased after 7 days;" in "".join(
        shown((await member.slash(channel, "privacy")).response)
    )
    assert await world.services.records.erase_expired(now) == 1
    assert await world.services.records.get(record.id) is None


async def test_settings_are_kept_over_a_restart_and_each_server_has_its_own(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    elsewhere = simcord_env.create_guild("elsewhere")
    square = elsewhere.create_text_channel("square")
    result = await editor.slash(channel, "admin settings")
    await editor.select(result.response, ["stricter"], custom_id="settings:strictness")
    await simcord_env.restart_bot(world.new_client())
    # The menus of before the restart work on.
    await editor.select(result.response, ["90"], custom_id="settings:days_kept")
    again = await editor.slash(channel, "admin settings")
    assert chosen(again.response) == {
        **UNCHANGED,
        "settings:strictness": ["stricter"],
        "settings:days_kept": ["90"],
    }
    other = await admin(simcord_env, elsewhere).slash(square, "admin settings")
    assert chosen(other.response) == UNCHANGED


@pytest.mark.parametrize(
    ("field", "values", "kind"),
    [
        ("strictness", ["strictest"], 3),
        ("strictness", [], 3),
        ("strictness", ["looser", "normal"], 3),
        ("language", ["xx"], 3),
        ("language", [], 3),
        ("days_kept", ["0"], 3),
        ("days_kept", ["8"], 3),
        ("days_kept", ["-1"], 3),
        ("days_kept", ["９0"], 3),
        ("days_kept", ["many"], 3),
        ("days_kept", [], 3),
        ("channels", ["general"], 8),
        ("channels", ["-5"], 8),
        ("channels", ["0"], 8),
        ("channels", [str(2**63)], 8),
        ("channels", ["9" * 5000], 8),
        ("channels", [str(number) for number in range(1, 27)], 8),
        ("askers", ["<@&5>"], 6),
        ("askers", ["٥"], 6),
        ("private", ["x"], 3),
        ("private", [], 3),
    ],
)
async def test_values_that_no_menu_offers_are_refused(
    simcord_env: Env,
    world: World,
    caplog: pytest.LogCaptureFixture,
    field: str,
    values: list[str],
    kind: int,
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    sent = await press(editor, result.response, f"settings:{field}", values, kind)
    assert told(sent) == [COMMAND_CHANGED]
    assert await stored(world, guild) == ServerSettings()
    assert await world.services.records.servers() == frozenset()
    assert simcord_env.errors == []
    assert not [record for record in caplog.records if record.exc_info]
    assert chosen(result.response) == UNCHANGED


async def test_every_choice_of_days_is_taken(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    result = await editor.slash(channel, "admin settings")
    for days in DAYS:
        await editor.select(result.response, [str(days)], custom_id="settings:days_kept")
        assert (await stored(world, guild)).days_kept == days
