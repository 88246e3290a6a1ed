"""What happens when the bot connects."""

from typing import Any, cast

import pytest
from discord_world import Payloads, World, scene
from member_steps import told
from simcord import Env

from bot.catalogue import COMMANDS, texts_for, texts_in
from bot.sync import STATE_FILE


async def test_commands_are_synced_only_when_they_have_changed(
    simcord_env: Env, world: World
) -> None:
    def syncs() -> int:
        return sum(request.method == "PUT" for request in simcord_env.http_requests)

    assert syncs() == 1
    await simcord_env.restart_bot(world.new_client())
    assert syncs() == 1
    changed = world.new_client()
    changed.tree.remove_command("ask")
    await simcord_env.restart_bot(changed)
    assert syncs() == 2


async def test_commands_are_mentioned_with_the_ids_that_discord_gave_them(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    assert world.client is not None
    known = {command.name: command.id for command in await world.client.tree.fetch_commands()}
    _, channel, member = scene(simcord_env)
    removed = texts_for("fr", world.services.commands)("removed")
    assert removed == (
        f"**L’article a été retiré.** </admin restore:{known['admin']}> permet de le remettre."
    )
    # In the name that Discord knows, whatever language the text is in.
    for locale, begin in (("en-US", "Ask me"), ("de", "Stell mir"), ("ja", "Ask me")):
        payloads.locale = locale
        hello = told(await member.slash(channel, "ask", question=" "))
        assert hello.startswith(begin)
        assert hello.count(f"</ask:{known['ask']}>") == 1 and "`" not in hello


async def test_the_ids_of_the_commands_are_known_after_a_start_without_a_sync(
    simcord_env: Env, world: World
) -> None:
    before = dict(world.services.commands)
    assert sorted(before) == ["admin", "ask", "help", "privacy", "sources"]
    await simcord_env.restart_bot(world.new_client())
    assert sum(request.method == "PUT" for request in simcord_env.http_requests) == 1
    assert world.services.commands == before


@pytest.mark.parametrize("kept", ["", "5f", "[]", '{"digest": "5f"}', None])
async def test_what_discord_knows_is_told_again_if_it_cannot_be_read(
    simcord_env: Env, world: World, kept: str | None
) -> None:
    before = dict(world.services.commands)
    state = world.data / STATE_FILE
    good = state.read_bytes()
    if kept is None:
        state.unlink()
    else:
        state.write_text(kept, encoding="utf-8")
    await simcord_env.restart_bot(world.new_client())
    assert sum(request.method == "PUT" for request in simcord_env.http_requests) == 2
    assert world.services.commands == before
    assert state.read_bytes() == good


async def test_texts_mention_only_commands_that_there_are(simcord_env: Env, world: World) -> None:
    assert world.client is not None
    there = {command.qualified_name for command in world.client.tree.walk_commands()}
    english = texts_in("en")
    named = [" ".join(english(f"{part}-name") for part in parts) for parts in COMMANDS.values()]
    assert set(named) <= there


async def test_members_find_the_commands_in_their_language(simcord_env: Env, world: World) -> None:
    [sync] = [request for request in simcord_env.http_requests if request.method == "PUT"]
    commands = {command["name"]: command for command in cast(Any, sync.json)}
    members = ["Find evidence", "ask", "help", "privacy", "sources"]
    assert sorted(commands) == sorted([*members, "admin"])
    for name in members:
        assert sorted(commands[name]["contexts"]) == [0, 1, 2]  # servers, the bot, other messages
        assert sorted(commands[name]["integration_types"]) == [0, 1]  # for a server, for a user
    ask = commands["ask"]
    assert ask["name_localizations"] == {
        "en-US": "ask",
        "en-GB": "ask",
        "de": "fragen",
        "fr": "demander",
        "es-ES": "preguntar",
        "es-419": "preguntar",
    }
    assert ask["description_localizations"]["de"] == (
        "Zeigt dir wörtlich die Stelle, die deine Frage beantwortet, mit ihrer Quelle"
    )
    assert [
        (option["name"], option["name_localizations"]["de"], option["required"])
        for option in ask["options"]
    ] == [("question", "frage", True), ("article", "artikel", False), ("private", "privat", False)]
    assert commands["Find evidence"]["name_localizations"]["de"] == "Belege finden"
    _, channel, member = scene(simcord_env)
    visible = ("ask", "sources", "help", "privacy")
    assert sorted(member.available_commands(channel)) == sorted(visible)


async def test_no_privileged_intent_is_asked_for(world: World) -> None:
    intents = world.new_client().intents
    assert {name for name, wanted in intents if wanted} == {
        "guilds",
        "guild_messages",
        "dm_messages",
    }
    assert not (intents.message_content or intents.members or intents.presences)
