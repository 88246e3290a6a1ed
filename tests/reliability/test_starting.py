"""What stops the start of the bot: one sentence, a documented exit status, nothing left behind.

Discord is asked about the token before the model is loaded; a process whose model must not be
loaded shows that.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from beleg_process import Beleg
from content_folder import ContentFolder
from discord_loopback import LoopbackDiscord
from fake_encoder import FakeEncoder

from bot.housekeeping import OWNER_FILE

TOKEN_REFUSED = (
    "Discord did not accept the token: make a new one in the developer portal "
    "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
    "and set DISCORD_TOKEN to it."
)
NO_TOKEN = (
    "DISCORD_TOKEN is not set: get a token in the Discord developer portal "
    "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
    "and put the line DISCORD_TOKEN=… into a file .env here or into the environment."
)
UNREACHABLE = (
    "Discord could not be reached at 127.0.0.1: check the network connection and DISCORD_API_URL."
)
CHECK_ADDRESS = "check DISCORD_API_URL, which must name Discord's API"


def no_encoder(*_: object, **__: object) -> FakeEncoder:
    raise AssertionError("the model was loaded")


def fake_encoder(*_: object, **__: object) -> FakeEncoder:
    return FakeEncoder()


@pytest_asyncio.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as server:
        yield server


@pytest.fixture(autouse=True)
def lamps(content: ContentFolder) -> None:
    content.write("lamps.md", "The lamps of Quill burn oil.", title="Lamps")


def folder(tmp_path: Path) -> set[str]:
    """What is there, without the log."""
    return {path.name for path in tmp_path.iterdir()} - {"log.txt"}


async def refusal(
    tmp_path: Path, discord: LoopbackDiscord | None, *arguments: str, **environment: str
) -> tuple[int, str]:
    """The exit status of a start that fails before the model is loaded, and what it printed."""
    settings = {"DISCORD_TOKEN": "loopback.token"}
    if discord is not None:
        settings["DISCORD_API_URL"] = discord.api_url
        settings["DISCORD_GATEWAY_URL"] = discord.gateway_url
    bot = await asyncio.to_thread(
        Beleg.start,
        ["run", *arguments],
        tmp_path / "log.txt",
        environment={**settings, **environment},
        patches={"index.encoder.load_encoder": no_encoder},
    )
    status = await asyncio.to_thread(bot.exit_status)
    return status, bot.printed()


@pytest.mark.parametrize(
    ("environment", "arguments", "status", "sentence"),
    [
        ({"DISCORD_TOKEN": ""}, (), 2, NO_TOKEN),
        ({"DISCORD_TOKEN": "wrong.token"}, (), 2, TOKEN_REFUSED),
        (
            {},
            ("--content", "articels"),
            2,
            "articels: there is no such folder; create it and put articles into it.",
        ),
        (
            {"BELEG_CONTENT": "content/lamps.md"},
            (),
            2,
            "content/lamps.md: it is a file, not a folder; name the folder that holds the "
            "articles.",
        ),
        (
            {},
            ("--content", "empty"),
            2,
            "empty: it holds no article; put a Markdown or text file there.",
        ),
        (
            {},
            ("--data", "content/lamps.md"),
            2,
            "Cannot use {folder}/content/lamps.md: a file stands where a folder is needed; "
            "choose another data folder.",
        ),
        ({"DISCORD_API_URL": "http://127.0.0.1:1/api"}, (), 1, UNREACHABLE),
        (
            {"BELEG_PORT": "70000"},
            (),
            2,
            "BELEG_PORT is not usable: should be less than or equal to 65535; correct it in the "
            "environment or in .env.",
        ),
        (
            {"BELEG_EDITING": "everybody"},
            (),
            2,
            "BELEG_EDITING is not usable: should be own, none, or ids of servers with commas; "
            "correct it in the environment or in .env.",
        ),
        (
            {"BELEG_LOG": "xml"},
            (),
            2,
            "BELEG_LOG is not usable: should be 'plain' or 'json'; correct it in the environment "
            "or in .env.",
        ),
        (
            {"BELEG_LOG_LEVEL": "loud"},
            (),
            2,
            "BELEG_LOG_LEVEL is not usable: should be 'debug', 'info', 'warning' or 'error'; "
            "correct it in the environment or in .env.",
        ),
        (
            {"DISCORD_TOKEN": "", "DISCORD_TOKEN_FILE": "nowhere"},
            (),
            2,
            "DISCORD_TOKEN_FILE names nowhere, which cannot be read: No such file or directory; "
            "check the path and its permissions.",
        ),
    ],
)
async def test_one_sentence(
    tmp_path: Path,
    discord: LoopbackDiscord,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    status: int,
    sentence: str,
) -> None:
    (tmp_path / "empty").mkdir()
    found = await refusal(tmp_path, discord, *arguments, **environment)
    (tmp_path / "empty").rmdir()
    assert found == (status, sentence.format(folder=tmp_path) + "\n")
    # Not even a folder for the data is made.
    assert folder(tmp_path) == {"content"}


@pytest.mark.parametrize(("http", "status"), [(503, 1), (429, 1), (400, 2), (404, 2)])
async def test_a_discord_that_refuses(
    tmp_path: Path, discord: LoopbackDiscord, http: int, status: int
) -> None:
    """A later start may go well, or not."""
    discord.fail("GET", "/users/@me", http, times=9)
    do = "try again later" if status == 1 else CHECK_ADDRESS
    sentence = f"Discord refused to start the bot (HTTP status {http}): {do}.\n"
    assert await refusal(tmp_path, discord) == (status, sentence)
    assert folder(tmp_path) == {"content"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/html", "<html>"),
        ("application/json", '{"id": 1}'),
        ("application/json", "[1]"),
        ("application/json", "<html>"),
        ("application/json", "null"),
    ],
)
async def test_an_address_that_is_not_discords(tmp_path: Path, kind: str, text: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        assert await refusal(tmp_path, None, DISCORD_API_URL=str(server.make_url("/api"))) == (
            2,
            f"What answers at 127.0.0.1 is not Discord: {CHECK_ADDRESS}.\n",
        )
    assert folder(tmp_path) == {"content"}


async def test_a_port_in_use(tmp_path: Path, discord: LoopbackDiscord) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert await refusal(tmp_path, discord, BELEG_PORT=str(port)) == (
            2,
            f"Port {port} cannot be used: Address already in use; stop the program that has it, or "
            "set BELEG_PORT to another.\n",
        )
    assert folder(tmp_path) == {"content"}
    assert discord.requests == []


@pytest.mark.parametrize(
    ("text", "line"), [("DISCORD_TOKEN=a.b\n\n  secret words here\n", 3), ("A='b\n", 1)]
)
async def test_an_env_file_that_is_not_understood(
    tmp_path: Path, discord: LoopbackDiscord, text: str, line: int
) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert await refusal(tmp_path, discord) == (
        2,
        f"The file .env, line {line}, is not understood: write NAME=value there, or # before a "
        "remark.\n",
    )


@pytest.mark.parametrize("mode", [0o555, 0o444])
async def test_a_data_folder_that_cannot_be_written(
    discord: LoopbackDiscord, public: Path, mode: int
) -> None:
    """And one that may not be searched either."""
    ContentFolder(public / "content").write("lamps.md", "The lamps burn oil.", title="Lamps")
    log = public / "log.txt"
    log.touch()
    log.chmod(0o666)
    (public / "data").mkdir(mode=mode)
    bot = await asyncio.to_thread(
        Beleg.start,
        ["run", "--data", public / "data"],
        log,
        environment={"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url},
        patches={"index.encoder.load_encoder": no_encoder},
        as_nobody=True,
    )
    assert await asyncio.to_thread(bot.exit_status) == 2
    assert bot.printed() == (
        f"Cannot use {public / 'data' / 'beleg.sqlite3.lock'}: Permission denied; check the "
        "disk's space and the folder's permissions.\n"
    )


async def test_a_note_of_whose_data_these_are_that_cannot_be_read(
    tmp_path: Path, discord: LoopbackDiscord
) -> None:
    note = tmp_path / "data" / OWNER_FILE
    note.mkdir(parents=True)
    bot = await asyncio.to_thread(
        Beleg.start,
        ["run", "--data", tmp_path / "data"],
        tmp_path / "log.txt",
        environment={"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url},
        patches={"index.encoder.load_encoder": fake_encoder},
    )
    assert await asyncio.to_thread(bot.exit_status) == 2
    assert bot.printed().endswith(
        f"\nCannot use {note}: Is a directory; check the disk's space and the folder's "
        "permissions.\n"
    )
    assert "Traceback" not in bot.printed()


# --- tokens in files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode"), [(".env", 0o600), (".env", 0o640), ("secret", 0o604), ("secret", 0o400)]
)
async def test_a_token_that_others_can_read_is_warned_about(
    tmp_path: Path, discord: LoopbackDiscord, name: str, mode: int
) -> None:
    """In one sentence, before the sentence that this start ends with."""
    secret = tmp_path / name
    secret.write_text("wrong.token\n" if name == "secret" else "DISCORD_TOKEN=wrong.token\n")
    secret.chmod(mode)
    settings = {"DISCORD_TOKEN_FILE": "secret"} if name == "secret" else {}
    found = await refusal(tmp_path, discord, DISCORD_TOKEN="", **settings)
    warning = (
        f"Other users of this machine can read the token in {name}: run chmod 600 {name}.\n"
        if mode & (stat.S_IRGRP | stat.S_IROTH)
        else ""
    )
    assert found == (2, f"{warning}{TOKEN_REFUSED}\n")


@pytest.mark.parametrize("style", ["plain", "json"])
async def test_a_start_that_goes_well(tmp_path: Path, discord: LoopbackDiscord, style: str) -> None:
    """With the token from a file and a port, and what can be asked there."""
    secret = tmp_path / "secret"
    secret.write_text(f" {discord.token}\n")
    secret.chmod(0o600)
    (tmp_path / "content" / "empty.md").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bot = await asyncio.to_thread(
        Beleg.start,
        ["run"],
        tmp_path / "log.txt",
        environment={
            "DISCORD_TOKEN_FILE": str(secret),
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "BELEG_PORT": str(port),
            "BELEG_LOG": style,
        },
        patches={"index.encoder.load_encoder": fake_encoder},
    )
    try:
        await discord.connected(30)
        # Slow and refused at first, as Discord is when it has too much to do.
        discord.fail(
            "PATCH",
            "/webhooks/.*",
            429,
            body={"message": "slower", "retry_after": 0.05, "global": False},
            headers={"Via": "loopback", "X-RateLimit-Remaining": "0"},
        )
        async with ClientSession(f"http://127.0.0.1:{port}") as session, asyncio.timeout(30):
            while "reindexed" not in bot.printed():
                await asyncio.sleep(0.01)
            asked = await discord.interaction(
                "ask", {"question": "What do the lamps burn?"}, user=discord.user("mira")
            )
            await asked.answer()
            answers = {}
            for path in ("/healthz", "/readyz", "/metrics"):
                async with session.get(path) as response:
                    answers[path] = (response.status, await response.text())
        os.kill(bot.pid, 15)
        assert await asyncio.to_thread(bot.exit_status) == 0
    finally:
        bot.process.kill()
    assert (answers["/healthz"], answers["/readyz"]) == ((200, "alive\n"), (200, "ready\n"))
    assert 'beleg_stage_seconds_count{stage="sending"} 1.0\n' in answers["/metrics"][1]
    log = bot.printed()
    assert "Left out: content/empty.md: it is empty;" in log
    assert " is rate limited. Retrying in 0.05 seconds" in log
    for hidden in (discord.token, asked.token, "lamps burn", "mira", str(asked.id)):
        assert hidden not in log
    assert all(line.startswith("{" if style == "json" else "20") for line in log.splitlines())


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can look into."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
