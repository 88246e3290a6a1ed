"""``/sources``, ``/help`` and ``/privacy``."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from discord_world import (
    AFTER,
    QUESTION,
    QUOTE,
    World,
    article,
    buttons,
    components,
    mentioned,
    scene,
    shown,
)
from member_steps import FORGOTTEN, PREPARING, on_disk, stored, told
from simcord import Env

from bot.servers import ServerSettings


async def test_sources_lists_the_articles_with_links_page_by_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [
        article(
            f"a{number}", f"Title {number}", [QUOTE] * number, url=f"https://example.org/{number}"
        )
        for number in range(1, 15)
    ]
    world.library.contents[1] = article(
        "a2", "Title 2", [QUOTE, AFTER], url=None, author=None, date=None, language="de"
    )
    result = await member.slash(channel, "sources")
    assert result.ephemeral

    def lines(first: int, past: int) -> list[str]:
        return [
            f"**Title {number}**\n-# Ada Quill · <t:1709985600:D> · English · {number} paragraphs"
            for number in range(first, past)
        ]

    title = "**The library holds 14 articles.**"
    page = [
        title,
        lines(1, 2)[0].replace("1 paragraphs", "one paragraph"),
        "**Title 2**\n-# German · 2 paragraphs",
        *lines(3, 7),
        "-# Page 1 of 3",
    ]
    assert shown(result.response) == page
    links = [part["url"] for part in components(result.response) if part.get("url")]
    assert links == [f"https://example.org/{number}" for number in (1, 3, 4, 5, 6)]
    turning = [part for part in components(result.response) if part.get("custom_id")]
    assert [(part["label"], part["disabled"]) for part in turning] == [
        ("Previous", True),
        ("Next", False),
    ]
    await simcord_env.restart_bot(world.new_client())
    await member.click(result.response, label="Next")
    assert shown(result.response) == [title, *lines(7, 13), "-# Page 2 of 3"]
    await member.click(result.response, label="Next")
    assert shown(result.response) == [title, *lines(13, 15), "-# Page 3 of 3"]
    assert buttons(result.response)["Next"] is False
    # After a reindex there may be fewer pages.
    world.library.contents = world.library.contents[:1]
    await member.click(result.response, label="Previous")
    assert shown(result.response) == ["**The library holds one article.**", page[1]]
    assert buttons(result.response) == {"Read the article": True}


async def test_sources_of_an_empty_library(simcord_env: Env, world: World) -> None:
    user = simcord_env.create_user("mira")
    world.library.contents = []
    result = await user.slash("sources")
    assert shown(result.response) == ["**The library holds 0 articles.**"]


async def test_sources_that_are_turned_while_the_library_is_prepared_say_so(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.contents = [article(f"a{number}", f"Title {number}") for number in range(14)]
    result = await member.slash(channel, "sources")
    before = shown(result.response)
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    assert told(await member.click(result.response, label="Next")) == PREPARING
    assert shown(result.response) == before


async def test_help_says_how_to_ask(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    text = told(await member.slash(channel, "help"))
    assert text.splitlines()[0] == (
        "**I show the passage that answers your question, word for word, with its source.**"
    )
    for word in ("`article`", "`private`", "*Find evidence*"):
        assert word in text
    mentions = [mentioned(world, command) for command in ("ask", "sources", "privacy")]
    assert [text.count(mention) for mention in mentions] == [2, 1, 1]
    assert len(text) <= 2000
    assert (await member.user.slash("help")).response.content == text


ABOUT = (
    "**What I store about you**\n"
    "Your questions, the messages that you looked up, what I answered, and what you thought of "
    "it. They are kept so that the buttons under an answer work and so that those who look after "
    "the articles see what is missing, private questions included. In place of your name or your "
    "id stands a code that only I can match to you.\n"
    "Questions asked here are erased after DAYS; every server sets its own time, and direct "
    "messages are kept for 30 days. Nothing is sent to anybody else: I look things up on the "
    "machine I run on.\n"
    "\n"
    "Stored about you now: "
)


async def test_privacy_says_what_is_stored(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "privacy")
    assert result.ephemeral
    about = ABOUT.replace("DAYS", "30 days")
    assert shown(result.response) == [f"{about}no questions and no ratings."]
    assert buttons(result.response) == {"Export my data": True, "Erase my data": True}
    answer = await member.slash(channel, "ask", question=QUESTION)
    result = await member.slash(channel, "privacy")
    assert shown(result.response) == [f"{about}one question and no ratings."]
    await member.user.slash("ask", question=QUESTION)
    await world.services.servers.set(guild.id, ServerSettings(days_kept=1))
    result = await member.slash(channel, "privacy")
    about = ABOUT.replace("DAYS", "one day")
    assert shown(result.response) == [f"{about}2 questions and no ratings."]
    # A rating of somebody else's question is stored about whoever gave it.
    await other.click(answer.response, label="Helpful")
    result = await other.slash(channel, "privacy")
    assert shown(result.response) == [f"{about}no questions and one rating."]
    result = await other.user.slash("privacy")
    assert shown(result.response)[0].startswith(ABOUT.replace("DAYS", "30 days"))


async def test_members_take_along_what_is_stored_about_them(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    answer = await member.slash(channel, "ask", question="Où était-ce ?")
    await other.slash(channel, "ask", question="not mine")
    form = await member.click(answer.response, label="Not helpful")
    await member.submit_modal(form, {"reason": "wrong year"})
    await other.click(answer.response, label="Helpful")
    result = await member.slash(channel, "privacy")
    await simcord_env.restart_bot(world.new_client())
    export = await member.click(result.response, label="Export my data")
    assert told(export) == "Here is everything that is stored about you."
    [file] = export.response.attachments
    assert file.filename == "beleg.json"
    text = (await file.read()).decode()
    assert "Où était-ce ?" in text
    found = json.loads(text)
    [question], [rating] = found["questions"], found["ratings"]
    for moment in (question.pop("asked_at"), rating.pop("rated_at")):
        age = datetime.now(UTC) - datetime.fromisoformat(moment)
        assert timedelta(0) <= age < timedelta(minutes=5)
    assert found == {
        "member": world.services.members.hash(member.id).hex(),
        "questions": [
            {
                "id": question["id"],
                "server": str(guild.id),
                "kind": "question",
                "question": "Où était-ce ?",
                "status": "answered",
                "confidence": 0.97,
                "citations": [
                    {
                        "article": "lighthouse",
                        "passage": question["citations"][0]["passage"],
                        "start": QUOTE.index("It burned"),
                        "end": QUOTE.index(" Then gas"),
                        "asks": None,
                    }
                ],
                "unanswered": [],
                "private": False,
                "cut": False,
                "shared": False,
            }
        ],
        "ratings": [{"question": question["id"], "helpful": False, "reason": "wrong year"}],
    }


@pytest.mark.parametrize("restart", [False, True])
async def test_members_erase_what_is_stored_about_them(
    simcord_env: Env, world: World, restart: bool
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    mine = await member.slash(channel, "ask", question="where is zanzibar?")
    await member.user.slash("ask", question="where is zanzibar now?")
    theirs = await other.slash(channel, "ask", question="where is otterburn?")
    for answer in (mine, theirs):
        form = await member.click(answer.response, label="Not helpful")
        await member.submit_modal(form, {"reason": "no xylophone"})
    await other.click(mine.response, label="Helpful")
    result = await member.slash(channel, "privacy")
    if restart:
        await simcord_env.restart_bot(world.new_client())
    await member.click(result.response, label="Erase my data")
    assert shown(result.response) == [
        "Erase all your questions and ratings? The buttons under your earlier answers will stop "
        "working."
    ]
    assert list(buttons(result.response)) == ["Yes, erase", "No, keep"]
    assert all(word in on_disk(world) for word in (b"zanzibar", b"xylophone", b"otterburn"))
    await member.click(result.response, label="Yes, erase")
    assert shown(result.response) == ["Erased: 2 questions, and 2 ratings."]
    assert buttons(result.response) == {}
    assert [word in on_disk(world) for word in (b"zanzibar", b"xylophone")] == [False, False]
    member_left = await stored(world, member)
    assert (member_left["questions"], member_left["ratings"]) == ([], [])
    other_left = await stored(world, other)
    assert [one["question"] for one in other_left["questions"]] == ["where is otterburn?"]
    # Their rating of a question that was erased went with it.
    assert other_left["ratings"] == []
    assert told(await member.click(mine.response, label="Helpful")) == FORGOTTEN
    assert shown((await member.slash(channel, "privacy")).response)[0].endswith(
        "no questions and no ratings."
    )


async def test_what_is_large_is_packed(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, member = scene(simcord_env)
    await member.slash(channel, "ask", question="zanzibar")
    result = await member.slash(channel, "privacy")
    monkeypatch.setattr("bot.privacy.PLAIN_BYTES", 100)
    export = await member.click(result.response, label="Export my data")
    [file] = export.response.attachments
    assert file.filename == "beleg.zip"
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:
        found = json.loads(archive.read("beleg.json"))
    assert [one["question"] for one in found["questions"]] == ["zanzibar"]


async def test_members_can_think_better_of_erasing(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    await member.slash(channel, "ask", question=QUESTION)
    result = await member.slash(channel, "privacy")
    await member.click(result.response, label="Erase my data")
    await member.click(result.response, label="No, keep")
    assert shown(result.response) == ["Nothing was erased."]
    assert buttons(result.response) == {}
    assert len((await stored(world, member))["questions"]) == 1


async def test_erasing_says_what_was_there(simcord_env: Env, world: World) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    answer = await member.slash(channel, "ask", question=QUESTION)
    await other.click(answer.response, label="Helpful")
    for sentence in ("Erased: one rating.", "There was nothing to erase."):
        result = await other.slash(channel, "privacy")
        await other.click(result.response, label="Erase my data")
        await other.click(result.response, label="Yes, erase")
        assert shown(result.response) == [sentence]
    assert len((await stored(world, member))["questions"]) == 1
