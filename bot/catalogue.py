"""Every text the bot says, in the reader's language.

The texts are Fluent catalogues (projectfluent.org) in ``bot/locales``, one file a language. English
is the language of whoever reads none of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import discord
from babel import Locale
from discord import app_commands
from fluent.runtime import FluentBundle, FluentResource

LANGUAGES = ("en", "de", "fr", "es")
FOLDER = Path(__file__).parent / "locales"


class Texts:
    """The texts in one language, each by its name in the catalogue.

    ``texts("paragraph", number=3)`` is "paragraph 3". Values must be safe to show: whatever comes
    from a person or a file has been through `bot.escape.escape` before.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        # No isolation marks around values: they are invisible characters of their own.
        self._bundle = FluentBundle([language], use_isolating=False)
        source = (FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
        self._bundle.add_resource(FluentResource(source))
        self._languages = Locale(language).languages

    def __call__(self, name: str, /, **values: str | float) -> str:
        """The text called ``name``; raises LookupError if there is none, or if a value is
        missing."""
        pattern = self._bundle.get_message(name).value
        if pattern is None:
            raise LookupError(f"{name} has no text in {self.language}")
        text, errors = self._bundle.format_pattern(pattern, values)
        if errors:
            raise LookupError(f"{name} in {self.language}: {errors[0]}")
        return str(text)

    def language_name(self, code: str) -> str | None:
        """The name of a language by its ISO 639 code, such as "German"; None if it has none."""
        return self._languages.get(code)


@cache
def texts_in(language: str) -> Texts:
    """The texts in one of LANGUAGES."""
    return Texts(language)


def texts_for(locale: str | discord.Locale | None) -> Texts:
    """The texts for one of Discord's locales, such as ``es-ES``; English if there are none."""
    language = str(locale or "en").split("-")[0].lower()
    return texts_in(language if language in LANGUAGES else "en")


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
