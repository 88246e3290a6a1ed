"""Who may do what, as a table: ``docs/rights.md`` shows it, ``test_rights.py`` tries it all.

``PYTHONPATH=. .venv/bin/python tests/in_discord/rights.py`` prints the tables for the page.
"""

from __future__ import annotations

from bot.catalogue import texts_in

WHO = (
    "member",
    "another member",
    "without the role",
    "moderator",
    "admin",
    "admin elsewhere",
    "operator, direct",
    "anyone, direct",
    "brought along",
    "right lost",
)
"""The columns; docs/rights.md says what each means."""

REFUSALS = {
    "A": "may-not-manage",
    "B": "not-the-owner",
    "C": "may-not-edit",
    "D": "server-only",
    "E": "not-your-role",
    "F": "may-not-share",
    "G": "may-not-remove",
    "H": "forgotten",
    "I": "not-added",
}
"""What somebody is told, by the names of the texts, and nothing is done."""

# yes: it is done; copy: it is done in a copy that only they see; none: nothing is shown; ·: cannot
# be, as Discord sends the bot no messages there.
_ALL = "yes " * len(WHO)
_ASK = "yes  yes   E     yes   yes   yes   yes   yes   yes   E"
_TALK = "yes  yes   E     yes   yes   yes   yes   yes   ·     E"
_TURN = "yes  copy  copy  copy  copy  H     yes   yes   yes   yes"
_RATE = "yes  yes   yes   yes   yes   H     yes   yes   yes   yes"
_LOOK = "A    A     A     A     yes   yes   yes   B     I     A"
_HERE = "A    A     A     A     yes   yes   D     B     I     A"
_EDIT = "A    A     A     A     yes   C     yes   B     I     A"

# What it covers, as the program calls it; how the page names it; what happens to each of WHO.
_ROWS = (
    ("ask", "`/ask`", _ASK),
    ("ask article", "… its choice of articles", _ALL),
    ("Find evidence", "*Find evidence*", _ASK),
    ("message", "a direct message, or one that mentions the bot", _TALK),
    ("reply", "… that replies to an answer", _TALK),
    ("sources", "`/sources`", _ALL),
    ("help", "`/help`", _ALL),
    ("privacy", "`/privacy`, which shows what is stored of oneself", _ALL),
    ("answer:show", "*Previous*, *Next*, *Back to the answer*", _TURN),
    ("answer:context", "*Context*", _TURN),
    ("answer:share", "*Share*", "yes  F     F     F     F     H     yes   yes   yes   E"),
    ("answer:helpful", "*Helpful*", _RATE),
    ("answer:unhelpful", "*Not helpful*", _RATE),
    ("answer:reason", "… its form", _RATE),
    ("answer:remove", "*Remove*", "yes  G     G     yes   G     G     yes   yes   yes   yes"),
    ("sources:", "*Previous*, *Next* under the sources", _ALL),
    ("privacy:export", "*Export my data*, which is one's own", _ALL),
    ("privacy:erase", "*Erase my data*", _ALL),
    ("privacy:erase-yes", "… *Yes, erase*, which erases one's own", _ALL),
    ("privacy:erase-no", "… *No, keep*", _ALL),
    ("admin reindex", "`/admin reindex`", _LOOK),
    ("admin status", "`/admin status`", _LOOK),
    ("admin gaps", "`/admin gaps`", _HERE),
    ("gaps:export", "… *Export as CSV*", _HERE),
    ("admin stats", "`/admin stats`", _HERE),
    ("admin settings", "`/admin settings`", _HERE),
    ("settings:channels", "… channels", _HERE),
    ("settings:askers", "… who may ask", _HERE),
    ("settings:strictness", "… how sure", _HERE),
    ("settings:language", "… language", _HERE),
    ("settings:days_kept", "… how long kept", _HERE),
    ("settings:private", "… private answers", _HERE),
    ("admin add", "`/admin add`, which opens a form", _EDIT),
    ("articles:paste", "… the form", _EDIT),
    ("admin add file", "`/admin add` with a file", _EDIT),
    ("articles:add", "… *Add to the library*", _EDIT),
    ("articles:cancel", "… *Cancel*", _EDIT),
    ("admin remove", "`/admin remove`", _EDIT),
    ("admin remove article", "… its choice of articles", _ALL),
    ("articles:remove", "… *Yes, remove it*", _EDIT),
    ("admin restore", "`/admin restore`", _EDIT),
    (
        "admin restore article",
        "… its choice of removed articles",
        "none none  none  none  yes   none  yes   none  none  none",
    ),
)

TABLE = {what: dict(zip(WHO, fields.split(), strict=True)) for what, _, fields in _ROWS}
"""What happens, by what is done and who does it."""

_CHANGED = "This has changed since you last saw it. Please pick the command again after typing `/`."
_FORGOTTEN = "I no longer have this answer: questions are erased after a while. Please ask again."
_NO_ARTICLE = "There is no such article in my library. Pick one from the list while you type."

MADE_UP = {
    "a button that its message does not have": None,
    "a button for something that there is not": _CHANGED,
    "an answer's button with the id of no answer": _FORGOTTEN,
    "the form for a reason, with the id of no answer": _FORGOTTEN,
    "a form that there is not": _CHANGED,
    "a command that there is not": _CHANGED,
    "`/admin stats` of 100,000 days": "**The last 30 days in this server**<br>Nothing was asked.",
    "`/admin stats` of -9,007,199,254,740,991 days": (
        "**The last day in this server**<br>Nothing was asked."
    ),
    "a setting that its menu does not offer": _CHANGED,
    "a setting with more roles than its menu takes": _CHANGED,
    "a setting with something that is no role": _CHANGED,
    "`/ask` with a path for an article": _NO_ARTICLE,
    "`/admin remove` with a path for an article": _NO_ARTICLE,
    "*Yes, remove it* with the id of no article": (
        "There is no article with the id “..”; choose one that is in the library."
    ),
    "`/admin restore` with a path for an article": (
        "There is no removed article “../lighthouse”; it was put back already, or its record is "
        "damaged."
    ),
    "*Add to the library* with the id of no draft": (
        "This preview is too old. Please add the article again."
    ),
}
"""What no client of Discord's sends, sent by somebody with every right, and what they are told;
None: nothing at all."""


def rights_table() -> str:
    """The table as docs/rights.md shows it."""
    lines = ["| | " + " | ".join(WHO) + " |", "| --- |" + " --- |" * len(WHO)]
    lines += [f"| {name} | {' | '.join(fields.split())} |" for _, name, fields in _ROWS]
    return "\n".join(lines)


def refusals_table() -> str:
    """What the letters stand for."""
    text = texts_in("en")
    lines = ["| | |", "| --- | --- |"]
    lines += [f"| {letter} | {text(name)} |" for letter, name in REFUSALS.items()]
    return "\n".join(lines)


def made_up_table() -> str:
    """What made-up interactions lead to."""
    lines = ["| sent | told |", "| --- | --- |"]
    lines += [f"| {what} | {told or 'nothing; it is dropped'} |" for what, told in MADE_UP.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(rights_table(), refusals_table(), made_up_table(), sep="\n\n")
