"""Tell Discord about the commands, but only when they have changed: such calls are rationed."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from discord import app_commands

from bot.services import ServingClient

log = logging.getLogger(__name__)

STATE_FILE = "discord-commands.sha256"


async def sync_if_changed(
    tree: app_commands.CommandTree[ServingClient], *, application_id: int, data: Path
) -> bool:
    """Sync ``tree`` unless the file in ``data`` says that this application has these commands.

    Returns whether it did. To force a sync, delete the file. A folder that cannot be written costs
    a sync at every start, no more. Raises what `CommandTree.sync` raises.
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
    if _read(state) == digest:
        return False
    await tree.sync()
    log.info("told Discord about %d commands", len(payload))
    try:
        data.mkdir(parents=True, exist_ok=True)
        draft = state.with_suffix(".new")
        draft.write_text(f"{digest}\n", encoding="ascii")
        draft.replace(state)
    except OSError as error:
        log.warning("cannot remember in %s that the commands are known: %s", data, error)
    return True


def _read(state: Path) -> str | None:
    try:
        return state.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None  # never written, or not readable: sync
