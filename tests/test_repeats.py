"""What Discord delivers twice."""

from bot.repeats import SECONDS, Repeats


def test_what_comes_again_is_known() -> None:
    repeats = Repeats()
    assert repeats.first(17)
    assert repeats.first(18)
    assert not repeats.first(17)
    assert not repeats.first(18)


def test_only_the_newest_are_remembered() -> None:
    repeats = Repeats(most=2)
    assert [repeats.first(number) for number in (1, 2, 3)] == [True] * 3
    assert not repeats.first(2)
    assert not repeats.first(3)
    assert repeats.first(1)


def test_it_is_forgotten_after_its_time() -> None:
    now = 100.0
    repeats = Repeats(clock=lambda: now)
    assert repeats.first(1)
    now += SECONDS - 1
    assert not repeats.first(1)
    now += 1
    assert repeats.first(1)
