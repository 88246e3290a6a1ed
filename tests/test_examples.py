"""The questions that are shown to a reader whose own has no answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index.examples import MOST_TRIES
from index.library import Library

HEMP, OIL, SALT = "Ropes are twisted from hemp.", "Lamps burned whale oil.", "Pans boil salt."

Opened = Callable[[], tuple[Library, FakeEncoder]]


@pytest.fixture
def opened(content: ContentFolder, data: Path) -> Opened:
    """A library that answers where more than half of a question's words are in a sentence."""

    def open_() -> tuple[Library, FakeEncoder]:
        encoder = FakeEncoder()
        fit = fit_for(encoder, intercept=-5, sentence=10)
        return Library.open(content.path, data, encoder, fit=fit)[0], encoder

    return open_


def test_authors_questions_in_turn_then_headings(content: ContentFolder, opened: Opened) -> None:
    content.write("a.md", "## Ropes from hemp", HEMP, OIL, questions=f'["{OIL[:-1]}?", "{HEMP}"]')
    content.write("b.md", "## Boil salt", SALT, questions='["What do pans boil, salt?"]')
    content.write("c.md", "## Zinc bells", "Gulls cry at noon.", "## Gulls at noon", "Gulls cry.")
    library, _ = opened()
    found = ("Lamps burned whale oil?", "What do pans boil, salt?", HEMP)
    assert library.examples() == found
    assert library.examples(1) == found[:1]
    assert library.examples(9) == (*found, "Ropes from hemp", "Boil salt", "Gulls at noon")
    assert library.examples(0) == ()


def test_only_what_is_answered_and_from_this_article(
    content: ContentFolder, opened: Opened
) -> None:
    questions = f'["Who rang iron bells?", "{HEMP}", "{OIL}"]'
    content.write("a.md", OIL, title="A", questions=questions)
    content.write("b.md", HEMP, title="B")
    assert opened()[0].examples() == (OIL,)


def test_each_is_looked_up_once(content: ContentFolder, opened: Opened) -> None:
    content.write("a.md", HEMP, OIL, SALT, questions=f'["{HEMP}", "{OIL}", "{SALT}", "{OIL}"]')
    library, encoder = opened()
    assert encoder.encoded_questions == []
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: library.examples(2), range(8)))
    assert found == [(HEMP, OIL)] * 8
    assert encoder.encoded_questions == [HEMP, OIL]
    assert library.examples(9) == (HEMP, OIL, SALT)
    assert encoder.encoded_questions == [HEMP, OIL, SALT]


def test_tries_are_bounded(content: ContentFolder, opened: Opened) -> None:
    for number in range(3):
        listed = [f"Iron bells {number} {n}" for n in range(20)]
        content.write(f"{number}.md", HEMP, questions=str(listed))
    library, encoder = opened()
    assert library.examples() == library.examples() == ()
    assert len(encoder.encoded_questions) == MOST_TRIES
    # Every article had its turn.
    assert {question.split()[2] for question in encoder.encoded_questions} == {"0", "1", "2"}


GERMAN, BELLS = "Salz kommt aus der Pfanne", "Die Glocken läuten bei Sturm"
FRENCH, KEEPER = "Le sel vient de la casserole", "Le gardien habite dans la tour"


def test_a_language_comes_first(content: ContentFolder, opened: Opened) -> None:
    """Questions of its articles, their headings, questions in others; then what there is."""
    listed = f'["{HEMP}", "{BELLS}"]'
    content.write("a.md", "## Lamps with oil", HEMP, OIL, f"{BELLS}.", questions=listed)
    both = f'["{FRENCH}", "{GERMAN}"]'
    german = ("## Die Pfanne", f"{GERMAN}.", f"{FRENCH}.")
    content.write("b.md", *german, questions=both, language="de")
    content.write("c.md", f"{KEEPER}.", questions=f'["{KEEPER}"]', language="fr")
    library, encoder = opened()
    anyhow = (HEMP, FRENCH, KEEPER, BELLS, GERMAN, "Lamps with oil", "Die Pfanne")
    assert library.examples(9) == anyhow
    german_first = (GERMAN, "Die Pfanne", BELLS)
    assert library.examples(3, language="de") == german_first
    assert library.examples(9, language="de") == tuple(dict.fromkeys([*german_first, *anyhow]))
    assert library.examples(3, language="fr") == (KEEPER, FRENCH, HEMP)
    assert library.examples(3, language="en") == (HEMP, "Lamps with oil", FRENCH)
    # In any other language as if none had been asked for.
    assert library.examples(9, language="fi") == anyhow
    assert len(encoder.encoded_questions) == len(anyhow)


def test_a_rare_language_is_not_lost_among_others(content: ContentFolder, opened: Opened) -> None:
    for number in range(MOST_TRIES + 1):
        content.write(f"a{number}.md", HEMP, questions=f'["Iron bells {number}"]')
    content.write("z.md", f"{GERMAN}.", questions=f'["{GERMAN}"]', language="de")
    library, encoder = opened()
    assert library.examples(1, language="de") == (GERMAN,)
    assert encoder.encoded_questions == [GERMAN]
    # Once a language has been searched, it costs nothing more.
    assert library.examples(3, language="de") == (GERMAN,)
    tried = len(encoder.encoded_questions)
    assert tried == 1 + MOST_TRIES
    assert library.examples(3, language="de") == library.examples(1, language="de") == (GERMAN,)
    assert len(encoder.encoded_questions) == tried


def test_no_questions_and_no_headings(content: ContentFolder, opened: Opened) -> None:
    content.write("a.md", HEMP)
    assert opened()[0].examples() == ()
