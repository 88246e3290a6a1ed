"""What a message asks: its questions, apart from greetings and what else stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

_QUESTION_END = re.compile(r"[?？؟][!！'\"’”»)*_~|`\s]*$")
_ONE_SENTENCE = re.compile(r"[\w ,'’\"()-]*[?？؟]?")
"""Nothing in it but its last sign can end a sentence."""
_MARKS_BEFORE = re.compile(r"(?:[\s*_~|`>#•]|[-–—]\s|\(?(?:[0-9]{1,2}|[A-Za-z])\)\s)+")
_MARKS_AFTER = re.compile(r"[\s*_~|`]+$")
"""Of Markdown and of lists: "**Who paid?**", "(1) Who paid?"."""
LEAST_LETTERS = 10
"""A shorter question ("And why?") means little alone: it stays with its neighbour."""
MOST_QUESTIONS = 3
"""Of one message: each is looked up by itself, and shown with its own passage."""


def split_questions(message: str) -> list[str]:
    """What of a message is looked up: the first MOST_QUESTIONS different questions, where it has
    several; else the message as it is.

    What stands before a question ("I read about the deal.") goes with it.
    """
    return (_several(message) or [message])[:MOST_QUESTIONS]


def questions_left_out(message: str) -> list[str]:
    """The message's questions that are not looked up, since there are MOST_QUESTIONS before
    them."""
    return _several(message)[MOST_QUESTIONS:]


def _several(message: str) -> list[str]:
    """The different questions of a message; none unless there are two at least."""
    parts: list[str] = []
    pending = ""
    for sentence in _sentences(message):
        pending = f"{pending} {sentence}".strip()
        if not _QUESTION_END.search(sentence):
            continue
        if _letters(pending) >= LEAST_LETTERS:
            parts.append(pending)
        elif parts:
            parts[-1] = f"{parts[-1]} {pending}"
        else:
            continue
        pending = ""
    return [*dict.fromkeys(map(without_marks, parts))] if len(parts) > 1 else []


def wordings(question: str) -> list[str]:
    """What to look up for a question of `split_questions`: its own words, and then those that may
    find more.

    These are its question sentence, where others stand around it, and the last of both in small
    letters, where it is all in capitals: such words are cut into scraps, as few texts have them.
    """
    found = [without_marks(question)]
    bare = bare_question(question)
    if bare is not None and bare not in found:
        found.append(bare)
    if found[-1].isupper() and _letters(found[-1]) >= LEAST_LETTERS:
        found.append(found[-1].lower())
    return found


def bare_question(message: str) -> str | None:
    """The message's only question sentence, where other sentences stand around it; else None."""
    sentences = _sentences(message)
    questions = [sentence for sentence in sentences if _QUESTION_END.search(sentence)]
    if len(questions) != 1 or len(sentences) == 1:
        return None
    return without_marks(questions[0]) if _letters(questions[0]) >= LEAST_LETTERS else None


def without_marks(text: str) -> str:
    """The text without Markdown's and lists' marks around it; as it is if nothing else is there."""
    start = found.end() if (found := _MARKS_BEFORE.match(text)) else 0
    return _MARKS_AFTER.sub("", text[start:]) or text


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _sentences(message: str) -> list[str]:
    # Half of a character cannot be written in UTF-8, which the splitting needs.
    message = message.encode("utf-8", "ignore").decode()
    return [sentence for text in _blocks(message) for sentence in _sentences_of_block(text)]


def _blocks(message: str) -> Iterator[str]:
    """The message in pieces that no sentence goes beyond, white space evened out: its lines, but
    that one which begins with a small letter or a digit goes on from the line before."""
    block = ""
    for line in message.splitlines():
        words = " ".join(line.split())
        if block and (words[:1].islower() or words[:1].isdecimal()):
            block = f"{block} {words}"
            continue
        if block:
            yield block
        block = words
    if block:
        yield block


def _sentences_of_block(text: str) -> list[str]:
    # Most questions are: nothing has to be split.
    if _ONE_SENTENCE.fullmatch(text):
        return [text]
    # English rules fit: what ends a question is the same sign in nearly all languages.
    boundaries = get_sentence_boundaries("en", text)
    found = (text[one["start_index"] : one["end_index"]].strip() for one in boundaries)
    return [sentence for sentence in found if sentence]
