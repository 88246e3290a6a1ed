"""Messages made of components (Discord: Components V2), as all parts of the bot build them."""

from __future__ import annotations

from typing import Any

import discord

View = discord.ui.LayoutView
Container = discord.ui.Container[View]
Button = discord.ui.Button[View]
Row = discord.ui.ActionRow[View]


def lasting(*items: discord.ui.Item[Any]) -> View:
    """A view that discord.py does not keep in memory: its buttons and menus are found by their
    custom ids, also after a restart."""
    view = View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def display(content: str) -> discord.ui.TextDisplay[View]:
    """A piece of text."""
    return discord.ui.TextDisplay(content)
