"""Starts the bot, with one sentence for whatever is in the way, and runs it until it is to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import health, logs
from bot.catalogue import LANGUAGES, texts_in
from bot.client import BelegClient, StartError, TryAgainError
from bot.database import Database
from bot.drafts import Drafts
from bot.failures import log_failure
from bot.limits import Limits
from bot.members import MemberKeys
from bot.metrics import Metrics
from bot.records import Records
from bot.servers import Servers
from bot.service import (
    LibraryService,
    Progress,
    ReindexStoppedError,
    load_for_threads,
    spare_what_is_there,
)
from bot.services import Services
from bot.settings import Settings
from bot.stop import CLOSE_SECONDS, FINISH_SECONDS, told_to_stop
from bot.work import Work
from index.content import ContentError
from index.encoder import Encoder
from index.language import load_languages
from index.library import Library, check_start
from index.nearest import Search
from index.shelf import Shelf
from index.storage import StorageError
from index.update import IndexReport

log = logging.getLogger(__name__)

DATABASE = "beleg.sqlite3"
MEMBER_KEY = "members.key"
REMOVED = "removed"

CHECK_SECONDS = 60.0
"""How long Discord may take to say whether it knows the token."""

_LOGIN_REFUSED = (
    "Discord did not accept the token: make a new one in the developer portal "
    "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
    "and set DISCORD_TOKEN to it."
)
_INTENTS_REFUSED = (
    "Discord refused the connection over privileged intents: Beleg needs none, so check that "
    "DISCORD_TOKEN belongs to this application."
)


def use_endpoints(settings: Settings) -> None:
    """Point discord.py at the addresses in ``settings``; call it before login.

    discord.py has no public setting for this. It reads both from these class attributes for every
    request and every new session; no other part of the project touches them.
    """
    if settings.api_url is not None:
        Route.BASE = str(settings.api_url).rstrip("/")
    if settings.gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(str(settings.gateway_url))


def run(
    settings: Settings,
    load_encoder: Callable[[], Encoder],
    *,
    on_report: Callable[[IndexReport], None],
) -> None:
    """Run the bot until it gets SIGTERM or SIGINT; answers in hand are finished first.

    All that can be wrong with the settings is found before ``load_encoder`` takes its seconds. The
    index is brought up to date while the bot is already there to say so. ``on_report`` is told what
    was done.

    Raises SettingsError without a token, ContentError without articles, StartError if
    Discord cannot be reached or refuses, or the port is in use, DatabaseError if what is stored
    cannot be used, and what ``load_encoder``, `load_for_threads` and `Library.open` raise.
    """
    token = settings.required_token()
    check_start(settings.content, settings.data)
    # The bot never speaks, so discord.py need not warn that it could not.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    use_endpoints(settings)
    with _listening(settings.port) as listener:
        with _explained(settings):
            asyncio.run(_check_token(token, settings))
        logs.configure(logs.LogStyle(settings.log), settings.log_level, secrets=[token])
        with closing(Database.open(settings.data / DATABASE)) as database:
            encoder = load_encoder()
            load_for_threads(encoder)
            # Read at their first use, these would hold up the event loop: the model for most of a
            # second.
            load_languages()
            for language in LANGUAGES:
                texts_in(language)
            # A thread that works on an answer keeps the interpreter for this long before it hands
            # it over. At Python's 5 ms, twenty sends would make a tenth of a second.
            sys.setswitchinterval(0.001)
            _serve(settings, encoder, database, token, listener, on_report)


@contextmanager
def _listening(port: int | None) -> Iterator[socket.socket | None]:
    """A socket on ``port``, taken before anything else so that nobody else gets it meanwhile."""
    if port is None:
        yield None
        return
    try:
        listener = health.listen(port)
    except OSError as error:
        raise StartError(
            f"Port {port} cannot be used: {os.strerror(error.errno or 0)}; stop the program that "
            "has it, or set BELEG_PORT to another."
        ) from error
    with listener:
        yield listener


async def _check_token(token: str, settings: Settings) -> None:
    """Ask Discord whether it knows ``token``."""
    async with (
        asyncio.timeout(CHECK_SECONDS),
        discord.Client(intents=discord.Intents.none()) as client,
    ):
        try:
            await client.login(token)
        except aiohttp.ClientError:
            raise  # some are ValueErrors too
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # discord.py takes every answer for Discord's, such as a web page.
            raise StartError(
                f"What answers at {yarl.URL(Route.BASE).host} is not Discord: {_check(settings)}."
            ) from error


def _check(settings: Settings) -> str:
    """What to look at where Discord answers as it never does."""
    return (
        "check the network connection"
        if settings.api_url is None
        else "check DISCORD_API_URL, which must name Discord's API"
    )


def _serve(
    settings: Settings,
    encoder: Encoder,
    database: Database,
    token: str,
    listener: socket.socket | None,
    on_report: Callable[[IndexReport], None],
) -> None:
    search = Search(settings.search)

    def reopen(on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        return Library.open(
            settings.content,
            settings.data,
            encoder,
            token_limit=settings.token_limit,
            search=search,
            on_progress=on_progress,
        )

    servers, metrics = Servers.load(database), Metrics()
    records = Records(database, servers)
    # An index from before answers until the update is done. Nothing but the service holds its
    # library, so that it can be gone then.
    library = LibraryService(
        Library.stored(settings.data, encoder, search), reopen=reopen, metrics=metrics
    )
    spare_what_is_there()
    services = Services(
        library=library,
        records=records,
        servers=servers,
        members=MemberKeys.load(settings.data / MEMBER_KEY, in_use=records.any_blocking()),
        limits=Limits(),
        work=Work(),
        settings=settings,
        shelf=Shelf(settings.content, settings.data / REMOVED),
        drafts=Drafts(),
        metrics=metrics,
    )
    with _explained(settings):
        asyncio.run(_run(services, settings.data, token, listener, on_report))


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turn what can go wrong between the bot and Discord into a StartError."""
    try:
        yield
    except discord.LoginFailure:
        raise StartError(_LOGIN_REFUSED) from None
    except discord.PrivilegedIntentsRequired:
        raise StartError(_INTENTS_REFUSED) from None
    except discord.ConnectionClosed as error:
        raise StartError(_closed(error.code)) from error
    except discord.HTTPException as error:
        sentence = f"Discord refused to start the bot (HTTP status {error.status}): "
        if error.status >= 500 or error.status == 429:
            raise TryAgainError(f"{sentence}try again later.") from error
        raise StartError(f"{sentence}{_check(settings)}.") from error
    except (aiohttp.ClientError, OSError) as error:
        where = yarl.URL(Route.BASE).host
        raise TryAgainError(
            f"Discord could not be reached at {where}: check the network connection"
            + ("." if settings.api_url is None else " and DISCORD_API_URL.")
        ) from error


def _closed(code: int) -> str:
    if code == 4004:  # authentication failed
        return _LOGIN_REFUSED
    return f"Discord closed the connection for good (code {code}): see the log, and start again."


async def _run(
    services: Services,
    data: Path,
    token: str,
    listener: socket.socket | None,
    on_report: Callable[[IndexReport], None],
) -> None:
    stop = told_to_stop()
    asyncio.get_running_loop().set_exception_handler(logs.loop_failed)
    client = BelegClient(services=services, data=data)
    async with client, health.serving(listener, client):
        preparing = asyncio.create_task(prepare(services.library, on_report), name="prepare")
        running = asyncio.create_task(client.start(token), name="client")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        ends = {running, stopping}
        done, _ = await asyncio.wait({preparing, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if done == {preparing} and preparing.exception() is None:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stopped = stop.is_set() and not running.done()
        if stopped:
            log.info("stopping")
            await client.finish(FINISH_SECONDS)
        await client.close()
        running.cancel()
        stopping.cancel()
        # A reindex ends at its next report of progress, or never if it waits for another process.
        ended, _ = await asyncio.wait({running, preparing}, timeout=CLOSE_SECONDS)
        for task in ended:
            outcome = None if task.cancelled() else task.exception()
            if outcome is None or isinstance(outcome, ReindexStoppedError):
                continue
            if not stopped:
                raise outcome
            log.warning("the connection ended with %s", outcome)
        log.info("stopped")


async def prepare(library: LibraryService, on_report: Callable[[IndexReport], None]) -> None:
    """Bring the index up to date, which is the library's first reindex."""

    async def unseen(progress: Progress) -> None:
        """Whoever asks meanwhile is told the progress."""

    try:
        on_report(await library.reindex(unseen))
    except (ContentError, StorageError) as error:
        if not library.ready:
            raise
        log.warning("the old index stays in use, it could not be brought up to date: %s", error)
    except ReindexStoppedError:
        raise
    except Exception as error:
        if not library.ready:
            raise
        # As after /admin reindex: what is there goes on answering.
        log_failure("the first reindex", error)
