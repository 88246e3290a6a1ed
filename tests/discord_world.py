"""A bot in a simulated Discord: a library whose answers a test chooses, and what people see."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import discord
from simcord import Env

from bot.client import BelegClient
from bot.database import Database
from bot.drafts import Drafts
from bot.limits import Limits
from bot.members import MemberKeys
from bot.metrics import Metrics
from bot.records import Records
from bot.servers import Servers
from bot.service import LibraryService
from bot.services import Services
from bot.settings import load_settings
from bot.work import Work
from index.answer import Answer, Asked, Citation, Highlight, Status
from index.content import ContentError
from index.library import Context, Library
from index.passages import Passage, passage_digest
from index.segments import Source
from index.shelf import Shelf
from index.update import Changes, IndexReport

QUOTE = "The lamp was lit in 1887. It burned whale oil until March. Then gas came."
SHOWN = "> The lamp was lit in 1887. **It burned whale oil until March.** Then gas came."
SOURCE = "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · paragraph 2 · English"
QUESTION = "until when did it burn oil?"
BEFORE = "The rock was bare until the harbour grew."
AFTER = "Since 1931 the light has been electric. Nobody lives there now."


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the simulated library."""

    source: Source
    paragraphs: tuple[str, ...]


def article(
    name: str = "lighthouse",
    title: str = "The old lighthouse",
    paragraphs: Sequence[str] = (BEFORE, QUOTE, AFTER),
    *,
    url: str | None = "https://example.org/lighthouse",
    author: str | None = "Ada Quill",
    date: str | None = "2024-03-09",
    language: str = "en",
) -> Article:
    source = Source(name, title, author, None, url, date, language)
    return Article(source, tuple(paragraphs))


@dataclass(frozen=True, slots=True)
class Found:
    """A citation that the library is to give: the paragraph and the sentence in it."""

    article: str = "lighthouse"
    paragraph: int = 2
    sentence: str = "It burned whale oil until March."
    asks: str | None = None


@dataclass
class FakeLibrary:
    """Answers every question with `found`, and remembers how it was asked."""

    contents: list[Article] = field(default_factory=lambda: [article()])
    found: list[Found] = field(default_factory=lambda: [Found()])
    status: Status = Status.ANSWERED
    confidence: float = 0.97
    unanswered: tuple[str, ...] = ()
    example_questions: tuple[str, ...] = ("When was the lamp lit?", "Who lives there?")
    translated_examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prepared: int = 0
    stored_bytes: int = 2_345_678
    asked: list[str] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    fail: Exception | None = None
    gate: threading.Event | None = None
    """What an answer waits for."""

    @property
    def articles(self) -> tuple[Source, ...]:
        return tuple(one.source for one in self.contents)

    @property
    def passage_count(self) -> int:
        return sum(len(one.paragraphs) for one in self.contents)

    @property
    def model(self) -> str:
        return "fake-model"

    def paragraphs(self, article_id: str) -> int:
        return len(self._article(article_id).paragraphs)

    def answer(self, question: str, top: int = 3, **options: Any) -> Answer:
        assert threading.current_thread() is not threading.main_thread()
        self.asked.append(question)
        self.options.append({name: value for name, value in options.items() if value})
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.fail is not None:
            raise self.fail
        citations = []
        for rank, found in enumerate(self.found[:top], 1):
            quote = self._article(found.article).paragraphs[found.paragraph - 1]
            start = quote.index(found.sentence)
            end = start + len(found.sentence)
            citation = self.cite(found.article, passage_digest(quote), start, end)
            assert citation is not None
            citations.append(replace(citation, rank=rank, asks=found.asks))
        return Answer(
            question, self.status, self.confidence, 1.0, tuple(citations), self.unanswered
        )

    def answers(self, asked: Sequence[Asked]) -> list[Answer]:
        return [
            self.answer(
                one.message,
                one.top,
                article=one.article,
                before=one.before,
                strictness=one.strictness,
            )
            for one in asked
        ]

    def cite(self, article_id: str, passage: str, start: int, end: int) -> Citation | None:
        """As the real library: ``passage`` is the digest of the text."""
        found = [one for one in self.contents if one.source.id == article_id]
        texts = [
            text for one in found for text in one.paragraphs if passage_digest(text) == passage
        ]
        if not texts:
            return None
        quote, source = texts[0], found[0].source
        return Citation(
            rank=1,
            article=source.id,
            title=source.title,
            author=source.author,
            publisher=source.publisher,
            url=source.url,
            date=source.date,
            language=source.language,
            paragraph=found[0].paragraphs.index(quote) + 1,
            quote=quote,
            highlight=Highlight(start, end, quote[start:end]),
            score=1.0,
        )

    def context(self, article_id: str, passage: str) -> Context | None:
        citation = self.cite(article_id, passage, 0, 1)
        if citation is None:
            return None
        texts = self._article(article_id).paragraphs
        passages = tuple(
            Passage(article_id, number, 1, 0, len(text), text, None, ((0, len(text)),))
            for number, text in enumerate(texts, 1)
        )
        return Context(passages, citation.paragraph - 1)

    def prepare(self) -> None:
        self.prepared += 1

    def examples(self, count: int = 3, *, language: str | None = None) -> tuple[str, ...]:
        """Those in the reader's language first, as the real library."""
        own = self.translated_examples.get(language or "", ())
        return (*own, *self.example_questions)[:count]

    def group(self, questions: Sequence[str]) -> list[list[int]]:
        """Questions with the same first word are the same."""
        groups: dict[str, list[int]] = {}
        for number, question in enumerate(questions):
            groups.setdefault(question.split()[0].lower(), []).append(number)
        return list(groups.values())

    def _article(self, article_id: str) -> Article:
        [found] = [one for one in self.contents if one.source.id == article_id]
        return found


def report(errors: tuple[ContentError, ...] = ()) -> IndexReport:
    return IndexReport(
        articles=Changes(added=1, unchanged=1),
        passages=Changes(added=4, unchanged=20),
        encoded=4,
        errors=errors,
        rebuilt=None,
        seconds=1.25,
    )


@dataclass
class World:
    """A library, the one that a reindex gives, and what a reindex does."""

    data: Path
    library: FakeLibrary = field(default_factory=FakeLibrary)
    renewed: FakeLibrary = field(
        default_factory=lambda: FakeLibrary(
            [article("new", "New", (BEFORE, QUOTE))], [Found("new")]
        )
    )
    reindexes: int = 0
    failure: Exception | None = None
    errors: tuple[ContentError, ...] = ()
    ready: bool = True
    limits: Limits = field(default_factory=lambda: Limits(questions=1000))
    client: BelegClient | None = None
    database: Database | None = None

    def reopen(self, on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        assert threading.current_thread() is not threading.main_thread()
        self.reindexes += 1
        on_progress(0, 4)
        if self.failure is not None:
            raise self.failure
        on_progress(4, 4)
        return cast(Library, self.renewed), report(self.errors)

    def new_client(self) -> BelegClient:
        """A client as after a (re)start: what is stored is read from the disk again."""
        if self.database is not None:
            self.database.close()
        self.database = Database.open(self.data / "beleg.sqlite3")
        library = cast(Library, self.library) if self.ready else None
        settings = load_settings(content=self.data / "content", data=self.data)
        settings.content.mkdir(exist_ok=True)
        servers = Servers.load(self.database)
        metrics = Metrics()
        services = Services(
            library=LibraryService(library, reopen=self.reopen, metrics=metrics),
            records=Records(self.database, servers),
            servers=servers,
            members=MemberKeys.load(self.data / "members.key"),
            limits=self.limits,
            work=Work(),
            settings=settings,
            shelf=Shelf(settings.content, settings.data / "removed"),
            drafts=Drafts(),
            metrics=metrics,
        )
        self.client = BelegClient(services=services, data=self.data)
        return self.client

    @property
    def services(self) -> Services:
        assert self.client is not None
        return self.client.services


def shown(message: Any) -> list[str]:
    """The text displays of a message, or its plain content."""
    if message.content:
        return [message.content]
    return [component["content"] for component in components(message) if component["type"] == 10]


def buttons(message: Any) -> dict[str, bool]:
    """The labels of a message's buttons in order, and whether each can be pressed."""
    return {
        component["label"]: not component.get("disabled", False)
        for component in components(message)
        if component["type"] == 2
    }


def components(message: Any) -> Iterator[dict[str, Any]]:
    """All components of a message, outer before inner."""

    def walk(found: Sequence[Any]) -> Iterator[dict[str, Any]]:
        for component in found:
            data = component if isinstance(component, dict) else component.to_dict()
            yield data
            yield from walk(data.get("components", []))
            if data.get("accessory"):
                yield from walk([data["accessory"]])

    yield from walk(message.components)


def mentioned(world: World, command: str) -> str:
    """How a text mentions one of the commands: each reader sees its name in their own language."""
    return f"</{command}:{world.services.commands[command.split()[0]]}>"


def scene(env: Env) -> tuple[Any, Any, Any]:
    """A server, a channel in it, and a member without any special permission."""
    guild = env.create_guild()
    channel = guild.create_text_channel("general")
    return guild, channel, guild.add_member(env.create_user("mira"))


def admin(env: Env, guild: Any) -> Any:
    """A member who may manage the server."""
    role = guild.create_role("Editors", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(env.create_user("edda"), roles=[role])


def last(channel: Any) -> Any:
    """The newest message in a channel."""
    message = channel.last_message
    assert message is not None
    return message


def callbacks(env: Env) -> list[int]:
    """The types of the first responses to interactions, in order."""
    sent: list[Any] = [r.json for r in env.http_requests if r.path.endswith("/callback")]
    return [response["type"] for response in sent]


@dataclass
class Payloads:
    """What Discord says with each interaction, and simcord leaves out or does not let one choose.

    ``locale`` is everybody's, but for those with one of their own in ``locales`` by their id.
    ``added_by``: who has installed the bot, a server or only the user. ``in_group``: where people
    write is a group's direct messages, not a server; there only users bring the bot along.
    """

    locale: str = "en-US"
    locales: dict[int, str] = field(default_factory=dict)
    added_by: str = "server"
    in_group: bool = False
