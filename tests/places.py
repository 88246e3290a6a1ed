"""A made-up data set of two languages.

The names, years and numbers in the texts are the same words in both, which is all that a question
has in common with a passage of the other.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from index.evaluate import Dataset, read_squad

# A place, who built its pier and when, who keeps its tower and how high that is.
PLACES = (
    ("Arnsholm", "Odile", "1887", "Jonas", "31"),
    ("Brandsee", "Mira", "1912", "Edda", "44"),
    ("Quillhaven", "Tomas", "1954", "Runa", "27"),
    ("Tarnwick", "Selma", "1803", "Piet", "58"),
)
# Two paragraphs of two sentences; of each the question and what answers it.
TEXTS = {
    "de": (
        ("Der Steg von {0} ist aus Eichenholz. Im Jahr {2} hat {1} ihn gebaut.", "{1}"),
        ("Wer hat {2} den Steg von {0} gebaut?",),
        ("Der Turm von {0} ist {4} Meter hoch. Nachts zählt {3} dort die Schiffe.", "{4} Meter"),
        ("Wie viele Meter ist der Turm von {0} hoch?",),
    ),
    "en": (
        ("The pier of {0} is made of oak. In the year {2} it was built by {1}.", "{1}"),
        ("Who built the pier of {0} in {2}?",),
        ("The tower of {0} is {4} metres high. At night {3} counts the ships there.", "{4} metres"),
        ("How many metres is the tower of {0} high?",),
    ),
}
TALK = ["moin moin", "thanks a lot", "gute Nacht"]
PAIRS = [("de", "de"), ("en", "de"), ("de", "en"), ("en", "en")]


def squad(folder: Path, language: str, places: Sequence[Sequence[str]] = PLACES) -> Dataset:
    """The data set of one language, written in SQuAD format and read back."""
    data = []
    for number, place in enumerate(places):
        paragraphs = []
        for kind in (0, 2):
            text, answer = (part.format(*place) for part in TEXTS[language][kind])
            [asked] = (part.format(*place) for part in TEXTS[language][kind + 1])
            answers = [{"text": answer, "answer_start": text.index(answer)}]
            qas = [{"id": f"{number}-{kind}", "question": asked, "answers": answers}]
            paragraphs.append({"context": text, "qas": qas})
        data.append({"title": place[0], "paragraphs": paragraphs})
    path = folder / f"{language}.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return read_squad(path)
