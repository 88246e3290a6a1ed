"""The database file: made, migrated, used from one thread, killed, damaged, and erased from."""

import asyncio
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from bot import database as module
from bot.database import APPLICATION_ID, MIGRATIONS, Database, DatabaseError

ODD_NAME = "a b?c#d%20é;&=@:[x]'\""


@pytest.fixture
def path(data: Path) -> Path:
    return data / "beleg.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(path)
    yield opened
    opened.close()


def rows(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    return connection.execute("SELECT server, settings FROM servers ORDER BY server").fetchall()


def insert(connection: sqlite3.Connection, server: int, settings: str = "{}") -> None:
    connection.execute("INSERT INTO servers VALUES (?, ?)", (server, settings))


def stored(path: Path) -> list[tuple[int, str]]:
    """What another program reads in the file."""
    connection = sqlite3.connect(path)
    try:
        return rows(connection)
    finally:
        connection.close()


def refusal(path: Path) -> str:
    with pytest.raises(DatabaseError) as caught:
        Database.open(path)
    return str(caught.value)


def newer_migrations(folder: Path, sql: str = "ALTER TABLE servers ADD COLUMN note TEXT;") -> Path:
    """The migrations of a version of Beleg that has one more."""
    folder.mkdir()
    for migration in MIGRATIONS.iterdir():
        (folder / migration.name).write_bytes(migration.read_bytes())
    (folder / "9999.note.sql").write_text(sql, encoding="utf-8")
    return folder


def run_killed(code: str) -> None:
    """Run Python ``code`` that kills itself with ``kill()``."""
    prelude = (
        "import asyncio, os, signal, yoyo.backends.base\n"
        "from pathlib import Path\n"
        "from bot import database\n"
        "def kill(*args, **options): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", prelude + code], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


async def test_open_makes_folder_file_and_tables(path: Path) -> None:
    database = Database.open(path)
    tables = await database.run(
        lambda connection: connection.execute(
            "SELECT name, strict FROM pragma_table_list "
            "WHERE type = 'table' AND name NOT LIKE '%yoyo%' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        ).fetchall()
    )
    assert tables == [("citations", 1), ("ratings", 1), ("records", 1), ("servers", 1)]
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {
        "beleg.sqlite3": 0o600,
        "beleg.sqlite3-shm": 0o600,
        "beleg.sqlite3-wal": 0o600,
        "beleg.sqlite3.lock": stat.S_IMODE((path.parent / "beleg.sqlite3.lock").stat().st_mode),
    }
    database.close()
    # The log is written back and removed.
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "beleg.sqlite3",
        "beleg.sqlite3.lock",
    ]


async def test_settings_of_the_connection(database: Database) -> None:
    async def pragma(name: str) -> object:
        return await database.run(
            lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]
        )

    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store")
    assert [await pragma(name) for name in names] == ["wal", 1, 1, 1, 2]
    assert await pragma("application_id") == APPLICATION_ID
    assert await pragma("busy_timeout") == 5000


async def test_empty_file_is_migrated(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    database = Database.open(path)
    assert await database.run(rows) == []
    database.close()


@pytest.mark.parametrize("relative", [False, True])
async def test_odd_characters_in_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = (Path() if relative else tmp_path) / ODD_NAME / f"{ODD_NAME}.db"
    database = Database.open(path)
    await database.run(lambda connection: insert(connection, 1))
    database.close()
    assert stored(tmp_path / ODD_NAME / f"{ODD_NAME}.db") == [(1, "{}")]
    assert [file.name for file in tmp_path.iterdir()] == [ODD_NAME]


async def test_reopen_keeps_what_is_stored_and_migrates_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(path)
    await database.run(lambda connection: insert(connection, 7, "kept"))
    database.close()
    monkeypatch.setattr(module, "get_backend", None)
    database = Database.open(path)
    assert await database.run(rows) == [(7, "kept")]
    database.close()


async def test_new_migration_keeps_rows_and_asks_nobody_for_names(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(path)
    await database.run(lambda connection: insert(connection, 7, "kept"))
    database.close()
    monkeypatch.setattr(module, "MIGRATIONS", newer_migrations(tmp_path / "new [1]"))
    monkeypatch.setattr("getpass.getuser", None)
    monkeypatch.setattr("socket.getfqdn", None)
    database = Database.open(path)

    def read(connection: sqlite3.Connection) -> tuple[object, object]:
        return (
            connection.execute("SELECT * FROM servers").fetchall(),
            connection.execute(
                "SELECT migration_id, username, hostname, operation FROM _yoyo_log "
                "ORDER BY created_at_utc"
            ).fetchall(),
        )

    assert await database.run(read) == (
        [(7, "kept", None)],
        [
            ("0001.initial", "", "", "apply"),
            ("0002.cut", "", "", "apply"),
            ("0003.shared", "", "", "apply"),
            ("9999.note", "", "", "apply"),
        ],
    )
    database.close()
    assert not (path.parent / "beleg.sqlite3.new").exists()


def test_newer_version_is_refused_and_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "MIGRATIONS", newer_migrations(tmp_path / "newer"))
        Database.open(path).close()
    before = path.read_bytes()
    assert refusal(path) == (
        f"{path} was written by a newer version of Beleg; "
        "install that version again, or put a backup of the older file in its place."
    )
    assert path.read_bytes() == before


def test_failing_migration_leaves_the_old_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database.open(path).close()
    before = path.read_bytes()
    sql = "ALTER TABLE servers ADD COLUMN note TEXT;\nALTER TABLE missing ADD COLUMN note TEXT;"
    with monkeypatch.context() as patch:
        patch.setattr(module, "MIGRATIONS", newer_migrations(tmp_path / "newer", sql))
        assert refusal(path) == (
            f"Cannot use {path}: no such table: missing; check the disk's space and the file's "
            "permissions, and that no other program holds it."
        )
    assert stored(path) == []
    # Only the mark of the log in the header differs.
    assert path.read_bytes()[100:] == before[100:]
    Database.open(path).close()


def test_installed_without_migrations(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIGRATIONS", tmp_path / "missing")
    assert refusal(path) == (
        f"There are no migrations in {tmp_path / 'missing'}; install Beleg again."
    )


def test_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert refusal(tmp_path / "file" / "beleg.sqlite3") == (
        f"Cannot use {tmp_path / 'file'}: a file stands where a folder is needed; "
        "choose another data folder."
    )


def test_path_is_a_folder(path: Path) -> None:
    path.mkdir(parents=True)
    assert refusal(path) == (
        f"Cannot use {path}: Is a directory; check the disk's space and the folder's permissions."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_cannot_be_written(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    assert refusal(path) == (
        f"Cannot use {path}.lock: Permission denied; "
        "check the disk's space and the folder's permissions."
    )


def test_not_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("not a database, but a text that is longer than its header would be" * 20)
    before = path.read_bytes()
    assert refusal(path) == (
        f"{path} is not a database; move it away, or choose another data folder."
    )
    assert path.read_bytes() == before


def test_database_of_another_program(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = path.read_bytes()
    assert refusal(path) == (
        f"{path} belongs to another program; move it away, or choose another data folder."
    )
    assert path.read_bytes() == before


def test_damaged_page(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    # The third page on: the first ones hold the list of tables.
    content[2 * 4096 : 4 * 4096] = b"\xaa" * (2 * 4096)
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith(f"{path} is damaged (")
    assert message.endswith(
        "); put a backup in its place, or move it away to begin with an empty one."
    )
    assert "\n" not in message
    assert path.read_bytes() == content


def test_cut_off_file(path: Path) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes()[:6000])
    assert refusal(path).startswith(f"{path} is damaged (")


def test_another_process_opens_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    with FileLock(f"{path}.lock"):
        assert refusal(path) == (
            f"Another process has been opening {path} for 0 seconds; stop it and try again."
        )


def test_what_a_killed_migration_left_is_removed(path: Path) -> None:
    path.parent.mkdir()
    for suffix in ("", "-journal", "-wal", "-shm"):
        (path.parent / f"beleg.sqlite3.new{suffix}").write_bytes(b"left over" * 1000)
    Database.open(path).close()
    assert stored(path) == []
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "beleg.sqlite3",
        "beleg.sqlite3.lock",
    ]


def test_not_migrated_while_another_process_uses_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Database.open(path)
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(module, "MIGRATIONS", newer_migrations(tmp_path / "newer"))
    assert refusal(path) == (
        f"Cannot use {path}: database is locked; check the disk's space and the file's "
        "permissions, and that no other program holds it."
    )
    first.close()
    Database.open(path).close()


def test_sqlite_too_old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.36.9")
    assert refusal(path) == (
        "This Python has SQLite 3.36.9, and Beleg needs 3.37.0 or newer; use a newer build of "
        "Python."
    )


def test_failed_open_leaves_no_thread(path: Path) -> None:
    path.mkdir(parents=True)
    before = set(threading.enumerate())
    refusal(path)
    assert set(threading.enumerate()) <= before


async def test_run_commits_and_returns(database: Database, path: Path) -> None:
    def work(connection: sqlite3.Connection) -> str:
        assert threading.current_thread().name.startswith("database")
        insert(connection, 1)
        insert(connection, 2)
        return "done"

    assert await database.run(work) == "done"
    assert stored(path) == [(1, "{}"), (2, "{}")]


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt()])
async def test_run_rolls_back_on_any_exception(database: Database, error: BaseException) -> None:
    def work(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        raise error

    # Without asyncio between, which treats a KeyboardInterrupt in its own way.
    with pytest.raises(type(error)):
        database._thread.submit(database._transact, work).result()
    assert await database.run(rows) == []


async def test_run_passes_on_what_work_raises(database: Database) -> None:
    def clash(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        insert(connection, 1)

    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: servers\.server"):
        await database.run(clash)
    assert await database.run(rows) == []


async def test_full_disk_costs_one_transaction(database: Database, path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        insert(connection, 2, "x" * 10_000_000)

    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    await database.run(limit)
    await database.run(lambda connection: insert(connection, 1))
    with pytest.raises(DatabaseError) as caught:
        await database.run(fill)
    assert str(caught.value) == (
        f"Cannot use {path}: database or disk is full; check the disk's space and the file's "
        "permissions, and that no other program holds it."
    )
    await database.run(lambda connection: insert(connection, 3))
    assert await database.run(rows) == [(1, "{}"), (3, "{}")]


async def test_concurrent_runs_do_not_overlap(database: Database) -> None:
    await database.run(lambda connection: insert(connection, 1, "0"))

    def add_one(connection: sqlite3.Connection) -> int:
        ((_, value),) = rows(connection)
        connection.execute("UPDATE servers SET settings = ?", (str(int(value) + 1),))
        return int(value)

    seen = await asyncio.gather(*(database.run(add_one) for _ in range(50)))
    assert list(seen) == list(range(50))
    assert await database.run(rows) == [(1, "50")]


async def test_event_loop_goes_on_during_work(database: Database) -> None:
    entered, leave = threading.Event(), threading.Event()

    def work(connection: sqlite3.Connection) -> bool:
        entered.set()
        return leave.wait(timeout=30)

    running = asyncio.create_task(database.run(work))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    leave.set()
    assert await running


async def test_cancelled_caller_leaves_whole_transaction(database: Database) -> None:
    entered, leave = threading.Event(), threading.Event()

    def work(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        entered.set()
        assert leave.wait(timeout=30)
        insert(connection, 2)

    running = asyncio.create_task(database.run(work))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    running.cancel()
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await database.run(rows) == [(1, "{}"), (2, "{}")]


async def test_close_finishes_what_was_begun_and_is_idempotent(path: Path) -> None:
    database = Database.open(path)
    pending = [
        asyncio.create_task(database.run(lambda connection, n=number: insert(connection, n)))
        for number in range(5)
    ]
    await asyncio.sleep(0)
    database.close()
    database.close()
    await asyncio.gather(*pending)
    assert stored(path) == [(number, "{}") for number in range(5)]
    for call in (database.run, database.erase):
        with pytest.raises(DatabaseError) as caught:
            await call(rows)
        assert str(caught.value) == (
            f"{path} is closed, since the bot is stopping; start it again."
        )


async def test_killed_in_a_transaction(path: Path) -> None:
    run_killed(
        f"opened = database.Database.open(Path({str(path)!r}))\n"
        "def work(connection, dies):\n"
        "    for server in (10, 11) if dies else (1, 2):\n"
        "        connection.execute('INSERT INTO servers VALUES (?, ?)', (server, 'x' * 50_000))\n"
        "    if dies: kill()\n"
        "async def main():\n"
        "    await opened.run(lambda connection: work(connection, False))\n"
        "    await opened.run(lambda connection: work(connection, True))\n"
        "asyncio.run(main())\n"
    )
    database = Database.open(path)
    assert [server for server, _ in await database.run(rows)] == [1, 2]
    database.close()


@pytest.mark.parametrize(
    ("place", "applied_after"),
    [
        ("database._migrate = kill", False),
        # Between a migration and the note that it was applied.
        ("yoyo.backends.base.DatabaseBackend.mark_one = kill", False),
        ("Path.replace = kill", False),
        ("flush = database.flush\ndatabase.flush = lambda path: path.is_dir() and kill()", True),
    ],
)
@pytest.mark.parametrize("begun", ["empty", "older"])
async def test_killed_in_a_migration(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    applied_after: bool,
    begun: str,
) -> None:
    expected = []
    if begun == "older":
        run_killed(
            f"opened = database.Database.open(Path({str(path)!r}))\n"
            "def work(connection):\n"
            "    connection.execute('INSERT INTO servers VALUES (?, ?)', (7, 'kept'))\n"
            "asyncio.run(opened.run(work))\n"
            # What was committed stands in the log alone.
            "kill()\n"
        )
        assert (path.parent / "beleg.sqlite3-wal").stat().st_size > 0
        expected = [(7, "kept", None)]
    folder = newer_migrations(tmp_path / "newer")
    run_killed(
        f"database.MIGRATIONS = Path({str(folder)!r})\n{place}\n"
        f"database.Database.open(Path({str(path)!r}))\n"
    )
    if applied_after:
        assert not (path.parent / "beleg.sqlite3.new").exists()
    monkeypatch.setattr(module, "MIGRATIONS", folder)
    database = Database.open(path)
    found = await database.run(
        lambda connection: connection.execute(
            "SELECT server, settings, note FROM servers"
        ).fetchall()
    )
    assert found == expected
    database.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "beleg.sqlite3",
        "beleg.sqlite3.lock",
    ]


def file_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def fill_and_split(connection: sqlite3.Connection) -> None:
    """Rows between rows: pages are split, and copies of rows stay in the old pages."""
    for number in range(300):
        server = number * 7919 % 100_003
        insert(connection, server, f"<{server}>" + "x" * (server * 37 % 900))


async def test_erase_leaves_nothing_in_the_files(database: Database, path: Path) -> None:
    await database.run(fill_and_split)
    servers = [server for server, _ in await database.run(rows)]
    content = file_bytes(path)
    assert all(f"<{server}>".encode() in content for server in servers)
    erased = await database.erase(
        lambda connection: connection.execute("DELETE FROM servers WHERE server % 3").rowcount
    )
    assert erased == sum(server % 3 > 0 for server in servers)
    content = file_bytes(path)
    left = [server for server in servers if f"<{server}>".encode() in content]
    assert left == [server for server in servers if server % 3 == 0]
    assert (path.parent / "beleg.sqlite3-wal").stat().st_size == 0


async def test_erase_rolls_back(database: Database) -> None:
    await database.run(lambda connection: insert(connection, 1))

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM servers")
        raise ValueError

    with pytest.raises(ValueError):
        await database.erase(work)
    assert await database.run(rows) == [(1, "{}")]


async def test_erase_with_nothing_to_erase_rewrites_nothing(database: Database, path: Path) -> None:
    await database.run(lambda connection: insert(connection, 1))
    # The first sweeps for a process that may have been killed.
    await database.erase(rows)
    before = path.stat().st_mtime_ns
    await database.run(lambda connection: insert(connection, 2))
    assert await database.erase(rows) == [(1, "{}"), (2, "{}")]
    assert path.stat().st_mtime_ns == before
    assert (path.parent / "beleg.sqlite3-wal").stat().st_size > 0


async def test_erase_while_another_process_reads(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    database = Database.open(path)
    await database.run(lambda connection: insert(connection, 1, "secret words"))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert rows(reader) == [(1, "secret words")]

    def erase(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM servers")

    with caplog.at_level(logging.WARNING, logger="bot.database"):
        await database.erase(erase)
    assert caplog.messages == [
        f"what was erased may still stand in {path}: another process reads it"
    ]
    assert await database.run(rows) == []
    reader.close()
    assert b"secret words" in file_bytes(path)
    await database.erase(erase)
    assert b"secret words" not in file_bytes(path)
    database.close()


async def test_first_erase_sweeps_after_a_killed_process(path: Path) -> None:
    run_killed(
        f"opened = database.Database.open(Path({str(path)!r}))\n"
        "def write(connection):\n"
        "    connection.execute(\"INSERT INTO servers VALUES (1, 'secret words')\")\n"
        "def erase(connection):\n"
        "    connection.execute('DELETE FROM servers')\n"
        "async def main():\n"
        "    await opened.run(write)\n"
        "    opened._sweep = kill\n"
        "    await opened.erase(erase)\n"
        "asyncio.run(main())\n"
    )
    assert b"secret words" in file_bytes(path)
    database = Database.open(path)
    assert await database.erase(rows) == []
    assert b"secret words" not in file_bytes(path)
    database.close()
