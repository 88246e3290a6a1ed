"""The Discord client, and how it is started and stopped."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import logs
from bot.admin.articles import ArticlesButton, pasted
from bot.admin.commands import add_admin_commands
from bot.admin.gaps import GapsButton
from bot.admin.settings import SettingsItem
from bot.buttons import AnswerButton, reason_given
from bot.catalogue import LANGUAGES, CommandTranslator, texts_in
from bot.commands import add_commands
from bot.database import Database
from bot.drafts import Drafts
from bot.failures import BelegTree, event_failed, guarded, message_failed
from bot.housekeeping import erase_forever, erase_servers_left, is_its_own
from bot.limits import Limits
from bot.members import MemberKeys
from bot.messages import answer_message, asked_in, texts_of_message
from bot.privacy import PrivacyButton
from bot.records import Records
from bot.sending import whisper
from bot.servers import Servers
from bot.service import LibraryService, Progress, ReindexStoppedError
from bot.services import Services, ServingClient, texts_of
from bot.settings import Settings
from bot.sources import SourcesButton
from bot.sync import synced_ids
from bot.work import Work
from index.content import ContentError
from index.encoder import Encoder
from index.language import load_languages
from index.library import Library
from index.nearest import Search
from index.shelf import Shelf
from index.storage import StorageError
from index.update import IndexReport

log = logging.getLogger(__name__)

DATABASE = "beleg.sqlite3"
MEMBER_KEY = "members.key"
REMOVED = "removed"

FINISH_SECONDS = 10.0
"""How long a stop waits for answers in hand; container engines kill after 10 s unless told else."""

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
    """The bot cannot run; ``str()`` is one sentence that says why and what to do."""


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
        self.add_dynamic_items(
            AnswerButton, SourcesButton, PrivacyButton, SettingsItem, GapsButton, ArticlesButton
        )
        await self.tree.set_translator(CommandTranslator())
        assert self.application_id is not None  # login has asked Discord for it
        ids = await synced_ids(self.tree, application_id=self.application_id, data=self._data)
        self.services.commands.update(ids)
        self._housekeeping = asyncio.create_task(
            erase_forever(self.services.records, self._present), name="housekeeping"
        )

    async def connect(self, *, reconnect: bool = True) -> None:
        try:
            await super().connect(reconnect=reconnect)
        except AttributeError as error:
            # discord.py looks at the connection that was before this one, even if this is the first
            # and cannot be made.
            if self.ws is not None:
                raise
            raise StartError(_GATEWAY_UNREACHABLE) from error

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
            await answer_message(message, asked, self.services)

    async def on_interaction(self, interaction: discord.Interaction[ServingClient]) -> None:
        # Commands and buttons have their own ways; forms come here, because discord.py would
        # forget an open one at a restart.
        form = interaction.type is discord.InteractionType.modal_submit
        if form and self.services.repeats.first(interaction.id):
            async with guarded(interaction, "form"):
                if not (await reason_given(interaction) or await pasted(interaction)):
                    # From a version of Beleg that had another form.
                    await whisper(interaction, texts_of(interaction)("command-changed"))

    async def on_error(self, event_method: str, /, *args: object, **_: object) -> None:
        error = sys.exc_info()[1]
        assert error is not None  # discord.py calls this while it handles one
        if args and isinstance(args[0], discord.Message):
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


def run(settings: Settings, encoder: Encoder, *, on_report: Callable[[IndexReport], None]) -> None:
    """Run the bot until it gets SIGTERM or SIGINT; answers in hand are finished first.

    The index is brought up to date while the bot is already there to say so. ``on_report`` is told
    what was done.

    Raises SettingsError without a token, StartError if Discord cannot be reached or refuses,
    DatabaseError if what is stored cannot be used, and what `Library.open` raises.
    """
    token = settings.required_token()
    logs.configure()
    # The bot never speaks, so discord.py need not warn that it could not.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    use_endpoints(settings)
    # Read at their first use, these would hold up the event loop: the model for most of a second.
    load_languages()
    for language in LANGUAGES:
        texts_in(language)
    # What is there by now stays. To look through all of it for garbage again and again would hold
    # up the event loop, for a tenth of a second each time.
    gc.collect()
    gc.freeze()
    # With each send the event loop gives the interpreter away, and while another thread computes it
    # would have to wait 5 ms to get it back: twenty sends would make a tenth of a second.
    sys.setswitchinterval(0.001)

    database = Database.open(settings.data / DATABASE)
    try:
        _serve(settings, encoder, database, token, on_report)
    finally:
        database.close()


def _serve(
    settings: Settings,
    encoder: Encoder,
    database: Database,
    token: str,
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

    servers = Servers.load(database)
    services = Services(
        # An index from before answers until the update is done.
        library=LibraryService(Library.stored(settings.data, encoder, search), reopen=reopen),
        records=Records(database, servers),
        servers=servers,
        members=MemberKeys.load(settings.data / MEMBER_KEY),
        limits=Limits(),
        work=Work(),
        settings=settings,
        shelf=Shelf(settings.content, settings.data / REMOVED),
        drafts=Drafts(),
    )
    try:
        asyncio.run(_run(services, settings.data, token, on_report))
    except discord.LoginFailure:
        raise StartError(_LOGIN_REFUSED) from None
    except discord.PrivilegedIntentsRequired:
        raise StartError(_INTENTS_REFUSED) from None
    except discord.ConnectionClosed as error:
        raise StartError(_closed(error.code)) from error
    except discord.HTTPException as error:
        raise StartError(
            f"Discord refused to start the bot (HTTP status {error.status}): try again later."
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        where = yarl.URL(Route.BASE).host
        raise StartError(
            f"Discord could not be reached at {where}: check the network connection"
            + ("." if settings.api_url is None else " and DISCORD_API_URL.")
        ) from error


def _closed(code: int) -> str:
    if code == 4004:  # authentication failed
        return _LOGIN_REFUSED
    return f"Discord closed the connection for good (code {code}): see the log, and start again."


async def _run(
    services: Services, data: Path, token: str, on_report: Callable[[IndexReport], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with BelegClient(services=services, data=data) as client:
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
            await client.finish()
        await client.close()
        running.cancel()
        stopping.cancel()
        outcomes = await asyncio.gather(running, preparing, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, ReindexStoppedError) or not isinstance(outcome, Exception):
                continue
            if not stopped:
                raise outcome
            log.warning("the connection ended with %r", outcome)
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
