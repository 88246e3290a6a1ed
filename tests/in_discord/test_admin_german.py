"""An admin is spoken to in their language."""

from importlib.metadata import version

import pytest
from admin_steps import (
    BUOYS,
    LIGHTHOUSE,
    ask_in,
    hand_over,
    hour,
    menus,
    noon,
    put,
    refused,
    relative,
    told,
    workshop,
)
from discord_world import Payloads, World, buttons, shown
from simcord import Env


@pytest.mark.usefixtures("memory")
async def test_an_admin_is_spoken_to_in_german(
    simcord_env: Env, world: World, payloads: Payloads
) -> None:
    guild, channel, editor = workshop(simcord_env)
    member = guild.add_member(simcord_env.create_user("mo"))
    payloads.locales[editor.id] = payloads.locales[member.id] = "de"
    put(world, "lighthouse.md", LIGHTHOUSE)
    await hand_over(world, guild, member)
    await ask_in(world, guild, "Welches Boot?", when=hour(1), votes=((False, None),) * 2)
    declined = await member.slash(channel, "admin reindex")
    assert told(declined) == ["Das können nur Mitglieder, die diesen Server verwalten dürfen."]
    assert refused(simcord_env)
    status = await editor.slash(channel, "admin status")
    assert told(status) == [
        "**Wie es mir geht**\n"
        "Artikel: 1\n"
        "Stellen: 3\n"
        "Modell: fake-model\n"
        "Index auf der Festplatte: 2,3 MB\n"
        "Arbeitsspeicher: 124 MB\n"
        "Fragen in Arbeit: 0\n"
        f"Gestartet: <t:{int(world.services.started.timestamp())}:R>\n"
        f"Version: {version('beleg')}"
    ]
    gaps = await editor.slash(channel, "admin gaps")
    assert told(gaps) == [
        "**Was hier gefragt wurde und keine gute Antwort bekam**, das Häufigste zuerst",
        "**1.** Welches Boot?\n"
        "-# einmal gefragt, 1 davon ohne klare Antwort, 2-mal als nicht hilfreich markiert · "
        f"{relative(hour(1))}",
    ]
    assert buttons(gaps.response) == {"Als CSV exportieren": True}
    stats = await editor.slash(channel, "admin stats", days=4)
    assert told(stats) == [
        "**Die letzten 4 Tage auf diesem Server**\n"
        "Fragen: 1, 0,2 pro Tag\n"
        "Beantwortet: 0 %, zweifelhaft: 0 %, nicht in den Artikeln: 100 %\n"
        "Als hilfreich markiert: 0, als nicht hilfreich: 2\n"
        "Nachgeschlagene Nachrichten: 0\n"
        "\n"
        "**Tag für Tag**\n"
        f"- {noon(hour(1).date())}: eine Frage, 0 beantwortet"
    ]
    settings = await editor.slash(channel, "admin settings")
    assert told(settings)[0] == "**Einstellungen dieses Servers**\nÄnderungen gelten sofort."
    labels = [one["label"] for one in menus(settings.response)["settings:language"]["options"]]
    assert labels[1:] == ["Englisch", "Deutsch", "Französisch", "Spanisch"]
    form = await editor.slash(channel, "admin add")
    assert form.modal["title"] == "Einen Artikel hinzufügen"
    remove = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(remove) == [
        "**The old lighthouse** aus der Bibliothek nehmen, für alle Server? Der Artikel lässt sich "
        "später wiederherstellen."
    ]
    assert buttons(remove.response) == {"Ja, entfernen": True, "Abbrechen": True}
    await editor.click(remove.response, label="Abbrechen")
    assert shown(remove.response) == ["Es wurde nichts geändert."]
    preview = await editor.slash(channel, "admin add", file=("buoys.md", BUOYS.encode()))
    assert told(preview)[0] == (
        "**Buoys and bells**\nDas ist eine Vorschau; noch ist nichts hinzugefügt.\n"
        "Gespeichert wird er als buoys.md. 2 Absätze, Sprache: Englisch."
    )
    await editor.click(preview.response, label="In die Bibliothek aufnehmen")
    assert shown(preview.response) == [
        "**Der Artikel wurde hinzugefügt.**\n"
        "**Der Index ist auf dem neuesten Stand.** Das hat 1,2 s gedauert.\n"
        "Artikel: 1 neu, 0 geändert, 0 entfernt, 1 unverändert.\n"
        "Stellen: 4 neu kodiert, 24 insgesamt."
    ]
