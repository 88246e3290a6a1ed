### Was der Bot auf Deutsch sagt.
###
### Er duzt. Werte in geschweiften Klammern sind gefahrlos anzuzeigen.

## Befehle. Namen: klein, ohne Leerzeichen, höchstens 32 Zeichen; Beschreibungen höchstens 100.

ask-name = fragen
ask-description = Zeigt dir wörtlich die Stelle, die deine Frage beantwortet, mit ihrer Quelle
ask-question = frage
ask-question-description = Deine Frage, in beliebiger Sprache
ask-article = artikel
ask-article-description = Nur in diesem Artikel suchen
ask-private = privat
ask-private-description = Die Antwort nur dir zeigen
evidence-name = Belege finden
sources-name = quellen
sources-description = Was in der Bibliothek steht
help-name = hilfe
help-description = Wie du fragst und was die Antworten bedeuten
privacy-name = datenschutz
privacy-description = Was über dich gespeichert ist; exportieren oder löschen
admin-name = admin
admin-description = Für alle, die sich um diesen Server und die Bibliothek kümmern
reindex-name = reindexieren
reindex-description = Den Index auf den Stand der Artikel bringen

settings-name = einstellungen
settings-description = Wo, für wen und wie streng ich auf diesem Server antworte
status-name = status
status-description = Wie es dem Bot und seiner Bibliothek geht
gaps-name = lücken
gaps-description = Was hier gefragt wurde und keine gute Antwort bekam
stats-name = statistik
stats-description = Wie viele Fragen hier gestellt und wie viele davon beantwortet wurden
stats-days = tage
stats-days-description = Wie viele Tage zurück; ohne Angabe 30
add-name = hinzufügen
add-description = Einen Artikel in die Bibliothek aufnehmen: als Datei oder als eingefügten Text
add-file = datei
add-file-description = Eine Markdown- oder Textdatei; ohne Datei öffnet sich ein Formular für eingefügten Text
remove-name = entfernen
remove-description = Einen Artikel aus der Bibliothek nehmen; er lässt sich wiederherstellen
remove-article = artikel
remove-article-description = Der Artikel, der entfernt werden soll
restore-name = wiederherstellen
restore-description = Einen entfernten Artikel zurückholen
restore-article = artikel
restore-article-description = Der Artikel, der zurückkommen soll

## Eine Antwort

question = **Frage:** { $text }
claim = **Nachgeschlagen:** { $text }
asks = Zu „{ $text }“:
unsure = { $count ->
    [one] Diese Stelle passt am ehesten; vielleicht beantwortet sie deine Frage nicht.
   *[other] Diese Stellen passen am ehesten; vielleicht beantworten sie deine Frage nicht.
}
unsure-claim = { $count ->
    [one] Diese Stelle passt am ehesten; vielleicht sagt sie dazu nichts.
   *[other] Diese Stellen passen am ehesten; vielleicht sagen sie dazu nichts.
}
unanswered = Auf „{ $text }“ habe ich in diesen Artikeln keine Antwort gefunden.
no-answer = In diesen Artikeln habe ich keine Antwort darauf gefunden.
no-evidence = Dazu habe ich in diesen Artikeln nichts gefunden.
no-articles = In meiner Bibliothek gibt es noch keine Artikel.
library = In der Bibliothek stehen:
more-titles = { $count ->
    [one] und ein weiterer
   *[other] und { $count } weitere
}
examples = Du könntest zum Beispiel fragen:
paragraph = Absatz { $number }
certainty = Einschätzung: { $level ->
    [high] fast sicher
    [good] sehr wahrscheinlich
    [fair] wahrscheinlich
   *[low] zweifelhaft
}
passage-of = Stelle { $number } von { $count }
page-of = Seite { $number } von { $count }
claim-cut = Die Nachricht ist lang; ich habe ihre ersten { $count } Zeichen nachgeschlagen.
only-first = Ich habe nur die ersten { $most } Fragen nachgeschlagen. Frag mich bitte ab „{ $text }“ noch einmal.
link = Zum Artikel
previous = Vorige
next = Nächste
context = Kontext
context-title = Die Absätze ringsum, aus **{ $title }**
back = Zurück zur Antwort
share = Teilen
remove = Entfernen
helpful = Hilfreich
not-helpful = Nicht hilfreich

## Knöpfe

changed = Dieser Absatz wurde geändert oder entfernt, seit ich ihn gezeigt habe. Frag bitte noch einmal.
forgotten = Diese Antwort habe ich nicht mehr: Fragen werden nach einer Weile gelöscht. Frag bitte noch einmal.
shared = Geteilt. Alle in diesem Kanal können die Antwort jetzt sehen.
shared-already = Du hast diese Antwort schon geteilt.
may-not-share = Teilen kann eine Antwort nur, wer gefragt hat.
may-not-remove = Diese Antwort kann nur entfernen, wer gefragt hat oder hier Nachrichten verwalten darf.
thanks = Danke. Das hilft allen, die sich um diese Artikel kümmern.
reason-title = Was war nicht hilfreich?
reason-label = Was hast du erwartet? (optional)
reason-placeholder = Zum Beispiel: Die Stelle handelt von einem anderen Jahr
thanks-reason = Danke. Wer sich um diese Artikel kümmert, sieht, was du geschrieben hast.

## Wenn eine Frage nicht nachgeschlagen wird

hello = Stell mir eine Frage, und ich suche die Stelle, die sie beantwortet: mit { $command-ask }, in einer Direktnachricht oder indem du mich zusammen mit deiner Frage erwähnst.
too-long = Deine Frage ist { $length } Zeichen lang, und ich lese höchstens { $limit }. Stell sie bitte kürzer.
no-text = In dieser Nachricht steht kein Text, den ich nachschlagen könnte.
preparing = Die Bibliothek wird gerade vorbereitet. Frag bitte in ein, zwei Minuten noch einmal.
preparing-progress = Die Bibliothek wird gerade vorbereitet: { $done } von { $total } Texten sind gelesen. Frag bitte in ein paar Minuten noch einmal.
cooldown = Du hast in kurzer Zeit viel gefragt. Frag bitte { $when } wieder.
queue-full = Gerade warten zu viele Fragen. Frag bitte { $when } noch einmal.
not-here = In diesem Kanal antworte ich nicht. Frag mich in { $channels }.
not-your-role = Auf diesem Server dürfen mich nur bestimmte Rollen fragen. Wer den Server verwaltet, kann das ändern.
cannot-write = In { $channel } darf ich nicht schreiben, deshalb antworte ich dir hier privat. Wer den Server verwaltet, kann es mir erlauben.
cannot-share = In { $channel } darf ich nicht schreiben, also kann ich die Antwort dort nicht teilen. Wer den Server verwaltet, kann es erlauben.
unknown-article = Diesen Artikel gibt es in meiner Bibliothek nicht. Wähl beim Tippen einen aus der Liste.
stopping = Ich werde gerade neu gestartet. Versuch es bitte in einer Minute noch einmal.
command-changed = Das hat sich geändert, seit du es zuletzt gesehen hast. Tipp `/` und wähl den Befehl bitte neu aus.
failed = Entschuldige, bei mir ist etwas schiefgegangen. Versuch es bitte später noch einmal; wer mich betreibt, findet es im Log unter `{ $identifier }`.

## Was in der Bibliothek steht

sources-title = { $articles ->
    [one] **In der Bibliothek steht ein Artikel.**
   *[other] **In der Bibliothek stehen { $articles } Artikel.**
}
source-paragraphs = { $count ->
    [one] ein Absatz
   *[other] { $count } Absätze
}

## Hilfe

help =
    { "" }**Ich zeige dir wörtlich die Stelle, die deine Frage beantwortet, mit ihrer Quelle.**
    Eigene Antworten schreibe ich nie. Wenn die Artikel deine Frage nicht beantworten, sage ich das.
    { "" }
    { "" }**So fragst du**
    - { $command-ask } und deine Frage, in beliebiger Sprache. Mit `artikel` suche ich nur in einem Artikel; mit `privat` siehst nur du die Antwort.
    - Erwähne mich in einem Kanal zusammen mit deiner Frage oder schreib mir direkt.
    - Antworte auf eine meiner Antworten, um nachzuhaken. Lass die Erwähnung dabei eingeschaltet; bei einer Antwort auf { $command-ask } schreib sie in den Text.
    - Öffne das Menü einer Nachricht, dann *Apps*, dann *Belege finden*, und du siehst, was die Artikel dazu sagen.
    { "" }
    { "" }**So liest du eine Antwort**
    Der fett gedruckte Satz ist der, den ich für die Antwort halte. *Kontext* zeigt die Absätze ringsum, *Nächste* eine weitere Stelle. „Zweifelhaft“ heißt, dass die Stelle deine Frage vielleicht nicht beantwortet.
    { "" }
    { $command-sources } listet die Artikel auf. { $command-privacy } sagt, was über dich gespeichert ist.

## Datenschutz

privacy =
    { "" }**Was ich über dich speichere**
    Deine Fragen, die Nachrichten, die du nachgeschlagen hast, was ich geantwortet habe und was du davon gehalten hast. Das bewahre ich auf, damit die Knöpfe unter einer Antwort funktionieren und damit alle, die sich um die Artikel kümmern, sehen, was fehlt; auch bei privaten Fragen. Statt deines Namens oder deiner ID steht dort ein Code, den nur ich dir zuordnen kann.
    Fragen von hier werden nach { $days ->
        [one] einem Tag
       *[other] { $days } Tagen
    } gelöscht; jeder Server bestimmt das für sich, und bei Direktnachrichten sind es { $standard } Tage. An niemanden sonst wird etwas geschickt: Ich schlage auf dem Rechner nach, auf dem ich laufe.
    { "" }
    Zurzeit gespeichert: { $questions ->
        [0] keine Fragen
        [one] eine Frage
       *[other] { $questions } Fragen
    } und { $ratings ->
        [0] keine Bewertungen
        [one] eine Bewertung
       *[other] { $ratings } Bewertungen
    }.
export = Meine Daten exportieren
erase = Meine Daten löschen
export-ready = Hier ist alles, was über dich gespeichert ist.
erase-ask = Alle deine Fragen und Bewertungen löschen? Die Knöpfe unter deinen bisherigen Antworten funktionieren dann nicht mehr.
erase-yes = Ja, löschen
erase-no = Nein, behalten
erased = { $questions ->
    [0] { $ratings ->
        [0] Es gab nichts zu löschen.
        [one] Gelöscht: eine Bewertung.
       *[other] Gelöscht: { $ratings } Bewertungen.
    }
    [one] Gelöscht: eine Frage und { $ratings ->
        [one] eine Bewertung
       *[other] { $ratings } Bewertungen
    }.
   *[other] Gelöscht: { $questions } Fragen und { $ratings ->
        [one] eine Bewertung
       *[other] { $ratings } Bewertungen
    }.
}
kept = Es wurde nichts gelöscht.

## Wer was darf

may-not-manage = Das können nur Mitglieder, die diesen Server verwalten dürfen.
not-the-owner = In Direktnachrichten kann das nur, wem dieser Bot gehört.
not-added = Ich wurde zu diesem Server nicht hinzugefügt, also gibt es hier nichts zu verwalten.

## Neu indexieren

progress = { $total ->
    [one] Die Artikel werden kodiert: { $done } von einem Text …
   *[other] Die Artikel werden kodiert: { $done } von { $total } Texten …
}
reindexed = **Der Index ist auf dem neuesten Stand.** Das hat { $seconds } s gedauert.
reindexed-articles = Artikel: { $added } neu, { $changed } geändert, { $removed } entfernt, { $unchanged } unverändert.
reindexed-passages = Stellen: { $encoded } neu kodiert, { $passages } insgesamt.
reindexed-rebuilt = Der Index wurde von Grund auf neu gebaut; warum, steht im Log.
left-out = Ausgelassen:
left-out-file = { $path }: { $reason }.
left-out-line = { $path }, Zeile { $line }: { $reason }.
more-left-out = { $count ->
    [one] und eine weitere Datei; `beleg check` nennt sie alle
   *[other] und { $count } weitere Dateien; `beleg check` nennt sie alle
}
reindex-failed = Das Reindexieren ist fehlgeschlagen, deshalb bleibt der alte Index in Gebrauch. { $sentence }
reindex-not-saved = Der Index konnte nicht gespeichert werden, deshalb bleibt der alte in Gebrauch. Wer mich betreibt, findet den Grund im Log; meist ist die Festplatte voll, oder in den Datenordner darf nicht geschrieben werden.
reindex-stopped = Ich werde gerade beendet, deshalb wurde das Reindexieren abgebrochen. Der alte Index bleibt in Gebrauch.

## Einstellungen eines Servers

server-only = Das gehört zu einem Server: Benutz den Befehl dort.
settings-title =
    { "" }**Einstellungen dieses Servers**
    Änderungen gelten sofort.
settings-channels = **Kanäle**, in denen ich antworte
settings-channels-all = Alle Kanäle
settings-channels-gone = { $left ->
    [0] Die hier gewählten Kanäle gibt es nicht mehr, daher antworte ich nirgends. Wähle andere oder nimm die Auswahl zurück:
   *[other] Einige der hier gewählten Kanäle gibt es nicht mehr.
}
settings-askers = **Wer fragen darf**
settings-askers-all = Alle
settings-askers-gone = { $left ->
    [0] Die hier gewählten Rollen gibt es nicht mehr, daher darf niemand fragen. Wähle andere oder nimm die Auswahl zurück:
   *[other] Einige der hier gewählten Rollen gibt es nicht mehr.
}
settings-strictness = **Wie sicher ich sein muss**, um eine Stelle als Antwort zu zeigen
settings-strictness-looser = Lockerer: mehr Antworten, darunter mehr falsche
settings-strictness-normal = Normal
settings-strictness-stricter = Strenger: weniger Antworten, darunter weniger falsche
settings-language = **Sprache**, in der ich spreche; Textstellen bleiben, wie sie geschrieben wurden
settings-language-auto = Die Sprache des jeweiligen Mitglieds
settings-days = **Wie lange Fragen aufbewahrt werden**
settings-days-count = { $days ->
    [one] ein Tag
   *[other] { $days } Tage
}
settings-private = **Antworten auf { $command-ask }**, wenn beim Fragen nichts anderes gewählt wird
settings-private-on = Nur für die fragende Person
settings-private-off = Für alle

## Status

status-title = **Wie es mir geht**
status-articles = Artikel: { $count }
status-passages = Stellen: { $count }
status-model = Modell: { $name }
status-index = Index auf der Festplatte: { $megabytes } MB
status-reindex = Gerade wird reindexiert: { $done } von { $total } Texten sind gelesen.
status-memory = Arbeitsspeicher: { $megabytes } MB
status-queue = Fragen in Arbeit: { $count }
status-uptime = Gestartet: { $when }
status-version = Version: { $version }

## Lücken und Zahlen

gaps-title = **Was hier gefragt wurde und keine gute Antwort bekam**, das Häufigste zuerst
gaps-none = Alle Fragen, die hier gestellt wurden, haben eine gute Antwort, oder es wurde noch keine gestellt.
gap-counts = { $asked ->
    [one] einmal gefragt
   *[other] { $asked }-mal gefragt
}, { $unanswered } davon ohne klare Antwort{ $dislikes ->
    [0] { "" }
   *[other] { "" }, { $dislikes }-mal als nicht hilfreich markiert
}
gap-wordings = { $count ->
    [one] und eine andere Formulierung
   *[other] und { $count } andere Formulierungen
}
gap-reason = „{ $text }“
gaps-more = und { $count } weitere: In der Tabelle stehen alle
gaps-export = Als CSV exportieren
gaps-file = Alle zusammen, als Tabelle.
gaps-column-question = Frage
gaps-column-asked = Gefragt
gaps-column-unanswered = Ohne klare Antwort
gaps-column-not-helpful = Nicht hilfreich
gaps-column-last-asked = Zuletzt gefragt
gaps-column-wordings = Andere Formulierungen
gaps-column-reasons = Genannte Gründe
stats-title = { $days ->
    [one] **Der letzte Tag auf diesem Server**
   *[other] **Die letzten { $days } Tage auf diesem Server**
}
stats-none = Es wurde nichts gefragt.
stats-questions = Fragen: { $count }{ $daily ->
    [0] { "" }
   *[other] { "" }, { $daily } pro Tag
}
stats-shares = Beantwortet: { $answered } %, zweifelhaft: { $unsure } %, nicht in den Artikeln: { $refused } %
stats-ratings = Als hilfreich markiert: { $likes }, als nicht hilfreich: { $dislikes }
stats-claims = Nachgeschlagene Nachrichten: { $count }
stats-days-title = **Tag für Tag**
stats-day = { $count ->
    [one] eine Frage
   *[other] { $count } Fragen
}, { $answered } beantwortet
stats-top = **Was am häufigsten geantwortet hat**
stats-times = { $count ->
    [one] einmal
   *[other] { $count }-mal
}

## Artikel hinzufügen und entfernen

may-not-edit = Alle Server teilen sich diese Bibliothek. Ändern lässt sie sich nur dort, wo es erlaubt wurde; darüber entscheidet, wer mich betreibt.
add-too-large = Diese Datei ist zu groß: Ein Artikel darf höchstens { $megabytes } MB haben.
add-form-title = Einen Artikel hinzufügen
add-form-title-field = Titel
add-form-author = Autorin oder Autor (optional)
add-form-url = Link (optional)
add-form-text = Text, mit Leerzeilen zwischen den Absätzen
add-yes = In die Bibliothek aufnehmen
cancel = Abbrechen
cancelled = Es wurde nichts geändert.
added = **Der Artikel wurde hinzugefügt.**
removed = **Der Artikel wurde entfernt.** { $command-restore } holt ihn zurück.
restored = **Der Artikel ist wieder da.**
remove-ask = **{ $title }** aus der Bibliothek nehmen, für alle Server? Der Artikel lässt sich später wiederherstellen.
remove-yes = Ja, entfernen
draft-title = **{ $title }**
draft-preview = Das ist eine Vorschau; noch ist nichts hinzugefügt.
draft-facts = Gespeichert wird er als { $file }. { $paragraphs ->
    [one] Ein Absatz
   *[other] { $paragraphs } Absätze
}, Sprache: { $language }.
draft-notes = Was aufgefallen ist:
draft-note = Zeile { $line }: { $text }
draft-more-notes = { $count ->
    [one] und ein weiterer Hinweis
   *[other] und { $count } weitere Hinweise
}
draft-more = { $count ->
    [one] und ein weiterer Absatz
   *[other] und { $count } weitere Absätze
}
draft-gone = Diese Vorschau ist zu alt. Füg den Artikel bitte noch einmal hinzu.
