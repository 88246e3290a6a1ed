### Was über Dateien und Artikel gesagt wird, auf Deutsch. Englisch steht es in index/remarks.py.
###
### Werte in geschweiften Klammern können aus Dateien stammen; sie werden erst mit dem ganzen Satz
### entschärft. Ausgelassenes ergänzt den Satz „Diese Zeile …“.

## Der Ordner und seine Dateien

folder-missing = Diesen Ordner gibt es nicht; leg ihn an und leg Artikel hinein
folder-is-a-file = Das ist eine Datei, kein Ordner; nenn den Ordner, in dem die Artikel liegen
folder-unreadable = Der Ordner lässt sich nicht lesen; prüf seine Zugriffsrechte
folder-empty = Hier liegt kein Artikel; leg eine Markdown- oder Textdatei hinein
and-more-files = { $reason } ({ $count ->
    [one] eine weitere Datei ließ sich auch nicht lesen
   *[other] { $count } weitere Dateien ließen sich auch nicht lesen
}; beleg check nennt sie alle)
same-id = Ihre ID „{ $id }“ hat auch { $other }; gib einer der beiden im Kopf eine andere
name-not-showable = Ihr Name enthält Zeichen, die sich nicht anzeigen lassen; benenn sie um
link-leads-out = Das ist ein Link, der aus dem Artikelordner hinausführt; kopier hierher, worauf er zeigt
not-a-file = Das ist keine gewöhnliche Datei; entferne sie
file-unreadable = Die Datei lässt sich nicht lesen; prüf ihre Zugriffsrechte oder worauf der Link zeigt
file-too-large = Die Datei ist größer als { $megabytes } MB; teil sie in mehrere Artikel auf
too-many-lines = sie hat mehr als { $most } Zeilen; teil sie in mehrere Artikel auf
file-empty = Die Datei ist leer; schreib den Artikel hinein oder entferne sie
no-paragraph = Die Datei enthält keinen Absatz, der sich zitieren ließe; ergänze Text oder entferne sie
all-excluded = Jeder Absatz enthält etwas, das der Kopf ausschließt; schließ weniger aus
half-character = Der Text enthält ein halbes Zeichen, das sich nicht speichern lässt; entferne es

## Kodierung

damaged-utf16 = Das ist beschädigtes UTF-16; speicher die Datei neu als UTF-8
damaged-utf8 = Das UTF-8 ist beschädigt; bring die Zeichen dort in Ordnung und speicher die Datei als UTF-8
unknown-encoding = Die Datei ist weder UTF-8 noch Windows-1252; speicher sie als UTF-8
control-character = Die Datei enthält ein Steuerzeichen und ist kein Text; entferne es oder speicher sie als Text in UTF-8
read-as = als { $encoding } gelesen; speicher die Datei als UTF-8
stored-as-utf8 = als { $encoding } gelesen und als UTF-8 gespeichert; sieh nach, ob jeder Buchstabe stimmt
damaged-before = enthält das Ersatzzeichen U+FFFD: Der Text war schon vorher beschädigt

## Der Kopf eines Artikels

head-without-end = Der Kopf hat kein Ende; schließ ihn mit einer Zeile aus drei Bindestrichen ab
head-not-first = Der Kopf beginnt nicht in Zeile 1; entferne, was davor steht
head-in-toml = Der Kopf ist in TOML geschrieben; schreib „key: value“ in YAML zwischen zwei Zeilen aus drei Bindestrichen
head-is-a-rule = die drei Bindestriche werden als Trennlinie gelesen; schreib für einen Kopf „key: value“ darunter
head-not-a-list = Der Kopf ist keine Liste von Zeilen der Form „key: value“; schreib ihn um
head-alias = Der Kopf verwendet einen YAML-Anker oder -Alias; schreib den Wert aus
head-too-deep = Der Kopf ist zu tief verschachtelt; vereinfach ihn
head-not-yaml = Der Kopf ist kein gültiges YAML; schreib „key: value“ und setz Werte mit Doppelpunkt, Anführungszeichen oder anderen Sonderzeichen in Anführungszeichen
head-bad-character = Der Kopf ist kein gültiges YAML (ein Zeichen ist nicht erlaubt); entferne es
key-not-a-word = Ein Schlüssel im Kopf ist kein Wort; schreib „key: value“
key-twice = „{ $key }“ kommt zweimal vor; behalt eines davon
key-misspelt = unbekannter Schlüssel „{ $key }“ im Kopf; meintest du „{ $near }“?
key-unknown = unbekannter Schlüssel „{ $key }“ im Kopf; bekannt sind { $known }
value-not-text = „{ $key }“ ist kein Text; schreib Text hin
value-needs-quotes = „{ $key }“ ist für YAML kein Text; setz { $value } in Anführungszeichen
entry-not-text = „{ $key }“ enthält etwas, das kein Text ist; setz jeden Eintrag in Anführungszeichen
value-not-a-list = „{ $key }“ ist keine Liste; schreib je Zeile einen Bindestrich und den Text
url-wrong = „url“ ist keine Webadresse; schreib eine, die mit https:// beginnt
date-wrong = „date“ ist kein Tag; schreib ihn als Jahr-Monat-Tag, etwa 2025-07-23
language-wrong = „language“ ist kein Kürzel aus zwei Buchstaben; schreib eines wie de oder en
id-wrong = „id“ ist kein kurzer Name; nimm bis zu 64 der Zeichen a-z, 0-9, Punkt, Bindestrich und Unterstrich, am Anfang einen Buchstaben oder eine Ziffer
keeps-nothing = „{ $text }“ (keep) steht nirgends im Text
excludes-nothing = „{ $text }“ (exclude) steht in keiner Zeile, die gelesen wird

## Wie der Text gelesen wird

heading-split = angeklebte Überschrift abgetrennt: „{ $heading }“
heading-maybe-glued = „{ $heading }“ ist vielleicht eine Überschrift, die an ihrem Absatz klebt; gib ihr eine eigene Zeile
prose-above-rule = die Sätze über dieser Zeile werden als Absatz gelesen; setz eine Leerzeile dazwischen
lines-as-paragraphs = jede Zeile wird als Absatz gelesen; setz Leerzeilen dazwischen

## Was ausgelassen wird

left-out = ausgelassen: „{ $text }“ { $reason }
is-excluded = enthält „{ $text }“, was der Kopf ausschließt
no-words = enthält keine Wörter
points-elsewhere = verweist auf einen anderen Artikel
invites = wirbt für einen Newsletter
advertises = kennzeichnet eine Anzeige
shares = bittet darum, zu teilen oder zu folgen
claims-rights = nennt das Urheberrecht
only-link = ist nur ein Link
only-image = ist nur ein Bild
names-publisher = nennt den Herausgeber
heading-of-nothing = ist eine Überschrift ohne Absatz darunter
nested-too-deeply = ist zu tief verschachtelt
is-html = ist HTML
defines-link = legt einen Link fest

## Hinzufügen, entfernen und zurückholen

no-article-name = „{ $name }“ ist kein Artikel; der Name muss auf .md, .markdown oder .txt enden.
no-draft-name = „{ $name }“ heißt kein Entwurf; mach einen neuen Entwurf.
title-blank = Im Titel steht weder ein Buchstabe noch eine Ziffer; gib einen anderen ein.
value-wrong = { $reason }.
added-too-large = Die Datei „{ $name }“ ist größer als { $megabytes } MB; teil sie in mehrere Artikel auf.
utf8-too-large = Als UTF-8 ist die Datei „{ $name }“ größer als { $megabytes } MB; teil sie in mehrere Artikel auf.
text-too-large = Der Text ist größer als { $megabytes } MB; teil ihn in mehrere Artikel auf.
id-taken = { $path } hat schon die ID „{ $id }“; entferne diesen Artikel zuerst oder gib einem der beiden eine andere ID.
name-taken = { $path } gibt es schon; entferne diesen Artikel zuerst oder gib einem der beiden einen anderen Namen.
unknown-id = Es gibt keinen Artikel mit der ID „{ $id }“; wähl einen, der in der Bibliothek steht.
is-link = { $path } ist ein Link; entferne ihn von Hand.
unknown-removed = Es gibt keinen entfernten Artikel „{ $key }“; er wurde schon zurückgeholt, oder sein Eintrag ist beschädigt.
place-leads-out = Der Ordner von { $path } ist jetzt ein Link, der aus dem Artikelordner hinausführt; entferne zuerst den Link.
not-stored = { $path } konnte nicht gespeichert werden
not-removed = Der Artikel „{ $id }“ konnte nicht entfernt werden
not-put-back = Der entfernte Artikel „{ $key }“ konnte nicht zurückgeholt werden
other-writer = { $failure }: Seit { $seconds } Sekunden ist jemand anders beim Schreiben; versuch es in einer Minute noch einmal.
disk-failed = { $failure }: { $reason }; prüf den freien Speicherplatz und die Zugriffsrechte der Ordner „{ $content }“ und „{ $removed }“.
removed-unreadable = Die entfernten Artikel lassen sich nicht lesen: { $reason }; prüf die Zugriffsrechte des Ordners „{ $removed }“.

## Was das Betriebssystem sagt

disk-full = Kein Platz mehr auf dem Datenträger
permission-denied = Zugriff verweigert
not-permitted = Vorgang nicht erlaubt
read-only = Das Dateisystem ist schreibgeschützt
io-error = Fehler beim Lesen oder Schreiben
