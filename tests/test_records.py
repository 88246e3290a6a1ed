"""The questions that were asked: stored, rated, counted, exported and erased."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.database import MIGRATIONS, Database
from bot.records import (
    Cited,
    Day,
    Gap,
    Kind,
    MemberCount,
    Record,
    Records,
    Stats,
    TopPassage,
    new_id,
)
from bot.servers import Servers, ServerSettings
from index.answer import Status

ANNA, BERT, CLEO = b"a" * 16, b"b" * 16, b"c" * 16
LAMPS, HARBOUR = 2**62 + 1, 11
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = Cited("lamps", "digest-1", 3, 20, None)
SECOND = Cited("harbour", "digest-2", 0, 9, "Wer zündet die Laternen an?")


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    opened = Database.open(data / "beleg.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def servers(database: Database) -> Servers:
    return Servers.load(database)


@pytest.fixture
def records(database: Database, servers: Servers) -> Records:
    return Records(database, servers)


def record(
    question: str = "Who lights the lamps?",
    *,
    identifier: str | None = None,
    server: int | None = LAMPS,
    asker: bytes = ANNA,
    asked_at: datetime = NOON,
    kind: Kind = Kind.QUESTION,
    status: Status = Status.ANSWERED,
    citations: tuple[Cited, ...] = (FIRST,),
) -> Record:
    return Record(
        id=identifier or new_id(),
        server=server,
        asker=asker,
        asked_at=asked_at,
        kind=kind,
        question=question,
        status=status,
        confidence=0.5,
        citations=citations,
        unanswered=(),
        private=False,
    )


async def add(records: Records, *new: Record) -> None:
    for one in new:
        await records.add(one)


async def count(database: Database, table: str) -> int:
    found = await database.run(
        lambda connection: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    )
    assert isinstance(found, int)
    return found


def test_new_ids() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[A-Za-z0-9_-]{12}", identifier) for identifier in ids)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("server", [None, LAMPS])
async def test_record_comes_back(
    records: Records, kind: Kind, status: Status, server: int | None
) -> None:
    whole = Record(
        id="Ab-_567890Zz",
        server=server,
        asker=bytes(range(16)),
        asked_at=NOON,
        kind=kind,
        question="  Wer zündet\ndie Laternen an? 🏮\0’; DROP TABLE records",
        status=status,
        confidence=0.1 + 0.2,
        citations=(SECOND, FIRST, SECOND),
        unanswered=("Und wer löscht sie?", ""),
        private=server is None,
        cut=kind is Kind.CLAIM,
        shared=status is Status.ANSWERED,
    )
    bare = replace(whole, id="another", citations=(), unanswered=())
    await add(records, whole, bare)
    assert await records.get(whole.id) == whole
    assert await records.get("another") == bare
    assert await records.get("ab-_567890zz") is None
    assert await records.get("") is None
    assert await records.get("\ud800") is None


async def test_whether_any_is_stored(records: Records) -> None:
    assert not records.any_blocking()
    await records.add(record())
    assert records.any_blocking()
    await records.erase_member(ANNA)
    assert not records.any_blocking()


async def test_time_is_kept_in_seconds_and_utc(records: Records) -> None:
    elsewhere = datetime(2026, 3, 10, 13, 30, 5, 999_999, timezone(timedelta(hours=1.5)))
    await records.add(record(identifier="one", asked_at=elsewhere))
    found = await records.get("one")
    assert found is not None
    assert found.asked_at == datetime(2026, 3, 10, 12, 0, 5, tzinfo=UTC)
    assert found.asked_at.tzinfo is UTC


async def test_time_without_a_zone(records: Records) -> None:
    naive = datetime(2026, 3, 10)
    for call in (
        records.add(record(asked_at=naive)),
        records.rate("one", ANNA, helpful=True, reason=None, now=naive),
        records.erase_expired(naive),
        records.stats(LAMPS, naive, NOON),
        records.stats(LAMPS, NOON, naive),
    ):
        with pytest.raises(ValueError, match="a time needs its time zone"):
            await call


async def test_lone_surrogates_are_stored_as_question_marks(records: Records) -> None:
    broken = replace(
        record("a\ud800b", identifier="one"),
        citations=(replace(FIRST, asks="c\udfff"),),
        unanswered=("\ud801d",),
    )
    await records.add(broken)
    found = await records.get("one")
    assert found is not None
    assert (found.question, found.citations[0].asks, found.unanswered) == ("a?b", "c?", ("?d",))
    assert await records.rate("one", BERT, helpful=False, reason="e\ud800", now=NOON)
    gaps = {gap.question: gap.reasons for gap in await records.gaps(LAMPS)}
    assert gaps == {"a?b": ("e?",), "?d": ()}


async def test_id_that_is_taken(records: Records, database: Database) -> None:
    first = record(identifier="one")
    await records.add(first)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: records\.id"):
        await records.add(record("Another?", identifier="one", citations=(FIRST, SECOND)))
    assert await records.get("one") == first
    assert await count(database, "citations") == 1


async def test_one_vote_a_member_and_the_newest_counts(records: Records) -> None:
    await records.add(record(identifier="one"))

    async def rate(member: bytes, helpful: bool, reason: str | None = None) -> bool:
        return await records.rate("one", member, helpful=helpful, reason=reason, now=NOON)

    async def votes() -> tuple[int, int]:
        stats = await records.stats(LAMPS, NOON, NOON)
        return stats.helpful, stats.not_helpful

    assert await votes() == (0, 0)
    assert await rate(BERT, False, "old")
    assert await rate(BERT, False, "out of date")
    assert await votes() == (0, 1)
    assert [gap.reasons for gap in await records.gaps(LAMPS)] == [("out of date",)]
    assert await rate(CLEO, True)
    assert await votes() == (1, 1)
    assert await rate(BERT, True)
    assert await votes() == (2, 0)
    assert await records.gaps(LAMPS) == []


async def test_rating_a_record_that_is_gone(records: Records, database: Database) -> None:
    assert not await records.rate("gone", ANNA, helpful=True, reason=None, now=NOON)
    assert await count(database, "ratings") == 0


async def test_erase_member(records: Records, database: Database) -> None:
    await add(
        records,
        record("secret of Anna", identifier="a1", citations=(FIRST, SECOND)),
        record("secret of Anna", identifier="a2", server=None),
        record("secret of Anna", identifier="a3", server=HARBOUR),
        record("of Bert", identifier="b1", asker=BERT),
    )
    for identifier, member in (("a1", ANNA), ("a1", BERT), ("b1", ANNA), ("b1", CLEO)):
        assert await records.rate(
            identifier, member, helpful=False, reason=f"reason {member[:1]!r}", now=NOON
        )
    # Anna's three questions and two ratings; Bert's rating of her question goes too, uncounted.
    assert await records.erase_member(ANNA) == MemberCount(questions=3, ratings=2)
    assert [await records.get(name) is not None for name in ("a1", "a2", "a3", "b1")] == [
        False,
        False,
        False,
        True,
    ]
    assert [await count(database, table) for table in ("citations", "ratings")] == [1, 1]
    assert (await records.gaps(LAMPS))[0].reasons == ("reason b'c'",)
    assert await records.erase_member(ANNA) == MemberCount(questions=0, ratings=0)
    content = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    assert b"of Bert" in content
    for gone in (b"secret", b"reason b'a'", b"reason b'b'", "zündet".encode(), ANNA):
        assert gone not in content


@pytest.mark.parametrize("size", [1, 300, 2_000, 20_000])
async def test_erased_texts_are_in_no_file(records: Records, database: Database, size: int) -> None:
    """Members take turns in asking, so that what stays and what goes share pages."""
    for number in range(60):
        await records.add(
            replace(
                record(f"<question {number}>" + "x" * size, asker=(ANNA, BERT)[number % 2]),
                unanswered=(f"<part {number}>",),
                citations=(replace(FIRST, asks=f"<asks {number}>"),),
            )
        )
    await records.erase_member(ANNA)
    content = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    for number in range(60):
        for text in (f"<question {number}>", f"<part {number}>", f"<asks {number}>"):
            assert (text.encode() in content) == (number % 2 == 1), text


async def test_one_of_those_who_share_at_once_is_the_first(records: Records) -> None:
    await add(records, record(identifier="one"), record(identifier="other"))
    noted = await asyncio.gather(*(records.set_shared("one", shared=True) for _ in range(3)))
    assert sorted(noted) == [False, False, True]
    kept = [await records.get(identifier) for identifier in ("one", "other")]
    assert [one is not None and one.shared for one in kept] == [True, False]
    assert await records.set_shared("one", shared=False)
    assert await records.set_shared("one", shared=True)
    assert not await records.set_shared("gone", shared=True)


async def test_export(records: Records) -> None:
    await add(
        records,
        record("Later?", identifier="a2", server=None, asked_at=NOON + DAY, citations=()),
        replace(
            record("Früher?", identifier="a1", citations=(SECOND,), kind=Kind.CLAIM),
            private=True,
            cut=True,
            shared=True,
            unanswered=("Wann?",),
        ),
        record("of Bert", identifier="b1", asker=BERT),
    )
    await records.rate("b1", ANNA, helpful=False, reason="falsch", now=NOON)
    await records.rate("a1", ANNA, helpful=True, reason=None, now=NOON + DAY)
    await records.rate("a1", BERT, helpful=False, reason="Bert's own", now=NOON)
    exported = await records.export_member(ANNA)
    assert exported == {
        "member": "61" * 16,
        "questions": [
            {
                "id": "a1",
                "server": "4611686018427387905",
                "asked_at": "2026-03-10T12:00:00+00:00",
                "kind": "claim",
                "question": "Früher?",
                "status": "answered",
                "confidence": 0.5,
                "citations": [
                    {
                        "article": "harbour",
                        "passage": "digest-2",
                        "start": 0,
                        "end": 9,
                        "asks": "Wer zündet die Laternen an?",
                    }
                ],
                "unanswered": ["Wann?"],
                "private": True,
                "cut": True,
                "shared": True,
            },
            {
                "id": "a2",
                "server": None,
                "asked_at": "2026-03-11T12:00:00+00:00",
                "kind": "question",
                "question": "Later?",
                "status": "answered",
                "confidence": 0.5,
                "citations": [],
                "unanswered": [],
                "private": False,
                "cut": False,
                "shared": False,
            },
        ],
        "ratings": [
            {
                "question": "b1",
                "helpful": False,
                "reason": "falsch",
                "rated_at": "2026-03-10T12:00:00+00:00",
            },
            {
                "question": "a1",
                "helpful": True,
                "reason": None,
                "rated_at": "2026-03-11T12:00:00+00:00",
            },
        ],
    }
    assert json.loads(json.dumps(exported)) == exported
    assert await records.export_member(CLEO) == {
        "member": "63" * 16,
        "questions": [],
        "ratings": [],
    }


async def test_export_names_everything_that_is_stored(database: Database) -> None:
    """A new column must be put into the export, and then here."""

    def columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
        return {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in ("records", "citations", "ratings")
        }

    assert await database.run(columns) == {
        "records": [
            "number",
            "id",
            "server",
            "asker",
            "asked_at",
            "kind",
            "question",
            "status",
            "confidence",
            "unanswered",
            "private",
            "cut",
            "shared",
        ],
        "citations": ["record", "position", "article", "passage", "span_start", "span_end", "asks"],
        "ratings": ["record", "member", "helpful", "reason", "rated_at"],
    }


async def test_erase_server(records: Records, servers: Servers, database: Database) -> None:
    await servers.set(LAMPS, ServerSettings(private=True))
    await servers.set(HARBOUR, ServerSettings(private=True))
    await add(
        records,
        record("secret", identifier="lamps"),
        record(identifier="harbour", server=HARBOUR),
        record(identifier="direct", server=None),
    )
    for identifier in ("lamps", "harbour", "direct"):
        await records.rate(identifier, BERT, helpful=False, reason=f"in {identifier}", now=NOON)
    await records.erase_server(LAMPS)
    assert await records.get("lamps") is None
    assert await records.get("harbour") is not None
    assert await records.get("direct") is not None
    assert servers.get(LAMPS) == ServerSettings()
    assert servers.get(HARBOUR) == ServerSettings(private=True)
    assert [await count(database, table) for table in ("ratings", "citations")] == [2, 2]
    content = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    assert [text in content for text in (b"secret", b"in lamps", b"in harbour")] == [
        False,
        False,
        True,
    ]
    await records.erase_server(LAMPS)


async def test_servers_with_anything_stored(records: Records, servers: Servers) -> None:
    assert await records.servers() == frozenset()
    await servers.set(HARBOUR, ServerSettings())
    await add(records, record(), record(), record(server=None))
    assert await records.servers() == {LAMPS, HARBOUR}
    await records.erase_server(HARBOUR)
    assert await records.servers() == {LAMPS}


async def test_erase_expired(records: Records, servers: Servers, database: Database) -> None:
    """Each server's own days; the default in direct messages and where nothing is set."""
    await servers.set(HARBOUR, ServerSettings(days_kept=2))
    await add(
        records,
        record("old text", identifier="default, 30 days", asked_at=NOON - 30 * DAY),
        record(
            identifier="default, a second less", asked_at=NOON - 30 * DAY + timedelta(seconds=1)
        ),
        record("old text", identifier="direct, 30 days", server=None, asked_at=NOON - 30 * DAY),
        record(identifier="direct, 29 days", server=None, asked_at=NOON - 29 * DAY),
        record("old text", identifier="set, 2 days", server=HARBOUR, asked_at=NOON - 2 * DAY),
        record(identifier="set, 1 day", server=HARBOUR, asked_at=NOON - DAY),
    )
    await records.rate("set, 2 days", BERT, helpful=False, reason="old reason", now=NOON)
    assert await records.erase_expired(NOON) == 3
    left = await database.run(
        lambda connection: connection.execute("SELECT id FROM records ORDER BY id").fetchall()
    )
    assert left == [("default, a second less",), ("direct, 29 days",), ("set, 1 day",)]
    content = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    assert b"old text" not in content
    assert b"old reason" not in content
    assert await records.erase_expired(NOON) == 0
    await servers.set(LAMPS, ServerSettings(days_kept=365))
    assert await records.erase_expired(NOON + DAY) == 2
    assert await records.get("default, a second less") is not None


async def test_expiry_with_settings_that_cannot_be_used(
    records: Records, database: Database
) -> None:
    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO servers VALUES (?, 'x')", (LAMPS,))

    await database.run(damage)
    await add(records, record(asked_at=NOON - 30 * DAY), record(asked_at=NOON - 29 * DAY))
    assert await records.erase_expired(NOON) == 1


async def test_gaps(records: Records) -> None:
    hour = timedelta(hours=1)
    await add(
        records,
        # Asked three times: answered once, which nobody minded.
        record("Who  LIGHTS the lamps? ", status=Status.NO_ANSWER),
        record("who lights the lamps?", status=Status.ANSWERED, asked_at=NOON + 2 * hour),
        record("Who lights\nthe lamps?", status=Status.UNSURE, asked_at=NOON + hour),
        record("Unsure, helped?", identifier="helped", status=Status.UNSURE),
        record("Unsure, did not help?", identifier="unsure", status=Status.UNSURE),
        record("Answered, in vain?", identifier="vain", asked_at=NOON + 3 * hour),
        record("Answered, fine?", identifier="fine"),
        record("Refused, yet helpful?", identifier="honest", status=Status.NO_ANSWER),
        record("A claim?", kind=Kind.CLAIM, status=Status.NO_ANSWER),
        record("Elsewhere?", server=HARBOUR, status=Status.NO_ANSWER),
        record("Direct?", server=None, status=Status.NO_ANSWER),
    )
    for number, (identifier, member, helpful, reason) in enumerate(
        [
            ("vain", CLEO, False, "wrong passage"),
            ("vain", BERT, False, "too old"),
            ("vain", ANNA, False, "wrong passage"),
            ("vain", b"d" * 16, True, "not a complaint"),
            ("helped", BERT, True, None),
            ("fine", BERT, True, None),
            ("honest", BERT, True, None),
            ("unsure", BERT, False, None),
        ]
    ):
        assert await records.rate(
            identifier,
            member,
            helpful=helpful,
            reason=reason,
            now=NOON + timedelta(seconds=number),
        )
    assert await records.gaps(LAMPS) == [
        Gap("who lights the lamps?", 3, 2, 0, (), NOON + 2 * hour),
        Gap("Answered, in vain?", 1, 0, 3, ("wrong passage", "too old"), NOON + 3 * hour),
        Gap("Refused, yet helpful?", 1, 1, 0, (), NOON),
        Gap("Unsure, did not help?", 1, 1, 1, (), NOON),
    ]
    assert [gap.question for gap in await records.gaps(HARBOUR)] == ["Elsewhere?"]
    assert await records.gaps(1) == []


async def test_gaps_of_messages_with_several_questions(records: Records) -> None:
    """What found no answer counts as a question of its own, and nothing counts twice."""
    hour = timedelta(hours=1)
    both = replace(
        record("Who lights them? Who pays?", identifier="both"), unanswered=("Who pays?",)
    )
    unsure = replace(
        record("Who sleeps? Who  PAYS?", status=Status.UNSURE, asked_at=NOON + hour),
        unanswered=("Who  PAYS?",),
    )
    none = replace(
        record("Who dances? Who sings?", identifier="none", status=Status.NO_ANSWER),
        unanswered=("Who dances?", "Who sings?"),
    )
    alone = record("who pays?", status=Status.NO_ANSWER, asked_at=NOON + 2 * hour)
    claim = replace(both, id="claim", kind=Kind.CLAIM)
    await add(records, both, none, unsure, alone, claim)
    expected = [
        Gap("who pays?", 3, 3, 0, (), NOON + 2 * hour),
        Gap("Who sleeps? Who  PAYS?", 1, 1, 0, (), NOON + hour),
        Gap("Who dances?", 1, 1, 0, (), NOON),
        Gap("Who sings?", 1, 1, 0, (), NOON),
    ]
    assert await records.gaps(LAMPS) == expected
    # A rating is of the whole message.
    await records.rate("none", BERT, helpful=False, reason="sad", now=NOON)
    await records.rate("both", BERT, helpful=False, reason="half", now=NOON)
    rated = [
        Gap("Who dances? Who sings?", 1, 0, 1, ("sad",), NOON),
        Gap("Who lights them? Who pays?", 1, 0, 1, ("half",), NOON),
    ]
    assert await records.gaps(LAMPS) == [*expected[:3], rated[0], rated[1], expected[3]]


async def test_unsure_that_helped_one_and_not_another(records: Records) -> None:
    await records.add(record("Both?", identifier="both", status=Status.UNSURE))
    await records.rate("both", BERT, helpful=True, reason=None, now=NOON)
    assert await records.gaps(LAMPS) == []
    await records.rate("both", CLEO, helpful=False, reason="no", now=NOON)
    assert await records.gaps(LAMPS) == [Gap("Both?", 1, 0, 1, ("no",), NOON)]


async def test_stats(records: Records) -> None:
    start = datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)
    end = datetime(2026, 3, 12, 0, 0, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    others = [Cited("lamps", f"digest-{number}", 0, 1, None) for number in range(10, 15)]
    await add(
        records,
        record(asked_at=start - second, identifier="before"),
        record(asked_at=start, citations=(FIRST, SECOND)),
        record(asked_at=start + second, citations=(SECOND, FIRST), identifier="one"),
        record(asked_at=NOON, citations=(SECOND,)),
        record(asked_at=NOON, status=Status.UNSURE, citations=(FIRST,), identifier="two"),
        record(asked_at=NOON, status=Status.NO_ANSWER, citations=(FIRST,)),
        record(asked_at=NOON, kind=Kind.CLAIM, identifier="claim"),
        record(asked_at=NOON, server=HARBOUR),
        record(asked_at=NOON, server=None),
        *(record(asked_at=end, citations=(cited,)) for cited in others),
        record(asked_at=end + second),
    )
    for identifier, member, helpful in [
        ("one", ANNA, True),
        ("one", BERT, True),
        ("two", ANNA, False),
        ("before", ANNA, True),
        ("claim", ANNA, False),
    ]:
        await records.rate(identifier, member, helpful=helpful, reason=None, now=NOON)
    expected = Stats(
        days=(
            Day(date(2026, 3, 9), 1, 1, 0, 0),
            Day(date(2026, 3, 10), 4, 2, 1, 1),
            Day(date(2026, 3, 11), 0, 0, 0, 0),
            Day(date(2026, 3, 12), 5, 5, 0, 0),
        ),
        questions=10,
        answered=8,
        unsure=1,
        no_answer=1,
        claims=1,
        helpful=2,
        not_helpful=1,
        top=(
            TopPassage("harbour", "digest-2", 2),
            TopPassage("lamps", "digest-1", 1),
            TopPassage("lamps", "digest-10", 1),
            TopPassage("lamps", "digest-11", 1),
            TopPassage("lamps", "digest-12", 1),
        ),
    )
    assert await records.stats(LAMPS, start, end) == expected
    # The days are UTC's, wherever the caller's clock is.
    east = timezone(timedelta(hours=9))
    assert await records.stats(LAMPS, start.astimezone(east), end.astimezone(east)) == expected


async def test_stats_of_a_silent_server(records: Records) -> None:
    assert await records.stats(LAMPS, NOON, NOON) == Stats(
        (Day(date(2026, 3, 10), 0, 0, 0, 0),), 0, 0, 0, 0, 0, 0, 0, ()
    )


async def test_a_database_of_the_first_version_is_brought_up_to_date(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = data / "beleg.sqlite3"
    first = tmp_path / "first version"
    first.mkdir()
    name = "0001.initial.sql"
    (first / name).write_bytes((MIGRATIONS / name).read_bytes())
    kept = record(identifier="one", citations=(FIRST, SECOND))

    def fill(connection: sqlite3.Connection) -> None:
        # As the first version wrote them.
        connection.execute(
            "INSERT INTO records (id, server, asker, asked_at, kind, question, status, "
            "confidence, unanswered, private) VALUES ('one', ?, ?, ?, 'question', "
            "'Who lights the lamps?', 'answered', 0.5, '[]', 0)",
            (LAMPS, ANNA, int(NOON.timestamp())),
        )
        for position, cited in enumerate((FIRST, SECOND)):
            connection.execute(
                "INSERT INTO citations VALUES (1, ?, ?, ?, ?, ?, ?)", (position, *astuple(cited))
            )
        connection.execute("INSERT INTO ratings VALUES (1, ?, 0, 'why', 0)", (BERT,))
        connection.execute("INSERT INTO servers VALUES (?, ?)", (LAMPS, '{"days_kept": 5}'))

    with monkeypatch.context() as patch:
        patch.setattr("bot.database.MIGRATIONS", first)
        database = Database.open(path)
        await database.run(fill)
        database.close()
    database = Database.open(path)
    servers = Servers.load(database)
    records = Records(database, servers)
    assert await records.get("one") == kept
    assert (kept.cut, kept.shared) == (False, False)
    assert (await records.gaps(LAMPS))[0].reasons == ("why",)
    assert servers.get(LAMPS).days_kept == 5
    new = replace(kept, id="two", cut=True, shared=True)
    await records.add(new)
    assert await records.get("two") == new
    database.close()


async def test_everything_is_there_after_a_restart(data: Path) -> None:
    path = data / "beleg.sqlite3"
    database = Database.open(path)
    kept = record(identifier="one", citations=(FIRST, SECOND))
    records = Records(database, Servers.load(database))
    await records.add(kept)
    await records.rate("one", BERT, helpful=False, reason="why", now=NOON)
    database.close()
    database = Database.open(path)
    records = Records(database, Servers.load(database))
    assert await records.get("one") == kept
    assert (await records.gaps(LAMPS))[0].reasons == ("why",)
    database.close()
