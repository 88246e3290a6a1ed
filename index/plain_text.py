"""Reads plain text: the title in line 1, a paragraph a line, or hard-wrapped paragraphs between
blank lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.glued_headings import GluedHeadings
from index.paragraphs import (
    LONGEST_LEAD_IN,
    LONGEST_LIST,
    Draft,
    Note,
    Paragraph,
    Reading,
    Span,
    ends_sentence,
    flat,
    line_spans,
    stripped,
)
from index.remarks import Remark

_LIST_MARKER = re.compile(r"(?:[-*+•–]|[0-9]{1,3}[.)])[ \t]+\S")
_LONGEST_TITLE = 250  # characters, as all of these
_LONGEST_HEADING = 100
_LONGEST_PUBLISHER = 60
_WRAPPED_WIDTH = range(40, 101)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A candidate for a paragraph: one line, or the lines of a wrapped paragraph or a list."""

    start: int
    end: int
    single_line: bool


def read_plain_text(
    text: str,
    body: int,
    *,
    title: str | None,
    language: str,
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Reading:
    """Reads `text` from offset `body` on as plain text.

    A line is a paragraph, but hard-wrapped lines between blank lines are one, and so are the lines
    of a list (with a line before it that ends in a colon) or three and more short lines in a row.
    Line 1 is the title unless `title` is given. A short line without end punctuation is the heading
    of what follows; the last one of the file is the publisher's name. `language` (ISO 639-1) helps
    to find headings glued to their paragraph. Lines that contain an entry of `exclude`, and those
    `boilerplate_reason` knows and that contain none of `keep`, become omissions.
    """
    draft = Draft(text, exclude, keep, line_spans(text))
    blocks = _plain_blocks(draft, body)
    blocks = _take_title(draft, blocks, title)
    units = [unit for block in blocks for unit in _units(text, block)]
    kept = []
    for unit in units:
        reason = draft.reason_to_omit((unit.start, unit.end))
        if reason is None:
            kept.append(unit)
        else:
            draft.omit((unit.start, unit.end), reason)
    kept = _take_publisher(draft, kept)
    _place_plain(draft, kept, GluedHeadings(text[body:], language))
    return draft.finish()


def _plain_blocks(draft: Draft, body: int) -> list[list[Span]]:
    """Runs of lines without a blank line between them; white space at the lines' ends left out."""
    blocks: list[list[Span]] = [[]]
    for start, end in draft.lines:
        if end < body:
            continue
        span = stripped(draft.text, max(start, body), end)
        if span[0] < span[1]:
            blocks[-1].append(span)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _take_title(draft: Draft, blocks: list[list[Span]], title: str | None) -> list[list[Span]]:
    """Sets the draft's title and returns the blocks without its line or lines."""
    if not blocks:
        return blocks
    first, text = blocks[0], draft.text
    line = flat(text[slice(*first[0])])
    if title is not None:
        rest = first[1:] if line.casefold() == flat(title).casefold() else first
        return [rest, *blocks[1:]] if rest else blocks[1:]
    if len(first) > 1 and _is_wrapped(text, first) and text[first[1][0]].islower():
        whole = flat(text[first[0][0] : first[-1][1]])
        if len(whole) > _LONGEST_TITLE or ends_sentence(whole):
            return blocks  # a paragraph without a title
        draft.title = whole
        return blocks[1:]
    alone = len(blocks) == 1 and len(first) == 1
    if len(line) > _LONGEST_TITLE or (alone and ends_sentence(line)):
        return blocks
    draft.title = line
    return [first[1:], *blocks[1:]] if len(first) > 1 else blocks[1:]


def _is_wrapped(text: str, lines: Sequence[Span]) -> bool:
    """Whether the lines are one paragraph broken at a column.

    They are if the first word of hardly any next line would have fitted.
    """
    width = max(end - start for start, end in lines)
    if len(lines) < 2 or width not in _WRAPPED_WIDTH:
        return False
    full = ended = 0
    for (start, end), (following, following_end) in pairwise(lines):
        word = text[following:following_end].split(maxsplit=1)[0]
        full += end - start + 1 + len(word) > width
        ended += ends_sentence(text[start:end])
    breaks = len(lines) - 1
    return full >= 0.8 * breaks and ended <= 0.5 * breaks


def _units(text: str, block: Sequence[Span]) -> Iterator[_Unit]:
    if _is_wrapped(text, block) and not _LIST_MARKER.match(text, block[0][0]):
        yield _Unit(block[0][0], block[-1][1], single_line=False)
        return
    index = 0
    while index < len(block):
        start, end = block[index]
        stop = index + 1
        introduces = text[start:end].endswith(":") and end - start <= LONGEST_LEAD_IN
        if _LIST_MARKER.match(text, start) or introduces:
            while (
                stop < len(block)
                and _LIST_MARKER.match(text, block[stop][0])
                and block[stop][1] - start <= LONGEST_LIST
            ):
                stop += 1
        yield _Unit(start, block[stop - 1][1], single_line=stop == index + 1)
        index = stop


def _is_heading(text: str, unit: _Unit) -> bool:
    line = text[unit.start : unit.end]
    first = next((character for character in line if character.isalpha()), None)
    return (
        unit.single_line
        and len(line) <= _LONGEST_HEADING
        and first is not None
        and not first.islower()
        and not ends_sentence(line)
        and line[-1] not in ",-–—"
        and not _LIST_MARKER.match(line)
    )


def _take_publisher(draft: Draft, units: list[_Unit]) -> list[_Unit]:
    """The units without a last line that only names the publisher."""
    if len(units) < 2:
        return units
    last = units[-1]
    line = draft.text[last.start : last.end]
    short = len(line) <= _LONGEST_PUBLISHER and len(line.split()) <= 6
    listed = len(units) > 2 and all(_is_heading(draft.text, unit) for unit in units[-3:])
    paragraphs = any(not _is_heading(draft.text, unit) for unit in units[:-1])
    named = _is_heading(draft.text, last) or (len(line.split()) == 1 and line.isalpha())
    if not (short and named and paragraphs) or listed:
        return units
    draft.publisher = flat(line)
    draft.omit((last.start, last.end), Remark.NAMES_PUBLISHER())
    return units[:-1]


def _place_plain(draft: Draft, units: Sequence[_Unit], glued: GluedHeadings) -> None:
    """Makes paragraphs of the units, and headings of the short lines before them."""
    heading: str | None = None
    pending: list[_Unit] = []
    unused: list[_Unit] = []  # what the heading was made of, until a paragraph follows

    def give_up(units: list[_Unit]) -> None:
        for unit in units:
            draft.omit((unit.start, unit.end), Remark.HEADING_OF_NOTHING())
        units.clear()

    def settle(*, at_end: bool) -> None:
        """Three and more short lines in a row are a list or a poem; one or two are a heading."""
        nonlocal heading
        if len(pending) > 2 or (pending and at_end and not draft.paragraphs):
            draft.paragraphs.append(Paragraph(pending[0].start, pending[-1].end, heading))
            unused.clear()
        elif pending and not at_end:
            give_up(unused)
            unused.extend(pending)
            heading = " – ".join(flat(draft.text[unit.start : unit.end]) for unit in pending)
        elif at_end:
            give_up(unused)
            give_up(pending)
        pending.clear()

    omitted = [omission.line for omission in draft.omissions]
    for unit in units:
        if pending and any(
            draft.line(pending[-1].end) < line < draft.line(unit.start) for line in omitted
        ):
            settle(at_end=False)  # a run ends at an omitted line, or a paragraph would contain it
        if _is_heading(draft.text, unit):
            pending.append(unit)
            continue
        settle(at_end=False)
        start = unit.start
        split = glued.find(draft.text[start : unit.end])
        if split is not None:
            give_up(unused)
            heading = flat(draft.text[start : start + split])
            draft.notes.append(Note(draft.line(start), Remark.HEADING_SPLIT(heading=heading)))
            start += split
        draft.paragraphs.append(Paragraph(start, unit.end, heading))
        unused.clear()
    settle(at_end=True)
