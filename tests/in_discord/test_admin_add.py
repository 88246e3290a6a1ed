"""``/admin add``: files and pasted text."""

import errno
from pathlib import Path
from typing import Any

import discord
import pytest
from admin_steps import (
    BUOYS,
    BUOYS_SHOWN,
    COMMAND_CHANGED,
    FERRIES,
    LIGHTHOUSE,
    UP_TO_DATE,
    files,
    owned_by,
    press,
    put,
    submit,
    told,
    workshop,
)
from discord_world import World, buttons, components, shown
from simcord import Env

from index.content import ContentError
from index.remarks import Remark
from index.shelf import Shelf


async def test_a_file_is_previewed_confirmed_stored_and_indexed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("Buoys.MD", BUOYS.encode()))
    assert told(result) == BUOYS_SHOWN
    assert result.response.flags.components_v2
    assert buttons(result.response) == {"Add to the library": True, "Cancel": True}
    assert files(world) == {}
    pressed = await editor.click(result.response, label="Add to the library")
    assert pressed.followups == []
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]
    assert buttons(result.response) == {}
    assert files(world) == {"buoys.md": BUOYS.encode()}
    assert world.reindexes == 1
    assert world.services.library.titles == ["New"]


async def test_while_it_is_added_nobody_can_press_again_or_cancel(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    seen = []
    add = world.services.shelf.add

    def look(draft: Any) -> Path:
        seen.append((shown(result.response), buttons(result.response)))
        return add(draft)

    monkeypatch.setattr(world.services.shelf, "add", look)
    await editor.click(result.response, label="Add to the library")
    assert seen == [(BUOYS_SHOWN, {})]


async def test_a_second_press_that_was_on_its_way_does_not_add_twice(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    [custom_id] = [
        one["custom_id"]
        for one in components(result.response)
        if one.get("label") == "Add to the library"
    ]
    await press(editor, result.response, custom_id)
    again = await press(editor, result.response, custom_id)
    assert shown(again.response) == ["This preview is too old. Please add the article again."]
    assert world.reindexes == 1


@pytest.mark.usefixtures("slow_reindex")
async def test_whoever_adds_an_article_sees_how_far_the_reindex_is(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Add to the library")
    edits: list[Any] = [r.json for r in simcord_env.http_requests if r.method == "PATCH"]
    [_, progress, _] = [edit["components"][0]["components"][0]["content"] for edit in edits]
    assert progress == "Encoding the articles: 1 of 4 texts …"
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]


async def test_an_article_that_was_added_though_the_reindex_failed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    world.failure = ContentError("content/other.md", 2, Remark.DATE_WRONG())
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [
        "**The article was added.**\nThe reindex failed, so the old index stays in use. "
        "content/other.md, line 2: “date” is not a day; write it as year-month-day, like "
        "2025-07-23."
    ]
    assert files(world) == {"buoys.md": BUOYS.encode()}


async def test_plain_text_without_a_head_becomes_an_article(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    text = f"Ferries\n\n{FERRIES}"
    result = await editor.slash(channel, "admin add", file=("north pier.txt", text.encode()))
    assert told(result) == [
        "**Ferries**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as north-pier.txt. 2 paragraphs, language: English.",
        "> The ferry leaves the north pier at eight.",
        "> It comes back at noon.",
    ]
    await editor.click(result.response, label="Add to the library")
    assert files(world) == {"north-pier.txt": text.encode()}


async def test_a_long_article_is_previewed_by_its_beginning(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    paragraphs = [f"This is paragraph {number}. " + "More words. " * 40 for number in range(9)]
    text = "---\ntitle: Long\nlanguage: en\n---\n\n" + "\n\n".join(paragraphs)
    result = await editor.slash(channel, "admin add", file=("long.md", text.encode()))
    head, *quotes, more = told(result)
    assert head == (
        "**Long**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as long.md. 9 paragraphs, language: English."
    )
    assert [quote[:24] for quote in quotes] == [
        f"> This is paragraph {number}. M" for number in range(5)
    ]
    assert all(quote.endswith(" …") and len(quote) <= 250 for quote in quotes)
    assert more == "-# and 4 more paragraphs"


async def test_what_was_noticed_in_an_article_is_shown_by_line(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    text = BUOYS.replace("author:", "auhtor:")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode()))
    assert told(result)[0] == (
        "**Buoys and bells**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as buoys.md. 2 paragraphs, language: English.\n"
        "What was noticed:\n"
        "- line 3: unknown front matter key “auhtor”; did you mean “author”?"
    )


async def test_of_many_notes_the_first_are_shown(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    keys = "".join(f"strange{number}: x\n" for number in range(11))
    text = BUOYS.replace("author", f"{keys}author")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode()))
    lines = told(result)[0].split("\n")
    assert len(lines) == 13
    assert lines[4].startswith("- line 3: unknown front matter key “strange0”; known are title, ")
    assert lines[12] == "- and 3 more notes"


async def test_markdown_and_mentions_in_an_article_are_shown_as_text(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    text = "---\ntitle: '**Bold** @everyone'\nlanguage: en\n---\n\nHello <@1> and \u202eturned.\n"
    result = await editor.slash(channel, "admin add", file=("x_y.md", text.encode()))
    assert told(result) == [
        "**\\*\\*Bold\\*\\* \\@everyone**\n"
        "This is a preview; nothing has been added yet.\n"
        "It will be stored as x-y.md. One paragraph, language: English.",
        "> Hello \\<\\@1\\> and ⟨U+202E⟩turned.",
    ]


async def test_a_file_that_is_too_large_is_not_even_read(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(attachment: Any) -> bytes:
        raise AssertionError("it was read")

    _, channel, editor = workshop(simcord_env)
    monkeypatch.setattr(discord.Attachment, "read", read)
    result = await editor.slash(channel, "admin add", file=("a.md", b"a" * 1_000_001))
    assert told(result) == ["This file is too large: an article may have 1 MB at most."]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "photo.png",
            b"\x89PNG",
            "“photo.png” is no article; its name must end in .md, .markdown or .txt.",
        ),
        (
            "a_b.md",
            b"One na\xc3\xafve line.\n\nTwo \xf0\x9f lines.\n",
            "content/a-b.md, line 3: its UTF-8 is damaged; mend the signs there and save it as "
            "UTF-8.",
        ),
        (
            "a.md",
            b"One line.\n\nTwo \x81 lines.\n",
            "content/a.md, line 3: it is neither UTF-8 nor Windows-1252; save it as UTF-8.",
        ),
        ("a.md", b"\n \n", "content/a.md: it is empty; write the article into it or remove it."),
        (
            "a.md",
            b"---\ntitle: A\ntitle: B\n---\n\nText.\n",
            "content/a.md, line 3: “title” is given twice; keep one.",
        ),
        (
            "lighthouse.md",
            BUOYS.encode(),
            "content/lighthouse.md is there already; remove it first, or give one of the two "
            "articles another name.",
        ),
        (
            "b.md",
            b"---\nid: lighthouse\n---\n\nText.\n",
            "content/lighthouse.md has the id “lighthouse” already; remove it first, or give one "
            "of the two articles another id.",
        ),
    ],
)
async def test_a_file_that_cannot_be_added_is_declined_with_the_reason(
    simcord_env: Env, world: World, name: str, content: bytes, sentence: str
) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin add", file=(name, content))
    assert told(result) == [sentence]
    assert buttons(result.response) == {}
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}


async def test_text_that_is_not_utf8_is_stored_as_utf8(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    text = BUOYS.replace("bell that", "bell – naïve – that")
    result = await editor.slash(channel, "admin add", file=("buoys.md", text.encode("cp1252")))
    assert told(result)[0] == (
        "**Buoys and bells**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as buoys.md. 2 paragraphs, language: English.\n"
        "What was noticed:\n"
        "- line 9: read as Windows-1252 and stored as UTF-8; look whether every letter is right"
    )
    await editor.click(result.response, label="Add to the library")
    assert files(world) == {"buoys.md": text.encode()}


async def test_an_article_that_is_there_by_now_is_not_replaced(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    put(world, "buoys.md", LIGHTHOUSE)
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [
        "content/buoys.md is there already; remove it first, or give one of the two articles "
        "another name."
    ]
    assert files(world) == {"buoys.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 0


async def test_an_article_that_could_not_be_stored_can_be_tried_again(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "_put", full)
        await editor.click(result.response, label="Add to the library")
    assert shown(result.response)[0].startswith("content/buoys.md could not be stored")
    assert buttons(result.response) == {"Add to the library": True, "Cancel": True}
    assert files(world) == {}
    await editor.click(result.response, label="Add to the library")
    assert files(world) == {"buoys.md": BUOYS.encode()}


async def test_adding_is_cancelled(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await editor.click(result.response, label="Cancel")
    assert shown(result.response) == ["Nothing was changed."]
    assert buttons(result.response) == {}
    assert files(world) == {}
    assert world.reindexes == 0


async def test_a_preview_from_before_a_restart_is_too_old(simcord_env: Env, world: World) -> None:
    guild, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == ["This preview is too old. Please add the article again."]
    assert buttons(result.response) == {}
    assert files(world) == {}


async def test_without_a_file_a_form_opens(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin add")
    assert result.response is None
    assert (result.modal["title"], result.modal["custom_id"]) == (
        "Add an article",
        "articles:paste",
    )
    fields = [(label["label"], label["component"]) for label in result.modal["components"]]
    keys = ("custom_id", "style", "required", "max_length")
    assert [(label, *(field[key] for key in keys)) for label, field in fields] == [
        ("Title", "title", 1, True, 200),
        ("Author (optional)", "author", 1, False, 200),
        ("Link (optional)", "url", 1, False, 500),
        ("Text, with a blank line between paragraphs", "text", 2, True, 4000),
    ]


async def test_pasted_text_is_previewed_confirmed_and_stored(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    values = {
        "title": "Ferries: a list",
        "author": "Ben Drift",
        "url": "https://example.org/ferries",
        "text": FERRIES,
    }
    result = await editor.submit_modal(form, values)
    assert told(result) == [
        "**Ferries\\: a list**\n"
        "This is a preview; nothing has been added yet.\n"
        "It will be stored as ferries-a-list.md. 2 paragraphs, language: English.",
        "> The ferry leaves the north pier at eight.",
        "> It comes back at noon.",
    ]
    await editor.click(result.response, label="Add to the library")
    assert shown(result.response) == [f"**The article was added.**\n{UP_TO_DATE}"]
    assert files(world) == {
        "ferries-a-list.md": (
            "---\n"
            "title: 'Ferries: a list'\n"
            "author: Ben Drift\n"
            "url: https://example.org/ferries\n"
            "---\n"
            f"\n{FERRIES}"
        ).encode()
    }


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"title": "?!", "text": "Text."},
            "The title holds no letter or digit; write one that does.",
        ),
        (
            {"title": "A", "url": "ferry", "text": "Text."},
            "“url” is not a web address; write one that begins with https\\://.",
        ),
        (
            {"title": "A", "text": "One.\n\nTwo\x07."},
            "content/a.md, line 3: it holds a control character and is no text; remove it, or save "
            "it as UTF-8 text.",
        ),
    ],
)
async def test_pasted_text_that_cannot_be_added_is_declined_with_the_reason(
    simcord_env: Env, world: World, values: dict[str, str], sentence: str
) -> None:
    _, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    result = await editor.submit_modal(form, values)
    assert told(result) == [sentence]
    assert files(world) == {}


async def test_a_form_from_before_a_restart_still_works(simcord_env: Env, world: World) -> None:
    guild, channel, editor = workshop(simcord_env)
    form = await editor.slash(channel, "admin add")
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    result = await editor.submit_modal(form, {"title": "Ferries", "text": FERRIES})
    assert told(result)[0] == (
        "**Ferries**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as ferries.md. 2 paragraphs, language: English."
    )


async def test_a_form_of_another_version_is_said_to_have_changed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await submit(editor, channel, "articles:other", title="Ferries", text=FERRIES)
    assert told(result) == [COMMAND_CHANGED]
