"""How often one person may ask and is told that they may not, and how many questions may wait."""

from __future__ import annotations

import time
from dataclasses import dataclass

from discord.app_commands import Cooldown

QUESTIONS = 5
SECONDS = 30.0
"""One person may ask QUESTIONS in SECONDS: enough for a talk, too little for a flood."""

REFUSALS = 2
"""How many messages in SECONDS one person is told are not looked up; then the bot is silent."""

MOST_WAITING = 30
"""At a tenth of a second to a second an answer, nobody waits longer than half a minute. In a
library whose token vectors are computed for each question it may be a minute and a half."""

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Wait:
    """A question that is not looked up now, and after how many seconds it may be asked again."""

    seconds: float
    queue_full: bool


class Limits:
    """Admits questions, and refusals of them. All methods are called on the event loop."""

    def __init__(
        self, *, questions: int = QUESTIONS, seconds: float = SECONDS, waiting: int = MOST_WAITING
    ) -> None:
        self._questions = _Cooldowns(questions, seconds)
        self._refusals = _Cooldowns(REFUSALS, seconds)
        self._seconds, self._most_waiting = seconds, waiting

    def admit(self, user: int, waiting: int, *, now: float | None = None) -> Wait | None:
        """Whether ``user`` must wait, when ``waiting`` questions are in hand; None if not.

        ``now`` is in seconds of any clock that only goes forward. A question that finds the queue
        full does not count against its asker.
        """
        if waiting >= self._most_waiting:
            return Wait(self._seconds / 2, queue_full=True)
        seconds = self._questions.wait(user, now)
        return None if seconds is None else Wait(seconds, queue_full=False)

    def refuses(self, user: int, *, now: float | None = None) -> bool:
        """Whether to tell ``user`` why a message is not looked up; if so, it counts.

        A bot that says so each time makes a flood of messages twice as long.
        """
        return self._refusals.wait(user, now) is None


class _Cooldowns:
    """How often each user may do something: ``times`` in ``seconds``."""

    def __init__(self, times: int, seconds: float) -> None:
        self._times, self._seconds = times, seconds
        self._users: dict[int, Cooldown] = {}

    def wait(self, user: int, now: float | None) -> float | None:
        """The seconds that ``user`` must wait; None if not, and then it counts."""
        now = time.monotonic() if now is None else now
        if len(self._users) > MOST_REMEMBERED:
            self._forget(now)
        cooldown = self._users.get(user)
        if cooldown is None:
            cooldown = self._users[user] = Cooldown(self._times, self._seconds)
        return cooldown.update_rate_limit(now)

    def _forget(self, now: float) -> None:
        """Drop those who may do it as often as somebody new."""
        self._users = {
            user: cooldown
            for user, cooldown in self._users.items()
            if cooldown.get_tokens(now) < self._times
        }
