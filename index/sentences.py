"""Where sentences end, in the languages the model reads.

A sentence is what is looked up, marked and shown, so one that is cut at "im 21." or "Dr." is worse
than two that stay together. yasbd knows 38 languages' abbreviations, ordinals and quotations;
Thai, which writes no full stops, is cut by PyThaiNLP's conditional random field.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate, pairwise
from threading import Lock

from index.paragraphs import Span

_BLOCK, _UNSURE = 8_000, 1_000
"""Characters of a long paragraph that are looked at at a time, and those at the end of them that
are looked at again with the next. The time that yasbd takes for quotations that are never closed
grows with the square: a second for eight thousand. A sentence longer than a block, which no model
takes at once, is cut between two words."""
_BLANK = re.compile(r"\s")
_FALLBACK = "en"
"""What yasbd knows of all languages and of English serves those that it has no rules for."""

# What yasbd 1.0 does not know yet: what looks like an end and is none, and what is one.
_INITIALS = re.compile(r"\b[^\W\d_]\.(?= ?[^\W\d_]\.)")
_NOT_AN_END = {
    "de": re.compile(r"\b[nv]\.(?= ?Chr\.)|\bu\.(?= ?Z\.)"),
    "es": re.compile(r"\b[ad]\.(?= ?C\b)"),
    "hu": re.compile(r"(?i)\bkb\."),
    "ro": re.compile(r"(?i)\b(?:dl|dna|d-na|str)\."),
    "vi": re.compile(r"\b(?:TP|GS|TS|PGS|ThS|BS)\."),
}
# Before initials it takes any word for an abbreviation; those have less than five letters.
_CYRILLIC_END = re.compile(r"[^\W\d_]{5}\.(?= [^\W\d_]\.)")
_AN_END = {
    # It takes each number with a full stop for an ordinal, which none of these words follows.
    "de": re.compile(
        r"\d\.(?= (?:Der|Die|Das|Den|Dem|Ein|Eine|Einen|Er|Sie|Es|Wir|Ich|Man|Dies|Diese|Dieser|"
        r"Im|In|Am|An|Auf|Aus|Bei|Beim|Mit|Nach|Seit|Von|Vor|Zu|Zum|Zur|Für|Als|Wenn|Weil|Und|"
        r"Aber|Doch|Auch|Dann|Danach|Damit|Dafür|Dabei|Derzeit|Heute|Jetzt|Später)\b)"
    ),
    "km": re.compile(r"[។៕]"),
    "ru": _CYRILLIC_END,
    "uk": _CYRILLIC_END,
}
_THAI_ABBREVIATION = re.compile(r"[\u0e01-\u0e2e]\.\s*\Z")
"""A full stop in Thai: "พ.ศ. 2325" is a year."""
_ONE_AT_A_TIME = Lock()


def sentence_spans(text: str, language: str) -> Iterator[Span]:
    """The sentences of ``text``, one after another and without a gap: white space between two goes
    with the first.

    ``language`` is a code of two letters ("de"); rules for English serve those that nothing is
    known of.
    """
    # As long as any other white space, which has a meaning to yasbd or is not known to it.
    text = _BLANK.sub(" ", text)
    find = _thai_ends if language == "th" else _rules(language)
    start = 0
    while start < len(text):
        block = text[start : start + _BLOCK]
        ends = sorted({*find(block), len(block)})
        if start + len(block) < len(text):
            # Near its end the block may lack what belongs to it, such as the end of a quotation.
            sure = [end for end in ends if end <= _BLOCK - _UNSURE]
            ends = sure or [block.rfind(" ") + 1 or len(block)]
        yield from pairwise([start, *(start + end for end in ends)])
        start += ends[-1]


@cache
def _rules(language: str) -> Callable[[str], set[int]]:
    """What finds the ends of sentences by yasbd's rules for the language."""
    from yasbd import BoundaryDetector, get_supported_langs

    known = language in get_supported_langs() and language != "auto"
    detector = BoundaryDetector(language if known else _FALLBACK)
    not_an_end, an_end = _NOT_AN_END.get(language), _AN_END.get(language)

    def ends(text: str) -> set[int]:
        found = set(detector.detect(text))
        found -= {match.end() for match in _INITIALS.finditer(text)}
        if not_an_end is not None:
            found -= {match.end() for match in not_an_end.finditer(text)}
        if an_end is not None:
            found |= {match.end() for match in an_end.finditer(text)}
        return found

    return ends


def _thai_ends(text: str) -> set[int]:
    """The ends of sentences in Thai, which come at blanks of which not all are one."""
    # It would make a folder in the user's home for data that nothing here asks for.
    os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
    from pythainlp.tokenize.crfcut import segment

    with _ONE_AT_A_TIME:  # it keeps what it works on in a global
        sentences = segment(text)
    ends = accumulate(map(len, sentences))
    return {end for end in ends if not _THAI_ABBREVIATION.search(text[:end][-8:])}
