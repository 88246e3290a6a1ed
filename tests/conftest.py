"""What all tests share: no network but loopback, a folder of articles, and an encoder that needs no
model."""

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from hypothesis import settings
from lamps_and_ropes import LAMPS, ROPES, report_of
from network import NetworkForbiddenError

from index.shelf import Shelf

# The same examples at every run, and none judged by the time it takes: the machine may be busy.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


_FIGURES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--count`` makes the tests in ``reliability/`` long; docs/reliability.md has the figures."""
    parser.addoption(
        "--count", type=int, help="how often tests/reliability repeats; default: a few times each"
    )


@pytest.fixture
def repetitions(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How often to do something: as often as ``--count`` says, else the number given."""
    count = request.config.getoption("--count")
    return lambda few: few if count is None else count


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Show a figure behind the results of the tests."""
    lines = request.config.stash.setdefault(_FIGURES, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The figures, where a count was asked for."""
    if config.getoption("--count") is not None:
        for line in config.stash.get(_FIGURES, []):
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid connections, datagrams and name look-ups to anything but this machine."""

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def guard(sock: socket.socket, *args: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                # The address is the last argument of every one of these.
                _check(args[-1][0])
            return original(sock, *args)

        return guard

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if host is not None:
            _check(host)
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _check(host: str | bytes) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return
    try:
        local = ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkForbiddenError(name)


@pytest.fixture
def content(tmp_path: Path) -> ContentFolder:
    """An empty content folder."""
    path = tmp_path / "content"
    path.mkdir()
    return ContentFolder(path)


@pytest.fixture
def shelf(content: ContentFolder, tmp_path: Path) -> Shelf:
    """A shelf for that folder; nothing is removed yet."""
    return Shelf(content.path, tmp_path / "data" / "removed")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where an index may be made; there is nothing yet."""
    return tmp_path / "data"


@pytest.fixture
def encoder() -> FakeEncoder:
    """An encoder whose vectors follow from the words alone."""
    return FakeEncoder()


@pytest.fixture
def two(content: ContentFolder) -> ContentFolder:
    """Two articles: lamps of two passages with three sentences, ropes of one with two."""
    content.write("lamps.md", *LAMPS)
    content.write("ropes.md", *ROPES, title="Ropes")
    return content


@pytest.fixture
def whole(two: ContentFolder, data: Path, encoder: FakeEncoder) -> Path:
    """An index of two articles, in one segment."""
    report_of(two, data, encoder)
    return data


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing takes most of an update's time, and no test that asks for this pulls the plug."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
