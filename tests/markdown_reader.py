"""Reads Discord Markdown as Discord does, and invents texts that try to be more than text."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import Button, ChannelSelect, RoleSelect, Select
from hypothesis import strategies as st

from bot.escape import width

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
ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
PLAIN = re.compile(r"[^\\⟨<@:hsd\[*_~|`\n]+")
"""What none of these begins with: it is read in one go."""
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
        if found := ESCAPED.match(markdown, position):
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
                plain = PLAIN.match(markdown, position + 1)
                end = plain.end() if plain and markdown[position] != "\n" else position + 1
                text += markdown[position:end]
                position = end
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


def letters(text: str) -> str:
    """``text`` without its white space."""
    return "".join(text.split())


def put_together(quotes: Sequence[str]) -> tuple[str, str, list[int]]:
    """The letters of a text that was quoted in several pieces, those of them in bold, and the
    numbers of the pieces that have any.

    Every piece but the last ends with an ellipsis; every piece after the first letter of the text
    begins with one.
    """
    text, marked, bold_in = "", "", []
    for number, piece in enumerate(quotes):
        seen, bold, others = unquoted(piece)
        assert others == []
        seen = letters(seen)
        if text:
            assert seen[0] == "…"
            seen = seen[1:]
        if number < len(quotes) - 1:
            assert seen[-1] == "…"
            seen = seen[:-1]
        text += seen
        marked += letters(bold)
        if bold:
            bold_in.append(number)
    return text, marked, bold_in


def begins(seen: str, whole: str) -> bool:
    """Whether ``seen`` is ``whole`` on one line, or its beginning with an ellipsis."""
    line, seen = (" ".join(text.split()) for text in (whole, seen))
    return seen == line or (seen[-1:] == "…" and line.startswith(seen[:-1].rstrip()))


def displays(view: discord.ui.LayoutView) -> list[str]:
    """The texts in a message, in their order."""
    return [
        item.content for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay)
    ]


def buttons(view: discord.ui.LayoutView) -> list[discord.ui.Button[discord.ui.LayoutView]]:
    """The buttons in a message, in their order."""
    return [item for item in view.walk_children() if isinstance(item, discord.ui.Button)]


def assert_accepted(
    view: discord.ui.LayoutView, *lasting: type[discord.ui.DynamicItem[Any]]
) -> None:
    """Discord takes the message: 4,000 characters, however they are counted, 40 components, labels
    and custom ids as they should be. One of ``lasting`` takes each button or menu that is on."""
    texts = displays(view)
    assert sum(map(width, texts)) <= 4000
    assert view.content_length() == sum(map(len, texts))
    assert view.total_children_count <= 40
    assert all(text.strip() for text in texts)
    for button in buttons(view):
        assert button.label is not None
        assert 1 <= len(button.label) <= 80
        assert button.url is None or len(button.url) <= 512
    items = [
        item
        for item in view.walk_children()
        if isinstance(item, Button | ChannelSelect | RoleSelect | Select) and item.custom_id
    ]
    assert len({item.custom_id for item in items}) == len(items)
    for item in items:
        assert len(item.custom_id) <= 100
        known = [
            kind.__discord_ui_compiled_template__.fullmatch(item.custom_id) for kind in lasting
        ]
        assert len(list(filter(None, known))) == (not item.disabled)


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
    "…",
    " " * 20,
]
pieces = st.one_of(st.sampled_from(NASTY), st.text(max_size=8))
wild = st.lists(pieces, max_size=40).map("".join)


@st.composite
def long_texts(draw: st.DrawFn, longest: int = 20_000) -> str:
    """Up to ``longest`` characters of any script, by repeating a drawn piece."""
    piece = draw(wild.filter(bool))[:longest]
    return (piece * draw(st.integers(1, longest // len(piece))))[:longest]


@st.composite
def marks(draw: st.DrawFn, text: str) -> tuple[int, int]:
    """Start and end of a part of ``text`` without white space around it, as sentences are."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + draw(st.sampled_from([80, 20_000])))))
    part = text[start:end]
    end = start + len(part.rstrip())
    return max(start, end - len(part.strip())), max(start, end)


hostile = st.one_of(wild, long_texts())
maybe = st.one_of(st.none(), hostile)
urls = st.one_of(
    maybe,
    st.sampled_from(["https://example.org/lamp", "https://example.org/" + "a" * 600]),
    wild.map(lambda text: f"https://example.org/{text}"),
)
