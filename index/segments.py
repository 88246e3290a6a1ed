"""A segment: some articles' passages and their vectors, as files that never change once written.

    passages.json   the articles' sources and passages, and how many tokens each passage has
    rows.f32        float32 (rows, d): for each passage a vector for each of its sentences

and, unless the library is too large for token vectors (see token_vectors.py),

    tokens.i8       int8 (tokens, d): centred token vectors, eight bits a component: for each
                    passage those of its article's title, and then its own
    scales.f32      float32 (tokens,): what brings a token vector back to unit length
    starts.i32      int32 (rows,): where among its passage's tokens those of each sentence begin

Arrays are stored bare, little-endian, and mapped into memory; many token vectors are read instead
(token_file.py). Their shapes follow from passages.json and the manifest's dimension, so a file of
the wrong length is noticed before it is used.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, overload
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, NonNegativeInt, TypeAdapter, ValidationError

from index.content import Article
from index.late_interaction import Float32, Int8, Int32, QuantisedTokens, TokenVectors
from index.passage_vectors import PassageTokens, PassageVectors
from index.passages import SPLITTING, Passage
from index.storage import DamagedIndexError, reading
from index.token_file import ReadTokens, TokenFile, are_read

PASSAGES = "passages.json"
ROWS = "rows.f32"
TOKENS = "tokens.i8"
SCALES = "scales.f32"
STARTS = "starts.i32"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a passage comes from: what a reader needs to find the article.

    ``questions``: some that its author says it answers.
    """

    id: str
    title: str
    author: str | None
    publisher: str | None
    url: str | None
    date: str | None
    language: str
    questions: tuple[str, ...] = ()  # an index made before there were any can be read


def _as_it_is(passage: Passage) -> Passage:
    """For pydantic, which comes back to Python with each passage that it reads. Other threads get
    their turn then; else it would read megabytes before they do."""
    return passage


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """An article as the index keeps it; ``digest`` changes when anything in it does.

    ``made_from``: how the article was split, and its origin: see `origin`, which knows nothing of
    older ones. ``token_count``: that of its passages, each with the title's.
    """

    source: Source
    passages: tuple[Annotated[Passage, AfterValidator(_as_it_is)], ...]
    digest: str
    made_from: str = ""  # an index made before there was one can be read
    token_count: int = 0

    @property
    def origin(self) -> str | None:
        """That of the article, from which the same would be made again; None if that would be split
        differently, or is no file."""
        splitting, _, origin = self.made_from.partition(".")
        return origin if origin and splitting == str(SPLITTING) else None


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Segment:
    """Articles with the vectors of their passages, in the order of the passages.

    ``folder``: where its files lie; None for one that is only in memory.
    """

    articles: tuple[IndexedArticle, ...]
    vectors: Sequence[PassageVectors]
    folder: Path | None = None

    def rows(self) -> Float32:
        """The rows of all its passages, one below the other; of a mapped segment nothing is read.

        Raises ValueError for a segment without passages.
        """
        if isinstance(self.vectors, MappedVectors):
            return self.vectors.rows
        return np.concatenate([vectors.rows for vectors in self.vectors])

    def row_starts(self) -> NDArray[np.int64]:
        """Where each passage's rows begin, and where the last one's end."""
        if isinstance(self.vectors, MappedVectors):
            return self.vectors.starts
        return np.cumsum([0, *(len(vectors.rows) for vectors in self.vectors)], dtype=np.int64)


class MappedVectors(Sequence[PassageVectors]):
    """The vectors of a mapped segment's passages, each put together when it is asked for: as
    objects a million of them would take more memory than all else."""

    def __init__(self, rows: Float32, counts: Sequence[int], tokens: StoredTokens | None) -> None:
        """Passage by passage, ``counts`` of the ``rows`` and as many starts of its ``tokens``."""
        self.rows = rows
        self.starts = np.cumsum([0, *counts], dtype=np.int64)
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, place: int) -> PassageVectors: ...
    @overload
    def __getitem__(self, place: slice) -> list[PassageVectors]: ...
    def __getitem__(self, place: int | slice) -> PassageVectors | list[PassageVectors]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        span = slice(int(self.starts[place]), int(self.starts[place + 1]))
        tokens = None if self.tokens is None else self.tokens.of(place, span)
        return PassageVectors(self.rows[span], tokens)


class StoredTokens:
    """The token vectors of a stored segment's passages."""

    def __init__(
        self, values: Int8 | TokenFile, scales: Float32, starts: Int32, counts: Sequence[int]
    ) -> None:
        """Passage by passage, ``counts`` of the ``values`` and ``scales``."""
        self._values, self._scales, self._starts = values, scales, starts
        self._bounds = np.cumsum([0, *counts])

    def of(self, place: int, starts: slice) -> PassageTokens:
        """Those of the passage at ``place``, whose ``starts`` these are."""
        start, end = self._bounds[place : place + 2].tolist()
        scales = self._scales[start:end]
        vectors: TokenVectors = (
            ReadTokens(self._values, start, scales)
            if isinstance(self._values, TokenFile)
            else QuantisedTokens(self._values[start:end], scales)
        )
        return PassageTokens(vectors, self._starts[starts])


@dataclass(frozen=True, slots=True)
class _Contents:
    """What ``passages.json`` holds; ``tokens`` counts each passage's, None where none are
    stored."""

    articles: tuple[IndexedArticle, ...]
    tokens: tuple[NonNegativeInt, ...] | None


@cache
def _contents_type() -> TypeAdapter[_Contents]:
    return TypeAdapter(_Contents)


def indexed(article: Article, passages: Sequence[Passage], token_count: int = 0) -> IndexedArticle:
    """The part of an article that the index keeps; its passages have ``token_count`` tokens,
    their titles' counted."""
    source = _source(article)
    of_source = asdict(source)
    if not source.questions:  # the digest is then that of an index made before there were any
        del of_source["questions"]
    digest = _digest([of_source, [*passages]])
    made_from = f"{SPLITTING}.{article.origin}"
    return IndexedArticle(source, tuple(passages), digest, made_from, token_count)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, default=_fields).encode()).hexdigest()


def _fields(part: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """For json, which comes back to Python for each dataclass that it meets. Other threads get
    their turn then; of dictionaries it would write megabytes before they do."""
    return {field.name: getattr(part, field.name) for field in fields(part)}


def _source(article: Article) -> Source:
    return Source(
        id=article.id,
        title=article.title,
        author=article.author,
        publisher=article.publisher,
        url=article.url,
        date=article.date,
        language=article.language,
        questions=article.questions,
    )


def write_segment(
    folder: Path,
    articles: Sequence[IndexedArticle],
    vectors: Iterable[PassageVectors],
    *,
    tokens: bool,
) -> None:
    """Write a segment's files into the new ``folder``; ``vectors`` follow the order of the
    passages.

    ``tokens`` says whether all of them have token vectors, or none.
    """
    folder.mkdir()
    counts = []
    with ExitStack() as files:
        rows, *of_tokens = (
            files.enter_context((folder / name).open("wb"))
            for name in ((ROWS, TOKENS, SCALES, STARTS) if tokens else (ROWS,))
        )
        for passage in vectors:
            rows.write(np.ascontiguousarray(passage.rows, "<f4").data)
            if passage.tokens is not None:
                values, scales, starts = of_tokens
                counts.append(len(passage.tokens.vectors.scales))
                values.write(np.ascontiguousarray(passage.tokens.vectors.values, "i1").data)
                scales.write(np.ascontiguousarray(passage.tokens.vectors.scales, "<f4").data)
                starts.write(np.ascontiguousarray(passage.tokens.starts, "<i4").data)
    content = json.dumps(
        _Contents(tuple(articles), tuple(counts) if tokens else None),
        default=_fields,
        ensure_ascii=False,
    )
    (folder / PASSAGES).write_text(content, encoding="utf-8")


_opened: WeakValueDictionary[tuple[object, ...], Segment] = WeakValueDictionary()


def read_segment(folder: Path, dimension: int, token_bytes: int | None) -> Segment:
    """Open a segment's files, whose digests the caller has checked. ``token_bytes``: what the token
    vectors of its whole index take; None where it should hold none.

    One that is open already is the same as before: the files of a segment never change, and no
    other segment gets its folder.

    Raises DamagedIndexError where one is missing or the files do not fit one another, StorageError
    if one cannot be read.
    """
    many = token_bytes is not None and are_read(token_bytes)
    key = _identity(folder, dimension, token_bytes is not None, many)
    if (known := _opened.get(key)) is not None:
        return known
    try:
        with reading(folder / PASSAGES) as path:
            content = _contents_type().validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        raise DamagedIndexError(f"{folder.name}/{PASSAGES} cannot be read") from error
    passages = [passage for article in content.articles for passage in article.passages]
    rows_of = [len(passage.sentences) for passage in passages]
    try:
        if (token_bytes is None) is not (content.tokens is None):
            raise ValueError("tokens")
        rows: Float32 = _map(folder / ROWS, "<f4", (sum(rows_of), dimension))
        of_passages = (
            None
            if content.tokens is None
            else _open_tokens(folder, dimension, len(rows), content.tokens, many=many)
        )
        vectors = MappedVectors(rows, rows_of, of_passages)
        if content.tokens is not None and len(content.tokens) != len(vectors):
            raise ValueError("tokens")
    except (ValueError, OverflowError) as error:
        raise DamagedIndexError(f"the files of {folder.name} do not fit one another") from error
    segment = Segment(content.articles, vectors, folder)
    _opened[key] = segment
    return segment


def _identity(folder: Path, *opened_as: object) -> tuple[object, ...]:
    """Differs when a file of the segment has been written, replaced or removed."""
    stats: list[tuple[int, ...] | None] = []
    for name in (PASSAGES, ROWS, TOKENS, SCALES, STARTS):
        try:
            stat = (folder / name).stat()
        except OSError:  # whoever reads it will see
            stats.append(None)
        else:
            stats.append((stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return folder, *opened_as, *stats


def _open_tokens(
    folder: Path, dimension: int, starts: int, counts: Sequence[int], *, many: bool
) -> StoredTokens:
    """Token vectors of passages, ``counts`` of each; ``starts`` of all of them together. ``many``
    are read, and not mapped."""
    total = sum(counts)
    scales: Float32 = _map(folder / SCALES, "<f4", (total,))
    of_sentences: Int32 = _map(folder / STARTS, "<i4", (starts,))
    values: Int8 | TokenFile
    if many:
        with reading(folder / TOKENS) as path:
            _check_size(path, total * dimension)
            values = TokenFile(path, dimension)
    else:
        values = _map(folder / TOKENS, "i1", (total, dimension))
    return StoredTokens(values, scales, of_sentences, counts)


def _map(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    with reading(path):
        _check_size(path, np.dtype(kind).itemsize * math.prod(shape))
        if 0 in shape:
            return np.empty(shape, kind)
        # A plain array over the map: slicing numpy's memmap class costs ten times as much.
        return np.asarray(np.memmap(path, kind, "r", shape=shape))


def _check_size(path: Path, size: int) -> None:
    if path.stat().st_size != size:
        raise ValueError(path.name)
