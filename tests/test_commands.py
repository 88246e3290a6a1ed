"""What people get from the bot in Discord: the real client against a simulated Discord."""

import asyncio
import logging
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import discord
import pytest
from simcord import Env

from bot import wording
from bot.client import BelegClient
from bot.service import LibraryService, Progress, ReindexStoppedError
from index.answer import Answer, Citation, Highlight, Status
from index.content import ContentError
from index.library import Library
from index.storage import StorageError
from index.update import Changes, IndexReport

QUOTE = "The lamp was lit in 1887. It burned whale oil until March. Then gas came."
SHOWN = "> The lamp was lit in 1887. **It burned whale oil until March.** Then gas came."
SOURCE = "**The old lighthouse**\nAda Quill · <t:1709985600:D> · paragraph 17 · English"
QUESTION = "until when did it burn oil?"
HELP = (
    "Ask me a question and I will look for the passage that answers it: with `/ask`, in a direct "
    "message, or by mentioning me together with your question."
)


@dataclass
class Article:
    title: str


@dataclass
class FakeLibrary:
    """Answers every question with one passage, and remembers the questions."""

    articles: list[Article] = field(default_factory=lambda: [Article("The old lighthouse")])
    asked: list[str] = field(default_factory=list)
    fail: Exception | None = None

    def answer(self, question: str, top: int = 3) -> Answer:
        assert threading.current_thread() is not threading.main_thread()
        self.asked.append(question)
        if self.fail is not None:
            raise self.fail
        citation = Citation(
            rank=1,
            article="lighthouse",
            title="The old lighthouse",
            author="Ada Quill",
            publisher=None,
            url="https://example.org/lighthouse",
            date="2024-03-09",
            language="en",
            paragraph=17,
            quote=QUOTE,
            highlight=Highlight(26, 58, QUOTE[26:58]),
            score=1.0,
        )
        return Answer(question, Status.ANSWERED, 0.9, 1.0, (citation,))


Reopen = Callable[[Callable[[int, int], None]], tuple[Library, IndexReport]]


def report(errors: tuple[ContentError, ...] = ()) -> IndexReport:
    return IndexReport(
        articles=Changes(added=1, unchanged=1),
        passages=Changes(added=4, unchanged=20),
        encoded=4,
        errors=errors,
        rebuilt=None,
        seconds=1.25,
    )


@dataclass
class World:
    """A library, the one that a reindex gives, and what a reindex does."""

    library: FakeLibrary = field(default_factory=FakeLibrary)
    renewed: FakeLibrary = field(default_factory=lambda: FakeLibrary([Article("New")]))
    reindexes: int = 0
    failure: Exception | None = None
    errors: tuple[ContentError, ...] = ()
    client: BelegClient | None = None

    def reopen(self, on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        assert threading.current_thread() is not threading.main_thread()
        self.reindexes += 1
        on_progress(0, 4)
        if self.failure is not None:
            raise self.failure
        on_progress(4, 4)
        return cast(Library, self.renewed), report(self.errors)

    def new_client(self, data: Path) -> BelegClient:
        service = LibraryService(cast(Library, self.library), reopen=self.reopen)
        self.client = BelegClient(service=service, data=data)
        return self.client


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def simcord_bot(world: World, tmp_path: Path) -> BelegClient:
    return world.new_client(tmp_path)


@pytest.fixture(autouse=True)
def nobody_is_pinged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, no message of the bot's may ping anyone."""
    yield
    env = request.node.funcargs.get("simcord_env")
    if env is None:
        return
    sent = [
        entry
        for entry in env.http_requests
        if entry.method in ("POST", "PATCH") and "allowed_mentions" in str(entry.json)
    ]
    for entry in sent:
        found = entry.json.get("data", entry.json)["allowed_mentions"]
        assert found["parse"] == []
        assert not found.get("replied_user")
    messages = [
        entry
        for entry in env.http_requests
        if isinstance(entry.json, dict) and {"content", "components"} & set(entry.json)
    ]
    assert all("allowed_mentions" in entry.json for entry in messages)


def shown(message: Any) -> list[str]:
    """The text displays of a message, or its plain content."""
    if message.content:
        return [message.content]

    def walk(components: list[dict[str, Any]]) -> Iterator[str]:
        for component in components:
            if component["type"] == 10:
                yield component["content"]
            yield from walk(component.get("components", []))

    raw = message.components
    return list(walk([item if isinstance(item, dict) else item.to_dict() for item in raw]))


def answered(question: str = QUESTION) -> list[str]:
    return [f"**Question:** {question}", SHOWN, SOURCE]


def scene(env: Env) -> tuple[Any, Any, Any]:
    """A server, a channel in it, and a member without any special permission."""
    guild = env.create_guild()
    channel = guild.create_text_channel("general")
    return guild, channel, guild.add_member(env.create_user("mira"))


def admin(env: Env, guild: Any) -> Any:
    role = guild.create_role("Editors", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(env.create_user("edda"), roles=[role])


def callbacks(env: Env) -> list[int]:
    """The types of the first responses to interactions, in order."""
    sent: list[Any] = [r.json for r in env.http_requests if r.path.endswith("/callback")]
    return [response["type"] for response in sent]


def last(channel: Any) -> Any:
    message = channel.last_message
    assert message is not None
    return message


# /ask -----------------------------------------------------------------------------------------


async def test_ask_is_deferred_and_then_answered(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question=f"  {QUESTION} ")
    assert callbacks(simcord_env) == [5]  # deferred: "thinking"
    assert not result.ephemeral
    assert result.response is not None
    assert shown(result.response) == answered()
    assert result.response.flags.components_v2
    assert result.followups == []
    assert world.library.asked == [QUESTION]


async def test_ask_works_in_a_direct_message(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    result = await user.slash("ask", question=QUESTION)
    assert shown(result.response) == answered()


@pytest.mark.parametrize("length", [500, 501])
async def test_a_question_that_is_too_long_is_declined(
    simcord_env: Env, world: World, length: int
) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question="a" * length)
    if length == 500:
        assert world.library.asked == ["a" * 500]
    else:
        assert world.library.asked == []
        assert result.ephemeral
        assert result.response.content == (
            "Your question is 501 characters long, and I read at most 500. "
            "Please ask it more briefly."
        )


async def test_a_failure_gives_one_sentence_with_an_id_that_the_log_has_too(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.fail = RuntimeError("secret detail")
    result = await member.slash(channel, "ask", question=QUESTION)
    found = re.fullmatch(
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        "in the log under `([0-9a-f]{8})`.",
        result.response.content,
    )
    assert found is not None
    [record] = [record for record in caplog.records if found[1] in record.getMessage()]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is world.library.fail
    assert len(simcord_env.errors) == 1


async def test_while_stopping_it_says_so(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    assert world.client is not None
    await world.client.finish(1.0)
    result = await member.slash(channel, "ask", question=QUESTION)
    assert result.response.content == "I am being restarted. Please ask again in a minute."
    assert world.library.asked == []


# Messages -------------------------------------------------------------------------------------


async def test_every_direct_message_is_a_question(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    message = await user.send_dm(QUESTION)
    reply = last(user.dm_channel)
    assert shown(reply) == answered()
    assert reply.reference is not None
    assert reply.reference.message_id == message.id
    typing = [r for r in simcord_env.http_requests if r.path.endswith("/typing")]
    assert len(typing) == 1


async def test_a_mention_is_a_question_without_the_mention(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    assert shown(last(channel)) == answered()
    await member.send(channel, f"{QUESTION} <@!{me.id}>")
    assert world.library.asked == [QUESTION, QUESTION]


async def test_other_messages_are_left_alone(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    other_bot = guild.add_member(simcord_env.create_user("gadget", bot=True))
    await member.send(channel, QUESTION)
    await member.send(channel, "@everyone and <@12345>")
    await other_bot.send(channel, f"<@{me.id}> {QUESTION}")
    webhook = guild.create_webhook(channel, "hook")
    await webhook.send(f"<@{me.id}> {QUESTION}")
    assert world.library.asked == []
    assert [message.author.id for message in channel.history()].count(me.id) == 0


async def test_in_a_server_that_is_not_known_yet_only_a_mention_counts(
    simcord_env: Env, world: World
) -> None:
    """Messages can come before the server itself does."""
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    assert world.client is not None
    cast(Any, world.client)._connection._guilds.clear()
    await member.send(channel, QUESTION)
    assert last(channel).author.id == member.id
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    assert shown(last(channel)) == answered()
    assert world.library.asked == [QUESTION]


async def test_a_reply_that_pings_without_a_mention_is_left_alone(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    await member.send(channel, "thanks!", reply_to=last(channel))
    assert world.library.asked == [QUESTION]


async def test_a_mention_without_a_question_gets_help(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    await member.send(channel, f"<@{me.id}>")
    assert last(channel).content == HELP
    assert world.library.asked == []


async def test_an_attachment_alone_gets_help(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    photo = simcord_env.backend.store_attachments(user.dm_channel.id, [("photo.png", b"none")])
    await user.send_dm("", attachments=photo)
    assert last(user.dm_channel).content == HELP


async def test_a_long_message_is_declined(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    await user.send_dm("b" * 1200)
    assert last(user.dm_channel).content == wording.too_long(1200)
    assert world.library.asked == []


async def test_where_it_may_not_write_it_stays_silent(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    simcord_env.inject_error(
        "POST", "/channels/*", status=403, code=50013, message="Missing Permissions", times=None
    )
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    assert last(channel).author.id == member.id
    assert f"may not write in channel {channel.id}: Missing Permissions" in caplog.text
    assert simcord_env.errors == []


async def test_without_the_history_it_answers_without_a_reference(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    simcord_env.inject_error(
        "POST", "/channels/*/messages", status=403, code=160002, message="Cannot reply"
    )
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    reply = last(channel)
    assert shown(reply) == answered()
    assert reply.reference is None


async def test_a_failure_in_a_message_gives_one_sentence_with_an_id(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    user = simcord_env.create_user("mira")
    world.library.fail = RuntimeError("secret detail")
    await user.send_dm(QUESTION)
    sentence = last(user.dm_channel).content
    [identifier] = re.findall("`([0-9a-f]{8})`", sentence)
    assert sentence == wording.failed(identifier)
    assert f"[{identifier}] a question in a message failed" in caplog.text
    assert len(simcord_env.errors) == 1


async def test_without_the_history_a_failure_is_told_without_a_reference(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    world.library.fail = RuntimeError("secret detail")
    simcord_env.inject_error(
        "POST", "/channels/*/messages", status=403, code=160002, message="Cannot reply"
    )
    await member.send(channel, f"<@{me.id}> {QUESTION}")
    told = last(channel)
    [identifier] = re.findall("`([0-9a-f]{8})`", told.content)
    assert (told.content, told.reference) == (wording.failed(identifier), None)
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
    user = member.user
    world.library.fail = RuntimeError("secret detail")
    monkeypatch.setattr(discord.Interaction, "edit_original_response", broken)
    monkeypatch.setattr(discord.abc.Messageable, "send", broken)
    await member.slash(channel, "ask", question=QUESTION)
    await user.send_dm(QUESTION)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told[0] == "a failed command could not be told to the user: Server disconnected"
    assert re.fullmatch(
        r"\[[0-9a-f]{8}\] could not be told to the user: Server disconnected", told[1]
    )
    assert len(told) == 2
    # What simcord has seen are the failures themselves, and nothing that came of telling them.
    assert len(simcord_env.errors) == 2


async def test_the_log_says_nothing_about_who_asked_what(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild, channel, member = scene(simcord_env)
    await member.slash(channel, "ask", question=QUESTION)
    await member.user.send_dm(QUESTION)
    await admin(simcord_env, guild).slash(channel, "admin reindex")
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("bot")]
    assert any("reindexed" in line for line in ours)
    assert not any(word in line for line in ours for word in (QUESTION, "mira", "edda"))


# /admin reindex ---------------------------------------------------------------------------------


async def test_an_admin_reindexes_and_the_new_library_answers(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.errors = (ContentError("content/b.md", 3, "the date is not a day"),)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert callbacks(simcord_env) == [5]
    assert result.ephemeral
    assert result.response.content == (
        "**The index is up to date.** It took 1.2 s.\n"
        "Articles: 1 added, 0 changed, 0 removed, 1 unchanged.\n"
        "Passages: 4 newly encoded, 24 in all.\n"
        "Left out:\n"
        "- content/b.md, line 3: the date is not a day."
    )
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == []
    assert world.renewed.asked == [QUESTION]


async def test_reindex_is_hidden_from_members_and_refused_to_those_it_was_handed_to(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    assert member.available_commands(channel) == ("ask",)
    assert world.client is not None
    commands = await world.client.tree.fetch_commands()
    [command] = [command for command in commands if command.name == "admin"]
    guild.set_command_permissions(command, {member: True})
    result = await member.slash(channel, "admin reindex")
    assert result.ephemeral
    assert result.response.content == "Only members who may manage this server can do that."
    assert world.reindexes == 0


async def test_in_a_direct_message_only_the_owner_reindexes(simcord_env: Env, world: World) -> None:
    stranger, owner = simcord_env.create_user("mira"), simcord_env.create_user("olga")
    application = simcord_env.bot.application
    assert application is not None
    application.owner = cast(Any, discord.Object(owner.id))
    refused = await stranger.slash("admin reindex")
    assert refused.ephemeral
    assert refused.response.content == (
        "In direct messages only the owner of this bot can do that."
    )
    assert world.reindexes == 0
    result = await owner.slash("admin reindex")
    assert result.response.content.startswith("**The index is up to date.**")
    assert world.reindexes == 1


async def test_a_bot_of_a_team_is_reindexed_by_its_members(simcord_env: Env, world: World) -> None:
    people = {name: simcord_env.create_user(name) for name in ("own", "dev", "read", "new")}
    application = simcord_env.bot.application
    assert application is not None

    def teammate(name: str, role: str, state: int) -> dict[str, Any]:
        user = {"id": str(people[name].id), "username": name, "discriminator": "0", "avatar": None}
        return {"user": user, "role": role, "membership_state": state}

    data = {
        "id": "1",
        "name": "team",
        "icon": None,
        "owner_user_id": str(people["own"].id),
        "members": [
            teammate("dev", "developer", 2),
            teammate("read", "read_only", 2),
            teammate("new", "admin", 1),
        ],
    }
    application.team = discord.Team(cast(Any, application)._state, cast(Any, data))
    allowed = {}
    for name, user in people.items():
        result = await user.slash("admin reindex")
        allowed[name] = result.response.content.startswith("**The index is up to date.**")
    assert allowed == {"own": True, "dev": True, "read": False, "new": False}


async def test_a_reindex_without_any_article_keeps_the_old_index(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = ContentError("content/a_1.md", 2, "there is no title")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert result.response.content == (
        "The reindex failed, so the old index stays in use. "
        "content/a\\_1.md, line 2: there is no title."
    )
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]


async def test_a_reindex_that_breaks_keeps_the_old_index_and_names_an_id(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = OSError("disk full at /secret")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [identifier] = re.findall("`([0-9a-f]{8})`", result.response.content)
    assert result.response.content == wording.reindex_failed(wording.failed(identifier))
    assert len(simcord_env.errors) == 1
    await member.slash(channel, "ask", question=QUESTION)
    assert world.library.asked == [QUESTION]


@pytest.mark.parametrize(
    "sentence",
    [
        "Cannot write /secret/data: No space left on device; check the disk's space and the "
        "folder's permissions.",
        "Another process has been writing /secret/data for 10 minutes; wait until it is done.",
    ],
)
async def test_a_reindex_that_cannot_be_saved_keeps_the_old_index(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture, sentence: str
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = StorageError(sentence)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert result.ephemeral
    assert result.response.content == (
        "The index could not be saved, so the old one stays in use. Whoever runs me finds the "
        "reason in the log; most often the disk is full or the data folder cannot be written."
    )
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "the reindex could not be saved"
    assert record.exc_info is not None
    assert record.exc_info[1] is world.failure
    assert simcord_env.errors == []
    asked = await member.slash(channel, "ask", question=QUESTION)
    assert shown(asked.response) == answered()
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])
    # Once the folder can be written again, so can the index.
    world.failure = None
    again = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert again.response.content.startswith("**The index is up to date.**")
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]


async def test_a_report_that_cannot_be_sent_is_no_failed_reindex(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [identifier] = re.findall("`([0-9a-f]{8})`", result.response.content)
    assert result.response.content == wording.failed(identifier)
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]
    assert len(simcord_env.errors) == 1


@pytest.fixture
def slow_reindex(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reindex that takes long enough to tell of its progress.

    Simcord's clock stands still while a thread works, so the time itself cannot be tested here.
    """
    reindex = LibraryService.reindex

    async def slow(
        service: LibraryService, on_progress: Callable[[Progress], Awaitable[None]]
    ) -> IndexReport:
        await on_progress(Progress(1, 4))
        return await reindex(service, on_progress)

    monkeypatch.setattr(LibraryService, "reindex", slow)


@pytest.mark.usefixtures("slow_reindex")
async def test_the_admin_sees_how_far_the_reindex_is(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    sent: list[Any] = [r.json for r in simcord_env.http_requests if r.method == "PATCH"]
    assert [edit["content"] for edit in sent] == [
        "Encoding the articles: 1 of 4 texts …",
        result.response.content,
    ]
    assert result.response.content.startswith("**The index is up to date.**")


@pytest.mark.usefixtures("slow_reindex")
@pytest.mark.parametrize(
    "failure", [aiohttp.ServerDisconnectedError(), ConnectionResetError("reset by peer")]
)
async def test_a_broken_connection_does_not_break_a_reindex_off(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    guild, channel, _ = scene(simcord_env)
    edit = discord.Interaction.edit_original_response
    failures = [failure]

    async def unreliable(interaction: Any, **what: Any) -> Any:
        if failures:
            raise failures.pop()
        return await edit(interaction, **what)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", unreliable)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert result.response.content.startswith("**The index is up to date.**")
    assert "the progress of a reindex could not be shown" in caplog.text
    assert simcord_env.errors == []


@pytest.mark.usefixtures("slow_reindex")
async def test_progress_that_discord_refuses_does_not_break_a_reindex_off(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert result.response.content.startswith("**The index is up to date.**")
    assert simcord_env.errors == []


# Start-up ---------------------------------------------------------------------------------------


async def test_commands_are_synced_only_when_they_have_changed(
    simcord_env: Env, world: World, tmp_path: Path
) -> None:
    def syncs() -> int:
        return sum(request.method == "PUT" for request in simcord_env.http_requests)

    assert syncs() == 1
    await simcord_env.restart_bot(world.new_client(tmp_path))
    assert syncs() == 1
    changed = world.new_client(tmp_path)
    changed.tree.remove_command("ask")
    await simcord_env.restart_bot(changed)
    assert syncs() == 2


async def test_no_privileged_intent_is_asked_for(world: World, tmp_path: Path) -> None:
    intents = world.new_client(tmp_path).intents
    assert {name for name, wanted in intents if wanted} == {
        "guilds",
        "guild_messages",
        "dm_messages",
    }
    assert not (intents.message_content or intents.members or intents.presences)


# The library behind it, without Discord -----------------------------------------------------------


@dataclass
class Gate:
    """A reindex that waits to be let through, step by step."""

    steps: list[threading.Event]
    runs: int = 0
    began: threading.Event = field(default_factory=threading.Event)

    def reopen(self, on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        self.runs += 1
        for number, step in enumerate(self.steps):
            on_progress(number, len(self.steps))
            self.began.set()
            assert step.wait(30)
        return cast(Library, FakeLibrary([Article("New")])), report()


async def ignore(progress: Progress) -> None:
    pass


async def test_a_second_reindex_joins_and_questions_are_answered_meanwhile() -> None:
    gate = Gate([threading.Event()])
    library = FakeLibrary()
    service = LibraryService(cast(Library, library), reopen=gate.reopen)
    first = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    second = asyncio.create_task(service.reindex(ignore))
    answer = await service.answer(QUESTION)
    assert answer.citations[0].quote == QUOTE
    assert service.titles == ["The old lighthouse"]
    gate.steps[0].set()
    assert await first == await second == report()
    assert gate.runs == 1
    assert service.titles == ["New"]
    await service.reindex(ignore)
    assert gate.runs == 2
    service.close()


async def test_progress_is_told_when_it_has_changed() -> None:
    gate = Gate([threading.Event(), threading.Event(), threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    told: list[Progress] = []

    async def note(progress: Progress) -> None:
        told.append(progress)
        gate.steps[progress.done].set()

    await service.reindex(note, every=0.01)
    assert told == [Progress(0, 3), Progress(1, 3), Progress(2, 3)]
    service.close()


async def test_a_cancelled_caller_does_not_take_the_reindex_down() -> None:
    gate = Gate([threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    first = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    second = asyncio.create_task(service.reindex(ignore))
    await asyncio.sleep(0)
    first.cancel()
    gate.steps[0].set()
    assert await second == report()
    assert gate.runs == 1
    service.close()


async def test_a_stop_breaks_a_reindex_off_at_its_next_step() -> None:
    gate = Gate([threading.Event(), threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    running = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    service.stop_reindex()
    gate.steps[0].set()
    with pytest.raises(ReindexStoppedError):
        await running
    with pytest.raises(ReindexStoppedError):
        await service.reindex(ignore)
    assert gate.runs == 1
    assert service.titles == ["The old lighthouse"]
    service.close()
