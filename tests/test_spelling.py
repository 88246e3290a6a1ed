"""Which words of a question are taken for slips, and of what."""

import unicodedata
from collections.abc import Sequence

import pytest

from index.spelling import MOST_LETTERS, MOST_WORDS, respelt, words_in

KNOWN = {
    **{"patriot": 9.0, "missiles": 7.0, "missile": 6.0, "deliveries": 5.0, "pause": 4.0},
    **{"ракета": 8.0, "Tokyo": 7.0, "house": 3.0, "horse": 5.0},
}


def rarities(words: Sequence[str]) -> list[float | None]:
    return [KNOWN.get(word) for word in words]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Patroit missiles?", "Patriot missiles?"),  # swapped
        ("when did the patriot missles pause", "when did the patriot missiles pause"),  # left out
        ("When did deliveeries pause?", "When did deliveries pause?"),  # put in
        ("missikes (2025) pause", "missiles (2025) pause"),  # replaced
        ("Patroit misslies", "Patriot missiles"),
        ("ракеата?", "ракета?"),
    ],
)
def test_a_slip_is_mended(question: str, expected: str) -> None:
    assert respelt(question, frozenset(), rarities) == expected


@pytest.mark.parametrize(
    "question",
    [
        "patriot missiles",
        "Tokyo",  # known as it is written
        "MISSILES",
        "qatriot",  # another first letter
        "misisels",  # two slips
        "paus 12345 ???",  # too short
        "パトリオットミサイル",
        "",
    ],
)
def test_all_else_stays(question: str) -> None:
    assert respelt(question, frozenset(), rarities) is None


def test_what_the_library_writes_is_no_slip() -> None:
    assert respelt("pasue", frozenset(), rarities) == "pause"
    assert respelt("Pasue", frozenset({"pasue"}), rarities) is None


def test_the_librarys_words_go_before_the_models() -> None:
    assert respelt("Mssile", frozenset({"massile"}), rarities) == "Massile"
    assert respelt("Mssile", frozenset(), rarities) == "Missile"


def known_scrap(words: Sequence[str]) -> list[float | None]:
    """The model's pieces are not only words."""
    return [{"patri": 1.0, "Patri": 1.0, "calle": 1.0}.get(word) for word in words]


def test_a_letter_behind_a_known_word_is_no_slip() -> None:
    """But one in place of the last letter may be."""
    assert respelt("Patriots paused", frozenset(), rarities) is None
    assert respelt("beacons", frozenset({"beacon"}), rarities) is None
    assert respelt("Patrio", frozenset({"patriot"}), known_scrap) == "Patriot"
    assert respelt("beacom", frozenset({"beacon"}), rarities) == "beacon"
    assert respelt("callel", frozenset({"called"}), known_scrap) == "called"


def test_the_commonest_word_is_meant() -> None:
    assert respelt("hokse", frozenset(), rarities) == "house"  # as near to the one as to the other
    # A word of the library that is no token is rarer than one that is.
    assert respelt("horsc", frozenset({"horsch", "horse"}), rarities) == "horse"
    assert respelt("horsc", frozenset({"horsch"}), rarities) == "horsch"


@pytest.mark.parametrize("question", ["qz" * 3_000, "qzxwv " * 1_000, "патр" * 1_500])
def test_what_is_looked_up_is_bounded(question: str) -> None:
    """Strangers write questions: a word of 6,000 letters has 450,000 neighbours as long."""
    asked: list[str] = []

    def noted(words: Sequence[str]) -> list[float | None]:
        asked.extend(words)
        return [None] * len(words)

    assert respelt(question, frozenset(), noted) is None
    assert len(asked) < 10_000
    assert max(map(len, asked), default=0) <= MOST_LETTERS + 1


def test_slips_behind_many_unknown_words_stay() -> None:
    before = "qzxwv " * (MOST_WORDS - 1)
    assert respelt(f"{before}Patroit", frozenset(), rarities) == f"{before}Patriot"
    assert respelt(f"qzxwv {before}Patroit", frozenset(), rarities) is None
    # Known words do not count.
    known = "house " * MOST_WORDS
    assert respelt(f"{known}Patroit", frozenset(), rarities) == f"{known}Patriot"


def test_the_longest_word_is_mended() -> None:
    word = "b" + "a" * (MOST_LETTERS - 1)
    assert respelt(f"{word[:-1]}", frozenset({word}), rarities) == word
    assert respelt(f"{word}a", frozenset({word}), rarities) is None


def test_an_accent_may_stand_behind_its_letter() -> None:
    """As two signs, "é" would end a word."""
    apart = unicodedata.normalize("NFD", "pausé")
    assert words_in([f"Le {apart}"]) == {"pausé"}
    assert respelt(f"{apart} missles", frozenset({"pausé"}), rarities) == "pausé missiles"


def test_words_in() -> None:
    text = "Die Patriot-Raketen (2025) für Kiew, naïveté_x. Ракеты"
    expected = {"patriot", "raketen", "naïveté", "ракеты", "later"}
    assert words_in([text, "later, Later"]) == expected
