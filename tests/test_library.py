"""What the library offers beside an answer: one article, follow-ups, strictness, citations found
again."""

import gc
import json
import math
import weakref
from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index import search
from index.answer import Answer, Asked, Status
from index.content import Article
from index.encoder import QuestionEncoding
from index.fit import Fit
from index.library import Library
from index.passages import Passage, passage_digest
from index.segments import indexed, read_segment

OIL = "Old lamps stand on the quay. They burned whale oil until 1887. Then gas came."
WICK = "Wicks were trimmed at dawn."
HEMP = "Ropes are twisted from hemp. Hemp grows inland."
SALT = "Salt is boiled in copper pans."
ZINC_ASKED = "Zinc vats hold cold brine?"
# blake2b(text.encode(), digest_size=8).hexdigest()
HEMP_DIGEST = "66b4d163c802f2c0"


@pytest.fixture
def filled(content: ContentFolder) -> ContentFolder:
    content.write("lamps.md", SALT, OIL, WICK)
    content.write("salt.md", SALT, HEMP, SALT, title="Salt")
    return content


def library_of(content: ContentFolder, data: Path, fit: Fit | None = None) -> Library:
    encoder = FakeEncoder()
    return Library.open(content.path, data, encoder, fit=fit or fit_for(encoder))[0]


@pytest.fixture
def library(filled: ContentFolder, data: Path) -> Library:
    return library_of(filled, data)


def told(answer: Answer) -> object:
    return answer.status, answer.confidence, answer.citations


# One article -------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["Ropes are twisted from hemp?", "copper pans", ZINC_ASKED])
def test_one_article_is_asked_as_if_it_were_alone(
    filled: ContentFolder, tmp_path: Path, question: str
) -> None:
    fit = fit_for(FakeEncoder(), intercept=-5, sentence=10)
    both = library_of(filled, tmp_path / "both", fit)
    (filled.path / "salt.md").unlink()
    alone = library_of(filled, tmp_path / "alone", fit)
    answer = both.answer(question, top=10, article="lamps")
    assert {citation.article for citation in answer.citations} == {"lamps"}
    assert len(answer.citations) == 3
    assert told(answer) == told(alone.answer(question, top=10))


def test_one_article_first_and_last(library: Library) -> None:
    for article, quotes in (("lamps", {OIL, WICK, SALT}), ("salt", {SALT, HEMP})):
        answer = library.answer("Salt is boiled in copper pans.", top=10, article=article)
        assert {citation.quote for citation in answer.citations} == quotes
        assert answer.citations[0].quote == SALT


def test_words_are_there_once_a_library_is_prepared(library: Library) -> None:
    assert "words" not in vars(library.index)
    library.prepare()
    assert "words" in vars(library.index)


def test_unknown_article(library: Library) -> None:
    with pytest.raises(ValueError, match=r"^there is no article gulls$"):
        library.answer("hemp ropes", article="gulls")


# Follow-ups --------------------------------------------------------------------------------------


@pytest.fixture
def strict(filled: ContentFolder, data: Path) -> Library:
    """Answers where nearly all words of a question are in a sentence, is unsure at some of them."""
    fit = fit_for(FakeEncoder(), intercept=-5, sentence=10, answered=0.8, unsure=0.2)
    return library_of(filled, data, fit)


def test_a_follow_up_finds_what_it_is_about(strict: Library) -> None:
    before = "Old lamps stand on the quay?"
    alone = strict.answer("And why is that?")
    answer = strict.answer("And why is that?", before=before)
    assert alone.status is Status.NO_ANSWER
    assert answer.question == "And why is that?"
    assert answer.citations[0].quote == OIL
    assert answer.confidence > alone.confidence
    assert {citation.asks for citation in answer.citations} == {None}


def test_what_only_a_follow_up_finds_is_unsure(filled: ContentFolder, data: Path) -> None:
    """However confident: its tokens were read behind another question's."""
    fit = fit_for(FakeEncoder(), intercept=-4, sentence=10, answered=0.5, unsure=0.1)
    library = library_of(filled, data, fit)
    alone = library.answer("And why?")
    answer = library.answer("And why?", before="Old lamps stand on the quay?")
    assert alone.status is not Status.ANSWERED
    assert answer.confidence > 0.5
    assert answer.status is Status.UNSURE


def test_a_question_that_is_answered_alone_stays_as_it_is(strict: Library) -> None:
    question = "Ropes are twisted from hemp?"
    answer = strict.answer(question, before="Old lamps stand on the quay?")
    assert answer.status is Status.ANSWERED
    assert told(answer) == told(strict.answer(question))


def test_the_question_before_does_not_find_its_own_answer_again(strict: Library) -> None:
    """Its words are read, but look for nothing."""
    question = "Salt is boiled in iron pots over wood?"
    answer = strict.answer(question, before="They burned whale oil until 1887, then gas came?")
    assert answer.status is Status.UNSURE
    assert answer.citations[0].quote == SALT
    assert told(answer) == told(strict.answer(question))


@pytest.mark.parametrize("before", [None, "", " \n", "lamp " * 64])
def test_nothing_to_follow_up(filled: ContentFolder, data: Path, before: str | None) -> None:
    """Nothing was asked before, or more than leaves room for the new question."""
    encoder = FakeEncoder()
    library = Library.open(filled.path, data, encoder, fit=fit_for(encoder, intercept=-9))[0]
    library.answer("And why?", before=before)
    assert encoder.encoded_questions == ["And why?"]


def test_each_of_several_questions_follows_up(filled: ContentFolder, data: Path) -> None:
    encoder = FakeEncoder()
    library = Library.open(filled.path, data, encoder, fit=fit_for(encoder, intercept=-9))[0]
    library.answer("And who paid for it? When did it end?", before=" Is there gas? ")
    assert encoder.encoded_questions == [
        "And who paid for it?",
        "When did it end?",
        "Is there gas? And who paid for it?",
        "Is there gas? When did it end?",
    ]


# Several at once ---------------------------------------------------------------------------------


def test_messages_are_answered_together_as_if_alone(library: Library) -> None:
    asked = [
        Asked("Is salt boiled in copper pans?", top=1),
        Asked("Ropes are twisted from hemp? Wicks were trimmed at dawn?", top=5),
        Asked("And when?", before="They burned whale oil until?", strictness=-1.0),
        Asked("copper pans", article="lamps"),
    ]
    alone = [
        library.answer(
            one.message,
            one.top,
            article=one.article,
            before=one.before,
            strictness=one.strictness,
        )
        for one in asked
    ]
    together = library.answers(asked)
    assert [one.question for one in together] == [one.message for one in asked]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert len({str(told(one)) for one in alone}) == 4
    assert library.answers([]) == []


def test_messages_are_encoded_together(filled: ContentFolder, data: Path) -> None:
    calls: list[list[str]] = []

    class Counting(FakeEncoder):
        def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
            calls.append(list(texts))
            return super().encode_questions(texts)

    encoder = Counting()
    library = Library.open(filled.path, data, encoder, fit=fit_for(encoder))[0]
    library.answers([Asked("Hello. Who paid for the hemp?"), Asked("copper pans")])
    assert calls == [["Hello. Who paid for the hemp?", "Who paid for the hemp?", "copper pans"]]


def test_one_wrong_message_of_several(library: Library) -> None:
    with pytest.raises(ValueError, match=r"^there is no article gulls$"):
        library.answers([Asked("copper pans"), Asked("hemp ropes", article="gulls")])


# Strictness --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strictness", "status"),
    [
        (0.0, Status.ANSWERED),
        (0.1, Status.UNSURE),
        (-1.0, Status.ANSWERED),
        (math.log(3) - 0.01, Status.UNSURE),
        (math.log(3) + 0.01, Status.NO_ANSWER),
    ],
)
def test_strictness_moves_the_thresholds(
    library: Library, strictness: float, status: Status
) -> None:
    """They are 1/2 and 1/4, log-odds 0 and -ln 3; every confidence is 1/2."""
    answer = library.answer("hemp ropes", strictness=strictness)
    assert (answer.status, answer.confidence) == (status, 0.5)


def test_strictness_that_is_no_number(library: Library) -> None:
    with pytest.raises(ValueError, match=r"^strictness must be a finite number$"):
        library.answer("hemp ropes", strictness=math.nan)


def test_strictness_without_a_fitted_confidence(filled: ContentFolder, data: Path) -> None:
    fit = replace(fit_for(FakeEncoder(), answered=1.01, unsure=0.5), confidence=None)
    library = library_of(filled, data, fit)
    for strictness in (-9.0, 0.0, 9.0):
        assert library.answer("hemp ropes", strictness=strictness).status is Status.UNSURE


# Citations found again ---------------------------------------------------------------------------


def test_a_citation_is_found_again(library: Library) -> None:
    first = library.answer("what are ropes twisted from").citations[0]
    assert (first.article, first.passage) == ("salt", HEMP_DIGEST)
    mark = first.highlight
    again = library.cite("salt", first.passage, mark.start, mark.end)
    assert again == replace(first, rank=1, score=0.0)
    assert again.passage == first.passage


def test_the_mark_may_be_anywhere_in_the_quote(library: Library) -> None:
    found = library.cite("salt", HEMP_DIGEST, 6, len(HEMP))
    assert found is not None
    assert found.highlight.text == HEMP[6:]
    whole = library.cite("salt", HEMP_DIGEST, 0, len(HEMP))
    assert whole is not None
    assert whole.highlight.text == HEMP


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 5), (0, 0), (5, 4), (0, len(HEMP) + 1), (len(HEMP), len(HEMP) + 1)]
)
def test_a_mark_that_does_not_fit(library: Library, start: int, end: int) -> None:
    assert library.cite("salt", HEMP_DIGEST, start, end) is None


@pytest.mark.parametrize(
    ("article", "passage"),
    [("lamps", HEMP_DIGEST), ("gulls", HEMP_DIGEST), ("salt", "0" * 16), ("salt", "")],
)
def test_a_passage_that_is_not_there(library: Library, article: str, passage: str) -> None:
    assert library.cite(article, passage, 0, 5) is None
    assert library.context(article, passage) is None


def test_a_passage_moves_and_changes(filled: ContentFolder, data: Path) -> None:
    """The digest is of the exact text: it outlives a reindex, and no other text has it."""
    filled.write("salt.md", "A new first paragraph.", HEMP, title="Ropes and salt")
    moved = library_of(filled, data).cite("salt", HEMP_DIGEST, 0, 28)
    assert moved is not None
    assert (moved.paragraph, moved.title, moved.quote) == (2, "Ropes and salt", HEMP)
    filled.write("salt.md", HEMP.replace("Hemp", "hemp"), title="Salt")
    assert library_of(filled, data).cite("salt", HEMP_DIGEST, 0, 28) is None


def test_a_text_that_stands_there_twice(library: Library) -> None:
    """Salt's first paragraph is its third too, and one of the lamps'."""
    digest = library.answer("Salt is boiled in copper pans.", article="salt").citations[0].passage
    cited = [library.cite(article, digest, 0, 4) for article in ("lamps", "salt")]
    places = [(one.article, one.paragraph) for one in cited if one]
    assert places == [("lamps", 1), ("salt", 1)]
    context = library.context("salt", digest)
    assert context is not None
    assert context.at == 0


def test_an_articles_passages_are_told_by_digests_made_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def noted(text: str) -> str:
        made.append(text)
        return passage_digest(text)

    monkeypatch.setattr(search, "passage_digest", noted)
    for _ in range(3):
        assert library.cite("salt", HEMP_DIGEST, 0, 28) is not None
        assert library.cite("nowhere", HEMP_DIGEST, 0, 28) is None
    assert sorted(made) == sorted([SALT, HEMP, SALT])


def test_context(library: Library) -> None:
    context = library.context("salt", HEMP_DIGEST)
    assert context is not None
    assert [passage.text for passage in context.passages] == [SALT, HEMP, SALT]
    assert [passage.paragraph for passage in context.passages] == [1, 2, 3]
    assert {passage.article for passage in context.passages} == {"salt"}
    assert context.at == 1


def test_parts_of_a_long_paragraph_are_neighbours(content: ContentFolder, data: Path) -> None:
    content.write("a.md", SALT, f"{OIL} {HEMP} {WICK}", WICK)
    encoder = FakeEncoder(max_tokens=16)
    library = Library.open(content.path, data, encoder, fit=fit_for(encoder))[0]
    last = library.answer("hemp inland", top=10).citations[0]
    context = library.context("a", last.passage)
    assert context is not None
    parts = [(passage.paragraph, passage.part) for passage in context.passages]
    assert parts == [(1, 1), (2, 1), (2, 2), (3, 1)]
    assert context.at == 2
    assert "Hemp grows inland." in context.passages[context.at].text


# What an admin sees ------------------------------------------------------------------------------


def test_model_and_size(filled: ContentFolder, data: Path) -> None:
    library = library_of(filled, data)
    assert library.model == "fake-64"
    assert (len(library.articles), library.passage_count) == (2, 6)
    files = [path for path in (data / "segments").rglob("*") if path.is_file()]
    assert library.stored_bytes == sum(path.stat().st_size for path in files) > 0


# Questions of an author --------------------------------------------------------------------------


def test_an_index_from_before_there_were_questions(filled: ContentFolder, data: Path) -> None:
    """It is read as it is."""
    library_of(filled, data)
    [path] = (data / "segments").glob("*/passages.json")
    stored = json.loads(path.read_text())
    assert [article["source"].pop("questions") for article in stored["articles"]] == [[], []]
    path.write_text(json.dumps(stored))
    segment = read_segment(path.parent, 64, token_bytes=0)
    assert [article.source.questions for article in segment.articles] == [(), ()]


def test_new_questions_change_an_article_and_encode_nothing(
    filled: ContentFolder, data: Path
) -> None:
    library_of(filled, data)
    filled.write("salt.md", SALT, HEMP, SALT, title="Salt", questions='["Who twists ropes?"]')
    encoder = FakeEncoder()
    library, report = Library.open(filled.path, data, encoder, fit=fit_for(encoder))
    assert (report.articles.changed, report.articles.unchanged, report.encoded) == (1, 1, 0)
    assert library.articles[1].questions == ("Who twists ropes?",)


def test_the_digest_of_an_article_without_questions_is_the_old_one() -> None:
    """Else every article would count as changed, and be written anew, after an upgrade."""
    plain = Article("a", "a.md", SALT, "T", None, None, None, None, "en", (), ())
    old = [
        {
            "id": "a",
            "title": "T",
            "author": None,
            "publisher": None,
            "url": None,
            "date": None,
            "language": "en",
        },
        [],
    ]
    assert indexed(plain, ()).digest == sha256(json.dumps(old).encode()).hexdigest()
    passage = Passage("a", 1, 1, 0, 4, "Salt", None, ((0, 4),))
    old[1] = [asdict(passage)]
    assert indexed(plain, [passage]).digest == sha256(json.dumps(old).encode()).hexdigest()
    asking = replace(plain, questions=("Why?",))
    assert indexed(asking, ()).digest != indexed(plain, ()).digest
    assert indexed(asking, ()).source.questions == ("Why?",)


# Memory ------------------------------------------------------------------------------------------


def test_a_library_is_gone_without_the_search_for_garbage(
    filled: ContentFolder, data: Path
) -> None:
    """The bot spares the library it starts with, and may replace it many times."""
    library = library_of(filled, data)
    library.answer(ZINC_ASKED)
    library.examples(language="de")
    library.group([ZINC_ASKED, HEMP])
    gone = [weakref.ref(one) for one in (library, library.index, library._examples)]
    gc.collect()
    gc.disable()
    try:
        del library
        assert [one() for one in gone] == [None] * 3
    finally:
        gc.enable()
