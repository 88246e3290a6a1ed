"""What it costs to check every byte of an index when it is loaded.

    .venv/bin/python benchmarks/index_checks.py [--passages 2000] [--rounds 5]

Writes an index of made-up vectors, of the default model's shape, and times the check of all
files' SHA-256, and all of loading with the check in it. The files are in the system's cache, which
makes the check's share as large as it gets.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from index.late_interaction import QuantisedTokens
from index.passage_vectors import PassageTokens, PassageVectors
from index.passages import Passage
from index.search import PassageIndex
from index.segments import IndexedArticle, Source, read_segment, write_segment
from index.storage import SegmentEntry, check_segment, make_durable, segment_folder

DIMENSION, TOKENS, SENTENCES, PER_ARTICLE = 384, 200, 5, 20


def write(data: Path, passages: int) -> SegmentEntry:
    """One segment of this many passages."""
    chance = np.random.default_rng(1)
    spans = tuple((number * 10, number * 10 + 9) for number in range(SENTENCES))
    articles = []
    for first in range(0, passages, PER_ARTICLE):
        source = Source(f"a{first}", "A title", None, None, None, None, "en")
        text = "Some word " * SENTENCES
        of_article = tuple(
            Passage(source.id, number + 1, 1, 0, len(text), text, None, spans)
            for number in range(PER_ARTICLE)
        )
        articles.append(IndexedArticle(source, of_article, hashlib.sha256(b"").hexdigest()))

    def one() -> PassageVectors:
        values = chance.integers(-127, 127, (TOKENS, DIMENSION), np.int8)
        tokens = QuantisedTokens(values, np.ones(TOKENS, np.float32))
        rows = chance.standard_normal((SENTENCES, DIMENSION), np.float32)
        return PassageVectors(rows, PassageTokens(tokens, np.zeros(SENTENCES, np.int32)))

    name = "0123456789ab"
    segment = segment_folder(data, name)
    segment.parent.mkdir(parents=True)
    count = len(articles) * PER_ARTICLE
    write_segment(segment, articles, (one() for _ in range(count)), tokens=True)
    return SegmentEntry(name, tuple(a.source.id for a in articles), make_durable(segment))


def main() -> None:
    """Print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        data = Path(folder, "data")
        entry = write(data, options.passages)
        size = sum(file.size for file in entry.files.values())
        checks, loads = [], []
        for _ in range(options.rounds):
            began = time.perf_counter()
            check_segment(data, entry)
            checked = time.perf_counter()
            of_tokens = entry.files["tokens.i8"].size
            segment = read_segment(segment_folder(data, entry.name), DIMENSION, of_tokens)
            PassageIndex([(segment, frozenset(entry.articles))], DIMENSION)
            loads.append(time.perf_counter() - began)
            checks.append(checked - began)
    check, load = median(checks), median(loads)
    print(f"{options.passages} passages, {size / 1e6:.0f} MB")
    print(f"check {check:.2f} s ({size / check / 1e9:.1f} GB/s), all of loading {load:.2f} s")
    print(f"the check's share of loading, without the model: {check / load:.0%}")


if __name__ == "__main__":
    main()
