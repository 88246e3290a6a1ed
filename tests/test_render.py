"""What several messages show, and that no article and no question can change how it looks."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_reader import (
    begins,
    hostile,
    letters,
    long_texts,
    marks,
    maybe,
    plain_breaks,
    put_together,
    shown,
    unquoted,
    urls,
    wild,
)

from bot.catalogue import LANGUAGES, texts_in
from bot.escape import escape, whole, width
from bot.render import discord_time, left_out, link_url, render_report, source_line, timestamp
from bot.shorten import quote, quote_pages, quote_width, share, shorten
from index.answer import Citation, Highlight
from index.content import ContentError
from index.remarks import Remark, Said
from index.segments import Source
from index.update import Changes, IndexReport

ENGLISH = texts_in("en")

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
        ("cafe\u0301\u00adteria \u0301\u00ad", "cafe\u0301\u00adteria \u0301⟨U+00AD⟩"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",) * 2,
        ("🏴\U000e0068\U000e0069\U000e007f", "🏴⟨U+E0068⟩⟨U+E0069⟩⟨U+E007F⟩"),
        ("می\u200cروم", "می\u200cروم"),
        ("👩\u200d🚀 \u200d", "👩\u200d🚀 ⟨U+200D⟩"),
        ("ก\u200bข", "ก\u200bข"),
        ("\u3164\u0601", "⟨U+3164⟩\u0601"),
        ("a\r\nb\u2028c", "a\nb\nc"),
    ],
)
def test_escape_exactly(text: str, expected: str) -> None:
    assert escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ud800b\udc00", "a\ufffdb\ufffd"),
        ("\ud83d\ude80", "🚀"),
        ("\ufeffstays 🚀", "\ufeffstays 🚀"),
        ("", ""),
    ],
)
def test_half_characters_are_replaced(text: str, expected: str) -> None:
    assert whole(text) == expected


# Shortening ---------------------------------------------------------------------------------

SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

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


def test_a_cut_never_separates_a_flag_from_its_letters() -> None:
    assert quote(SCOTLAND * 200, 0, 0, 160) == f"> {SCOTLAND * 9} …"


@pytest.mark.parametrize("character", ["น้ำ", "ﾊﾞ", "ﾊﾟ", "ນ\u0eb3"])
@pytest.mark.parametrize("limit", [61, 62, 63, 64, 65])
def test_a_cut_never_separates_a_letter_from_the_one_that_is_read_with_it(
    character: str, limit: int
) -> None:
    place = 50 * len(character)
    cut = quote(character * 100, place, place + len(character), limit)
    [before, _, after] = cut[2:].split("**")
    assert before.strip("…")
    assert before.startswith(f"…{character}")
    assert after.endswith(f"{character}…")


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
    assert active == []
    assert begins(seen, text)


def test_shorten_cuts_between_words() -> None:
    assert shorten("what *is* the\nanswer to this", 20) == "what \\*is\\* the …"
    # A French stop is not to stand at the beginning of a line.
    assert shorten(" «\xa0quoi\xa0»\u202f; \t oui\n", 30) == "«\xa0quoi\xa0»\u202f; oui"


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


def test_a_text_without_any_place_to_cut_is_cut_all_the_same() -> None:
    assert quote("\u0301" * 500, 0, 0, 200) == "> " + "\u0301" * 120 + " …"


@given(st.data(), st.integers(300, 4000))
@settings(max_examples=200)
def test_a_shortened_quote_is_cut_between_words_and_keeps_its_sentence(
    data: st.DataObject, limit: int
) -> None:
    word = st.text("abcé.*_你", min_size=1, max_size=20)
    words = data.draw(st.lists(word, min_size=1, max_size=60)) * data.draw(st.integers(1, 20))
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, min(len(words) - 1, first + 5)))
    text = " ".join(words)
    start = sum(len(word) + 1 for word in words[:first])
    end = start + len(" ".join(words[first : last + 1]))
    seen, bold, _ = unquoted(quote(text, start, end, limit))
    assert bold == text[start:end]
    if seen != text:
        assert width(seen) > limit / 4  # most of the room, were each sign escaped, is used
        kept = seen.removeprefix("…").removesuffix("…").strip()
        places = [found.start() for found in re.finditer(f"(?={re.escape(kept)})", text)]
        assert any(_may_cut(text, place) and _may_cut(text, place + len(kept)) for place in places)


def _may_cut(text: str, position: int) -> bool:
    return "你" in (beside := f" {text} "[position : position + 2]) or " " in beside


# A whole text over several pages ------------------------------------------------------------


def test_a_short_text_is_one_page() -> None:
    assert quote_pages("One. Two.\n\nThree.", 5, 9, 100) == [
        ("> One. **Two.**\n> \n> Three.", True)
    ]


def test_pages_are_cut_between_words_and_the_one_that_begins_the_mark_is_known() -> None:
    text = "Alpha beta. Gamma delta epsilon.\n\n         Zeta eta theta."
    assert quote_pages(text, 12, 32, 30) == [
        ("> Alpha beta. **Gamma** …", True),
        ("> … **delta epsilon.** …", False),
        ("> … Zeta eta theta.", False),
    ]
    assert quote_pages(text, 43, 58, 30) == [
        ("> Alpha beta. Gamma delta …", False),
        ("> … epsilon. …", False),
        ("> … **Zeta eta theta.**", True),
    ]


def test_white_space_before_a_page_makes_no_cut_inside_a_word() -> None:
    text = "One." + " " * 20 + "word " * 20
    assert quote_pages(text, 0, 0, 30)[1] == ("> … word word word word word …", False)


@given(hostile, st.data(), st.integers(1300, 4000), st.sampled_from([1, 300]))
@settings(max_examples=40)
def test_pages_lose_nothing_but_white_space_and_mark_the_sentence_once(
    text: str, data: st.DataObject, limit: int, apart: int
) -> None:
    # The least limit is what 120 characters take that are shown by name.
    text = (" " * 20 + "\n").join([text] * apart)[:20_000]
    start, end = data.draw(marks(text))
    found = quote_pages(text, start, end, limit)
    assert all(width(page) <= limit for page, _ in found)
    whole, marked, bold = put_together([page for page, _ in found])
    assert whole == letters(plain_breaks(text))
    assert marked == letters(plain_breaks(text[start:end]))
    if start < end:
        assert [number for number, (_, begun) in enumerate(found) if begun] == bold[:1]


@given(st.lists(st.text("abcé.*_", min_size=1, max_size=30), min_size=1, max_size=400), st.data())
def test_every_page_ends_with_a_whole_word(words: list[str], data: st.DataObject) -> None:
    gap = " " * data.draw(st.integers(1, 30))
    found = quote_pages(gap.join(words), 0, 0, data.draw(st.integers(100, 400)))
    seen = [word for page, _ in found for word in unquoted(page)[0].split() if word != "…"]
    assert seen == words


@given(hostile, st.data(), st.integers(0, 4000))
def test_the_width_of_a_quote_is_counted_up_to_the_most(
    text: str, data: st.DataObject, most: int
) -> None:
    start, end = data.draw(marks(text))
    assert quote_width(text, start, end, most) == min(most, width(quote(text, start, end, 10**6)))


# Sources ------------------------------------------------------------------------------------

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
SOURCE = Source(
    id="lighthouse",
    title="The *old* lighthouse",
    author="Ada Quill",
    publisher=None,
    url=None,
    date="2024-03-09",
    language="xx",
)


def test_a_source_names_title_people_day_paragraph_and_language() -> None:
    assert source_line(CITATION, ENGLISH) == (
        "**The \\*old\\* lighthouse**\n"
        "-# Ada Quill, Harbour Press · <t:1709985600:D> · paragraph 17 · English"
    )


def test_a_bare_source_leaves_out_what_is_not_known() -> None:
    bare = replace(CITATION, author=None, publisher=None, url=None, date=None, language="xx")
    assert source_line(bare, ENGLISH) == "**The \\*old\\* lighthouse**\n-# paragraph 17 · xx"


def test_a_name_of_white_space_is_no_name() -> None:
    blank = replace(CITATION, author=" \n", date=" ")
    assert source_line(blank, ENGLISH).endswith("**\n-# Harbour Press · paragraph 17 · English")


def test_an_article_has_no_paragraph() -> None:
    assert source_line(SOURCE, ENGLISH) == (
        "**The \\*old\\* lighthouse**\n-# Ada Quill · <t:1709985600:D> · xx"
    )


@pytest.mark.parametrize("source", [CITATION, SOURCE])
def test_an_article_without_a_title_is_called_by_its_id(source: Citation | Source) -> None:
    line = source_line(replace(source, title=" \n"), ENGLISH)
    assert line.startswith("**lighthouse**\n")


@given(hostile.filter(str.strip), maybe, maybe, maybe, hostile, st.sampled_from(LANGUAGES))
def test_a_source_has_only_the_markdown_that_it_means(
    title: str, author: str | None, publisher: str | None, day: str | None, code: str, in_: str
) -> None:
    source = replace(
        CITATION, title=title, author=author, publisher=publisher, date=day, language=code
    )
    line = source_line(source, texts_in(in_))
    assert width(line) <= 150 + 5 + 2 * 80 + 2 + 80 + 80 + 30
    text, active = shown(line)
    assert begins(text.split("\n")[0], title)
    assert active[1] == ("line start", "-# ")
    kinds = [name for name, _ in active]
    assert kinds in (["strong", "line start"], ["strong", "line start", "timestamp"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a b?x=ü", "https://example.org/a%20b?x=%C3%BC"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("HTTPS://example.org", "https://example.org"),
        ("https://192.0.2.7/a", "https://192.0.2.7/a"),
        ("javascript:alert(1)", None),
        ("discord://-/settings", None),
        ("example.org/a", None),
        ("https://", None),
        ("https://localhost/a", None),
        ("https://bank.example@evil.example/", None),
        ("https://:bank.example@evil.example/", None),
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


@given(urls)
def test_a_link_is_an_encoded_web_address_or_none(url: str | None) -> None:
    link = link_url(url)
    assert link is None or (re.fullmatch(r"https?://[!-~]+", link) and len(link) <= 512)


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


def test_a_moment_is_shown_in_discords_form() -> None:
    moment = datetime(2024, 3, 9, 12, 0, 30, 900_000, tzinfo=UTC)
    assert discord_time(moment, "R") == "<t:1709985630:R>"


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
    assert render_report(report(), ENGLISH) == (
        "**The index is up to date.** It took 3.3 s.\n"
        "Articles: 1 added, 2 changed, 3 removed, 4 unchanged.\n"
        "Passages: 25 newly encoded, 70 in all."
    )


def test_a_report_names_file_and_line_of_what_was_left_out() -> None:
    errors = (
        ContentError("content/b_1.md", 3, Said("the date is not a day")),
        ContentError("content/c.txt", None, Said("the file is empty")),
    )
    assert render_report(report(errors), ENGLISH).split("\n")[3:] == [
        "Left out:",
        "- content/b\\_1.md, line 3: the date is not a day.",
        "- content/c.txt: the file is empty.",
    ]


def test_a_report_says_that_the_index_was_built_anew_and_names_no_folder() -> None:
    rebuilt = "The index in .data was built anew: its manifest cannot be read."
    assert render_report(report(rebuilt=rebuilt), ENGLISH).split("\n")[3:] == [
        "The index was built anew; the log says why."
    ]


@pytest.mark.parametrize(("count", "files"), [(1, "one more file"), (32, "32 more files")])
def test_a_report_names_eight_files_and_counts_the_others(count: int, files: str) -> None:
    errors = tuple(ContentError(f"{number}", None, Said("why")) for number in range(8 + count))
    lines = render_report(report(errors), ENGLISH).split("\n")
    assert lines[-2:] == ["- 7: why.", f"- and {files}; `beleg check` lists them all"]


some = st.one_of(wild, long_texts(1000))


@st.composite
def said(draw: st.DrawFn) -> Said:
    """Anything that the index can say, of anything; and what it said before it had names."""
    remark = draw(st.one_of(st.none(), st.sampled_from(Remark)))
    if remark is None:
        return Said(draw(some))
    values: dict[str, str | int] = {
        name: draw(st.integers(0, 10**6) if name in ("count", "megabytes", "seconds") else some)
        for name in sorted(remark.wants)
    }
    return remark(**values)


errors = st.builds(ContentError, some, st.one_of(st.none(), st.integers(1, 10**7)), said())
LONG_ERROR = ContentError("a/" * 300, 10**6, Remark.KEY_TWICE(key="why? " * 300))
counts = st.builds(Changes, *[st.integers(0, 10**6)] * 4)


@given(
    st.builds(
        IndexReport,
        articles=counts,
        passages=counts,
        encoded=st.integers(0, 10**6),
        errors=st.lists(errors, max_size=10).map(tuple),
        rebuilt=maybe,
        seconds=st.floats(0, 10**5),
    ),
    st.sampled_from(LANGUAGES),
)
@example(report((LONG_ERROR,) * 40, "because " * 200), "fr")
@example(report((LONG_ERROR,) * 8), "fr")
@example(report((LONG_ERROR,) * 3), "de")
@example(report((LONG_ERROR,)), "es")
def test_a_report_fits_one_message_and_has_only_the_markdown_that_it_means(
    done: IndexReport, language: str
) -> None:
    texts = texts_in(language)
    text = render_report(done, texts)
    # What /admin add and remove write before it is in the same message.
    assert all(width(f"{texts(name)}\n{text}") <= 2000 for name in ("added", "removed", "restored"))
    lines = text.split("\n")
    assert [name for name, _ in shown(lines[0])[1]] == ["strong"]
    for line in lines[1:]:
        if line.startswith("- ") and "`beleg check`" not in line:
            assert shown(line[2:])[1] == []
    for error in done.errors:
        assert width(left_out(error, texts)) < 480
        assert shown(left_out(error, texts))[1] == []


def test_why_a_file_was_left_out_is_shortened() -> None:
    error = ContentError("folder/" * 20 + "a.md", 3, Said("why " * 120))
    assert left_out(error, ENGLISH) == (
        "folder/folder/folder/folder/folder/folder/fo …, line 3: " + "why " * 99 + "…."
    )


def test_the_blank_characters_are_what_unicode_says() -> None:
    assert {unicodedata.category(character) for character in "\u3164\u115f\u2800"} == {"Lo", "So"}
