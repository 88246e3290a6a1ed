"""The views of hand-made vectors, the order that follows from them, and what confidence goes by."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fits import fit_for

from index.encoder import QuestionEncoding
from index.fit import Features, Fit, LanguageBias, Ranking
from index.late_interaction import Int8, QuantisedTokens
from index.passage_vectors import PassageTokens, PassageVectors
from index.passages import Passage
from index.rerank import Match, Views, compare, features, lead, rerank, score, views
from index.search import Hit, PassageIndex
from index.segments import IndexedArticle, Segment, Source

DIMENSION = 4
E0, E1, E2, E3 = np.eye(DIMENSION, dtype=np.int8)
# Tokens between two axes, as they are stored: times a fifth they are of unit length.
E01, E10, E12 = 3 * E0 + 4 * E1, 4 * E0 + 3 * E1, 3 * E1 + 4 * E2

Tokens = list[Int8]
"""The tokens of one sentence, before they are scaled to unit length."""


def passage_of(*sentences: Tokens, title: Sequence[Int8] = ()) -> PassageVectors:
    """A passage by its sentences' tokens, and those of its article's title.

    Its rows are of no account here: a hit says what the sentences' cosines are.
    """
    tokens = [*title, *(token for sentence in sentences for token in sentence)]
    values = np.array(tokens, np.int8).reshape(-1, DIMENSION)
    lengths = np.linalg.norm(values.astype(np.float32), axis=1)
    return PassageVectors(
        rows=np.zeros((len(sentences), DIMENSION), np.float32),
        tokens=PassageTokens(
            QuantisedTokens(values, (1 / lengths).astype(np.float32)),
            starts=np.cumsum([len(title), *map(len, sentences[:-1])]).astype(np.int32),
        ),
    )


def index_of(
    *vectors: PassageVectors, texts: tuple[str, ...] | None = None, language: str = "en"
) -> PassageIndex:
    """An index of one article with a passage for each of ``vectors``."""
    texts = texts or tuple(f"Text {number}." for number in range(len(vectors)))
    passages = tuple(
        Passage("a", number, 1, 0, len(text), text, None, ((0, len(text)),) * len(one.rows))
        for number, (text, one) in enumerate(zip(texts, vectors, strict=True), 1)
    )
    source = Source("a", "Title", None, None, None, None, language)
    segment = Segment((IndexedArticle(source, passages, digest="a"),), vectors)
    return PassageIndex([(segment, frozenset({"a"}))], DIMENSION)


def question_of(*tokens: Int8, weights: tuple[float, ...] | None = None) -> QuestionEncoding:
    """A question by its tokens; all weigh the same where no weights are given."""
    return QuestionEncoding(
        vector=np.zeros(DIMENSION, np.float32),
        tokens=np.array(tokens, np.float32).reshape(-1, DIMENSION),
        weights=np.array(weights or (1.0,) * len(tokens), np.float32),
        spans=np.zeros((len(tokens), 2), np.int32),
    )


ENGLISH = {"en": 1.0}
"""The language of a question."""


def fit_of(
    *,
    sentence: float = 0,
    maxsim: float = 0,
    sentence_maxsim: float = 0,
    bias: LanguageBias | None = None,
) -> Fit:
    """A fit of these weights, without centring."""
    return replace(
        fit_for(FakeEncoder(DIMENSION)),
        ranking=Ranking(sentence=sentence, maxsim=maxsim, sentence_maxsim=sentence_maxsim),
        language_bias=bias or LanguageBias(),
    )


NO_MEAN = np.zeros(DIMENSION, np.float32)
FIRST = passage_of([E0, E2], [E01])
SECOND = passage_of([E12, E3])
THIRD = passage_of([E2], [E3], [E10, E01])
QUESTION = question_of(E0, E1, weights=(3, 1))


def expect(
    found: Views,
    passages: list[list[float]],
    sentence_maxsim: list[list[float]],
    atol: float = 1e-6,
) -> None:
    np.testing.assert_allclose(found.passages, passages, rtol=0, atol=atol)
    assert found.passages.dtype == np.float64
    by_passage = np.split(found.sentence_maxsim, found.firsts[1:])
    for one, other in zip(by_passage, sentence_maxsim, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


# Views ------------------------------------------------------------------------------------------


def test_views_by_hand() -> None:
    """Worked out for the question's tokens e0, which weighs 3 of 4, and e1, which weighs 1."""
    hits = [Hit(0, 0.7), Hit(1, -0.2), Hit(2, 0.2)]
    expect(
        compare(QUESTION, hits, index_of(FIRST, SECOND, THIRD), NO_MEAN),
        [
            # e0: 1 in the first sentence, so 0.7 in the second; e1: 0.8 in the second.
            [0.7, 0.75 * 1 + 0.25 * 0.8, 0.75 * 1],
            [-0.2, 0.25 * 0.6, 0.25 * 0.6],
            [0.2, 0.75 * 0.8 + 0.25 * 0.8, 0.75 * 0.8 + 0.25 * 0.8],
        ],
        [[0.75 * 1, 0.75 * 0.7 + 0.25 * 0.8], [0.25 * 0.6], [0, 0, 0.8]],
    )


def test_views_of_hits_in_another_order_and_of_some_only() -> None:
    index = index_of(FIRST, SECOND, THIRD)
    expect(
        compare(QUESTION, [Hit(2, 0.2), Hit(0, 0.7)], index, NO_MEAN),
        [[0.2, 0.8, 0.8], [0.7, 0.95, 0.75]],
        [[0, 0, 0.8], [0.75, 0.725]],
    )
    expect(compare(QUESTION, [Hit(1, 0.4)], index, NO_MEAN), [[0.4, 0.15, 0.15]], [[0.15]])


def test_sentence_without_tokens() -> None:
    """It matches nothing but by leaning, wherever it stands; the others' tokens stay theirs."""
    first = passage_of([], [E0], [E01])
    middle = passage_of([E0], [], [E01])
    last = passage_of([E0], [E01], [])
    hits = [Hit(0, 0.5), Hit(1, 0.5), Hit(2, 0.5)]
    expect(
        compare(QUESTION, hits, index_of(first, middle, last), NO_MEAN),
        [[0.5, 0.75 + 0.25 * 0.8, 0.75]] * 3,
        [[0, 0.75, 0.725], [0.75, 0.525, 0.65], [0.75, 0.725, 0.7 * 0.65]],
    )


def test_passages_without_tokens() -> None:
    signs = passage_of([])
    index = index_of(signs, SECOND, signs)
    hits = [Hit(0, 0.5), Hit(1, 0.4), Hit(2, 0.3)]
    expect(
        compare(QUESTION, hits, index, NO_MEAN),
        [[0.5, 0, 0], [0.4, 0.15, 0.15], [0.3, 0, 0]],
        [[0], [0.15], [0]],
    )
    expect(compare(QUESTION, hits[:1], index, NO_MEAN), [[0.5, 0, 0]], [[0]])


def test_question_without_tokens() -> None:
    found = compare(question_of(), [Hit(0, 0.7)], index_of(FIRST), NO_MEAN)
    expect(found, [[0.7, 0, 0]], [[0, 0]])


def test_question_is_centred_and_the_stored_tokens_are_not() -> None:
    # (1, 0, 0, 0) less (0.25, 0, -1, 0) is (0.75, 0, 1, 0): of unit length (0.6, 0, 0.8, 0).
    mean = np.array([0.25, 0, -1, 0], np.float32)
    found = compare(question_of(7 * E0), [Hit(0, 0.7)], index_of(FIRST), mean)
    expect(found, [[0.7, 0.8, 0.8]], [[0.8, 0.56]], atol=0.002)


def test_title_matches_for_every_sentence_of_its_passages() -> None:
    """The second says what the title says and the first does not; no longer does that help it."""
    told = passage_of([E1], [E2], title=[E0, E3])
    repeated = passage_of([E0], [E10], title=[E0])
    other = passage_of([E1], [], title=[E10])
    hits = [Hit(0, 0.7), Hit(1, 0.4), Hit(2, 0.1)]
    expect(
        compare(QUESTION, hits, index_of(told, repeated, other), NO_MEAN),
        [[0.7, 1, 1], [0.4, 0.75 + 0.25 * 0.6, 0.9], [0.1, 0.75 * 0.8 + 0.25, 0.85]],
        [
            [1, 0.75 + 0.25 * 0.7],
            [0.75, 0.9],
            # Without a token of its own it has the title's 0.6 for e1, and leans on 1.
            [0.85, 0.75 * 0.8 + 0.25 * 0.7],
        ],
    )


def test_no_title_matches_nothing() -> None:
    """Where one has no token, what matches worse than nothing stays so."""
    hits = [Hit(0, 0.1), Hit(1, 0.1)]
    index = index_of(passage_of([-E0]), passage_of([-E0], title=[E2]))
    found = compare(question_of(E0), hits, index, NO_MEAN)
    expect(found, [[0.1, -1, -1], [0.1, 0, 0]], [[-1], [0]])


def test_first_sentence_does_not_lean_on_the_passage_before() -> None:
    index = index_of(passage_of([E2], [E0]), passage_of([E2], [E1]))
    found = compare(QUESTION, [Hit(0, 0.2), Hit(1, 0.2)], index, NO_MEAN)
    expect(found, [[0.2, 0.75, 0.75], [0.2, 0.25, 0.25]], [[0, 0.75], [0, 0.25]])


def test_views_of_cosines_that_are_known_already() -> None:
    """As the fitting has them: for all passages' tokens, one below the other."""
    cosines = np.array([[0.1, 0.2], [0.7, -0.4], [0.5, 0.6]], np.float32)
    found = views(question_of(E0, E1), [Hit(0, 0.7)], index_of(FIRST).tokens([0]), cosines)
    expect(found, [[0.7, (0.7 + 0.6) / 2, (0.5 + 0.6) / 2]], [[(0.7 + 0.2) / 2, (0.5 + 0.6) / 2]])


# Order ------------------------------------------------------------------------------------------


def test_score_weighs_the_views() -> None:
    passages = np.array([[0.1, 0.6, 0.5], [0.3, 0.2, 0.5]])
    ranking = Ranking(sentence=2, maxsim=0.5, sentence_maxsim=7)
    assert score(passages, ranking).tolist() == pytest.approx([4.0, 4.2])
    # What is not weighed does not count, and no passage's score hangs on the others.
    ranking = Ranking(sentence=0, maxsim=3, sentence_maxsim=0)
    assert score(passages, ranking).tolist() == pytest.approx([1.8, 0.6])
    assert score(passages[1:], ranking).tolist() == pytest.approx([0.6])


@pytest.mark.parametrize(
    ("weight", "order"),
    [("sentence", [2, 1, 0]), ("maxsim", [0, 2, 1]), ("sentence_maxsim", [2, 0, 1])],
)
def test_each_weight_is_of_its_view(weight: str, order: list[int]) -> None:
    hits = [Hit(0, 0.2), Hit(1, 0.4), Hit(2, 0.6)]
    fit = fit_of(**{weight: 1.0})
    matches = rerank(QUESTION, ENGLISH, hits, index_of(FIRST, SECOND, THIRD), fit)
    assert [match.number for match in matches] == order
    scores = [match.score for match in matches]
    assert scores == sorted(scores, reverse=True)


def test_matches_say_what_they_were_found_by() -> None:
    index = index_of(FIRST, SECOND)
    fit = fit_of(sentence=1, maxsim=2, sentence_maxsim=4)
    [first, second] = rerank(QUESTION, ENGLISH, [Hit(1, 0.9), Hit(0, 0.3)], index, fit)
    assert first == Match(
        number=0,
        sentence=0,
        sentence_cosine=pytest.approx(0.3),
        maxsim=pytest.approx(0.95),
        sentence_maxsim=pytest.approx(0.75),
        same_language=1.0,
        score=pytest.approx(0.3 + 2 * 0.95 + 4 * 0.75),
    )
    assert second == Match(
        number=1,
        sentence=0,
        sentence_cosine=pytest.approx(0.9),
        maxsim=pytest.approx(0.15),
        sentence_maxsim=pytest.approx(0.15),
        same_language=1.0,
        score=pytest.approx(0.9 + 2 * 0.15 + 4 * 0.15),
    )


def test_the_sentence_with_the_best_maxsim_is_marked() -> None:
    """Its second sentence has the best cosine, its third the best MaxSim; both figures are of the
    best."""
    index = index_of(FIRST, SECOND, THIRD)
    [match] = rerank(QUESTION, ENGLISH, [Hit(2, 0.4)], index, fit_of())
    assert (match.number, match.sentence) == (2, 2)
    assert match.sentence_cosine == pytest.approx(0.4)
    assert match.sentence_maxsim == pytest.approx(0.8)


def test_the_first_of_sentences_that_are_alike_is_marked() -> None:
    index = index_of(passage_of([E3], [E0], [E0]))
    [match] = rerank(QUESTION, ENGLISH, [Hit(0, 0.9)], index, fit_of())
    assert match.sentence == 1


def test_equal_candidates_come_in_the_order_of_the_library() -> None:
    index = index_of(FIRST, FIRST, FIRST)
    hits = [Hit(number, 0.5) for number in (2, 0, 1)]
    matches = rerank(
        QUESTION, ENGLISH, hits, index, fit_of(sentence=1, maxsim=1, sentence_maxsim=1)
    )
    assert [match.number for match in matches] == [0, 1, 2]
    assert len({match.score for match in matches}) == 1


@pytest.mark.parametrize(("fits", "language"), [(1.0, "en"), (0.5, "en"), (1.0, "de"), (0.0, "de")])
def test_what_the_language_adds_is_taken_off(fits: float, language: str) -> None:
    """As much of it as the question fits the passages' language."""
    bias = LanguageBias(sentence=0.1, maxsim=0.2, sentence_maxsim=0.4)
    index = index_of(FIRST, SECOND, language=language)
    languages = {language: fits, "fr": 0.9}
    [match, _] = rerank(
        QUESTION, languages, [Hit(0, 0.3), Hit(1, 0.1)], index, fit_of(maxsim=1, bias=bias)
    )
    assert match == Match(
        number=0,
        sentence=0,
        sentence_cosine=pytest.approx(0.3 - 0.1 * fits),
        maxsim=pytest.approx(0.95 - 0.2 * fits),
        sentence_maxsim=pytest.approx(0.75 - 0.4 * fits),
        same_language=fits,
        score=pytest.approx(0.95 - 0.2 * fits),
    )


def test_a_language_that_the_question_is_not_in_loses_nothing() -> None:
    bias = LanguageBias(1, 1, 1)
    index = index_of(FIRST, language="xx")
    [match] = rerank(QUESTION, ENGLISH, [Hit(0, 0.3)], index, fit_of(bias=bias))
    assert (match.sentence_cosine, match.same_language) == (pytest.approx(0.3), 0)


def test_the_right_passage_in_another_language_comes_first() -> None:
    """By 0.75 to 0.7, where the bias is 0.3; without it, by 0.75 to 1."""
    source = [Source(id_, "T", None, None, None, None, id_) for id_ in ("de", "en")]
    passages = [Passage(id_, 1, 1, 0, 5, "Text.", None, ((0, 5),)) for id_ in ("de", "en")]
    vectors = [passage_of([E0, E2]), passage_of([E0, E1])]
    articles = [
        IndexedArticle(of, (one,), digest=of.id) for of, one in zip(source, passages, strict=True)
    ]
    index = PassageIndex(
        [(Segment(tuple(articles), tuple(vectors)), frozenset({"de", "en"}))], DIMENSION
    )
    hits = [Hit(0, 0.5), Hit(1, 0.5)]

    def order(bias: LanguageBias) -> list[int]:
        found = rerank(QUESTION, ENGLISH, hits, index, fit_of(maxsim=1, bias=bias))
        return [match.number for match in found]

    assert order(LanguageBias()) == [1, 0]
    assert order(LanguageBias(maxsim=0.3)) == [0, 1]


def test_nothing_to_rank() -> None:
    assert rerank(QUESTION, ENGLISH, [], index_of(FIRST), fit_of()) == []


# What confidence goes by ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([0.5], 0.4),
        ([0.5, 0.1], 0.6),
        ([0.1, 0.6, 0.2, 0.1, 0.4], 0.5),  # the best three of five, wherever they stand
        ([1.0], -0.1),
    ],
    ids=["one", "two", "five", "better"],
)
def test_lead(others: list[float], expected: float) -> None:
    found = lead(0.9, np.array(others))
    assert found == pytest.approx(expected)
    assert isinstance(found, float)


def test_no_lead_over_nobody() -> None:
    assert lead(0.9, np.array([])) is None


def match_of(number: int, maxsim: float) -> Match:
    """A match whose other figures follow from its number, and none is like another."""
    return Match(
        number=number,
        sentence=0,
        sentence_cosine=0.01 + number,
        maxsim=maxsim,
        sentence_maxsim=0.03 + number,
        same_language=0.05 + number,
        score=0.04 + number,
    )


def index_of_texts(*texts: str) -> PassageIndex:
    return index_of(*[passage_of([E0])] * len(texts), texts=texts)


def test_features() -> None:
    index = index_of_texts("One.", "Two.", "Three.", "Four.", "Five.")
    matches = [
        *(match_of(3, 0.8), match_of(0, 0.1), match_of(4, 0.5)),
        *(match_of(1, 0.2), match_of(2, 0.5)),
    ]
    found = features(matches, index)
    assert found == Features(
        sentence=3.01,
        maxsim=0.8,
        sentence_maxsim=3.03,
        lead=pytest.approx(0.8 - (0.5 + 0.5 + 0.2) / 3),
        same_language=3.05,
    )


def test_features_of_the_only_match() -> None:
    found = features([match_of(0, 0.8)], index_of_texts("One."))
    assert (found.maxsim, found.lead) == (0.8, None)


def test_copies_of_the_first_passage_are_no_runners_up() -> None:
    index = index_of_texts("One.", "Two.", "One.", "Three.", "One.")
    matches = [
        *(match_of(2, 0.8), match_of(0, 0.79), match_of(4, 0.78)),
        *(match_of(1, 0.4), match_of(3, 0.2)),
    ]
    assert features(matches, index).lead == pytest.approx(0.8 - (0.4 + 0.2) / 2)


def test_nothing_but_copies() -> None:
    matches = [match_of(0, 0.8), match_of(1, 0.8)]
    assert features(matches, index_of_texts("One.", "One.")).lead is None


def test_copies_of_another_passage_are_runners_up() -> None:
    index = index_of_texts("One.", "Two.", "Two.")
    matches = [match_of(0, 0.8), match_of(1, 0.4), match_of(2, 0.2)]
    assert features(matches, index).lead == pytest.approx(0.8 - 0.3)
