"""``/admin settings``: what holds in one server, set with menus."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import discord

from bot.admin.rights import AdminGroup, may_administer, server_administered
from bot.catalogue import LANGUAGES, Texts
from bot.catalogue import text_of_command as text
from bot.lasting import LastingItem
from bot.sending import respond, show, whisper
from bot.servers import ServerSettings
from bot.services import Interaction, Services, texts_of
from bot.views import Container, Row, View, display, lasting

log = logging.getLogger(__name__)

DAYS = (1, 7, 14, 30, 90, 180, 365)
MOST_CHOSEN = 25

CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
]


def add_settings(group: AdminGroup, services: Services) -> None:
    """Put the command into ``group``."""

    @group.command(name=text("settings-name"), description=text("settings-description"))
    async def settings(interaction: Interaction) -> None:
        server = await server_administered(interaction)
        if server is not None:
            found = services.servers.get(server)
            view = render_settings(found, texts_of(interaction), _gone(interaction.guild, found))
            await whisper(interaction, view)


@dataclass(frozen=True, slots=True)
class Gone:
    """Ids in the settings of channels and roles that the server does not have any more."""

    channels: frozenset[int] = frozenset()
    askers: frozenset[int] = frozenset()


NOTHING_GONE = Gone()


def _gone(guild: discord.Guild | None, settings: ServerSettings) -> Gone:
    # Every server has a role for everyone: without any, this one is not known yet.
    if guild is None or not guild.roles:
        return NOTHING_GONE
    return Gone(
        frozenset(one for one in settings.channels if guild.get_channel(one) is None),
        frozenset(one for one in settings.askers if guild.get_role(one) is None),
    )


def render_settings(settings: ServerSettings, texts: Texts, gone: Gone = NOTHING_GONE) -> View:
    """The settings with a menu for each.

    Below a menu whose choice is ``gone`` in part or as a whole it says so. As a whole, nobody may
    ask, or nowhere, and a button takes the choice back: nothing in the menu is left to take away.
    """
    container = Container(display(texts("settings-title")))

    def add(name: str, *items: discord.ui.Item[Any]) -> None:
        # The text above a menu says what it is, also to those who cannot see the menu.
        container.add_item(display(texts(f"settings-{name}")))
        container.add_item(Row(*items))

    def warn(name: str, chosen: frozenset[int], missing: frozenset[int]) -> None:
        if not missing:
            return
        left = len(chosen - missing)
        container.add_item(display(texts(f"settings-{name}-gone", left=left)))
        if not left:
            label, custom_id = texts(f"settings-{name}-all"), f"settings:{name}:all"
            container.add_item(Row(discord.ui.Button(label=label, custom_id=custom_id)))

    channels: discord.ui.ChannelSelect[View] = discord.ui.ChannelSelect(
        custom_id="settings:channels",
        channel_types=CHANNEL_TYPES,
        placeholder=texts("settings-channels-all"),
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=_objects(settings.channels - gone.channels),
    )
    add("channels", channels)
    warn("channels", settings.channels, gone.channels)
    roles: discord.ui.RoleSelect[View] = discord.ui.RoleSelect(
        custom_id="settings:askers",
        placeholder=texts("settings-askers-all"),
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=_objects(settings.askers - gone.askers),
    )
    add("askers", roles)
    warn("askers", settings.askers, gone.askers)
    add(
        "strictness",
        _menu(
            "strictness",
            [
                (value, texts(f"settings-strictness-{value}"))
                for value in ("looser", "normal", "stricter")
            ],
            settings.strictness,
        ),
    )
    languages = [("auto", texts("settings-language-auto"))]
    languages += [(code, texts.language_name(code) or code) for code in LANGUAGES]
    add("language", _menu("language", languages, settings.language))
    days = [(str(count), texts("settings-days-count", days=count)) for count in DAYS]
    add("days", _menu("days_kept", days, str(settings.days_kept)))
    private = [(value, texts(f"settings-private-{value}")) for value in ("off", "on")]
    add("private", _menu("private", private, "on" if settings.private else "off"))
    return lasting(container)


def _objects(ids: Iterable[int]) -> list[discord.Object]:
    return [discord.Object(one) for one in sorted(ids)]


def _menu(field: str, options: Sequence[tuple[str, str]], chosen: str) -> discord.ui.Select[View]:
    return discord.ui.Select(
        custom_id=f"settings:{field}",
        options=[
            discord.SelectOption(label=label, value=value, default=value == chosen)
            for value, label in options
        ],
    )


def changed(settings: ServerSettings, field: str, values: Sequence[str]) -> ServerSettings:
    """The settings after ``values`` were chosen in the menu of ``field``.

    Raises ValueError for values that the menu does not offer.
    """
    if len(values) > MOST_CHOSEN:
        raise ValueError(f"{field} takes at most {MOST_CHOSEN} values")
    match field, list(values):
        case "channels" | "askers", ids:
            new: object = frozenset(_discord_id(value) for value in ids)
        case "private", ["on" | "off" as value]:
            new = value == "on"
        case "days_kept", [days] if days in map(str, DAYS):
            new = int(days)
        case "strictness" | "language", [value]:
            new = value
        case _:
            raise ValueError(f"{field} does not take these values")
    # Validated anew: what a menu sends is not to be trusted either.
    return ServerSettings.model_validate({**settings.model_dump(), field: new})


def _taken_back(
    settings: ServerSettings, field: str, guild: discord.Guild | None
) -> ServerSettings:
    """The settings without the choice in the menu of ``field``, if nothing of it is left."""
    chosen, gone = getattr(settings, field), getattr(_gone(guild, settings), field, None)
    return changed(settings, field, []) if chosen == gone else settings


def _discord_id(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**63):
        raise ValueError("this is no id of Discord's")
    return int(value)


class SettingsItem(
    LastingItem,
    template=r"settings:(?P<field>channels|askers|strictness|language|days_kept|private)(?P<all>:all)?",
):
    """A menu of the settings, or the button that takes a choice back: it sends no values."""

    actions = frozenset(
        f"settings:{field}"
        for field in ("channels", "askers", "strictness", "language", "days_kept", "private")
    )

    async def used(self, interaction: Interaction) -> None:
        if not await may_administer(interaction):
            return
        server = await server_administered(interaction)
        if server is None:
            return
        servers = interaction.client.services.servers
        data: dict[str, Any] = dict(interaction.data or {})
        values = [str(value) for value in data.get("values", [])]
        change = partial(changed, field=self.id_values["field"], values=values)
        if self.id_values["all"]:
            # Another admin may have chosen anew since the button was shown.
            change = partial(_taken_back, field=self.id_values["field"], guild=interaction.guild)
        try:
            change(servers.get(server))
        except ValueError:
            # A menu of an earlier version, or a made-up interaction.
            log.warning("a menu of the settings sent values that cannot be used")
            await whisper(interaction, texts_of(interaction)("command-changed"))
            return
        await respond(interaction, interaction.response.defer)
        settings = await servers.change(server, change)
        # In the new language, if that was changed.
        gone = _gone(interaction.guild, settings)
        view = render_settings(settings, texts_of(interaction), gone)
        await show(interaction, view)
