"""What is said about files, to admins in their language."""

import csv
import io

import pytest
from admin_steps import (
    LIGHTHOUSE,
    ask_in,
    files,
    hour,
    press,
    put,
    submit,
    told,
    workshop,
)
from discord_world import Payloads, World, admin, scene
from simcord import Env

from bot.admin.articles import FORM
from index.content import ContentError
from index.remarks import Remark

BAD_DATE = b"---\ndate: 23.7.\n---\n\nThe ferry leaves at eight.\n"
NOTED = """\
---
titel: Ferries
---

The ferry leaves at eight.

Read also: `The bridge`
"""


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        (
            "de",
            "content/ferries.md, Zeile 2: „date“ ist kein Tag; schreib ihn als Jahr-Monat-Tag, "
            "etwa 2025-07-23.",
        ),
        (
            "fr",
            "content/ferries.md, ligne 2\xa0: «\xa0date\xa0» n’est pas un jour\u202f; écris-le "
            "sous la forme année-mois-jour, comme 2025-07-23.",
        ),
        (
            "es-419",
            "content/ferries.md, línea 2: «date» no es un día; escríbelo como año-mes-día, por "
            "ejemplo 2025-07-23.",
        ),
    ],
)
async def test_what_is_wrong_in_a_file(
    simcord_env: Env, world: World, payloads: Payloads, locale: str, sentence: str
) -> None:
    _, channel, editor = workshop(simcord_env)
    payloads.locale = locale
    result = await editor.slash(channel, "admin add", file=("ferries.md", BAD_DATE))
    assert told(result) == [sentence]
    assert files(world) == {}


async def test_what_is_wrong_with_a_name_is_shown_as_text(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    _, channel, editor = workshop(simcord_env)
    payloads.locale = "de"
    result = await editor.slash(channel, "admin add", file=("**@everyone**.pdf", b"x"))
    assert told(result) == [
        "„\\*\\*\\@everyone\\*\\*.pdf“ ist kein Artikel; der Name muss auf .md, .markdown oder "
        ".txt enden."
    ]
    result = await submit(editor, channel, FORM, title="?!", text="The ferry leaves at eight.")
    assert told(result) == [
        "Im Titel steht weder ein Buchstabe noch eine Ziffer; gib einen anderen ein."
    ]


async def test_what_was_noticed_in_a_draft(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    _, channel, editor = workshop(simcord_env)
    payloads.locale = "de"
    preview = await editor.slash(channel, "admin add", file=("ferries.md", NOTED.encode()))
    assert told(preview)[0].split("\n")[3:] == [
        "Was aufgefallen ist:",
        "- Zeile 2: unbekannter Schlüssel „titel“ im Kopf; meintest du „title“?",
        "- Zeile 7: ausgelassen\\: „Read also\\: \\`The bridge\\`“ verweist auf einen "
        "anderen Artikel",
    ]


async def test_what_cannot_be_put_back(simcord_env: Env, world: World, payloads: Payloads) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    removed = world.services.shelf.remove("lighthouse")
    put(world, "lighthouse.md", LIGHTHOUSE + "More.\n")
    payloads.locale = "es-ES"
    result = await editor.slash(channel, "admin restore", article=removed.key)
    assert told(result) == [
        "content/lighthouse.md ya existe; quita primero ese artículo, o ponle otro nombre a uno de "
        "los dos."
    ]


async def test_what_a_reindex_left_out(simcord_env: Env, world: World, payloads: Payloads) -> None:
    guild, channel, _ = scene(simcord_env)
    editor = admin(simcord_env, guild)
    payloads.locale = "de"
    world.errors = (
        ContentError("content/a.md", 3, Remark.KEY_TWICE(key="*url*")),
        ContentError("content/b.md", None, Remark.FILE_EMPTY()),
    )
    result = await editor.slash(channel, "admin reindex")
    assert told(result)[0].split("\n")[3:] == [
        "Ausgelassen:",
        "- content/a.md, Zeile 3: „\\*url\\*“ kommt zweimal vor; behalt eines davon.",
        "- content/b.md: Die Datei ist leer; schreib den Artikel hinein oder entferne sie.",
    ]
    reason = Remark.AND_MORE_FILES(reason=Remark.URL_WRONG(), count=2)
    world.failure = ContentError("content/a.md", 2, reason)
    result = await editor.slash(channel, "admin reindex")
    assert told(result) == [
        "Das Reindexieren ist fehlgeschlagen, deshalb bleibt der alte Index in Gebrauch. "
        "content/a.md, Zeile 2: „url“ ist keine Webadresse; schreib eine, die mit https\\:// "
        "beginnt (2 weitere Dateien ließen sich auch nicht lesen; beleg check nennt sie alle)."
    ]


@pytest.mark.parametrize(
    ("locale", "head"),
    [
        ("de", ["Frage", "Gefragt", "Ohne klare Antwort", "Nicht hilfreich", "Zuletzt gefragt"]),
        ("fr", ["Question", "Nombre de fois", "Sans réponse claire", "Pas utile", "Dernière fois"]),
        (
            "es-ES",
            ["Pregunta", "Veces preguntada", "Sin respuesta clara", "No útil", "Última vez"],
        ),
    ],
)
async def test_the_head_of_the_table_of_gaps(
    simcord_env: Env, world: World, payloads: Payloads, locale: str, head: list[str]
) -> None:
    guild, channel, member = scene(simcord_env)
    await ask_in(world, guild, "Which boat?", when=hour(1))
    payloads.locale = locale
    message = await member.send(channel, "hi")
    sent = await press(admin(simcord_env, guild), message, "gaps:export")
    table = await sent.response.attachments[0].read()
    names, row = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert (names[:5], row[0]) == (head, "Which boat?")
