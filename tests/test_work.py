"""What is in hand: counted, joined, and finished before a stop."""

import asyncio

import pytest

from bot.work import Work


async def test_questions_are_counted_apart() -> None:
    work = Work()
    with work.piece():
        assert work.questions == 0
        with work.question():
            assert work.questions == 1
        assert work.questions == 0
        assert not await work.finish(0.001)
    assert await work.finish(0.001)
    assert work.stopping


async def test_the_same_work_is_done_once() -> None:
    work, go_on, begun = Work(), asyncio.Event(), []

    async def count() -> int:
        begun.append(len(begun) + 1)
        await go_on.wait()
        return begun[-1]

    callers = [asyncio.create_task(work.joined(key, count)) for key in ("one", "one", "two")]
    await asyncio.sleep(0.01)
    assert begun == [1, 2]
    # Whoever gives up does not take the others down.
    callers[0].cancel()
    go_on.set()
    assert [await caller for caller in callers[1:]] == [2, 2]
    assert await work.joined("one", count) == 3


async def test_what_fails_fails_for_all_and_can_be_tried_again() -> None:
    work = Work()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    for _ in range(2):
        outcomes = await asyncio.gather(
            work.joined("one", fail), work.joined("one", fail), return_exceptions=True
        )
        assert [str(outcome) for outcome in outcomes] == ["broken", "broken"]


@pytest.mark.parametrize("error", [KeyError, asyncio.CancelledError])
async def test_a_piece_that_fails_is_done(error: type[BaseException]) -> None:
    work = Work()
    with pytest.raises(error), work.question():
        raise error
    assert work.questions == 0
    assert await work.finish(0.001)
