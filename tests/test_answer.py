"""From a question to citations: what holds whatever the fitted numbers are."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index import answer as answer_module
from index import search
from index.answer import Answer, Status, is_cut
from index.fit import Confidence, Fit, LanguageBias, SecondLook
from index.late_interaction import Float32, centre
from index.library import Library
from index.passage_vectors import PassageTokens
from index.reader import Reader

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


class Noting(Reader):
    """A reader that finds what it is told, and notes what it is given."""

    def __init__(self, found: float) -> None:
        self.found = found
        self.given: list[tuple[Float32, Float32, PassageTokens]] = []

    def read(self, question: Float32, weights: Float32, tokens: PassageTokens) -> float:
        self.given.append((question, weights, tokens))
        return self.found


@pytest.mark.parametrize(("found", "status"), [(3.0, Status.ANSWERED), (-3.0, Status.UNSURE)])
def test_what_is_in_doubt_is_read(
    filled: ContentFolder, data: Path, found: float, status: Status
) -> None:
    """The views are told to leave it at a half, and the second look to go by the reader alone."""
    reader, encoder = Noting(found), FakeEncoder()
    fit = replace(
        fit_for(encoder),
        question_mean=np.full(64, 0.01, np.float32),
        confidence=Confidence(*[0.0] * 6),
        second_look=SecondLook(Confidence(*[0.0] * 6), read=1.0, order=0.0),
        reader=reader,
        answered=0.45,
        unsure=0.01,
    )
    answer = library_of(filled, data, fit).answer("hemp ropes")
    assert answer.citations[0].quote == HEMP
    [(question, weights, tokens)] = reader.given
    [encoding] = encoder.encode_questions(["hemp ropes"])
    np.testing.assert_array_equal(question, centre(encoding.tokens, fit.question_mean))
    assert weights.tolist() == [1.0, 1.0]
    # "Salt", "Ropes are twisted from hemp." and "Hemp grows inland."
    assert (len(tokens.vectors.scales), tokens.starts.tolist()) == (9, [1, 6])
    p = 1 / (1 + math.exp(-found))
    assert answer.confidence == pytest.approx(p / (1 + p), abs=1e-4)
    assert answer.status is status


class Knowing(Reader):
    """A reader that is sure of passages with so many tokens, and of no others; notes their
    numbers of tokens."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.read_ones: list[int] = []

    def read(self, question: Float32, weights: Float32, tokens: PassageTokens) -> float:
        self.read_ones.append(len(tokens.vectors.scales))
        return 40.0 if self.read_ones[-1] == self.tokens else -4.0


# "Salt: Salt is boiled in copper pans.", the same in "Lamps", and the oil's sentences.
SALT_TOKENS, OIL_TOKENS, HEMP_TOKENS = 7, 16, 9


def in_doubt(reader: Reader) -> Fit:
    """The views leave everything in doubt, and the reader decides the order; the second look goes
    by the sentence's cosine beside it."""
    return replace(
        fit_for(FakeEncoder()),
        confidence=Confidence(*[0.0] * 6),
        second_look=SecondLook(Confidence(0.0, 1.0, *[0.0] * 4), read=1.0, order=10.0),
        reader=reader,
    )


def test_where_it_is_in_doubt_the_reader_may_put_another_passage_first(
    filled: ContentFolder, data: Path
) -> None:
    """And the confidence is that passage's."""
    reader = Knowing(OIL_TOKENS)
    as_it_was = replace(in_doubt(reader), reader=None)
    by_views = library_of(filled, data, as_it_was).answer("hemp ropes", top=10).citations
    assert [citation.quote for citation in by_views] == [HEMP, SALT, OIL]
    answer = library_of(filled, data, in_doubt(reader)).answer("hemp ropes", top=10)
    assert [citation.quote for citation in answer.citations] == [OIL, HEMP, SALT]
    assert [citation.rank for citation in answer.citations] == [1, 2, 3]
    # The salt stands there twice, and is read once.
    assert reader.read_ones == [HEMP_TOKENS, SALT_TOKENS, OIL_TOKENS]
    assert [citation.score for citation in answer.citations] == [by_views[2].score] * 3
    # The second look goes by its cosine, which is near 0; with the hemp's it would be 0.6.
    assert answer.confidence == pytest.approx(0.5, abs=0.03)


def test_where_the_reader_knows_no_better_the_order_stays(
    filled: ContentFolder, data: Path
) -> None:
    reader = Knowing(0)
    as_it_was = replace(in_doubt(reader), reader=None)
    by_views = library_of(filled, data, as_it_was).answer("hemp ropes", top=10).citations
    answer = library_of(filled, data, in_doubt(reader)).answer("hemp ropes", top=10)
    assert answer.citations == by_views
    assert answer.confidence < 0.1


def test_so_many_passages_are_read_at_most(
    filled: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_module, "MOST_READ", 2)
    reader = Knowing(OIL_TOKENS)
    answer = library_of(filled, data, in_doubt(reader)).answer("hemp ropes", top=10)
    assert answer.citations[0].quote == HEMP
    assert reader.read_ones == [HEMP_TOKENS, SALT_TOKENS]


def test_of_several_questions_each_is_read_for_itself(filled: ContentFolder, data: Path) -> None:
    reader = Knowing(OIL_TOKENS)
    library = library_of(filled, data, in_doubt(reader))
    answer = library.answer("Which hemp ropes? Which copper pans?", top=10)
    assert answer.citations[0].quote == OIL
    assert answer.citations[0].asks == "Which hemp ropes? Which copper pans?"


def test_in_an_article_with_one_passage_there_is_nothing_else_to_read(
    content: ContentFolder, data: Path
) -> None:
    content.write("hemp.md", HEMP)
    content.write("oil.md", OIL)
    reader = Knowing(OIL_TOKENS)
    answer = library_of(content, data, in_doubt(reader)).answer("hemp ropes", article="hemp")
    assert [citation.quote for citation in answer.citations] == [HEMP]
    assert len(reader.read_ones) == 1


@pytest.mark.parametrize("odds", [5.0, -5.0])
def test_what_is_clear_is_not_read(filled: ContentFolder, data: Path, odds: float) -> None:
    reader = Noting(0.0)
    fit = replace(
        fit_for(FakeEncoder()),
        confidence=Confidence(odds, *[0.0] * 5),
        second_look=SecondLook(Confidence(*[0.0] * 6), read=1.0, order=0.0),
        reader=reader,
    )
    answer = library_of(filled, data, fit).answer("hemp ropes")
    assert answer.confidence == pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-4)
    assert reader.given == []


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


def test_half_of_the_mean_question_is_taken_off_before_the_search(
    filled: ContentFolder, data: Path
) -> None:
    """Where the mean question is the question itself, half of its cosine is left."""
    encoder = FakeEncoder()
    [encoding] = encoder.encode_questions([SALT])
    fit = fit_for(encoder, intercept=-5, sentence=10)

    def log_odds(fit: Fit) -> float:
        confidence = library_of(filled, data, fit).answer(SALT).confidence
        return math.log(confidence / (1 - confidence))

    as_it_is, halved = log_odds(fit), log_odds(replace(fit, vector_mean=encoding.vector))
    # The confidence has four decimals.
    assert halved + 5 == pytest.approx((as_it_is + 5) / 2, abs=1e-2)


def test_passages_behind_the_fits_margin_are_not_cited(
    filled: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LEAST_COMPARED", 1)
    fit = fit_for(FakeEncoder())
    question = "Until when was whale oil burned?"
    every = library_of(filled, data, fit).answer(question)
    near = library_of(filled, data, replace(fit, margin=0.0)).answer(question)
    assert len(every.citations) == 3
    assert [one.quote for one in near.citations] == [OIL]


@pytest.mark.parametrize(("bias", "first"), [(0.0, HEMP), (0.9, SALT)])
def test_what_the_questions_language_adds_is_taken_off(
    content: ContentFolder, data: Path, bias: float, first: str
) -> None:
    content.write("hemp.md", HEMP, language="en")
    content.write("salt.md", SALT, language="de")
    fit = replace(fit_for(FakeEncoder()), language_bias=LanguageBias(*[bias] * 3))
    # Half of it is about salt, and it is in English.
    answer = library_of(content, data, fit).answer("Ropes are twisted from hemp in copper pans")
    assert answer.citations[0].quote == first


@pytest.mark.parametrize("question", ["", " \n\t ", "?!", "…", "😀", "\u200b"])
def test_question_without_a_token(library: Library, question: str) -> None:
    answer = library.answer(question)
    assert (answer.question, answer.status, answer.confidence) == (question, "no_answer", 0.0)


def test_very_long_question(library: Library) -> None:
    answer = library.answer("hemp ropes " * 5_000)
    assert answer.citations[0].quote == HEMP


# Several questions in one message ---------------------------------------------------------------

# The words of a sentence with a question mark: what they ask is in that sentence and no other.
OIL_ASKED = "They burned whale oil until 1887?"
HEMP_ASKED = "Ropes are twisted from hemp?"
HALF_ASKED = "Salt is boiled from hemp ropes?"  # three of six words are in a sentence
ZINC_ASKED = "Zinc vats hold cold brine?"
IRON_ASKED = "Iron bells rang each morning?"


@pytest.fixture
def strict(filled: ContentFolder, data: Path) -> Library:
    """Answers where nearly all words of a question are in a sentence, is unsure at half of them."""
    fit = fit_for(FakeEncoder(), intercept=-5, sentence=10, answered=0.8, unsure=0.5)
    return library_of(filled, data, fit)


def shown(answer: Answer) -> list[tuple[int, str, str | None]]:
    """Rank, text and question of each citation."""
    return [
        (citation.rank, " ".join(citation.quote.split()), citation.asks)
        for citation in answer.citations
    ]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        (OIL_ASKED, Status.ANSWERED),
        (HEMP_ASKED, Status.ANSWERED),
        (HALF_ASKED, Status.UNSURE),
        (ZINC_ASKED, Status.NO_ANSWER),
        (IRON_ASKED, Status.NO_ANSWER),
    ],
)
def test_one_question(strict: Library, question: str, status: Status) -> None:
    answer = strict.answer(question)
    assert (answer.status, answer.unanswered) == (status, ())
    assert [citation.asks for citation in answer.citations] == [None, None, None]


def test_each_of_two_questions_gets_its_best_passage(strict: Library) -> None:
    message = f"{HEMP_ASKED}\n{OIL_ASKED}"
    answer = strict.answer(message)
    assert (answer.question, answer.status, answer.unanswered) == (message, Status.ANSWERED, ())
    assert shown(answer)[:2] == [(1, HEMP, HEMP_ASKED), (2, OIL, OIL_ASKED)]
    marks = [citation.highlight.text for citation in answer.citations[:2]]
    assert marks == ["Ropes are twisted from hemp.", "They burned whale oil until 1887."]
    # The order is that of the questions, the confidence that of the least sure one.
    assert strict.answer(f"{OIL_ASKED} {HEMP_ASKED}").confidence == answer.confidence
    assert answer.confidence == strict.answer(HEMP_ASKED).confidence
    assert answer.confidence < strict.answer(OIL_ASKED).confidence


def test_top_counts_the_passages_of_all_questions(strict: Library) -> None:
    message = f"{HEMP_ASKED} {OIL_ASKED}"
    assert shown(strict.answer(message, top=1)) == [(1, HEMP, HEMP_ASKED)]
    assert shown(strict.answer(message, top=2)) == [(1, HEMP, HEMP_ASKED), (2, OIL, OIL_ASKED)]
    # Each question's second best is the other's best, and salt its third.
    everything = shown(strict.answer(message, top=10))
    assert [text for _, text, _ in everything] == [HEMP, OIL, SALT]
    assert [rank for rank, _, _ in everything] == [1, 2, 3]


@pytest.mark.parametrize(
    "message", [f"{ZINC_ASKED} {HEMP_ASKED}", f"{HEMP_ASKED} {ZINC_ASKED}"], ids=["first", "second"]
)
def test_a_question_without_an_answer_leaves_the_room_to_the_other(
    strict: Library, message: str
) -> None:
    answer = strict.answer(message)
    alone = strict.answer(HEMP_ASKED)
    assert answer.unanswered == (ZINC_ASKED,)
    assert (answer.status, answer.confidence) == (Status.ANSWERED, alone.confidence)
    assert shown(answer) == [(rank, text, HEMP_ASKED) for rank, text, _ in shown(alone)]


def test_a_question_without_room_is_named_and_does_not_count(strict: Library) -> None:
    answer = strict.answer(f"{OIL_ASKED} {HALF_ASKED}", top=1)
    assert shown(answer) == [(1, OIL, OIL_ASKED)]
    assert (answer.not_shown, answer.unanswered) == ((HALF_ASKED,), ())
    assert (answer.status, answer.confidence) == (
        Status.ANSWERED,
        strict.answer(OIL_ASKED).confidence,
    )
    everything = strict.answer(f"{OIL_ASKED} {HALF_ASKED}", top=2)
    assert (everything.not_shown, everything.status) == ((), Status.UNSURE)


def test_a_question_without_an_answer_is_named_once(strict: Library) -> None:
    answer = strict.answer(f"{ZINC_ASKED} {OIL_ASKED} {HEMP_ASKED}", top=1)
    assert (answer.unanswered, answer.not_shown) == ((ZINC_ASKED,), (HEMP_ASKED,))
    none = strict.answer("Zinc vats hold copper brine? Iron bells rang inland?", top=1)
    assert (none.status, none.not_shown, len(none.unanswered)) == (Status.NO_ANSWER, (), 2)


def test_a_passage_for_two_questions_leaves_none_out(strict: Library) -> None:
    answer = strict.answer(f"Whale oil burned until 1887? {OIL_ASKED}", top=1)
    assert (len(answer.citations), answer.not_shown) == (1, ())


@pytest.mark.parametrize(
    ("message", "cut"),
    [
        ("hemp " * 64, False),
        ("hemp " * 65, True),
        ("hemp " * 64 + "? And " + "salt " * 63 + "?", False),
        ("hemp " * 64 + "? And " + "salt " * 64 + "?", True),
        ("", False),
    ],
)
def test_what_the_model_does_not_read(message: str, cut: bool) -> None:
    """It reads 64 tokens at a time, and each question of a message is read alone."""
    assert is_cut(message, FakeEncoder()) is cut


def test_unsure_and_without_an_answer(strict: Library) -> None:
    answer = strict.answer(f"{ZINC_ASKED} {HALF_ASKED}")
    assert (answer.status, answer.unanswered) == (Status.UNSURE, (ZINC_ASKED,))
    assert {citation.asks for citation in answer.citations} == {HALF_ASKED}


def test_one_unsure_question_makes_the_answer_unsure(strict: Library) -> None:
    answer = strict.answer(f"{HALF_ASKED} {OIL_ASKED}")
    assert (answer.status, answer.unanswered) == (Status.UNSURE, ())
    assert answer.confidence == strict.answer(HALF_ASKED).confidence
    assert [citation.asks for citation in answer.citations[:2]] == [HALF_ASKED, OIL_ASKED]


def test_several_questions_and_no_answer(strict: Library) -> None:
    # One word of each is in a passage, and not in the same one.
    copper_asked, inland_asked = "Zinc vats hold copper brine?", "Iron bells rang inland?"
    answer = strict.answer(f"{copper_asked} {inland_asked}")
    assert answer.status is Status.NO_ANSWER
    assert answer.unanswered == (copper_asked, inland_asked)
    assert answer.confidence == min(
        strict.answer(question).confidence for question in (copper_asked, inland_asked)
    )
    # The closest passages, for measuring, of both.
    assert shown(answer)[:2] == [(1, SALT, copper_asked), (2, HEMP, inland_asked)]


def test_a_passage_that_is_closest_to_two_questions_without_an_answer_names_both(
    strict: Library,
) -> None:
    answer = strict.answer("Zinc vats hold copper brine? Iron bells drown copper gongs?", top=1)
    assert answer.status is Status.NO_ANSWER
    assert answer.unanswered == ("Zinc vats hold copper brine?", "Iron bells drown copper gongs?")
    assert shown(answer) == [(1, SALT, " ".join(answer.unanswered))]


def test_a_sentence_that_is_best_for_two_questions_names_both(strict: Library) -> None:
    oil_asked = "Whale oil burned until 1887?"
    answer = strict.answer(f"{oil_asked} {OIL_ASKED} {HEMP_ASKED}", top=2)
    assert shown(answer) == [(1, OIL, f"{oil_asked} {OIL_ASKED}"), (2, HEMP, HEMP_ASKED)]
    assert answer.citations[0].highlight.text == "They burned whale oil until 1887."
    assert answer.unanswered == ()


def test_a_passage_whose_sentences_are_best_for_two_questions_comes_with_each_mark(
    strict: Library,
) -> None:
    lamps_asked = "Old lamps stand on the quay?"
    answer = strict.answer(f"{lamps_asked} {OIL_ASKED} {HEMP_ASKED}", top=4)
    assert shown(answer)[:3] == [
        (1, OIL, lamps_asked),
        (2, OIL, OIL_ASKED),
        (3, HEMP, HEMP_ASKED),
    ]
    assert [citation.highlight.text for citation in answer.citations[:2]] == [
        "Old lamps stand on the quay.",
        "They burned whale oil until 1887.",
    ]
    # As the next best of another question it does not come again.
    assert [text for _, text, _ in shown(answer)].count(OIL) == 2
    assert strict.answer(f"{lamps_asked} {OIL_ASKED}", top=1).not_shown == (OIL_ASKED,)


def test_a_passage_that_is_second_best_for_a_question_does_not_name_it(strict: Library) -> None:
    [first, second, third] = shown(strict.answer(f"{HEMP_ASKED} {OIL_ASKED}"))
    assert (first, second) == ((1, HEMP, HEMP_ASKED), (2, OIL, OIL_ASKED))
    assert third[2] in (HEMP_ASKED, OIL_ASKED)


def test_a_question_that_is_asked_twice_is_named_once(strict: Library) -> None:
    answer = strict.answer(f"{OIL_ASKED} {OIL_ASKED} {HEMP_ASKED}")
    assert {citation.asks for citation in answer.citations[:2]} == {OIL_ASKED, HEMP_ASKED}
    assert strict.answer(f"{ZINC_ASKED} {ZINC_ASKED} {OIL_ASKED}").unanswered == (ZINC_ASKED,)


@pytest.mark.parametrize("message", ["?", "؟", "…", "🤔", "- ?", "__"])
def test_signs_alone_ask_nothing(filled: ContentFolder, data: Path, message: str) -> None:
    sure = fit_for(FakeEncoder(), intercept=10, answered=0.5, unsure=0.1)
    library = library_of(filled, data, sure)
    for before in (None, OIL_ASKED):
        answer = library.answer(message, before=before)
        assert (answer.status, answer.confidence) == (Status.NO_ANSWER, 0)


def test_a_fourth_question_is_not_looked_up(filled: ContentFolder, data: Path) -> None:
    encoder = FakeEncoder()
    library = Library.open(filled.path, data, encoder, fit=fit_for(encoder))[0]
    library.answer(f"{OIL_ASKED} {ZINC_ASKED} {IRON_ASKED} {HEMP_ASKED}")
    assert encoder.encoded_questions == [OIL_ASKED, ZINC_ASKED, IRON_ASKED]


def test_words_around_a_question_do_not_lower_its_confidence(strict: Library) -> None:
    message = f"Good evening, dear library of the harbour. {HEMP_ASKED} Many thanks and regards!"
    answer, alone = strict.answer(message), strict.answer(HEMP_ASKED)
    assert (answer.question, answer.status) == (message, Status.ANSWERED)
    assert answer.confidence == alone.confidence
    assert answer.citations == alone.citations


def test_words_around_a_question_may_hold_what_it_is_about(strict: Library) -> None:
    """ "Until when?" alone could be about anything."""
    message = "They burned whale oil. But until which year?"
    answer = strict.answer(message)
    assert answer.citations[0].quote == OIL
    assert answer.confidence > strict.answer("But until which year?").confidence


# Slips of the fingers -----------------------------------------------------------------------------


class SlippingEncoder(FakeEncoder):
    """To which "hmep" and "twitsed" are several tokens, and the words of the articles as well."""

    def rarities(self, words: Sequence[str]) -> list[float | None]:
        return [1.0 if word in ("ropes", "Ropes") else None for word in words]


def slipping(content: ContentFolder, data: Path) -> tuple[Library, FakeEncoder]:
    encoder = SlippingEncoder()
    fit = fit_for(encoder, intercept=-5, sentence=10, answered=0.8, unsure=0.5)
    library = Library.open(content.path, data, encoder, fit=fit)[0]
    encoder.encoded_questions.clear()
    return library, encoder


def test_slips_are_mended_where_the_words_as_written_find_no_answer(
    filled: ContentFolder, data: Path
) -> None:
    library, encoder = slipping(filled, data)
    answer = library.answer("Ropes are twitsed from hemps?")
    assert encoder.encoded_questions == [
        "Ropes are twitsed from hemps?",
        "Ropes are twisted from hemps?",
    ]
    assert answer.status is Status.ANSWERED
    assert answer.question == "Ropes are twitsed from hemps?"
    assert answer.citations[0].highlight.text == "Ropes are twisted from hemp."


def test_of_several_words_around_a_question_only_its_own_are_mended(
    filled: ContentFolder, data: Path
) -> None:
    library, encoder = slipping(filled, data)
    answer = library.answer("I saw a boliwed one. Ropes are twitsed from hemps? Thanks.")
    assert encoder.encoded_questions[-1] == "Ropes are twisted from hemps?"
    assert answer.status is Status.ANSWERED


def test_what_is_answered_as_it_is_written_is_not_looked_up_again(
    filled: ContentFolder, data: Path
) -> None:
    library, encoder = slipping(filled, data)
    assert library.answer("Ropes are twisted from hemp, yes twitsed?").status is Status.ANSWERED
    assert encoder.encoded_questions == ["Ropes are twisted from hemp, yes twitsed?"]


def test_one_passage(content: ContentFolder, data: Path) -> None:
    content.write("salt.md", SALT)
    answer = library_of(content, data).answer("boiled salt", top=5)
    assert [citation.quote for citation in answer.citations] == [SALT]
    assert answer.status is Status.ANSWERED


def test_the_same_question_has_the_same_answer(filled: ContentFolder, data: Path) -> None:
    def told(answer: Answer) -> object:
        return answer.status, answer.confidence, answer.citations

    first = told(library_of(filled, data).answer("hemp ropes"))
    assert told(library_of(filled, data).answer("hemp ropes")) == first


def test_passage_without_a_token(content: ContentFolder, data: Path) -> None:
    """Words of signs that the model does not know."""
    content.write_raw("signs.txt", f"Signs\n{SALT}\n→ → →\n{HEMP}\n")
    library = library_of(content, data)
    assert library.answer("hemp ropes").citations[0].quote == HEMP
    assert library.answer("copper pans").citations[0].quote == SALT
