"""The Discord client, and how it is started and stopped."""

from __future__ import annotations

import asyncio
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
from bot.commands import add_commands
from bot.failures import BelegTree, event_failed, message_failed
from bot.messages import answer_message, question_in
from bot.service import LibraryService
from bot.settings import Settings
from bot.sync import sync_if_changed
from bot.work import Work
from index.encoder import Encoder
from index.library import Library
from index.update import IndexReport

log = logging.getLogger(__name__)

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


class StartError(Exception):
    """The bot cannot run; ``str()`` is one sentence that says why and what to do."""


class BelegClient(discord.Client):
    """Answers questions from the library in ``service``.

    ``data`` is the folder that remembers which commands Discord knows. The client needs no
    privileged intent: Discord sends the text of direct messages and of mentions without.
    """

    def __init__(self, *, service: LibraryService, data: Path) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self.service = service
        self.work = Work()
        self.tree = BelegTree(self)
        self._data = data
        add_commands(self.tree, service=service, work=self.work)

    async def setup_hook(self) -> None:
        assert self.application_id is not None  # login has asked Discord for it
        await sync_if_changed(self.tree, application_id=self.application_id, data=self._data)

    async def on_ready(self) -> None:
        log.info("ready: %d articles, %d servers", len(self.service.titles), len(self.guilds))

    async def on_message(self, message: discord.Message) -> None:
        assert self.user is not None  # events come after login
        question = question_in(message, self.user.id)
        if question is not None:
            await answer_message(message, question, service=self.service, work=self.work)

    async def on_error(self, event_method: str, /, *args: object, **_: object) -> None:
        error = sys.exc_info()[1]
        assert error is not None  # discord.py calls this while it handles one
        if args and isinstance(args[0], discord.Message):
            await message_failed(args[0], error)
        else:
            event_failed(event_method, error)

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Take no new questions and wait for those in hand, at most ``seconds``."""
        self.service.stop_reindex()
        if not await self.work.finish(seconds):
            log.warning("stopped before all answers in hand were done")

    async def close(self) -> None:
        self.service.close()
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


def run(settings: Settings, library: Library, encoder: Encoder) -> None:
    """Run the bot until it gets SIGTERM or SIGINT; answers in hand are finished first.

    Raises SettingsError without a token, and StartError if Discord cannot be reached or refuses.
    """
    token = settings.required_token()
    logs.configure()
    # The bot never speaks, so discord.py need not warn that it could not.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    use_endpoints(settings)

    def reopen(on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        return Library.open(
            settings.content,
            settings.data,
            encoder,
            token_limit=settings.token_limit,
            on_progress=on_progress,
        )

    try:
        asyncio.run(_run(LibraryService(library, reopen=reopen), settings.data, token))
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


async def _run(service: LibraryService, data: Path, token: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with BelegClient(service=service, data=data) as client:
        running = asyncio.create_task(client.start(token), name="client")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and not running.done():
            log.info("stopping")
            await client.finish()
            await client.close()
            running.cancel()
            [outcome] = await asyncio.gather(running, return_exceptions=True)
            if isinstance(outcome, Exception):
                log.warning("the connection ended with %r", outcome)
            log.info("stopped")
        else:
            stopping.cancel()
            await running
