"""Slips of the fingers in a question: a word that nobody writes, next to one that somebody does.

A misspelt word is cut into scraps ("Pat", "ro", "it"), which match nothing. Words that are written
are those of the library, and those that the model's tokenizer knows as a whole: a quarter of a
million pieces of a hundred languages, with how common each is. What is one slip away from such a
word may be it: a letter left out, put in, replaced, or two of them swapped (Damerau 1964), not the
first letter, which is seldom wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

from index.invisible import without_invisible

LEAST_LETTERS = 5
"""Shorter words are too near to one another."""
MOST_LETTERS = 30
"""Longer ones are no words; their neighbours would be many, and as long."""
MOST_WORDS = 8
"""Unknown words whose neighbours are looked up, a millisecond or some each: the first ones."""
_WORD = re.compile(rf"[^\W\d_]{{{LEAST_LETTERS},}}")
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzßàáâãäåæçèéêëìíîïñòóôõöøùúûüýąćčďęěğılłńňőœřśšşţťůűźżžșț",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў",
    "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ",
)

Rarities = Callable[[Sequence[str]], list[float | None]]
"""How rare each word is that the model knows as a whole; None for the others."""


def words_in(texts: Iterable[str]) -> frozenset[str]:
    """The words that slips are looked for in, in lower case."""
    words: set[str] = set()
    for text in texts:
        words.update(map(str.lower, _WORD.findall(_composed(text))))
    return frozenset(words)


def respelt(question: str, library: Collection[str], rarities: Rarities) -> str | None:
    """The question with its slips mended; None if there seem to be none.

    ``library``: words of the articles, as `words_in` gives them; they go before the model's.
    """
    question = _composed(question)
    parts: list[str] = []
    end = 0
    unknown = (
        match
        for match in _WORD.finditer(question)
        if len(match.group()) <= MOST_LETTERS and not _is_known(match.group(), library, rarities)
    )
    for match in islice(unknown, MOST_WORDS):
        word = match.group()
        meant = _meant(word, library, rarities)
        # What goes on from a known word by a letter ("financed") is a form of it, and the model
        # reads that word in it.
        if meant is not None and meant.lower() != word[:-1].lower():
            parts += question[end : match.start()], meant
            end = match.end()
    return "".join((*parts, question[end:])) if parts else None


def _composed(text: str) -> str:
    """With an accent and its letter as one sign, and without what is not seen, as the model reads
    them."""
    return unicodedata.normalize("NFC", without_invisible(text))


def _is_known(word: str, library: Collection[str], rarities: Rarities) -> bool:
    lower = word.lower()
    return lower in library or any(one is not None for one in rarities([word, lower]))


def _meant(word: str, library: Collection[str], rarities: Rarities) -> str | None:
    near = sorted(_one_slip_away(word.lower()))
    rarity = dict(zip(near, rarities(near), strict=True))
    written = [one for one in near if one in library] or [
        one for one in near if rarity[one] is not None
    ]
    if not written:
        return None
    # Of a word that is no whole token the rarity is not known: it is rarer than all that are.
    best = min(written, key=lambda one: (rarity[one] is None, rarity[one] or 0.0))
    return best.capitalize() if word[0].isupper() else best


def _one_slip_away(word: str) -> set[str]:
    alphabet = next((one for one in _ALPHABETS if set(word) <= set(one)), None)
    if alphabet is None:
        return set()
    found = set()
    for place in range(1, len(word) + 1):
        before, after = word[:place], word[place:]
        found |= {f"{before}{letter}{after}" for letter in alphabet}
        if after:
            found |= {f"{before}{letter}{after[1:]}" for letter in ("", *alphabet)}
        if len(after) > 1:
            found.add(f"{before}{after[1]}{after[0]}{after[2:]}")
    return found
