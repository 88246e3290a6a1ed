"""Bring the index in the data folder up to date with the content folder."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.content import Content, ContentError
from index.encoder import Encoder, PassageEncoding
from index.fit import Fit
from index.late_interaction import Int32, centre, quantise
from index.passages import Passage, split_article
from index.segments import (
    IndexedArticle,
    PassageVectors,
    Segment,
    indexed,
    read_segment,
    write_segment,
)
from index.storage import (
    FORMAT,
    DamagedIndexError,
    LeftOut,
    Manifest,
    SegmentEntry,
    StorageError,
    check_segment,
    commit,
    make_durable,
    read_manifest,
    segment_folder,
    sweep,
    writing,
)

Progress = Callable[[int, int], None]

CHUNK = 256
"""Passages encoded before their vectors are written: bounds the memory of a build (about 60 MB of
tokens)."""

MOST_SEGMENTS = 8
"""From here on an update writes one segment anew, without encoding, so that loading stays quick."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many of something came, differ, went and stayed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an update did; ``rebuilt`` says why, if everything was made anew."""

    articles: Changes
    passages: Changes
    encoded: int
    errors: tuple[ContentError, ...]
    rebuilt: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """A whole index as it lies on disk, checked and mapped."""

    manifest: Manifest
    segments: tuple[Segment, ...]

    def live(self) -> list[tuple[Segment, frozenset[str]]]:
        """Each segment with the ids of those of its articles that still count."""
        return [
            (segment, frozenset(entry.articles))
            for segment, entry in zip(self.segments, self.manifest.segments, strict=True)
        ]


def read_index(folder: Path, encoder: Encoder, fit: Fit) -> StoredIndex | None:
    """The index in ``folder``, every file checked; None if there is none.

    Raises DamagedIndexError for one that is damaged, of another format or of another model.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    if manifest.model != encoder.name:
        raise DamagedIndexError(
            f"it was made with the model {manifest.model}, and {encoder.name} is in use"
        )
    if manifest.centring != fit.centring() or manifest.dimension != encoder.dimension:
        raise DamagedIndexError("it was made with other fitted numbers")
    for entry in manifest.segments:
        check_segment(folder, entry)
    segments = tuple(
        read_segment(segment_folder(folder, entry.name), manifest.dimension)
        for entry in manifest.segments
    )
    stored = StoredIndex(manifest, segments)
    counts = [
        len(article.passages)
        for segment, live in stored.live()
        for article in segment.articles
        if article.source.id in live
    ]
    if sum(counts) != manifest.passages:
        raise DamagedIndexError("its manifest and its passages do not fit one another")
    return stored


def unchanged_report(stored: StoredIndex) -> IndexReport:
    """The report for an index that already is up to date."""
    return IndexReport(
        articles=Changes(unchanged=sum(len(entry.articles) for entry in stored.manifest.segments)),
        passages=Changes(unchanged=stored.manifest.passages),
        encoded=0,
        errors=_errors(stored.manifest),
        rebuilt=None,
        seconds=0.0,
    )


def update_index(
    folder: Path,
    read: Callable[[], Content],
    encoder: Encoder,
    fit: Fit,
    on_progress: Progress | None = None,
) -> tuple[StoredIndex, IndexReport]:
    """Make the index in ``folder`` say what the content says, encoding only passages whose text is
    new.

    ``read`` is called with the folder's lock held, so that of two updates the later one has the
    newer content; what it raises is passed on. The new index is read back before the lock is
    given up, as the next writer may sweep away its segments.

    Raises StorageError if the folder cannot be written; the old index then stays as it was.
    ``on_progress`` is told how many of how many texts are encoded.
    """
    began = time.perf_counter()
    with writing(folder):
        content = read()
        try:
            old, rebuilt = read_index(folder, encoder, fit), None
        except DamagedIndexError as error:
            old, rebuilt = None, f"The index in {folder} was built anew: {error}."
        articles = [
            indexed(
                article,
                split_article(
                    article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens
                ),
            )
            for article in content.articles
        ]
        # An index of another model stays as it is until the new one is whole.
        if rebuilt is None:
            sweep(folder, old.manifest if old else None)
        manifest, encoded = _save(folder, content, articles, old, encoder, fit, on_progress)
        commit(folder, manifest)
        stored = _read_back(folder, encoder, fit)
    before = _articles(old) if old else {}
    after = {article.source.id: article for article in articles}
    report = IndexReport(
        articles=_article_changes(before, after),
        passages=_passage_changes(before, after),
        encoded=encoded,
        errors=content.errors,
        rebuilt=rebuilt,
        seconds=time.perf_counter() - began,
    )
    return stored, report


def _read_back(folder: Path, encoder: Encoder, fit: Fit) -> StoredIndex:
    try:
        stored = read_index(folder, encoder, fit)
    except DamagedIndexError as error:
        raise StorageError(
            f"The index in {folder} is damaged since it was written ({error}); check the disk."
        ) from error
    if stored is None:
        raise StorageError(f"The index in {folder} was removed while it was read; try again.")
    return stored


def _save(
    folder: Path,
    content: Content,
    articles: Sequence[IndexedArticle],
    old: StoredIndex | None,
    encoder: Encoder,
    fit: Fit,
    on_progress: Progress | None,
) -> tuple[Manifest, int]:
    digests = {article.source.id: article.digest for article in articles}
    kept: list[SegmentEntry] = []
    for entry, segment in zip(old.manifest.segments, old.segments, strict=True) if old else ():
        same = {a.source.id for a in segment.articles if digests.get(a.source.id) == a.digest}
        still = tuple(id_ for id_ in entry.articles if id_ in same)
        # A segment that is mostly dead weight goes; its living articles move without encoding.
        if still and 2 * len(still) >= len(segment.articles):
            kept.append(replace(entry, articles=still))
    if len(kept) >= MOST_SEGMENTS:
        kept = []
    settled = {id_ for entry in kept for id_ in entry.articles}
    moving = [article for article in articles if article.source.id not in settled]
    encoded = 0
    if moving:
        known = _known_vectors(old) if old else {}
        passages = [
            _TitledPassage(article.source.title, passage)
            for article in moving
            for passage in article.passages
        ]
        new = set(passages) - known.keys()
        encoded = len(new)
        name = uuid.uuid4().hex[:12]
        target = segment_folder(folder, name)
        vectors = _vectors(passages, known, encoder, fit, _Counter(new, on_progress))
        write_segment(target, moving, vectors)
        kept.append(
            SegmentEntry(name, tuple(article.source.id for article in moving), make_durable(target))
        )
    all_passages = [passage for article in articles for passage in article.passages]
    manifest = Manifest(
        format=FORMAT,
        model=encoder.name,
        centring=fit.centring(),
        dimension=encoder.dimension,
        content=content.digest,
        passages=len(all_passages),
        rows=sum(1 + len(passage.sentences) for passage in all_passages),
        left_out=tuple(LeftOut(error.path, error.line, error.reason) for error in content.errors),
        segments=tuple(kept),
    )
    return manifest, encoded


@dataclass(frozen=True, slots=True, eq=False)
class _TitledPassage:
    """A passage under its article's title. Two are equal if they have the same vectors."""

    title: str
    passage: Passage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TitledPassage) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.title, self.passage.text, self.passage.sentences


def _known_vectors(old: StoredIndex) -> dict[_TitledPassage, PassageVectors]:
    known = {}
    for segment in old.segments:
        vectors = iter(segment.vectors)
        for article in segment.articles:
            for passage in article.passages:
                known[_TitledPassage(article.source.title, passage)] = next(vectors)
    return known


class _Counter:
    """Counts encoded texts (passages and sentences) towards the total that the caller is told."""

    def __init__(self, new: set[_TitledPassage], tell: Progress | None) -> None:
        self.total = sum(1 + len(titled.passage.sentences) for titled in new)
        self.done = 0
        self._tell = tell

    def part(self) -> Callable[[int], None]:
        """To be told how many texts of the next part are done so far."""
        before = self.done

        def told(done: int) -> None:
            self.done = min(before + done, self.total)
            if self._tell:
                self._tell(self.done, self.total)

        return told


def _vectors(
    passages: Sequence[_TitledPassage],
    known: dict[_TitledPassage, PassageVectors],
    encoder: Encoder,
    fit: Fit,
    counter: _Counter,
) -> Iterator[PassageVectors]:
    known = dict(known)
    counts = Counter(passages)
    for start in range(0, len(passages), CHUNK):
        chunk = passages[start : start + CHUNK]
        new = list(dict.fromkeys(titled for titled in chunk if titled not in known))
        fresh = dict(zip(new, _encode(new, encoder, fit, counter), strict=True))
        # Only what comes again is kept, so that memory stays bounded.
        known |= {titled: vectors for titled, vectors in fresh.items() if counts[titled] > 1}
        for titled in chunk:
            yield fresh.get(titled) or known[titled]


def _encode(
    passages: Sequence[_TitledPassage], encoder: Encoder, fit: Fit, counter: _Counter
) -> list[PassageVectors]:
    whole = encoder.encode_passages([t.passage.text for t in passages], counter.part())
    alone = iter(_encode_sentences(passages, encoder, counter))
    vectors = []
    for titled, encoding in zip(passages, whole, strict=True):
        sentences = [next(alone) for _ in titled.passage.sentences]
        tokens = np.concatenate([encoding.tokens, *(sentence.tokens for sentence in sentences)])
        vectors.append(
            PassageVectors(
                rows=np.stack([encoding.vector, *(sentence.vector for sentence in sentences)]),
                tokens=quantise(centre(tokens, fit.passage_mean)),
                starts=_sentence_starts(titled.passage, encoding),
            )
        )
    return vectors


def _sentence_starts(passage: Passage, encoding: PassageEncoding) -> Int32:
    """The first token of each sentence, and behind the last token, ``(s + 1,)``."""
    begins = [start for start, _ in passage.sentences]
    starts = np.searchsorted(encoding.spans[:, 0], begins)
    # White space before the first sentence may have a token.
    starts[0] = 0
    return np.append(starts, len(encoding.tokens)).astype(np.int32)


def _encode_sentences(
    passages: Sequence[_TitledPassage], encoder: Encoder, counter: _Counter
) -> list[PassageEncoding]:
    """Each sentence read with the article's title before it, where the model has room.

    A sentence often does not say what it is about ("It was finished in 1930."); the title does.
    The title's own tokens are left out: they would be the same for every sentence.
    """
    plain = [
        titled.passage.text[start:end]
        for titled in passages
        for start, end in titled.passage.sentences
    ]
    heads = [f"{titled.title}: " for titled in passages for _ in titled.passage.sentences]
    both = [head + sentence for head, sentence in zip(heads, plain, strict=True)]
    fits = [count <= encoder.max_tokens for count in encoder.count_tokens(both)]
    texts = [long if fit else short for long, short, fit in zip(both, plain, fits, strict=True)]
    encodings = encoder.encode_passages(texts, counter.part())
    return [
        _from(encoding, len(head)) if fit else encoding
        for encoding, head, fit in zip(encodings, heads, fits, strict=True)
    ]


def _from(encoding: PassageEncoding, start: int) -> PassageEncoding:
    """The encoding without the tokens that end before the character ``start``."""
    kept = encoding.spans[:, 1] > start
    return PassageEncoding(encoding.vector, encoding.tokens[kept], encoding.spans[kept])


def _articles(stored: StoredIndex) -> dict[str, IndexedArticle]:
    return {
        article.source.id: article
        for segment, live in stored.live()
        for article in segment.articles
        if article.source.id in live
    }


def _article_changes(
    before: dict[str, IndexedArticle], after: dict[str, IndexedArticle]
) -> Changes:
    both = before.keys() & after.keys()
    unchanged = sum(before[id_].digest == after[id_].digest for id_ in both)
    return Changes(
        added=len(after.keys() - both),
        changed=len(both) - unchanged,
        removed=len(before.keys() - both),
        unchanged=unchanged,
    )


def _passage_changes(
    before: dict[str, IndexedArticle], after: dict[str, IndexedArticle]
) -> Changes:
    """Count by text within each article: a text that went while another came is one that
    changed."""
    added = changed = removed = unchanged = 0
    for id_ in before.keys() | after.keys():
        old = Counter(p.text for p in before[id_].passages) if id_ in before else Counter[str]()
        new = Counter(p.text for p in after[id_].passages) if id_ in after else Counter[str]()
        went, came = (old - new).total(), (new - old).total()
        changed += min(went, came)
        removed += went - min(went, came)
        added += came - min(went, came)
        unchanged += (old & new).total()
    return Changes(added, changed, removed, unchanged)


def _errors(manifest: Manifest) -> tuple[ContentError, ...]:
    return tuple(ContentError(entry.path, entry.line, entry.reason) for entry in manifest.left_out)
