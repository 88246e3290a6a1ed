"""Who may do what: every field of the table in `rights.py`, and every made-up interaction.

Commands are sent and buttons pressed also where Discord would not show them, as a client can that
somebody has changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord.actors
from admin_steps import (
    BUOYS,
    BUOYS_SHOWN,
    FERRIES,
    STOPPING,
    furnish,
    owned_by,
    press,
    refused,
    slash,
    stored,
    submit,
    take_right_away,
    workshop,
)
from admin_steps import files as files_of
from discord_world import (
    QUESTION,
    Payloads,
    World,
    admin,
    components,
    last,
    scene,
    shown,
)
from member_steps import FIRST_PAGE, SECOND_PAGE, TWO, mention
from member_steps import stored as stored_of
from rights import MADE_UP, REFUSALS, TABLE, WHO, made_up_table, refusals_table, rights_table
from simcord import Env
from simcord.builders import UserHandle

from bot.catalogue import texts_in
from bot.client import FORMS, BelegClient
from bot.servers import ServerSettings

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
SENTENCES = {texts_in("en")(name): letter for letter, name in REFUSALS.items()}
CONTEXT = "The paragraphs around it, from **The old lighthouse**"


@dataclass
class Place:
    """Somebody, where they are, and an answer whose buttons they press."""

    env: Env
    world: World
    guild: Any
    """The server that the answer is in, and the operator's."""
    channel: Any
    person: Any
    asker: Any
    here: Any = None
    """Where the person is, if that is another channel than the answer's."""
    lose_right: Callable[[], Awaitable[None]] | None = None
    before: Any = None

    def __post_init__(self) -> None:
        self.here = self.here or self.channel

    @property
    def server(self) -> Any:
        """The server that the person is in; None in a direct message."""
        return getattr(self.person, "guild", None)

    async def ask(self, **options: Any) -> tuple[Any, str]:
        """An answer to the asker with two passages, and its id."""
        result = await slash(self.asker, self.channel, "ask", question=QUESTION, **options)
        assert shown(result.response) == FIRST_PAGE
        ids = [one["custom_id"] for one in components(result.response) if "custom_id" in one]
        return result.response, ids[0].split(":")[2]

    async def on(self, message: Any) -> Any:
        """The message whose button is pressed: in another server it is some other one."""
        return message if self.here is self.channel else await some_message(self)

    async def ready(self) -> None:
        """All is prepared: what there is now stays so, if the person is refused."""
        if self.lose_right is not None:
            await self.lose_right()
        self.before = await self.state()

    async def state(self) -> Any:
        """All that anybody could change."""
        world, services, me = self.world, self.world.services, self.env.backend.bot_user.id
        servers = [one for one in (self.guild, self.server) if one is not None]
        return (
            files_of(world),
            [one.article_id for one in services.shelf.removed()],
            world.reindexes,
            [await stored(world, one) for one in servers],
            [await stored_of(world, one) for one in (self.asker, self.person)],
            [shown(one) for one in self.channel.history() if one.author.id == me],
        )

    def again(self, message: Any) -> Any:
        """A message as it is now; None if it is gone."""
        channel = getattr(message, "channel_id", None) or message.channel.id
        return self.env.backend.messages[channel].get(message.id)


Use = Callable[[Place], Awaitable[tuple[list[Any], object]]]
"""Does something; what only the person was told, and whether it was done, and how."""


def whispered(result: Any) -> list[Any]:
    """What only the person was told."""
    messages = [*result.followups, *([result.response] if result.response else [])]
    return [message for message in messages if message.ephemeral]


async def some_message(place: Place) -> Any:
    # Without text, so that an edit may give it components.
    photo = [("photo.png", b"none")]
    if isinstance(place.person, UserHandle):
        kept = place.env.backend.store_attachments(place.here.id, photo)
        return await place.person.send_dm(attachments=kept)
    return await place.person.send(place.here, attachments=photo)


# What can be done --------------------------------------------------------------------------------


def command(name: str, begins: str, **options: Any) -> Use:
    """A slash command, whose response begins so."""

    async def use(place: Place) -> tuple[list[Any], object]:
        await place.ready()
        result = await slash(place.person, place.here, name, **options)
        return whispered(result), "".join(shown(result.response)).startswith(begins)

    return use


def choices(name: str, option: str) -> Use:
    async def use(place: Place) -> tuple[list[Any], object]:
        await place.ready()
        where = () if isinstance(place.person, UserHandle) else (place.here,)
        return [], await place.person.autocomplete(*where, name, option, "")

    return use


async def find_evidence(place: Place) -> tuple[list[Any], object]:
    if isinstance(place.person, UserHandle):
        said = await place.person.send_dm(QUESTION)
    else:
        said = await place.person.send(place.here, QUESTION)
    await place.ready()
    data = {
        "id": "1",
        "name": "Find evidence",
        "type": 3,
        "target_id": str(said.id),
        "resolved": {"messages": {str(said.id): payload_of(place.env, said)}},
    }
    result = await simcord.actors._dispatch_actor_interaction(place.person, 2, place.here, data)
    return whispered(result), shown(result.response)[0].startswith("**Looked up:**")


def payload_of(env: Env, message: Any) -> dict[str, Any]:
    kept = env.backend.get_message(message.channel.id, message.id)
    return dict(simcord.actors.serializers.message_payload(env.backend, kept))


async def say(place: Place, text: str, reply_to: Any = None) -> tuple[list[Any], object]:
    """A message to the bot; in a server one that mentions it."""
    if isinstance(place.person, UserHandle):
        reference = None
        if reply_to is not None:
            ids = {"channel_id": str(place.here.id), "message_id": str(reply_to.id)}
            reference = place.env.backend.normalize_message_reference(place.here.id, ids)
        await place.person.send_dm(text, reference=reference)
        return [], shown(last(place.here))[0] == f"**Question:** {text}"
    await place.person.send(place.here, f"{mention(place.env)} {text}", reply_to=reply_to)
    answer = shown(last(place.here))[0] == f"**Question:** {text}"
    return list(place.person.user.dm_channel.history()), answer


async def message(place: Place) -> tuple[list[Any], object]:
    await place.ready()
    return await say(place, QUESTION)


async def reply(place: Place) -> tuple[list[Any], object]:
    asker = place.asker if place.here is place.channel else place.person
    if isinstance(asker, UserHandle):
        await asker.send_dm(QUESTION)
    else:
        await asker.send(place.here, f"{mention(place.env)} {QUESTION}")
    answer = last(place.here)
    await place.ready()
    privately, done = await say(place, "and what came after?", answer)
    return privately, done and place.world.library.options[-1] == {"before": QUESTION}


def turn(custom_id: str, page: list[str]) -> Use:
    """A button that shows a page that begins so, in the message or in a copy of it."""

    async def use(place: Place) -> tuple[list[Any], object]:
        answer, record = await place.ask()
        message = await place.on(answer)
        await place.ready()
        result = await press(place.person, message, custom_id.format(record))
        privately = whispered(result)
        if shown(place.again(answer))[: len(page)] == page:
            return privately, True
        assert shown(place.again(answer)) == FIRST_PAGE
        copied = any(shown(one)[: len(page)] == page for one in privately)
        return privately, "copy" if copied else False

    return use


async def share(place: Place) -> tuple[list[Any], object]:
    answer, record = await place.ask(private=True)
    message = await place.on(answer)
    await place.ready()
    public = {one.id for one in place.channel.history()}
    result = await press(place.person, message, f"answer:share:{record}:0")
    new = [one for one in place.channel.history() if one.id not in public]
    return whispered(result), [shown(one) for one in new if not one.flags.ephemeral] == [FIRST_PAGE]


def rate(action: str, vote: tuple[bool, str | None]) -> Use:
    async def use(place: Place) -> tuple[list[Any], object]:
        answer, record = await place.ask()
        message = await place.on(answer)
        await place.ready()
        if action == "reason":
            custom_id = f"answer:reason:{record}"
            result = await submit(place.person, place.here, custom_id, reason="another year")
        else:
            result = await press(place.person, message, f"answer:{action}:{record}")
        given = (await stored_of(place.world, place.person))["ratings"]
        return whispered(result), [(one["helpful"], one["reason"]) for one in given] == [vote]

    return use


async def remove(place: Place) -> tuple[list[Any], object]:
    answer, record = await place.ask()
    message = await place.on(answer)
    await place.ready()
    result = await press(place.person, message, f"answer:remove:{record}")
    return whispered(result), place.again(answer) is None


async def turn_sources(place: Place) -> tuple[list[Any], object]:
    message = await some_message(place)
    await place.ready()
    result = await press(place.person, message, "sources:0")
    return whispered(result), "The library holds" in shown(place.again(message))[0]


def privacy(action: str, *says: str) -> Use:
    async def use(place: Place) -> tuple[list[Any], object]:
        await place.ask()
        message = await some_message(place)
        await place.ready()
        asked, had = place.before[4]
        result = await press(place.person, message, f"privacy:{action}")
        if action == "export":
            assert sent_files(result) == ["beleg.json"]
            [sent] = whispered(result)
            # One's own, and nothing else.
            return [], json.loads(await sent.attachments[0].read()) == had
        has = await stored_of(place.world, place.person)
        assert has["questions"] == ([] if action == "erase-yes" else had["questions"])
        if place.asker is not place.person:
            assert await stored_of(place.world, place.asker) == asked
        return [], shown(place.again(message))[0].startswith(says)

    return use


def sent_files(result: Any) -> list[str]:
    """The names of the files that only the person got."""
    return [one.filename for message in whispered(result) for one in message.attachments]


async def reindex(place: Place) -> tuple[list[Any], object]:
    await place.ready()
    result = await slash(place.person, place.here, "admin reindex")
    return whispered(result), place.world.reindexes > place.before[2]


async def export_gaps(place: Place) -> tuple[list[Any], object]:
    message = await some_message(place)
    await place.ready()
    result = await press(place.person, message, "gaps:export")
    return whispered(result), sent_files(result) == ["gaps.csv"]


def set_to(field: str, values: list[str], kind: int = 3) -> Use:
    async def use(place: Place) -> tuple[list[Any], object]:
        message = await some_message(place)
        await place.ready()
        result = await press(place.person, message, f"settings:{field}", values, kind)
        servers = [one for one in (place.guild, place.server) if one is not None]
        now = [await stored(place.world, one) for one in servers]
        # Nowhere but where the person is.
        assert place.guild is place.server or now[0] == place.before[3][0]
        return whispered(result), now[-1] != place.before[3][-1]

    return use


async def open_form(place: Place) -> tuple[list[Any], object]:
    await place.ready()
    result = await slash(place.person, place.here, "admin add")
    return whispered(result), result.modal is not None


async def paste(place: Place) -> tuple[list[Any], object]:
    await place.ready()
    result = await submit(place.person, place.here, "articles:paste", title="Boats", text=FERRIES)
    return whispered(result), shown(result.response)[0].startswith("**Boats**\nThis is a preview")


async def add(place: Place) -> tuple[list[Any], object]:
    services = place.world.services
    key = services.drafts.keep(services.shelf.draft("buoys.md", BUOYS.encode()))
    message = await some_message(place)
    await place.ready()
    result = await press(place.person, message, f"articles:add:{key}")
    return whispered(result), files_of(place.world).get("buoys.md") == BUOYS.encode()


async def cancel(place: Place) -> tuple[list[Any], object]:
    message = await some_message(place)
    await place.ready()
    result = await press(place.person, message, "articles:cancel")
    return whispered(result), shown(place.again(message)) == ["Nothing was changed."]


async def take_out(place: Place) -> tuple[list[Any], object]:
    message = await some_message(place)
    await place.ready()
    result = await press(place.person, message, "articles:remove:lighthouse")
    return whispered(result), "lighthouse.md" not in files_of(place.world)


async def restore(place: Place) -> tuple[list[Any], object]:
    [removed] = place.world.services.shelf.removed()
    await place.ready()
    result = await slash(place.person, place.here, "admin restore", article=removed.key)
    return whispered(result), files_of(place.world).get("buoys.md") == BUOYS.encode()


USES: dict[str, Use] = {
    "ask": command("ask", FIRST_PAGE[0], question=QUESTION),
    "ask article": choices("ask", "article"),
    "Find evidence": find_evidence,
    "message": message,
    "reply": reply,
    "sources": command("sources", "**The library holds"),
    "help": command("help", "**I show the passage that answers"),
    "privacy": command("privacy", "**What I store about you**"),
    "answer:show": turn("answer:show:{}:1", SECOND_PAGE),
    "answer:context": turn("answer:context:{}:0", [CONTEXT]),
    "answer:share": share,
    "answer:helpful": rate("helpful", (True, None)),
    "answer:unhelpful": rate("unhelpful", (False, None)),
    "answer:reason": rate("reason", (False, "another year")),
    "answer:remove": remove,
    "sources:": turn_sources,
    "privacy:export": privacy("export"),
    "privacy:erase": privacy("erase", "Erase all your questions and ratings?"),
    "privacy:erase-yes": privacy("erase-yes", "Erased", "There was nothing to erase."),
    "privacy:erase-no": privacy("erase-no", "Nothing was erased."),
    "admin reindex": reindex,
    "admin status": command("admin status", "**How I am doing**"),
    "admin gaps": command("admin gaps", "Every question that was asked here"),
    "gaps:export": export_gaps,
    "admin stats": command("admin stats", "**The last 30 days"),
    "admin settings": command("admin settings", "**Settings of this server**"),
    "settings:channels": set_to("channels", ["5"], 8),
    "settings:askers": set_to("askers", ["5"], 6),
    "settings:strictness": set_to("strictness", ["looser"]),
    "settings:language": set_to("language", ["de"]),
    "settings:days_kept": set_to("days_kept", ["7"]),
    "settings:private": set_to("private", ["on"]),
    "admin add": open_form,
    "articles:paste": paste,
    "admin add file": command("admin add", BUOYS_SHOWN[0], file=("buoys.md", BUOYS.encode())),
    "articles:add": add,
    "articles:cancel": cancel,
    "admin remove": command("admin remove", "Take **The old lighthouse**", article="lighthouse"),
    "admin remove article": choices("admin remove", "article"),
    "articles:remove": take_out,
    "admin restore": restore,
    "admin restore article": choices("admin restore", "article"),
}


# Who does it -------------------------------------------------------------------------------------


async def place_of(who: str, env: Env, world: World, payloads: Payloads) -> Place:
    """Somebody of the kind, in a server of the operator unless the kind says otherwise."""
    guild, channel, member = scene(env)
    owned_by(env, guild.owner)
    place = Place(env, world, guild, channel, member, member)

    def somebody(*roles: Any) -> Any:
        return guild.add_member(env.create_user("otto"), roles=list(roles))

    async def allow(*roles: Any) -> None:
        askers = frozenset(role.id for role in roles)
        await world.services.servers.set(guild.id, ServerSettings(askers=askers))

    if who == "another member":
        place.person = somebody()
    elif who == "without the role":
        readers = guild.create_role("Readers")
        place.person, place.asker = somebody(), somebody(readers)
        await allow(readers)
    elif who == "moderator":
        permissions = discord.Permissions(manage_messages=True)
        place.person = somebody(guild.create_role("Mods", permissions=permissions))
    elif who == "admin":
        place.person = admin(env, guild)
    elif who == "admin elsewhere":
        other = env.create_guild("other")
        place.here = other.create_text_channel("general")
        place.person = admin(env, other)
    elif who.endswith("direct"):
        user = env.create_user("olga")
        if who.startswith("operator"):
            owned_by(env, user)
        place.person = place.asker = user
        place.channel = place.here = user.dm_channel
    elif who == "brought along":
        payloads.added_by = "user"
        place.person = place.asker = admin(env, guild)
    elif who == "right lost":
        editors = guild.create_role("Editors", permissions=discord.Permissions(manage_guild=True))
        place.person = place.asker = somebody(editors)
        await allow(editors)

        async def lose() -> None:
            take_right_away(guild, place.person)

        place.lose_right = lose
    return place


async def outcome(use: Use, place: Place) -> str:
    """What comes of it, as the table says it."""
    privately, done = await use(place)
    assert all(shown(one) for one in privately)
    letters = [SENTENCES[text] for one in privately for text in shown(one) if text in SENTENCES]
    if done:
        assert letters == []
        return "copy" if done == "copy" else "yes"
    assert await place.state() == place.before
    return letters[0] if letters else "none"


def refurnish(world: World, library: Any) -> None:
    """The articles and the library as they were."""
    for folder in ("content", "removed"):
        shutil.rmtree(world.data / folder, ignore_errors=True)
    (world.data / "content").mkdir()
    furnish(world)
    service: Any = world.services.library
    service._library = library


@pytest.fixture
def hidden_commands_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simcord.actors, "_check_command_access", lambda *_: None)


@pytest.mark.usefixtures("hidden_commands_are_sent")
@pytest.mark.parametrize("what", TABLE)
async def test_rights(simcord_env: Env, world: World, payloads: Payloads, what: str) -> None:
    world.library.found = TWO
    found = {}
    for who in WHO:
        if TABLE[what][who] == "·":
            found[who] = "·"
            continue
        refurnish(world, world.library)
        payloads.added_by = "server"
        place = await place_of(who, simcord_env, world, payloads)
        found[who] = await outcome(USES[what], place)
    assert found == TABLE[what]
    assert refused(simcord_env)


@pytest.mark.parametrize("what", [what for what in TABLE if TABLE[what]["member"] == "A"])
async def test_while_stopping_admins_begin_nothing(
    simcord_env: Env, world: World, payloads: Payloads, what: str
) -> None:
    refurnish(world, world.library)
    place = await place_of("admin", simcord_env, world, payloads)

    async def stop() -> None:
        assert world.client is not None
        await world.client.finish(1.0)

    place.lose_right = stop
    privately, done = await USES[what](place)
    assert [shown(one) for one in privately] == [[STOPPING]]
    assert not done
    assert await place.state() == place.before
    assert refused(simcord_env)


# What nobody can send with a client of Discord's -------------------------------------------------

Forgery = Callable[[World, Any, Any], Awaitable[Any]]


def pressed(custom_id: str, values: list[str] | None = None, kind: int = 2) -> Forgery:
    async def send(world: World, editor: Any, channel: Any) -> Any:
        message = await editor.send(channel, attachments=[("photo.png", b"none")])
        return await press(editor, message, custom_id, values, kind)

    return send


def submitted(custom_id: str, **fields: str) -> Forgery:
    async def send(world: World, editor: Any, channel: Any) -> Any:
        return await submit(editor, channel, custom_id, **fields)

    return send


def typed(*path: str, **options: Any) -> Forgery:
    """A command as it comes from Discord, with options that are not looked at on the way."""

    async def send(world: World, editor: Any, channel: Any) -> Any:
        kinds = {str: 3, int: 4}
        inner: list[dict[str, Any]] = [
            {"name": name, "type": kinds[type(value)], "value": value}
            for name, value in options.items()
        ]
        for name in reversed(path[1:]):
            inner = [{"name": name, "type": 1, "options": inner}]
        data = {"id": "1", "name": path[0], "type": 1, "options": inner}
        return await simcord.actors._dispatch_actor_interaction(editor, 2, channel, data)

    return send


async def press_what_is_not_there(world: World, editor: Any, channel: Any) -> Any:
    """The button that removes one's own answer, under somebody else's."""
    own = await editor.slash(channel, "ask", question=QUESTION)
    [removing] = [
        one["custom_id"]
        for one in components(own.response)
        if one.get("custom_id", "").startswith("answer:remove:")
    ]
    other = editor.guild.add_member(editor._env.create_user("otto"))
    result = await other.slash(channel, "ask", question=QUESTION)
    data = {"custom_id": removing, "component_type": 2}
    kept = editor._env.backend.get_message(channel.id, result.response.id)
    payload = dict(simcord.actors.serializers.message_payload(editor._env.backend, kept))
    pressed = await simcord.actors._dispatch_actor_interaction(
        editor, 3, channel, data, extra={"message": payload}, source_message_id=kept.id
    )
    assert kept.id in editor._env.backend.messages[channel.id]
    return pressed


FORGERIES: dict[str, Forgery] = {
    "a button that its message does not have": press_what_is_not_there,
    "a button for something that there is not": pressed("answer:explode:abcdefghijkl"),
    "an answer's button with the id of no answer": pressed("answer:show:abcdefghijkl:0"),
    "the form for a reason, with the id of no answer": submitted(
        "answer:reason:abcdefghijkl", reason="x"
    ),
    "a form that there is not": submitted("articles:pasted", text="x"),
    "a command that there is not": typed("admin", "destroy"),
    "`/admin stats` of 100,000 days": typed("admin", "stats", days=100_000),
    "`/admin stats` of -9,007,199,254,740,991 days": typed("admin", "stats", days=1 - 2**53),
    "a setting that its menu does not offer": pressed("settings:strictness", ["reckless"], 3),
    "a setting with more roles than its menu takes": pressed(
        "settings:askers", [str(number) for number in range(1, 27)], 6
    ),
    "a setting with something that is no role": pressed("settings:askers", ["@everyone"], 6),
    "`/ask` with a path for an article": typed("ask", question=QUESTION, article="../lighthouse"),
    "`/admin remove` with a path for an article": typed("admin", "remove", article="../lighthouse"),
    "*Yes, remove it* with the id of no article": pressed("articles:remove:.."),
    "`/admin restore` with a path for an article": typed(
        "admin", "restore", article="../lighthouse"
    ),
    "*Add to the library* with the id of no draft": pressed("articles:add:abcdefghijkl"),
}


@pytest.mark.parametrize("what", MADE_UP)
async def test_what_is_made_up_does_nothing(simcord_env: Env, world: World, what: str) -> None:
    guild, channel, editor = workshop(simcord_env)
    before = furnish(world)
    result = await FORGERIES[what](world, editor, channel)
    said = [text for one in [*result.followups, result.response] if one for text in shown(one)]
    expected = MADE_UP[what]
    assert said == ([expected.replace("<br>", "\n")] if expected else [])
    assert files_of(world) == before
    assert await stored(world, guild) == ServerSettings()
    assert world.reindexes == 0
    assert all(
        isinstance(error, discord.app_commands.AppCommandError) for error in simcord_env.errors
    )


# Whether the table is whole ----------------------------------------------------------------------


async def test_the_table_has_every_command_choice_button_menu_and_form(
    simcord_env: Env, world: World
) -> None:
    client = world.client
    assert client is not None
    kinds = discord.AppCommandType
    commands = [one for kind in kinds for one in client.tree.walk_commands(type=kind)]
    there: set[str] = set(FORMS)
    for one in commands:
        if isinstance(one, discord.app_commands.Group):
            continue
        there.add(one.qualified_name)
        if isinstance(one, discord.app_commands.Command):
            there |= {
                f"{one.qualified_name} {p.display_name}" for p in one.parameters if p.autocomplete
            }
    for item in client._connection._view_store._dynamic_items.values():
        assert item.actions
        there |= {action if ":" in action else f"{action}:" for action in item.actions}
    # What is no command, and the command that does two things.
    there |= {"message", "reply", "admin add file"}
    assert set(TABLE) == there == set(USES)
    assert set(MADE_UP) == set(FORGERIES)


def test_no_other_event_leads_to_the_library() -> None:
    """A new one needs a row of its own, or belongs here."""
    events = {name for name in vars(BelegClient) if name.startswith("on_")}
    connection = {"on_connect", "on_resumed", "on_disconnect", "on_ready"}
    assert events == connection | {"on_guild_remove", "on_message", "on_interaction", "on_error"}


def test_the_page_shows_the_tables() -> None:
    page = PAGE.read_text()
    for table in (rights_table(), refusals_table(), made_up_table()):
        assert table in page
    for who in WHO:
        assert f"- **{who}**" in page
