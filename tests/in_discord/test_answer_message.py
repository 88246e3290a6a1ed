"""What an answer looks like."""

import pytest
from discord_world import (
    BEFORE,
    QUESTION,
    SHOWN,
    SOURCE,
    Found,
    World,
    article,
    buttons,
    components,
    scene,
    shown,
)
from member_steps import FOOT, LAST, SECOND_PAGE, SHOWN_LAST, SOURCE_LAST, TWO, stored
from simcord import Env

from index.answer import Status


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(0.95, "almost certain"), (0.8, "very likely"), (0.79, "likely")],
)
async def test_an_answer_says_how_sure_it_is(
    simcord_env: Env, world: World, confidence: float, word: str
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.confidence = confidence
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response)[-1] == f"-# How sure: {word}"


async def test_where_it_is_unsure_it_says_so_on_the_first_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.UNSURE, TWO
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == [
        f"**Question:** {QUESTION}",
        "This passage comes closest; it may not answer your question.",
        SHOWN,
        SOURCE,
        "-# How sure: doubtful · Passage 1 of 2",
    ]
    await member.click(result.response, label="Next")
    assert shown(result.response) == SECOND_PAGE


@pytest.mark.parametrize("private", [False, True])
async def test_where_there_is_no_answer_it_says_what_can_be_asked(
    simcord_env: Env, world: World, private: bool
) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.NO_ANSWER, []
    world.library.contents = [article(f"a{number}", f"Title {number}") for number in range(7)]
    result = await member.slash(channel, "ask", question=QUESTION, private=private)
    assert shown(result.response) == [
        f"**Question:** {QUESTION}",
        "I found nothing in these articles that answers this.\n"
        "\n"
        "The library holds:\n"
        "- Title 0\n- Title 1\n- Title 2\n- Title 3\n- Title 4\n"
        "- and 2 more\n"
        "\n"
        "You could ask, for example:\n"
        "- When was the lamp lit?\n- Who lives there?",
    ]
    labels = ["Helpful", "Not helpful", *([] if private else ["Remove"])]
    assert buttons(result.response) == dict.fromkeys(labels, True)


async def test_a_library_without_articles_says_so(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    world.library.status, world.library.found = Status.NO_ANSWER, []
    world.library.contents = []
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response)[1] == ("There are no articles in my library yet.")


async def test_two_questions_in_one_message_are_answered_on_one_page(
    simcord_env: Env, world: World
) -> None:
    _, channel, member = scene(simcord_env)
    until, who = "Until when did it burn oil?", "Who lives there?"
    world.library.found = [
        Found(asks=until),
        Found(paragraph=3, sentence=LAST, asks=who),
        Found(paragraph=1, sentence=BEFORE, asks=who),
    ]
    world.library.unanswered = ("What did it cost?",)
    question = f"{until} {who} What did it cost?"
    result = await member.slash(channel, "ask", question=question)
    page = [
        f"**Question:** {question}",
        "I found nothing in these articles that answers “What did it cost?”.",
        SHOWN,
        f"To “{until}”:\n{SOURCE}",
        SHOWN_LAST,
        f"To “{who}”:\n{SOURCE_LAST}",
        f"{FOOT} · Passage 1 of 4",
    ]
    assert shown(result.response) == page
    # Both have the link, and the context of two paragraphs is none of one's.
    labels = [part["label"] for part in components(result.response) if part["type"] == 2]
    link = "Read the article"
    assert labels == [link, link, "Previous", "Next", "Helpful", "Not helpful", "Remove"]
    for _ in range(3):
        await member.click(result.response, label="Next")
    assert shown(result.response) == [
        f"**Question:** {question}",
        f"> **{BEFORE}**",
        f"To “{who}”:\n{SOURCE.replace('paragraph 2', 'paragraph 1')}",
        "-# Passage 4 of 4",
    ]
    await member.click(result.response, label="Context")
    await member.click(result.response, label="Back to the answer")
    assert shown(result.response)[-1] == "-# Passage 4 of 4"


async def test_what_was_asked_is_shown_as_text(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    result = await member.slash(channel, "ask", question="is **@everyone** <@1> \u202eright?")
    assert shown(result.response)[0] == (
        "**Question:** is \\*\\*\\@everyone\\*\\* \\@… ⟨U+202E⟩right?"
    )
    # Ids of people are neither looked up nor stored.
    assert world.library.asked == ["is **@everyone** @… \u202eright?"]


async def test_ids_that_discord_writes_are_not_stored(simcord_env: Env, world: World) -> None:
    _, channel, member = scene(simcord_env)
    me = simcord_env.bot.user
    assert me is not None
    text = "did <@123456> or <@&234567> say <a:wave:345678> in <#456789>?"
    await member.send(channel, f"<@{me.id}> {text}")
    said = await member.send(channel, text)
    await member.slash(channel, "ask", question=text)
    await member.context_menu(channel, "Find evidence", said)
    plain = "did @… or @… say :wave: in #…?"
    assert world.library.asked == [plain, plain, plain]
    questions = (await stored(world, member))["questions"]
    assert [question["question"] for question in questions] == [plain, plain, plain]
