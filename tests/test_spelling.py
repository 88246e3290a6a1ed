"""Which words of a question are taken for slips, and of what."""

from collections.abc import Sequence

import pytest

from index.spelling import respelt, words_in

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
    assert respelt("Missilet", frozenset({"missileth"}), rarities) == "Missileth"
    assert respelt("Missilet", frozenset(), rarities) == "Missile"


def test_the_commonest_word_is_meant() -> None:
    assert respelt("hokse", frozenset(), rarities) == "house"  # as near to the one as to the other
    # A word of the library that is no token is rarer than one that is.
    assert respelt("horsc", frozenset({"horsch", "horse"}), rarities) == "horse"
    assert respelt("horsc", frozenset({"horsch"}), rarities) == "horsch"


def test_words_in() -> None:
    text = "Die Patriot-Raketen (2025) für Kiew, naïveté_x. Ракеты"
    assert list(words_in(text)) == ["patriot", "raketen", "naïveté", "ракеты"]
