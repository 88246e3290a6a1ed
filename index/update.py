"""Bring the index in the data folder up to date with the content folder."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.content import Article, Content, ContentError
from index.encoder import Encoder
from index.fit import Fit
from index.passage_vectors import (
    NO_SENTENCES,
    PassageVectors,
    SentenceVectors,
    TitledPassage,
    TitledSentence,
    encode,
    estimated_token_bytes,
    new_sentences,
    title_tokens,
)
from index.passages import SPLITTING, split_article
from index.remarks import Said
from index.segments import (
    IndexedArticle,
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
    sweeping_after_failure,
    writing,
)
from index.token_vectors import are_stored

Progress = Callable[[int, int], None]

CHUNK = 256
"""Passages encoded before their vectors are written: bounds the memory of a build (30 to 75 MB
of tokens)."""

MOST_SEGMENTS = 8
"""From here on an update puts the small ones together, without encoding, so that loading stays
quick."""
MOST_LARGE = 4
"""Segments that stay by themselves however many there are."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many of something came, differ, went and stayed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an update did; ``rebuilt`` says why, if everything was made anew.

    ``token_bytes``: about what the token vectors of all passages take; ``tokens_stored``: whether
    they are stored, or computed when a question needs them.
    """

    articles: Changes
    passages: Changes
    encoded: int
    errors: tuple[ContentError, ...]
    rebuilt: str | None
    seconds: float
    token_bytes: int = 0
    tokens_stored: bool = True


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """A whole index as it lies on disk, checked and open."""

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
    token_bytes = manifest.token_bytes if manifest.tokens_stored else None
    segments = tuple(
        read_segment(segment_folder(folder, entry.name), manifest.dimension, token_bytes)
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


def is_current(manifest: Manifest, digest: str, token_limit: int) -> bool:
    """Whether an index needs no update for the content of this ``digest`` and this limit of the
    bytes of token vectors."""
    kept = are_stored(manifest.token_bytes, token_limit, before=manifest.tokens_stored)
    return manifest.content == _split_from(digest) and kept is manifest.tokens_stored


def _split_from(content: str) -> str:
    """What an index is made from, besides the model: the content of this digest, as it is split."""
    return f"{SPLITTING}.{content}"


def unchanged_report(stored: StoredIndex) -> IndexReport:
    """The report for an index that already is up to date."""
    return IndexReport(
        articles=Changes(unchanged=sum(len(entry.articles) for entry in stored.manifest.segments)),
        passages=Changes(unchanged=stored.manifest.passages),
        encoded=0,
        errors=_errors(stored.manifest),
        rebuilt=None,
        seconds=0.0,
        token_bytes=stored.manifest.token_bytes,
        tokens_stored=stored.manifest.tokens_stored,
    )


def update_index(
    folder: Path,
    read: Callable[[Mapping[str, str]], Content],
    encoder: Encoder,
    fit: Fit,
    token_limit: int,
    on_progress: Progress | None = None,
) -> tuple[StoredIndex, IndexReport]:
    """Make the index in ``folder`` say what the content says, encoding only sentences that are new
    under their title.

    Token vectors that would take more than ``token_limit`` bytes are not stored. An index that
    stored them drops them then without encoding; one that did not, and may again, encodes
    everything.

    ``read`` is called with the folder's lock held, so that of two updates the later one has the
    newer content; it gets the origins of the articles that need not be read, each with the
    article's id. What it raises is passed on. The new index is read back before the lock is
    given up, as the next writer may sweep away its segments.

    Raises StorageError if the folder cannot be read or written; the old index then stays as it was.
    ``on_progress`` is told how many of how many sentences are encoded.
    """
    began = time.perf_counter()
    with writing(folder):
        try:
            old, rebuilt = read_index(folder, encoder, fit), None
        except DamagedIndexError as error:
            old, rebuilt = None, f"The index in {folder} was built anew: {error}."
        before = _by_origin(old) if old else {}
        content = read({origin: article.source.id for origin, article in before.items()})
        articles = [
            *(before[origin] for origin in content.known),
            *(_split(article, encoder) for article in content.articles),
        ]
        articles.sort(key=lambda article: article.source.id)
        # An index of another model stays as it is until the new one is whole.
        sweep(folder)
        token_count = sum(article.token_count for article in articles)
        token_bytes = estimated_token_bytes(token_count, encoder.dimension)
        stored_before = old is None or old.manifest.tokens_stored
        tokens = are_stored(token_bytes, token_limit, before=stored_before)
        if tokens and not stored_before:
            rebuilt = (
                f"The index in {folder} was built anew: its token vectors may be stored again."
            )
        target = _Target(folder, encoder, fit, tokens)
        passages = [passage for article in articles for passage in article.passages]
        with sweeping_after_failure(folder):
            segments, encoded = _save(target, articles, old, on_progress)
            manifest = Manifest(
                format=FORMAT,
                model=encoder.name,
                centring=fit.centring(),
                dimension=encoder.dimension,
                content=_split_from(content.digest),
                passages=len(passages),
                rows=sum(len(passage.sentences) for passage in passages),
                token_bytes=token_bytes,
                tokens_stored=tokens,
                left_out=tuple(
                    LeftOut(
                        error.path,
                        error.line,
                        error.reason,
                        error.reason.name,
                        error.reason.values,
                    )
                    for error in content.errors
                ),
                segments=segments,
            )
            commit(folder, manifest)
        stored = _read_back(folder, encoder, fit)
    replaced = _articles(old) if old else {}
    after = {article.source.id: article for article in articles}
    report = IndexReport(
        articles=_article_changes(replaced, after),
        passages=_passage_changes(replaced, after),
        encoded=encoded,
        errors=content.errors,
        rebuilt=rebuilt,
        seconds=time.perf_counter() - began,
        token_bytes=stored.manifest.token_bytes,
        tokens_stored=stored.manifest.tokens_stored,
    )
    return stored, report


def _by_origin(stored: StoredIndex) -> dict[str, IndexedArticle]:
    """The articles in the index, outdated ones included, by what would make the same again."""
    return {
        origin: article
        for segment in stored.segments
        for article in segment.articles
        if (origin := article.origin) is not None
    }


def _split(article: Article, encoder: Encoder) -> IndexedArticle:
    passages = split_article(
        article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens
    )
    title, *counts = encoder.count_tokens([article.title, *(one.text for one in passages)])
    of_title = title_tokens(title, encoder)
    return indexed(article, passages, sum(counts) + of_title * len(passages))


@dataclass(frozen=True, slots=True)
class _Target:
    """Where an index is written, what makes its vectors, and whether it holds token vectors."""

    folder: Path
    encoder: Encoder
    fit: Fit
    tokens: bool


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
    target: _Target,
    articles: Sequence[IndexedArticle],
    old: StoredIndex | None,
    on_progress: Progress | None,
) -> tuple[tuple[SegmentEntry, ...], int]:
    """The segments that hold ``articles`` from now on, and how many passages were encoded, if
    only in part."""
    kept = _kept(articles, old, target.tokens)
    settled = {id_ for entry in kept for id_ in entry.articles}
    moving = [article for article in articles if article.source.id not in settled]
    if not moving:
        return tuple(kept), 0
    # The rows of each language are searched by themselves: one run of them is quickest.
    moving.sort(key=lambda article: article.source.language)
    passages = [
        TitledPassage(article.source.title, passage)
        for article in moving
        for passage in article.passages
    ]
    known = _known_vectors(set(passages), old, target.tokens) if old else {}
    new = _new_of_each_chunk(passages, known)
    known_sentences: Mapping[TitledSentence, SentenceVectors] = NO_SENTENCES
    if old:
        sentences = {one for chunk in new for titled in chunk for one in titled.sentences()}
        known_sentences = _known_sentences(sentences, old, target.tokens)
    name = uuid.uuid4().hex[:12]
    segment = segment_folder(target.folder, name)
    # By chunk, as they are encoded: a sentence of two chunks' passages is encoded with each.
    total = sum(len(new_sentences(chunk, known_sentences)) for chunk in new)
    counter = _Counter(total, on_progress)
    vectors = _vectors(passages, new, known, known_sentences, target, counter)
    write_segment(segment, moving, vectors, tokens=target.tokens)
    ids = tuple(article.source.id for article in moving)
    encoded = sum(
        bool(new_sentences([titled], known_sentences)) for chunk in new for titled in chunk
    )
    return (*kept, SegmentEntry(name, ids, make_durable(segment))), encoded


def _kept(
    articles: Sequence[IndexedArticle], old: StoredIndex | None, tokens: bool
) -> list[SegmentEntry]:
    """The segments of ``old`` that stay as they are; the other articles move to a new one."""
    if old is None or old.manifest.tokens_stored is not tokens:
        return []
    wanted = {article.source.id: article for article in articles}
    kept: list[SegmentEntry] = []
    sizes: list[int] = []
    for entry, segment in zip(old.manifest.segments, old.segments, strict=True):
        same = {a.source.id for a in segment.articles if _is_same(a, wanted.get(a.source.id))}
        still = tuple(id_ for id_ in entry.articles if id_ in same)
        # A segment that is mostly dead weight goes; its living articles move without encoding.
        if still and 2 * len(still) >= len(segment.articles):
            kept.append(replace(entry, articles=still))
            sizes.append(len(segment.vectors))
    if len(kept) < MOST_SEGMENTS:
        return kept
    return [kept[place] for place in sorted(_large(sizes))]


def _large(sizes: Sequence[int]) -> list[int]:
    """The places of those that stay, of MOST_LARGE at most: of those below, which are put together,
    each one is larger than all.

    So the large ones are seldom written anew (after the logarithmic method, Bentley and Saxe 1980).
    """
    smallest_first, together = sorted(range(len(sizes)), key=sizes.__getitem__), 0
    for count, place in enumerate(smallest_first):
        if len(sizes) - count <= MOST_LARGE and sizes[place] > together:
            return smallest_first[count:]
        together += sizes[place]
    return []


def _is_same(stored: IndexedArticle, wanted: IndexedArticle | None) -> bool:
    """Whether it may stay as it is. Of another origin it would be read at every update."""
    return (
        wanted is not None
        and stored.digest == wanted.digest
        and stored.made_from == wanted.made_from
    )


def _stored_passages(
    old: StoredIndex, titles: set[str]
) -> Iterator[tuple[TitledPassage, Segment, int]]:
    """The passages of ``old`` whose articles have one of these ``titles``, each one's segment and
    its place there."""
    for segment in old.segments:
        place = 0
        for article in segment.articles:
            if article.source.title in titles:
                for number, passage in enumerate(article.passages, place):
                    yield TitledPassage(article.source.title, passage), segment, number
            place += len(article.passages)


def _usable(vectors: PassageVectors, tokens: bool) -> PassageVectors | None:
    """None where ``tokens`` are to be stored and these have none."""
    if not tokens:
        return PassageVectors(vectors.rows, None)
    return vectors if vectors.tokens is not None else None


def _known_vectors(
    wanted: set[TitledPassage], old: StoredIndex, tokens: bool
) -> dict[TitledPassage, PassageVectors]:
    """Those of the ``wanted`` passages that need not be encoded again; where ``tokens`` are to be
    stored, they have them."""
    return {
        titled: vectors
        for titled, segment, place in _stored_passages(old, {one.title for one in wanted})
        if titled in wanted and (vectors := _usable(segment.vectors[place], tokens)) is not None
    }


def _known_sentences(
    wanted: set[TitledSentence], old: StoredIndex, tokens: bool
) -> dict[TitledSentence, SentenceVectors]:
    """The same of sentences: those of a passage in which another sentence has changed."""
    known: dict[TitledSentence, SentenceVectors] = {}
    for titled, segment, place in _stored_passages(old, {one.title for one in wanted}):
        if wanted.isdisjoint(sentences := titled.sentences()):
            continue
        if (vectors := _usable(segment.vectors[place], tokens)) is not None:
            both = zip(sentences, vectors.sentences(), strict=True)
            known |= {sentence: found for sentence, found in both if sentence in wanted}
    return known


class _Counter:
    """Counts encoded sentences towards the total that the caller is told."""

    def __init__(self, total: int, tell: Progress | None) -> None:
        self.total = total
        self.done = 0
        self._tell = tell

    def part(self) -> Callable[[int], None]:
        """To be told how many sentences of the next part are done so far."""
        before = self.done

        def told(done: int) -> None:
            self.done = min(before + done, self.total)
            if self._tell:
                self._tell(self.done, self.total)

        return told


def _new_of_each_chunk(
    passages: Sequence[TitledPassage], known: Mapping[TitledPassage, PassageVectors]
) -> list[list[TitledPassage]]:
    """Those that are not ``known``, by the chunk in which each comes first."""
    seen = set(known)
    chunks = []
    for start in range(0, len(passages), CHUNK):
        chunk = dict.fromkeys(passages[start : start + CHUNK])
        chunks.append([titled for titled in chunk if titled not in seen])
        seen.update(chunk)
    return chunks


def _vectors(
    passages: Sequence[TitledPassage],
    new: Sequence[Sequence[TitledPassage]],
    known: dict[TitledPassage, PassageVectors],
    known_sentences: Mapping[TitledSentence, SentenceVectors],
    target: _Target,
    counter: _Counter,
) -> Iterator[PassageVectors]:
    known = dict(known)
    counts = Counter(passages)
    mean = target.fit.passage_mean
    for number, of_chunk in enumerate(new):
        encoded = encode(
            of_chunk,
            target.encoder,
            mean,
            counter.part(),
            known_sentences,
            tokens=target.tokens,
        )
        fresh = dict(zip(of_chunk, encoded, strict=True))
        # Only what comes again is kept, so that memory stays bounded.
        known |= {titled: vectors for titled, vectors in fresh.items() if counts[titled] > 1}
        for titled in passages[number * CHUNK : (number + 1) * CHUNK]:
            yield fresh.get(titled) or known[titled]


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
        if id_ in before and id_ in after and before[id_].digest == after[id_].digest:
            unchanged += len(after[id_].passages)
            continue
        old = Counter(p.text for p in before[id_].passages) if id_ in before else Counter[str]()
        new = Counter(p.text for p in after[id_].passages) if id_ in after else Counter[str]()
        went, came = (old - new).total(), (new - old).total()
        changed += min(went, came)
        removed += went - min(went, came)
        added += came - min(went, came)
        unchanged += (old & new).total()
    return Changes(added, changed, removed, unchanged)


def _errors(manifest: Manifest) -> tuple[ContentError, ...]:
    return tuple(
        ContentError(entry.path, entry.line, Said(entry.reason, entry.name, entry.values))
        for entry in manifest.left_out
    )
