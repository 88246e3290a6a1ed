"""People who ask a bot in a Discord on loopback, and what became of each of their questions."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from content_folder import ContentFolder
from discord_loopback import SEND_MESSAGES, Interaction, Json, LoopbackDiscord, texts

ARTICLES = 20
SHIPS = 10
"""How many an article tells of."""

ANSWERED = "answered"
TOLD_TO_WAIT = "told to wait"
NOT_TAKEN = "not acknowledged within 3 s: Discord says so"
NOT_DELIVERED = "never delivered by Discord"
LOST = "lost"

TAKEN_SECONDS = 3.0
"""How long Discord takes a first response."""

_WAIT = re.compile(r"Please ask again <t:\d+:R>\.")


def write_ships(content: ContentFolder, version: int = 0) -> None:
    """Articles about ships, each with a name of its own; half of them differ by version.

    No reader finds half an article.
    """
    drafts = ContentFolder(content.path.with_name("drafts"))
    for article in range(ARTICLES):
        year = 1900 + (version if article % 2 else 0)
        ships = [f"In {year} {ship(article, n)} brought lamps." for n in range(SHIPS)]
        draft = drafts.write(f"log{article}.md", *ships, title=f"Log {article}")
        content.path.mkdir(exist_ok=True)
        draft.replace(content.path / draft.name)


def ship(article: int, number: int) -> str:
    return f"ship{article}x{number}"


@dataclass(slots=True)
class Question:
    """A question about a ship, put by a command or in the message with the id ``message``."""

    about: str
    command: Interaction | None = None
    message: str = ""


@dataclass(slots=True)
class Crowd:
    """Asks by a command, in public or privately, by a mention, or in a direct message."""

    discord: LoopbackDiscord
    chance: Random
    exact: bool = True
    """Whether an answer must be about the ship that was asked for. A real model may choose
    another."""
    questions: list[Question] = field(default_factory=list)

    async def ask(self, user: Json | None = None, *, command: bool | None = None) -> Question:
        """Somebody new asks, or ``user``; ``command`` decides how, otherwise chance does."""
        user = self.discord.user("mira") if user is None else user
        about = ship(self.chance.randrange(ARTICLES), self.chance.randrange(SHIPS))
        question = Question(about)
        self.questions.append(question)
        # Twice, so that the small encoder of the tests cannot mistake it for another.
        text = f"{about}: what did {about} bring?"
        if self.chance.random() < 0.6 if command is None else command:
            private = {"private": True} if self.chance.random() < 0.3 else {}
            permissions = SEND_MESSAGES if self.chance.random() < 0.8 else None
            question.command = await self.discord.interaction(
                "ask", {"question": text, **private}, user=user, permissions=permissions
            )
        elif self.chance.random() < 0.5:
            me = self.discord.bot_user["id"]
            question.message = await self.discord.message(f"<@{me}> {text}", user=user)
        else:
            question.message = await self.discord.direct_message(text, user=user)
        return question

    def open(self) -> list[Question]:
        """The questions of which nothing has become yet."""
        return [question for question in self.questions if self.fate(question) is None]

    def forget(self, question: Question) -> None:
        """Let go of a question, and of what was sent because of it."""
        self.questions.remove(question)
        self.discord.replies.pop(question.message, None)
        if question.command is not None:
            del self.discord.interactions[question.command.token]

    def fates(self) -> dict[str, int]:
        """How many questions came to what, once nothing more happens."""
        found = Counter(
            self.fate(question) or self.given_up(question) or LOST for question in self.questions
        )
        return dict(sorted(found.items()))

    def fate(self, question: Question) -> str | None:
        """What became of it; None if nothing has. Fails if it was answered twice, or with what
        answers another."""
        shown = self._shown(question)
        if not shown:
            return None
        assert len({json.dumps(message, sort_keys=True) for message in shown}) == 1, shown
        text = "\n".join(shown[0])
        if _WAIT.search(text):
            return TOLD_TO_WAIT
        assert f"{question.about if self.exact else ''} brought lamps" in text.replace("**", ""), (
            text
        )
        return ANSWERED

    def given_up(self, question: Question) -> str | None:
        """Why Discord does not let anybody answer it; None if it does."""
        command = question.command
        if question.message in self.discord.undelivered or (command and not command.delivered):
            return NOT_DELIVERED
        if command and not command.callbacks and time.monotonic() - command.began > TAKEN_SECONDS:
            return NOT_TAKEN
        return None

    def _shown(self, question: Question) -> list[list[str]]:
        """The texts of what was sent in response: one message, however often it was edited."""
        command = question.command
        if command is None:
            replies = self.discord.replies.get(question.message, [])
            assert len(replies) <= 1, replies
            return [texts(reply) for reply in replies]
        assert not command.followups
        edits = [texts(version) for version in command.versions]
        if command.callbacks and command.callbacks[0]["type"] == 4:
            assert not edits
            assert command.message is not None
            return [texts(command.message)]
        return edits
