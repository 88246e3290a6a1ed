"""Lists, figures and previews: whatever articles and questions hold, Discord takes them, and they
have only the markup that they mean."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_reader import (
    assert_accepted,
    buttons,
    displays,
    hostile,
    long_texts,
    maybe,
    shown,
    unquoted,
    urls,
)

from bot.admin.articles import ArticlesButton, render_draft
from bot.admin.gaps import GapsButton, MergedGap, render_gaps
from bot.admin.overview import render_stats
from bot.admin.settings import MOST_CHOSEN, SettingsItem, render_settings
from bot.catalogue import LANGUAGES, texts_in
from bot.escape import width
from bot.records import Day, Stats, TopPassage
from bot.servers import ServerSettings
from bot.sources import SourcesButton, render_sources
from index.answer import Citation, Highlight
from index.content import Article, Note
from index.library import Library
from index.paragraphs import Paragraph
from index.remarks import Remark, Said
from index.segments import Source
from index.shelf import Draft

ENGLISH = texts_in("en")
NOON = datetime(2024, 3, 9, 12, tzinfo=UTC)
languages = st.sampled_from(LANGUAGES)
count = st.integers(0, 10**6)
blank_free = hostile.filter(str.strip)
codes = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=2)


def kinds(text: str) -> list[str]:
    return [kind for kind, _ in shown(text)[1]]


# Sources ------------------------------------------------------------------------------------


def library(*sources: Source, paragraphs: int = 3, cited: Citation | None = None) -> Library:
    """Stands for a library of these articles."""
    return cast(
        Library,
        SimpleNamespace(articles=sources, paragraphs=lambda _: paragraphs, cite=lambda *_: cited),
    )


def article(number: int, url: str | None = None) -> Source:
    return Source(f"a{number}", f"Lamp {number}", None, None, url, None, "de")


def keys(view: discord.ui.LayoutView) -> list[tuple[str, str, bool]]:
    return [
        (button.label or "", button.custom_id or button.url or "", button.disabled)
        for button in buttons(view)
    ]


def test_sources_name_each_article_with_its_link() -> None:
    view = render_sources(library(article(1, "https://example.org/1"), article(2)), ENGLISH)
    assert displays(view) == [
        "**The library holds 2 articles.**",
        "**Lamp 1**\n-# German · 3 paragraphs",
        "**Lamp 2**\n-# German · 3 paragraphs",
    ]
    assert keys(view) == [("Read the article", "https://example.org/1", False)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (0, [("Previous", "sources:previous", True), ("Next", "sources:1", False)]),
        (1, [("Previous", "sources:0", False), ("Next", "sources:2", False)]),
        (2, [("Previous", "sources:1", False), ("Next", "sources:next", True)]),
        (10**30, [("Previous", "sources:1", False), ("Next", "sources:next", True)]),
    ],
)
def test_six_sources_a_page(page: int, expected: list[tuple[str, str, bool]]) -> None:
    view = render_sources(library(*map(article, range(13))), ENGLISH, page)
    shown_page = min(page, 2)
    assert keys(view) == expected
    assert len(displays(view)) == 2 + (6, 6, 1)[shown_page]
    assert displays(view)[1].startswith(f"**Lamp {6 * shown_page}**")
    assert displays(view)[-1] == f"-# Page {shown_page + 1} of 3"


sources = st.builds(
    Source,
    id=st.just("lamps"),
    title=hostile,
    author=maybe,
    publisher=maybe,
    url=urls,
    date=st.one_of(maybe, st.dates().map(str)),
    language=st.one_of(codes, hostile),
)


@given(st.lists(sources, max_size=8), st.integers(0, 3), count, languages)
def test_any_sources_are_accepted(
    articles: list[Source], page: int, paragraphs: int, language: str
) -> None:
    view = render_sources(library(*articles, paragraphs=paragraphs), texts_in(language), page)
    assert_accepted(view, SourcesButton)
    for text in displays(view):
        assert kinds(text) in (
            ["strong"],
            ["strong", "line start"],
            ["strong", "line start", "timestamp"],
            ["line start"],
        )


# Gaps ---------------------------------------------------------------------------------------


def gap(*questions: str, reasons: tuple[str, ...] = (), times: int = 2) -> MergedGap:
    return MergedGap(questions, times, times, times - 1, reasons, NOON)


def test_gaps_say_what_was_asked_how_often_and_why_it_did_not_help() -> None:
    gaps = [
        gap("who *lit* it?", "who lit it", reasons=("wrong\nyear", "old")),
        gap("when?", times=1),
    ]
    view = render_gaps(gaps, ENGLISH)
    assert displays(view) == [
        "**What was asked here without a good answer**, the most asked first",
        "**1.** who \\*lit\\* it?\n"
        "-# asked 2 times, 2 without a clear answer, 1 marked as not helpful · <t:1709985600:R>\n"
        "-# and one other wording\n"
        "-# “wrong year”\n"
        "**2.** when?\n"
        "-# asked once, 1 without a clear answer · <t:1709985600:R>",
    ]
    assert keys(view) == [("Export as CSV", "gaps:export", False)]


def test_without_gaps_there_is_nothing_to_export() -> None:
    view = render_gaps([], ENGLISH)
    assert displays(view) == [
        "Every question that was asked here has a good answer, or none was asked yet."
    ]
    assert keys(view) == []


def test_gaps_beyond_the_tenth_are_counted() -> None:
    view = render_gaps([gap("when?")] * 12, ENGLISH)
    assert displays(view)[1].split("\n")[-2:] == [
        "-# asked 2 times, 2 without a clear answer, 1 marked as not helpful · <t:1709985600:R>",
        "and 2 more: the table has them all",
    ]


gaps = st.builds(
    MergedGap,
    questions=st.lists(long_texts(500).filter(str.strip), min_size=1, max_size=3).map(tuple),
    asked=count,
    unanswered=count,
    not_helpful=count,
    reasons=st.lists(long_texts(300).filter(str.strip), max_size=2).map(tuple),
    last_asked=st.just(NOON),
)
# Short words, so that no limit leaves room unused.
LONGEST = "a " * 300
MOST = 10**6 - 1
LONGEST_GAP = MergedGap((LONGEST, *["when?"] * 99), MOST, MOST, MOST, (LONGEST,), NOON)


@given(st.lists(gaps, max_size=12), languages)
@example([LONGEST_GAP] * 99, "en")
@example([LONGEST_GAP] * 99, "de")
@example([LONGEST_GAP] * 99, "fr")
@example([LONGEST_GAP] * 99, "es")
@settings(max_examples=25)
def test_any_gaps_are_accepted(merged: list[MergedGap], language: str) -> None:
    view = render_gaps(merged, texts_in(language))
    assert_accepted(view, GapsButton)
    for line in "\n".join(displays(view)[1:]).split("\n"):
        if line:
            assert kinds(line) in (["strong"], ["line start"], ["line start", "timestamp"], [])


# Figures ------------------------------------------------------------------------------------

CITED = Citation(
    rank=1,
    article="lamps",
    title="Old *lamps*",
    author=None,
    publisher=None,
    url=None,
    date=None,
    language="en",
    paragraph=17,
    quote="Gas came.",
    highlight=Highlight(0, 1, "G"),
    score=0.0,
)


def figures(*days: Day, top: tuple[TopPassage, ...] = (), ratings: int = 0) -> Stats:
    return Stats(
        days=days,
        questions=sum(day.questions for day in days),
        answered=sum(day.answered for day in days),
        unsure=sum(day.unsure for day in days),
        no_answer=sum(day.no_answer for day in days),
        claims=0,
        helpful=ratings,
        not_helpful=ratings,
        top=top,
    )


FIRST_DAY = date(2024, 3, 9)
TOP = TopPassage("lamps", "0" * 16, 2)


def test_figures_leave_out_days_without_questions_and_passages_that_are_gone() -> None:
    stats = figures(
        Day(FIRST_DAY, 2, 1, 1, 0),
        Day(FIRST_DAY + timedelta(1), 0, 0, 0, 0),
        Day(FIRST_DAY + timedelta(2), 1, 0, 0, 1),
        top=(TOP,),
        ratings=3,
    )
    lines = [
        "**The last 3 days in this server**",
        "Questions: 3, 1 a day",
        "Answered: 33%, doubtful: 33%, not in the articles: 33%",
        "Marked as helpful: 3, as not helpful: 3",
        "Messages looked up: 0",
        "",
        "**Day by day**",
        "- <t:1709985600:d>: 2 questions, 1 answered",
        "- <t:1710158400:d>: one question, 0 answered",
    ]
    top = ["", "**What answered most often**", "- Old \\*lamps\\*, paragraph 17: 2 times"]
    found = render_stats(stats, 3, library(cited=CITED), ENGLISH)
    assert found.split("\n") == lines + top
    assert render_stats(stats, 3, library(cited=None), ENGLISH).split("\n") == lines
    assert render_stats(stats, 3, None, ENGLISH).split("\n") == lines


def test_figures_of_nothing() -> None:
    assert render_stats(figures(Day(FIRST_DAY, 0, 0, 0, 0)), 1, None, ENGLISH) == (
        "**The last day in this server**\nNothing was asked."
    )


def test_the_latest_fourteen_days_with_questions_are_listed() -> None:
    days = [Day(FIRST_DAY + timedelta(number), 1, 1, 0, 0) for number in range(20)]
    lines = render_stats(figures(*days), 20, None, ENGLISH).split("\n")
    assert len(lines) == 7 + 14
    assert lines[7].startswith(f"- <t:{1709985600 + 6 * 86400}:d>")


@given(
    st.lists(st.builds(Day, st.dates(), *[st.integers(0, 10**6)] * 4), max_size=20),
    hostile,
    st.lists(st.builds(TopPassage, st.just("lamps"), st.just(""), count), max_size=5),
    count,
    languages,
)
@example([Day(FIRST_DAY, *[10**6 - 1] * 4)] * 365, LONGEST, [TOP] * 5, 10**6 - 1, "en")
@example([Day(FIRST_DAY, *[10**6 - 1] * 4)] * 365, LONGEST, [TOP] * 5, 10**6 - 1, "de")
@example([Day(FIRST_DAY, *[10**6 - 1] * 4)] * 365, LONGEST, [TOP] * 5, 10**6 - 1, "fr")
@example([Day(FIRST_DAY, *[10**6 - 1] * 4)] * 365, LONGEST, [TOP] * 5, 10**6 - 1, "es")
def test_any_figures_fit_one_message(
    days: list[Day], title: str, top: list[TopPassage], ratings: int, language: str
) -> None:
    cited = Citation(**{**{name: getattr(CITED, name) for name in CITED.__slots__}, "title": title})
    stats = figures(*days, top=tuple(top), ratings=ratings)
    text = render_stats(stats, 365, library(cited=cited), texts_in(language))
    assert 1 <= width(text) <= 2000
    for line in text.split("\n"):
        assert kinds(line) in ([], ["strong"], ["line start"], ["line start", "timestamp"])


# Previews of articles -----------------------------------------------------------------------


def draft(title: str, paragraphs: list[str], notes: list[Note], language: str = "en") -> Draft:
    text = "\n\n".join(paragraphs)
    spans, start = [], 0
    for body in paragraphs:
        spans.append(Paragraph(start, start + len(body), None))
        start += len(body) + 2
    made = Article(
        id="old-lamps",
        path="old-lamps.md",
        text=text,
        title=title,
        author=None,
        publisher=None,
        url=None,
        date=None,
        language=language,
        paragraphs=tuple(spans),
        omissions=(),
    )
    return Draft("old-lamps.md", text.encode(errors="replace"), made, tuple(notes))


def test_a_preview_shows_title_facts_notes_and_the_first_paragraphs() -> None:
    paragraphs = ["One *1*.", "Two.", "Three.", "Four.", "Five.", "Six.", "Seven."]
    notes = [Note(number, Said(f"note *{number}*")) for number in range(1, 11)]
    view = render_draft(draft("Old *lamps*", paragraphs, notes), "key-_1", ENGLISH)
    noted = [f"- line {number}: note \\*{number}\\*" for number in range(1, 9)]
    assert displays(view) == [
        "\n".join(
            [
                "**Old \\*lamps\\***",
                "This is a preview; nothing has been added yet.",
                "It will be stored as old-lamps.md. 7 paragraphs, language: English.",
                "What was noticed:",
                *noted,
                "- and 2 more notes",
            ]
        ),
        "> One \\*1\\*.",
        "> Two.",
        "> Three.",
        "> Four.",
        "> Five.",
        "-# and 2 more paragraphs",
    ]
    assert keys(view) == [
        ("Add to the library", "articles:add:key-_1", False),
        ("Cancel", "articles:cancel", False),
    ]
    styles = [button.style for button in buttons(view)]
    assert styles == [discord.ButtonStyle.primary, discord.ButtonStyle.secondary]


def test_a_short_article_without_notes_is_shown_whole() -> None:
    view = render_draft(draft("Lamps", ["One."], [], language="xx"), "key", ENGLISH)
    assert displays(view) == [
        "**Lamps**\nThis is a preview; nothing has been added yet.\n"
        "It will be stored as old-lamps.md. One paragraph, language: xx.",
        "> One.",
    ]


remarks = st.one_of(
    hostile.map(Said),
    st.builds(Remark.HEADING_MAYBE_GLUED, heading=hostile),
    st.builds(Remark.LEFT_OUT, text=hostile, reason=st.builds(Remark.IS_EXCLUDED, text=hostile)),
)
notes = st.builds(Note, st.integers(1, 10**6), remarks)
LONG_NOTE = Note(10**6 - 1, Remark.HEADING_SPLIT(heading=LONGEST))


@given(
    hostile,
    st.lists(blank_free.map(str.strip), min_size=1, max_size=7),
    st.lists(notes, max_size=10),
    st.text("aZ0-_", min_size=11, max_size=11),
    codes,
    languages,
)
@example(LONGEST, [LONGEST.strip()] * 99, [LONG_NOTE] * 99, "a" * 11, "en", "en")
@example(LONGEST, [LONGEST.strip()] * 99, [LONG_NOTE] * 99, "a" * 11, "cu", "de")
@example(LONGEST, [LONGEST.strip()] * 99, [LONG_NOTE] * 99, "a" * 11, "cu", "fr")
@example(LONGEST, [LONGEST.strip()] * 99, [LONG_NOTE] * 99, "a" * 11, "cu", "es")
@settings(max_examples=60)
def test_any_preview_is_accepted(
    title: str, paragraphs: list[str], noted: list[Note], key: str, code: str, language: str
) -> None:
    view = render_draft(draft(title, paragraphs, noted, code), key, texts_in(language))
    assert_accepted(view, ArticlesButton)
    head, *rest = displays(view)
    for number, line in enumerate(head.split("\n")):
        assert kinds(line) in (["strong"] if number == 0 else [], ["line start"])
    for text in rest:
        if text.startswith("> "):
            assert unquoted(text)[1:] == ("", [])
        else:
            assert kinds(text) == ["line start"]


# Settings -----------------------------------------------------------------------------------

ids = st.frozensets(st.integers(1, 2**63), max_size=MOST_CHOSEN)
settings_of_servers = st.builds(
    ServerSettings,
    channels=ids,
    private=st.booleans(),
    askers=ids,
    strictness=st.sampled_from(["looser", "normal", "stricter"]),
    language=st.sampled_from(["auto", *LANGUAGES]),
    days_kept=st.sampled_from([1, 7, 14, 30, 90, 180, 365]),
)


def menus(view: discord.ui.LayoutView) -> dict[str, Any]:
    return {
        item.custom_id: item
        for item in view.walk_children()
        if isinstance(item, discord.ui.Select | discord.ui.ChannelSelect | discord.ui.RoleSelect)
    }


@given(settings_of_servers, languages)
def test_any_settings_are_accepted_and_stand_chosen_in_their_menus(
    chosen: ServerSettings, language: str
) -> None:
    view = render_settings(chosen, texts_in(language))
    assert_accepted(view, SettingsItem)
    found = menus(view)
    for field in ("strictness", "language", "days_kept"):
        options = found.pop(f"settings:{field}").options
        assert all(1 <= len(option.label) <= 100 for option in options)
        defaults = [option.value for option in options if option.default]
        assert defaults == [str(getattr(chosen, field))]
    [private] = [option.value for option in found.pop("settings:private").options if option.default]
    assert private == ("on" if chosen.private else "off")
    for field in ("channels", "askers"):
        menu = found.pop(f"settings:{field}")
        assert {value.id for value in menu.default_values} == getattr(chosen, field)
        assert 1 <= len(menu.placeholder) <= 150
    assert found == {}


def test_settings_say_what_each_menu_is() -> None:
    view = render_settings(ServerSettings(private=True), ENGLISH)
    assert displays(view) == [
        "**Settings of this server**\nChanges take effect at once.",
        "**Channels** in which I answer",
        "**Who may ask**",
        "**How sure I must be** before I call a passage an answer",
        "**Language** of what I say; passages stay as they were written",
        "**How long questions are kept**",
        "**Answers to `/ask`**, unless the asker says otherwise",
    ]
    assert keys(view) == []
