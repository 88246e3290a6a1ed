"""How often somebody may ask, and is told that they may not."""

import pytest

from bot import limits
from bot.limits import Limits, Wait


def test_so_many_questions_in_so_many_seconds() -> None:
    found = Limits(questions=2, seconds=10)
    assert [found.admit(1, 0, now=now) for now in (100, 101, 102)] == [
        None,
        None,
        Wait(8.0, queue_full=False),
    ]
    assert found.admit(2, 0, now=102) is None
    assert found.admit(1, 0, now=110.1) is None


def test_a_full_queue_does_not_count() -> None:
    found = Limits(questions=1, seconds=10, waiting=3)
    assert found.admit(1, 3, now=100) == Wait(5.0, queue_full=True)
    assert found.admit(1, 2, now=100) is None


def test_two_refusals_and_then_silence() -> None:
    found = Limits(questions=1, seconds=10)
    assert [found.refuses(1, now=now) for now in (100, 101, 102, 109)] == [True, True, False, False]
    assert found.refuses(2, now=102)
    # Refusals and questions are counted apart.
    assert found.admit(1, 0, now=102) is None
    assert found.refuses(1, now=110.1)


def test_those_who_may_ask_as_often_as_anybody_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_REMEMBERED", 2)
    found = Limits(questions=1, seconds=10)
    for user, now in ((1, 100), (2, 100), (3, 105), (4, 112)):
        assert found.admit(user, 0, now=now) is None
    assert set(found._questions._users) == {3, 4}
