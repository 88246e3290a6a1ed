"""What a message asks: its questions, apart from greetings and what else stands around them."""

from __future__ import annotations

import re

from sentencex import get_sentence_boundaries

_QUESTION_END = re.compile(r"[?？؟][!！'\"’”»)\s]*$")
_BREAKS = re.compile(r"[\s\u0085]+")
_ONE_SENTENCE = re.compile(r"[\w ,'’\"()-]*[?？؟]?")
"""Nothing in it but its last sign can end a sentence."""
LEAST_LETTERS = 10
"""A shorter question ("And why?") means little alone: it stays with its neighbour."""
MOST_QUESTIONS = 3


def split_questions(message: str) -> list[str]:
    """The questions of a message with several, at most MOST_QUESTIONS; else the message as it is.

    What stands before a question ("I read about the deal.") goes with it.
    """
    text = _BREAKS.sub(" ", message).strip()
    parts: list[str] = []
    pending = ""
    for sentence in _sentences(text):
        pending = f"{pending} {sentence}".strip()
        if not _QUESTION_END.search(sentence):
            continue
        if sum(map(str.isalnum, pending)) >= LEAST_LETTERS:
            parts.append(pending)
        elif parts:
            parts[-1] = f"{parts[-1]} {pending}"
        else:
            continue
        pending = ""
    if len(parts) < 2:
        return [message]
    return parts[:MOST_QUESTIONS]


def bare_question(message: str) -> str | None:
    """The message's only question sentence, where other sentences stand around it; else None."""
    sentences = _sentences(_BREAKS.sub(" ", message).strip())
    questions = [sentence for sentence in sentences if _QUESTION_END.search(sentence)]
    if len(questions) != 1 or len(sentences) == 1:
        return None
    return questions[0] if sum(map(str.isalnum, questions[0])) >= LEAST_LETTERS else None


def _sentences(text: str) -> list[str]:
    # Most questions are: nothing has to be split.
    if _ONE_SENTENCE.fullmatch(text):
        return [text] if text else []
    # English rules fit: what ends a question is the same sign in nearly all languages.
    boundaries = get_sentence_boundaries("en", text)
    found = (text[one["start_index"] : one["end_index"]].strip() for one in boundaries)
    return [sentence for sentence in found if sentence]
