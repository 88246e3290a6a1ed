"""How the search for candidates grows with the library, up to a million passages.

    python -m benchmarks.scale --data xquad.de.dev.json xquad.en.dev.json xquad.es.dev.json \
        --work .benchmark --sizes 1000 10000 100000 1000000 --output docs

A library's rows are made from the real ones of the SQuAD-format files ``--data``: half of a made
row's difference from the mean is a real row's, half is drawn with the real rows' covariance, of
which a passage's rows share a part. So they lie as real ones do, around real ones; random vectors
would lie nowhere. The questions are the files' own. Each size is measured in a fresh process.

library_size.py asks another thing, how good the answers are, with libraries of real text.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compare import machine
from benchmarks.figures import markdown, number, replace_between
from benchmarks.peers.protocol import peak_memory
from index.answer import CANDIDATES, Asked, answer_messages
from index.clusters import ClusteredRows, clusters_file
from index.content import Content
from index.encoder import Encoder, load_encoder
from index.evaluate import read_squad
from index.fit import load_fit
from index.late_interaction import Float32, unit
from index.library import Library
from index.nearest import Search
from index.passage_vectors import PassageVectors
from index.search import PassageIndex, Query
from index.segments import IndexedArticle, MappedVectors, Segment
from index.token_vectors import ComputedTokens

REAL = 0.5
"""Share of a made row's variance that is a real row's."""
SHARED = 0.5
"""Share of the rest that a passage's rows have in common."""
ASKED = 100
"""Questions for recall and search time."""
WHOLE = 20
"""Questions answered as a whole."""
COMPUTED = 5
"""The same with token vectors computed for the question."""
STEPS = ("build", "clustered", "exact", "auto")
"""What is measured of each size, each in a process of its own."""
CHUNK = 10_000
PER_ARTICLE = 50


def write_rows(real: Sequence[PassageVectors], passages: int, path: Path) -> None:
    """Write the rows of ``passages`` made passages.

    Made passage ``n`` is like the real one ``n % len(real)``.
    """
    random = np.random.default_rng(0)
    everything = np.concatenate([one.rows for one in real])
    mean = everything.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((everything - mean).T))
    factor = (axes * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)

    def drawn(count: int) -> Float32:
        made: Float32 = random.standard_normal((count, len(mean)), np.float32) @ factor
        return made

    counts = [len(real[number % len(real)].rows) for number in range(passages)]
    with path.open("wb") as file:
        for start in range(0, passages, CHUNK):
            numbers = range(start, min(start + CHUNK, passages))
            base = np.concatenate([real[number % len(real)].rows for number in numbers]) - mean
            of_chunk = counts[numbers.start : numbers.stop]
            shared = np.repeat(drawn(len(numbers)), of_chunk, axis=0)
            own = drawn(len(base))
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own
            rows = unit(mean + np.sqrt(REAL) * base + np.sqrt(1 - REAL) * noise)
            file.write(rows.astype("<f4").data)


class LikeReal(MappedVectors):
    """Made rows with the token vectors of the real passages that they are like."""

    def __init__(
        self, rows: Float32, counts: Sequence[int], real: Sequence[PassageVectors], tokens: bool
    ) -> None:
        super().__init__(rows, counts, None)
        self._real, self._with_tokens = real, tokens

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401  (as its base, for one at a time)
        made = super().__getitem__(place)
        if not self._with_tokens:
            return made
        return PassageVectors(made.rows, self._real[place % len(self._real)].tokens)


@dataclass(frozen=True, slots=True)
class Made:
    """A made library: its articles and rows, the real ones they are like, and what to ask."""

    articles: tuple[IndexedArticle, ...]
    rows: Float32
    counts: list[int]
    real: list[PassageVectors]
    folder: Path
    encoder: Encoder
    asked: list[str]

    def index(self, search: Search, computed: ComputedTokens | None) -> PassageIndex:
        """The library to search; token vectors are those of the real passages, or computed."""
        vectors = LikeReal(self.rows, self.counts, self.real, computed is None)
        live = frozenset(article.source.id for article in self.articles)
        segment = Segment(self.articles, vectors, self.folder)
        return PassageIndex([(segment, live)], self.encoder.dimension, computed, search)

    def looked_up(self) -> list[Float32]:
        """The vectors to look up for the questions."""
        fit = load_fit(self.encoder)
        return [fit.looked_up(one.vector) for one in self.encoder.encode_questions(self.asked)]

    def found(self, index: PassageIndex) -> tuple[float, list[list[int]]]:
        """The median time of a search, and each question's candidates."""
        seconds, found = [], []
        for vector in self.looked_up():
            began = time.perf_counter()
            [hits] = index.search_all([Query(vector)], CANDIDATES)
            seconds.append(time.perf_counter() - began)
            found.append([hit.number for hit in hits])
        return float(np.median(seconds)), found

    def answering(self, index: PassageIndex, questions: int) -> float:
        """The median time of a whole question."""
        fit, seconds = load_fit(self.encoder), []
        for text in self.asked[:questions]:
            began = time.perf_counter()
            answer_messages([Asked(text, 3)], index, self.encoder, fit)
            seconds.append(time.perf_counter() - began)
        return float(np.median(seconds))


def made_library(size: int, data: Sequence[Path], work: Path) -> Made:
    """The library of ``size`` passages; its rows are written now if they are not there yet."""
    encoder = load_encoder()
    articles = [
        replace(article, id=f"{path.stem}-{article.id}")
        for path in data
        for article in read_squad(path).articles
    ]
    content = Content(tuple(articles), (), "scale")
    real = Library.of(content, work / "real", encoder, load_fit(encoder)).index
    vectors = list(real.vectors)
    counts = [len(vectors[number % len(vectors)].rows) for number in range(size)]
    folder = work / f"made-{size}"
    folder.mkdir(exist_ok=True)
    path = folder / "rows.f32"
    shape = (sum(counts), encoder.dimension)
    if not path.exists() or path.stat().st_size != 4 * math.prod(shape):
        write_rows(vectors, size, path)
    rows = np.asarray(np.memmap(path, "<f4", "r", shape=shape))
    questions = [text for path in data for text in read_squad(path).questions.values()]
    count = ASKED // 4 if size > LARGE else ASKED
    asked = questions[:: max(1, len(questions) // count)][:count]
    return Made(made_articles(real, size), rows, counts, vectors, folder, encoder, asked)


def made_articles(real: PassageIndex, size: int) -> tuple[IndexedArticle, ...]:
    """Articles with the real passages in turn, each time under another title."""
    made = []
    for start in range(0, size, PER_ARTICLE):
        id_ = f"{start:09}"
        like = [real.passages[n % len(real.passages)] for n in range(start, start + PER_ARTICLE)]
        passages = tuple(replace(one, article=id_) for one in like[: size - start])
        # All in one language: those of each are searched by themselves.
        source = replace(real.source(like[0]), id=id_, title=f"Article {start}", language="en")
        made.append(IndexedArticle(source, passages, digest=id_))
    return tuple(made)


def build(made: Made) -> dict[str, object]:
    """Search exactly, and make the clusters."""
    exact, found = made.found(made.index(Search.EXACT, None))
    file = clusters_file(made.folder, FIRST_ROW)
    file.unlink(missing_ok=True)
    began = time.perf_counter()
    made.index(Search.CLUSTERED, None)
    seconds = time.perf_counter() - began
    return {
        "by_probed": recall_by_probed(made, found),
        "rows": len(made.rows),
        "rows_bytes": made.rows.nbytes,
        "exact": exact,
        "found": found,
        "build": seconds,
        "clusters_bytes": file.stat().st_size,
    }


def recall_by_probed(made: Made, wanted: Sequence[Sequence[int]]) -> dict[int, float]:
    """The share of ``wanted`` candidates that is found if so many clusters are looked at."""
    clusters = ClusteredRows(made.rows, made.folder, FIRST_ROW)
    owners = np.repeat(np.arange(len(made.counts)), made.counts)
    vectors = made.looked_up()
    recalls = {}
    for probed in PROBED:
        clusters.probed = probed
        rows = [clusters.find(one[None, :], 4 * CANDIDATES)[0] for one in vectors]
        best_first = [numbers[np.argsort(-cosines)] for numbers, cosines in rows]
        found = [list(dict.fromkeys(owners[one].tolist()))[:CANDIDATES] for one in best_first]
        recalls[probed] = overlap(wanted, found)
    return recalls


def serve(made: Made, search: Search) -> dict[str, object]:
    """Search as ``search`` says in a process that has done nothing else, and answer questions."""
    before = peak_memory()
    index = made.index(search, None)
    seconds, found = made.found(index)
    stored = made.answering(index, WHOLE)
    told = {"seconds": seconds, "found": found, "stored": stored, "memory": peak_memory() - before}
    if search is Search.CLUSTERED:
        computing = ComputedTokens(made.encoder, load_fit(made.encoder).passage_mean)
        told["computed"] = made.answering(made.index(search, computing), COMPUTED)
    return told


def main() -> None:
    """Read the options, measure each size, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="SQuAD-format files")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--output", type=Path, help="folder with performance.md")
    parser.add_argument("--do", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.do:
        made = made_library(options.sizes[0], options.data, options.work)
        done = build(made) if options.do == "build" else serve(made, Search(options.do))
        print(json.dumps(done))
        return
    results = options.work / "scale.json"
    kept = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    for size in options.sizes:
        figures = {}
        for do in STEPS:
            print(f"{size} passages: {do}", file=sys.stderr, flush=True)
            figures[do] = _child(options, size, do)
        kept[str(size)] = figures_of(figures)
        results.write_text(json.dumps(kept), encoding="utf-8")
        if size >= LARGE:
            shutil.rmtree(options.work / f"made-{size}")
    body = table_of(kept)
    if options.output is None:
        print(body)
        return
    draw(kept, options.output / "performance-scale.svg")
    page = options.output / "performance.md"
    body += "\n\n![Time, memory and disk by size](performance-scale.svg)"
    page.write_text(
        replace_between(page.read_text(encoding="utf-8"), "scale", body), encoding="utf-8"
    )


def _child(options: argparse.Namespace, size: int, do: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale", "--sizes", str(size), "--do", do]
    command += ["--work", str(options.work), "--data", *map(str, options.data)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603  (ours)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def figures_of(done: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """One size's figures, by the names in COLUMNS, from what its processes say."""
    built, clustered, exact = done["build"], done["clustered"], done["exact"]
    return {
        "rows": built["rows"],
        "rows_bytes": built["rows_bytes"],
        "clusters_bytes": built["clusters_bytes"],
        "build": built["build"],
        **{f"recall@{probed}": recall for probed, recall in built["by_probed"].items()},
        "exact": exact["seconds"],
        "clustered": clustered["seconds"],
        "recall": overlap(built["found"], clustered["found"]),
        "exact_memory": exact["memory"],
        "clustered_memory": clustered["memory"],
        "exact_stored": exact["stored"],
        "clustered_stored": clustered["stored"],
        "chosen_stored": done["auto"]["stored"],
        "computed": clustered["computed"],
    }


def overlap(wanted: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> float:
    """Mean share of each question's ``wanted`` candidates that are ``found``."""
    pairs = zip(wanted, found, strict=True)
    return float(np.mean([len({*one} & {*other}) / len(one) for one, other in pairs]))


COLUMNS = (
    ("rows", "rows", 1),
    ("exact", "exact search, ms", 1000),
    ("clustered", "clusters, ms", 1000),
    ("recall", "recall of candidates", 1),
    ("build", "making clusters, s", 1),
    ("rows_bytes", "rows on disk, MB", 1e-6),
    ("clusters_bytes", "clusters on disk, MB", 1e-6),
    ("exact_memory", "memory, exact, MB", 1e-6),
    ("clustered_memory", "memory, clusters, MB", 1e-6),
    ("exact_stored", "question, exact, ms", 1000),
    ("clustered_stored", "question, clusters, ms", 1000),
    ("chosen_stored", "question, as chosen by size, ms", 1000),
    ("computed", "question, clusters, tokens computed, ms", 1000),
)
FIRST_ROW = "0"
"""Tells the clusters of a segment's languages apart."""
PROBED = (12, 24, 32, 48, 64, 96, 128)
"""Clusters looked at in the second table."""
LARGE = 100_000
"""Passages from which on what was made is removed again; with more a quarter of ASKED is asked."""


def table_of(figures: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each size."""
    lines = [
        [f"{int(size):,}", *(number(of_size[name] * factor) for name, _, factor in COLUMNS)]
        for size, of_size in sorted(figures.items(), key=lambda item: int(item[0]))
    ]
    head = ["passages", *(label for _, label, _ in COLUMNS)]
    probed = [
        [
            f"{int(size):,}",
            *(f"{100 * of_size[f'recall@{one}']:.1f}" for one in PROBED),
        ]
        for size, of_size in sorted(figures.items(), key=lambda item: int(item[0]))
    ]
    return "\n\n".join(
        [
            f"{machine()}.",
            markdown(head, lines),
            "Per cent of the candidates of exact search that are found, by clusters looked at:",
            markdown(["passages", *map(str, PROBED)], probed),
        ]
    )


def draw(figures: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Time, memory and disk against the number of passages."""
    from benchmarks.pictures import draw_lines

    sizes = sorted(figures, key=int)

    def line(name: str) -> list[tuple[float, float]]:
        [factor] = [factor for column, _, factor in COLUMNS if column == name]
        return [(int(size), figures[size][name] * factor) for size in sizes]

    panels = [
        ("search, ms", {"exact": line("exact"), "clusters": line("clustered")}),
        ("question, ms", {"exact": line("exact_stored"), "clusters": line("clustered_stored")}),
        ("memory, MB", {"exact": line("exact_memory"), "clusters": line("clustered_memory")}),
        ("disk, MB", {"exact": line("rows_bytes"), "clusters": line("clusters_bytes")}),
        ("making clusters, s", {"exact": [], "clusters": line("build")}),
    ]
    draw_lines([(title, "passages", lines) for title, lines in panels], path, logarithmic=True)


if __name__ == "__main__":
    main()
