"""The catalogues: every text in every language, and every name that the code asks for.

Of the bot only `bot.catalogue` is imported; the rest of its code is read. What the index says about
files is walked in `index.remarks`.
"""

import ast
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product

import discord
import pytest
from babel import Locale
from babel.numbers import format_decimal
from discord import app_commands
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl

from bot.catalogue import (
    COMMANDS,
    FOLDER,
    LANGUAGES,
    CommandTranslator,
    text_of_command,
    texts_for,
    texts_in,
)
from index.remarks import Remark, Said

TRANSLATIONS = [language for language in LANGUAGES if language != "en"]
PLURALS = {"zero", "one", "two", "few", "many", "other"}
NUMBERS = (0, 1, 2, 1000)
QUOTES = {"en": "“”'", "de": "„“", "fr": "«»’", "es": "«»"}

MESSAGE = 2000
BUTTON = 80
LABEL = 45
OPTION = 100
LIMITS = {
    ("_button", 0): BUTTON,
    ("Button", "label"): BUTTON,
    ("Modal", "title"): LABEL,
    ("Label", "text"): LABEL,
    ("TextInput", "placeholder"): 100,
    ("ChannelSelect", "placeholder"): 150,
    ("RoleSelect", "placeholder"): 150,
}
"""Discord's limits in characters, by what is called and the place of the text."""

RUN_TIME = {
    "add-form-author": LABEL,
    "add-form-text": LABEL,
    "add-form-title-field": LABEL,
    "add-form-url": LABEL,
    "add-yes": BUTTON,
    "added": MESSAGE,
    "cancel": BUTTON,
    "erase": BUTTON,
    "erase-no": BUTTON,
    "erase-yes": BUTTON,
    "export": BUTTON,
    "next": BUTTON,
    "previous": BUTTON,
    "remove-yes": BUTTON,
    "removed": MESSAGE,
    "restored": MESSAGE,
    "unsure": MESSAGE,
    "unsure-claim": MESSAGE,
}
"""Names that the code has in variables when it asks for them, and the limits of their texts."""

OPTIONS = {
    "settings-days-count",
    "settings-language-auto",
    "settings-strictness-looser",
    "settings-strictness-normal",
    "settings-strictness-stricter",
}
"""Texts that become the options of a menu."""


# Reading the catalogues ---------------------------------------------------------------------------


@cache
def entries(language: str) -> list[ftl.EntryType]:
    return FluentParser().parse((FOLDER / f"{language}.ftl").read_text(encoding="utf-8")).body


@cache
def messages(language: str) -> dict[str, ftl.Message]:
    return {one.id.name: one for one in entries(language) if isinstance(one, ftl.Message)}


def outline(language: str) -> list[str]:
    """The names of the messages in their order, and "##" for each heading."""
    kinds = {ftl.Message: lambda one: one.id.name, ftl.GroupComment: lambda _: "##"}
    return [kinds[type(one)](one) for one in entries(language) if type(one) in kinds]


def inside(node: ftl.BaseNode) -> Iterator[ftl.BaseNode]:
    """``node`` and every node in it."""
    yield node
    for value in vars(node).values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ftl.BaseNode):
                yield from inside(child)


class Values:
    """What a message wants to know: its variables, and the variants it has for some of them."""

    def __init__(self, message: ftl.Message) -> None:
        self.variables: set[str] = set()
        self.commands: set[str] = set()
        self.variants: dict[str, set[str]] = {}
        for node in inside(message):
            if isinstance(node, ftl.VariableReference):
                # The names of commands are filled in by Texts itself.
                named = self.commands if node.id.name.startswith("command-") else self.variables
                named.add(node.id.name)
            elif isinstance(node, ftl.SelectExpression):
                assert isinstance(node.selector, ftl.VariableReference)
                keys = self.variants.setdefault(node.selector.id.name, set())
                for key in (variant.key for variant in node.variants):
                    keys.add(key.name if isinstance(key, ftl.Identifier) else key.value)

    def is_plural(self, variable: str) -> bool:
        keys = {key for key in self.variants.get(variable, ()) if not key.isdigit()}
        return bool(keys) and keys <= PLURALS

    def is_word(self, variable: str) -> bool:
        return variable in self.variants and not self.is_plural(variable)


@cache
def values_of(language: str, name: str) -> Values:
    return Values(messages(language)[name])


def samples(language: str, name: str) -> Iterator[dict[str, str | int]]:
    """Values to try a message with: every variant, several numbers, and a word."""
    wanted = values_of(language, name)
    choices: dict[str, list[str | int]] = {}
    for variable in sorted(wanted.variables):
        if wanted.is_word(variable):
            choices[variable] = sorted(wanted.variants[variable])
        elif wanted.is_plural(variable):
            choices[variable] = [*NUMBERS]
        else:
            choices[variable] = [*NUMBERS, "Wort"]
    for chosen in product(*choices.values()):
        yield dict(zip(choices, chosen, strict=True))


@cache
def formatted(language: str) -> list[tuple[str, str]]:
    """Every text with all its sample values, after its name."""
    texts = texts_in(language)
    return [
        (name, texts(name, **values))
        for name in messages(language)
        for values in samples(language, name)
    ]


def texts_ending(suffix: str, language: str) -> dict[str, str]:
    names = [name for name in messages(language) if name.endswith(suffix)]
    return {name: texts_in(language)(name) for name in names}


# Reading the code ---------------------------------------------------------------------------------


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of the bot's code, after its file and line."""
    found = []
    for path in sorted(FOLDER.parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(FOLDER.parent)}:{getattr(node, 'lineno', 0)}"
            found.append((place, node))
    return found


def called(function: ast.expr) -> str | None:
    """The last name of what is called: of ``discord.ui.Button[View]`` it is Button."""
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=inner):
            return called(inner)
    return None


def asks_for_text(call: ast.Call) -> bool:
    match call.func:
        case ast.Call(maker) | ast.Await(ast.Call(maker)):
            return (called(maker) or "").startswith("texts_")
        case function:
            return called(function) in ("text", "texts", "_texts", "text_of_command")


def names_in(expression: ast.expr) -> list[str]:
    """Patterns for the names that an expression may be; in an f-string no value has a hyphen."""
    match expression:
        case ast.Constant(str(name)):
            return [re.escape(name)]
        case ast.IfExp(body=body, orelse=other):
            return names_in(body) + names_in(other)
        case ast.JoinedStr(parts):
            return ["".join(re.escape(p.value) if is_text(p) else "[^-]+" for p in parts)]
    return []


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@cache
def asked() -> list[tuple[str, ast.Call, str]]:
    """Where the code asks for a text, how, and a pattern for its name."""
    return [
        (place, node, pattern)
        for place, node in nodes()
        if isinstance(node, ast.Call) and node.args and asks_for_text(node)
        for pattern in names_in(node.args[0])
    ]


def matching(pattern: str) -> list[str]:
    return [name for name in messages("en") if re.fullmatch(pattern, name)]


@cache
def limited() -> dict[str, int]:
    """Discord's limit for each text that is put where there is one."""
    limits = {}
    for _, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        places: list[tuple[str | int | None, ast.expr]] = [*enumerate(node.args)]
        places += [(keyword.arg, keyword.value) for keyword in node.keywords]
        for place, value in places:
            limit = LIMITS.get((called(node.func), place))
            if limit and isinstance(value, ast.Call) and value.args and asks_for_text(value):
                for pattern in names_in(value.args[0]):
                    limits |= dict.fromkeys(matching(pattern), limit)
    return limits | RUN_TIME | dict.fromkeys(OPTIONS, OPTION)


# Every language -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_no_junk(language: str) -> None:
    assert [one.content for one in entries(language) if isinstance(one, ftl.Junk)] == []


def test_no_english_name_stands_twice() -> None:
    names = [name for name in outline("en") if name != "##"]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_has_the_names_of_english_in_the_same_order(language: str) -> None:
    assert outline(language) == outline("en")


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_uses_the_variables_of_english(language: str) -> None:
    assert {name: values_of(language, name).variables for name in messages(language)} == {
        name: values_of("en", name).variables for name in messages("en")
    }


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_names_the_commands_that_english_names(language: str) -> None:
    named = {name: values_of("en", name).commands for name in messages("en")}
    assert {name: values_of(language, name).commands for name in messages(language)} == named
    assert set().union(*named.values()) == {f"command-{name}" for name in COMMANDS}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_has_the_variants_of_english(language: str) -> None:
    for name in messages("en"):
        english, translated = values_of("en", name), values_of(language, name)
        for variable, keys in english.variants.items():
            found = translated.variants.get(variable, set())
            if english.is_word(variable):
                assert found == keys, name
            else:
                literal = {key for key in keys if key.isdigit()}
                assert literal <= found, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_are_those_of_the_language(language: str) -> None:
    known = Locale(language).plural_form.tags | {"other"}
    for name in messages(language):
        wanted = values_of(language, name)
        for variable in filter(wanted.is_plural, wanted.variants):
            named = {key for key in wanted.variants[variable] if not key.isdigit()}
            assert named <= known and "other" in named, name


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_numbers_that_differ_in_english_differ_in_a_translation(language: str) -> None:
    """In French 0 is "one" as well: "un article" would be wrong for none."""
    for name in messages("en"):
        wanted = values_of("en", name)
        for variable, other in product(filter(wanted.is_plural, wanted.variants), NUMBERS):
            rest = dict.fromkeys(wanted.variables, other)
            told = {
                tongue: [texts_in(tongue)(name, **{**rest, variable: n}) for n in NUMBERS]
                for tongue in ("en", language)
            }
            assert len(set(told[language])) >= len(set(told["en"])), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_shown_with_all_values(language: str) -> None:
    for name, text in formatted(language):
        assert text == text.strip() != "", name
        assert not re.search(r"[{}]|[ \t\xa0\u202f]{2}|[ \t]$", text, re.MULTILINE), (name, text)
        assert len(text) <= MESSAGE, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotation_marks_are_those_of_the_language(language: str) -> None:
    for name, text in formatted(language):
        marks = set(re.findall("[\"'“”„‟‘’‚«»‹›]", text))
        assert marks <= set(QUOTES[language]), (name, text)


def test_french_stops_stand_after_spaces_that_do_not_break() -> None:
    for name, text in formatted("fr"):
        bare = re.sub("`[^`]*`", "", text)
        assert not re.search("(?<!\u202f)[;!?]|(?<!\u00a0)[:»]|«(?!\u00a0)", bare), (name, text)


# What is said about files -------------------------------------------------------------------------


@cache
def remarks(language: str) -> dict[str, ftl.Message]:
    """The translations of what the index says, by their names."""
    source = (FOLDER / f"remarks.{language}.ftl").read_text(encoding="utf-8")
    body = FluentParser().parse(source).body
    assert [one.content for one in body if isinstance(one, ftl.Junk)] == []
    found = [one for one in body if isinstance(one, ftl.Message)]
    names = [one.id.name for one in found]
    assert sorted(names) == sorted(set(names))
    return {one.id.name: one for one in found}


def sentences() -> Iterator[tuple[Said, list[str | int]]]:
    """Everything that the index can say, with the values that must be seen in it."""
    for remark in Remark:
        for count in NUMBERS[1:]:
            values: dict[str, str | int] = {
                name: count if name in ("count", "megabytes", "seconds") else f"<{name}> {{x}} *y*"
                for name in remark.wants
            }
            yield remark(**values), list(values.values())


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_everything_said_about_files_is_translated(language: str) -> None:
    assert list(remarks(language)) == [remark.label for remark in Remark]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_translations_of_what_is_said_have_its_values(language: str) -> None:
    assert {name: Values(one).variables for name, one in remarks(language).items()} == {
        remark.label: remark.wants for remark in Remark
    }


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_everything_said_about_files_can_be_shown(language: str) -> None:
    texts = texts_in(language)
    for said, values in sentences():
        text = texts.said(said)
        assert type(text) is str, said.name  # else it stayed English
        assert text == text.strip() and "\n" not in text, said.name
        for value in values:
            # "One more file": in words.
            assert value == 1 or shown(value, language) in text, (said.name, text)
        assert said.endswith(".") == text.endswith("."), said.name


def shown(value: str | int, language: str) -> str:
    return value if isinstance(value, str) else format_decimal(value, locale=language)


def test_what_is_said_in_english_is_said_as_it_is() -> None:
    for said, _ in sentences():
        assert texts_in("en").said(said) is said


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_quotation_marks_in_what_is_said_are_those_of_the_language(language: str) -> None:
    for said, _ in sentences():
        marks = set(re.findall("[\"'“”„‟‘’‚«»‹›]", texts_in(language).said(said)))
        assert marks <= set(QUOTES[language]), said.name


def test_french_stops_in_what_is_said_stand_after_spaces_that_do_not_break() -> None:
    for said, _ in sentences():
        bare = re.sub("key: value|https://", "", texts_in("fr").said(said))
        wrong = "(?<!\u202f)[;!?]|(?<!\u00a0)[:»]|«(?!\u00a0)"
        assert not re.search(wrong, bare), (said.name, bare)


def test_a_sentence_in_a_sentence_is_translated() -> None:
    said = Remark.LEFT_OUT(text="Read also: Boats", reason=Remark.POINTS_ELSEWHERE())
    assert texts_in("de").said(said) == (
        "ausgelassen: „Read also: Boats“ verweist auf einen anderen Artikel"
    )
    failure = Remark.NOT_STORED(path="content/a.md")
    assert texts_in("es").said(
        Remark.DISK_FAILED(
            failure=failure, reason=Remark.DISK_FULL(), content="content", removed="removed"
        )
    ) == (
        "content/a.md no se pudo guardar: no queda espacio en el disco; revisa el espacio libre y "
        "los permisos de las carpetas «content» y «removed»."
    )


@pytest.mark.parametrize(
    "said",
    [
        Said("the moon is full"),
        Said("the moon is full", "moon", {"phase": 1}),
        Said("the moon is full", "key-twice", {"phase": 1}),
    ],
)
def test_what_another_version_said_stays_as_it_was(said: Said) -> None:
    assert texts_in("de").said(said) == "the moon is full"


# What Discord takes -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_command_and_option_names_are_valid(language: str) -> None:
    described = [name.removesuffix("-description") for name in texts_ending("-description", "en")]
    names = [n if f"{n}-name" not in messages("en") else f"{n}-name" for n in described]
    assert {"ask-name", "ask-question"} <= set(names)
    for name in names:
        text = texts_in(language)(name)
        kinds = {unicodedata.category(char)[0] for char in text if char not in "-_'"}
        assert kinds <= {"L", "N"} and text == text.lower() and 1 <= len(text) <= 32, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_commands_have_the_same_name(language: str) -> None:
    names = texts_ending("-name", language)
    assert sorted(names.values()) == sorted(set(names.values()))
    assert len(names["evidence-name"]) <= 32


@pytest.mark.parametrize("language", LANGUAGES)
def test_descriptions_have_at_most_100_characters(language: str) -> None:
    descriptions = texts_ending("-description", language)
    assert {name: text for name, text in descriptions.items() if len(text) > 100} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_stay_within_the_limits_of_their_places(language: str) -> None:
    limits = limited()
    assert limits["reason-title"] == limits["reason-label"] == 45
    assert (limits["link"], limits["helpful"], limits["reason-placeholder"]) == (80, 80, 100)
    texts = formatted(language)
    assert [(n, text) for n, text in texts if len(text) > limits.get(n, MESSAGE)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_call_commands_and_buttons_what_they_are_called(language: str) -> None:
    texts = texts_in(language)
    shown = texts("help")
    for name in ("ask-name", "sources-name", "privacy-name"):
        assert f"`/{texts(name)}`" in shown, name
    for name in ("ask-article", "ask-private"):
        assert f"`{texts(name)}`" in shown, name
    for name in ("evidence-name", "context", "next"):
        assert f"*{texts(name)}*" in shown, name
    low = texts("certainty", level="low").split()[-1]
    assert low.capitalize() in shown
    assert f"`/{texts('ask-name')}`" in texts("hello")
    assert f"`/admin {texts('restore-name')}` " in texts("removed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_writes_the_name_of_a_command_itself(language: str) -> None:
    source = (FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
    assert set(re.findall("`(/[^`]*)`", source)) == {"/"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_that_discord_knows_are_mentioned(language: str) -> None:
    texts = texts_for(language, {"ask": 10**19, "sources": 2, "privacy": 3, "admin": 4})
    assert texts("hello").count("</ask:10000000000000000000>") == 1
    mentions = ("</ask:10000000000000000000>", "</sources:2>", "</privacy:3>")
    assert [texts("help").count(mention) for mention in mentions] == [2, 1, 1]
    assert texts("removed").count("</admin restore:4>") == 1
    own = texts_in(language)
    for name in filter(lambda name: values_of(language, name).commands, messages(language)):
        text = texts(name)
        assert "`/" not in text and len(text) <= MESSAGE, name
        # Nothing else is different.
        for parts in COMMANDS.values():
            plain = " ".join(own(f"{part}-name") for part in parts)
            english = " ".join(texts_in("en")(f"{part}-name") for part in parts)
            text = re.sub(f"</{english}:[0-9]+>", f"`/{plain}`", text)
        assert text == own(name)


def test_a_command_that_discord_does_not_know_yet_has_its_name_in_the_language() -> None:
    texts = texts_for("de", {"ask": 1})
    assert texts("removed") == (
        "**Der Artikel wurde entfernt.** `/admin wiederherstellen` holt ihn zurück."
    )


# What the code asks for ---------------------------------------------------------------------------


def test_every_name_in_the_code_is_in_the_catalogue() -> None:
    assert len(asked()) > 50
    assert [(place, pattern) for place, _, pattern in asked() if not matching(pattern)] == []


def test_the_code_gives_each_text_its_values() -> None:
    for place, call, pattern in asked():
        given = {keyword.arg for keyword in call.keywords}
        for name in matching(pattern) if None not in given else []:
            assert given == values_of("en", name).variables, (place, name)


def test_every_name_is_used() -> None:
    used = {name for _, _, pattern in asked() for name in matching(pattern)}
    strings = {node.value for _, node in nodes() if is_text(node)}
    assert strings >= set(RUN_TIME)
    assert [name for name in messages("en") if name not in used | set(RUN_TIME)] == []


# The catalogue's own functions --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("es-419", "es"),
        ("es-ES", "es"),
        ("de", "de"),
        (discord.Locale.french, "fr"),
        (discord.Locale.british_english, "en"),
        ("pt-BR", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_texts_for_a_locale(locale: str | discord.Locale | None, language: str) -> None:
    assert texts_for(locale) is texts_in(language)
    assert texts_for(locale).language == language


def test_texts_by_name() -> None:
    assert texts_in("en")("paragraph", number=3) == "paragraph 3"
    assert texts_in("de")("paragraph", number=3) == "Absatz 3"
    assert texts_in("de")("erased", questions=1, ratings=2) == (
        "Gelöscht: eine Frage und 2 Bewertungen."
    )
    assert texts_in("fr")("sources-title", articles=0) == (
        "**La bibliothèque ne contient aucun article.**"
    )
    assert texts_in("es")("page-of", number=1, count=2) == "Página 1 de 2"


def test_values_have_no_isolation_marks_around_them() -> None:
    assert texts_in("de")("asks", text="Wort") == "Zu „Wort“:"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_name_and_a_missing_value_are_errors(language: str) -> None:
    texts = texts_in(language)
    with pytest.raises(LookupError):
        texts("nothing-of-the-sort")
    with pytest.raises(LookupError, match=f"paragraph in {language}"):
        texts("paragraph")


def test_names_of_languages() -> None:
    assert texts_in("en").language_name("de") == "German"
    assert texts_in("fr").language_name("de") == "allemand"
    assert texts_in("en").language_name("xx-unknown") is None


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        (discord.Locale.german, "fragen"),
        (discord.Locale.french, "demander"),
        (discord.Locale.latin_american_spanish, "preguntar"),
        (discord.Locale.american_english, "ask"),
        (discord.Locale.japanese, None),
    ],
)
async def test_commands_are_translated(locale: discord.Locale, name: str | None) -> None:
    text = text_of_command("ask-name")
    assert text.message == "ask"
    assert await translated(text, locale) == name


async def test_what_has_no_name_in_the_catalogue_is_not_translated() -> None:
    assert await translated(app_commands.locale_str("ask"), discord.Locale.german) is None


async def translated(text: app_commands.locale_str, locale: discord.Locale) -> str | None:
    place = app_commands.TranslationContextLocation.other
    context = app_commands.TranslationContext(location=place, data=None)
    return await CommandTranslator().translate(text, locale, context)
