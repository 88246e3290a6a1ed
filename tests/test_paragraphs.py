"""Plain text, Markdown, boilerplate and glued headings: what becomes a paragraph."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.boilerplate import boilerplate_reason
from index.glued_headings import GluedHeadings
from index.markdown import read_markdown
from index.paragraphs import Note, Omission, Reading, ends_sentence
from index.plain_text import read_plain_text

PASTED = """Warum der Hafen von Brellin leer bleibt

Der Hafen von Brellin wurde 1931 gebaut. Heute legen dort nur noch zwei Schiffe im Monat an.
Die Stadt hat viermal versucht, den Betrieb zu verkaufen, und jedes Mal fand sich kein Käufer.
Lesen Sie auch : Wem gehört eigentlich der Leuchtturm von Brellin?
Der Newsletter der Küstenpost hat schon 900 Leser. Und Sie? Abonnieren Sie unseren Newsletter.
Was die Fischer sagenDiese Frage stellen sich auch die Fischer, die seit Jahren auf den Kai warten.
Ein Fischer erklärt, dass die Boote kleiner wurden. Viele Kollegen sagen dasselbe.
Küstenpost"""


def plain(text: str, title: str | None = None, exclude: Sequence[str] = ()) -> Reading:
    return read_plain_text(text, 0, title=title, language="de", exclude=exclude)


def markdown(text: str, title: str | None = None, exclude: Sequence[str] = ()) -> Reading:
    return read_markdown(text, 0, title=title, language="en", exclude=exclude)


def texts(text: str, reading: Reading) -> list[str]:
    return [text[paragraph.start : paragraph.end] for paragraph in reading.paragraphs]


def headings(reading: Reading) -> list[str | None]:
    return [paragraph.heading for paragraph in reading.paragraphs]


# --- plain text ---------------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_pasted_article(line_end: str) -> None:
    text = PASTED.replace("\n", line_end)
    reading = plain(text)
    lines = PASTED.split("\n")
    assert reading.title == "Warum der Hafen von Brellin leer bleibt"
    assert reading.publisher == "Küstenpost"
    assert texts(text, reading) == [
        lines[2],
        lines[3],
        "Diese Frage stellen sich auch die Fischer, die seit Jahren auf den Kai warten.",
        lines[7],
    ]
    heading = "Was die Fischer sagen"
    assert headings(reading) == [None, None, heading, heading]
    assert reading.omissions == (
        Omission(5, lines[4], "points to another article"),
        Omission(6, lines[5], "invites readers to a newsletter"),
        Omission(9, "Küstenpost", "names the publisher"),
    )
    assert [(note.line, note.text) for note in reading.notes] == [
        (7, "glued heading split: “Was die Fischer sagen”")
    ]


def test_hard_wrapped_paragraphs() -> None:
    text = """Der Leuchtturm

Der Leuchtturm steht seit mehr als hundert Jahren auf der
Klippe, und noch immer brennt sein Licht in jeder Nacht,
auch wenn niemand mehr dort wohnt.

Im Winter kommt nur der Wärter, der die Lampen prüft und
nach einer Stunde wieder geht.
"""
    reading = plain(text)
    assert reading.title == "Der Leuchtturm"
    blocks = text.strip().split("\n\n")
    assert texts(text, reading) == blocks[1:]
    assert headings(reading) == [None, None]


def test_wrapped_paragraph_right_after_the_title() -> None:
    text = """Der Leuchtturm
Der Leuchtturm steht seit mehr als hundert Jahren auf der
Klippe, und noch immer brennt sein Licht in jeder Nacht.
"""
    reading = plain(text)
    assert reading.title == "Der Leuchtturm"
    assert texts(text, reading) == [text.split("\n", 1)[1].strip()]


def test_wrapped_title() -> None:
    text = """Ein Titel, der so lang ist, dass er in eine zweite
zeile laufen musste

Und dann kommt der Text.
"""
    reading = plain(text)
    assert reading.title == "Ein Titel, der so lang ist, dass er in eine zweite zeile laufen musste"
    assert texts(text, reading) == ["Und dann kommt der Text."]


def test_text_without_a_title() -> None:
    first = "Dies ist ein Satz. " * 20
    reading = plain(f"{first}\nEin zweiter Absatz.")
    assert reading.title is None
    assert len(reading.paragraphs) == 2
    assert plain("Nur ein Satz.").title is None
    assert plain("Nur ein Titel").title == "Nur ein Titel"
    assert plain("Nur ein Titel").paragraphs == ()


def test_given_title_is_not_a_paragraph() -> None:
    assert texts("Hallo  Welt\nEin Satz.", plain("Hallo  Welt\nEin Satz.", "hallo welt")) == [
        "Ein Satz."
    ]
    assert headings(plain("Hallo Welt\nEin Satz.", "Anders")) == ["Hallo Welt"]


def test_short_lines_are_headings() -> None:
    text = "Titel\nErster Satz.\nTeil zwei\nZweiter Satz.\nTeil drei\nAm Morgen\nDritter Satz."
    reading = plain(text)
    assert texts(text, reading) == ["Erster Satz.", "Zweiter Satz.", "Dritter Satz."]
    assert headings(reading) == [None, "Teil zwei", "Teil drei – Am Morgen"]


def test_heading_before_a_longer_line_is_not_wrapped_text() -> None:
    sentence = "Niemand weiß heute mehr, warum der Hafen gerade dort gebaut wurde."
    reading = plain(f"Titel\nDer alte Hafen\n{sentence}")
    assert headings(reading) == ["Der alte Hafen"]


def test_many_short_lines_are_a_paragraph() -> None:
    text = "Zutaten\n\nMehl\nZucker\nSalz\n\nAlles wird verrührt."
    reading = plain(text)
    assert texts(text, reading) == ["Mehl\nZucker\nSalz", "Alles wird verrührt."]
    assert reading.publisher is None


def test_list_is_a_paragraph_with_its_lead_in() -> None:
    text = "Titel\nEs gibt drei Gründe:\n- der Preis\n- der Weg\n- das Wetter\nUnd noch ein Satz."
    assert texts(text, plain(text)) == [
        "Es gibt drei Gründe:\n- der Preis\n- der Weg\n- das Wetter",
        "Und noch ein Satz.",
    ]


def test_short_text_is_not_taken_for_headings_alone() -> None:
    text = "Titel\n\nhallo Welt\nund gut"
    assert texts(text, plain(text)) == ["hallo Welt", "und gut"]
    text = "Titel\n\nHallo Welt"
    assert texts(text, plain(text)) == ["Hallo Welt"]


def test_heading_at_the_end_is_left_out() -> None:
    text = "Titel\nEin Satz.\nQuellen\nKüstenpost"
    reading = plain(text)
    assert reading.publisher == "Küstenpost"
    assert reading.omissions == (
        Omission(3, "Quellen", "is a heading with no paragraph under it"),
        Omission(4, "Küstenpost", "names the publisher"),
    )


def test_run_of_short_lines_never_contains_an_omitted_line() -> None:
    text = "Titel\nMehl\nZucker\nAnzeige\nSalz\nEin Satz."
    reading = plain(text)
    assert texts(text, reading) == ["Ein Satz."]
    assert headings(reading) == ["Salz"]


def test_last_line_that_is_a_sentence_stays() -> None:
    text = "Titel\nEin Satz.\nSchluss jetzt!"
    assert texts(text, plain(text)) == ["Ein Satz.", "Schluss jetzt!"]
    assert plain(text).publisher is None


def test_exclude_and_lines_without_words() -> None:
    text = "Titel\nEin Satz.\n* * *\nBild:\u00a0Anna  Feld zeigt den Hafen.\nNoch ein Satz."
    reading = plain(text, exclude=["Bild: Anna Feld"])
    assert texts(text, reading) == ["Ein Satz.", "Noch ein Satz."]
    assert [(omission.line, omission.reason) for omission in reading.omissions] == [
        (3, "holds no words"),
        (4, "contains “Bild: Anna Feld”, which the front matter excludes"),
    ]


def test_white_space_around_lines() -> None:
    text = "Titel \n\u00a0\tEin Satz.\t\u00a0 \n \u2003 \n"
    assert texts(text, plain(text)) == ["Ein Satz."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Das war es.", True),
        ("Das war „es“.", True),
        ("„Das war es.“", True),
        ("So steht es im Bericht. [12]", True),
        ("これで終わり。", True),
        ("هل هذا صحيح؟", True),
        ("Das war es", False),
        ("Version 2.0", False),
        ("Küstenpost (Brellin)", False),
    ],
)
def test_ends_sentence(text: str, expected: bool) -> None:
    assert ends_sentence(text) is expected


def test_short_lines_that_no_paragraph_follows_are_named() -> None:
    text = (
        "T\n\nAda Berg\nLesen Sie auch: Mehr\nDer Kai\nDer Kai ist lang und steht leer.\nAm Ende\n"
        "Lesen Sie auch: Mehr\nZum Schluss\n"
        "Was bleibtDiese Frage stellt sich auf dem Kai jeden Tag.\n"
    )
    reading = plain(text)
    assert headings(reading) == ["Der Kai", "Was bleibt"]
    nothing = "is a heading with no paragraph under it"
    assert [(o.line, o.text) for o in reading.omissions if o.reason == nothing] == [
        (3, "Ada Berg"),
        (7, "Am Ende"),
        (9, "Zum Schluss"),
    ]


@pytest.mark.parametrize("read", [read_plain_text, read_markdown])
def test_what_is_kept_is_not_left_out(read: Any) -> None:
    text = (
        "T\n\nFirst words here.\n\nSubscribe to the newsletter in the menu.\n\n"
        "Read also: the quay\n\nhttps://example.org/map\n\nAt last it ends."
    )

    def found(**options: Sequence[str]) -> list[str]:
        return texts(text, read(text, 0, title="T", language="en", **options))

    kept = ["Subscribe to the newsletter in the menu.", "https://example.org/map"]
    every = found(keep=["newsletter  in the menu", "org/map"])
    assert every[-4:] == ["First words here.", *kept, "At last it ends."]
    assert found()[-2:] == ["First words here.", "At last it ends."]
    # What is excluded is not kept.
    assert kept[0] not in found(keep=["newsletter"], exclude=["the menu"])


def test_markdown_link_that_is_kept() -> None:
    text = "[The map](https://example.org/map)"
    assert texts(text, read_markdown(text, 0, title=None, language="en", keep=["map"])) == [text]


def test_a_line_that_is_kept_is_not_cut_out_of_its_paragraph() -> None:
    text = "One line.\nRead also: the law.\nAnother line.\n"
    reading = read_markdown(text, 0, title=None, language="en", keep=["the law"])
    assert texts(text, reading) == [text.strip()]


# --- boilerplate --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Lesen Sie auch : Wem gehört der Turm?", "points to another article"),
        ("LESEN SIE AUCH: Wem gehört der Turm", "points to another article"),
        ("Mehr zum Thema", "points to another article"),
        ("Das könnte Sie auch interessieren: Der Turm", "points to another article"),
        ("Read more: Who owns the tower?", "points to another article"),
        ("→ Also read – Who owns the tower?", "points to another article"),
        ("Related articles", "points to another article"),
        ("À lire aussi : À qui appartient la tour ?", "points to another article"),
        ("Lire aussi | À qui appartient la tour ?", "points to another article"),
        ("Lea también: ¿De quién es la torre?", "points to another article"),
        ("Leggi anche: Di chi è la torre?", "points to another article"),
        ("Leia também: De quem é a torre?", "points to another article"),
        ("Lees ook: Van wie is de toren?", "points to another article"),
        ("Czytaj także: Czyja jest wieża?", "points to another article"),
        ("Читайте также: Чья это башня?", "points to another article"),
        ("Διαβάστε επίσης: Ποιανού είναι ο πύργος;", "points to another article"),
        ("**Read also:** [Who owns it?](https://example.org)", "points to another article"),
        ("Abonnieren Sie unseren Newsletter!", "invites readers to a newsletter"),
        ("Newsletter: Jetzt kostenlos anmelden!", "invites readers to a newsletter"),
        ("Newsletter jetzt abonnieren", "invites readers to a newsletter"),
        ("Sign up for our weekly newsletter.", "invites readers to a newsletter"),
        ("Enjoyed this? Get our newsletter every day.", "invites readers to a newsletter"),
        ("Abonnez-vous à notre newsletter", "invites readers to a newsletter"),
        ("Suscríbete a nuestro boletín", "invites readers to a newsletter"),
        ("Iscriviti alla newsletter", "invites readers to a newsletter"),
        ("Подпишитесь на нашу рассылку", "invites readers to a newsletter"),
        ("- Anzeige -", "marks an advertisement"),
        ("ADVERTISEMENT", "marks an advertisement"),
        ("[Publicité]", "marks an advertisement"),
        ("Der Artikel wird nach der Anzeige fortgesetzt.", "marks an advertisement"),
        ("Follow us on Mastodon and Bluesky", "asks readers to share or follow"),
        ("Folgen Sie uns auf Instagram!", "asks readers to share or follow"),
        ("Share this article on Facebook", "asks readers to share or follow"),
        ("Partager cet article", "asks readers to share or follow"),
        ("© 2024 Küstenpost. Alle Rechte vorbehalten.", "states the copyright"),
        ("Copyright 2023 by Example Press", "states the copyright"),
        ("All rights reserved.", "states the copyright"),
        ("Copyright The Harbour Post 2024", "states the copyright"),
        ("(c) 2019-2024 by Ada Berg", "states the copyright"),
        ("Copyright (c) The Harbour Post. All rights reserved.", "states the copyright"),
        ("Related: Why the ferry is late", "points to another article"),
        ("Zum Thema: Wem gehört der Turm", "points to another article"),
        ("Share on Facebook, X and WhatsApp", "asks readers to share or follow"),
        ("Auf Facebook teilen", "asks readers to share or follow"),
        ("Поделиться в Telegram", "asks readers to share or follow"),
        ("https://example.org/a?b=c", "is only a link"),
    ],
)
def test_boilerplate(line: str, reason: str) -> None:
    assert boilerplate_reason(line) == reason


@pytest.mark.parametrize(
    "line",
    [
        "Der Newsletter hat 4000 Abonnenten, wie der Verlag mitteilte.",
        "Wer den Newsletter abonniert, bekommt jeden Morgen eine Nachricht.",
        "„Abonnieren Sie unseren Newsletter“, steht auf jeder Seite, die sie untersucht hat.",
        "Subscribe buttons and newsletter boxes annoy readers, the study found.",
        "Publishers ask readers to subscribe to a newsletter, and many do.",
        "Get newsletters wrong and readers leave.",
        "Join the council in June.",
        "Subscribe to a paper, and you pay for what you read.",
        "Una newsletter puede costar mucho dinero, dijo la editora.",
        "Werbung finanziert fast alle Zeitungen.",
        "Advertising pays for most papers.",
        "Anzeige erstattete der Wirt erst am Montag.",
        "Lesen Sie auch den Vertrag, bevor Sie unterschreiben.",
        "Lesen Sie auch zwischen den Zeilen.",
        "Related work has shown that sentences matter.",
        "Further reading is needed before the law can pass.",
        "Follow us on a journey through the valley.",
        "Folgen Sie mir auf den Berg.",
        "Share this article of faith or not, it is widely held.",
        "Copyright law has changed little since then.",
        "Copyright in the novel expired in 1998 in most countries.",
        "(c) the treaty of 1955 between the two states",
        "(c) the treaty of peace.",
        "(c) 1955 was the year of the treaty.",
        "Recommended: 400 mg every six hours for adults.",
        "Recommended: 8 GB of memory",
        "Related: hypertension and diabetes are seen in half of the patients.",
        "Auf Facebook teilen viele Menschen Bilder von Katzen.",
        "Artikel teilen sich in bestimmte und unbestimmte.",
        "Share on Facebook fell by 12 % in 2020.",
        "Erhalten Sie keinen Newsletter mehr, wenden Sie sich an den Verlag.",
        "Das Zeichen © steht seit 1952 auf vielen Büchern.",
        "See https://example.org for more.",
        "Read more: " + "a long paragraph goes on and on " * 10,
    ],
)
def test_no_boilerplate(line: str) -> None:
    assert boilerplate_reason(line) is None


@given(st.text(max_size=400))
def test_boilerplate_never_fails(line: str) -> None:
    assert boilerplate_reason(line) is None or line.strip()


# --- glued headings -----------------------------------------------------------------------------


def glued(paragraph: str, rest: str, language: str | None) -> str | None:
    """The heading found, in an article of the paragraph and some other text."""
    split = GluedHeadings(f"{paragraph}\n{rest}", language).find(paragraph)
    return None if split is None else paragraph[:split]


@pytest.mark.parametrize(
    ("language", "heading", "paragraph", "rest"),
    [
        ("de", "Was die Fischer sagen", "Diese Frage stellt sich auf dem Kai jeden Tag neu.", ""),
        ("de", "Ein Plan ohne Geld", "Der Rat der Stadt hat dafür bisher nichts beschlossen.", ""),
        ("de", "Wer soll das bezahlen?", "Die Stadt hat dafür bisher kein Geld bewilligt.", ""),
        ("de", "Ein Plan und seine Kosten", "Brellin hat dafür bisher kein Geld bewilligt, so "
         "der Rat.", "Die Kosten steigen. Brellin wartet."),
        ("en", "A plan without money", "The council has so far decided nothing about the harbour.",
         ""),
        ("en", "The trouble with boats", "A boat of that size needs a crew of nine every day.",
         "Those boats are old."),
        ("fr", "Un projet sans argent", "Cette ville n’a encore rien décidé pour le vieux port.",
         ""),
        ("fr", "Un projet sans argent", "L’idée de la mairie est de vendre le vieux port.", ""),
        ("es", "Un plan sin dinero", "Los vecinos del puerto esperan todavía una respuesta clara.",
         ""),
        ("ru", "План без денег", "Это решение города пока никто не может объяснить людям.", ""),
        ("el", "Ένα σχέδιο χωρίς χρήματα", "Αυτό το λιμάνι περιμένει ακόμη μια απάντηση σήμερα.",
         ""),
    ],
)  # fmt: skip
def test_glued_heading(language: str, heading: str, paragraph: str, rest: str) -> None:
    assert glued(heading + paragraph, rest, language) == heading


@pytest.mark.parametrize(
    ("language", "paragraph", "rest"),
    [
        ("de", "Wie YouTube die Welt verändert, weiß heute niemand mehr so genau.", ""),
        ("de", "Mit etwas JavaScript wird die Seite schneller als je zuvor, sagt er.",
         "Java ist anders. Ein Script kann das auch."),
        ("en", "Browsers run JavaScript in a box that cannot reach the disk at all.",
         "Java is older. A script is a small program."),
        ("en", "When Ronald McDonald came to town, the children were there early.",
         "Then Donald came."),
        ("de", "Forscher von BioNTech und der GmbH haben das mit einem PhD geprüft.",
         "Die Tech ist neu."),
        ("en", "On an iPhone the app takes a second to start, and then it is quick.",
         "The phone is old."),
        ("de", "Auf LinkedIn suchen viele Firmen nach Leuten, die rechnen können.", "In der Stadt"),
        ("de", "Jede LehrerIn der Schule muss das Formular vor dem Sommer abgeben.",
         "Ein Lehrer kam."),
        ("de", "Die BürgerInnen der Stadt haben das Vorhaben im Mai abgelehnt, sagt er.",
         "Ein Bürger kam. Innen ist es warm."),
        ("en", "The largest of these firms was ExxonMobil, which had its seat in Texas then.",
         "Mobil was older. It bought Exxon."),
        ("en", "On LinkedIn many firms look for people who know how to count.", "In town."),
        ("de", "Wer bei BuchDie bestellt, wartet auf die Lieferung drei Wochen.",
         "Das Geschäft BuchDie schweigt."),
        ("de", "Das Berliner KaDeWe ist ein Haus, das viele auch von außen kennen.", ""),
        ("en", "Firms use ServiceNow to track the work of hundreds of people every day.",
         "The service is new. Now it works."),
        ("de", "Das Haus ist alt. Sagt auch der HausDer Wirt im Ort, den alle gut kennen.", ""),
        ("de", "Der FlixBus hält hier. Der FlixBus fährt dann weiter in die Stadt.", "Bus"),
        ("en", "Write to @newsThe or see example.comThe for more of the same thing.", ""),
        ("de", "HilfeDiese Frage stellt sich auf dem Kai jeden Tag neu, sagt man.", "Hilfe"),
        ("de", "Was die Fischer sagenDiese Frage stellt sich.", ""),
    ],
)  # fmt: skip
def test_camel_case_is_not_a_glued_heading(language: str, paragraph: str, rest: str) -> None:
    assert glued(paragraph, rest, language) is None


# --- Markdown -----------------------------------------------------------------------------------


def test_markdown_blocks() -> None:
    text = """# The *old* harbour

First paragraph,
on two lines.

## Who `waits`

> A quote
> of two lines.

- one
- two
  - three

1. a single item

| a | b |
| - | - |
| 1 | 2 |

    some code
"""
    reading = markdown(text)
    assert reading.title == "The old harbour"
    assert texts(text, reading) == [
        "First paragraph,\non two lines.",
        "A quote\n> of two lines.",
        "- one\n- two\n  - three",
        "1. a single item",
        "| a | b |\n| - | - |\n| 1 | 2 |",
        "some code",
    ]
    assert headings(reading) == [None, *["Who waits"] * 5]
    assert reading.omissions == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22. Juni 1941 war der Tag.", ["22. Juni 1941 war der Tag."]),
        ("1. FC Köln gewann\ndas Spiel.", ["1. FC Köln gewann\ndas Spiel."]),
        ("> 3) Dritte Regel.", ["3) Dritte Regel."]),
        (f"7. {'Wort ' * 60}Ende.\n\n   Mehr.", [f"7. {'Wort ' * 60}Ende.", "Mehr."]),
        ("4. # Kopf\n\n   Text.", ["Text."]),
        ("1. 2. Zwei.", ["1. 2. Zwei."]),
        ("- 12 Grad.", ["12 Grad."]),
    ],
)
def test_markdown_number_at_the_start_of_a_paragraph(text: str, expected: list[str]) -> None:
    assert texts(text, markdown(text)) == expected


def test_markdown_long_items_are_paragraphs() -> None:
    long = "word " * 50 + "end."
    text = f"* {long}\n* short\n"
    assert texts(text, markdown(text)) == [long, "short"]


def test_markdown_long_list_of_short_items() -> None:
    text = "".join(f"- item number {number}\n" for number in range(1, 301))
    found = texts(text, markdown(text))
    assert "\n".join(found) == text.strip()
    assert len(found) == 3
    assert all(len(paragraph) <= 2000 for paragraph in found)


def test_markdown_lead_in_stays_in_order() -> None:
    text = "That is:\nRead also: [x](y)\nMore words\n\n- one\n- two\n\nNothing follows this:\n"
    assert texts(text, markdown(text)) == [
        "That is:",
        "More words",
        "- one\n- two",
        "Nothing follows this:",
    ]


def test_markdown_lead_in_joins_list_and_code() -> None:
    text = "To build it, run:\n\n```sh\nmake all\n```\n\nYou need:\n\n* a boat\n* a net\n\nDone.\n"
    assert texts(text, markdown(text)) == [
        "To build it, run:\n\n```sh\nmake all\n```",
        "You need:\n\n* a boat\n* a net",
        "Done.",
    ]


def test_markdown_code_fences() -> None:
    text = "```sh\n\nmake all\n\n```\n\n```\n```\n\n"
    text += "> ~~~\n>\n> in a quote\n> ~~~\n\n- ```\n  item\n  ```"
    assert texts(text, markdown(text)) == ["make all", "in a quote", "item"]
    text = "```\nnever closed"
    assert texts(text, markdown(text)) == ["never closed"]


def test_markdown_list_in_a_quote() -> None:
    text = "> - one\n>   more\n> - two\n>\n"
    assert texts(text, markdown(text)) == ["- one\n>   more\n> - two"]


def test_markdown_omissions() -> None:
    text = """# T

![a picture](a.png)

[![a](b.png)](https://example.org)

[Only a link](https://example.org)

Text with [a link](https://example.org) in it.

**Read also:** [Another one](https://example.org)

<!-- a comment -->

***

Küstenpost

[x]: https://example.org
"""
    reading = markdown(text)
    assert texts(text, reading) == [
        "Text with [a link](https://example.org) in it.",
        "Küstenpost",
    ]
    assert [(omission.line, omission.reason) for omission in reading.omissions] == [
        (3, "is only an image"),
        (5, "is only an image"),
        (7, "is only a link"),
        (11, "points to another article"),
        (13, "is HTML"),
        (19, "defines a link"),
    ]
    assert reading.publisher is None


def test_markdown_list_of_links_only() -> None:
    text = "- [a page](https://example.org/a)\n- [b page](https://example.org/b)\n\nText.\n"
    reading = markdown(text)
    assert texts(text, reading) == ["Text."]
    assert [omission.reason for omission in reading.omissions] == ["is only a link"] * 2
    text = "- [a page](https://example.org/a)\n- words\n"
    assert texts(text, markdown(text)) == [text.strip()]


def test_markdown_boilerplate_line_inside_a_paragraph() -> None:
    text = "One line.\nRead also: [that](https://example.org)\nAnother line\nof text.\n"
    reading = markdown(text)
    assert texts(text, reading) == ["One line.", "Another line\nof text."]
    assert [omission.line for omission in reading.omissions] == [2]
    text = "The papers live on\nadvertising.\n"
    assert texts(text, markdown(text)) == [text.strip()]


@pytest.mark.parametrize(
    "text",
    [
        # By itself the second line is an invitation.
        "The members meet, vote and\nreceive the monthly newsletter, which is free.",
        "Whoever wants to know more may write.\nRead also: the report that the city\nsends.",
    ],
)
def test_markdown_sentence_that_breaks_at_a_boilerplate_line(text: str) -> None:
    reading = markdown(text)
    assert (texts(text, reading), reading.omissions) == ([text], ())


@pytest.mark.parametrize("rule", ["---", "==="])
@pytest.mark.parametrize(
    "prose",
    [
        "The quay was built in 1931.",
        f"{'word ' * 50}without an end",
        "The quay was built\nin 1931.",
    ],
)
def test_markdown_prose_above_a_rule(prose: str, rule: str) -> None:
    text = f"# T\n\n## H\n\n{prose}\n{rule}\n\nMore of it.\n"
    reading = markdown(text)
    assert (reading.title, headings(reading)) == ("T", ["H", "H"])
    assert texts(text, reading) == [prose, "More of it."]
    said = "the sentences above this line are read as a paragraph; put a blank line between them"
    assert reading.notes == (Note(6 + prose.count("\n"), said),)


def test_markdown_heading_above_a_rule() -> None:
    text = "Who waits?\n---\n\nThe quay.\n\nMr. T. and Prof. X\n---\n\nA crane.\n"
    assert headings(markdown(text)) == ["Who waits?", "Mr. T. and Prof. X"]
    assert markdown(text).notes == ()


def test_markdown_headings_of_nothing_are_named() -> None:
    text = "# T\n\nThe quay.\n\n## Sources\n\n[x](https://example.org)\n\n### More\n"
    assert [(o.text, o.reason) for o in markdown(text).omissions] == [
        ("Sources", "is a heading with no paragraph under it"),
        ("[x](https://example.org)", "is only a link"),
        ("More", "is a heading with no paragraph under it"),
    ]
    assert markdown("# T\n\n## A\n\n### B\n\nThe quay.\n").omissions == ()


@pytest.mark.parametrize("mark", ["> ", "- "])
def test_markdown_nested_too_deeply(mark: str) -> None:
    text = f"{mark * 3}the lamp\n\nThe quay.\n\n{mark}\n\nOld.\n\n{mark * 120}the crane\n"
    reading = markdown(text)
    assert texts(text, reading) == ["the lamp", "The quay.", "Old."]
    (omission,) = reading.omissions
    assert omission.text.endswith("the crane")
    assert (omission.line, omission.reason) == (9, "is nested too deeply")


def test_markdown_pasted_text() -> None:
    lines = [f"{'Word ' * 25}{name}. And another sentence here." for name in ("one", "two", "six")]
    lines.insert(2, "Read also: something else")
    lines[1] = "The trouble with boats" + lines[1].replace("Word ", "The word ", 1)
    text = "\n".join(lines)
    reading = markdown(text)
    assert texts(text, reading) == [lines[0], lines[1][22:], lines[3]]
    assert headings(reading) == [None, *["The trouble with boats"] * 2]
    assert [note.line for note in reading.notes] == [1, 2]


def test_markdown_glued_heading_is_only_noted() -> None:
    text = "Was die Fischer sagenDiese Frage stellt sich auf dem Kai jeden Tag neu.\n"
    reading = read_markdown(text, 0, title=None, language="de", exclude=())
    assert texts(text, reading) == [text.strip()]
    assert [note.line for note in reading.notes] == [1]


def test_markdown_headings_and_titles() -> None:
    text = "Before.\n\nFirst\n=====\n\nA.\n\n# Second\n\nB.\n\n### Third ###\n\nC.\n"
    assert markdown(text).title == "First"
    assert headings(markdown(text)) == [None, None, "Second", "Third"]
    assert headings(markdown(text, "Given")) == [None, "First", "Second", "Third"]


def test_markdown_line_ends() -> None:
    text = "# T\r\n\r\n> one\r\n> two\r\n\r\n- a\r\n- b\r\n"
    assert texts(text, markdown(text)) == ["one\r\n> two", "- a\r\n- b"]


def test_markdown_exclude() -> None:
    text = "Keep this.\n\nPhoto: Anna\nFeld made it.\n"
    reading = markdown(text, exclude=["Anna Feld"])
    assert texts(text, reading) == ["Keep this."]
    assert reading.omissions[0].line == 3


# fmt: off
MARKUP = st.lists(st.sampled_from([
    "# \n", "## ", "> ", "- ", "1. ", "    ", "\t", "```\n", "~~~", "---\n", "|a|b|\n", "|-|-|\n",
    "<!-- ", "-->", "[a](b)", "![a](b)", "[r]: x\n", "\n", "\n\n", "\r\n", "\r", "word ", "Word. ",
    "Ärger", "😀", "\u00a0", ":\n", "Read also: x\n", "*", "_", "`", "<b>", "\\", "|",
])).map("".join)
# fmt: on


@given(MARKUP)
def test_markdown_spans(text: str) -> None:
    check_spans(text, markdown(text))


@given(st.one_of(MARKUP, st.text()))
def test_plain_spans(text: str) -> None:
    check_spans(text, plain(text))


def check_spans(text: str, reading: Reading) -> None:
    before = 0
    for paragraph in reading.paragraphs:
        quote = text[paragraph.start : paragraph.end]
        assert before <= paragraph.start < paragraph.end <= len(text)
        assert quote == quote.strip()
        assert any(map(str.isalnum, quote))
        before = paragraph.end
    assert all(omission.text in text for omission in reading.omissions)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for omission in reading.omissions:
        first = omission.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[0]
        assert first in lines[omission.line - 1]
