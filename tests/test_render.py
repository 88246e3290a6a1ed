"""Messages: what they show, and that no article and no question can change how they look."""

import re
import unicodedata
from dataclasses import replace

import discord
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot import wording
from bot.escape import escape, width
from bot.render import link_url, render_answer, render_content_error, render_report, timestamp
from bot.shorten import quote, share, shorten
from index.answer import Answer, Citation, Highlight, Status
from index.content import ContentError
from index.questions import MOST_QUESTIONS
from index.update import Changes, IndexReport

# Reading what was written -------------------------------------------------------------------

ACTIVE = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "mention": r"<(@[!&]?|#)\d+>|@(everyone|here)|</[^>]+:\d+>|<id:\w+>",
        "emoji": r"<a?:\w+:\d+>|:[^\s:\\]+:",
        "timestamp": r"<t:-?\d+(:\w)?>",
        "link": r"<[^: >\\]+:[^ >]+>|(https?|steam|discord)://\S|\[.+?\]\(.+?\)",
        "strong": r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)",
        "emphasis": r"\*(?=\S)(?:\\.|[^\\*])+\*|_(?:\\.|[^\\_])+_",
        "strike": r"~~.+?~~",
        "spoiler": r"\|\|.+?\|\|",
        "code": r"`+.+?`+",
    }.items()
}
LINE_START = re.compile(r"[^\S\n]*(#{1,3}\s|-#\s|>(>>)?\s|[-+*]\s|\d+\.\s)")
NAMED = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")


def shown(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """What Discord shows of ``markdown``, and the pieces that it takes as more than text.

    Written after the rules of Discord's own parser: at every position a backslash escape first,
    then each construct. Characters that are shown by name are read back.
    """
    text, active, position = "", [], 0
    while position < len(markdown):
        if (position == 0 or markdown[position - 1] == "\n") and (
            found := LINE_START.match(markdown, position)
        ):
            active.append(("line start", found[0]))
        if found := re.compile(r"\\([^0-9A-Za-z\s])").match(markdown, position):
            text += found[1]
        elif found := NAMED.match(markdown, position):
            text += chr(int(found[1], 16))
        else:
            for name, pattern in ACTIVE.items():
                if found := pattern.match(markdown, position):
                    inner = shown(found[1])[0] if name == "strong" else found[0]
                    active.append((name, inner))
                    text += inner
                    break
            else:
                text += markdown[position]
                position += 1
                continue
        position = found.end()
    return text, active


def unquoted(markdown: str) -> tuple[str, str, list[str]]:
    """A block quote's text, the bold part of it, and what else is active."""
    lines = markdown.split("\n")
    assert all(line.startswith("> ") for line in lines)
    text, active = shown("\n".join(line[2:] for line in lines))
    bold = [inner for name, inner in active if name == "strong"]
    return text, "\n".join(bold), [name for name, _ in active if name != "strong"]


def plain_breaks(text: str) -> str:
    return re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text)


def texts(view: discord.ui.LayoutView) -> list[str]:
    return [
        item.content for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay)
    ]


# Inventing texts ----------------------------------------------------------------------------

NASTY = [
    *"\\*_~|`#>-+[]()<>@:!&. \n",
    "**",
    "||",
    "```",
    "https://example.org/a_b",
    "<https://example.org>",
    "[name](https://example.org)",
    "<@123456789012345678>",
    "<@&42>",
    "<#42>",
    "</ask:42>",
    "@everyone",
    "@here",
    ":smile:",
    "<:name:42>",
    "<t:0:R>",
    "\n# ",
    "\n-# ",
    "\n1. ",
    "\n> ",
    "⟨U+202E⟩",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\u00ad",
    "\ufeff",
    "\r\n",
    "\u2028",
    "\x00",
    "\ud800",
    "word",
    "Straße",
    "你好",
    "ประเทศ",
    "👩\u200d🚀",
    "e\u0301",
]
pieces = st.one_of(st.sampled_from(NASTY), st.text(max_size=8))
wild = st.lists(pieces, max_size=40).map("".join)


@st.composite
def long_texts(draw: st.DrawFn) -> str:
    """Up to 20,000 characters of any script, by repeating a drawn piece."""
    piece = draw(wild.filter(bool))
    return (piece * draw(st.integers(1, 20_000 // len(piece))))[:20_000]


@st.composite
def citations(draw: st.DrawFn) -> Citation:
    text = draw(st.one_of(wild, long_texts()))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    maybe = st.one_of(st.none(), wild)
    return Citation(
        rank=draw(st.integers(1, 5)),
        article=draw(wild),
        title=draw(st.one_of(wild, long_texts())),
        author=draw(maybe),
        publisher=draw(maybe),
        url=draw(st.one_of(maybe, st.just("https://example.org/" + "a" * 600))),
        date=draw(st.one_of(maybe, st.dates().map(str))),
        language=draw(st.one_of(st.just("de"), wild)),
        paragraph=draw(st.integers(1, 10**6)),
        quote=text,
        highlight=Highlight(start, end, text[start:end]),
        score=1.0,
        asks=draw(st.one_of(maybe, long_texts())),
    )


answers = st.builds(
    Answer,
    question=st.one_of(wild, long_texts()),
    status=st.sampled_from(Status),
    confidence=st.floats(0, 1),
    elapsed_ms=st.floats(0, 1000),
    citations=st.lists(citations(), max_size=6).map(tuple),
    unanswered=st.lists(st.one_of(wild, long_texts()), max_size=MOST_QUESTIONS).map(tuple),
)

# Escaping -----------------------------------------------------------------------------------


@given(wild)
@example("1999. A year")
@example("\t- deep")
@example("a\n\n  > b")
def test_escaped_text_is_shown_as_it_is_and_nothing_in_it_is_active(text: str) -> None:
    assert shown(escape(text)) == (plain_breaks(text), [])


@given(wild)
def test_no_mention_and_no_control_of_direction_survives(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"<[@#:]|(?<!\\)[<@#]|\w://", escaped)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff\u2060\x00]", escaped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# title\n-# small\n- item\n2. two", "\\# title\n\\-\\# small\n\\- item\n2\\. two"),
        ("3 * 4 = 12, snake_case", "3 \\* 4 = 12, snake\\_case"),
        ("[a](https://example.org)", "\\[a\\](https\\://example.org)"),
        ("<@1> @everyone", "\\<\\@1\\> \\@everyone"),
        ("evil\u202etxt.exe", "evil⟨U+202E⟩txt.exe"),
        ("a\u200bb\u2060c", "a⟨U+200B⟩b⟨U+2060⟩c"),
        ("Rake\u00adten \u00ad", "Rake\u00adten ⟨U+00AD⟩"),
        ("می\u200cروم", "می\u200cروم"),
        ("👩\u200d🚀 \u200d", "👩\u200d🚀 ⟨U+200D⟩"),
        ("ก\u200bข", "ก\u200bข"),
        ("\u3164\u0601", "⟨U+3164⟩\u0601"),
        ("a\r\nb\u2028c", "a\nb\nc"),
    ],
)
def test_escape_exactly(text: str, expected: str) -> None:
    assert escape(text) == expected


# Shortening ---------------------------------------------------------------------------------

SENTENCES = "Alpha beta gamma. " * 30 + "Here it is: 3 * 4. " + "Delta epsilon. " * 30
START = SENTENCES.index("Here")
END = SENTENCES.index("4.") + 2


def test_a_short_quote_is_whole_with_the_sentence_in_bold() -> None:
    assert quote("One. Two *2*.\n\nThree.", 5, 13, 100) == "> One. **Two \\*2\\*.**\n> \n> Three."


def test_bold_text_over_several_lines_is_bold_on_each() -> None:
    assert quote("a\n- b\n\n c", 0, 9, 100) == "> **a**\n> **\\- b**\n> \n>  **c**"


def test_a_long_quote_keeps_the_words_around_the_marked_sentence() -> None:
    assert quote(SENTENCES, START, END, 80) == (
        "> … Alpha beta gamma. **Here it is\\: 3 \\* 4.** Delta epsilon. Delta epsilon. …"
    )


def test_room_that_one_side_does_not_need_goes_to_the_other() -> None:
    text = "Marked. " + "word " * 100
    assert quote(text, 0, 7, 40) == "> **Marked.** word word word word word …"


def test_a_marked_sentence_that_is_too_long_loses_its_last_words() -> None:
    assert quote("Before. " + "word " * 100, 8, 507, 30) == "> … **word word word word** …"


def test_scripts_without_spaces_are_cut_between_characters() -> None:
    text = "你好世界。" * 100
    assert quote(text, 250, 255, 30) == "> …世界。你好世界。**你好世界。**你好世界。你好世…"


@pytest.mark.parametrize("character", ["e\u0301", "👩\u200d🚀", "👍🏽"])
@pytest.mark.parametrize("shift", ["", "x", "xx"])
def test_a_cut_never_separates_a_character_from_its_marks(character: str, shift: str) -> None:
    cut = quote(shift + character * 200, 0, 0, 130)
    assert len(cut) > 60
    assert cut.endswith(f"{character} …")


@given(long_texts(), st.data(), st.integers(40, 4000))
@settings(max_examples=150)
def test_a_quote_fits_and_shows_the_passage_around_its_sentence(
    text: str, data: st.DataObject, limit: int
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assume(text.strip() and "\r\n" not in (text[start - 1 : start + 1], text[end - 1 : end + 1]))
    markdown = quote(text, start, end, limit)
    assert width(markdown) <= limit
    seen, bold, others = unquoted(markdown)
    assert others == []
    whole = plain_breaks(text)
    if seen == whole:
        marked = plain_breaks(text[start:end])
        assert bold.split() == marked.split()
    else:
        kept = seen.removeprefix("…").removesuffix("…").strip()
        assert kept in whole
        assert seen.startswith("…") or seen.endswith("…")


@given(st.one_of(wild, long_texts()), st.integers(10, 400))
def test_a_shortened_line_fits_and_begins_the_text(text: str, limit: int) -> None:
    line = shorten(text, limit)
    assert width(line) <= limit
    assert "\n" not in line
    seen, active = shown(line)
    whole = " ".join(text.split())
    assert active == []
    assert seen == whole or whole.startswith(seen.removesuffix("…").rstrip())


def test_shorten_cuts_between_words() -> None:
    assert shorten("what *is* the\nanswer to this", 20) == "what \\*is\\* the …"


@pytest.mark.parametrize(
    ("needs", "room", "expected"),
    [
        ([5000], 900, [900]),
        ([5000, 5000, 5000], 1200, [600, 300, 300]),
        ([5000, 100, 100], 1200, [1000, 100, 100]),
        ([100, 5000, 3000], 1000, [100, 650, 250]),
        ([10, 20], 1000, [10, 20]),
        ([], 1000, []),
    ],
)
def test_the_first_passage_gets_most_room(needs: list[int], room: int, expected: list[int]) -> None:
    assert share(needs, room) == expected


# Whole messages -----------------------------------------------------------------------------

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
ANSWER = Answer(
    question="until when did it burn oil?",
    status=Status.ANSWERED,
    confidence=0.93,
    elapsed_ms=12.0,
    citations=(CITATION,),
)


def test_an_answer_shows_question_quote_and_source() -> None:
    view = render_answer(ANSWER, titles=["The *old* lighthouse"])
    assert texts(view) == [
        "**Question:** until when did it burn oil?",
        "> The lamp was lit in 1887. **It burned whale oil until March.** Then gas came.",
        "**The \\*old\\* lighthouse**\n"
        "Ada Quill, Harbour Press · <t:1709985600:D> · paragraph 17 · English",
    ]
    [button] = [item for item in view.walk_children() if isinstance(item, discord.ui.Button)]
    assert (button.label, button.url) == ("Read the article", "https://example.org/lighthouse")
    assert not view.is_dispatchable()


def test_a_bare_source_leaves_out_what_is_not_known() -> None:
    bare = replace(CITATION, author=None, publisher=None, url=None, date=None, language="xx")
    view = render_answer(replace(ANSWER, citations=(bare,)), titles=[])
    assert texts(view)[-1] == "**The \\*old\\* lighthouse**\nparagraph 17 · xx"
    assert not any(isinstance(item, discord.ui.Button) for item in view.walk_children())


def test_an_unsure_answer_says_so_before_the_passages() -> None:
    view = render_answer(replace(ANSWER, status=Status.UNSURE), titles=[])
    assert texts(view)[1] == ("These passages come closest; they may not answer your question.")
    assert texts(view)[2].startswith("> The lamp")


def test_without_an_answer_it_says_what_the_library_holds() -> None:
    refused = replace(ANSWER, status=Status.NO_ANSWER, citations=())
    titles = ["One *1*", "Two", "Three", "Four", "Five", "Six", "Seven"]
    assert texts(render_answer(refused, titles=titles))[1] == (
        "I found nothing in these articles that answers this.\n\nThe library holds:\n"
        "- One \\*1\\*\n- Two\n- Three\n- Four\n- Five\n- and 2 more"
    )
    assert texts(render_answer(refused, titles=[]))[1] == (
        "I found nothing in these articles that answers this. "
        "There are no articles in my library yet."
    )


def test_several_questions_stand_with_their_passages() -> None:
    first = replace(CITATION, asks="until when did it burn *oil*?")
    second = replace(CITATION, rank=2, url=None, asks="who <@1> paid?")
    view = render_answer(replace(ANSWER, citations=(first, second)), titles=[])
    source = (
        "**The \\*old\\* lighthouse**\n"
        "Ada Quill, Harbour Press · <t:1709985600:D> · paragraph 17 · English"
    )
    quoted = "> The lamp was lit in 1887. **It burned whale oil until March.** Then gas came."
    assert texts(view) == [
        "**Question:** until when did it burn oil?",
        quoted,
        f"To “until when did it burn \\*oil\\*?”:\n{source}",
        quoted,
        f"To “who \\<\\@1\\> paid?”:\n{source}",
    ]


@pytest.mark.parametrize(
    ("status", "caution"),
    [
        (Status.ANSWERED, []),
        (Status.UNSURE, ["These passages come closest; they may not answer your question."]),
    ],
)
def test_questions_without_an_answer_are_named_before_the_passages(
    status: Status, caution: list[str]
) -> None:
    answer = replace(ANSWER, status=status, unanswered=("who *paid*?", "word " * 100 + "last?"))
    shortened = "word " * 19 + "…"
    assert texts(render_answer(answer, titles=["One"]))[1:-2] == [
        *caution,
        "I found nothing in these articles that answers “who \\*paid\\*?”.",
        f"I found nothing in these articles that answers “{shortened}”.",
    ]


def test_questions_none_of_which_has_an_answer_are_answered_in_one_sentence() -> None:
    answer = replace(ANSWER, status=Status.NO_ANSWER, unanswered=("who paid?", "and who lit it?"))
    assert texts(render_answer(answer, titles=["One"])) == [
        "**Question:** until when did it burn oil?",
        "I found nothing in these articles that answers this.\n\nThe library holds:\n- One",
    ]


def test_a_long_question_of_several_is_shortened_beside_its_passage() -> None:
    view = render_answer(
        replace(ANSWER, citations=(replace(CITATION, asks="word " * 100 + "last?"),)), titles=[]
    )
    assert texts(view)[-1].startswith("To “" + "word " * 19 + "…”:\n**The")


@given(answers, st.lists(st.one_of(wild, long_texts()), max_size=7))
@settings(max_examples=150)
def test_every_message_stays_within_discords_limits(answer: Answer, titles: list[str]) -> None:
    view = render_answer(answer, titles=titles)
    assert view.content_length() <= 4000
    assert sum(map(width, texts(view))) <= 4000
    assert view.total_children_count <= 40
    assert all(text.strip() for text in texts(view))
    for button in view.walk_children():
        if isinstance(button, discord.ui.Button):
            assert button.url is not None
            assert len(button.url) <= 512


@given(answers)
@settings(max_examples=100)
def test_every_message_has_only_the_markdown_that_it_means(answer: Answer) -> None:
    for text in texts(render_answer(answer, titles=[answer.question])):
        if text.startswith("> "):
            assert unquoted(text)[2] == []
        else:
            kinds = {name for name, _ in shown(text)[1]}
            assert kinds <= {"strong", "timestamp", "line start"}


def test_a_text_without_any_place_to_cut_is_cut_all_the_same() -> None:
    assert quote("\u0301" * 500, 0, 0, 200) == "> " + "\u0301" * 120 + " …"


def test_no_more_than_five_passages_are_shown() -> None:
    view = render_answer(replace(ANSWER, citations=(CITATION,) * 7), titles=[])
    assert [text.startswith("> ") for text in texts(view)].count(True) == 5


def test_the_longest_passages_leave_the_first_most_room() -> None:
    long = replace(CITATION, quote=SENTENCES * 10, highlight=Highlight(START, END, ""))
    view = render_answer(replace(ANSWER, citations=(long,) * 3), titles=[])
    quotes = [len(text) for text in texts(view) if text.startswith("> ")]
    assert quotes[0] > 1700
    assert 800 < quotes[1] < 950
    assert 800 < quotes[2] < 950
    assert 3900 < view.content_length() <= 4000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a b?x=ü", "https://example.org/a%20b?x=%C3%BC"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("HTTPS://example.org", "https://example.org"),
        ("javascript:alert(1)", None),
        ("discord://-/settings", None),
        ("example.org/a", None),
        ("https://", None),
        ("https://localhost/a", None),
        ("https://bank.example@evil.example/", None),
        ("https://exa mple.org/", None),
        ("https://example.org:99999/", None),
        ("https://[broken/", None),
        ("https://example.org/" + "a" * 500, None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_buttons(url: str | None, expected: str | None) -> None:
    assert link_url(url) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("1970-01-01", "<t:43200:D>"),
        ("2024-03-09", "<t:1709985600:D>"),
        ("1887-05-01", "<t:-2608804800:D>"),
        ("spring *1887*", "spring \\*1887\\*"),
    ],
)
def test_dates_are_shown_in_discords_form(day: str, expected: str) -> None:
    assert timestamp(day) == expected


# Reports ------------------------------------------------------------------------------------


def report(errors: tuple[ContentError, ...] = (), rebuilt: str | None = None) -> IndexReport:
    return IndexReport(
        articles=Changes(added=1, changed=2, removed=3, unchanged=4),
        passages=Changes(added=10, changed=20, removed=30, unchanged=40),
        encoded=25,
        errors=errors,
        rebuilt=rebuilt,
        seconds=3.26,
    )


def test_a_report_says_what_was_done() -> None:
    assert render_report(report()) == (
        "**The index is up to date.** It took 3.3 s.\n"
        "Articles: 1 added, 2 changed, 3 removed, 4 unchanged.\n"
        "Passages: 25 newly encoded, 70 in all."
    )


def test_a_report_names_file_and_line_of_what_was_left_out() -> None:
    errors = (
        ContentError("content/b_1.md", 3, "the date is not a day"),
        ContentError("content/c.txt", None, "the file is empty"),
    )
    assert render_report(report(errors)).split("\n")[3:] == [
        "Left out:",
        "- content/b\\_1.md, line 3: the date is not a day.",
        "- content/c.txt: the file is empty.",
    ]


def test_a_report_says_that_the_index_was_built_anew_and_names_no_folder() -> None:
    rebuilt = "The index in .data was built anew: its manifest cannot be read."
    assert render_report(report(rebuilt=rebuilt)).split("\n")[3:] == [
        "The index was built anew; the log says why."
    ]


def test_a_report_fits_one_message_however_much_was_left_out() -> None:
    errors = tuple(ContentError("a/" * 300, 10**6, "why " * 300) for _ in range(40))
    text = render_report(report(errors, "because " * 200))
    assert len(text) <= 2000
    assert text.endswith("- and 32 more files; `beleg check` lists them all")


@pytest.mark.parametrize(
    ("done", "total", "texts_in_all"), [(0, 0, "0 texts"), (1, 1, "1 text"), (1, 2, "2 texts")]
)
def test_progress_counts_texts(done: int, total: int, texts_in_all: str) -> None:
    expected = f"Encoding the articles: {done} of {texts_in_all} …"
    assert wording.progress(done, total) == expected


@pytest.mark.parametrize(("count", "files"), [(1, "one more file"), (2, "2 more files")])
def test_more_files_left_out(count: int, files: str) -> None:
    assert wording.more_left_out(count) == f"and {files}; `beleg check` lists them all"


def test_a_failed_reindex_says_where_and_that_the_old_index_stays() -> None:
    assert render_content_error(ContentError("content/a.md", 2, "no title")) == (
        "The reindex failed, so the old index stays in use. content/a.md, line 2: no title."
    )


def test_the_blank_characters_are_what_unicode_says() -> None:
    assert {unicodedata.category(character) for character in "\u3164\u115f\u2800"} == {"Lo", "So"}
    assert wording.LANGUAGES["de"] == "German"
