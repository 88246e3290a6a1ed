"""``/admin`` with all its commands."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.admin.articles import add_articles
from bot.admin.gaps import add_gaps
from bot.admin.overview import add_overview
from bot.admin.reindex import add_reindex
from bot.admin.rights import AdminGroup
from bot.admin.settings import add_settings
from bot.catalogue import text_of_command as text
from bot.services import Services, ServingClient


def add_admin_commands(tree: app_commands.CommandTree[ServingClient], services: Services) -> None:
    """Put the admin commands into ``tree``."""
    admin = AdminGroup(
        name=text("admin-name"),
        description=text("admin-description"),
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
    )
    add_reindex(admin, services)
    add_articles(admin, services)
    add_overview(admin, services)
    add_gaps(admin, services)
    add_settings(admin, services)
    tree.add_command(admin)
