"""``/admin reindex``."""

import logging
import re
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from admin_steps import UP_TO_DATE, owned_by, running, told
from discord_world import QUESTION, World, admin, callbacks, report, scene
from simcord import Env

from bot.admin.reindex import reindexed
from bot.catalogue import texts_in
from bot.service import LibraryService, Progress
from index.content import ContentError
from index.remarks import Remark, Said
from index.storage import StorageError
from index.update import IndexReport


async def test_an_admin_reindexes_and_the_new_library_answers(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.errors = (
        ContentError("content/b.md", 3, Remark.DATE_WRONG()),
        ContentError("content/c_1.md", None, Remark.FILE_EMPTY()),
    )
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert callbacks(simcord_env) == [5]  # deferred: "thinking"
    assert told(result) == [
        f"{UP_TO_DATE}\n"
        "Left out:\n"
        "- content/b.md, line 3: “date” is not a day; write it as year-month-day, like "
        "2025-07-23.\n"
        "- content/c\\_1.md: it is empty; write the article into it or remove it."
    ]
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([], [QUESTION])


async def test_of_many_files_left_out_the_first_are_named(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    world.errors = tuple(
        ContentError(f"content/{'long' * 50}{number}.md", 10**6, Said("why? " * 300))
        for number in range(12)
    )
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    lines = told(result)[0].split("\n")
    assert len(lines) == 13
    assert lines[3] == "Left out:"
    assert all(line.startswith("- content/longlong") for line in lines[4:12])
    assert all(", line 1,000,000: why? why?" in line for line in lines[4:12])
    assert lines[12] == "- and 4 more files; `beleg check` lists them all"


async def test_in_a_direct_message_the_owner_reindexes(simcord_env: Env, world: World) -> None:
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    assert told(await owner.slash("admin reindex")) == [UP_TO_DATE]
    assert world.reindexes == 1


async def test_a_reindex_without_any_article_keeps_the_old_index(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = ContentError("content/a_1.md", 2, Remark.URL_WRONG())
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [
        "The reindex failed, so the old index stays in use. "
        "content/a\\_1.md, line 2: “url” is not a web address; write one that begins with "
        "https\\://."
    ]
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])


async def test_a_reindex_that_breaks_keeps_the_old_index_and_names_an_id(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel, member = scene(simcord_env)
    world.failure = OSError("disk full at /secret")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [sentence] = told(result)
    [identifier] = re.findall("`([0-9a-f]{8})`", sentence)
    assert sentence == (
        "The reindex failed, so the old index stays in use. Sorry, something went wrong on my "
        "side. Please try again later; whoever runs me finds it in the log under "
        f"`{identifier}`."
    )
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == f"[{identifier}] a reindex failed"
    assert record.exc_info is not None
    assert record.exc_info[1] is world.failure
    assert simcord_env.errors == []
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])


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
    editor = admin(simcord_env, guild)
    world.failure = StorageError(sentence)
    result = await editor.slash(channel, "admin reindex")
    assert told(result) == [
        "The index could not be saved, so the old one stays in use. Whoever runs me finds the "
        "reason in the log; most often the disk is full or the data folder cannot be written."
    ]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "the reindex could not be saved"
    assert record.exc_info is not None
    assert record.exc_info[1] is world.failure
    assert simcord_env.errors == []
    await member.slash(channel, "ask", question=QUESTION)
    assert (world.library.asked, world.renewed.asked) == ([QUESTION], [])
    # Once the folder can be written again, so can the index.
    world.failure = None
    assert told(await editor.slash(channel, "admin reindex")) == [UP_TO_DATE]
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]


async def test_a_reindex_that_a_stop_breaks_off_says_so(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    world.services.library.stop_reindex()
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [
        "I am being stopped, so the reindex was broken off. The old index stays in use."
    ]
    assert world.reindexes == 0


async def test_a_report_that_cannot_be_sent_is_no_failed_reindex(
    simcord_env: Env, world: World
) -> None:
    guild, channel, member = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    [sentence] = told(result)
    [identifier] = re.findall("`([0-9a-f]{8})`", sentence)
    assert sentence == (
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        f"in the log under `{identifier}`."
    )
    await member.slash(channel, "ask", question=QUESTION)
    assert world.renewed.asked == [QUESTION]
    assert len(simcord_env.errors) == 1


@pytest.mark.usefixtures("slow_reindex")
async def test_the_admin_sees_how_far_the_reindex_is(simcord_env: Env, world: World) -> None:
    guild, channel, _ = scene(simcord_env)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    sent: list[Any] = [r.json for r in simcord_env.http_requests if r.method == "PATCH"]
    assert [edit["content"] for edit in sent] == [
        "Encoding the articles: 1 of 4 texts …",
        UP_TO_DATE,
    ]
    assert told(result) == [UP_TO_DATE]


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
    assert told(result) == [UP_TO_DATE]
    assert "the progress of a reindex could not be shown" in caplog.text
    assert simcord_env.errors == []


@pytest.mark.usefixtures("slow_reindex")
async def test_progress_that_discord_refuses_does_not_break_a_reindex_off(
    simcord_env: Env, world: World
) -> None:
    guild, channel, _ = scene(simcord_env)
    simcord_env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid")
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [UP_TO_DATE]
    assert simcord_env.errors == []


async def test_what_breaks_before_a_command_is_told_with_an_id(
    simcord_env: Env,
    world: World,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    monkeypatch.setattr("bot.admin.rights.refusal", lambda *_: 1 / 0)
    result = await editor.slash(channel, "admin status")
    [identifier] = re.findall("`([0-9a-f]{8})`", told(result)[0])
    assert f"[{identifier}] check of rights failed" in caplog.text
    simcord_env.errors.clear()


async def test_a_reindex_of_over_15_minutes_is_no_failure(
    simcord_env: Env, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel, _ = scene(simcord_env)
    simcord_env.inject_error(
        "PATCH", "/webhooks/*", status=401, code=50027, message="Invalid Webhook Token"
    )
    await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert f"nothing is left to show the report of a reindex in: {UP_TO_DATE}" in caplog.text
    assert world.services.library.titles == ["New"]
    assert simcord_env.errors == []


@pytest.mark.parametrize(
    ("status", "code", "shown"), [(401, 50027, 1), (404, 10008, 1), (403, 50013, 3)]
)
async def test_progress_is_no_longer_shown_where_nothing_is_left_to_show_it_in(
    caplog: pytest.LogCaptureFixture, status: int, code: int, shown: int
) -> None:
    class Reindexing:
        async def reindex(self, on_progress: Any, **_: Any) -> IndexReport:
            for done in range(3):
                await on_progress(Progress(done, 3))
            return report()

    async def say(_: str) -> None:
        answer = cast(aiohttp.ClientResponse, SimpleNamespace(status=status, reason="no"))
        raise discord.HTTPException(answer, {"code": code, "message": "no"})

    assert await reindexed(say, cast(LibraryService, Reindexing()), texts_in("en")) == UP_TO_DATE
    assert caplog.text.count("the progress of a reindex could not be shown") == shown


async def test_a_second_reindex_joins_the_one_that_runs(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel, _ = scene(simcord_env)
    gate, first = await running(world)
    reindex = LibraryService.reindex

    async def join(service: LibraryService, on_progress: Any, **options: Any) -> IndexReport:
        # The thread goes on, but the loop cannot see it before the caller has joined.
        gate.opened.set()
        return await reindex(service, on_progress, **options)

    monkeypatch.setattr(LibraryService, "reindex", join)
    result = await admin(simcord_env, guild).slash(channel, "admin reindex")
    assert told(result) == [UP_TO_DATE]
    assert await first == report()
    assert gate.runs == 1
    assert world.services.library.titles == ["New"]
