"""Questions and articles as an attack: whatever is typed in Discord, the answer quotes word for
word, pings nobody and breaks nothing.

A few dozens with the other tests; ``--count 10000`` for the figures in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from discord_world import FakeLibrary, Found, World, admin, article, components, scene
from discord_world import shown as texts_shown
from fake_encoder import FakeEncoder
from fits import fit_for
from hostile_words import ARTICLE, CASES, words
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from markdown_reader import begins, letters, marks, plain_breaks, shown, unquoted, urls, wild
from member_steps import mention
from simcord import Env
from simcord.results import to_discord_message

from bot.answer_view import pages
from bot.answering import QUESTION_LIMIT, cut, without_ids
from bot.catalogue import LANGUAGES, texts_for, texts_in
from bot.escape import whole, width
from bot.limits import Limits
from bot.records import Record
from index.answer import Citation, Status
from index.encoder import Encoder, load_encoder
from index.fit import Fit
from index.library import Library

MOST_OF_A_MESSAGE = 2000
OF_ITS_OWN = {"strong", "line start", "timestamp"}
"""What the bot marks up itself, beside what it quotes."""
SETTLE_SECONDS = 120.0
"""How long the bot may take to come to rest."""
IN_ONE_DISCORD = 250
"""Questions after which the simulated Discord is begun anew: it forgets nothing."""

WAYS = (
    "ask",
    "ask privately",
    "ask in a direct message",
    "direct message",
    "mention",
    "reply",
    "evidence",
    "evidence in an embed",
)
AFTERWARDS = ("nothing", "show", "context", "share", "reason", "gaps")
"""What is done with an answer then; “show” turns the page."""

IN_EVERY_WAY = [
    (way, text, AFTERWARDS[number % len(AFTERWARDS)])
    for number, text in enumerate(CASES)
    for way in WAYS
]
IN_ONE_WAY = [
    (WAYS[number % len(WAYS)], text, AFTERWARDS[number % len(AFTERWARDS)])
    for number, text in enumerate(CASES)
]


@dataclass
class Stage:
    """A simulated Discord, and what has been done and seen in it."""

    env: Env
    world: World
    channel: Any
    member: Any
    author: Any
    editor: Any
    answer: Any = None
    """An answer that can be replied to."""
    requests_read: int = 0
    tried: int = 0

    @property
    def library(self) -> Library:
        return self.world.services.library.library


class Discords:
    """One simulated Discord after the other, with an event loop of their own."""

    def __init__(self, world: World, open_library: Callable[[], Library] | None) -> None:
        self._world, self._open_library = world, open_library
        self._folder = world.data
        self._begun = 0
        # Nobody is told to wait: that is tested elsewhere.
        world.limits = Limits(questions=10**9, seconds=1e-9)
        self._runner = asyncio.Runner()
        self._stage: Stage | None = None

    def run(self, play: Callable[[Stage], Awaitable[None]]) -> None:
        if self._stage is None or self._stage.tried >= IN_ONE_DISCORD:
            self.forget()
            self._runner.run(self._begin())
        self._runner.run(self._play(play))

    async def _begin(self) -> None:
        self._begun += 1
        self._world.data = self._folder / str(self._begun)
        self._world.data.mkdir()
        # On a busy machine an answer takes its time.
        env = Env(self._world.new_client(), settle_timeout=SETTLE_SECONDS)
        await env.start()
        guild, channel, member = scene(env)
        author = guild.add_member(env.create_user("otto"))
        self._stage = Stage(env, self._world, channel, member, author, admin(env, guild))
        if self._open_library is not None:
            service: Any = self._world.services.library
            service._library = self._open_library()

    async def _play(self, play: Callable[[Stage], Awaitable[None]]) -> None:
        assert self._stage is not None
        self._stage.tried += 1
        with self._stage.env.time_context():
            await play(self._stage)
        assert_harmless(self._stage)

    def forget(self) -> None:
        if self._stage is not None:
            self._runner.run(self._stage.env.shutdown())
            self._stage = None

    def close(self) -> None:
        self.forget()
        self._runner.close()


class Log(logging.Handler):
    """What was logged as going wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(self.format(record))


@pytest.fixture
def nothing_is_logged() -> Iterator[None]:
    log = Log()
    logging.getLogger().addHandler(log)
    yield
    logging.getLogger().removeHandler(log)
    assert log.errors == []


# What is looked at -------------------------------------------------------------------------------


def assert_harmless(stage: Stage) -> None:
    """All that was sent since the last time is within Discord's limits and pings nobody."""
    assert stage.env.errors == []
    requests = stage.env.http_requests
    for request in requests[stage.requests_read :]:
        if request.method not in ("POST", "PATCH") or not isinstance(request.json, dict):
            continue
        sent: dict[str, Any] = request.json
        if request.path.endswith("/callback"):
            if sent["type"] not in (4, 7):
                continue  # deferred, or a form
            sent = sent["data"]
        if not {"content", "components"} & set(sent):
            continue
        allowed = sent["allowed_mentions"]
        assert allowed["parse"] == []
        assert not any(allowed.get(name) for name in ("users", "roles", "replied_user"))
        parts = list(parts_of(sent.get("components") or []))
        texts = [part["content"] for part in parts if part["type"] == 10]
        assert width(sent.get("content") or "") <= MOST_OF_A_MESSAGE
        assert sum(map(width, texts)) <= 4000
        for text in texts:
            assert text.strip()
            if text.startswith("> "):
                assert unquoted(text)[2] == []
            else:
                assert {kind for kind, _ in shown(text)[1]} <= OF_ITS_OWN
        assert len(parts) <= 40
        links = [part["url"] for part in parts if "url" in part]
        assert all(len(link) <= 512 and link.startswith(("http://", "https://")) for link in links)
        ids = [part["custom_id"] for part in parts if "custom_id" in part]
        assert len(set(ids)) == len(ids)
        assert all(len(one) <= 100 for one in ids)
    stage.requests_read = len(requests)
    backend = stage.env.backend
    for messages in backend.messages.values():
        for message in messages.values():
            if message.author_id == backend.bot_user.id:
                pinged = message.ping_user_ids, message.ping_role_ids, message.mention_everyone
                assert pinged == ([], [], False)


def parts_of(found: Any) -> Iterator[dict[str, Any]]:
    for part in found:
        yield part
        yield from parts_of(part.get("components", []))
        if part.get("accessory"):
            yield from parts_of([part["accessory"]])


def within_label(text: str, name: str) -> str:
    """What stands in place of the value of a text in one of the languages."""
    for language in LANGUAGES:
        before, after = texts_in(language)(name, text="\0").split("\0")
        if text.startswith(before) and text.endswith(after):
            return text[len(before) : len(text) - len(after)]
    raise AssertionError(text)


def assert_text_alone(markdown: str, expected: str) -> None:
    """Discord shows ``expected``, or its beginning, as text and nothing else."""
    seen, active = shown(markdown)
    assert active == []
    assert begins(seen, expected)


def assert_quotes(block: str, citation: Citation) -> None:
    """The block shows the passage as it stands, and nothing in it is more than text."""
    seen, bold, others = unquoted(block)
    mark = citation.highlight
    assert others == []
    if seen == plain_breaks(citation.quote):
        assert letters(bold) == letters(citation.quote[mark.start : mark.end])
        return
    # Only what has no room is cut: a part of the message's 4,000, less the longest word.
    assert width(block) > 300
    passage, part = letters(citation.quote), letters(seen)
    assert any(piece in passage for piece in (part, part[1:], part[:-1], part[1:-1]) if piece)
    assert letters(bold) in letters(citation.quote[mark.start : mark.end])


async def record_of(stage: Stage, message: Any) -> Record:
    """The record whose buttons hang under a message."""
    ids = [one["custom_id"] for one in components(message) if "custom_id" in one]
    record = await stage.world.services.records.get(ids[0].split(":")[2])
    assert record is not None
    return record


async def assert_answers(stage: Stage, message: Any, expected: str) -> Record:
    """``message`` shows what was asked, then the passages."""
    record = await record_of(stage, message)
    assert record.question == expected
    texts = texts_shown(message)
    label = "claim" if record.kind.name == "CLAIM" else "question"
    assert_text_alone(within_label(texts[0], label), expected)
    if record.status is Status.NO_ANSWER:
        # Titles and examples, one a line.
        assert set(shown(texts[-1])[1]) <= {("line start", "- ")}
        return record
    places = pages(record)[0]
    blocks = [text for text in texts if text.startswith("> ")]
    assert len(blocks) == len(places)
    for block, place in zip(blocks, places, strict=True):
        one = record.citations[place]
        assert_quotes(block, cited(stage, record, place))
        source = texts[texts.index(block) + 1]
        active = shown(source)[1]
        assert [name for name, _ in active].count("strong") == 1
        assert [text for kind, text in active if kind == "line start"] == ["-# "]
        if one.asks is not None:
            head = source.split("\n")[0]
            assert_text_alone(within_label(head, "asks"), one.asks)
    return record


def assert_says(stage: Stage, message: Any, name: str, **values: Any) -> None:
    """``message`` is one of the bot's own texts, in one of its languages."""
    ids = stage.world.services.commands
    known = [texts_for(language, ids)(name, **values) for language in LANGUAGES]
    assert message.content in known


# What is done ------------------------------------------------------------------------------------


async def put(stage: Stage, way: str, text: str) -> tuple[str | None, Any]:
    """Put ``text`` to the bot; what should be looked up, and what it replied."""
    member, channel, user = stage.member, stage.channel, stage.member.user
    if way.startswith("ask"):
        private = {"private": True} if way == "ask privately" else {}
        asker, place = (user, ()) if way == "ask in a direct message" else (member, (channel,))
        result = await asker.slash(*place, "ask", question=text, **private)
        assert result.followups == []
        return without_ids(text).strip(), result.response
    if way.startswith("evidence"):
        backend = stage.env.backend
        if way == "evidence":
            # Discord takes no empty messages, and nothing but spaces is empty.
            text = text[:MOST_OF_A_MESSAGE].strip() or "x"
            said = backend.create_message(channel.id, stage.author.id, text)
        else:
            embed = {"type": "rich", "description": text[:4000] or "x"}
            said = backend.create_message(channel.id, stage.author.id, "", embeds=[embed])
        await stage.env.settle()
        message = to_discord_message(stage.env, said)
        result = await member.context_menu(channel, "Find evidence", message)
        assert result.response.ephemeral
        read = text if way == "evidence" else (text[:4000] or "x")
        return cut(without_ids(read).strip(), QUESTION_LIMIT), result.response
    if way == "direct message":
        text = text[:MOST_OF_A_MESSAGE].strip() or "x"
        await user.send_dm(text)
        return without_ids(text).strip(), reply(stage, user.dm_channel)
    text = f"{mention(stage.env)} {text}"[:MOST_OF_A_MESSAGE].strip()
    follows = stage.answer if way == "reply" else None
    await member.send(channel, text, reply_to=follows)
    asked = text.removeprefix(mention(stage.env))
    return without_ids(asked).strip(), reply(stage, channel)


def reply(stage: Stage, channel: Any) -> Any:
    """The newest message of a channel, which is the bot's."""
    kept = stage.env.backend.messages[channel.id]
    # The whole history would be copied each time.
    message = to_discord_message(stage.env, kept[max(kept)])
    assert message.author.id == stage.env.backend.bot_user.id
    return message


async def go_on(
    stage: Stage, afterwards: str, text: str, message: Any, record: Record, seen: Counter[str]
) -> None:
    """Do something with an answer."""
    place = getattr(message, "channel_id", None) or message.channel.id
    presser = stage.member if place == stage.channel.id else stage.member.user
    ids = [one["custom_id"] for one in components(message) if "custom_id" in one]
    found = {one.split(":")[1]: one for one in ids if not one.endswith(":off")}
    if afterwards == "gaps":
        seen["then gaps"] += 1
        await look_at_gaps(stage)
    elif afterwards == "reason":
        seen["then reason"] += 1
        form = await presser.click(message, custom_id=found["unhelpful"])
        await presser.submit_modal(form, {"reason": text[:300]})
    elif afterwards in found:
        seen[f"then {afterwards}"] += 1
        await presser.click(message, custom_id=found[afterwards])
        message = stage.env.backend.get_message(place, message.id)
        if afterwards == "share":
            shared = reply(stage, stage.channel)
            assert shared.id != message.id
            await assert_answers(stage, shared, record.question)
        elif afterwards == "context":
            assert_context(stage, texts_shown(message), record)
        else:
            [block] = [text for text in texts_shown(message) if text.startswith("> ")]
            [turned] = pages(record)[int(found["show"].split(":")[3])]
            assert_quotes(block, cited(stage, record, turned))


def cited(stage: Stage, record: Record, place: int) -> Citation:
    """A citation of an answer, as the library has it."""
    one = record.citations[place]
    citation = stage.library.cite(one.article, one.passage, one.start, one.end)
    assert citation is not None
    return citation


def assert_context(stage: Stage, texts: list[str], record: Record) -> None:
    """The paragraphs around the first citation, word for word."""
    [first, *_] = pages(record)
    one = record.citations[first[0]]
    around = stage.library.context(one.article, one.passage)
    assert around is not None
    here = around.passages[around.at].paragraph
    near = "".join(
        letters(passage.text) for passage in around.passages if abs(passage.paragraph - here) <= 1
    )
    quoted = ""
    for block in (text for text in texts if text.startswith("> ")):
        seen, _, others = unquoted(block)
        assert others == []
        quoted += letters(seen)
    assert quoted == near or (len(near) > 1000 and quoted.strip("…")[:200] in near)


async def look_at_gaps(stage: Stage) -> None:
    """What was asked is shown to admins too, and as a table."""
    result = await stage.editor.slash(stage.channel, "admin gaps")
    if any(one.get("custom_id") for one in components(result.response)):
        await stage.editor.click(result.response, custom_id="gaps:export")


async def attack(stage: Stage, way: str, text: str, afterwards: str, seen: Counter[str]) -> None:
    """Put ``text`` to the bot, look at what comes of it, and go on with the answer."""
    if stage.answer is None:
        await stage.member.send(stage.channel, f"{mention(stage.env)} when was the lamp lit?")
        stage.answer = reply(stage, stage.channel)
    expected, message = await put(stage, way, text)
    if not expected:
        seen["told how to ask"] += 1
        assert_says(stage, message, "no-text" if way.startswith("evidence") else "hello")
    elif len(expected) > QUESTION_LIMIT:
        seen["told that it is too long"] += 1
        assert_says(stage, message, "too-long", length=len(expected), limit=QUESTION_LIMIT)
    else:
        record = await assert_answers(stage, message, expected)
        seen[record.status.value] += 1
        await go_on(stage, afterwards, text, message, record, seen)


def told(seen: Counter[str]) -> str:
    """How many questions there were, and what came of them."""
    count = sum(times for what, times in seen.items() if not what.startswith("then"))
    return f"{count} questions: {dict(seen)}"


# The attacks -------------------------------------------------------------------------------------


def hypothesis_settings(count: int) -> settings:
    return settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


def put_all(
    world: World,
    folder: Path,
    encoder: Encoder,
    fit: Fit | None,
    *,
    count: int,
    cases: Sequence[tuple[str, str, str]],
) -> Counter[str]:
    """Put ``cases`` (the way, the text, and what is done then) and ``count`` questions more to a
    library of ARTICLE; how many were answered how."""
    articles = folder / "articles"
    articles.mkdir()
    (articles / "lamps.txt").write_text(ARTICLE)

    def library() -> Library:
        return Library.open(articles, folder / "index", encoder, fit=fit)[0]

    discords = Discords(world, library)
    seen: Counter[str] = Counter()

    def put_to_it(way: str, text: str, afterwards: str) -> None:
        discords.run(lambda stage: attack(stage, way, text, afterwards, seen))

    @hypothesis_settings(count)
    @given(st.sampled_from(WAYS), words, st.sampled_from(AFTERWARDS))
    def check(way: str, text: str, afterwards: str) -> None:
        put_to_it(way, text, afterwards)

    try:
        for case in cases:
            put_to_it(*case)
        check()
    finally:
        discords.close()
    return seen


@pytest.mark.usefixtures("nothing_is_logged")
def test_hostile_questions(
    world: World, tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    encoder = FakeEncoder()
    fit = fit_for(encoder, intercept=-4, sentence=10)
    count = repetitions(25)
    cases = IN_EVERY_WAY if count > 1000 else IN_ONE_WAY
    seen = put_all(world, tmp_path, encoder, fit, count=count, cases=cases)
    tell(told(seen))


@pytest.mark.process
@pytest.mark.usefixtures("nothing_is_logged")
def test_hostile_questions_to_the_model(
    world: World, tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    """Its tokenizer sees them too; a tenth of the questions, as it takes its time."""
    count = repetitions(0) // 10
    cases = IN_ONE_WAY if count else IN_ONE_WAY[::3]
    seen = put_all(world, tmp_path, load_encoder(), None, count=max(1, count), cases=cases)
    tell(told(seen))


paragraphs = words.map(lambda text: whole(text).strip()).filter(bool)


@st.composite
def libraries(draw: st.DrawFn) -> FakeLibrary:
    """An article whose every word means harm, and what of it is found."""
    texts = draw(st.lists(paragraphs, min_size=1, max_size=4, unique=True))
    hostile = wild.map(whole)
    one = article(
        "lamps",
        draw(hostile),
        texts,
        url=draw(st.none() | urls.filter(bool).map(str).map(whole)),
        author=draw(st.none() | hostile),
        date=draw(st.none() | hostile | st.just("2024-03-09")),
        language=draw(st.sampled_from(["en", "ar", "xx", "*", "@everyone"])),
    )
    numbers = draw(st.lists(st.integers(1, len(texts)), min_size=1, max_size=3, unique=True))
    found = []
    for number in numbers:
        start, end = draw(marks(texts[number - 1]))
        asks = draw(st.sampled_from([None, "@everyone, when was it ||lit||?", "And ```why?"]))
        found.append(Found("lamps", number, texts[number - 1][start:end], asks))
    return FakeLibrary(
        [one],
        found,
        draw(st.sampled_from(Status)),
        unanswered=tuple(draw(st.lists(hostile.filter(str.strip), max_size=2))),
        example_questions=tuple(draw(st.lists(hostile.filter(bool), max_size=3))),
    )


@pytest.mark.usefixtures("nothing_is_logged")
def test_hostile_articles(
    world: World, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    discords = Discords(world, None)
    seen: Counter[str] = Counter()

    async def ask(stage: Stage, way: str, afterwards: str, library: FakeLibrary) -> None:
        service: Any = stage.world.services.library
        service._library = library
        await attack(stage, way, "when was the lamp lit?", afterwards, seen)
        result = await stage.member.slash(stage.channel, "sources")
        [_, source] = texts_shown(result.response)
        kinds = [kind for kind, _ in shown(source)[1] if kind != "timestamp"]
        assert kinds == ["strong", "line start"]
        for choice in await stage.member.autocomplete(stage.channel, "ask", "article", ""):
            assert 1 <= width(choice["name"]) <= 100

    @hypothesis_settings(repetitions(15))
    @given(st.sampled_from(WAYS), st.sampled_from(AFTERWARDS), libraries())
    def check(way: str, afterwards: str, library: FakeLibrary) -> None:
        discords.run(lambda stage: ask(stage, way, afterwards, library))

    try:
        check()
    finally:
        discords.close()
    tell(told(seen))
