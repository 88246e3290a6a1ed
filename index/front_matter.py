"""Reads the optional YAML head of an article file.

Nodes are read, never constructed: the resolver's guesses ("language: no" is a truth value to YAML,
a date becomes an object) do not get in the way, and a tag such as !!python/object cannot do
anything.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from urllib.parse import urlsplit

import yaml

from index.paragraphs import Note, line_spans

KEYS = (
    "title",
    "author",
    "publisher",
    "url",
    "date",
    "language",
    "id",
    "exclude",
    "questions",
    "source",
)
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DEEPEST = 4
_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


class FrontMatterError(Exception):
    """`reason` says what is wrong in `line` (1-based, of the file) and what to do."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the head says; None where it says nothing. `body` is the offset of the text after it."""

    body: int = 0
    title: str | None = None
    author: str | None = None
    publisher: str | None = None
    url: str | None = None
    date: str | None = None
    language: str | None = None
    id: str | None = None
    source: str | None = None
    exclude: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Note, ...] = ()


def read_front_matter(text: str) -> FrontMatter:
    """The head of `text`, between a first line `---` and the next line `---`; empty if there is
    none.

    Raises FrontMatterError with the line of the key that is wrong.
    """
    if not text.startswith("---"):
        return FrontMatter()
    spans = line_spans(text)
    if text[slice(*spans[0])].rstrip() != "---":
        return FrontMatter()
    closing = next(
        (n for n in range(1, len(spans)) if text[slice(*spans[n])].rstrip() == "---"), None
    )
    if closing is None:
        raise FrontMatterError(
            1, "the front matter has no end; close it with a line of three dashes"
        )
    body = spans[closing + 1][0] if closing + 1 < len(spans) else len(text)
    # Lines joined by \n alone, so that YAML's line numbers are the file's (less one for the opening
    # ---).
    root = _compose("\n".join(text[start:end] for start, end in spans[1:closing]))
    if root is None:
        return FrontMatter(body=body)
    if not isinstance(root, yaml.MappingNode):
        raise FrontMatterError(
            2, "the front matter is not a list of “key: value” lines; rewrite it"
        )
    values, notes = _entries(root)
    return FrontMatter(
        body=body,
        title=_text(values, "title"),
        author=_author(values),
        publisher=_text(values, "publisher"),
        url=_url(values),
        date=_day(values),
        language=_language(values),
        id=_id(values),
        source=_text(values, "source"),
        exclude=_texts(values, "exclude"),
        questions=_texts(values, "questions"),
        lines=MappingProxyType({key: _line(node) for key, node in values.items()}),
        notes=notes,
    )


def _line(node: yaml.Node) -> int:
    return _mark_line(node.start_mark)


def _mark_line(mark: object) -> int:
    line = getattr(mark, "line", None)  # there are marks of two types, in Python and in C
    return 1 if line is None else int(line) + 2  # 0-based, after the opening ---


def _loader() -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def _compose(block: str) -> yaml.Node | None:
    """The block's one YAML document as nodes.

    Events come first: composing is recursive, they are not.
    """
    try:
        depth = 0
        for event in yaml.parse(block, Loader=_loader()):
            line = _mark_line(event.start_mark)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                raise FrontMatterError(
                    line, "the front matter uses a YAML anchor or alias; write the value out"
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    raise FrontMatterError(
                        line, "the front matter is nested too deeply; flatten it"
                    )
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        node: yaml.Node | None = yaml.compose(block, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "scanning a quoted" in (error.context or "") and error.context_mark:
            mark = error.context_mark  # a quotation mark left open is noticed only at the end
        raise FrontMatterError(
            _mark_line(mark),
            "the front matter is not valid YAML; write “key: value”, and put a value that holds a "
            "colon, a quotation mark or another sign in quotes",
        ) from error
    except yaml.YAMLError as error:
        raise FrontMatterError(
            1, "the front matter is not valid YAML (a character is not allowed); remove it"
        ) from error
    return node


def _entries(root: yaml.MappingNode) -> tuple[dict[str, yaml.Node], tuple[Note, ...]]:
    values: dict[str, yaml.Node] = {}
    notes = []
    for key_node, value in root.value:
        line = _line(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            raise FrontMatterError(line, "a front matter key is not a word; write “key: value”")
        key = key_node.value
        if key not in KEYS:
            near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.6)
            hint = f"; did you mean “{near[0]}”?" if near else f"; known are {', '.join(KEYS)}"
            notes.append(Note(line, f"unknown front matter key “{key}”{hint}"))
        elif key in values:
            raise FrontMatterError(line, f"“{key}” is given twice; keep one")
        else:
            value.start_mark = key_node.start_mark  # errors name the key's line
            values[key] = value
    return values, tuple(notes)


def _scalar(values: Mapping[str, yaml.Node], key: str, wanted: str) -> str | None:
    """The value's characters as written, whatever type YAML sees in them; None if blank."""
    node = values.get(key)
    if node is None or node.tag == _NULL:
        return None
    if not isinstance(node, yaml.ScalarNode):
        raise FrontMatterError(_line(node), f"“{key}” is not {wanted}; write {wanted}")
    return " ".join(node.value.split()) or None


def _text(values: Mapping[str, yaml.Node], key: str) -> str | None:
    value = _scalar(values, key, "text")
    if value is not None and values[key].tag != _STRING:
        raise FrontMatterError(
            _line(values[key]), f"“{key}” is not text to YAML; put {value} in quotes"
        )
    return value


def _strings(node: yaml.SequenceNode, key: str) -> list[str]:
    items = []
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or item.tag != _STRING or not item.value.strip():
            raise FrontMatterError(
                _line(node), f"“{key}” holds something that is not text; put each entry in quotes"
            )
        items.append(" ".join(item.value.split()))
    return items


def _author(values: Mapping[str, yaml.Node]) -> str | None:
    node = values.get("author")
    if isinstance(node, yaml.SequenceNode):
        return ", ".join(_strings(node, "author")) or None
    return _text(values, "author")


def _texts(values: Mapping[str, yaml.Node], key: str) -> tuple[str, ...]:
    node = values.get(key)
    if node is None or node.tag == _NULL:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise FrontMatterError(
            _line(node), f"“{key}” is not a list; write - and the text on a line each"
        )
    return tuple(_strings(node, key))


def _url(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "url", "an address")
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        valid = False
    if not valid:
        raise FrontMatterError(
            _line(values["url"]), "“url” is not a web address; write one that begins with https://"
        )
    return value


def _day(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "date", "a day")
    if value is None:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise FrontMatterError(
            _line(values["date"]),
            "“date” is not a day; write it as year-month-day, like 2025-07-23",
        ) from error


def _language(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "language", "a two-letter code")
    if value is None:
        return None
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise FrontMatterError(
            _line(values["language"]),
            "“language” is not a two-letter code; write one like de or en",
        )
    return value.lower()


def _id(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "id", "a short name")
    if value is not None and not ID_PATTERN.fullmatch(value):
        raise FrontMatterError(
            _line(values["id"]),
            "“id” is not a short name; use up to 64 of the characters a-z, 0-9, dot, dash and "
            "underscore, a letter or digit first",
        )
    return value
