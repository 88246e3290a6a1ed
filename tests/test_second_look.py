"""Which candidate comes first where it is in doubt, and how sure that is."""

import math
from dataclasses import replace

import pytest
from fake_encoder import FakeEncoder
from fits import fit_for

from index.fit import Confidence, Features, Fit, SecondLook
from index.second_look import Candidate, Judgement, judge

ORDER = 0.1


def fit_in_doubt(probability: float = 0.5) -> Fit:
    """The views always give this probability; the second look goes by the sentence's cosine and by
    the reader."""
    none = Confidence(*[0.0] * 6)
    return replace(
        fit_for(FakeEncoder()),
        confidence=replace(none, intercept=math.log(probability / (1 - probability))),
        second_look=SecondLook(replace(none, sentence=1.0), read=1.0, order=ORDER),
    )


class Passages:
    """Candidates by their scores and what the reader finds, its probability; notes what is read.

    The first one's sentence has a cosine of 0, the next one's of 1, and so on.
    """

    def __init__(self, *passages: tuple[float, float]) -> None:
        self.read: list[int] = []
        self.candidates = [
            self._candidate(place, score, probability)
            for place, (score, probability) in enumerate(passages)
        ]

    def _candidate(self, place: int, score: float, probability: float) -> Candidate:
        def read() -> float:
            self.read.append(place)
            return math.log(probability / (1 - probability))

        return Candidate(score, lambda: Features(float(place), 0.0, 0.0, 0.0, 0.0), read)


def second(place: int, probability: float) -> float:
    """What the second look makes of a passage at this place that the reader gives so much."""
    return 1 / (1 + math.exp(-place) / probability)


def test_the_reader_puts_another_first() -> None:
    passages = Passages((0.5, 0.1), (0.4, 0.9))
    found = judge(passages.candidates, fit_in_doubt())
    assert found == Judgement(1, pytest.approx(second(1, 0.9)), in_doubt=True)


def test_the_reader_finds_too_little_in_another() -> None:
    passages = Passages((0.5, 0.1), (0.4, 0.2))
    found = judge(passages.candidates, fit_in_doubt())
    assert (found.first, found.probability) == (0, pytest.approx(second(0, 0.1)))
    assert passages.read == [0, 1]


def test_what_cannot_come_first_any_more_is_not_read() -> None:
    """A tenth takes 0.23 from the first one's score."""
    for behind, read in ((0.22, [0, 1]), (0.24, [0])):
        passages = Passages((0.5, 0.1), (0.5 - behind, 0.999))
        found = judge(passages.candidates, fit_in_doubt())
        assert passages.read == read
        assert found.first == len(read) - 1


def test_of_copies_the_first_stays() -> None:
    passages = Passages((0.5, 0.4), (0.5, 0.4))
    assert judge(passages.candidates, fit_in_doubt()).first == 0


@pytest.mark.parametrize("probability", [0.09, 0.81])
def test_what_is_clear_is_not_read(probability: float) -> None:
    passages = Passages((0.5, 0.1), (0.4, 0.9))
    found = judge(passages.candidates, fit_in_doubt(probability))
    assert found == Judgement(0, pytest.approx(probability), in_doubt=False)
    assert passages.read == []


def test_without_a_reader_or_a_fit_for_it_the_views_decide() -> None:
    passages = Passages((0.5, 0.1), (0.4, 0.9))
    unread = [replace(candidate, read=None) for candidate in passages.candidates]
    assert judge(unread, fit_in_doubt()) == Judgement(0, 0.5, in_doubt=False)
    unfitted = replace(fit_in_doubt(), second_look=None)
    assert judge(passages.candidates, unfitted) == Judgement(0, 0.5, in_doubt=False)
    assert passages.read == []
