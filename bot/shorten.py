"""Texts cut to fit a message: at word boundaries, never inside a character, with an ellipsis."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from bot.escape import escape, width, writes_no_spaces

ELLIPSIS = "…"
LONGEST_WORD = 60
"""Characters after which a run without white space may be cut anywhere."""

_BREAKING = re.compile(r"[^\S\xa0\u202f]+")
"""White space, but for the spaces that do not break: French stops stand after one."""
_BOLD_LINE = re.compile(r"^(\s*)(.*?)(\s*)$")


def shorten(text: str, limit: int) -> str:
    """``text`` on one line, escaped, in at most ``limit`` UTF-16 units; its end cut if need be."""
    line = _BREAKING.sub(" ", text).strip()
    if len(line) <= limit and width(whole := escape(line)) <= limit:
        return whole
    # Of a first word that is too long, its beginning says more than an ellipsis alone.
    return _head(line, limit, LONGEST_WORD) or _head(line, limit, 1) or ELLIPSIS


def quote(text: str, start: int, end: int, limit: int) -> str:
    """``text`` as a Discord block quote with ``text[start:end]`` in bold.

    It takes at most ``limit`` UTF-16 units. A text that is too long loses words at both ends, as
    evenly as it can, so that the marked part stays in sight; if that part alone is too long, it
    loses its last words.
    """
    if quote_width(text, start, end, limit + 1) <= limit:
        return _block(text, start, end, 0, len(text))
    # Every character takes a unit or more, so what is further away than the limit cannot be seen.
    left_edge, right_edge = max(0, start - limit), min(len(text), end + limit)
    before = [left_edge + offset for offset in _breaks(text[left_edge:start])][::-1]
    after = [end + offset for offset in _breaks(text[end:right_edge])]

    def around(count: int) -> str:
        # Room that one side does not need goes to the other.
        left, right = len(before) - 1, len(after) - 1
        first = before[min(count + max(0, count - right), left)]
        last = after[min(count + max(0, count - left), right)]
        return _block(text, start, end, first, last)

    if end - start <= limit and width(around(0)) <= limit:
        return around(
            _largest(lambda count: width(around(count)) <= limit, len(before) + len(after))
        )
    inside = [start + offset for offset in _breaks(text[start : min(end, start + limit)])]

    def head(count: int) -> str:
        return _block(text, start, inside[count], start, inside[count])

    return head(_largest(lambda count: width(head(count)) <= limit, len(inside) - 1))


def quote_pages(text: str, start: int, end: int, limit: int) -> list[tuple[str, bool]]:
    """The whole of ``text`` as block quotes of at most ``limit`` UTF-16 units each.

    ``text[start:end]`` is in bold; beside each quote stands whether it holds the first of it.
    """
    found = []
    first = 0
    while True:
        ends = [first + offset for offset in _breaks(text[first : first + limit])][1:]

        def page(count: int, first: int = first, ends: Sequence[int] = ends) -> str:
            last = ends[count]
            marked = (max(first, min(start, last)), max(first, min(end, last)))
            return _block(text, *marked, first, last)

        last = ends[_largest(lambda count: width(page(count)) <= limit, len(ends) - 1)]
        found.append((page(ends.index(last)), first <= start < last))
        rest = text[last:].lstrip()
        if not rest:
            return found
        first = len(text) - len(rest)


def quote_width(text: str, start: int, end: int, most: int) -> int:
    """What the whole of ``text`` takes as a quote, in UTF-16 units, counted up to ``most``."""
    return most if len(text) >= most else min(most, width(_block(text, start, end, 0, len(text))))


def _head(line: str, limit: int, longest: int) -> str:
    """As much of ``line`` as fits, and an ellipsis; empty if it cannot be cut so early."""
    ends = _breaks(line[:limit], longest)

    def head(count: int) -> str:
        return f"{escape(line[: ends[count]].rstrip())}{_space(line, ends[count])}{ELLIPSIS}"

    count = _largest(lambda count: width(head(count)) <= limit, len(ends) - 1)
    return head(count) if count else ""


def _block(text: str, start: int, end: int, first: int, last: int) -> str:
    """``text[first:last]`` as a block quote, ``text[start:end]`` in bold, ellipses at the cuts."""
    lead = escape(text[first:start].lstrip() if first else text[:start])
    tail = escape(text[end:last].rstrip() if last < len(text) else text[end:])
    body = lead + _bold(escape(text[start:end])) + tail
    if text[:first].strip():
        body = f"{ELLIPSIS}{_space(text, first)}{body}"
    if text[last:].strip():
        body = f"{body}{_space(text, last)}{ELLIPSIS}"
    return "\n".join(f"> {line}" for line in body.split("\n"))


def _bold(escaped: str) -> str:
    """Each line in bold by itself, its white space outside the marks."""
    return "\n".join(
        _BOLD_LINE.sub(
            lambda match: f"{match[1]}**{match[2]}**{match[3]}" if match[2] else match[0], line
        )
        for line in escaped.split("\n")
    )


def _space(text: str, position: int) -> str:
    """What stands between an ellipsis and the word beside the cut."""
    beside = text[max(0, position - 1) : position + 1].strip()
    return "" if any(writes_no_spaces(character) for character in beside) else " "


def _breaks(text: str, longest: int = LONGEST_WORD) -> list[int]:
    """Where ``text`` may be cut, ascending, both its ends included.

    At white space; around every character of a script that writes no spaces; and, in runs longer
    than ``longest``, between whole characters; after twice that, anywhere.
    """
    found = [0]
    for position in range(1, len(text)):
        left, right = text[position - 1], text[position]
        run = position - found[-1]
        dense = writes_no_spaces(left) or writes_no_spaces(right) or run >= longest
        if (
            (right.isspace() and not left.isspace())
            or (dense and not _holds_together(left, right))
            or run >= 2 * longest
        ):
            found.append(position)
    found.append(len(text))
    return found


_CONTINUES = frozenset("\u0e33\u0eb3\uff9e\uff9f")
"""Letters that are read as part of the one before: Thai and Lao AM, and the voicing marks of
halfwidth katakana (Unicode: Grapheme_Cluster_Break SpacingMark and Extend)."""


def _holds_together(left: str, right: str) -> bool:
    """Whether a cut would separate parts of one character as it is seen."""
    return (
        left == "\u200d"
        or right == "\u200d"
        or unicodedata.category(right) in ("Mn", "Mc", "Me")
        or right in _CONTINUES
        or "\U000e0020" <= right <= "\U000e007f"
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U0001f1e6" <= right <= "\U0001f1ff"
    )


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest count up to ``most`` that fits, given that smaller ones do; 0 if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def share(needs: Sequence[int], room: int) -> list[int]:
    """Divide ``room`` among texts that need ``needs``.

    Half of it is for the first, the rest evenly for the others. What one does not need goes to
    those that do, the first before the others.
    """
    if not needs:
        return []
    others = len(needs) - 1
    each = room // (2 * others) if others else 0
    shares = [min(need, each) for need in needs]
    shares[0] = min(needs[0], room - sum(shares[1:]))
    spare = room - sum(shares)
    for number, need in enumerate(needs):
        extra = min(spare, need - shares[number])
        shares[number] += extra
        spare -= extra
    return shares
