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
from index.remarks import Remark, Said

KEYS = (
    "title",
    "author",
    "publisher",
    "url",
    "date",
    "language",
    "id",
    "exclude",
    "keep",
    "questions",
    "source",
)
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_YAML_LINE = re.compile(r"['\"]?\w[\w -]{0,30}['\"]?\s*:(?:\s|$)|\s*(?:[-\[{?&!|%'\"]|\*\w)")
"""What no paragraph begins with, but for a list or a quotation, after a rule in line 1."""
_DEEPEST = 4
_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


class FrontMatterError(Exception):
    """`reason` says what is wrong in `line` (1-based, of the file) and what to do."""

    def __init__(self, line: int, reason: Said) -> None:
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
    keep: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Note, ...] = ()


def read_front_matter(text: str) -> FrontMatter:
    """The head of `text`, between a first line `---` and the next line `---`; empty if there is
    none, with a note where a rule was taken for one.

    Raises FrontMatterError with the line of the key that is wrong, or where a head begins that is
    in the wrong place or no YAML.
    """
    if not text.lstrip().startswith(("---", "+++")):
        return FrontMatter()
    spans = line_spans(text)
    first = next(n for n, span in enumerate(spans) if text[slice(*span)].strip())
    opening = text[slice(*spans[first])].rstrip()
    if opening not in ("---", "+++"):
        return FrontMatter()
    inside = (text[slice(*span)] for span in spans[first + 1 :])
    line = next((line for line in inside if line.strip() and not line.startswith("#")), "")
    if opening == "+++" and "=" in line:
        raise FrontMatterError(first + 1, Remark.HEAD_IN_TOML())
    if first > 0 and line.partition(":")[0] in KEYS:
        raise FrontMatterError(first + 1, Remark.HEAD_NOT_FIRST())
    if opening == "+++" or first > 0:
        return FrontMatter()
    if line.rstrip() != "---" and not _YAML_LINE.match(line):
        return FrontMatter(notes=(Note(1, Remark.HEAD_IS_A_RULE()),))
    closing = next(
        (n for n in range(1, len(spans)) if text[slice(*spans[n])].rstrip() == "---"), None
    )
    if closing is None:
        raise FrontMatterError(1, Remark.HEAD_WITHOUT_END())
    body = spans[closing + 1][0] if closing + 1 < len(spans) else len(text)
    # Lines joined by \n alone, so that YAML's line numbers are the file's (less one for the opening
    # ---).
    root = _compose("\n".join(text[start:end] for start, end in spans[1:closing]))
    if root is None:
        return FrontMatter(body=body)
    if not isinstance(root, yaml.MappingNode):
        raise FrontMatterError(2, Remark.HEAD_NOT_A_LIST())
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
        keep=_texts(values, "keep"),
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
                raise FrontMatterError(line, Remark.HEAD_ALIAS())
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    raise FrontMatterError(line, Remark.HEAD_TOO_DEEP())
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        node: yaml.Node | None = yaml.compose(block, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "scanning a quoted" in (error.context or "") and error.context_mark:
            mark = error.context_mark  # a quotation mark left open is noticed only at the end
        raise FrontMatterError(_mark_line(mark), Remark.HEAD_NOT_YAML()) from error
    except yaml.YAMLError as error:
        raise FrontMatterError(1, Remark.HEAD_BAD_CHARACTER()) from error
    return node


def _entries(root: yaml.MappingNode) -> tuple[dict[str, yaml.Node], tuple[Note, ...]]:
    values: dict[str, yaml.Node] = {}
    notes = []
    for key_node, value in root.value:
        line = _line(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            raise FrontMatterError(line, Remark.KEY_NOT_A_WORD())
        key = key_node.value
        if key not in KEYS:
            near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.6)
            said = (
                Remark.KEY_MISSPELT(key=key, near=near[0])
                if near
                else Remark.KEY_UNKNOWN(key=key, known=", ".join(KEYS))
            )
            notes.append(Note(line, said))
        elif key in values:
            raise FrontMatterError(line, Remark.KEY_TWICE(key=key))
        else:
            value.start_mark = key_node.start_mark  # errors name the key's line
            values[key] = value
    return values, tuple(notes)


def _scalar(values: Mapping[str, yaml.Node], key: str, otherwise: Said) -> str | None:
    """The value's characters as written, whatever type YAML sees in them; None if blank.

    `otherwise` is what is wrong with a list or a mapping.
    """
    node = values.get(key)
    if node is None or node.tag == _NULL:
        return None
    if not isinstance(node, yaml.ScalarNode):
        raise FrontMatterError(_line(node), otherwise)
    return " ".join(node.value.split()) or None


def _text(values: Mapping[str, yaml.Node], key: str) -> str | None:
    value = _scalar(values, key, Remark.VALUE_NOT_TEXT(key=key))
    if value is not None and values[key].tag != _STRING:
        said = Remark.VALUE_NEEDS_QUOTES(key=key, value=value)
        raise FrontMatterError(_line(values[key]), said)
    return value


def _strings(node: yaml.SequenceNode, key: str) -> list[str]:
    items = []
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or item.tag != _STRING or not item.value.strip():
            raise FrontMatterError(_line(node), Remark.ENTRY_NOT_TEXT(key=key))
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
        raise FrontMatterError(_line(node), Remark.VALUE_NOT_A_LIST(key=key))
    return tuple(_strings(node, key))


def _url(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "url", Remark.URL_WRONG())
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        valid = False
    if not valid:
        raise FrontMatterError(_line(values["url"]), Remark.URL_WRONG())
    return value


def _day(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "date", Remark.DATE_WRONG())
    if value is None:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise FrontMatterError(_line(values["date"]), Remark.DATE_WRONG()) from error


def _language(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "language", Remark.LANGUAGE_WRONG())
    if value is None:
        return None
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise FrontMatterError(_line(values["language"]), Remark.LANGUAGE_WRONG())
    return value.lower()


def _id(values: Mapping[str, yaml.Node]) -> str | None:
    value = _scalar(values, "id", Remark.ID_WRONG())
    if value is not None and not ID_PATTERN.fullmatch(value):
        raise FrontMatterError(_line(values["id"]), Remark.ID_WRONG())
    return value
