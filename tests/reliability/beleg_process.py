"""``beleg`` as a process that starts in milliseconds.

It is forked from a process that has everything imported, and has the tests' encoder in place of a
model. All else is the program as it is: its command line, its locks, its files.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import loop_probe
import pytest
from fake_encoder import FakeEncoder
from saboteur import Saboteur

from bot import cli, sending
from bot.client import BelegClient
from index import encoder
from index.encoder import PassageEncoding, QuestionEncoding
from index.language import detect_language

_IMPORTED = ["beleg_process", "bot.start", "index.library", "onnx"]
SECONDS = 60.0
"""For a process to begin or to end: far more than it takes."""
NOBODY = 65_534


class ForgetfulEncoder(FakeEncoder):
    """Does not list what it has encoded: the process may run for long."""

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        encodings = super().encode_passages(texts, on_progress)
        self.encoded_passages.clear()
        return encodings

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        encodings = super().encode_questions(texts)
        self.encoded_questions.clear()
        return encodings


@dataclass(frozen=True, slots=True)
class Unwell:
    """A bot whose Discord is unwell.

    ``probe`` is the file that gets the lags of its event loop, and ``silence`` after how many
    seconds without a word it takes the connection for dead. If it is ``hasty`` it waits less: a
    tenth of a second before an answer is sent again, and not at all before a new session.
    """

    probe: Path | None = None
    silence: float = 60.0
    hasty: bool = False

    def prepare(self, patches: pytest.MonkeyPatch) -> None:
        """Make the bot of this process like this."""
        if self.probe is not None:
            loop_probe.put_into_the_bot(patches, self.probe)
        if self.hasty:
            patches.setattr(sending, "PAUSES", [0.1] * len(sending.PAUSES))
            patches.setattr(BelegClient, "before_identify_hook", _at_once)
        original = BelegClient.setup_hook

        async def setup_hook(client: BelegClient) -> None:
            # An option of discord.py's clients, which the bot leaves as it is.
            client._connection.heartbeat_timeout = self.silence
            await original(client)

        patches.setattr(BelegClient, "setup_hook", setup_hook)


async def _at_once(*_: object, **__: object) -> None:
    """Instead of five seconds."""


@contextmanager
def idle(path: Path) -> Iterator[None]:
    """Meanwhile an idle process beside the others watches its event loop, for comparison."""
    process = _server().Process(target=loop_probe.run_idle, args=(path,))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(SECONDS)


@dataclass(slots=True)
class Beleg:
    """A running ``beleg``; what it prints goes into ``log``."""

    process: BaseProcess
    log: Path

    @classmethod
    def start(
        cls,
        arguments: Sequence[str | Path],
        log: Path,
        *,
        dimension: int | None = 64,
        environment: dict[str, str] | None = None,
        dies_at: int | None = None,
        as_nobody: bool = False,
        patches: Mapping[str, object] | None = None,
        unwell: Unwell | None = None,
    ) -> Beleg:
        """Start ``beleg`` with these arguments and wait until it begins.

        ``dimension`` is that of the encoder, another one is another model; None takes the real
        one. With ``dies_at`` it kills itself at that step of a save (see ``Saboteur``).
        ``as_nobody``: without root's right to write everywhere. ``patches`` are put in the place of
        what has these names; functions must stand at the top of a module. ``unwell`` is for a bot
        whose Discord is.
        """
        server = _server()
        begins, begun = server.Pipe(duplex=False)
        process = server.Process(
            target=_run,
            args=(begun, [str(argument) for argument in arguments], log),
            kwargs={
                "dimension": dimension,
                "environment": environment or {},
                "dies_at": dies_at,
                "as_nobody": as_nobody,
                "patched": patches or {},
                "unwell": unwell,
            },
        )
        process.start()
        begun.close()
        if not begins.poll(SECONDS):
            raise AssertionError("the process did not begin")
        begins.recv_bytes()
        begins.close()
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process.pid is not None
        return self.process.pid

    def stop(self) -> int:
        """End it by SIGTERM; its exit status."""
        self.process.terminate()
        return self.exit_status()

    def kill(self) -> bool:
        """End it by SIGKILL; False if it had ended of itself."""
        self.process.kill()
        return self.exit_status() == -signal.SIGKILL

    def exit_status(self) -> int:
        """Wait for its end; what it printed is shown if there is none."""
        self.process.join(SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"the process did not end:\n{self.printed()}")
        return self.process.exitcode

    def printed(self) -> str:
        """Its standard output and standard error so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@cache
def _server() -> ForkServerContext:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(_IMPORTED)
    with pytest.MonkeyPatch.context() as patches:
        # Python 3.11 tells the server this process's sys.path too late for its imports.
        patches.setenv("PYTHONPATH", os.pathsep.join(str(Path(path)) for path in sys.path))
        forkserver.ensure_running()
    return server


def _run(
    begun: Connection,
    arguments: list[str],
    log: Path,
    *,
    dimension: int | None,
    environment: dict[str, str],
    dies_at: int | None,
    as_nobody: bool,
    patched: Mapping[str, object],
    unwell: Unwell | None,
) -> None:
    os.chdir(log.parent)
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(printed, sys.stdout.fileno())
    os.dup2(printed, sys.stderr.fileno())
    if as_nobody and os.geteuid() == 0:
        detect_language("nobody may be unable to read the libraries that this needs")
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    for name in [name for name in os.environ if name.startswith(("DISCORD_", "BELEG_"))]:
        del os.environ[name]
    os.environ.update(environment)
    with pytest.MonkeyPatch.context() as patches:
        if dimension is not None:
            small = ForgetfulEncoder(dimension)
            patches.setattr(encoder, "load_encoder", lambda *_, **__: small)
        for name, value in patched.items():
            patches.setattr(name, value)
        patches.setattr(sys, "argv", ["beleg", *arguments])
        if dies_at is not None:
            data = Path(arguments[arguments.index("--data") + 1])
            Saboteur(patches, data, dies_at, _die)
        if unwell is not None:
            unwell.prepare(patches)
        begun.send_bytes(b"now")
        cli.main()


def _die() -> BaseException:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")
