"""Every text the bot says, in the reader's language.

The texts are Fluent catalogues (projectfluent.org) in ``bot/locales``, one file a language. English
is the language of whoever reads none of them. What `index` says about files has catalogues of its
own, ``remarks.de.ftl`` and so on; its English is the one of `index.remarks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import discord
from babel import Locale
from discord import app_commands
from fluent.runtime import FluentBundle, FluentResource

from index.remarks import Said

LANGUAGES = ("en", "de", "fr", "es")
FOLDER = Path(__file__).parent / "locales"


COMMANDS = {
    "ask": ("ask",),
    "privacy": ("privacy",),
    "restore": ("admin", "restore"),
    "sources": ("sources",),
}
"""The commands that texts name, as in ``{ $command-restore }``, and the parts of their names, which
the catalogues have as ``admin-name`` and ``restore-name``."""


class Texts:
    """The texts in one language, each by its name in the catalogue.

    ``texts("paragraph", number=3)`` is "paragraph 3". Values must be safe to show: whatever comes
    from a person or a file has been through `bot.escape.escape` before.

    A text that names a command mentions it if its id in Discord is known: every reader sees a
    mention in the language of their own Discord, where the command may have another name than in
    the text's. ``ids`` are those of the commands by their English names.
    """

    def __init__(self, language: str, ids: Mapping[str, int] | None = None) -> None:
        self.language = language
        self._catalogue = _catalogue(language)
        self._commands = {
            f"command-{name}": self._command(parts, ids or {}) for name, parts in COMMANDS.items()
        }

    def __call__(self, name: str, /, **values: str | float) -> str:
        """The text called ``name``; raises LookupError if there is none, or if a value is
        missing."""
        pattern = self._catalogue.get_message(name).value
        if pattern is None:
            raise LookupError(f"{name} has no text in {self.language}")
        text, errors = self._catalogue.format_pattern(pattern, {**self._commands, **values})
        if errors:
            raise LookupError(f"{name} in {self.language}: {errors[0]}")
        return str(text)

    def said(self, said: Said) -> str:
        """What was said about a file, as it is: it names files and quotes them, so it is not safe
        to show before it has been escaped.

        What the catalogue does not know stays English: another version may have stored it.
        """
        if self.language == "en":
            return said
        remarks = _remarks(self.language)
        if not remarks.has_message(said.name):
            return said
        pattern = remarks.get_message(said.name).value
        values = {
            name: self.said(value) if isinstance(value, Said) else value
            for name, value in said.values.items()
        }
        text, errors = (
            (None, [said]) if pattern is None else remarks.format_pattern(pattern, values)
        )
        return said if errors else str(text)

    def language_name(self, code: str) -> str | None:
        """The name of a language by its ISO 639 code, such as "German"; None if it has none."""
        return _languages(self.language).get(code)

    def _command(self, parts: Sequence[str], ids: Mapping[str, int]) -> str:
        english, own = (
            " ".join(_plain(language, f"{part}-name") for part in parts)
            for language in ("en", self.language)
        )
        known = ids.get(english.split()[0])
        return f"`/{own}`" if known is None else f"</{english}:{known}>"


def _plain(language: str, name: str) -> str:
    """A text without values."""
    catalogue = _catalogue(language)
    pattern = catalogue.get_message(name).value
    assert pattern is not None
    return str(catalogue.format_pattern(pattern)[0])


@cache
def _catalogue(language: str) -> FluentBundle:
    return _bundle(language, f"{language}.ftl")


@cache
def _remarks(language: str) -> FluentBundle:
    """The translations of what `index.remarks` says in English."""
    return _bundle(language, f"remarks.{language}.ftl")


def _bundle(language: str, file: str) -> FluentBundle:
    # No isolation marks around values: they are invisible characters of their own.
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((FOLDER / file).read_text(encoding="utf-8")))
    return bundle


@cache
def _languages(language: str) -> Mapping[str, str]:
    return Locale(language).languages


@cache
def texts_in(language: str) -> Texts:
    """The texts in one of LANGUAGES, commands by their names in it."""
    return Texts(language)


def texts_for(locale: str | discord.Locale | None, ids: Mapping[str, int] | None = None) -> Texts:
    """The texts for one of Discord's locales, such as ``es-ES``; English if there are none.

    ``ids`` as for `Texts`.
    """
    language = str(locale or "en").split("-")[0].lower()
    language = language if language in LANGUAGES else "en"
    return Texts(language, ids) if ids else texts_in(language)


def text_of_command(name: str) -> app_commands.locale_str:
    """A command's name, description or option: English, which `CommandTranslator` translates."""
    return app_commands.locale_str(texts_in("en")(name), name=name)


class CommandTranslator(app_commands.Translator):
    """Gives Discord the commands' texts in all languages, when the commands are synced."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - asked for by discord.py
    ) -> str | None:
        """The text in ``locale``; None where there is no catalogue for it, or no name."""
        name = string.extras.get("name")
        language = locale.value.split("-")[0]
        if name is None or language not in LANGUAGES:
            return None
        return texts_in(language)(name)
