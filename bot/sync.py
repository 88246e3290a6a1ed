"""Tell Discord about the commands, but only when they have changed: such calls are rationed."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import discord
from discord import app_commands
from pydantic import TypeAdapter, ValidationError

from bot.services import ServingClient

log = logging.getLogger(__name__)

STATE_FILE = "discord-commands.json"


@dataclass(frozen=True, slots=True)
class Known:
    """What Discord knows: the digest of the commands, and the ids that it gave the slash commands,
    by their English names."""

    digest: str
    ids: dict[str, int]


async def synced_ids(
    tree: app_commands.CommandTree[ServingClient], *, application_id: int, data: Path
) -> dict[str, int]:
    """The ids of the slash commands in ``tree``, which Discord is told of first, unless the file in
    ``data`` says that this application has these commands.

    To force a sync, delete the file. A folder that cannot be written costs a sync at every start,
    no more. Raises what `CommandTree.sync` raises.
    """
    translator = tree.translator
    payload = [
        command.to_dict(tree)
        if translator is None
        else await command.get_translated_payload(tree, translator)
        for command in tree.get_commands()
    ]
    text = json.dumps([application_id, payload], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    state = data / STATE_FILE
    known = _read(state)
    if known is not None and known.digest == digest:
        return known.ids
    commands = await tree.sync()
    log.info("told Discord about %d commands", len(payload))
    slash = discord.AppCommandType.chat_input
    known = Known(digest, {one.name: one.id for one in commands if one.type is slash})
    try:
        data.mkdir(parents=True, exist_ok=True)
        draft = state.with_suffix(".new")
        draft.write_text(json.dumps(asdict(known), indent=1), encoding="utf-8")
        draft.replace(state)
    except OSError as error:
        log.warning("cannot remember in %s that the commands are known: %s", data, error)
    return known.ids


def _read(state: Path) -> Known | None:
    """What the file says; None if it was never written, or cannot be read: then Discord is told."""
    try:
        return TypeAdapter(Known).validate_json(state.read_bytes())
    except (OSError, ValidationError):
        return None
