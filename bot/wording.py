"""Every sentence the bot says, in one place, to be read together and translated later.

Functions take values that are safe to show: whatever comes from a person or a file has been through
`bot.escape.escape` before.
"""

from __future__ import annotations

from collections.abc import Sequence

QUESTION_LIMIT = 500
"""The longest question that is answered, in characters."""

ASK_DESCRIPTION = (
    "Ask a question and get the passage that answers it, word for word, with its source"
)
ASK_QUESTION_DESCRIPTION = "Your question, in any language"
ADMIN_DESCRIPTION = "For those who look after the library"
REINDEX_DESCRIPTION = "Bring the index up to date with the articles"

HELP = (
    "Ask me a question and I will look for the passage that answers it: with `/ask`, in a direct "
    "message, or by mentioning me together with your question."
)
UNSURE = "These passages come closest; they may not answer your question."
NO_ANSWER = "I found nothing in these articles that answers this."
NO_ARTICLES = "There are no articles in my library yet."
LIBRARY = "The library holds:"

MAY_NOT_MANAGE = "Only members who may manage this server can do that."
NOT_THE_OWNER = "In direct messages only the owner of this bot can do that."
STOPPING = "I am being restarted. Please ask again in a minute."
COMMAND_CHANGED = (
    "This command has changed since you last saw it. Please pick it again after typing `/`."
)

REINDEX_NOT_SAVED = (
    "The index could not be saved, so the old one stays in use. Whoever runs me finds the reason "
    "in the log; most often the disk is full or the data folder cannot be written."
)
REINDEX_STOPPED = "I am being stopped, so the reindex was broken off. The old index stays in use."

LINK = "Read the article"

LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Names of languages by ISO 639-1 code; a language that is missing here is shown by its code."""


def question(text: str) -> str:
    return f"**Question:** {text}"


def asks(text: str) -> str:
    return f"To “{text}”:"


def unanswered(text: str) -> str:
    return f"I found nothing in these articles that answers “{text}”."


def paragraph(number: int) -> str:
    return f"paragraph {number}"


def too_long(length: int) -> str:
    return (
        f"Your question is {length} characters long, and I read at most {QUESTION_LIMIT}. "
        "Please ask it more briefly."
    )


def failed(identifier: str) -> str:
    return (
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        f"in the log under `{identifier}`."
    )


def counted(count: int, noun: str) -> str:
    """The count with its noun, as in "1 article" and "0 articles"; ``noun`` takes an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def more_titles(count: int) -> str:
    return "and one more" if count == 1 else f"and {count} more"


def progress(done: int, total: int) -> str:
    return f"Encoding the articles: {done} of {counted(total, 'text')} …"


def reindexed(
    *,
    seconds: float,
    articles: str,
    encoded: int,
    passages: int,
    rebuilt: bool,
    left_out: Sequence[str],
) -> str:
    """The report of a reindex; each of `left_out` is a whole sentence.

    Why the index was `rebuilt` stands in the log: it names folders that are nobody's business here.
    """
    lines = [
        f"**The index is up to date.** It took {seconds:.1f} s.",
        f"Articles: {articles}.",
        f"Passages: {encoded} newly encoded, {passages} in all.",
    ]
    if rebuilt:
        lines.append("The index was built anew; the log says why.")
    if left_out:
        lines.append("Left out:")
        lines.extend(f"- {sentence}" for sentence in left_out)
    return "\n".join(lines)


def changes(*, added: int, changed: int, removed: int, unchanged: int) -> str:
    return f"{added} added, {changed} changed, {removed} removed, {unchanged} unchanged"


def left_out(path: str, line: int | None, reason: str) -> str:
    return f"{path}: {reason}." if line is None else f"{path}, line {line}: {reason}."


def more_left_out(count: int) -> str:
    files = "one more file" if count == 1 else f"{count} more files"
    return f"and {files}; `beleg check` lists them all"


def reindex_failed(sentence: str) -> str:
    return f"The reindex failed, so the old index stays in use. {sentence}"
