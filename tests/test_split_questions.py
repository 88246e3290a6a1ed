"""What a message asks, in many languages and with all that people write around a question."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.questions import (
    LEAST_LETTERS,
    MOST_QUESTIONS,
    bare_question,
    questions_left_out,
    split_questions,
    wordings,
)

LIT = "When were the lamps lit?"
PAID = "Who paid for the oil?"
KEPT = "Where was the oil kept?"


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (f"{LIT} {PAID}", [LIT, PAID]),
        (f"{LIT}{PAID}", [LIT, PAID]),
        ("When were\nthe  lamps\tlit?\u2028\x85Who paid for the oil?\n", [LIT, PAID]),
        (
            "Wann brannten die Lampen? Wer bezahlte das Öl?",
            ["Wann brannten die Lampen?", "Wer bezahlte das Öl?"],
        ),
        (
            "¿Cuándo ardían las lámparas? ¿Quién pagaba el aceite?",
            ["¿Cuándo ardían las lámparas?", "¿Quién pagaba el aceite?"],
        ),
        (
            "Quand brûlaient les lampes ? Qui payait l'huile ?",
            ["Quand brûlaient les lampes ?", "Qui payait l'huile ?"],
        ),
        (
            "Когда горели лампы? Кто платил за масло?",
            ["Когда горели лампы?", "Кто платил за масло?"],
        ),
        (
            "متى أضيئت المصابيح؟ من دفع ثمن الزيت؟",
            ["متى أضيئت المصابيح؟", "من دفع ثمن الزيت؟"],
        ),
        (
            "码头上的旧路灯是什么时候点亮的？当时是谁付了灯油的钱？",
            ["码头上的旧路灯是什么时候点亮的？", "当时是谁付了灯油的钱？"],
        ),
    ],
)
def test_several_questions_are_asked_one_by_one(message: str, questions: list[str]) -> None:
    assert split_questions(message) == questions
    assert bare_question(message) is None


@pytest.mark.parametrize(
    ("message", "bare"),
    [
        (f"Hello! {LIT}", LIT),
        (f"Good evening. {LIT} Thank you!", LIT),
        (f"I read about the harbour. It is old. {LIT}", LIT),
        (f"{LIT} 😀", LIT),
        (f"Hello!\n\n{LIT}\n", LIT),
        ("Guten Tag! Wer bezahlte das Öl? Viele Grüße, Mira.", "Wer bezahlte das Öl?"),
        ("¡Hola! ¿Quién pagaba el aceite? Gracias.", "¿Quién pagaba el aceite?"),
        ("Bonjour. Qui payait l'huile ? Merci !", "Qui payait l'huile ?"),
        ("你好！码头上的旧路灯是什么时候点亮的？", "码头上的旧路灯是什么时候点亮的？"),
        ('Hello! "When were the lamps lit?"', '"When were the lamps lit?"'),
    ],
)
def test_a_question_is_asked_with_and_without_what_stands_around_it(
    message: str, bare: str
) -> None:
    assert split_questions(message) == [message]
    assert bare_question(message) == bare


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        " \n\t\u3000 ",
        "?",
        "hemp ropes",
        LIT,
        f"  {LIT}\n",
        "When were the lamps lit",
        "Tell me when the lamps were lit. I like lamps.",
        "Did Dr. Quill, Mr. Feld et al. light lamps, e.g. on the quay, for the U.S. consul?",
        "Brannten z. B. um 1887 ca. 40 Lampen an der Kaimauer des Hafens?",
        "What does “Who paid for the oil?” mean in that article",
        "Πότε άναβαν οι λάμπες; Ποιος πλήρωνε το λάδι;",
    ],
)
def test_a_message_of_one_question_or_none_stays_as_it_is(message: str) -> None:
    assert split_questions(message) == [message]
    assert bare_question(message) is None


@pytest.mark.parametrize(
    "message",
    ["Why?", "And why?", "Who? Why? When?", f"{LIT} And why?", f"Why? {LIT}", f"Hi there? {LIT}"],
)
def test_a_very_short_question_is_not_asked_alone(message: str) -> None:
    assert split_questions(message) == [message]
    assert bare_question(message) is None


def test_a_very_short_question_without_another_is_not_asked_bare() -> None:
    assert bare_question("I read about the lamps. And why?") is None


def test_how_short_is_too_short() -> None:
    """The letters and digits count, not the signs and spaces between them."""
    enough, too_short = "Is it - 123456?", "Is it - 12345?"
    assert sum(map(str.isalnum, enough)) == LEAST_LETTERS
    assert split_questions(f"{LIT} {enough}") == [LIT, enough]
    assert bare_question(f"Hello! {enough}") == enough
    assert split_questions(f"{LIT} {too_short}") == [f"{LIT} {too_short}"]
    assert bare_question(f"Hello! {too_short}") is None


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (f"{LIT} And why? {PAID}", [f"{LIT} And why?", PAID]),
        (f"And now? {LIT} {PAID}", [f"And now? {LIT}", PAID]),
        (f"{LIT} {PAID} Why so?", [LIT, f"{PAID} Why so?"]),
        (
            f"Hello! {LIT} I read about oil. {PAID} Thanks.",
            [f"Hello! {LIT}", f"I read about oil. {PAID}"],
        ),
        (f"{LIT} 😀 {PAID}", [LIT, f"😀 {PAID}"]),
        (
            "Did Dr. Quill light lamps? Was it in the U.S. or not?",
            ["Did Dr. Quill light lamps?", "Was it in the U.S. or not?"],
        ),
        (
            "What is https://example.org/?a=1&b=2 about? Who wrote it down?",
            ["What is https://example.org/?a=1&b=2 about?", "Who wrote it down?"],
        ),
    ],
)
def test_what_stands_around_a_question_goes_with_it(message: str, questions: list[str]) -> None:
    assert split_questions(message) == questions


@pytest.mark.parametrize("end", ["?!", "!?", "??", "?!?", "?!!", "？！", "?”", "?!»"])
def test_signs_behind_the_question_mark(end: str) -> None:
    lit, paid = f"When were the lamps lit{end}", f"Who paid for the oil{end}"
    assert split_questions(f"{lit} {paid}") == [lit, paid]
    assert bare_question(f"Hello. {lit}") == lit


def test_only_the_first_questions_of_many_are_asked() -> None:
    assert MOST_QUESTIONS == 3
    many = f"{LIT} {PAID} {KEPT}"
    assert (split_questions(many), questions_left_out(many)) == ([LIT, PAID, KEPT], [])
    more = f"{many} {LIT} How much was it? And who counted the money?"
    assert split_questions(more) == [LIT, PAID, KEPT]
    assert questions_left_out(more) == ["How much was it?", "And who counted the money?"]
    assert questions_left_out(LIT) == []


def test_a_question_that_is_repeated_is_asked_once() -> None:
    assert split_questions(f"{LIT} {LIT} {LIT} {PAID}") == [LIT, PAID]
    assert split_questions(f"{LIT} **{LIT}**") == [LIT]
    assert split_questions(f"{LIT} " * 1_000) == [LIT]


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (f"**{LIT}**\n**{PAID}**", [LIT, PAID]),
        (f"||{LIT}|| ||{PAID}||", [LIT, PAID]),
        (f"> {LIT}\n> {PAID}", [LIT, PAID]),
        (f"(1) {LIT} (2) {PAID}", [LIT, PAID]),
        (f"a) {LIT}\nb) {PAID}", [LIT, PAID]),
        (f"- {LIT}\n- {PAID}", [LIT, PAID]),
        (f"1. FC Köln: {LIT} {PAID}", [f"1. FC Köln: {LIT}", PAID]),
    ],
)
def test_marks_of_lists_and_of_markdown_are_no_part_of_a_question(
    message: str, questions: list[str]
) -> None:
    assert split_questions(message) == questions


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (LIT, [LIT]),
        (f"**{LIT}**", [LIT]),
        (f"(1) {LIT}", [LIT]),
        ("> ?", ["?"]),
        ("***", ["***"]),
        (f"Hello! {LIT}", [f"Hello! {LIT}", LIT]),
        (LIT.upper(), [LIT.upper(), LIT.lower()]),
        (f"HELLO! {LIT.upper()}", [f"HELLO! {LIT.upper()}", LIT.upper(), LIT.lower()]),
        (f"Hello! {LIT.upper()}", [f"Hello! {LIT.upper()}", LIT.upper(), LIT.lower()]),
        ("NATO UN EU", ["NATO UN EU"]),
        ("WANN WAR DAS BAD OFFEN", ["WANN WAR DAS BAD OFFEN", "wann war das bad offen"]),
        ("码头上的旧路灯是什么时候点亮的", ["码头上的旧路灯是什么时候点亮的"]),
    ],
)  # fmt: skip
def test_the_words_in_which_a_question_is_looked_up(message: str, words: list[str]) -> None:
    assert wordings(message) == words


@pytest.mark.parametrize(
    ("message", "bare"),
    [
        (f"Hi all, quick question for you\n{LIT}", LIT),
        (f"Hallo zusammen\n\n{LIT}\n\nDanke euch", LIT),
        ("你好\n码头上的旧路灯是什么时候点亮的？", "码头上的旧路灯是什么时候点亮的？"),
        ("When were\nthe lamps of\n1887 lit?\nThanks", "When were the lamps of 1887 lit?"),
        ("When were the lamps of\n1887 lit?", None),
    ],
)
def test_a_line_is_a_sentence_unless_it_goes_on(message: str, bare: str | None) -> None:
    assert bare_question(message) == bare


def test_half_of_a_character() -> None:
    assert split_questions(f"{LIT} {PAID} \ud800 Thanks.") == [LIT, PAID]


SIGNS = st.sampled_from([*"?!.。？؟;:\"'”»() \n\t\r\x00\x85\xa0\u2028\u3000\u200b", "Dr.", "e.g."])


@given(st.lists(st.one_of(SIGNS, st.text(st.characters(codec="utf-8"), max_size=6))).map("".join))
@example("\xa0. ?")
def test_any_text_is_split_and_nothing_is_made_up(message: str) -> None:
    questions = split_questions(message)
    assert 1 <= len(questions) <= MOST_QUESTIONS
    whole = " ".join(message.split())
    if len(questions) > 1:
        assert "".join("".join(questions).split()) in "".join(message.split())
    bare = bare_question(message)
    assert bare is None or bare in whole
