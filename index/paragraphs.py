"""What reading an article gives: paragraphs, what was left out, and notes. Shared by the readers of
each format.

Spans are offsets into the file's text and nothing is rewritten, so a quote is always what the file
says.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.boilerplate import boilerplate_reason
from index.remarks import Remark, Said

Span = tuple[int, int]

LINE_END = re.compile(r"\r\n|\r|\n")  # the ends CommonMark knows; no others, so line numbers agree
_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।։:;]['\"’”“»«›‹)\]*_]*(?:\s?\[[0-9]{1,3}\])*$")
LONGEST_LEAD_IN = 300  # characters; "To build the index, run:" joins the list or code it introduces
LONGEST_LIST = 2000  # characters; a longer list is not one paragraph


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph: `text[start:end]`, no white space at either end."""

    start: int
    end: int
    heading: str | None


@dataclass(frozen=True, slots=True)
class Omission:
    """Text of the file that is no paragraph. `reason` completes the sentence "This line …"."""

    line: int
    text: str
    reason: Said


@dataclass(frozen=True, slots=True)
class Note:
    """Something in `line` (1-based) that whoever looks after the content may want to know."""

    line: int
    text: Said


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds. `title` and `publisher` are what the text itself says, else None."""

    title: str | None
    publisher: str | None
    paragraphs: tuple[Paragraph, ...]
    omissions: tuple[Omission, ...]
    notes: tuple[Note, ...]


@dataclass(slots=True)
class Draft:
    """Collects a Reading while a file is walked through, first line to last."""

    text: str
    exclude: Sequence[str]
    keep: Sequence[str]
    lines: list[Span]
    title: str | None = None
    publisher: str | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _unwanted: list[tuple[str, str]] = field(init=False)
    _wanted: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._unwanted = [(unwanted, flat(unwanted)) for unwanted in self.exclude]
        self._wanted = [flat(wanted) for wanted in self.keep]

    def line(self, offset: int) -> int:
        return bisect_right(self.lines, (offset, len(self.text) + 1))

    def omit(self, span: Span, reason: Said) -> None:
        self.omissions.append(Omission(self.line(span[0]), self.text[slice(*span)], reason))

    def reason_to_omit(self, span: Span, content: str | None = None) -> Said | None:
        """`content` is the span's text without Markdown's block marks, where that differs."""
        content = self.text[slice(*span)] if content is None else content
        line = flat(content) if self.exclude else ""
        for unwanted, words in self._unwanted:
            if words in line:
                return Remark.IS_EXCLUDED(text=unwanted)
        if not any(character.isalnum() for character in content):
            return Remark.NO_WORDS()
        return None if self.keeps(content) else boilerplate_reason(content)

    def keeps(self, content: str) -> bool:
        """Whether `content` holds an entry of `keep`: then no rule leaves it out."""
        if not self._wanted:
            return False
        line = flat(content)
        return any(wanted in line for wanted in self._wanted)

    def finish(self) -> Reading:
        return Reading(
            self.title,
            self.publisher,
            tuple(self.paragraphs),
            tuple(sorted(self.omissions, key=lambda omission: omission.line)),
            tuple(sorted(self.notes, key=lambda note: note.line)),
        )


def line_spans(text: str) -> list[Span]:
    """Start and end of every line of `text`, line ends (CRLF, CR or LF) left out."""
    spans = []
    start = 0
    for match in LINE_END.finditer(text):
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(text)))
    return spans


def ends_sentence(text: str) -> bool:
    """Whether `text` ends in the punctuation that ends a sentence, or a colon or semicolon."""
    return _SENTENCE_END.search(text[-40:].rstrip()) is not None


def flat(text: str) -> str:
    """`text` on one line: every run of white space one blank."""
    # Word by word: no other thread has its turn while `split` makes a list of a million.
    return " ".join(word[0] for word in _WORD.finditer(text))


def stripped(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends; empty if there is nothing else."""
    part = text[start:end]
    left = start + len(part) - len(part.lstrip())
    return left, max(left, start + len(part.rstrip()))
