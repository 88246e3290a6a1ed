"""Reads the content folder: files in, articles with paragraphs out.

    *.md, *.markdown, *.txt  ->  decoded text  ->  front matter  ->  paragraphs  ->  Article

One bad file never stops the others: it becomes a ContentError in `Content.errors`.
"""

import codecs
import contextlib
import hashlib
import os
import re
import stat
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from cachetools import LRUCache

from index.file_identity import Identity, settled_identity
from index.front_matter import FrontMatter, FrontMatterError, read_front_matter
from index.language import detect_language
from index.markdown import read_markdown
from index.paragraphs import LINE_END, Note, Omission, Paragraph, Reading, flat
from index.plain_text import read_plain_text
from index.remarks import Remark, Said

__all__ = [
    "Article",
    "Content",
    "ContentError",
    "Note",
    "Omission",
    "Paragraph",
    "article_id",
    "content_digest",
    "read_article",
    "read_content",
    "shown_path",
    "slug",
]

READING = 4
"""Raise it when the same file is read differently, by a newer library too: what an index was made
from is not read again as long as this is the same."""
MAX_BYTES = 5_000_000
REMEMBERED = 50_000_000
"""Bytes, about, of what was read last: some 50,000 paragraphs, or 150,000 files whose articles
nobody needed."""
MAX_LINES = 100_000
"""A book has fewer; each line costs a hundred times its own memory, or more."""
MARKDOWN = (".md", ".markdown")
PLAIN_TEXT = (".txt",)


class ContentError(Exception):
    """A file, or the folder, that cannot be read. `str(error)` is one sentence for whoever can mend
    it.

    `path` begins with the content folder's name; `line` is 1-based, None if no line is to blame.
    """

    def __init__(self, path: str, line: int | None, reason: Said) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{place}: {self.reason}."

    def alone(self) -> "ContentError":
        """The same to be kept, without the frames that it was raised in and what they hold."""
        return ContentError(self.path, self.line, self.reason)


@dataclass(frozen=True, slots=True)
class Article:
    """One file.

    `text[p.start:p.end]` is the text of each paragraph p, citations count them from 1. `origin`
    is a digest of path, bytes and `READING`, all that an article is made from; "" for what is no
    file.
    """

    id: str
    path: str  # posix path relative to the content folder
    text: str  # the whole decoded file: byte order mark removed, line ends as in the file
    title: str
    author: str | None
    publisher: str | None
    url: str | None
    date: str | None  # ISO 8601 day
    language: str  # ISO 639-1, given or detected
    paragraphs: tuple[Paragraph, ...]
    omissions: tuple[Omission, ...]
    notes: tuple[Note, ...] = ()
    source: str | None = None  # free text that credits the original
    questions: tuple[str, ...] = ()  # which it answers, for a reader who asked in vain
    origin: str = ""

    @property
    def weight(self) -> int:
        """Bytes of memory, about: the text is in ASCII or not, and every part is an object."""
        parts = len(self.paragraphs) + len(self.omissions) + len(self.notes)
        return len(self.text) + 300 * (1 + parts)


@dataclass(frozen=True, slots=True)
class Content:
    """The folder's articles and errors, by path. `digest` is what `content_digest` gives, `known`
    the origins of articles that were not read because somebody knows them."""

    articles: tuple[Article, ...]
    errors: tuple[ContentError, ...]
    digest: str
    known: tuple[str, ...] = ()


NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


def read_content(folder: Path, known: Mapping[str, str] = NOTHING_KNOWN) -> Content:
    """Reads all articles of `folder` but for those whose origin is among the keys of `known`, each
    with the article's id. What this process has read before, and nobody has touched since, it does
    not read again.

    Raises ContentError only if the folder itself cannot be read.
    """
    digest = hashlib.sha256()
    articles: list[Article] = []
    unread: list[str] = []
    errors: list[ContentError] = []
    path_of: dict[str, str] = {}
    for path, file in _files(folder, parse=lambda origin: origin not in known):
        digest.update(file.digest)
        if isinstance(file.said, ContentError):
            errors.append(file.said)
            continue
        id_ = known[file.origin] if file.said is None else file.said.id
        if id_ in path_of:
            reason = Remark.SAME_ID(id=id_, other=shown_path(folder, path_of[id_]))
            errors.append(ContentError(shown_path(folder, path), None, reason))
            continue
        path_of[id_] = path
        # It may have been parsed for somebody who did not know it.
        if file.said is None or file.origin in known:
            unread.append(file.origin)
        else:
            articles.append(file.said)
    return Content(tuple(articles), tuple(errors), digest.hexdigest(), tuple(unread))


def content_digest(folder: Path) -> str:
    """The sha256 over `READING` and the paths and bytes of all article files: equal if and only if
    nothing has changed. An unreadable file counts with the reason.

    Raises ContentError if the folder cannot be read.
    """
    digest = hashlib.sha256()
    for _, file in _files(folder, parse=lambda _: False):
        digest.update(file.digest)
    return digest.hexdigest()


# --- files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is.

    `digest`: of its path, its bytes and `READING`, or of why there are none. `origin`: as
    `Article` says. `said`: the article, or why it is none; None where nobody wanted to know.
    """

    digest: bytes
    origin: str
    said: Article | ContentError | None

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return 300 + (self.said.weight if isinstance(self.said, Article) else 0)


def shown_path(folder: Path, path: str) -> str:
    """`path`, relative to the content folder `folder`, as ContentError.path has it."""
    name = folder.name or folder.resolve().name
    # A name from a file system may hold bytes or control characters that cannot be printed.
    path = path.encode(errors="surrogateescape").decode(errors="replace")
    return f"{name}/" + "".join("�" if unicodedata.category(c) == "Cc" else c for c in path)


def check_folder(folder: Path) -> None:
    """Raises ContentError if `folder` is not there or is not a folder; nothing in it is read."""
    try:
        is_folder, is_there = folder.is_dir(), folder.exists()
    except OSError as error:  # it lies in a folder that may not be looked into
        raise ContentError(str(folder), None, Remark.FOLDER_UNREADABLE()) from error
    if not is_folder:
        remark = Remark.FOLDER_IS_A_FILE() if is_there else Remark.FOLDER_MISSING()
        raise ContentError(str(folder), None, remark)


_Wanted = Callable[[str], bool]


def _files(folder: Path, *, parse: _Wanted) -> Iterator[tuple[str, _File]]:
    """The article files by path (as `Article.path`), parsed if their origin is wanted.

    Links to folders are not followed: what they lead to has its own place.
    """
    check_folder(folder)
    root = folder.resolve()
    found, denied = _candidates(root)
    if "" in denied:
        raise ContentError(str(folder), None, Remark.FOLDER_UNREADABLE())
    for path in sorted(found + denied):
        file = _recalled(str(root), path)
        if file is None or (file.said is None and parse(file.origin)):
            file = _read(folder, root, path, parse=parse)
        yield path, file


_remembered: LRUCache[tuple[object, ...], _File] = LRUCache(REMEMBERED, lambda file: file.weight)
_remembering = threading.Lock()


def _recalled(root: str, path: str) -> _File | None:
    """The file as it was read before, if it has not been touched since."""
    try:
        # Of a link its own, which no file that was read ever had.
        identity = settled_identity(os.lstat(f"{root}/{path}"))
    except OSError:  # whoever reads it will see
        return None
    if identity is None:
        return None
    with _remembering:
        return _remembered.get((root, path, *identity))


def _read(folder: Path, root: Path, path: str, *, parse: _Wanted) -> _File:
    try:
        content, identity = _bytes(root, path, shown_path(folder, path))
    except ContentError as error:
        why = hashlib.sha256(str(error).encode()).digest()
        return _File(_digest_of_path(path) + b"error" + why, "", error.alone())
    digest = _digest(path, content)
    origin = _origin(digest)
    said: Article | ContentError | None = None
    if parse(origin):
        try:
            said = read_article(folder, path, content)
        except ContentError as error:
            said = error.alone()
    file = _File(digest, origin, said)
    # A mistake names the folder as this caller does.
    if identity is not None and not isinstance(said, ContentError):
        # More than all there is room for is not remembered.
        with _remembering, contextlib.suppress(ValueError):
            _remembered[str(root), path, *identity] = file
    return file


def _digest_of_path(path: str) -> bytes:
    return hashlib.sha256(path.encode(errors="surrogateescape")).digest()


def _digest(path: str, content: bytes) -> bytes:
    return _digest_of_path(path) + f"read {READING}".encode() + hashlib.sha256(content).digest()


def _origin(digest: bytes) -> str:
    return hashlib.sha256(digest).hexdigest()


def _candidates(root: Path) -> tuple[list[str], list[str]]:
    """What may be an article, links out of the folder included, and the folders that cannot be
    looked into, ``root`` itself being "": paths as `Article.path`.

    They are strings, and not put together more than once: pathlib would take most of the time of an
    update that finds one article of thousands changed.
    """
    found: list[str] = []
    denied: list[str] = []
    folders = [""]
    while folders:  # os.walk is recursive in Python 3.11: folders a thousand deep would end it
        within = folders.pop()
        try:
            with os.scandir(f"{root}/{within}") as entries:
                listed = list(entries)
        except OSError:
            denied.append(within)
            continue
        for entry in listed:
            if entry.name.startswith("."):
                continue
            path = f"{within}/{entry.name}" if within else entry.name
            if _is_folder(entry, linked=False):
                folders.append(path)
            elif _is_folder(entry, linked=True):
                if _leads_out(Path(entry.path), root):
                    found.append(path)
            elif entry.name.lower().endswith((*MARKDOWN, *PLAIN_TEXT)):
                found.append(path)
    return found, denied


def _is_folder(entry: os.DirEntry[str], *, linked: bool) -> bool:
    """Whether it is a folder, or, if ``linked``, a link to one. Most systems tell with the list of
    names."""
    try:
        return entry.is_dir(follow_symlinks=linked)
    except OSError:  # whoever opens it will see
        return False


def _leads_out(link: Path, root: Path) -> bool:
    try:
        return not link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # it has changed by now; whoever opens it will see
        return True


def _bytes(root: Path, path: str, shown: str) -> tuple[bytes, Identity | None]:
    """What is in the file, and its identity; None for a link, and for what may be written again and
    keep it."""
    _, _, name = path.rpartition("/")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise ContentError(shown, None, Remark.NAME_NOT_SHOWABLE())
    identity = None
    try:
        # Both times: devices are not to be opened, and what is opened may have changed since.
        link = not stat.S_ISREG(os.lstat(f"{root}/{path}").st_mode)
        if link:
            target = (root / path).resolve(strict=True)
            if not target.is_relative_to(root):
                raise ContentError(shown, None, Remark.LINK_LEADS_OUT())
            if target.is_dir():  # one that could not be looked into
                raise ContentError(shown, None, Remark.FOLDER_UNREADABLE())
            if not target.is_file():
                raise ContentError(shown, None, Remark.NOT_A_FILE())
            path = target.relative_to(root).as_posix()
        with open(_open_below(root, path), "rb") as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode):
                raise ContentError(shown, None, Remark.NOT_A_FILE())
            if not link:
                # Before it is read: one that is written meanwhile is another one afterwards.
                identity = settled_identity(seen)
            content = file.read(MAX_BYTES + 1)
    except (
        OSError,
        RuntimeError,
    ) as error:  # RuntimeError: Python 3.11 and 3.12 at a loop of links
        raise ContentError(shown, None, Remark.FILE_UNREADABLE()) from error
    if len(content) > MAX_BYTES:
        raise ContentError(shown, None, Remark.FILE_TOO_LARGE(megabytes=MAX_BYTES // 1_000_000))
    return content, identity


def _open_below(root: Path, path: str) -> int:
    """A descriptor of ``path`` below ``root``, in which there are no links. It never waits.

    A link put into the way after it was looked at is refused with an OSError, so nothing outside
    the folder can be read.
    """
    *folders, name = path.split("/")
    within = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
            os.close(within)
            within = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=within)
    finally:
        os.close(within)


# --- decoding -----------------------------------------------------------------------------------

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# Two bytes that are a letter and the quotation mark, dash or dots after it in Windows-1252
# (Spa\xdf\x93), and by accident UTF-8 for a letter hardly anyone writes.
_ASCII_LETTER = re.compile("[A-Za-z]")
_LETTER_BEYOND_ASCII = re.compile("[À-ÖØ-öø-ÿŒœŠšŽžŸƒ]")
_SIGN_IN_WORD = re.compile("(?<=[^\\W\\d_])[¡¢£¤¥¦§¨¬¯±²³¶¸¹¼½¾¿](?=[a-zß-ÿ])")
_ACCIDENT = re.compile(rb"[\xc8-\xca\xdc\xdf][\x82\x84\x85\x8b\x91-\x94\x96\x97\x9b\xa0\xab\xbb]")


def _decode(content: bytes, shown: str) -> tuple[str, tuple[Note, ...]]:
    """The text: UTF-8, UTF-16 with a byte order mark, else Windows-1252 (with a note)."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ContentError(shown, None, Remark.DAMAGED_UTF16()) from error
        _refuse_binary(text.encode(), shown)
        return text, (Note(1, Remark.READ_AS(encoding="UTF-16")),)
    _refuse_binary(content, shown)
    marked = content.startswith(codecs.BOM_UTF8)
    while content.startswith(codecs.BOM_UTF8):  # joined files have one each
        content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode(), ()
    except UnicodeDecodeError as error:
        line = _line_at(content, error.start)
        # In one go through megabytes no other thread would have its turn.
        sequences = {
            sequence
            for match in _BEYOND_ASCII.finditer(content)
            for sequence in _UTF8_SEQUENCE.findall(match[0])
        }
        if marked or not all(map(_ACCIDENT.fullmatch, sequences)):
            raise ContentError(shown, line, Remark.DAMAGED_UTF8()) from error
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = _line_at(content, error.start)
        raise ContentError(shown, line, Remark.UNKNOWN_ENCODING()) from error
    if _is_garbled(text):
        raise ContentError(shown, line, Remark.UNKNOWN_ENCODING())
    return text, (Note(line, Remark.READ_AS(encoding="Windows-1252")),)


def _is_garbled(text: str) -> bool:
    """Whether text that was decoded as Windows-1252 was written in another encoding of one byte a
    letter: Cyrillic or Greek, of which nearly all letters are beyond ASCII (French, say, has 5 %),
    or that of Central Europe, of which some are signs ("za¿ó³æ").
    """
    beyond = len(_LETTER_BEYOND_ASCII.findall(text))
    if beyond >= 10 and beyond > len(_ASCII_LETTER.findall(text)):
        return True
    return len(_SIGN_IN_WORD.findall(text)) >= 3


def _refuse_binary(content: bytes, shown: str) -> None:
    if match := _BINARY.search(content):
        raise ContentError(shown, _line_at(content, match.start()), Remark.CONTROL_CHARACTER())


def _line_at(content: bytes, offset: int) -> int:
    return len(LINE_END.findall(content[:offset].decode("latin-1"))) + 1


# --- articles -----------------------------------------------------------------------------------


def read_article(folder: Path, path: str, content: bytes) -> Article:
    """The article that a file of these bytes is, or would be, at `path` (posix, relative) in
    `folder`; the disk is not looked at.

    Raises ContentError with what is wrong in the file.
    """
    shown = shown_path(folder, path)
    text, notes = _decode(content, shown)
    if text.count("\n") + text.count("\r") - text.count("\r\n") >= MAX_LINES:
        raise ContentError(shown, None, Remark.TOO_MANY_LINES(most=MAX_LINES))
    if not text.strip():
        raise ContentError(shown, None, Remark.FILE_EMPTY())
    try:
        head = read_front_matter(text)
    except FrontMatterError as error:
        raise ContentError(shown, error.line, error.reason) from error
    name = PurePosixPath(path)
    language = head.language or detect_language(text[head.body :])
    read = read_markdown if name.suffix.lower() in MARKDOWN else read_plain_text
    reading = read(
        text,
        head.body,
        title=head.title,
        language=language,
        exclude=head.exclude,
        keep=head.keep,
    )
    if not reading.paragraphs:
        excluded = any(left_out.reason.name == "is-excluded" for left_out in reading.omissions)
        remark = Remark.ALL_EXCLUDED() if excluded else Remark.NO_PARAGRAPH()
        raise ContentError(shown, None, remark)
    all_notes = (*notes, *head.notes, *_more_notes(text, head, reading), *reading.notes)
    return Article(
        id=head.id or article_id(path),
        path=path,
        text=text,
        title=head.title or reading.title or name.stem,
        author=head.author,
        publisher=head.publisher or reading.publisher,
        url=head.url,
        date=head.date,
        language=language,
        paragraphs=reading.paragraphs,
        omissions=reading.omissions,
        notes=tuple(sorted(all_notes, key=lambda note: note.line)),
        source=head.source,
        questions=head.questions,
        origin=_origin(_digest(path, content)),
    )


def _more_notes(text: str, head: FrontMatter, reading: Reading) -> Iterator[Note]:
    reasons = {omission.reason for omission in reading.omissions}
    for unwanted in head.exclude:
        if Remark.IS_EXCLUDED(text=unwanted) not in reasons:
            yield Note(head.lines["exclude"], Remark.EXCLUDES_NOTHING(text=unwanted))
    body = flat(text[head.body :]) if head.keep else ""
    for wanted in head.keep:
        if wanted not in body:
            yield Note(head.lines["keep"], Remark.KEEPS_NOTHING(text=wanted))
    if (damage := text.find("\ufffd")) >= 0:
        line = len(LINE_END.findall(text, 0, damage)) + 1
        yield Note(line, Remark.DAMAGED_BEFORE())


_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ё": "e", "і": "i", "ї": "i",
    "є": "ie", "ґ": "g",
}  # fmt: skip
_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s",
    "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_LATIN = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    "ħ": "h",
}  # fmt: skip
_LETTERS = _CYRILLIC | _GREEK | _LATIN


def article_id(path: str) -> str:
    """The id of an article that names none: the `slug` of its path without suffix."""
    return slug(str(PurePosixPath(path).with_suffix("")))


def slug(name: str) -> str:
    """`name` in lower-case ASCII letters, digits and dashes: 1 to 64 of them, no dash at an end.

    Accents go; Cyrillic and Greek are transliterated. Where letters of other scripts are lost, or
    the name is too long, eight hexadecimal digits of the name's sha256 keep slugs apart. Surrogates
    stand for bytes of a path that are no text, as `os.fsdecode` makes them; they count as dashes.
    """
    stem = unicodedata.normalize("NFC", name).lower()
    plain, lost = "", False
    for character in stem:
        # A letter of the tables as it is, any other taken apart: é is e and an accent.
        letters = character if character in _LETTERS else unicodedata.normalize("NFKD", character)
        for letter in letters:
            category = unicodedata.category(letter)[0]
            if letter in _LETTERS:
                plain += _LETTERS[letter]
            elif letter.isascii() and letter.isalnum():
                plain += letter.lower()
            elif category in "LN":
                lost = True
            elif category != "M":
                plain += "-"
    plain = re.sub("-+", "-", plain).strip("-")
    if lost or not plain or len(plain) > 64:
        mark = hashlib.sha256(stem.encode(errors="surrogateescape")).hexdigest()[:8]
        plain = f"{plain[:55].rstrip('-') or 'article'}-{mark}"
    return plain
