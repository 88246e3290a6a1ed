"""Questions reworded as people type them."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.evaluate import Dataset, GoldAnswer
from index.question_forms import Form, _slip, reword

GERMAN = "Wer bezahlt den Leuchtturmwärter?"
SPANISH = "¿Qué día no se puede visitar el faro?"
ARABIC = "متى بُنيت المنارة؟"
JAPANESE = "灯台はいつ建てられましたか？"


def dataset_of(*articles: list[str]) -> Dataset:
    """A data set by its articles' questions: those of the first article are a0, a1 and so on."""
    questions, answers = {}, {}
    for letter, texts in zip("abcdefghijklmnopqrstuvwxyz", articles, strict=False):
        for number, text in enumerate(texts):
            questions[f"{letter}{number}"] = text
            answers[f"{letter}{number}"] = GoldAnswer(letter, 1, ("an answer",), "")
    return Dataset((), questions, answers)


def reworded(form: Form, *texts: str) -> list[str]:
    """Texts of one article in the given form."""
    return list(reword(dataset_of(list(texts)), form).values())


def test_names_of_the_forms() -> None:
    assert [str(form) for form in Form] == [
        "as-written",
        "lower",
        "capitals",
        "keywords",
        "typos",
        "embedded",
    ]


@pytest.mark.parametrize("form", Form)
def test_every_question_keeps_its_id(form: Form) -> None:
    dataset = dataset_of(["Who?", GERMAN], [SPANISH, "", JAPANESE])
    unanswered = {"x": "Does anybody know?"}
    dataset = Dataset((), dataset.questions | unanswered, dataset.answers)
    before = dict(dataset.questions)
    assert list(reword(dataset, form)) == ["a0", "a1", "b0", "b1", "b2", "x"]
    assert dataset.questions == before


def test_as_written() -> None:
    dataset = dataset_of(["Who?", GERMAN], [SPANISH])
    found = reword(dataset, Form.AS_WRITTEN)
    assert found == dataset.questions
    assert found is not dataset.questions


def test_capitals() -> None:
    assert reworded(Form.CAPITALS, GERMAN) == ["WER BEZAHLT DEN LEUCHTTURMWÄRTER?"]


# Lower case -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When was the Lighthouse of Arnsholm built?", "when was the lighthouse of arnsholm built"),
        (GERMAN, "wer bezahlt den leuchtturmwärter"),
        (SPANISH, "qué día no se puede visitar el faro"),
        (ARABIC, "متى بُنيت المنارة"),
        (JAPANESE, "灯台はいつ建てられましたか"),
        ("КТО ПОСТРОИЛ МАЯК ?", "кто построил маяк"),
        ("Who?", "who"),
        ("Really? And who??", "really? and who"),
        ("Tell me.", "tell me."),
        ("?", ""),
        ("", ""),
    ],
)
def test_lower(text: str, expected: str) -> None:
    assert reworded(Form.LOWER, text) == [expected]


# Keywords ---------------------------------------------------------------------------------------


def test_keywords_are_what_few_articles_questions_have() -> None:
    """Of three articles' questions: "the" and "is" are in all, "When" is in two, in any case."""
    dataset = dataset_of(
        ["When is the Ferry due?", "Who is the ferry's captain?"],
        ["Where is the well-known lighthouse?", "And when is it lit?"],
        ["Is the bread of St. Olaf baked?"],
    )
    assert reword(dataset, Form.KEYWORDS) == {
        "a0": "Ferry due",
        "a1": "Who ferry's captain",
        "b0": "Where well-known lighthouse",
        "b1": "And it lit",
        "c0": "bread of St Olaf baked",
    }


def test_keywords_in_several_languages() -> None:
    german = dataset_of([GERMAN, "Wer ißt Öl?"], ["Wer malte den Hafen?"])
    assert reword(german, Form.KEYWORDS) == {
        "a0": "bezahlt Leuchtturmwärter",
        "a1": "ißt Öl",
        "b0": "malte Hafen",
    }
    spanish = dataset_of([SPANISH], ["¿Qué no se vende el lunes?"])
    assert reword(spanish, Form.KEYWORDS) == {"a0": "día puede visitar faro", "b0": "vende lunes"}
    russian = dataset_of(["Кто построил маяк?"], ["А кто спел?"])
    assert reword(russian, Form.KEYWORDS) == {"a0": "построил маяк", "b0": "А спел"}


def test_words_within_one_article_are_keywords_however_often_they_come() -> None:
    dataset = dataset_of(["Who ran?", "Who sat?", "Who sang?"], ["What ran?"])
    assert reword(dataset, Form.KEYWORDS) == {
        "a0": "Who",
        "a1": "Who sat",
        "a2": "Who sang",
        "b0": "What",
    }


@pytest.mark.parametrize(
    ("articles", "with_who", "expected"),
    [
        (2, 1, "who a"),  # one article in two, but one alone has no common words
        (2, 2, "a"),
        (8, 2, "a"),
        (9, 2, "who a"),  # 2 of 9 are less than a quarter
        (9, 3, "a"),
        (12, 3, "a"),
        (13, 3, "who a"),
    ],
)
def test_common_words_are_in_a_quarter_of_the_articles(
    articles: int, with_who: int, expected: str
) -> None:
    letters = "abcdefghijklm"[:articles]
    dataset = dataset_of(
        *([f"who {letter}" if place < with_who else letter] for place, letter in enumerate(letters))
    )
    assert reword(dataset, Form.KEYWORDS)["a0"] == expected


def test_question_of_common_words_alone_stays_as_it_is() -> None:
    dataset = dataset_of(["Who is it?", "Who rang?"], ["Is it Who?"], ["?", ""])
    assert reword(dataset, Form.KEYWORDS) == {
        "a0": "Who is it?",
        "a1": "rang",
        "b0": "Is it Who?",
        "c0": "?",
        "c1": "",
    }


def test_questions_without_an_answer_do_not_make_words_common() -> None:
    dataset = dataset_of(["who rang"], ["when"])
    dataset = Dataset((), dataset.questions | {"x": "who when"}, dataset.answers)
    assert reword(dataset, Form.KEYWORDS) == {"a0": "who rang", "b0": "when", "x": "who when"}


# Typos ------------------------------------------------------------------------------------------


class Chosen(random.Random):
    """Not random: the place and the kind of slip are given."""

    def __init__(self, place: int, kind: str) -> None:
        super().__init__(0)
        self._place, self._kind = place, kind

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        # Neither the first letter nor the last, which has none after it to be swapped with.
        assert stop is not None
        assert self._place in range(start, stop)
        return self._place

    def choice(self, seq: object) -> str:
        assert seq == ("swap", "leave out", "double")
        return self._kind


@pytest.mark.parametrize(
    ("word", "place", "kind", "expected"),
    [
        ("Ferry", 1, "swap", "Frery"),
        ("Ferry", 3, "swap", "Feryr"),
        ("Ferry", 2, "swap", "Ferrry"),  # two r: swapped they would be the same
        ("Ferry", 1, "leave out", "Frry"),
        ("Ferry", 3, "leave out", "Fery"),
        ("Ferry", 1, "double", "Feerry"),
        ("Ferry", 3, "double", "Ferrry"),
        ("mañana", 2, "swap", "maañna"),
        ("построил", 3, "leave out", "посроил"),
        ("灯台はいつ", 3, "double", "灯台はいいつ"),
    ],
)
def test_slip(word: str, place: int, kind: str, expected: str) -> None:
    assert _slip(word, Chosen(place, kind)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "When was the lighthouse of Arnsholm built?",
            "When was the lighthouse of Arnhsolm buillt?",
        ),
        (GERMAN, "Wer beazhlt den Leuchtturwmärter?"),
        (SPANISH, "¿Qué día no se pede visiitar el faro?"),
        ("Кто построил маяк?", "Кто пострроил маяк?"),
        (JAPANESE, "灯台はいつ建てられましたたか？"),
    ],
)
def test_typos(text: str, expected: str) -> None:
    assert reworded(Form.TYPOS, text) == [expected]


@pytest.mark.parametrize("text", ["", "?", "Who?", "Why so, Odo?", "  ", "Wann war das?"])
def test_no_typos_in_short_words(text: str) -> None:
    assert reworded(Form.TYPOS, text) == [text]


@given(st.lists(st.text("abcdeéß", min_size=1, max_size=9), max_size=8))
def test_typos_are_in_two_of_the_longer_words(words: list[str]) -> None:
    [found] = reworded(Form.TYPOS, " ".join(words))
    after = found.split(" ") if words else []
    assert len(after) == len(words)
    changed = [(one, other) for one, other in zip(words, after, strict=True) if one != other]
    assert len(changed) == min(2, sum(len(word) >= 5 for word in words))
    for one, other in changed:
        assert len(one) >= 5
        assert other in slips(one)


def slips(word: str) -> set[str]:
    """All that one slip after the first letter can make of a word."""
    places = range(1, len(word) - 1)
    return {
        *(word[:place] + word[place + 1] + word[place] + word[place + 2 :] for place in places),
        *(word[:place] + word[place + 1 :] for place in places),
        *(word[: place + 1] + word[place:] for place in places),
    } - {word}


def test_a_question_has_the_same_typos_whatever_stands_beside_it() -> None:
    alone = reworded(Form.TYPOS, GERMAN)
    assert reworded(Form.TYPOS, SPANISH, GERMAN)[1:] == alone
    assert reworded(Form.TYPOS, GERMAN, GERMAN) == alone * 2


# Embedded, and determinism ----------------------------------------------------------------------


@pytest.mark.parametrize("text", [GERMAN, SPANISH, JAPANESE, "Who?", ""])
def test_embedded(text: str) -> None:
    assert reworded(Form.EMBEDDED, text) == [f"Hi everyone, quick question: {text} Thanks a lot!"]


REWORD_IN_A_PROCESS = """
from test_question_forms import ARABIC, GERMAN, JAPANESE, SPANISH, dataset_of
from index.question_forms import Form, reword
dataset = dataset_of([GERMAN, SPANISH], [ARABIC, JAPANESE], [GERMAN])
print([reword(dataset, form) for form in Form])
"""


def test_the_same_in_every_process() -> None:
    tests = Path(__file__).parent
    printed = [
        subprocess.run(
            [sys.executable, "-c", REWORD_IN_A_PROCESS],
            env={
                "PYTHONPATH": f"{tests}:{tests.parent}",
                "PYTHONHASHSEED": seed,
                "PYTHONUTF8": "1",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    dataset = dataset_of([GERMAN, SPANISH], [ARABIC, JAPANESE], [GERMAN])
    assert printed == [f"{[reword(dataset, form) for form in Form]}\n"] * 2
