"""Everything that is said about files and articles, each under a name that does not change.

`str()` of what is said is its English sentence, which is enough for the command line. Whoever
speaks to readers of other languages looks the name up in a catalogue of their own and puts the same
values in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from string import Formatter
from typing import Self

__all__ = ["Remark", "Said", "Value"]

Value = str | int
"""What is put into a sentence; a `Said` is translated in its turn."""


class Said(str):
    """An English sentence, or a part of one, that knows what it was made of.

    `name` is that of a `Remark` in lower case with dashes, such as "same-id", and `values` are what
    was put in. One that was stored by another version may have a name that no `Remark` has any
    more.
    """

    __slots__ = ("name", "values")
    name: str
    values: dict[str, Value]

    def __new__(
        cls, english: str, name: str = "", values: Mapping[str, Value] | None = None
    ) -> Self:
        said = super().__new__(cls, english)
        said.name = name
        said.values = dict(values or {})
        return said


class Remark(Enum):
    """What can be said, in English; what stands in braces are the values it takes.

    Sentences about a place in a file begin in lower case and have no full stop: they follow the
    file's name. What was left out completes the sentence "This line …". Those about adding and
    removing articles are whole sentences.
    """

    def __call__(self, **values: Value) -> Said:
        """The sentence with `values` in it; raises KeyError if one is missing or unknown."""
        if values.keys() != self.wants:
            raise KeyError(f"{self.name} takes {sorted(self.wants)}, not {sorted(values)}")
        return Said(self.value.format(**values), self.label, values)

    @property
    def label(self) -> str:
        """The name as catalogues write it."""
        return self.name.lower().replace("_", "-")

    @property
    def wants(self) -> frozenset[str]:
        """The names of the values it takes."""
        return frozenset(field for _, field, _, _ in Formatter().parse(self.value) if field)

    # The folder and its files.
    FOLDER_MISSING = "there is no such folder; create it and put articles into it"
    FOLDER_IS_A_FILE = "it is a file, not a folder; name the folder that holds the articles"
    FOLDER_UNREADABLE = "the folder cannot be read; check its permissions"
    FOLDER_EMPTY = "it holds no article; put a Markdown or text file there"
    AND_MORE_FILES = "{reason} ({count} more could not be read either; beleg check lists them)"
    SAME_ID = (
        "its id “{id}” is that of {other} too; give one of them another id in its front matter"
    )
    NAME_NOT_SHOWABLE = "its name holds signs that cannot be shown; rename it"
    LINK_LEADS_OUT = "it is a link that leads out of the content folder; copy what it leads to"
    NOT_A_FILE = "it is not an ordinary file; remove it"
    FILE_UNREADABLE = "it cannot be read; check its permissions, or what the link leads to"
    FILE_TOO_LARGE = "it is larger than {megabytes} MB; split it into several articles"
    TOO_MANY_LINES = "it has more than {most} lines; split it into several articles"
    FILE_EMPTY = "it is empty; write the article into it or remove it"
    NO_PARAGRAPH = "it holds no paragraph that could be quoted; add text or remove it"
    ALL_EXCLUDED = "every paragraph holds something that its front matter excludes; exclude less"
    HALF_CHARACTER = "it holds half of a character, which cannot be stored; remove it"

    # Encodings.
    DAMAGED_UTF16 = "it is damaged UTF-16; save it again as UTF-8"
    DAMAGED_UTF8 = "its UTF-8 is damaged; mend the signs there and save it as UTF-8"
    UNKNOWN_ENCODING = "it is neither UTF-8 nor Windows-1252; save it as UTF-8"
    CONTROL_CHARACTER = (
        "it holds a control character and is no text; remove it, or save it as UTF-8 text"
    )
    READ_AS = "read as {encoding}; save it as UTF-8"
    STORED_AS_UTF8 = "read as {encoding} and stored as UTF-8; look whether every letter is right"
    DAMAGED_BEFORE = "holds the replacement sign U+FFFD: the text was damaged before"

    # Front matter.
    HEAD_WITHOUT_END = "the front matter has no end; close it with a line of three dashes"
    HEAD_NOT_FIRST = "the front matter does not begin in line 1; remove what stands before it"
    HEAD_IN_TOML = (
        "the front matter is in TOML; write “key: value” in YAML between two lines of three dashes"
    )
    HEAD_IS_A_RULE = (
        "the three dashes are read as a rule; for front matter, write “key: value” below them"
    )
    HEAD_NOT_A_LIST = "the front matter is not a list of “key: value” lines; rewrite it"
    HEAD_ALIAS = "the front matter uses a YAML anchor or alias; write the value out"
    HEAD_TOO_DEEP = "the front matter is nested too deeply; flatten it"
    HEAD_NOT_YAML = (
        "the front matter is not valid YAML; write “key: value”, and put a value that holds a "
        "colon, a quotation mark or another sign in quotes"
    )
    HEAD_BAD_CHARACTER = (
        "the front matter is not valid YAML (a character is not allowed); remove it"
    )
    KEY_NOT_A_WORD = "a front matter key is not a word; write “key: value”"
    KEY_TWICE = "“{key}” is given twice; keep one"
    KEY_MISSPELT = "unknown front matter key “{key}”; did you mean “{near}”?"
    KEY_UNKNOWN = "unknown front matter key “{key}”; known are {known}"
    VALUE_NOT_TEXT = "“{key}” is not text; write text"
    VALUE_NEEDS_QUOTES = "“{key}” is not text to YAML; put {value} in quotes"
    ENTRY_NOT_TEXT = "“{key}” holds something that is not text; put each entry in quotes"
    VALUE_NOT_A_LIST = "“{key}” is not a list; write - and the text on a line each"
    URL_WRONG = "“url” is not a web address; write one that begins with https://"
    DATE_WRONG = "“date” is not a day; write it as year-month-day, like 2025-07-23"
    LANGUAGE_WRONG = "“language” is not a two-letter code; write one like de or en"
    ID_WRONG = (
        "“id” is not a short name; use up to 64 of the characters a-z, 0-9, dot, dash and "
        "underscore, a letter or digit first"
    )
    KEEPS_NOTHING = "“{text}” (keep) is nowhere in the text"
    EXCLUDES_NOTHING = "“{text}” (exclude) is in no line that is read"

    # How the text is read.
    HEADING_SPLIT = "glued heading split: “{heading}”"
    HEADING_MAYBE_GLUED = (
        "“{heading}” may be a heading glued to its paragraph; give it its own line"
    )
    PROSE_ABOVE_RULE = (
        "the sentences above this line are read as a paragraph; put a blank line between them"
    )
    LINES_AS_PARAGRAPHS = "every line is read as a paragraph; put blank lines between them"

    # What is left out.
    LEFT_OUT = "left out: “{text}” {reason}"
    IS_EXCLUDED = "contains “{text}”, which the front matter excludes"
    NO_WORDS = "holds no words"
    POINTS_ELSEWHERE = "points to another article"
    INVITES = "invites readers to a newsletter"
    ADVERTISES = "marks an advertisement"
    SHARES = "asks readers to share or follow"
    CLAIMS_RIGHTS = "states the copyright"
    ONLY_LINK = "is only a link"
    ONLY_IMAGE = "is only an image"
    NAMES_PUBLISHER = "names the publisher"
    HEADING_OF_NOTHING = "is a heading with no paragraph under it"
    NESTED_TOO_DEEPLY = "is nested too deeply"
    IS_HTML = "is HTML"
    DEFINES_LINK = "defines a link"

    # Adding, removing and putting back.
    NO_ARTICLE_NAME = "“{name}” is no article; its name must end in .md, .markdown or .txt."
    NO_DRAFT_NAME = "“{name}” is no name that a draft has; make a new draft."
    TITLE_BLANK = "The title holds no letter or digit; write one that does."
    VALUE_WRONG = "{reason}."
    ADDED_TOO_LARGE = (
        "The file “{name}” is larger than {megabytes} MB; split it into several articles."
    )
    UTF8_TOO_LARGE = (
        "As UTF-8, the file “{name}” is larger than {megabytes} MB; split it into several articles."
    )
    TEXT_TOO_LARGE = "The text is larger than {megabytes} MB; split it into several articles."
    ID_TAKEN = (
        "{path} has the id “{id}” already; remove it first, or give one of the two articles "
        "another id."
    )
    NAME_TAKEN = (
        "{path} is there already; remove it first, or give one of the two articles another name."
    )
    UNKNOWN_ID = "There is no article with the id “{id}”; choose one that is in the library."
    IS_LINK = "{path} is a link; remove it by hand."
    UNKNOWN_REMOVED = (
        "There is no removed article “{key}”; it was put back already, or its record is damaged."
    )
    PLACE_LEADS_OUT = (
        "The folder of {path} is a link that leads out of the content folder now; remove the link "
        "first."
    )
    NOT_STORED = "{path} could not be stored"
    NOT_REMOVED = "The article “{id}” could not be removed"
    NOT_PUT_BACK = "The removed article “{key}” could not be put back"
    OTHER_WRITER = (
        "{failure}: somebody else has been writing for {seconds} seconds; try again in a minute."
    )
    DISK_FAILED = (
        "{failure}: {reason}; check the disk's space and the permissions of the folders "
        "“{content}” and “{removed}”."
    )
    REMOVED_UNREADABLE = (
        "The removed articles cannot be read: {reason}; check the permissions of the folder "
        "“{removed}”."
    )

    # What the operating system says, in its own words.
    DISK_FULL = "No space left on device"
    PERMISSION_DENIED = "Permission denied"
    NOT_PERMITTED = "Operation not permitted"
    READ_ONLY = "Read-only file system"
    IO_ERROR = "Input/output error"
