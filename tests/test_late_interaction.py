"""Token vectors: centring, eight bits a component, and MaxSim against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.late_interaction import (
    Float32,
    QuantisedTokens,
    best_matches,
    centre,
    quantise,
    similarities,
    unit,
)

DIMENSION = 6

components = st.floats(-1, 1, width=32)
matrices = st.integers(1, 6).flatmap(
    lambda rows: arrays(np.float32, (rows, DIMENSION), elements=components)
)
# Rows long enough that scaling them to length one is exact to float32's precision.
tokens = matrices.filter(lambda m: bool((np.linalg.norm(m, axis=1) > 1e-3).all()))


def restored(quantised: QuantisedTokens) -> Float32:
    vectors: Float32 = quantised.values * quantised.scales[:, None]
    return vectors


def test_centre() -> None:
    vectors = np.array([[3, 0], [0, 2]], np.float32)
    mean = np.array([0.5, 0], np.float32)
    expected = np.array([[1, 0], [-0.4472136, 0.8944272]], np.float32)
    np.testing.assert_allclose(centre(vectors, mean), expected, rtol=1e-6)


def test_unit_keeps_zeros() -> None:
    assert unit(np.array([[0, 0], [0, 4]], np.float32)).tolist() == [[0, 0], [0, 1]]


def test_quantise_exact() -> None:
    quantised = quantise(np.array([[5 / 13, -12 / 13], [1, 0], [0, 0]], np.float32))
    # 5 / 12 * 127 = 52.9
    assert quantised.values.tolist() == [[53, -127], [127, 0], [0, 0]]
    assert quantised.values.dtype == np.int8
    np.testing.assert_allclose(quantised.scales, [1 / np.hypot(53, 127), 1 / 127, 1], rtol=1e-6)
    assert quantised.scales.dtype == np.float32


def test_quantise_nothing() -> None:
    quantised = quantise(np.empty((0, 3), np.float32))
    assert quantised.values.shape == (0, 3)
    assert quantised.scales.shape == (0,)


@given(tokens)
def test_quantised_vectors_are_close_and_of_unit_length(vectors: Float32) -> None:
    exact = unit(vectors)
    back = restored(quantise(exact))
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, rtol=1e-5)
    # Each component is rounded by at most half a step of largest / 127; bringing the vector back
    # to unit length can double the error's length.
    step = np.abs(exact).max(axis=1) / 127
    errors = np.linalg.norm(back - exact, axis=1)
    assert (errors <= 2 * np.sqrt(DIMENSION) * step / 2 + 1e-5).all()


@given(tokens, st.lists(tokens, min_size=1, max_size=4))
def test_maxsim_is_that_of_a_loop(question: Float32, passages: list[Float32]) -> None:
    question = unit(question)
    quantised = [quantise(unit(passage)) for passage in passages]
    lengths = [len(passage) for passage in passages]
    starts = np.cumsum([0, *lengths[:-1]])
    found = best_matches(similarities(question, quantised), starts)
    expected = [
        [max(float(p @ q) for p in restored(passage)) for q in question] for passage in quantised
    ]
    np.testing.assert_allclose(found, expected, atol=0.015)


@given(tokens, st.lists(tokens, min_size=1, max_size=4))
def test_products_of_bytes_are_those_of_floats(question: Float32, passages: list[Float32]) -> None:
    question = unit(question)
    quantised = [quantise(unit(passage)) for passage in passages]
    cosines = similarities(question, quantised)
    expected = np.concatenate([restored(passage) for passage in quantised]) @ question.T
    np.testing.assert_allclose(cosines, expected, atol=0.015)
    assert (cosines.shape, cosines.dtype) == ((sum(map(len, passages)), len(question)), np.float32)


def test_the_largest_sums_do_not_overflow() -> None:
    """384 components, all as large as a byte takes, of either sign."""
    signs = np.where(np.arange(384) % 3, 1, -1).astype(np.float32)
    question = unit(np.stack([signs, -signs]))
    (cosines,) = similarities(question, [quantise(question[:1])])
    np.testing.assert_allclose(cosines, [1, -1], atol=1e-4)


def test_similarities_of_no_passage() -> None:
    assert similarities(np.ones((2, 3), np.float32), []).shape == (0, 2)


def test_similarities_with_no_question_token() -> None:
    passage = quantise(np.eye(3, dtype=np.float32))
    assert similarities(np.empty((0, 3), np.float32), [passage]).shape == (3, 0)


def test_best_matches() -> None:
    cosines = np.array([[0.1, 0.9], [0.5, 0.2], [0.3, 0.4]], np.float32)
    found = best_matches(cosines, np.array([0, 2]))
    assert found.tolist() == pytest.approx(np.array([[0.5, 0.9], [0.3, 0.4]]))


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([0, 0, 2], [[0, 0], [0.5, 0.9], [0.3, 0.4]]),
        ([0, 1, 1, 2], [[0.1, 0.9], [0, 0], [0.5, 0.2], [0.3, 0.4]]),
        ([0, 2, 3, 3], [[0.5, 0.9], [0.3, 0.4], [0, 0], [0, 0]]),
        ([0], [[0.5, 0.9]]),
    ],
    ids=["first", "middle", "last", "none"],
)
def test_an_empty_segment_matches_nothing(starts: list[int], expected: list[list[float]]) -> None:
    cosines = np.array([[0.1, 0.9], [0.5, 0.2], [0.3, 0.4]], np.float32)
    np.testing.assert_array_equal(
        best_matches(cosines, np.array(starts)), np.array(expected, np.float32)
    )
