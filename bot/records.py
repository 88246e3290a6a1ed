"""The questions that were asked, what was answered, and whether it helped."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from bot.database import Database
from bot.servers import Servers, ServerSettings, read_settings
from index.answer import Status

TOP_PASSAGES = 5
_SECONDS_A_DAY = 86_400
_RECORD = (
    "SELECT number, id, server, asker, asked_at, kind, question, status, confidence, unanswered, "
    "private, cut, shared FROM records "
)
_Row = tuple[int, str, int | None, bytes, int, str, str, str, float, str, int, int, int]


class Kind(StrEnum):
    """What was looked up: the asker's own question, or somebody's message as a claim."""

    QUESTION = "question"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation as it is remembered.

    ``passage`` is a digest of the passage's text, by which it is found again after a reindex;
    ``start`` and ``end`` are the marked sentence's offsets in it, in characters. ``asks`` is as in
    `index.answer.Citation`.
    """

    article: str
    passage: str
    start: int
    end: int
    asks: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One question and what was answered.

    ``server`` is None in direct messages and where the bot is not a member; ``asker`` is a
    `MemberKeys.hash`; ``asked_at`` is aware, and stored in whole seconds. ``cut``: the message was
    longer than ``question``, its beginning, which is all that was looked up. ``shared``: the asker
    has shown the private answer to the channel.
    """

    id: str
    server: int | None
    asker: bytes
    asked_at: datetime
    kind: Kind
    question: str
    status: Status
    confidence: float
    citations: tuple[Cited, ...]
    unanswered: tuple[str, ...]
    private: bool
    cut: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class MemberCount:
    """How many questions and ratings are or were a member's own."""

    questions: int
    ratings: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that the library does not answer, or not well; ``question`` as it was asked last.

    ``asked`` counts all identical questions (but for case and white space), ``unanswered`` those
    among them without an answer, or with an unsure one that nobody found helpful. ``not_helpful``
    counts ratings; ``reasons`` are what was said with them, each once, oldest first. A question
    that is one of several in a message is counted by itself where it found no answer.
    """

    question: str
    asked: int
    unanswered: int
    not_helpful: int
    reasons: tuple[str, ...]
    last_asked: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """The questions of one day (UTC)."""

    date: date
    questions: int
    answered: int
    unsure: int
    no_answer: int


@dataclass(frozen=True, slots=True)
class TopPassage:
    """A passage, and how often it was the first citation of an answered question."""

    article: str
    passage: str
    times: int


@dataclass(frozen=True, slots=True)
class Stats:
    """A server's questions in a period, with the ratings of these questions.

    ``days`` has every day of the period, also those without questions. Claims are counted in
    ``claims`` and nowhere else.
    """

    days: tuple[Day, ...]
    questions: int
    answered: int
    unsure: int
    no_answer: int
    claims: int
    helpful: int
    not_helpful: int
    top: tuple[TopPassage, ...]


def new_id() -> str:
    """A record's id: 72 random bits as 12 URL-safe characters, for the custom ids of buttons."""
    return secrets.token_urlsafe(9)


class Records:
    """All records in the database. Called on the event loop.

    Every method raises DatabaseError where the file or the disk fails, and ValueError for a time
    without a time zone. What is erased leaves the files too (`Database.erase`).
    """

    def __init__(self, database: Database, servers: Servers) -> None:
        self._database = database
        self._servers = servers
        self._erasures: Counter[bytes] = Counter()

    def any_blocking(self) -> bool:
        """Whether any is stored; waits for the disk, before there is an event loop. Raises
        DatabaseError where it fails."""

        def read(connection: sqlite3.Connection) -> bool:
            return connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is not None

        return self._database.run_blocking(read)

    def erasures(self, member: bytes) -> int:
        """How often a member has had everything erased since the start."""
        return self._erasures[member]

    async def add(self, record: Record, erasures: int | None = None) -> None:
        """Store a new record; raises sqlite3.IntegrityError if its id is taken.

        ``erasures``: those of the asker when the question was put. If there have been others since,
        nothing is stored.
        """
        asked_at = _seconds(record.asked_at)

        def write(connection: sqlite3.Connection) -> None:
            # In the transaction's thread, as erasing is: neither comes between the other's steps.
            if erasures is not None and erasures != self._erasures[record.asker]:
                return
            number = connection.execute(
                "INSERT INTO records (id, server, asker, asked_at, kind, question, status, "
                "confidence, unanswered, private, cut, shared) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.server,
                    record.asker,
                    asked_at,
                    record.kind.value,
                    _storable(record.question),
                    record.status.value,
                    record.confidence,
                    json.dumps([_storable(text) for text in record.unanswered]),
                    record.private,
                    record.cut,
                    record.shared,
                ),
            ).lastrowid
            connection.executemany(
                "INSERT INTO citations (record, position, article, passage, span_start, span_end, "
                "asks) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        number,
                        position,
                        cited.article,
                        cited.passage,
                        cited.start,
                        cited.end,
                        None if cited.asks is None else _storable(cited.asks),
                    )
                    for position, cited in enumerate(record.citations)
                ],
            )

        await self._database.run(write)

    async def get(self, identifier: str) -> Record | None:
        """The record with this id; None if there is none, or none any more."""

        def read(connection: sqlite3.Connection) -> Record | None:
            rows = connection.execute(_RECORD + "WHERE id = ?", (_storable(identifier),))
            return next(iter(_records(connection, rows)), None)

        return await self._database.run(read)

    async def set_shared(self, identifier: str, *, shared: bool) -> bool:
        """Note that an answer has been shared, or has not been after all.

        False if that was known already, or the record is gone. Of two who note the same at once
        only one gets True.
        """

        def write(connection: sqlite3.Connection) -> bool:
            return (
                connection.execute(
                    "UPDATE records SET shared = ? WHERE id = ? AND shared != ?",
                    (shared, _storable(identifier), shared),
                ).rowcount
                == 1
            )

        return await self._database.run(write)

    async def rate(
        self, identifier: str, member: bytes, *, helpful: bool, reason: str | None, now: datetime
    ) -> bool:
        """Store a member's vote on a record, in place of an older one.

        The reason of an older vote stays if the new one is the same and gives none.

        False if the record is gone.
        """
        rated_at = _seconds(now)

        def write(connection: sqlite3.Connection) -> bool:
            return (
                connection.execute(
                    "INSERT INTO ratings (record, member, helpful, reason, rated_at) "
                    "SELECT number, ?, ?, ?, ? FROM records WHERE id = ? "
                    "ON CONFLICT (record, member) DO UPDATE SET helpful = excluded.helpful, "
                    "reason = iif(excluded.reason IS NULL AND excluded.helpful = ratings.helpful, "
                    "ratings.reason, excluded.reason), rated_at = excluded.rated_at",
                    (
                        member,
                        helpful,
                        None if reason is None else _storable(reason),
                        rated_at,
                        _storable(identifier),
                    ),
                ).rowcount
                == 1
            )

        return await self._database.run(write)

    async def erase_member(self, member: bytes) -> MemberCount:
        """Erase a member's questions, in all servers and direct messages, with everybody's ratings
        of them, and the member's ratings of others' questions. What is being looked up for them is
        not stored either."""

        def erase(connection: sqlite3.Connection) -> MemberCount:
            self._erasures[member] += 1
            ratings = connection.execute("DELETE FROM ratings WHERE member = ?", (member,)).rowcount
            questions = connection.execute(
                "DELETE FROM records WHERE asker = ?", (member,)
            ).rowcount
            return MemberCount(questions, ratings)

        return await self._database.erase(erase)

    async def count_member(self, member: bytes) -> MemberCount:
        """How much is stored of a member's."""

        def read(connection: sqlite3.Connection) -> MemberCount:
            counts = connection.execute(
                "SELECT (SELECT count(*) FROM records WHERE asker = ?), "
                "(SELECT count(*) FROM ratings WHERE member = ?)",
                (member, member),
            ).fetchone()
            return MemberCount(*counts)

        return await self._database.run(read)

    async def export_member(self, member: bytes) -> dict[str, object]:
        """Everything stored about a member, as JSON takes it.

        Times are ISO 8601 in UTC; ids of servers are strings, as Discord writes them. Others'
        ratings of the member's questions are theirs, and so are questions that the member rated.
        """

        def read(connection: sqlite3.Connection) -> dict[str, object]:
            asked = connection.execute(
                _RECORD + "WHERE asker = ? ORDER BY asked_at, number", (member,)
            )
            ratings = connection.execute(
                "SELECT records.id, helpful, reason, rated_at FROM ratings "
                "JOIN records ON records.number = ratings.record "
                "WHERE member = ? ORDER BY rated_at, ratings.rowid",
                (member,),
            )
            return {
                "member": member.hex(),
                "questions": [_exported(record) for record in _records(connection, asked)],
                "ratings": [
                    {
                        "question": identifier,
                        "helpful": bool(helpful),
                        "reason": reason,
                        "rated_at": _moment(rated_at).isoformat(),
                    }
                    for identifier, helpful, reason, rated_at in ratings
                ],
            }

        return await self._database.run(read)

    async def erase_server(self, server: int) -> None:
        """Erase a server's records, their ratings, and its settings."""

        def erase(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM records WHERE server = ?", (server,))
            connection.execute("DELETE FROM servers WHERE server = ?", (server,))

        await self._database.erase(erase)
        # After it: settings that were being stored meanwhile are erased too.
        self._servers.forget(server)

    async def servers(self) -> frozenset[int]:
        """The servers of which anything is stored."""

        def read(connection: sqlite3.Connection) -> frozenset[int]:
            rows = connection.execute(
                "SELECT server FROM records WHERE server IS NOT NULL "
                "UNION SELECT server FROM servers"
            )
            return frozenset(server for (server,) in rows)

        return await self._database.run(read)

    async def erase_expired(self, now: datetime) -> int:
        """Erase the questions that have been kept as long as their server's settings say; how many.

        The default holds in direct messages and for servers without settings.
        """
        seconds = _seconds(now)

        def erase(connection: sqlite3.Connection) -> int:
            servers = connection.execute("SELECT DISTINCT server FROM records").fetchall()
            erased = 0
            for (server,) in servers:
                settings = ServerSettings() if server is None else read_settings(connection, server)
                erased += connection.execute(
                    "DELETE FROM records WHERE server IS ? AND asked_at <= ?",
                    (server, seconds - settings.days_kept * _SECONDS_A_DAY),
                ).rowcount
            return erased

        return await self._database.erase(erase)

    async def gaps(self, server: int) -> list[Gap]:
        """The server's questions (not claims) without an answer, with an unsure one that nobody
        found helpful, or rated as not helpful; the most asked first, then the latest.

        Of a message with several questions those without an answer stand for themselves.
        """

        def read(connection: sqlite3.Connection) -> list[Gap]:
            rows = connection.execute(
                "SELECT number, question, status, asked_at, unanswered FROM records "
                "WHERE server = ? AND kind = ? ORDER BY asked_at, number",
                (server, Kind.QUESTION.value),
            ).fetchall()
            votes: dict[int, list[_Vote]] = {}
            for number, helpful, reason in connection.execute(
                "SELECT ratings.record, helpful, reason FROM ratings "
                "JOIN records ON records.number = ratings.record "
                "WHERE server = ? ORDER BY rated_at, ratings.rowid",
                (server,),
            ):
                votes.setdefault(number, []).append((bool(helpful), reason))
            return _gaps(rows, votes)

        return await self._database.run(read)

    async def stats(self, server: int, since: datetime, now: datetime) -> Stats:
        """The server's figures from ``since`` to ``now``, both included.

        Private questions count like others.
        """
        period = (server, _seconds(since), _seconds(now))
        first, last = since.astimezone(UTC).date(), now.astimezone(UTC).date()

        def read(connection: sqlite3.Connection) -> Stats:
            counts: dict[tuple[date, str], int] = {}
            claims = 0
            for day, kind, status, count in connection.execute(
                "SELECT date(asked_at, 'unixepoch'), kind, status, count(*) FROM records "
                "WHERE server = ? AND asked_at BETWEEN ? AND ? GROUP BY 1, 2, 3",
                period,
            ):
                if kind == Kind.QUESTION:
                    counts[date.fromisoformat(day), status] = count
                else:
                    claims += count
            helpful, not_helpful = connection.execute(
                "SELECT count(*) FILTER (WHERE helpful), count(*) FILTER (WHERE NOT helpful) "
                "FROM ratings JOIN records ON records.number = ratings.record "
                "WHERE server = ? AND asked_at BETWEEN ? AND ? AND kind = ?",
                (*period, Kind.QUESTION.value),
            ).fetchone()
            top = connection.execute(
                "SELECT article, passage, count(*) FROM citations "
                "JOIN records ON records.number = citations.record "
                "WHERE server = ? AND asked_at BETWEEN ? AND ? AND kind = ? AND status = ? "
                "AND position = 0 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?",
                (*period, Kind.QUESTION.value, Status.ANSWERED.value, TOP_PASSAGES),
            )
            days = [
                _day(first + timedelta(days=number), counts)
                for number in range((last - first).days + 1)
            ]
            return Stats(
                days=tuple(days),
                questions=sum(day.questions for day in days),
                answered=sum(day.answered for day in days),
                unsure=sum(day.unsure for day in days),
                no_answer=sum(day.no_answer for day in days),
                claims=claims,
                helpful=helpful,
                not_helpful=not_helpful,
                top=tuple(TopPassage(*row) for row in top),
            )

        return await self._database.run(read)


def _records(connection: sqlite3.Connection, rows: Iterable[_Row]) -> list[Record]:
    rows = list(rows)
    cited: dict[int, list[Cited]] = {}
    for number, *found in connection.execute(
        "SELECT record, article, passage, span_start, span_end, asks FROM citations "
        "WHERE record IN (SELECT value FROM json_each(?)) ORDER BY record, position",
        (json.dumps([row[0] for row in rows]),),
    ):
        cited.setdefault(number, []).append(Cited(*found))
    records = []
    for (
        number,
        identifier,
        server,
        asker,
        asked_at,
        kind,
        question,
        status,
        confidence,
        unanswered,
        private,
        cut,
        shared,
    ) in rows:
        records.append(
            Record(
                id=identifier,
                server=server,
                asker=asker,
                asked_at=_moment(asked_at),
                kind=Kind(kind),
                question=question,
                status=Status(status),
                confidence=confidence,
                citations=tuple(cited.get(number, ())),
                unanswered=tuple(json.loads(unanswered)),
                private=bool(private),
                cut=bool(cut),
                shared=bool(shared),
            )
        )
    return records


def _exported(record: Record) -> dict[str, object]:
    exported = asdict(record)
    # Said once for all of them.
    del exported["asker"]
    return exported | {
        "server": None if record.server is None else str(record.server),
        "asked_at": record.asked_at.isoformat(),
        "kind": record.kind.value,
        "status": record.status.value,
        "citations": [asdict(cited) for cited in record.citations],
        "unanswered": list(record.unanswered),
    }


_Vote = tuple[bool, str | None]
"""Whether an answer was helpful, and the reason given."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was asked once; ``open_``: without a clear answer."""

    question: str
    open_: bool
    asked_at: int
    votes: tuple[_Vote, ...] = ()


def _gaps(
    rows: Iterable[tuple[int, str, str, int, str]], votes: dict[int, list[_Vote]]
) -> list[Gap]:
    """``rows`` are number, question, status, time and what is unanswered, oldest first; ``votes``
    by number."""
    groups: dict[str, list[_Asked]] = {}
    for row in rows:
        for asked in _asked(row, votes.get(row[0], [])):
            groups.setdefault(" ".join(asked.question.split()).casefold(), []).append(asked)
    gaps = []
    for group in groups.values():
        unanswered = sum(asked.open_ for asked in group)
        disliked = [reason for asked in group for helpful, reason in asked.votes if not helpful]
        if unanswered or disliked:
            gaps.append(
                Gap(
                    question=group[-1].question,
                    asked=len(group),
                    unanswered=unanswered,
                    not_helpful=len(disliked),
                    reasons=tuple(dict.fromkeys(filter(None, disliked))),
                    last_asked=_moment(group[-1].asked_at),
                )
            )
    return sorted(gaps, key=lambda gap: (-gap.asked, -gap.last_asked.timestamp(), gap.question))


def _asked(row: tuple[int, str, str, int, str], votes: list[_Vote]) -> list[_Asked]:
    """A message, and each of its several questions that found no answer."""
    _, question, status, asked_at, unanswered = row
    parts = json.loads(unanswered)
    found_helpful = any(helpful for helpful, _ in votes)
    # Where no part found an answer, the parts stand for the message.
    refused = status == Status.NO_ANSWER and not parts
    open_ = refused or (status == Status.UNSURE and not found_helpful)
    message = _Asked(question, open_, asked_at, tuple(votes))
    return [message, *(_Asked(part, True, asked_at) for part in parts)]


def _day(day: date, counts: dict[tuple[date, str], int]) -> Day:
    answered, unsure, no_answer = (
        counts.get((day, status.value), 0)
        for status in (Status.ANSWERED, Status.UNSURE, Status.NO_ANSWER)
    )
    return Day(day, answered + unsure + no_answer, answered, unsure, no_answer)


def _seconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _storable(text: str) -> str:
    """``text`` with “?” for lone surrogates, which JSON can carry and SQLite cannot."""
    return text.encode(errors="replace").decode()
