"""An environment of its own for each program that Beleg is compared with."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
OWN = "beleg"
"""Beleg itself, which runs in the environment that the benchmark runs in."""


class InstallError(Exception):
    """A peer's environment cannot be made; ``str()`` is one sentence."""


def known_peers() -> list[str]:
    """The peers that have a script and locked packages."""
    return sorted(path.stem for path in PEERS.glob("*.txt"))


def python_of(peer: str, cache: Path) -> Path:
    """The Python of the peer's environment in the folder ``cache``, made now if it is not there.

    It is made anew when the peer's locked packages change. Raises InstallError.
    """
    if peer == OWN:
        return Path(sys.executable)
    lock = PEERS / f"{peer}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    folder = cache / "environments" / peer
    python = folder / "bin" / "python"
    stamp = folder / "installed.sha256"
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return python
    print(f"Installing {peer} in {folder}", file=sys.stderr, flush=True)
    [torch] = [line for line in lock.read_text().splitlines() if line.startswith("torch==")]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], peer, "make an environment")
    # First and alone, as in the Makefile: the rest must not bring a build with CUDA.
    _run([*pip, torch], peer, f"install {torch}")
    _run([*pip, "--requirement", str(lock)], peer, f"install {lock.name}")
    stamp.write_text(digest, encoding="ascii")
    return python


def _run(command: list[str], peer: str, what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (lines or done.stderr.splitlines() or ["it gave no reason"])[-1]
        raise InstallError(
            f"{peer} is left out: it was not possible to {what} ({reason.strip()}); check that pip "
            "reaches its packages and that there is room on the disk."
        )
