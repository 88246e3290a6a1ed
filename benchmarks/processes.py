"""Processes that are timed: what they say, when they say it, and why one failed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run_process(
    command: Sequence[str], line: str | None
) -> tuple[list[tuple[float, str]], str | None]:
    """Run it, with ``line`` on its standard input; its lines, when each came, and why it failed."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "HAYSTACK_TELEMETRY_ENABLED": "False",
    }
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  (the command is ours)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert process.stdin and process.stdout
        process.stdin.write(f"{line or ''}\n")
        process.stdin.close()
        told = [(time.perf_counter() - began, one) for one in process.stdout]
        status = process.wait()
        errors.seek(0)
        return told, why_it_failed(status, errors.read())


def why_it_failed(status: int, said: str) -> str | None:
    """In a few words, from a process's exit status and its standard error; None if it did not."""
    if not status:
        return None
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    lines = [
        line for line in said.splitlines() if re.match(r"[\w.]+(Error|Exception|Exit)\b", line)
    ]
    return (lines or [f"exit status {status}"])[-1][:300]
