"""Each is spoken to in their own language."""

import pytest
from discord_world import QUESTION, SHOWN, Payloads, World, buttons, last, scene, shown
from member_steps import PUBLIC, answered, mention, told, whispered
from simcord import Env

from bot.servers import ServerSettings

IN_GERMAN = [
    f"**Frage:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · Absatz 2 · Englisch",
    "-# Einschätzung: fast sicher",
]
IN_FRENCH = [
    f"**Question\xa0:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · paragraphe 2 · anglais",
    "-# Pertinence\xa0: presque certaine",
]
IN_SPANISH = [
    f"**Pregunta:** {QUESTION}",
    SHOWN,
    "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · párrafo 2 · inglés",
    "-# Estimación: casi seguro",
]
GERMAN_BUTTONS = ["Kontext", "Zum Artikel", "Hilfreich", "Nicht hilfreich", "Entfernen"]


@pytest.mark.parametrize(
    ("locale", "texts", "labels"),
    [
        ("de", IN_GERMAN, GERMAN_BUTTONS),
        ("fr", IN_FRENCH, ["Contexte", "Lire l’article", "Utile", "Pas utile", "Supprimer"]),
        (
            "es-ES",
            IN_SPANISH,
            ["Contexto", "Leer el artículo", "Útil", "No es útil", "Eliminar"],
        ),
        (
            "es-419",
            IN_SPANISH,
            ["Contexto", "Leer el artículo", "Útil", "No es útil", "Eliminar"],
        ),
        ("en-GB", answered(), PUBLIC),
        ("ja", answered(), PUBLIC),
    ],
)
async def test_members_are_answered_in_their_language(
    simcord_env: Env,
    world: World,
    payloads: Payloads,
    locale: str,
    texts: list[str],
    labels: list[str],
) -> None:
    _, channel, member = scene(simcord_env)
    payloads.locale = locale
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == texts
    assert list(buttons(result.response)) == labels


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        (
            "de",
            "Deine Frage ist 501 Zeichen lang, und ich lese höchstens 500. Stell sie bitte kürzer.",
        ),
        (
            "fr",
            "Ta question fait 501 caractères, et j’en lis 500 au plus. Raccourcis-la, s’il te "
            "plaît.",
        ),
        (
            "es-ES",
            "Tu pregunta tiene 501 caracteres, y yo leo 500 como máximo. Acórtala, por favor.",
        ),
    ],
)
async def test_members_are_refused_in_their_language(
    simcord_env: Env, world: World, payloads: Payloads, locale: str, sentence: str
) -> None:
    _, channel, member = scene(simcord_env)
    payloads.locale = locale
    assert told(await member.slash(channel, "ask", question="a" * 501)) == sentence


async def test_whoever_presses_a_button_is_told_in_their_own_language(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    other = guild.add_member(simcord_env.create_user("otto"))
    result = await member.slash(channel, "ask", question=QUESTION)
    payloads.locale = "de"
    assert told(await other.click(result.response, label="Remove")) == (
        "Diese Antwort kann nur entfernen, wer gefragt hat oder hier Nachrichten verwalten darf."
    )
    copy = whispered(await other.click(result.response, label="Context"))
    assert shown(copy)[0] == "Die Absätze ringsum, aus **The old lighthouse**"
    form = await other.click(result.response, label="Not helpful")
    assert form.modal["title"] == "Was war nicht hilfreich?"
    payloads.locale = "fr"
    assert told(await other.submit_modal(form, {"reason": "non"})) == (
        "Merci. Les personnes qui s’occupent de ces articles verront ce que tu as écrit."
    )
    world.library.fail = RuntimeError("secret detail")
    failed = await other.slash(channel, "ask", question=QUESTION)
    assert failed.response.content.startswith("Désolé, ")
    assert len(simcord_env.errors) == 1


async def test_the_servers_language_goes_before_its_members(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, member = scene(simcord_env)
    await world.services.servers.set(guild.id, ServerSettings(language="de"))
    payloads.locale = "fr"
    result = await member.slash(channel, "ask", question=QUESTION)
    assert shown(result.response) == IN_GERMAN
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == IN_GERMAN
    assert told(await member.slash(channel, "help")).startswith("**Ich zeige dir wörtlich")
    # In a direct message it is the member's own.
    result = await member.user.slash("ask", question=QUESTION)
    assert shown(result.response) == IN_FRENCH


async def test_a_mention_is_answered_in_the_language_that_discord_knows_of_the_server(
    simcord_env: Env, world: World
) -> None:
    guild = simcord_env.create_guild(preferred_locale="de")
    channel = guild.create_text_channel("general")
    member = guild.add_member(simcord_env.create_user("mira"))
    await member.send(channel, f"{mention(simcord_env)} {QUESTION}")
    assert shown(last(channel)) == IN_GERMAN
    assert list(buttons(last(channel))) == GERMAN_BUTTONS


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Bis wann wurde dort Öl verbrannt?", IN_GERMAN),
        ("Jusqu’à quand brûlait-on de l’huile ?", IN_FRENCH),
        ("¿Hasta cuándo se quemaba aceite?", IN_SPANISH),
        ("Until when did they burn oil there?", answered()),
    ],
)
async def test_a_direct_message_is_answered_in_its_language(
    simcord_env: Env, world: World, question: str, texts: list[str]
) -> None:
    user = simcord_env.create_user("mira")
    await user.send_dm(question)
    reply = shown(last(user.dm_channel))
    assert reply == [text.replace(QUESTION, question) for text in texts]
    world.library.fail = RuntimeError("secret detail")
    await user.send_dm(question)
    sorry = {"Frage": "Entschuldige", "Question\xa0": "Désolé", "Pregunta": "Lo siento"}
    word = texts[0].split(":**")[0].removeprefix("**")
    assert last(user.dm_channel).content.startswith(sorry.get(word, "Sorry"))
    assert len(simcord_env.errors) == 1
