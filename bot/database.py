"""The one SQLite file that holds what the bot remembers: opened, brought up to date, and used from
a thread of its own.

A file in place is whole at any time. Migrations work on a copy (``<name>.new``) that takes the
file's place in one step, because yoyo applies a migration and notes that it did in two
transactions: a process killed between them would leave a file that cannot be opened again.
"""

from __future__ import annotations

import asyncio
import contextlib
import glob
import logging
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from filelock import FileLock, Timeout
from yoyo import get_backend, read_migrations
from yoyo.migrations import Migration, MigrationList

from index.storage import failure, flush

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_TABLE = "_yoyo_migration"
APPLICATION_ID = 0x42656C67
"""Marks the file as Beleg's (``PRAGMA application_id``): “Belg” in ASCII."""
OLDEST_SQLITE = (3, 37, 0)
"""The first version with STRICT tables: https://www.sqlite.org/stricttables.html."""
BUSY_SECONDS = 5.0
"""How long a transaction waits for another process that holds the file, such as a backup."""
LOCK_SECONDS = 30.0
"""How long opening waits for another process that is opening the same file."""

T = TypeVar("T")


class DatabaseError(Exception):
    """What is stored cannot be used; ``str()`` is one sentence for the person who runs the bot."""


class Database:
    """The open file. One thread owns the only connection, so transactions never overlap.

    ``run`` and ``erase`` are called on the event loop, the others anywhere.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor
    ) -> None:
        self.path = path
        self._connection = connection
        self._thread = thread
        self._closed = False
        # An earlier process may have been killed before it swept.
        self._unswept = True

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open ``path``, made with its folder if missing, and apply the migrations it lacks.

        Raises DatabaseError if it cannot be opened or written, is damaged or another program's, or
        comes from a newer version of Beleg.
        """
        path = path.absolute()
        thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        try:
            connection = thread.submit(_open, path).result()
        except BaseException:
            thread.shutdown()
            raise
        return cls(path, connection, thread)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What ``work`` returns, called with the connection inside one transaction in the thread.

        An exception from ``work`` rolls everything back and is raised here. Raises DatabaseError
        where the disk or the file fails, or after `close`. A caller who is cancelled meanwhile does
        not learn whether it was done; it is done wholly or not at all.
        """
        return await self._submit(self._transact, work)

    def run_blocking(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Like `run`, before there is an event loop: waits for the result."""
        return self._thread.submit(self._transact, work).result()

    async def erase(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Like `run`; afterwards nothing that ``work`` deleted is left in the database's files.

        The files hold it still if another process is reading them; that is logged, and the next
        call makes up for it.
        """
        return await self._submit(self._transact_and_sweep, work)

    def close(self) -> None:
        """Finish what was begun and close the file; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        closing = self._thread.submit(self._connection.close)
        self._thread.shutdown()
        closing.result()

    async def _submit(
        self,
        call: Callable[[Callable[[sqlite3.Connection], T]], T],
        work: Callable[[sqlite3.Connection], T],
    ) -> T:
        if self._closed:
            raise DatabaseError(
                f"{self.path} is closed, since the bot is stopping; start it again."
            )
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, work)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _explained(self.path):
            # At once a writer: a reader that becomes one later may fail without waiting.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, a full disk among them.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            return result

    def _transact_and_sweep(self, work: Callable[[sqlite3.Connection], T]) -> T:
        before = self._connection.total_changes
        result = self._transact(work)
        self._unswept |= self._connection.total_changes != before
        if self._unswept:
            self._sweep()
        return result

    def _sweep(self) -> None:
        # secure_delete alone is not enough: a row that once moved to another page when a page was
        # split has left a copy in the old one.
        try:
            self._connection.execute("VACUUM")
            # The log holds what was erased until it is written back and cut to nothing.
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            log.warning("what was erased may still stand in %s: %s", self.path, error)
            return
        if busy:
            log.warning(
                "what was erased may still stand in %s: another process reads it", self.path
            )
        self._unswept = bool(busy)


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a lock beside ``path`` while it is made or changed; its folder is made if missing.

    Raises DatabaseError if another process holds it for too long, or the disk fails meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise DatabaseError(
            f"Another process has been opening {path} for {LOCK_SECONDS:.0f} seconds; "
            "stop it and try again."
        ) from error
    except OSError as error:
        raise DatabaseError(f"Cannot use {error.filename or path}: {failure(error)}") from error


def make_file(path: Path) -> None:
    """Make ``path`` unless it is there: empty, and for its owner's eyes only."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _open(path: Path) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DatabaseError(
            f"This Python has SQLite {sqlite3.sqlite_version}, and Beleg needs "
            f"{'.'.join(map(str, OLDEST_SQLITE))} or newer; use a newer build of Python."
        )
    with holding(path), _explained(path):
        connection = _connect(path)
        try:
            pending = _pending(path, connection)
            if pending:
                _copy_for_migration(path, connection)
        except BaseException:
            connection.close()
            raise
        if pending:
            # No connection may stay behind: its log would be applied to the file that follows.
            connection.close()
            _migrate(path)
            connection = _connect(path)
        try:
            return _configured(connection)
        except BaseException:
            connection.close()
            raise


def _connect(path: Path) -> sqlite3.Connection:
    make_file(path)
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)


def _configured(connection: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in (
        "journal_mode = WAL",
        # With WAL the file stays whole; a power cut may cost the last transactions.
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "secure_delete = ON",
        # Otherwise a sort or VACUUM may put people's words into a file in /tmp.
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # From its first look on a connection holds a lock, which keeps another process from putting a
    # migrated file in this one's place.
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _pending(path: Path, connection: sqlite3.Connection) -> bool:
    """Whether the file lacks migrations; raises DatabaseError if it cannot be used at all."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return True
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise DatabaseError(
            f"{path} belongs to another program; move it away, or choose another data folder."
        )
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _damaged(path, " ".join(found.split()))
    # Read here, since yoyo changes a file by connecting to it; the table is MIGRATION_TABLE.
    rows = connection.execute("SELECT migration_hash FROM _yoyo_migration")
    applied = {digest for (digest,) in rows}
    known = {migration.hash for migration in _migrations()}
    if applied - known:
        raise DatabaseError(
            f"{path} was written by a newer version of Beleg; "
            "install that version again, or put a backup of the older file in its place."
        )
    return bool(known - applied)


def _migrations() -> MigrationList:
    migrations = read_migrations(glob.escape(str(MIGRATIONS)))
    if not migrations:
        raise DatabaseError(f"There are no migrations in {MIGRATIONS}; install Beleg again.")
    return migrations


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _copy_for_migration(path: Path, connection: sqlite3.Connection) -> None:
    # Leaving WAL empties the log into the file and removes it; a log that is left would be applied
    # to the file that takes this one's place. It fails while another process has the file open.
    (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise DatabaseError(f"{path} is in use by another process; stop it and try again.")
    draft = _draft(path)
    # What a killed process left; an old journal would be played back into the new copy.
    for suffix in ("", "-journal", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    make_file(draft)
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _migrate(path: Path) -> None:
    draft = _draft(path)
    migrations = _migrations()
    # yoyo hands the path on to SQLite as part of a URI, which undoes the quoting.
    with get_backend(f"sqlite:///{quote(str(draft))}", MIGRATION_TABLE) as backend:
        backend.get_log_data = _log_data
        backend.apply_migrations(backend.to_apply(migrations))
    flush(draft)
    draft.replace(path)
    flush(path.parent)


def _log_data(migration: Migration | None = None, operation: str = "apply") -> dict[str, object]:
    """What yoyo notes about a migration, without the machine's and the user's name.

    yoyo's own asks the network for the first, and fails for the second in a container whose user
    has no name.
    """
    return {
        "id": str(uuid.uuid4()),
        "migration_id": migration.id if migration else None,
        "migration_hash": migration.hash if migration else None,
        "username": "",
        "hostname": "",
        "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
        "operation": operation,
    }


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file or the disk into a DatabaseError.

    Mistakes in our own statements (IntegrityError, ProgrammingError and the like) pass.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise
        # Absent where Python itself raises the error, not SQLite.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise DatabaseError(
                f"{path} is not a database; move it away, or choose another data folder."
            ) from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise _damaged(path, str(error)) from error
        raise DatabaseError(
            f"Cannot use {path}: {error}; check the disk's space and the file's permissions, "
            "and that no other program holds it."
        ) from error


def _damaged(path: Path, reason: str) -> DatabaseError:
    return DatabaseError(
        f"{path} is damaged ({reason}); "
        "put a backup in its place, or move it away to begin with an empty one."
    )
