"""``/admin reindex``: brings the index up to date with the articles."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

import discord

from bot.admin.rights import AdminGroup
from bot.catalogue import Texts
from bot.catalogue import text_of_command as text
from bot.failures import log_failure, nobody_listens
from bot.render import left_out, render_report
from bot.sending import SEND_ERRORS, insist, respond
from bot.service import LibraryService, Progress, ReindexStoppedError
from bot.services import Interaction, Services, texts_of
from index.content import ContentError
from index.storage import StorageError

log = logging.getLogger(__name__)

Say = Callable[[str], Awaitable[None]]


def add_reindex(group: AdminGroup, services: Services) -> None:
    """Put the command into ``group``."""

    @group.command(name=text("reindex-name"), description=text("reindex-description"))
    async def reindex(interaction: Interaction) -> None:
        texts = texts_of(interaction)
        with services.work.piece():
            await respond(interaction, interaction.response.defer, ephemeral=True, thinking=True)

            async def say(sentence: str) -> None:
                await interaction.edit_original_response(content=sentence)

            await report(say, await reindexed(say, services.library, texts))


async def report(say: Say, result: str) -> None:
    """Say how it went, if the response is still there and it did not take longer than Discord gives
    for it: 15 minutes."""
    try:
        await insist(partial(say, result))
    except discord.HTTPException as error:
        if not nobody_listens(error):
            raise
        log.warning("nothing is left to show the report of a reindex in: %s", result)


async def reindexed(
    say: Say, library: LibraryService, texts: Texts, *, changed: bool = False
) -> str:
    """Run a reindex, or join the one that runs; its report or why it failed.

    Meanwhile ``say`` is called with the progress. ``changed``: the articles were changed just now.
    """

    gone = False

    async def show(progress: Progress) -> None:
        nonlocal gone
        if gone:
            return
        sentence = texts("progress", done=progress.done, total=progress.total)
        try:
            await say(sentence)
        except SEND_ERRORS as error:
            gone = nobody_listens(error)
            # The reindex goes on: a missing progress line is no reason to break it off.
            log.warning("the progress of a reindex could not be shown: %s", error)

    try:
        return render_report(await library.reindex(show, changed=changed), texts)
    except ContentError as error:
        log.warning("the reindex failed: %s", error)
        return texts("reindex-failed", sentence=left_out(error, texts))
    except StorageError:
        log.exception("the reindex could not be saved")
        return texts("reindex-not-saved")
    except ReindexStoppedError:
        return texts("reindex-stopped")
    except Exception as error:  # noqa: BLE001 - logged with its traceback, and told
        failed = texts("failed", identifier=log_failure("a reindex", error))
        return texts("reindex-failed", sentence=failed)
