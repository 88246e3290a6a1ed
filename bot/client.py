"""The Discord client, and how it is started and stopped."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import health, logs
from bot.admin.articles import FORM, ArticlesButton, pasted
from bot.admin.commands import add_admin_commands
from bot.admin.gaps import GapsButton
from bot.admin.settings import SettingsItem
from bot.buttons import REASON_FORM, AnswerButton, reason_given
from bot.catalogue import LANGUAGES, CommandTranslator, texts_in
from bot.commands import add_commands
from bot.database import Database
from bot.drafts import Drafts
from bot.failures import BelegTree, broken_off, event_failed, guarded, message_failed
from bot.housekeeping import erase_forever, erase_servers_left, is_its_own
from bot.lasting import begun_by
from bot.limits import Limits
from bot.members import MemberKeys
from bot.messages import answer_message, asked_in, texts_of_message
from bot.metrics import Metrics
from bot.privacy import PrivacyButton
from bot.records import Records
from bot.sending import whisper
from bot.servers import Servers
from bot.service import LibraryService, Progress, ReindexStoppedError
from bot.services import Interaction, Services, ServingClient, texts_of
from bot.settings import Settings
from bot.sources import SourcesButton
from bot.sync import synced_ids
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

LASTING = (
    AnswerButton,
    SourcesButton,
    PrivacyButton,
    SettingsItem,
    GapsButton,
    ArticlesButton,
)
"""Every button and menu."""

FORMS: dict[str, Callable[[Interaction], Awaitable[bool]]] = {
    REASON_FORM: reason_given,
    FORM: pasted,
}
"""Who takes a form, by what its custom id begins with; each says whether it was its own."""

FINISH_SECONDS = 8.0
"""How long a stop waits for answers in hand."""
CLOSE_SECONDS = 1.0
"""How long a stop then waits for the connections and the reindex to end."""
STOP_SECONDS = 9.5
"""When a stop ends whatever may still hang; container engines kill after 10 s unless told else."""
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
_GATEWAY_UNREACHABLE = (
    "Discord's gateway could not be reached: check the network connection, and DISCORD_GATEWAY_URL "
    "if it is set."
)


class StartError(Exception):
    """The bot cannot run; ``str()`` is one sentence that says why and what to do.

    ``status`` is the exit status: 2 stands for what somebody has to mend first.
    """

    status = 2


class TryAgainError(StartError):
    """Discord cannot be used now; a later start may go well."""

    status = 1


class BelegClient(ServingClient):
    """Answers questions from the library, and does what admins ask for.

    ``data`` is the folder that remembers which commands Discord knows. The client needs no
    privileged intent: Discord sends the text of direct messages, of mentions and of replies that
    let the bot know without.
    """

    def __init__(self, *, services: Services, data: Path) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self.services = services
        self.tree = BelegTree(self)
        self._data = data
        self._owns_data = False
        self._housekeeping: asyncio.Task[None] | None = None
        add_commands(self.tree, services)
        add_admin_commands(self.tree, services)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*LASTING)
        await self.tree.set_translator(CommandTranslator())
        assert self.application_id is not None  # login has asked Discord for it
        ids = await synced_ids(self.tree, application_id=self.application_id, data=self._data)
        self.services.commands.update(ids)
        self._housekeeping = asyncio.create_task(
            erase_forever(self.services.records, self._present), name="housekeeping"
        )

    async def on_connect(self) -> None:
        self._has_session("new")

    async def on_resumed(self) -> None:
        self._has_session("resumed")

    def _has_session(self, kind: str) -> None:
        self.connected = True
        self.services.metrics.connections.labels(kind).inc()

    async def on_disconnect(self) -> None:
        if self.connected:  # told again for every attempt that fails
            self.services.metrics.disconnections.inc()
        self.connected = False

    async def connect(self, *, reconnect: bool = True) -> None:
        try:
            await super().connect(reconnect=reconnect)
        except AttributeError as error:
            # discord.py looks at the connection that was before this one, even if this is the first
            # and cannot be made.
            if self.ws is not None:
                raise
            raise TryAgainError(_GATEWAY_UNREACHABLE) from error

    async def on_ready(self) -> None:
        log.info(
            "ready: %d articles, %d servers", len(self.services.library.titles), len(self.guilds)
        )
        assert self.application_id is not None  # login has asked Discord for it
        self._owns_data = await asyncio.to_thread(is_its_own, self._data, self.application_id)
        if not self._owns_data:
            log.warning("the data folder is another application's: no server's data are erased")
        await erase_servers_left(self.services.records, self._present)

    def _present(self) -> list[int]:
        """The servers that the bot is in; none while that is not known, or if what is stored is
        another application's."""
        known = self.is_ready() and self._owns_data
        return [guild.id for guild in self.guilds] if known else []

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        # Not called for a server that is unavailable: that is another event.
        if not self._owns_data:
            return
        await self.services.records.erase_server(guild.id)
        log.info("erased the data of a server that removed the bot")

    async def on_message(self, message: discord.Message) -> None:
        assert self.user is not None  # events come after login
        asked = asked_in(message, self.user.id)
        if asked is not None and self.services.repeats.first(message.id):
            self.services.work.until_done()
            await answer_message(message, asked, self.services)

    async def on_interaction(self, interaction: discord.Interaction[ServingClient]) -> None:
        # Commands and buttons have their own ways; forms come here, because discord.py would
        # forget an open one at a restart.
        submitted = interaction.type is discord.InteractionType.modal_submit
        if submitted and self.services.repeats.first(interaction.id):
            async with guarded(interaction, "form"):
                data: dict[str, Any] = dict(interaction.data or {})
                form = begun_by(FORMS, str(data.get("custom_id")))
                if form is None or not await FORMS[form](interaction):
                    # From a version of Beleg that had another form.
                    await whisper(interaction, texts_of(interaction)("command-changed"))

    async def on_error(self, event_method: str, /, *args: object, **_: object) -> None:
        error = sys.exc_info()[1]
        assert error is not None  # discord.py calls this while it handles one
        if self.services.work.abandoned:
            broken_off(f"event {event_method!r}")
        elif args and isinstance(args[0], discord.Message):
            await message_failed(args[0], error, texts_of_message(args[0], self.services))
        else:
            event_failed(event_method, error)

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Take no new questions and wait for those in hand, at most ``seconds``."""
        self.services.library.stop_reindex()
        if not await self.services.work.finish(seconds):
            log.warning("stopped before all answers in hand were done")

    async def close(self) -> None:
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        self.services.library.close()
        await super().close()


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
    cannot be used, and what ``load_encoder`` and `Library.open` raise.
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
            # Read at their first use, these would hold up the event loop: the model for most of a
            # second.
            load_languages()
            for language in LANGUAGES:
                texts_in(language)
            # What is there by now stays. To look through all of it for garbage again and again
            # would hold up the event loop, for a tenth of a second each time.
            gc.collect()
            gc.freeze()
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
    # An index from before answers until the update is done.
    stored = Library.stored(settings.data, encoder, search)
    services = Services(
        library=LibraryService(stored, reopen=reopen, metrics=metrics),
        records=Records(database, servers),
        servers=servers,
        members=MemberKeys.load(settings.data / MEMBER_KEY),
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
    stop = _told_to_stop()
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


def _told_to_stop() -> asyncio.Event:
    """An event that is set by SIGTERM and SIGINT, however often they come.

    Not by the loop's own handlers: those are gone with the loop, and a second signal would then
    end the process before it has put its things away.
    """
    stop, told = asyncio.Event(), threading.Event()
    first = True
    loop = asyncio.get_running_loop()
    threading.Thread(target=_leave_late, args=(told,), name="watchdog", daemon=True).start()

    def stop_loop(*_: object) -> None:
        # Once only: a signal may come while this sets the event, which would then wait for itself.
        nonlocal first
        if first:
            first = False
            told.set()
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_loop)
    return stop


def _leave_late(told: threading.Event) -> None:
    """End the process STOP_SECONDS after it was ``told`` to stop, whatever still hangs: the event
    loop, a connection that Discord does not close, a thread that waits for a disk. What is stored
    withstands that, like any kill."""
    told.wait()
    time.sleep(STOP_SECONDS)
    log.warning("not everything ended in time")
    leave(0)


def leave(status: int) -> NoReturn:
    """End the process now, with everything of ours put away.

    Python itself would wait for every thread, also for one that waits for another process, and
    then take PyTorch apart piece by piece: that took six seconds on a busy machine.
    """
    logging.shutdown()
    # Standard error is not flushed: it holds whole lines, which are written at once, and it may
    # hang.
    sys.stdout.flush()
    os._exit(status)


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
