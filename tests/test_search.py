"""The passages of an index with their rows, and the candidates found among them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from index import nearest, search
from index.late_interaction import Float32, quantise, unit
from index.nearest import Search
from index.passage_vectors import PassageTokens, PassageVectors
from index.passages import Passage
from index.search import NO_OFFSETS, Hit, PassageIndex, Query
from index.segments import IndexedArticle, Segment, Source

DIMENSION = 4


@pytest.fixture(autouse=True, params=["floats", "bytes"])
def compared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows are else compared as they are."""
    if request.param == "bytes":
        monkeypatch.setattr(nearest, "FLOATS_BELOW", 0)


FEW_AND_MANY = [Search.AUTO, Search.EXACT, Search.CLUSTERED]
"""All rows at once, passage by passage, and the best ones, as where there are many."""


def axis(number: int) -> Float32:
    vector: Float32 = np.eye(DIMENSION, dtype=np.float32)[number]
    return vector


def mixed(*weights: float) -> Float32:
    vector = np.array(weights, np.float32)
    return unit(vector)


def article(id_: str, *texts: str, language: str = "en") -> IndexedArticle:
    source = Source(id_, f"Title of {id_}", None, None, None, None, language)
    passages = tuple(
        Passage(id_, number, 1, 0, len(text), text, None, ((0, len(text)),))
        for number, text in enumerate(texts, 1)
    )
    return IndexedArticle(source, passages, digest=id_)


def vectors(*rows: Float32) -> PassageVectors:
    """The rows of its sentences; of tokens, which a search does not look at, none."""
    none = np.empty((0, DIMENSION), np.float32)
    tokens = PassageTokens(quantise(none), np.zeros(len(rows), np.int32))
    return PassageVectors(np.stack(rows), tokens)


def index_of(*segments: tuple[Segment, set[str]], search: Search = Search.AUTO) -> PassageIndex:
    return PassageIndex(
        [(segment, frozenset(live)) for segment, live in segments], DIMENSION, search=search
    )


def hits_of(
    index: PassageIndex,
    vector: Float32,
    passages: int,
    among: range | None = None,
    offsets: Mapping[str, float] = NO_OFFSETS,
) -> list[Hit]:
    [hits] = index.search_all([Query(vector, among, offsets)], passages)
    return hits


def test_languages_are_those_of_the_articles_that_count() -> None:
    articles = [article("a", "one"), article("b", "two", language="de")]
    articles.append(article("c", "three", language="fr"))
    segment = Segment(tuple(articles), (vectors(axis(0)), vectors(axis(1)), vectors(axis(2))))
    assert index_of((segment, {"a", "b"})).languages == {"en", "de"}


def test_best_row_decides() -> None:
    segment = Segment(
        (article("a", "one", "two", "three"),),
        (
            vectors(mixed(3, 4, 0, 0)),
            vectors(axis(2), mixed(4, 3, 0, 0), axis(1)),  # its second sentence is the best row
            vectors(axis(3)),
        ),
    )
    index = index_of((segment, {"a"}))
    hits = hits_of(index, axis(0), 3)
    assert [hit.number for hit in hits] == [1, 0, 2]
    assert hits[0].cosine == pytest.approx(0.8)
    assert hits[1].cosine == pytest.approx(0.6)
    assert [hit.number for hit in hits_of(index, axis(0), 2)] == [1, 0]
    assert index.starts.tolist() == [0, 1, 4, 5]


def test_more_passages_wanted_than_there_are() -> None:
    index = index_of((Segment((article("a", "one"),), (vectors(axis(0)),)), {"a"}))
    assert [hit.number for hit in hits_of(index, axis(1), 64)] == [0]


@pytest.mark.parametrize("search", FEW_AND_MANY)
def test_many_good_rows_of_one_passage_leave_room_for_the_next(search: Search) -> None:
    segment = Segment(
        (article("a", "one", "two", "three"),),
        (vectors(*[axis(0)] * 12), vectors(axis(1)), vectors(-axis(0))),
    )
    index = index_of((segment, {"a"}), search=search)
    assert [hit.number for hit in hits_of(index, axis(0), 2)] == [0, 1]


@pytest.mark.parametrize("search", FEW_AND_MANY)
@pytest.mark.parametrize("sentences", [15, 16, 31, 32, 200])
def test_a_passage_of_very_many_sentences_does_not_crowd_out_the_others(
    sentences: int, search: Search
) -> None:
    """Each of its rows comes before every row of the others."""
    segment = Segment(
        (article("a", "one", "two", "three", "four"),),
        (
            vectors(*[axis(0)] * sentences),
            vectors(mixed(3, 4, 0, 0), axis(2)),
            vectors(mixed(4, 3, 0, 0), axis(2)),
            vectors(-axis(0)),
        ),
    )
    index = index_of((segment, {"a"}), search=search)
    assert [hit.number for hit in hits_of(index, axis(0), 1)] == [0]
    assert [hit.number for hit in hits_of(index, axis(0), 2)] == [0, 2]
    assert [hit.number for hit in hits_of(index, axis(0), 3)] == [0, 2, 1]
    assert [hit.number for hit in hits_of(index, axis(0), 4)] == [0, 2, 1, 3]


@pytest.mark.parametrize("search", FEW_AND_MANY)
def test_each_of_several_queries_finds_what_it_finds_alone(search: Search) -> None:
    """One is crowded out at first, one asks one article, one in a language with an offset, and one
    is not a number."""
    segment = Segment(
        (article("a", "one", "two", "three"), article("b", "vier", "fünf", language="de")),
        (
            vectors(*[axis(0)] * 200),
            vectors(mixed(3, 4, 0, 0), axis(2)),
            vectors(mixed(4, 3, 0, 0), axis(2)),
            vectors(axis(1)),
            vectors(mixed(1, 1, 0, 0)),
        ),
    )
    index = index_of((segment, {"a", "b"}), search=search)
    nowhere = np.full(DIMENSION, np.nan, np.float32)
    queries = [
        Query(axis(0)),
        Query(axis(0), among=range(3, 5)),
        Query(nowhere),
        Query(axis(1), offsets={"de": 0.9}),
        Query(axis(1)),
    ]
    found = index.search_all(queries, 2)
    numbers = [[hit.number for hit in hits] for hits in found]
    assert numbers == [[0, 2], [4, 3], [], [1, 2], [3, 1]]
    assert found[1][0].cosine == pytest.approx(0.5**0.5)
    assert index.search_all([], 2) == []


ONE_EACH = Segment(
    (article("a", "one", "two", "three"), article("b", "four", language="de")),
    (
        vectors(mixed(3, 4, 0, 0)),  # to the first axis 0.6
        vectors(axis(0)),  # 1
        vectors(mixed(4, 3, 0, 0), axis(2)),  # 0.8
        vectors(axis(1)),  # 0
    ),
)


@pytest.mark.parametrize(
    ("margin", "least", "numbers"),
    [
        (0.19, 1, [1]),
        (0.21, 1, [1, 2]),
        (0.41, 1, [1, 2, 0]),
        (0.19, 3, [1, 2, 0]),
        (0.41, 2, [1, 2, 0]),
        (0.19, 9, [1, 2, 0, 3]),
        (math.inf, 1, [1, 2, 0, 3]),
    ],
)
def test_candidates_far_behind_the_best_are_left_out(
    monkeypatch: pytest.MonkeyPatch, margin: float, least: int, numbers: list[int]
) -> None:
    monkeypatch.setattr(search, "LEAST_COMPARED", least)
    [hits] = index_of((ONE_EACH, {"a", "b"})).search_all([Query(axis(0), margin=margin)], 9)
    assert [hit.number for hit in hits] == numbers


def test_copies_do_not_crowd_out_the_runners_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as an address at the end of every article."""
    monkeypatch.setattr(search, "LEAST_COMPARED", 2)
    texts = ("Write to us.", "Write  to\nus.", "Write to us.", "near", "far")
    segment = Segment(
        (article("a", *texts),),
        (*[vectors(axis(0))] * 3, vectors(mixed(4, 3, 0, 0)), vectors(mixed(3, 4, 0, 0))),
    )
    [hits] = index_of((segment, {"a"})).search_all([Query(axis(0), margin=0.1)], 9)
    assert [hit.number for hit in hits] == [0, 1, 2, 3]


def test_margin_among_the_passages_of_one_article(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LEAST_COMPARED", 1)
    index = index_of((ONE_EACH, {"a", "b"}))
    near, far = (
        index.search_all([Query(axis(0), range(3), margin=margin)], 9)[0] for margin in (0.3, 0.5)
    )
    assert [hit.number for hit in near] == [1, 2]
    assert [hit.number for hit in far] == [1, 2, 0]


def test_margin_counts_from_what_is_alive_and_without_the_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "LEAST_COMPARED", 1)

    def numbers(alive: set[str], margin: float) -> list[int]:
        query = Query(axis(1), offsets={"de": 0.5}, margin=margin)
        return [hit.number for hit in index_of((ONE_EACH, alive)).search_all([query], 9)[0]]

    # The cosines with the second axis: 0.8, 0 and 0.6 in English, 1 - 0.5 in German.
    assert numbers({"a", "b"}, 0.25) == [0, 2]
    assert numbers({"a", "b"}, 0.35) == [0, 2, 3]
    # Only the German one counts: it is the best, whatever the others would be.
    assert numbers({"b"}, 0.0) == [0]


def test_what_is_far_behind_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best 12 rows are of two passages, where three are wanted."""
    monkeypatch.setattr(search, "LEAST_COMPARED", 1)
    segment = Segment(
        (article("a", "one", "two", "three", "four"),),
        (
            vectors(*[axis(0)] * 10),
            vectors(*[mixed(4, 3, 0, 0)] * 20),
            vectors(mixed(3, 4, 0, 0)),
            vectors(axis(1)),
        ),
    )
    counts: list[int] = []
    find = PassageIndex._nearest

    def noted(self: PassageIndex, queries: Sequence[Query], count: int, passages: int) -> Any:
        counts.append(count)
        return find(self, queries, count, passages)

    monkeypatch.setattr(PassageIndex, "_nearest", noted)

    def numbers(margin: float, search: Search = Search.CLUSTERED) -> list[int]:
        counts.clear()
        index = index_of((segment, {"a"}), search=search)
        [hits] = index.search_all([Query(axis(0), margin=margin)], 3)
        return [hit.number for hit in hits]

    assert (numbers(0.1), counts) == ([0], [12])
    assert (numbers(0.3), counts) == ([0, 1], [12, 24, 48])
    assert (numbers(0.5), counts) == ([0, 1, 2], [12, 24, 48])
    # Few rows are all looked at anyway.
    assert (numbers(0.3, Search.AUTO), counts) == ([0, 1], [12])
    assert (numbers(0.5, Search.AUTO), counts) == ([0, 1, 2], [12])


@pytest.mark.parametrize(
    ("place", "behind", "expected"),
    [(0, 0.0, True), (9, 0.2, True), (10, 0.05, True), (10, 0.0501, False), (99, 0.0, True)],
)
def test_what_is_compared(place: int, behind: float, expected: bool) -> None:
    assert search.LEAST_COMPARED == 10
    assert search.is_compared(place, behind, 0.05) is expected


def test_words_of_passages_and_titles_unless_there_are_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def words() -> frozenset[str]:
        return index_of((ONE_EACH, {"a"})).words

    assert words() == {"title", "three"}
    monkeypatch.setattr(search, "MOST_FOR_WORDS", 3)
    assert words() == {"title", "three"}
    monkeypatch.setattr(search, "MOST_FOR_WORDS", 2)
    assert words() == set()


def test_question_whose_vector_is_not_a_number() -> None:
    segment = Segment((article("a", "one", "two"),), (vectors(axis(0)), vectors(*[axis(1)] * 20)))
    nowhere = np.full(DIMENSION, np.nan, np.float32)
    assert hits_of(index_of((segment, {"a"})), nowhere, 1) == []


def test_row_that_is_not_a_number_beside_one_that_is() -> None:
    nowhere = np.full(DIMENSION, np.nan, np.float32)
    segment = Segment(
        (article("a", "one", "two"),), (vectors(axis(0), nowhere), vectors(mixed(4, 3, 0, 0)))
    )
    hits = hits_of(index_of((segment, {"a"})), axis(0), 2)
    assert [(hit.number, hit.cosine) for hit in hits] == [(0, 1), (1, pytest.approx(0.8))]


def test_few_and_many_rows_in_one_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 40 passages those of a dead article crowd out the living ones of the large segment."""
    random = np.random.default_rng(3)
    rows = unit(random.standard_normal((60, DIMENSION), np.float32))
    large = Segment(
        (article("dead", *["gone"] * 20), article("b", *["kept"] * 20)),
        tuple(vectors(*[axis(0)] * 10) for _ in range(20)) + tuple(map(vectors, rows[:20])),
    )
    small = Segment((article("a", *["new"] * 20),), tuple(map(vectors, rows[20:40])))
    expected = np.argsort(-(np.concatenate([rows[:20], rows[20:40]]) @ axis(0)))[:15].tolist()
    monkeypatch.setattr(nearest, "CLUSTERED_FROM", 21)
    index = index_of((large, {"b"}), (small, {"a"}))
    assert [hit.number for hit in hits_of(index, axis(0), 15)] == expected


def test_nothing_to_search() -> None:
    index = index_of()
    assert hits_of(index, axis(0), 3) == []
    assert index.sources == ()


def test_articles_that_no_longer_count_are_left_out() -> None:
    old = Segment(
        (article("dead", "gone"), article("b", "kept")),
        (vectors(axis(0)), vectors(axis(1))),
    )
    new = Segment((article("a", "new"),), (vectors(axis(2)),))
    index = index_of((old, {"b"}), (new, {"a"}))
    assert [passage.text for passage in index.passages] == ["kept", "new"]
    assert [source.id for source in index.sources] == ["a", "b"]
    hits = hits_of(index, axis(0), 3)
    assert {hit.number: hit.cosine for hit in hits} == {0: 0, 1: 0}
    [best, _] = hits_of(index, axis(2), 2)
    assert index.source(index.passages[best.number]).title == "Title of a"


def test_scores_are_cosines_of_the_encoders_vectors() -> None:
    encoder = FakeEncoder()
    texts = ["red lamps burn", "blue ropes hold", "grey stones lie"]
    encodings = encoder.encode_passages(texts)
    segment = Segment(
        (article("a", *texts),),
        tuple(vectors(encoding.vector) for encoding in encodings),
    )
    index = PassageIndex([(segment, frozenset({"a"}))], encoder.dimension)
    [question] = encoder.encode_questions(["blue ropes hold"])
    best = hits_of(index, question.vector, 1)[0]
    assert best.number == 1
    assert best.cosine == pytest.approx(1, abs=1e-6)


def test_copies_of_a_passage_have_one_cosine() -> None:
    """To the last bit, or they would not come in the library's order."""
    copies, dimension = 21, 384
    random = np.random.default_rng(5)
    rows = random.standard_normal((2, dimension)).astype(np.float32)
    segment = Segment(
        (article("a", *["again"] * copies),), tuple(vectors(*rows) for _ in range(copies))
    )
    index = PassageIndex([(segment, frozenset({"a"}))], dimension)
    question = random.standard_normal(dimension).astype(np.float32)
    assert len({hit.cosine for hit in hits_of(index, question, copies)}) == 1


def test_among_the_passages_of_one_article() -> None:
    """The middle one of three, in two segments; its own rows only, the best first."""
    one = Segment(
        (article("a", "one"), article("b", "two", "three", "four")),
        (
            vectors(axis(0)),
            vectors(axis(1), mixed(3, 4, 0, 0), mixed(3, 4, 0, 0)),
            vectors(axis(2), mixed(4, 3, 0, 0)),
            vectors(axis(3)),
        ),
    )
    other = Segment((article("c", "five"),), (vectors(axis(0), mixed(9, 0, 0, 1)),))
    index = index_of((one, {"a", "b"}), (other, {"c"}))
    assert [index.numbers(id_) for id_ in "abcd"] == [
        range(1), range(1, 4), range(4, 5), range(0)
    ]  # fmt: skip
    assert [hit.number for hit in hits_of(index, mixed(9, 0, 0, 1), 9)] == [4, 0, 2, 1, 3]
    assert [hit.number for hit in hits_of(index, axis(0), 9, range(1, 4))] == [2, 1, 3]
    assert [hit.number for hit in hits_of(index, axis(0), 1, range(1, 4))] == [2]
    assert [hit.number for hit in hits_of(index, axis(1), 9, range(4, 5))] == [4]
    assert hits_of(index, axis(0), 9, range(0)) == []


def test_numbers_of_a_living_article() -> None:
    """Passages of an article that no longer counts have no numbers."""
    old = Segment((article("a", "one"), article("b", "two")), (vectors(axis(0)),) * 2)
    new = Segment((article("a", "new", "newer"),), (vectors(axis(1)),) * 2)
    index = index_of((old, {"b"}), (new, {"a"}))
    assert (index.numbers("a"), index.numbers("b")) == (range(1, 3), range(1))
    assert [index.passages[number].text for number in index.numbers("a")] == ["new", "newer"]


def test_clusters_leave_out_articles_that_no_longer_count() -> None:
    old = Segment(
        (article("dead", "gone"), article("b", "kept")),
        (vectors(axis(0)), vectors(axis(1))),
    )
    new = Segment((article("a", "new"),), (vectors(mixed(4, 3, 0, 0), axis(2)),))
    live = [(old, frozenset({"b"})), (new, frozenset({"a"}))]
    index = PassageIndex(live, DIMENSION, search=Search.CLUSTERED)
    assert [hit.number for hit in hits_of(index, axis(0), 3)] == [1, 0]
    assert [hit.number for hit in hits_of(index, axis(1), 3)] == [0, 1]


@pytest.mark.parametrize("search", list(Search))
def test_each_language_has_an_offset_and_candidates_of_its_own(
    search: Search, tmp_path: Path
) -> None:
    """The passage in German has cosine 0.6; a thousand English rows with up to 0.9 come before it,
    but not where 0.4 is taken off the English ones."""
    random = np.random.default_rng(0)
    english = [mixed(9, *random.uniform(5, 9, 3)) for _ in range(1000)]
    segments = [
        Segment(
            (
                article("en", *map(str, range(1000))),
                article("de", "Berg", "Tal", language="de"),
            ),
            (
                *(vectors(row) for row in english),
                vectors(mixed(3, 4, 0, 0)),
                vectors(axis(1)),
            ),
            tmp_path / "one",
        ),
        Segment(
            (article("fr", "mont", language="fr"),),
            (vectors(mixed(1, 2, 0, 0)),),
            tmp_path / "two",
        ),
    ]
    for segment in segments:
        assert segment.folder is not None
        segment.folder.mkdir()
    live = [
        (segments[0], frozenset({"en", "de"})),
        (segments[1], frozenset({"fr"})),
    ]
    index = PassageIndex(live, DIMENSION, search=search)
    nearest = int(np.argmax([row[0] for row in english]))

    def found(count: int, **offsets: float) -> list[int]:
        return [hit.number for hit in hits_of(index, axis(0), count, offsets=offsets)]

    assert found(1) == [nearest]
    assert 1000 not in found(32)
    assert found(2, en=0.4) == [1000, 1002]
    assert found(1, en=0.4, de=0.4) == [1002]
    # What a hit says are the cosines as they are.
    [hit] = hits_of(index, axis(0), 1, offsets={"en": 0.4})
    assert hit.cosine == pytest.approx(0.6)
    clusters = [len(list(segment.folder.glob("*.faiss"))) for segment in segments if segment.folder]
    assert clusters == ([2, 1] if search is Search.CLUSTERED else [0, 0])


def test_a_language_without_passages_and_one_that_comes_twice() -> None:
    segment = Segment(
        (
            article("a", "one"),
            article("empty", language="de"),
            article("b", "two", language="fr"),
            article("c", "three"),
        ),
        (vectors(axis(0)), vectors(axis(0)), vectors(axis(0))),
    )
    index = index_of((segment, {"a", "empty", "b", "c"}))
    assert [index.language(number) for number in range(3)] == ["en", "fr", "en"]
    found = hits_of(index, axis(0), 3, offsets={"en": 0.1})
    assert [hit.number for hit in found] == [1, 0, 2]


def test_rows_of_another_dimension() -> None:
    segment = Segment((article("a", "one"),), (vectors(axis(0)),))
    with pytest.raises(ValueError, match="not all rows have 5 components"):
        PassageIndex([(segment, frozenset({"a"}))], DIMENSION + 1)
