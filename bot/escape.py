"""Text of articles and people as Discord Markdown that shows exactly that text.

`discord.utils.escape_markdown` leaves headings of some kinds, numbered lists, masked links, bare
links, mentions, timestamps and emoji names alive. Here every character that can start or end
something is escaped. Discord reads a backslash before anything but a letter, a digit or white space
as "this character, plainly".
"""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = re.compile(r"[\\*_~|`<>\[\]@#:⟨]")
"""Bold, italics, strike-through, spoilers, code, mentions, timestamps, masked links, headings,
emoji names and bare links (the colon); and the bracket that `_visible` uses, so that no text can
pass for its notation."""

_LINE_START = re.compile(r"^([^\S\n]*)(?:([-+])|(\d*)([.)]))", re.MULTILINE)
"""Bullets, small print (``-#``) and numbered lists: what `_SPECIAL` leaves at a line's start.

The number may be missing, since a text can be escaped in two parts."""

_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_SUSPECT = re.compile("[^\n\t -~\xa1-\xac\xae-\u02ff\u0370-\u05ff\u4e00-\u9fff\uac00-\ud7a3]")
"""Characters that need a look at their category; the ranges hold only those that never do."""

_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing though their category says otherwise."""

_ARABIC_SIGNS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Format characters that are seen (Unicode: Prepended_Concatenation_Mark)."""

_TAGGED_FLAGS = tuple(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in place) + "\U000e007f"
    for place in ("gbeng", "gbsct", "gbwls")
)
"""The flags of England, Scotland and Wales, spelt in invisible letters (Unicode: RGI Emoji Tag
Sequence)."""
_LONGEST_FLAG = max(map(len, _TAGGED_FLAGS))

_JOINERS = "\u200c\u200d"
_SOFT_HYPHEN = "\u00ad"
_ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str) -> str:
    """Discord Markdown that shows ``text`` and nothing else.

    Line breaks of every kind become ``\\n``. Invisible characters and those that change the
    direction of writing are shown by name, as in ``⟨U+202E⟩``, except where a script or an emoji
    needs them: joiners after a letter or a sign, soft hyphens between letters, zero-width spaces in
    scripts that write no spaces, the letters of a flag.
    """
    text = _LINE_BREAK.sub("\n", text)
    text = _SPECIAL.sub(r"\\\g<0>", text)
    text = _LINE_START.sub(_escape_line_start, text)
    return visible(text)


def visible(text: str) -> str:
    """``text`` with names for what `escape` shows by name, for places without Markdown."""
    return _SUSPECT.sub(_visible, text)


def whole(text: str) -> str:
    """``text`` with U+FFFD for each half of a character.

    JSON can hold a surrogate without its pair, UTF-8 cannot: neither the database nor the model
    takes it.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def width(text: str) -> int:
    """Length in UTF-16 units, the most that Discord may count for ``text``."""
    return len(text) + sum(character > "\uffff" for character in text)


def _escape_line_start(match: re.Match[str]) -> str:
    space, bullet, number, dot = match.groups()
    return f"{space}\\{bullet}" if bullet else f"{space}{number}\\{dot}"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    if not _is_invisible(character) or _is_needed(character, match.string, match.start()):
        return character
    return f"⟨U+{ord(character):04X}⟩"


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("Cc", "Cs") or character in _BLANK_LETTERS:
        return True
    if category == "Cn":
        return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return category == "Cf" and character not in _ARABIC_SIGNS


def _is_needed(character: str, text: str, position: int) -> bool:
    before = text[position - 1] if position else ""
    after = text[position + 1] if position + 1 < len(text) else ""
    if character in _JOINERS:
        return (
            bool(before)
            and unicodedata.category(before) in _JOINABLE
            and after not in ("", *_JOINERS)
        )
    if character == _SOFT_HYPHEN:
        # In text that is decomposed a letter ends with its accents.
        ends = before.isalpha() or unicodedata.category(before or " ") in ("Mn", "Mc")
        return ends and after.isalpha()
    if character == _ZERO_WIDTH_SPACE:
        return writes_no_spaces(before) and writes_no_spaces(after)
    flag = text.rfind("\U0001f3f4", max(0, position - _LONGEST_FLAG + 1), position)
    return flag >= 0 and any(
        text.startswith(one, flag) and position < flag + len(one) for one in _TAGGED_FLAGS
    )


_JOINABLE = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "So", "Sk"})

_NO_SPACES = (
    ("\u0e00", "\u0fff"),  # Thai, Lao, Tibetan
    ("\u1000", "\u109f"),  # Myanmar
    ("\u1780", "\u17ff"),  # Khmer
    ("\u2e80", "\u9fff"),  # Chinese, Japanese
    ("\uf900", "\ufaff"),
    ("\uff00", "\uff9f"),
    ("\U00020000", "\U0003ffff"),
)


def writes_no_spaces(character: str) -> bool:
    """Whether ``character`` belongs to a script that puts no spaces between words; not if empty."""
    return any(first <= character <= last for first, last in _NO_SPACES)


def count_words(text: str) -> int:
    """About how many words: scripts without spaces write one in three characters or so."""
    return len(text.split()) + sum(map(writes_no_spaces, text)) // 3
