"""A full disk, a data folder that cannot be written, and two writers at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from beleg_process import Beleg
from versions import VERSIONS, Held, Ships, files, held, index_files, litter, write_version

OLD, NEW = (Held(version, 64) for version in VERSIONS)
KILOBYTES = 2_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={KILOBYTES}k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_full_disk(
    tmp_path: Path,
    small_disk: Path,
    repetitions: Callable[[int], int],
    tell: Callable[[str], None],
) -> None:
    """With no room at all, up to just enough: the old index or the new one, never a leftover."""
    ships = Ships(tmp_path)
    ships.data = small_disk / "data"
    filler = small_disk / "filler"
    times = repetitions(3)
    seen: Counter[str] = Counter()
    for number in range(times):
        ships.finish(OLD)
        room = shutil.disk_usage(small_disk).free
        # The new segment is about as large as the old one.
        wanted = sum((ships.data / name).stat().st_size for name in index_files(ships.data))
        left = round(wanted * 1.2 * number / max(times - 1, 1))
        filler.write_bytes(bytes(max(room - left, 0)))
        beleg = ships.start(NEW)
        status = beleg.exit_status()
        if status == 0:
            assert held(ships.data) == NEW
        else:
            assert status == 2
            assert beleg.printed() == (
                f"Cannot write {ships.data}: No space left on device; "
                "check the disk's space and the folder's permissions.\n"
            )
            assert held(ships.data) == OLD
        assert files(ships.data) == index_files(ships.data)
        seen["saved" if status == 0 else "refused"] += 1
        filler.unlink()
        ships.finish(NEW)
    assert seen["refused"]
    assert seen["saved"]
    tell(f"{seen.total()} updates with 0 to 120 % of the room they need: {dict(seen)}")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can look into."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_read_only_data_folder(public: Path) -> None:
    ships = Ships(public)
    ships.finish(OLD)
    ships.log.touch()
    ships.log.chmod(0o666)
    for path in (ships.data, ships.data / "segments", ships.data / "lock"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {name: (ships.data / name).read_bytes() for name in files(ships.data)}

    def run(*arguments: str) -> Beleg:
        return Beleg.start(
            [*ships.arguments(arguments[0]), *arguments[1:]], ships.log, as_nobody=True
        )

    # Nothing is to be written: it answers.
    beleg = run("ask", "Only the first version says this.")
    assert beleg.exit_status() == 0, beleg.printed()
    assert "Only the first version says this." in beleg.printed().replace("**", "")
    write_version(ships.content, NEW.version)
    for command in (["index"], ["ask", "Which ship?"]):
        beleg = run(*command)
        assert beleg.exit_status() == 2
        assert beleg.printed() == (
            f"Cannot write {ships.data / 'lock'}: Permission denied; "
            "check the disk's space and the folder's permissions.\n"
        )
    assert {name: (ships.data / name).read_bytes() for name in files(ships.data)} == before


def test_two_processes_at_once(
    tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    """One encodes; the other waits for it and then finds everything done."""
    times = repetitions(2)
    ships = Ships(tmp_path)
    for number in range(times):
        target = (OLD, NEW)[number % 2]
        first, second = ships.start(target), ships.start(target)
        assert [first.exit_status(), second.exit_status()] == [0, 0], second.printed()
        assert held(ships.data) == target
        assert files(ships.data) == index_files(ships.data)
    tell(f"{times} pairs: both ended with status 0, one whole index, litter: none")


def test_second_process_goes_on_when_the_first_is_killed(
    tmp_path: Path, repetitions: Callable[[int], int], tell: Callable[[str], None]
) -> None:
    times = repetitions(2)
    ships = Ships(tmp_path)
    ships.finish(OLD)
    killed = 0
    while killed < times:
        target = NEW if held(ships.data) == OLD else OLD
        first = ships.start(target)
        while not litter(ships.data) and first.process.is_alive():
            time.sleep(0.001)
        os.kill(first.pid, signal.SIGSTOP)
        if not litter(ships.data):  # it was quicker
            first.kill()
            continue
        second = Beleg.start(ships.arguments("index"), ships.log)
        second.process.join(0.5)
        assert second.process.is_alive()
        assert held(ships.data) != target
        assert first.kill()
        assert second.exit_status() == 0, second.printed()
        assert held(ships.data) == target
        assert files(ships.data) == index_files(ships.data)
        killed += 1
    tell(f"{killed} writers killed while another waited: that one did the work, litter: none")
