"""Questions merged that ask the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for

from index import grouping
from index.grouping import LIKENESS, group_questions, likeness
from index.library import Library

# To the fake encoder a token is a word, so likeness is the share of words in common.
LAMPS = "old lamps burned whale oil here"
LIKE_LAMPS = "old lamps burned whale oil there"  # 5 of 6
LESS_LIKE = "old lamps burned fish oil there"  # 5 of 6 to the second, 4 of 6 to the first
ROPES = "ropes twisted from hemp"


def grouped(*questions: str) -> list[list[int]]:
    encoder = FakeEncoder(256)
    return group_questions(questions, encoder, fit_for(encoder))


def test_likeness_is_the_smaller_share_of_words_found_in_the_other() -> None:
    encoder = FakeEncoder(256)
    questions = encoder.encode_questions([ROPES, "ropes twisted from hemp by two", LAMPS])
    found = likeness(questions, fit_for(encoder))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-5)
    np.testing.assert_array_equal(found, found.T)
    # The two words more match nothing, or what is nearest by chance.
    assert 4 / 6 - 0.01 < found[0, 1] < 4 / 6 + 0.1
    assert found[0, 2] == 0


def test_likeness_weighs_the_tokens_and_centres_them() -> None:
    encoder = FakeEncoder(256)
    pair = encoder.encode_questions(["hemp ropes here", "hemp ropes there"])
    heavy = [replace(one, weights=np.array([9, 9, 1], np.float32)) for one in pair]
    fit = fit_for(encoder)
    assert likeness(heavy, fit)[0, 1] > 0.94 > likeness(pair, fit)[0, 1]
    # What all tokens share is taken out.
    shared = np.full(256, 0.5, np.float32)
    moved = [replace(one, tokens=one.tokens + shared) for one in pair]
    unit = [one.tokens / np.linalg.norm(one.tokens, axis=1, keepdims=True) for one in moved]
    mean = np.concatenate(unit).mean(axis=0)
    assert likeness(moved, fit)[0, 1] > 0.95
    assert likeness(moved, replace(fit, question_mean=mean))[0, 1] < 0.8


def test_the_largest_group_comes_first() -> None:
    assert grouped(ROPES, LAMPS, "gulls cry", LIKE_LAMPS) == [[1, 3], [0], [2]]
    assert grouped(ROPES, LAMPS, LIKE_LAMPS, LAMPS) == [[1, 2, 3], [0]]
    assert grouped("gulls cry", ROPES) == [[0], [1]]


def test_any_two_of_a_group_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of questions each like the next is not one question."""
    assert grouped(LAMPS, LIKE_LAMPS) == grouped(LIKE_LAMPS, LESS_LIKE) == [[0, 1]]
    monkeypatch.setattr(grouping, "LIKENESS", 0.75)
    assert len(grouped(LAMPS, LIKE_LAMPS, LESS_LIKE)) == 2
    assert LIKENESS == 0.63


@pytest.mark.parametrize(
    "other",
    ["Ropes twisted from hemp?", "  ropes\ntwisted from HEMP…", "¿ropes twisted from hemp?!"],
)
def test_copies(other: str) -> None:
    """Case, white space and signs at the ends make no difference, even to an unmeasured model."""
    encoder = FakeEncoder()
    fit = replace(fit_for(encoder), confidence=None)
    assert group_questions([ROPES, LAMPS, other, LIKE_LAMPS], encoder, fit) == [[0, 2], [1], [3]]
    assert encoder.encoded_questions == []


def test_a_copy_is_encoded_once() -> None:
    encoder = FakeEncoder()
    group_questions([ROPES, ROPES, "Gulls cry", f"{ROPES}?"], encoder, fit_for(encoder))
    assert encoder.encoded_questions == [ROPES, "Gulls cry"]


@pytest.mark.parametrize(
    ("questions", "groups"),
    [
        ([], []),
        ([ROPES], [[0]]),
        (["", "?!", " "], [[0, 2], [1]]),
        (["…", "→", "😀"], [[0], [1], [2]]),
    ],
)
def test_few_or_no_words(questions: list[str], groups: list[list[int]]) -> None:
    assert grouped(*questions) == groups


def test_too_many_wordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_WORDINGS", 2)
    assert grouped(ROPES, LAMPS, LIKE_LAMPS, LAMPS) == [[1, 3], [0], [2]]
    assert grouped(LAMPS, LIKE_LAMPS, ROPES, LAMPS) == [[0, 1, 3], [2]]


def test_of_a_library(content: ContentFolder, data: Path) -> None:
    content.write("a.md", "Ropes are twisted.")
    encoder = FakeEncoder(256)
    library = Library.open(content.path, data, encoder, fit=fit_for(encoder))[0]
    assert library.group([ROPES, LAMPS, LIKE_LAMPS]) == [[1, 2], [0]]
