"""How often one person may ask, and how many questions may wait."""

from __future__ import annotations

import time
from dataclasses import dataclass

from discord.app_commands import Cooldown

QUESTIONS = 5
SECONDS = 30.0
"""One person may ask QUESTIONS in SECONDS: enough for a talk, too little for a flood."""

MOST_WAITING = 30
"""At a tenth of a second to a second an answer, nobody waits longer than half a minute."""

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Wait:
    """A question that is not looked up now, and after how many seconds it may be asked again."""

    seconds: float
    queue_full: bool


class Limits:
    """Admits questions. All methods are called on the event loop."""

    def __init__(
        self, *, questions: int = QUESTIONS, seconds: float = SECONDS, waiting: int = MOST_WAITING
    ) -> None:
        self._questions, self._seconds, self._most_waiting = questions, seconds, waiting
        self._cooldowns: dict[int, Cooldown] = {}

    def admit(self, user: int, waiting: int, *, now: float | None = None) -> Wait | None:
        """Whether ``user`` must wait, when ``waiting`` questions are in hand; None if not.

        ``now`` is in seconds of any clock that only goes forward. A question that finds the queue
        full does not count against its asker.
        """
        now = time.monotonic() if now is None else now
        if waiting >= self._most_waiting:
            return Wait(self._seconds / 2, queue_full=True)
        if len(self._cooldowns) > MOST_REMEMBERED:
            self._forget(now)
        cooldown = self._cooldowns.get(user)
        if cooldown is None:
            cooldown = self._cooldowns[user] = Cooldown(self._questions, self._seconds)
        seconds = cooldown.update_rate_limit(now)
        return None if seconds is None else Wait(seconds, queue_full=False)

    def _forget(self, now: float) -> None:
        """Drop those who have all their questions again."""
        self._cooldowns = {
            user: cooldown
            for user, cooldown in self._cooldowns.items()
            if cooldown.get_tokens(now) < self._questions
        }
