"""Answers as messages: their texts and buttons, and that no article and no question can break or
change them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate, chain
from typing import Any

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_reader import (
    assert_accepted,
    begins,
    buttons,
    displays,
    hostile,
    letters,
    long_texts,
    marks,
    maybe,
    plain_breaks,
    shown,
    unquoted,
    urls,
    wild,
)

from bot.answer_view import context_sheets, custom_id, pages, render_answer, render_context
from bot.answering import Shown
from bot.buttons import AnswerButton
from bot.catalogue import LANGUAGES, texts_in
from bot.records import Cited, Kind, Record, new_id
from bot.service import MOST_CITATIONS
from bot.shorten import quote_pages
from index.answer import Citation, Highlight, Status
from index.library import Context
from index.passages import Passage
from index.questions import MOST_QUESTIONS

ENGLISH = texts_in("en")
RECORD = "A-record_id1"

QUOTE = "The lamp was lit in 1887. It burned whale oil until March. Then gas came."
CITATION = Citation(
    rank=1,
    article="lighthouse",
    title="The *old* lighthouse",
    author="Ada Quill",
    publisher="Harbour Press",
    url="https://example.org/lighthouse",
    date="2024-03-09",
    language="en",
    paragraph=17,
    quote=QUOTE,
    highlight=Highlight(26, 58, QUOTE[26:58]),
    score=2.5,
)
OTHER = replace(
    CITATION, rank=2, url=None, paragraph=3, quote="Gas came.", highlight=Highlight(0, 9, "")
)
QUOTED = "> The lamp was lit in 1887. **It burned whale oil until March.** Then gas came."
SOURCE = (
    "**The \\*old\\* lighthouse**\n"
    "-# Ada Quill, Harbour Press · <t:1709985600:D> · paragraph 17 · English"
)
OTHER_SOURCE = (
    "**The \\*old\\* lighthouse**\n"
    "-# Ada Quill, Harbour Press · <t:1709985600:D> · paragraph 3 · English"
)


def answered(*citations: Citation, **fields: Any) -> Shown:
    """An answer with these passages, as it is just after it was found."""
    record = Record(
        id=RECORD,
        server=1,
        asker=b"somebody",
        asked_at=datetime(2024, 3, 9, tzinfo=UTC),
        kind=Kind.QUESTION,
        question="until when did it burn oil?",
        status=Status.ANSWERED,
        confidence=0.93,
        citations=tuple(
            Cited(one.article, one.passage, one.highlight.start, one.highlight.end, one.asks)
            for one in citations
        ),
        unanswered=(),
        private=False,
    )
    return Shown(replace(record, **fields), citations)


def keys(view: discord.ui.LayoutView) -> list[tuple[str, str, bool]]:
    """Label, custom id or address, and whether it is off, of each button."""
    return [
        (button.label or "", button.custom_id or button.url or "", button.disabled)
        for button in buttons(view)
    ]


LINK = ("Read the article", "https://example.org/lighthouse", False)
OPINIONS = [
    ("Helpful", f"answer:helpful:{RECORD}", False),
    ("Not helpful", f"answer:unhelpful:{RECORD}", False),
]
REMOVE = ("Remove", f"answer:remove:{RECORD}", False)


# One passage a page -------------------------------------------------------------------------


def test_an_answer_shows_question_quote_source_and_how_sure_it_is() -> None:
    view = render_answer(answered(CITATION), ENGLISH, private=False)
    assert displays(view) == [
        "**Question:** until when did it burn oil?",
        QUOTED,
        SOURCE,
        "-# How sure: very likely",
    ]
    assert keys(view) == [
        ("Context", f"answer:context:{RECORD}:0", False),
        LINK,
        *OPINIONS,
        REMOVE,
    ]


async def test_discord_py_keeps_no_answer_in_memory() -> None:
    assert render_answer(answered(CITATION), ENGLISH, private=False).is_finished()
    assert context(QUOTE, number=0).is_finished()


def test_several_passages_have_a_page_each() -> None:
    found = answered(CITATION, OTHER, CITATION)
    first, second, third = (
        render_answer(found, ENGLISH, page=page, private=False) for page in range(3)
    )
    assert displays(first)[1:] == [
        QUOTED,
        SOURCE,
        "-# How sure: very likely · Passage 1 of 3",
    ]
    assert keys(first) == [
        ("Previous", f"answer:show:{RECORD}:0:off", True),
        ("Next", f"answer:show:{RECORD}:1", False),
        ("Context", f"answer:context:{RECORD}:0", False),
        LINK,
        *OPINIONS,
        REMOVE,
    ]
    assert displays(second)[1:] == ["> **Gas came.**", OTHER_SOURCE, "-# Passage 2 of 3"]
    assert keys(second) == [
        ("Previous", f"answer:show:{RECORD}:0", False),
        ("Next", f"answer:show:{RECORD}:2", False),
        ("Context", f"answer:context:{RECORD}:1", False),
        *OPINIONS,
        REMOVE,
    ]
    assert displays(third)[1:] == [QUOTED, SOURCE, "-# Passage 3 of 3"]
    assert keys(third)[:4] == [
        ("Previous", f"answer:show:{RECORD}:1", False),
        ("Next", f"answer:show:{RECORD}:3:off", True),
        ("Context", f"answer:context:{RECORD}:2", False),
        LINK,
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_that_is_not_there_is_the_last(count: int) -> None:
    found = answered(*[CITATION] * count, status=Status.UNSURE, unanswered=("who paid?",))
    last = render_answer(found, ENGLISH, page=count - 1, private=False)
    beyond = render_answer(found, ENGLISH, page=10**30, private=False)
    assert displays(beyond) == displays(last)
    assert keys(beyond) == keys(last)


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "almost certain"),
        (0.95, "almost certain"),
        (0.9499, "very likely"),
        (0.8, "very likely"),
        (0.7999, "likely"),
        (0.5, "likely"),
        (0.4999, "doubtful"),
    ],
)
def test_how_sure_it_is_follows_from_the_confidence(confidence: float, words: str) -> None:
    view = render_answer(answered(CITATION, confidence=confidence), ENGLISH, private=False)
    assert displays(view)[-1] == f"-# How sure: {words}"


@pytest.mark.parametrize(
    ("kind", "caution"),
    [
        (Kind.QUESTION, "This passage comes closest; it may not answer your question."),
        (Kind.CLAIM, "This passage comes closest; it may say nothing about this."),
    ],
)
def test_an_unsure_answer_says_so_on_its_first_page(kind: Kind, caution: str) -> None:
    found = answered(CITATION, OTHER, status=Status.UNSURE, kind=kind, confidence=0.99)
    first = displays(render_answer(found, ENGLISH, private=False))
    assert first[1:3] == [caution, QUOTED]
    assert first[-1] == "-# How sure: doubtful · Passage 1 of 2"
    second = displays(render_answer(found, ENGLISH, page=1, private=False))
    assert second[1:] == ["> **Gas came.**", OTHER_SOURCE, "-# Passage 2 of 2"]


def test_a_claim_is_looked_up() -> None:
    claim = answered(CITATION, kind=Kind.CLAIM, question="it <@1> burned *oil*")
    view = render_answer(claim, ENGLISH, private=True)
    assert displays(view)[0] == "**Looked up:** it \\<\\@1\\> burned \\*oil\\*"
    assert (
        displays(view)[1:] == displays(render_answer(answered(CITATION), ENGLISH, private=True))[1:]
    )


def test_a_long_question_is_shortened() -> None:
    view = render_answer(answered(CITATION, question="word " * 100), ENGLISH, private=False)
    assert displays(view)[0] == "**Question:** " + "word " * 59 + "…"


def test_a_message_that_was_cut_says_so_on_the_first_page() -> None:
    sentence = "The message is long; I looked up its first 9 characters."
    claim = answered(CITATION, OTHER, kind=Kind.CLAIM, question="oil until", cut=True)
    first = displays(render_answer(claim, ENGLISH, private=True))
    assert first[:3] == ["**Looked up:** oil until", sentence, QUOTED]
    noted = displays(render_answer(claim, ENGLISH, private=True, note="Shared."))
    assert noted[1:4] == ["Shared.", sentence, QUOTED]
    second = displays(render_answer(claim, ENGLISH, page=1, private=True))
    assert second == ["**Looked up:** oil until", "> **Gas came.**", OTHER_SOURCE, second[-1]]
    for found in (replace(claim.record, status=Status.NO_ANSWER), answered(cut=True).record):
        refusal = displays(render_answer(Shown(found, ()), ENGLISH, private=True))
        text = f"The message is long; I looked up its first {len(found.question)} characters."
        assert refusal[1:] == [text, "There are no articles in my library yet."]


def test_a_note_stands_above_the_answer_on_any_page() -> None:
    note = "Shared. Everybody in this channel can see it now."
    for status in (Status.ANSWERED, Status.NO_ANSWER):
        found = answered(CITATION, OTHER, status=status)
        view = render_answer(found, ENGLISH, page=1, private=True, note=note)
        assert displays(view)[1] == note


def test_a_passage_that_has_changed_or_gone_says_so() -> None:
    gone = replace(answered(CITATION, OTHER), citations=(None, OTHER))
    view = render_answer(gone, ENGLISH, private=False)
    assert displays(view)[1:] == [
        "This paragraph has changed or is gone since I showed it. Please ask again.",
        "-# How sure: very likely · Passage 1 of 2",
    ]
    assert LINK not in keys(view)
    assert displays(render_answer(gone, ENGLISH, page=1, private=False))[1] == "> **Gas came.**"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://localhost/", "https://x.y/" + "z" * 600]
)
def test_an_address_that_discord_refuses_is_no_button(url: str) -> None:
    view = render_answer(answered(replace(CITATION, url=url)), ENGLISH, private=False)
    assert displays(view)[2] == SOURCE
    assert "Read the article" not in [label for label, _, _ in keys(view)]


@pytest.mark.parametrize(
    ("private", "own", "last"),
    [
        (False, True, [REMOVE]),
        (False, False, [REMOVE]),
        (True, True, [("Share", f"answer:share:{RECORD}:1", False)]),
        (True, False, []),
    ],
)
def test_a_private_answer_can_be_shared_by_who_asked_and_a_public_one_removed(
    private: bool, own: bool, last: list[tuple[str, str, bool]]
) -> None:
    found = answered(CITATION, OTHER)
    view = render_answer(found, ENGLISH, page=1, private=private, own=own)
    assert keys(view)[3:] == [*OPINIONS, *last]


def test_answers_in_german_and_french() -> None:
    found = answered(
        CITATION,
        replace(OTHER, asks="wer?"),
        status=Status.UNSURE,
        unanswered=("wo?",),
    )
    german = render_answer(found, texts_in("de"), private=True)
    assert displays(german) == [
        "**Frage:** until when did it burn oil?",
        "Diese Stellen passen am ehesten; vielleicht beantworten sie deine Frage nicht.",
        "Auf „wo?“ habe ich in diesen Artikeln keine Antwort gefunden.",
        QUOTED,
        "**The \\*old\\* lighthouse**\n"
        "-# Ada Quill, Harbour Press · <t:1709985600:D> · Absatz 17 · Englisch",
        "> **Gas came.**",
        "Zu „wer?“:\n**The \\*old\\* lighthouse**\n"
        "-# Ada Quill, Harbour Press · <t:1709985600:D> · Absatz 3 · Englisch",
        "-# Einschätzung: zweifelhaft · Stelle 1 von 3",
    ]
    labels = [label for label, _, _ in keys(german)]
    assert labels == ["Zum Artikel", "Vorige", "Nächste", "Hilfreich", "Nicht hilfreich", "Teilen"]
    french = render_answer(answered(CITATION), texts_in("fr"), private=False)
    assert [text.replace("\xa0", " ") for text in displays(french)] == [
        "**Question :** until when did it burn oil?",
        QUOTED,
        "**The \\*old\\* lighthouse**\n"
        "-# Ada Quill, Harbour Press · <t:1709985600:D> · paragraphe 17 · anglais",
        "-# Pertinence : très probable",
    ]
    labels = [label for label, _, _ in keys(french)]
    assert labels == ["Contexte", "Lire l’article", "Utile", "Pas utile", "Supprimer"]


# No answer ----------------------------------------------------------------------------------


def refused(**fields: Any) -> Shown:
    # The closest passages are remembered with it, and must not be shown.
    return answered(CITATION, OTHER, **{"status": Status.NO_ANSWER, "confidence": 0.1, **fields})


def test_without_an_answer_it_says_what_the_library_holds_and_answers() -> None:
    titles = ["One *1*", "Two", "Three", "Four", "Five", "Six", "Seven"]
    examples = ["Who *lit* it?", "word " * 50]
    view = render_answer(refused(), ENGLISH, private=False, titles=titles, examples=examples)
    assert displays(view) == [
        "**Question:** until when did it burn oil?",
        "I found nothing in these articles that answers this.\n\nThe library holds:\n"
        "- One \\*1\\*\n- Two\n- Three\n- Four\n- Five\n- and 2 more\n\n"
        "You could ask, for example:\n- Who \\*lit\\* it?\n- " + "word " * 29 + "…",
    ]
    assert keys(view) == [*OPINIONS, REMOVE]
    assert keys(render_answer(refused(), ENGLISH, private=True, titles=titles)) == OPINIONS


@pytest.mark.parametrize(
    ("count", "more"), [(5, []), (6, ["- and one more"]), (1005, ["- and 1,000 more"])]
)
def test_titles_beyond_the_fifth_are_counted(count: int, more: list[str]) -> None:
    view = render_answer(refused(), ENGLISH, private=False, titles=["One"] * count)
    assert displays(view)[1].split("\n")[3:] == ["- One"] * 5 + more


def test_without_articles_it_says_so() -> None:
    view = render_answer(refused(), ENGLISH, private=False, examples=["who paid?"])
    assert displays(view)[1] == ("There are no articles in my library yet.")
    assert keys(view) == [*OPINIONS, REMOVE]


def test_a_claim_that_is_not_found_is_not_called_a_question() -> None:
    view = render_answer(refused(kind=Kind.CLAIM), ENGLISH, private=True, titles=["One"])
    assert displays(view)[1] == (
        "I found nothing about this in these articles.\n\nThe library holds:\n- One"
    )


def test_questions_none_of_which_has_an_answer_are_answered_in_one_sentence() -> None:
    view = render_answer(
        refused(unanswered=("who paid?", "and who lit it?")), ENGLISH, private=False, titles=["One"]
    )
    assert displays(view)[1:] == [
        "I found nothing in these articles that answers this.\n\nThe library holds:\n- One"
    ]


def test_an_answer_without_passages_is_none() -> None:
    view = render_answer(answered(), ENGLISH, private=False, titles=["One"])
    assert displays(view)[1].startswith("I found nothing in these articles that answers this.")


# Several questions in one message -----------------------------------------------------------

FIRST = replace(CITATION, asks="until when did it burn *oil*?")
SECOND = replace(OTHER, asks="who <@1> paid?")


def test_several_questions_stand_together_and_then_each_passage_alone() -> None:
    found = answered(FIRST, SECOND, replace(FIRST, rank=3), replace(SECOND, rank=4))
    assert pages(found.record) == [[0, 1], [0], [1], [2], [3]]
    view = render_answer(found, ENGLISH, private=False)
    assert displays(view) == [
        "**Question:** until when did it burn oil?",
        QUOTED,
        f"To “until when did it burn \\*oil\\*?”:\n{SOURCE}",
        "> **Gas came.**",
        f"To “who \\<\\@1\\> paid?”:\n{OTHER_SOURCE}",
        "-# How sure: very likely · Passage 1 of 5",
    ]
    assert keys(view) == [
        LINK,
        ("Previous", f"answer:show:{RECORD}:0:off", True),
        ("Next", f"answer:show:{RECORD}:1", False),
        *OPINIONS,
        REMOVE,
    ]
    alone = render_answer(found, ENGLISH, page=2, private=False)
    assert displays(alone)[1:] == [
        "> **Gas came.**",
        f"To “who \\<\\@1\\> paid?”:\n{OTHER_SOURCE}",
        "-# Passage 3 of 5",
    ]
    assert keys(alone)[:3] == [
        ("Previous", f"answer:show:{RECORD}:1", False),
        ("Next", f"answer:show:{RECORD}:3", False),
        ("Context", f"answer:context:{RECORD}:1", False),
    ]


def test_passages_for_one_of_several_questions_have_no_page_together() -> None:
    found = answered(FIRST, replace(FIRST, rank=2))
    assert pages(found.record) == [[0], [1]]


def test_a_passage_that_is_gone_leaves_the_others_on_the_page() -> None:
    gone = replace(answered(FIRST, SECOND), citations=(None, SECOND))
    view = render_answer(gone, ENGLISH, private=False)
    assert displays(view)[1:-1] == [
        "This paragraph has changed or is gone since I showed it. Please ask again.",
        "> **Gas came.**",
        f"To “who \\<\\@1\\> paid?”:\n{OTHER_SOURCE}",
    ]


def test_a_long_question_of_several_is_shortened_beside_its_passage() -> None:
    found = answered(replace(CITATION, asks="word " * 100 + "last?"))
    text = displays(render_answer(found, ENGLISH, private=False))[2]
    assert text == "To “" + "word " * 19 + f"…”:\n{SOURCE}"


@pytest.mark.parametrize(
    ("status", "caution"),
    [
        (Status.ANSWERED, []),
        (Status.UNSURE, ["This passage comes closest; it may not answer your question."]),
    ],
)
def test_questions_without_an_answer_are_named_on_the_first_page(
    status: Status, caution: list[str]
) -> None:
    questions = ("who *paid*?", "word " * 100 + "last?")
    found = answered(CITATION, OTHER, status=status, unanswered=questions)
    first = displays(render_answer(found, ENGLISH, private=False))
    assert first[1:-3] == [
        *caution,
        "I found nothing in these articles that answers “who \\*paid\\*?”.",
        "I found nothing in these articles that answers “" + "word " * 19 + "…”.",
    ]
    assert len(displays(render_answer(found, ENGLISH, page=1, private=False))) == 4


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.NO_ANSWER])
def test_questions_beyond_the_third_are_named_on_the_first_page(status: Status) -> None:
    asked = (
        "Who lit the lamp? Who kept the oil? Who rang the bell? Who *paid* them? And who knew it?"
    )
    found = answered(CITATION, OTHER, question=asked, status=status)
    line = (
        "I looked up only the first 3 questions. "
        "Please ask me again from “Who \\*paid\\* them?” on."
    )
    assert displays(render_answer(found, ENGLISH, private=False, titles=["One"]))[1] == line
    if status is Status.ANSWERED:
        assert line not in displays(render_answer(found, ENGLISH, page=1, private=False))
    three = answered(CITATION, question=asked.partition(" Who *")[0], status=status)
    assert line not in displays(render_answer(three, ENGLISH, private=False))


def test_the_first_of_several_long_passages_has_most_room() -> None:
    sentences = "Alpha beta gamma. " * 200
    long = replace(CITATION, quote=sentences, highlight=Highlight(1800, 1817, ""))
    found = answered(*(replace(long, asks=f"question {number}?") for number in range(3)))
    view = render_answer(found, ENGLISH, private=False)
    lengths = [len(text) for text in displays(view) if text.startswith("> ")]
    assert 1700 < lengths[0] < 1900
    assert 800 < lengths[1] < 950
    assert 800 < lengths[2] < 950
    assert 3900 < view.content_length() <= 4000


# The paragraphs around a passage ------------------------------------------------------------


def passages(*texts: str) -> tuple[Passage, ...]:
    return tuple(
        Passage("lighthouse", number, 1, 0, len(text), text, None, ((0, len(text)),))
        for number, text in enumerate(texts, 1)
    )


BEFORE, AFTER = "Rocks lay *there*.", "The keeper left."


def in_parts(*paragraphs: Sequence[str], gap: int = 1) -> tuple[Passage, ...]:
    """Passages of paragraphs in parts; ``gap``: characters of white space between two parts."""
    found: list[Passage] = []
    position = 0
    for number, parts in enumerate(paragraphs, 1):
        for part, text in enumerate(parts, 1):
            end = position + len(text)
            span = ((0, len(text)),)
            found.append(Passage("lighthouse", number, part, position, end, text, None, span))
            position = end + gap
    return tuple(found)


def context(
    *texts: str,
    number: int,
    page: int | None = None,
    mark: tuple[int, int] = (26, 58),
    private: bool = True,
) -> discord.ui.LayoutView:
    """The context of the passage ``number`` among ``texts``, the second citation of an answer."""
    return context_of(passages(*texts), number, page, mark, private)


def context_of(
    around: tuple[Passage, ...],
    number: int,
    page: int | None = None,
    mark: tuple[int, int] = (26, 58),
    private: bool = True,
) -> discord.ui.LayoutView:
    citation = replace(CITATION, quote=around[number].text, highlight=Highlight(*mark, ""))
    record = answered(OTHER, citation).record
    sheets = context_sheets(citation, Context(around, number))
    return render_context(record, 1, citation, sheets, ENGLISH, page=page, private=private)


TITLE = "The paragraphs around it, from **The \\*old\\* lighthouse**"


@pytest.mark.parametrize(
    ("texts", "number", "expected"),
    [
        (
            ("Far.", BEFORE, QUOTE, AFTER, "Far."),
            2,
            ["> Rocks lay \\*there\\*.", QUOTED, "> The keeper left."],
        ),
        ((QUOTE, AFTER, "Far."), 0, [QUOTED, "> The keeper left."]),
        (("Far.", BEFORE, QUOTE), 2, ["> Rocks lay \\*there\\*.", QUOTED]),
        ((QUOTE,), 0, [QUOTED]),
    ],
)
def test_context_shows_the_paragraphs_before_and_after(
    texts: Sequence[str], number: int, expected: list[str]
) -> None:
    view = context(*texts, number=number)
    assert displays(view) == [TITLE, *expected]
    assert keys(view) == [("Back to the answer", f"answer:show:{RECORD}:1", False)]


def test_the_context_of_a_public_answer_can_be_removed() -> None:
    back = ("Back to the answer", f"answer:show:{RECORD}:1", False)
    assert keys(context(QUOTE, number=0, private=False)) == [back, REMOVE]
    long = "Alpha beta gamma. " * 200
    assert [key[0] for key in keys(context(long, QUOTE, number=1, private=False))] == [
        "Previous",
        "Next",
        "Back to the answer",
        "Remove",
    ]


@pytest.mark.parametrize("number", [3, 4, 5])
def test_context_shows_whole_paragraphs_whichever_of_their_parts_is_cited(number: int) -> None:
    around = in_parts(
        ["Far."],
        ["Rocks lay *there*.", "Then a pier."],
        ["It was dark.", QUOTE, "Gas was cheap."],
        ["The keeper left.", "He was old.", "The end."],
        ["Far."],
    )
    mark = (26, 58) if number == 4 else (0, len(around[number].text))
    marked = {
        3: "**It was dark.** The lamp was lit in 1887. It burned whale oil until March. Then gas "
        "came. Gas was cheap.",
        4: "It was dark. The lamp was lit in 1887. **It burned whale oil until March.** Then gas "
        "came. Gas was cheap.",
        5: "It was dark. The lamp was lit in 1887. It burned whale oil until March. Then gas came. "
        "**Gas was cheap.**",
    }
    assert displays(context_of(around, number, mark=mark)) == [
        TITLE,
        "> Rocks lay \\*there\\*. Then a pier.",
        f"> {marked[number]}",
        "> The keeper left. He was old. The end.",
    ]


def test_parts_are_put_together_as_the_paragraph_was_written() -> None:
    """Without white space where there was none, and line by line if it has lines."""
    joined = context_of(in_parts(["灯点了。", "油用完了。"], gap=0), 1, mark=(0, 5))
    assert displays(joined) == [TITLE, "> 灯点了。**油用完了。**"]
    lines = context_of(in_parts(["- a lamp\n- oil", "- a keeper"]), 1, mark=(2, 10))
    assert displays(lines) == [TITLE, "> \\- a lamp\n> \\- oil\n> \\- **a keeper**"]


def test_the_context_of_a_late_part_opens_on_its_page() -> None:
    parts = [f"Part {number} " + "word " * 200 + "ends." for number in range(12)]
    around = in_parts(["Before."], parts, ["After."])
    opened = displays(context_of(around, 9, mark=(0, 6)))
    assert opened[-1] == "-# Page 4 of 6"
    assert "**Part 8** word" in opened[1]
    every = [displays(context_of(around, 9, page, mark=(0, 6))) for page in range(6)]
    assert every[0][1] == "> Before."
    assert every[5][-2] == "> After."
    whole = " ".join(
        unquoted(text)[0].strip("… ") for page in every for text in page if text[0] == ">"
    )
    assert whole == " ".join(["Before.", *parts, "After."])


def test_context_leads_back_to_the_page_of_its_passage_alone() -> None:
    record = answered(FIRST, SECOND, replace(FIRST, rank=3)).record
    sheets = context_sheets(SECOND, Context(passages("Gas came."), 0))
    view = render_context(record, 1, SECOND, sheets, ENGLISH, private=True)
    assert keys(view) == [("Back to the answer", f"answer:show:{RECORD}:2", False)]


def test_a_long_passage_opens_on_the_page_with_its_marked_sentence() -> None:
    long = "Alpha beta gamma. " * 1111
    mark = (18 * 700, 18 * 700 + 17)
    opened = context(BEFORE, long.strip(), AFTER, number=1, mark=mark)
    assert displays(opened)[-1] == "-# Page 6 of 8"
    assert "**Alpha beta gamma.**" in displays(opened)[1]
    assert keys(opened) == [
        ("Previous", f"answer:context:{RECORD}:1:4", False),
        ("Next", f"answer:context:{RECORD}:1:6", False),
        ("Back to the answer", f"answer:show:{RECORD}:1", False),
    ]
    every = [
        context(BEFORE, long.strip(), AFTER, number=1, mark=mark, page=page) for page in range(8)
    ]
    assert ["**Alpha" in "".join(displays(view)) for view in every] == [
        page == 5 for page in range(8)
    ]
    assert displays(every[0]) == [TITLE, "> Rocks lay \\*there\\*.", "-# Page 1 of 8"]
    assert displays(every[7])[-2:] == ["> The keeper left.", "-# Page 8 of 8"]
    assert keys(every[0])[0] == ("Previous", f"answer:context:{RECORD}:1:0:off", True)
    assert keys(every[7])[1] == ("Next", f"answer:context:{RECORD}:1:8:off", True)
    beyond = context(BEFORE, long.strip(), AFTER, number=1, mark=mark, page=10**30)
    assert displays(beyond) == displays(every[7])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unanswered", [0, 2])
def test_the_fullest_message_still_shows_every_marked_sentence(
    language: str, unanswered: int
) -> None:
    texts = texts_in(language)
    long = replace(
        CITATION,
        title="a " * 300,
        author="b " * 300,
        publisher="c " * 300,
        date="d " * 300,
        language="e " * 300,
        quote="word " * 1000 + "The lamp was lit." + " word" * 1000,
        highlight=Highlight(5000, 5017, ""),
    )
    # Three questions have four wordings if one passage is the best for two of them.
    asks = ["f " * 250, "g " * 250, "h " * 250, "f g " * 250][unanswered:]
    found = answered(
        *(replace(long, asks=ask) for ask in asks),
        question="".join(f"{letter * 10} " * 25 + "? " for letter in "qrst"),
        status=Status.UNSURE,
        unanswered=("u " * 250,) * unanswered,
        cut=True,
    )
    view = render_answer(found, texts, private=True, note=texts("cannot-write", channel="<#1>"))
    assert_accepted(view, AnswerButton)
    quotes = [unquoted(text)[1] for text in displays(view) if text.startswith("> ")]
    assert quotes == ["The lamp was lit."] * len(asks)


# Any article, any question ------------------------------------------------------------------


@st.composite
def citations(draw: st.DrawFn, asks: str | None = None) -> Citation:
    text = draw(st.one_of(wild, long_texts()))
    start, end = draw(marks(text))
    return Citation(
        rank=1,
        article="lighthouse",
        title=draw(hostile),
        author=draw(maybe),
        publisher=draw(maybe),
        url=draw(urls),
        date=draw(st.one_of(maybe, st.dates().map(str))),
        language=draw(st.one_of(st.just("de"), wild)),
        paragraph=draw(st.integers(1, 10**6)),
        quote=text,
        highlight=Highlight(start, end, text[start:end]),
        score=1.0,
        asks=asks,
    )


questions = long_texts(500)


@st.composite
def answers(draw: st.DrawFn) -> Shown:
    """An answer as `index.answer` gives it: each of several questions has passages or none."""
    message = draw(questions)
    asked = draw(st.lists(questions, min_size=1, max_size=MOST_QUESTIONS))
    several = len(asked) > 1
    without = draw(st.integers(0, len(asked) - 1)) if several else 0
    kept = asked[without:]
    # One passage can be the best for several questions, which then stand together.
    wordings = [*kept, " ".join(kept)] if several else [None]
    found = [
        draw(citations(draw(st.sampled_from(wordings))))
        for _ in range(draw(st.integers(0, MOST_CITATIONS)))
    ]
    shown = answered(
        *found,
        id=new_id(),
        question=message,
        kind=draw(st.sampled_from(Kind)),
        status=draw(st.sampled_from(Status)),
        confidence=draw(st.floats(0, 1)),
        unanswered=tuple(asked[:without]),
        cut=draw(st.booleans()),
    )
    gone = draw(st.sets(st.integers(0, MOST_CITATIONS), max_size=1))
    now = [None if place in gone else one for place, one in enumerate(shown.citations)]
    return replace(shown, citations=tuple(now))


languages = st.sampled_from(LANGUAGES)


def assert_source(text: str, citation: Citation, ask: str | None) -> None:
    """The source line says nothing but title and day with markup of ours."""
    active = shown(text)[1]
    assert active[1] == ("line start", "-# ")
    kinds = [name for name, _ in active]
    assert kinds in (["strong", "line start"], ["strong", "line start", "timestamp"])
    title = citation.title if citation.title.strip() else citation.article
    assert begins(active[0][1], title)
    assert (len(text.split("\n")) == 3) == (ask is not None)


def assert_quote(text: str, citation: Citation) -> None:
    """The quote is the passage, or so much of it around the marked sentence as there is room."""
    seen, bold, others = unquoted(text)
    assert others == []
    marked = plain_breaks(citation.quote[citation.highlight.start : citation.highlight.end])
    whole = plain_breaks(citation.quote)
    if seen == whole:
        assert letters(bold) == letters(marked)
    else:
        assert seen.removeprefix("…").removesuffix("…").strip() in whole
        assert seen.startswith("…") or seen.endswith("…")
        if bold.split() != marked.split():
            # It is too long alone: its beginning is what is shown.
            assert letters(marked).startswith(letters(bold))
            assert letters(seen.removeprefix("…").removesuffix("…")) == letters(bold)


@given(
    answers(), st.lists(hostile, max_size=7), st.lists(hostile, max_size=3), languages, st.data()
)
@settings(max_examples=40)
def test_every_page_of_an_answer_is_accepted_and_shows_what_it_means(
    found: Shown, titles: list[str], examples: list[str], language: str, data: st.DataObject
) -> None:
    record, texts = found.record, texts_in(language)
    every = pages(record)
    for page in range(len(every) + 1):
        view = render_answer(
            found,
            texts,
            page=page,
            private=data.draw(st.booleans()),
            own=data.draw(st.booleans()),
            titles=titles,
            examples=examples,
            note=data.draw(st.sampled_from([None, texts("shared")])),
        )
        assert_accepted(view, AnswerButton)
        asked, *rest = displays(view)
        assert [name for name, _ in shown(asked)[1]] == ["strong"]
        if record.status is Status.NO_ANSWER or not record.citations:
            kinds = [kind for text in rest for kind, _ in shown(text)[1]]
            assert set(kinds) <= {"line start"}
            lines = sum(text.count("\n- ") for text in rest)
            assert kinds.count("line start") == lines
            continue
        assert shown(rest.pop())[1] == [("line start", "-# ")]
        for place in reversed(every[min(page, len(every) - 1)]):
            citation = found.citations[place]
            source = rest.pop()
            if citation is None:
                assert source == texts("changed")
                continue
            assert_source(source, citation, record.citations[place].asks)
            assert_quote(rest.pop(), citation)
        assert [shown(text)[1] for text in rest] == [[]] * len(rest)


@st.composite
def contexts(draw: st.DrawFn) -> tuple[Sequence[str], int, tuple[int, int]]:
    """The texts of an article, the number of a cited one, and what is marked in it."""
    text = st.one_of(wild, long_texts(4000)).filter(str.strip)
    texts = draw(st.lists(text, min_size=1, max_size=4))
    number = draw(st.integers(0, len(texts) - 1))
    return texts, number, draw(marks(texts[number]))


LONG = "word " * 4000
LONG_HOSTILE = "**a** \u202e<@1>\n# 你好 " * 1111


@given(contexts(), languages, hostile)
@example(([BEFORE, LONG, AFTER], 1, (9995, 9999)), "en", "lamps")
@example(([LONG_HOSTILE], 0, (9000, 9600)), "de", "lamps")
@settings(max_examples=12)
def test_every_page_of_a_context_is_accepted_and_together_they_show_all(
    article: tuple[Sequence[str], int, tuple[int, int]], language: str, title: str
) -> None:
    texts, number, mark = article
    highlight = Highlight(*mark, "")
    citation = replace(CITATION, title=title, quote=texts[number], highlight=highlight)
    record = replace(answered(citation).record, id=new_id())
    render = partial(
        render_context,
        record,
        0,
        citation,
        context_sheets(citation, Context(passages(*texts), number)),
        texts_in(language),
        private=True,
    )
    every = [render(page=0)]
    while len(buttons(every[-1])) == 3 and not buttons(every[-1])[1].disabled:
        every.append(render(page=len(every)))
    sheets = []
    for view in every:
        assert_accepted(view, AnswerButton)
        title, *quotes = displays(view)
        assert [name for name, _ in shown(title)[1]] == ["strong"]
        if len(every) > 1:
            assert shown(quotes.pop())[1] == [("line start", "-# ")]
        sheets.append(quotes)
    # That these show each text in full is tested beside `quote_pages`.
    before = [quote for text in texts[:number][-1:] for quote, _ in quote_pages(text, 0, 0, 3000)]
    here = quote_pages(texts[number], *mark, 3000)
    after = [
        quote for text in texts[number + 1 :][:1] for quote, _ in quote_pages(text, 0, 0, 3000)
    ]
    expected = [*before, *(quote for quote, _ in here), *after]
    assert list(chain(*sheets)) == expected
    if mark[0] < mark[1]:
        place = len(before) + [begun for _, begun in here].index(True)
        ends = accumulate(map(len, sheets))
        assert displays(render()) == displays(every[[place < end for end in ends].index(True)])
    assert displays(render(page=10**9)) == displays(every[-1])


@given(
    st.text("abcXYZ019_-", min_size=12, max_size=12), st.lists(st.integers(0, 10**6), max_size=3)
)
def test_a_custom_id_is_known_again(record: str, numbers: list[int]) -> None:
    identifier = custom_id("context", record, *numbers)
    assert len(identifier) <= 100
    match = AnswerButton.__discord_ui_compiled_template__.fullmatch(identifier)
    assert match is not None
    assert (match["action"], match["record"]) == ("context", record)
    assert [int(number) for number in match["numbers"].split(":")[1:]] == numbers
