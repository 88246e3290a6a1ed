"""Puts articles into the content folder and takes them out again.

    name and bytes  ->  draft (read as it will be read later)  ->  add      ->  content/
    article id      ->  remove   ->  removed/<key>/            ->  restore  ->  content/

The folder of removed articles:

    lock               held while either folder is written
    <key>/article      the removed file, byte for byte
    <key>/record.json  its path, its id and title, and when it was removed

What is written gets a temporary name that no reader looks at, is put on the disk, and then gets its
own name in one step. A process killed in between leaves a file whole, in one of the folders or in
both, and at worst a temporary file, which the next writer of that folder sweeps away.
"""

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import yaml
from filelock import FileLock, Timeout

from index.content import (
    MARKDOWN,
    PLAIN_TEXT,
    Article,
    ContentError,
    Note,
    Omission,
    read_article,
    read_content,
    shown_path,
    slug,
)
from index.front_matter import FrontMatterError, read_front_matter
from index.paragraphs import LINE_END, flat
from index.remarks import Remark, Said
from index.storage import flush

__all__ = ["MAX_BYTES", "Draft", "Removed", "Shelf", "ShelfError"]

MAX_BYTES = 1_000_000
"""The longest file that can be added, in bytes as given and as stored."""
LOCK_SECONDS = 30.0
"""How long a writer waits for another one: somebody is waiting for the answer."""
_LOCK = "lock"
_RECORD = "record.json"
_ARTICLE = "article"  # without a suffix, so that it is no article even inside a content folder
_KEY = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_TEMPORARY = re.compile(r"\.beleg-[0-9a-f]{16}\.new")
_WINDOWS_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")
# What turns the direction of the text around it, and the sign that stands for damage.
_UNWANTED = frozenset(
    "\ufffd\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_LONGEST_SHOWN = 78  # characters of a line or a name in a sentence
_SYSTEM = {
    errno.ENOSPC: Remark.DISK_FULL,
    errno.EACCES: Remark.PERMISSION_DENIED,
    errno.EPERM: Remark.NOT_PERMITTED,
    errno.EROFS: Remark.READ_ONLY,
    errno.EIO: Remark.IO_ERROR,
}
"""What the system says most often when a file cannot be written or read."""


class ShelfError(Exception):
    """An article cannot be added, removed or put back.

    `str(error)` is one sentence for whoever asked for it; it shows no absolute path.
    """

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Draft:
    """An article that could be added, and how it will be read.

    `notes` are what `beleg check` would say of it, by line; what will be left out begins with
    "left out". Their lines count in what was handed in: in pasted text, without the front matter
    made for it. The lines in `article` count in `content`.
    """

    name: str  # the file's name in the content folder
    content: bytes  # UTF-8; exactly what will be stored
    article: Article
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed article."""

    key: str  # what `Shelf.restore` takes
    article_id: str
    title: str
    path: str  # where it was: posix path relative to the content folder
    when: datetime  # with a time zone


class Shelf:
    """The content folder as something to put articles on.

    Several threads and processes may use one; writers wait for each other if they share `removed`.
    """

    def __init__(self, content: Path, removed: Path) -> None:
        """`content` must be there when it is used, `removed` is made when it is needed."""
        self._content = content
        self._removed = removed

    # --- adding ---------------------------------------------------------------------------------

    def draft(self, name: str, content: bytes) -> Draft:
        """The article that a file handed in as `name` would become; nothing is written.

        UTF-8 stays as it is, byte for byte. UTF-16 and Windows-1252 become UTF-8, with a note.
        Only the last part of `name` is used: its `slug`, and .md or .txt.

        Raises ShelfError for a name that does not end in .md, .markdown or .txt, for more than
        MAX_BYTES and for an article that is there already; ContentError for what is wrong in the
        text, and if the content folder cannot be read.
        """
        stem, suffix = _split(name)
        stored = _file_name(stem, ".md" if suffix in MARKDOWN else ".txt")
        _refuse_large(content, Remark.ADDED_TOO_LARGE, name=_named(name))
        article = read_article(self._content, stored, content)
        notes = article.notes
        try:
            content.decode()
        except UnicodeDecodeError:
            content = article.text.encode()
            _refuse_large(content, Remark.UTF8_TOO_LARGE, name=_named(name))
            before, article = article, read_article(self._content, stored, content)
            stored_as = [
                Note(note.line, Remark.STORED_AS_UTF8(encoding=note.text.values["encoding"]))
                for note in before.notes
                if note.text.name == Remark.READ_AS.label
            ]
            notes = (*stored_as, *article.notes)
        self._refuse_taken(article)
        return Draft(stored, content, article, _all_notes(notes, article.omissions))

    def draft_pasted(
        self,
        title: str,
        text: str,
        *,
        url: str | None = None,
        author: str | None = None,
        language: str | None = None,
        date: str | None = None,
    ) -> Draft:
        """The Markdown file that pasted text would become: front matter of the values that are
        given and not blank, and `text` as it is; nothing is written.

        Raises what `draft` raises. What is wrong with a value is a ShelfError, what is wrong in
        the text a ContentError whose line counts in `text`.
        """
        values = {"title": title, "author": author, "url": url, "date": date, "language": language}
        entries = {key: _harmless(value) for key, value in values.items() if value is not None}
        if not any(map(str.isalnum, entries["title"])):
            raise ShelfError(Remark.TITLE_BLANK())
        head = _front_matter({key: value for key, value in entries.items() if value})
        stored = _file_name(entries["title"], ".md")
        try:
            content = (head + text.removeprefix("\ufeff")).encode()
        except UnicodeEncodeError as error:
            line = len(LINE_END.findall(text, 0, error.start - len(head))) + 1
            raise ContentError(
                shown_path(self._content, stored),
                line,
                Remark.HALF_CHARACTER(),
            ) from error
        _refuse_large(content, Remark.TEXT_TOO_LARGE)
        above = len(LINE_END.findall(head))
        try:
            article = read_article(self._content, stored, content)
        except ContentError as error:
            line_in_text = None if error.line is None else error.line - above
            raise ContentError(error.path, line_in_text, error.reason) from error
        self._refuse_taken(article)
        notes = _all_notes(article.notes, article.omissions)
        in_text = tuple(Note(note.line - above, note.text) for note in notes)
        return Draft(stored, content, article, in_text)

    def add(self, draft: Draft) -> Path:
        """Store the draft and return the file's path; no file is ever replaced.

        Raises ShelfError if an article of that name or id is there by now, or if the folder cannot
        be written; ContentError if the content folder cannot be read.
        """
        shown = shown_path(self._content, draft.name)
        if draft.name != _file_name(*_split(draft.name)):
            raise ShelfError(Remark.NO_DRAFT_NAME(name=_named(draft.name)))
        with self._writing(Remark.NOT_STORED(path=shown)):
            self._refuse_taken(draft.article)
            return self._put(draft.name, draft.content)

    # --- removing -------------------------------------------------------------------------------

    def remove(self, article_id: str) -> Removed:
        """Move the file of an article out of the content folder; `restore` brings it back.

        Raises ShelfError if there is no such article, if its file is a link, or if one of the
        folders cannot be written; ContentError if the content folder cannot be read.
        """
        with self._writing(Remark.NOT_REMOVED(id=_named(article_id))):
            articles = read_content(self._content).articles
            article = next((found for found in articles if found.id == article_id), None)
            if article is None:
                raise ShelfError(Remark.UNKNOWN_ID(id=_named(article_id)))
            source = self._content.resolve() / article.path
            if source.is_symlink():  # what it leads to would stay, and may be an article too
                path = shown_path(self._content, article.path)
                raise ShelfError(Remark.IS_LINK(path=path))
            when = datetime.now(UTC)
            key = f"{when:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            removed = Removed(key, article.id, article.title, article.path, when)
            self._keep(removed, source.read_bytes())
            try:
                source.unlink()
            except OSError:
                # Else it would count as removed as soon as somebody changes the file.
                shutil.rmtree(self._removed / key, ignore_errors=True)
                raise
            flush(source.parent)
        return removed

    def removed(self) -> list[Removed]:
        """The removed articles, newest first.

        What lies in the content folder with the same bytes at the same path is not removed: a
        process killed in between may leave a file in both folders. A folder without a readable
        record is none of ours and left out.

        Raises ShelfError if the folder of removed articles cannot be read.
        """
        if not os.path.lexists(self._removed):
            return []
        try:
            keys = [path.name for path in self._removed.iterdir() if _KEY.fullmatch(path.name)]
            found = [removed for key in keys if (removed := self._record(key)) is not None]
            gone = [removed for removed in found if not self._is_back(removed)]
        except OSError as error:
            raise ShelfError(
                Remark.REMOVED_UNREADABLE(reason=_reason(error), removed=self._removed.name)
            ) from error
        return sorted(gone, key=lambda removed: (removed.when, removed.key), reverse=True)

    def restore(self, key: str) -> Path:
        """Put a removed file back to where it was and return its path; no file is ever replaced.

        Raises ShelfError if there is no such removed article, if a file of that path or an article
        of that id is there now, or if one of the folders cannot be written; ContentError if the
        content folder cannot be read.
        """
        with self._writing(Remark.NOT_PUT_BACK(key=_named(key))):
            removed = self._record(key) if _KEY.fullmatch(key) else None
            if removed is None:
                raise ShelfError(Remark.UNKNOWN_REMOVED(key=_named(key)))
            self._refuse_taken_by(removed.path, removed.article_id)
            content = (self._removed / key / _ARTICLE).read_bytes()
            restored = self._put(removed.path, content)
            # First out of sight in one step, then away.
            scrap = self._removed / _temporary_name()
            (self._removed / key).rename(scrap)
            shutil.rmtree(scrap)
            flush(self._removed)
        return restored

    # --- files ----------------------------------------------------------------------------------

    def _refuse_taken(self, article: Article) -> None:
        self._refuse_taken_by(article.path, article.id)

    def _refuse_taken_by(self, path: str, article_id: str) -> None:
        if os.path.lexists(self._content / path):
            raise self._taken(path)
        for article in read_content(self._content).articles:
            if article.id == article_id:
                path = shown_path(self._content, article.path)
                raise ShelfError(Remark.ID_TAKEN(path=path, id=article.id))

    def _taken(self, path: str) -> ShelfError:
        return ShelfError(Remark.NAME_TAKEN(path=shown_path(self._content, path)))

    @contextlib.contextmanager
    def _writing(self, failure: Said) -> Iterator[None]:
        """Hold the lock; a failure of the disk becomes a ShelfError that begins with `failure`."""
        try:
            _make_folder(self._removed)
            with FileLock(self._removed / _LOCK, timeout=LOCK_SECONDS):
                _sweep(self._removed)
                yield
        except Timeout as error:
            raise ShelfError(
                Remark.OTHER_WRITER(failure=failure, seconds=round(LOCK_SECONDS))
            ) from error
        except OSError as error:
            raise ShelfError(
                Remark.DISK_FAILED(
                    failure=failure,
                    reason=_reason(error),
                    content=self._content.resolve().name,
                    removed=self._removed.name,
                )
            ) from error

    def _put(self, path: str, content: bytes) -> Path:
        """Make the file `path` of the content folder, whole and durable, or raise.

        Call it inside `_writing`.
        """
        root = self._content.resolve()
        target = root / path
        if not target.parent.resolve().is_relative_to(root):
            raise ShelfError(Remark.PLACE_LEADS_OUT(path=shown_path(self._content, path)))
        _make_folder(target.parent)
        _sweep(target.parent)
        temporary = target.with_name(_temporary_name())
        try:
            _write(temporary, content)
            if not _rename_to_new(temporary, target):
                raise self._taken(path)
        finally:
            temporary.unlink(missing_ok=True)
        flush(target.parent)
        return target

    def _keep(self, removed: Removed, content: bytes) -> None:
        """Make a removed article's folder, whole and durable, or raise.

        Call it inside `_writing`.
        """
        record = {
            "path": removed.path,
            "id": removed.article_id,
            "title": removed.title,
            "when": removed.when.isoformat(),
        }
        temporary = self._removed / _temporary_name()
        try:
            temporary.mkdir()
            _write(temporary / _ARTICLE, content)
            # As ASCII, since a path may hold bytes that are no text.
            _write(temporary / _RECORD, json.dumps(record, indent=1).encode())
            flush(temporary)
            temporary.rename(self._removed / removed.key)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)  # most often it is not there any more
        flush(self._removed)

    def _record(self, key: str) -> Removed | None:
        """What `key`'s record says; None if there is none or it does not say what ours say."""
        try:
            fields = json.loads((self._removed / key / _RECORD).read_bytes())
            path, article_id, title, when = (
                fields[name] for name in ("path", "id", "title", "when")
            )
            time = datetime.fromisoformat(when).astimezone(UTC)
        except (FileNotFoundError, NotADirectoryError, ValueError, LookupError, TypeError):
            return None
        if not all(isinstance(value, str) for value in (path, article_id, title)):
            return None
        parts = PurePosixPath(path).parts
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\0" in path:
            return None
        return Removed(key, article_id, title, path, time)

    def _is_back(self, removed: Removed) -> bool:
        file = self._content / removed.path
        kept = self._removed / removed.key / _ARTICLE
        try:
            return file.is_file() and file.read_bytes() == kept.read_bytes()
        except FileNotFoundError:  # gone since, or damaged
            return False


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, durable; nothing if it is there."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        flush(path.parent)


def _write(path: Path, content: bytes) -> None:
    """Write a new file and put it on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename_to_new(source: Path, target: Path) -> bool:
    """Rename `source`, but never over another file: False if there is one.

    A rename replaces what is there and a hard link does not, so the new name is a link first;
    `source` may still be there afterwards.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            return False
        source.rename(target)
    return True


def _temporary_name() -> str:
    return f".beleg-{secrets.token_hex(8)}.new"


def _sweep(folder: Path) -> None:
    """Remove what a writer that was killed left; call it inside `_writing`."""
    for path in folder.iterdir():
        if not _TEMPORARY.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


# --- names and texts ----------------------------------------------------------------------------


def _split(name: str) -> tuple[str, str]:
    """The last part of `name` without its suffix, and the suffix in lower case.

    Raises ShelfError for a suffix that articles do not have.
    """
    # Control and formatting characters, and whatever is not assigned or not a character.
    visible = "".join(c for c in name if not unicodedata.category(c).startswith("C")).strip()
    stem, dot, suffix = re.split(r"[/\\]", visible)[-1].rpartition(".")
    suffix = f"{dot}{suffix.lower()}"
    if suffix not in (*MARKDOWN, *PLAIN_TEXT):
        raise ShelfError(Remark.NO_ARTICLE_NAME(name=_named(name)))
    return stem, suffix


def _file_name(stem: str, suffix: str) -> str:
    """A name that is safe on every system: ASCII, at most 80 characters, no folder, no dot in
    front."""
    plain = slug(stem)
    return f"article-{plain}{suffix}" if _WINDOWS_DEVICE.fullmatch(plain) else f"{plain}{suffix}"


def _front_matter(values: dict[str, str]) -> str:
    """The head that says `values` and nothing else, and a blank line."""
    lines = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    head = f"---\n{lines}---\n\n"
    try:
        read_front_matter(head)
    except FrontMatterError as error:
        raise ShelfError(Remark.VALUE_WRONG(reason=error.reason)) from error
    return head


def _harmless(text: str) -> str:
    """`text` on one line, without what cannot be stored or turns the text around it."""
    kept = (
        character
        for character in flat(text)
        if unicodedata.category(character) not in ("Cc", "Cs") and character not in _UNWANTED
    )
    return flat("".join(kept))


def _named(text: str) -> str:
    return _shortened(_harmless(text))


def _shortened(text: str) -> str:
    return f"{text[: _LONGEST_SHOWN - 1]}…" if len(text) > _LONGEST_SHOWN else text


def _refuse_large(content: bytes, refusal: Remark, **values: str) -> None:
    if len(content) > MAX_BYTES:
        raise ShelfError(refusal(megabytes=MAX_BYTES // 1_000_000, **values))


def _all_notes(notes: tuple[Note, ...], omissions: tuple[Omission, ...]) -> tuple[Note, ...]:
    left_out = [
        Note(
            omission.line,
            Remark.LEFT_OUT(text=_shortened(flat(omission.text)), reason=omission.reason),
        )
        for omission in omissions
    ]
    return tuple(sorted((*notes, *left_out), key=lambda note: note.line))


def _reason(error: OSError) -> str:
    said = _SYSTEM.get(error.errno or 0)
    return said() if said else error.strerror or type(error).__name__
