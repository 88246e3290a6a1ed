"""Copies of questions as people type them, to measure how much an answer suffers.

lower      all lower case, and no question mark
capitals   all upper case
keywords   without the words that questions on many topics share ("what", "is", "the")
typos      a slip in two of the longer words: letters swapped, one left out, one doubled
embedded   with a greeting before it and thanks after it
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line needs the names of the forms, and not what evaluating needs
    from index.evaluate import Dataset

_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = "?¿？؟!¡.,;:…\"'“”„«»()[]"
TOPIC_SHARE = 0.25
"""A word in the questions on at least this share of the articles says nothing about a topic."""
LONG = 5
"""Slips are made in words of at least so many letters: in shorter ones they make other words."""
SLIPS = 2


class Form(StrEnum):
    """How the questions are worded."""

    AS_WRITTEN = "as-written"
    LOWER = "lower"
    CAPITALS = "capitals"
    KEYWORDS = "keywords"
    TYPOS = "typos"
    EMBEDDED = "embedded"


def reword(dataset: Dataset, form: Form) -> dict[str, str]:
    """The dataset's questions by id in the given form; the same at every call."""
    questions = dataset.questions
    match form:
        case Form.AS_WRITTEN:
            return dict(questions)
        case Form.LOWER:
            return {id_: _lower(text) for id_, text in questions.items()}
        case Form.CAPITALS:
            return {id_: text.upper() for id_, text in questions.items()}
        case Form.KEYWORDS:
            common = _common_words(dataset)
            return {id_: _keywords(text, common) for id_, text in questions.items()}
        case Form.TYPOS:
            return {id_: _with_slips(text) for id_, text in questions.items()}
        case Form.EMBEDDED:
            return {
                id_: f"Hi everyone, quick question: {text} Thanks a lot!"
                for id_, text in questions.items()
            }


def _lower(text: str) -> str:
    return text.lower().strip(" ?¿？؟!¡")


def _common_words(dataset: Dataset) -> frozenset[str]:
    words: dict[str, set[str]] = {}
    for id_, gold in dataset.answers.items():
        words.setdefault(gold.article, set()).update(_words(dataset.questions[id_].lower()))
    return _in_many(words)


def _in_many(words: Mapping[str, set[str]]) -> frozenset[str]:
    counts = Counter(word for of_article in words.values() for word in of_article)
    least = max(2, TOPIC_SHARE * len(words))
    return frozenset(word for word, count in counts.items() if count >= least)


def _words(text: str) -> list[str]:
    """Without the signs around them. A language without spaces has one word a question."""
    return [word for part in text.split() if (word := part.strip(_SIGNS))]


def _keywords(text: str, common: frozenset[str]) -> str:
    kept = [word for word in _words(text) if word.lower() not in common]
    # A question of common words alone stays as it is.
    return " ".join(kept) or text


def _with_slips(text: str) -> str:
    chance = random.Random(text)
    places = [match.span() for match in _LETTERS.finditer(text) if len(match.group()) >= LONG]
    for start, end in sorted(chance.sample(places, min(SLIPS, len(places))), reverse=True):
        text = text[:start] + _slip(text[start:end], chance) + text[end:]
    return text


def _slip(word: str, chance: random.Random) -> str:
    """One slip of the fingers, after the first letter."""
    place = chance.randrange(1, len(word) - 1)
    kind = chance.choice(("swap", "leave out", "double"))
    if kind == "swap" and word[place] != word[place + 1]:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "leave out":
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]
