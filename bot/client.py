"""The Discord client: what each event of Discord's leads to."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import discord

from bot.admin.articles import FORM, ArticlesButton, pasted
from bot.admin.commands import add_admin_commands
from bot.admin.gaps import GapsButton
from bot.admin.settings import SettingsItem
from bot.buttons import REASON_FORM, AnswerButton, reason_given
from bot.catalogue import CommandTranslator
from bot.commands import add_commands
from bot.failures import BelegTree, broken_off, event_failed, guarded, message_failed
from bot.housekeeping import OWNER_FILE, erase_forever, erase_servers_left, is_its_own
from bot.lasting import begun_by
from bot.messages import answer_message, asked_in, texts_of_message
from bot.privacy import PrivacyButton
from bot.sending import SEND_ERRORS, whisper
from bot.services import Interaction, Services, ServingClient, texts_of
from bot.sources import SourcesButton
from bot.sync import synced_ids
from index.storage import failure

log = logging.getLogger(__name__)

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
        await self._look_whose_data_these_are(self.application_id)
        ids = await synced_ids(self.tree, application_id=self.application_id, data=self._data)
        self.services.commands.update(ids)
        self._housekeeping = asyncio.create_task(
            erase_forever(self.services.records, self._present), name="housekeeping"
        )

    async def _look_whose_data_these_are(self, application: int) -> None:
        try:
            self._owns_data = await asyncio.to_thread(is_its_own, self._data, application)
        except OSError as error:
            raise StartError(f"Cannot use {self._data / OWNER_FILE}: {failure(error)}") from error
        if not self._owns_data:
            log.warning("the data folder is another application's: no server's data are erased")

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
        # Also for every new session, of which several may begin at once.
        await erase_servers_left(self.services.records, self._present)

    async def _present(self) -> frozenset[int] | None:
        """The servers that the bot is in; None while that is not known, or if what is stored is
        another application's."""
        if not self.is_ready() or not self._owns_data:
            return None
        if self.guilds:
            return frozenset(guild.id for guild in self.guilds)
        # That there are none is more likely a fault than the end of a bot: ask another way.
        try:
            guilds = self.fetch_guilds(limit=None, with_counts=False)
            return frozenset([guild.id async for guild in guilds])
        except SEND_ERRORS as error:
            log.warning("which servers the bot is in could not be asked for: %s", error)
            return None

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

    async def finish(self, seconds: float) -> None:
        """Take no new questions and wait for those in hand, at most ``seconds``."""
        self.services.library.stop_reindex()
        if not await self.services.work.finish(seconds):
            log.warning("stopped before all answers in hand were done")

    async def close(self) -> None:
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        self.services.library.close()
        await super().close()
