"""What all tests share: no network but loopback, a folder of articles, and an encoder that needs no
model."""

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from hypothesis import settings
from network import NetworkForbiddenError

# The same examples at every run, and none judged by the time it takes: the machine may be busy.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of the real model in one worker: every worker would load it, on all cores."""
    for item in items:
        if item.get_closest_marker("process"):
            item.add_marker(pytest.mark.xdist_group("model"))


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
def data(tmp_path: Path) -> Path:
    """Where an index may be made; there is nothing yet."""
    return tmp_path / "data"


@pytest.fixture
def encoder() -> FakeEncoder:
    """An encoder whose vectors follow from the words alone."""
    return FakeEncoder()
