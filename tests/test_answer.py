"""From a question to citations: what holds whatever the fitted numbers are."""

from pathlib import Path

import pytest
from conftest import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index.answer import Answer, Status
from index.fit import Fit
from index.library import Library

OIL = "Old lamps stand on the quay. They burned whale oil until 1887. Then gas came."
HEMP = "Ropes are twisted from hemp. Hemp grows inland."
SALT = "Salt is boiled in copper pans."


@pytest.fixture
def filled(content: ContentFolder) -> ContentFolder:
    content.write("salt.md", SALT, HEMP, title="Salt", author="Jonas Feld", date="2024-05-06")
    content.write(
        "lamps.md",
        SALT.replace(" ", "\n", 1),
        OIL,
        publisher="Quill Press",
        url="https://example.org/lamps",
    )
    return content


def library_of(content: ContentFolder, data: Path, fit: Fit | None = None) -> Library:
    encoder = FakeEncoder()
    return Library.open(content.path, data, encoder, fit=fit or fit_for(encoder))[0]


@pytest.fixture
def library(filled: ContentFolder, data: Path) -> Library:
    return library_of(filled, data)


def test_first_citation(library: Library) -> None:
    answer = library.answer("Until when was whale oil burned?")
    assert answer.question == "Until when was whale oil burned?"
    assert answer.elapsed_ms > 0
    first = answer.citations[0]
    assert (first.rank, first.article, first.title) == (1, "lamps", "Lamps")
    assert (first.author, first.publisher, first.date) == (None, "Quill Press", None)
    assert (first.url, first.language) == ("https://example.org/lamps", "en")
    assert (first.paragraph, first.quote) == (2, OIL)
    assert first.highlight.text == "They burned whale oil until 1887."
    assert (first.highlight.start, first.highlight.end) == (29, 62)
    assert OIL[29:62] == first.highlight.text


def test_source_of_another_article(library: Library) -> None:
    first = library.answer("what are ropes twisted from").citations[0]
    assert (first.article, first.paragraph, first.quote) == ("salt", 2, HEMP)
    assert (first.author, first.publisher, first.date) == ("Jonas Feld", None, "2024-05-06")
    assert (first.highlight.start, first.highlight.end) == (0, 28)


def test_duplicates_are_merged(library: Library) -> None:
    """Salt's paragraph stands in both articles, once with a line end in it."""
    answer = library.answer("Salt is boiled in copper pans.", top=10)
    assert library.passage_count == 4
    quotes = [" ".join(citation.quote.split()) for citation in answer.citations]
    assert sorted(quotes) == sorted([SALT, OIL, HEMP])
    assert quotes[0] == SALT
    assert [citation.rank for citation in answer.citations] == [1, 2, 3]


@pytest.mark.parametrize("question", ["hemp ropes", "whale oil", "copper pans", "nothing of this"])
def test_every_citation_is_exact_and_in_order(
    library: Library, filled: ContentFolder, question: str
) -> None:
    citations = library.answer(question, top=10).citations
    assert len(citations) == 3
    scores = [citation.score for citation in citations]
    assert scores == sorted(scores, reverse=True)
    for citation in citations:
        text = (filled.path / f"{citation.article}.md").read_text()
        assert citation.quote in text
        mark = citation.highlight
        assert citation.quote[mark.start : mark.end] == mark.text


def test_top(library: Library) -> None:
    many = library.answer("hemp ropes", top=3).citations
    assert library.answer("hemp ropes", top=1).citations == many[:1]
    assert library.answer("hemp ropes", top=2).citations == many[:2]
    assert len(library.answer("hemp ropes").citations) == 3


@pytest.mark.parametrize("top", [0, -1])
def test_top_below_one(library: Library, top: int) -> None:
    with pytest.raises(ValueError, match=r"^top must be at least 1$"):
        library.answer("hemp ropes", top=top)


@pytest.mark.parametrize(
    ("answered", "unsure", "status"),
    [
        (0.5, 0.25, Status.ANSWERED),
        (0.51, 0.5, Status.UNSURE),
        (0.52, 0.51, Status.NO_ANSWER),
    ],
)
def test_status_follows_the_thresholds(
    filled: ContentFolder, data: Path, answered: float, unsure: float, status: Status
) -> None:
    fit = fit_for(FakeEncoder(), answered=answered, unsure=unsure)
    answer = library_of(filled, data, fit).answer("hemp ropes")
    # The logit is 0, the probability a half.
    assert (answer.status, answer.confidence) == (status, 0.5)
    assert answer.citations[0].quote == HEMP


def test_confidence_is_that_of_the_first_passage(filled: ContentFolder, data: Path) -> None:
    library = library_of(filled, data, fit_for(FakeEncoder(), intercept=-5, sentence=10))

    def confidence(question: str) -> float:
        return library.answer(question).confidence

    # Its sentence is encoded with the title before it: 6 words of 7, cosine about 0.93.
    assert confidence(SALT) == pytest.approx(0.986, abs=0.01)
    assert confidence("zinc vats hold brine") < 0.2


@pytest.mark.parametrize("question", ["", " \n\t ", "?!", "…", "😀", "\u200b"])
def test_question_without_a_token(library: Library, question: str) -> None:
    answer = library.answer(question)
    assert (answer.question, answer.status, answer.confidence) == (question, "no_answer", 0.0)


def test_very_long_question(library: Library) -> None:
    answer = library.answer("hemp ropes " * 5_000)
    assert answer.citations[0].quote == HEMP


def test_one_passage(content: ContentFolder, data: Path) -> None:
    content.write("salt.md", SALT)
    answer = library_of(content, data).answer("boiled salt", top=5)
    assert [citation.quote for citation in answer.citations] == [SALT]
    assert answer.status is Status.ANSWERED


def test_the_same_question_has_the_same_answer(filled: ContentFolder, data: Path) -> None:
    def shown(answer: Answer) -> object:
        return answer.status, answer.confidence, answer.citations

    first = shown(library_of(filled, data).answer("hemp ropes"))
    assert shown(library_of(filled, data).answer("hemp ropes")) == first


def test_passage_without_a_token(content: ContentFolder, data: Path) -> None:
    """Words of signs that the model does not know."""
    content.write_raw("signs.txt", f"Signs\n{SALT}\n→ → →\n{HEMP}\n")
    library = library_of(content, data)
    assert library.answer("hemp ropes").citations[0].quote == HEMP
    assert library.answer("copper pans").citations[0].quote == SALT
