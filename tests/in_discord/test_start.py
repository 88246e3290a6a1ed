"""What happens when the bot connects."""

from typing import Any, cast

from discord_world import World, scene
from simcord import Env


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
