"""How the answers change with the size of the library.

    python -m benchmarks.library_size --passages xquad.de.dev.json --questions xquad.en.dev.json \
        --distractors FOLDER --data .benchmark --sizes 1 5 10 20 60 120 1000 10000

A library of each size is made of some of the file's articles, at most half of them, and of articles
from the folders of distractors, which are read as the program reads its content. Asked are the
questions on the articles inside, the same with their own passage taken out (neighbouring), and
questions on the file's other articles (absent). For each size every article is inside once. The
index of everything stays in the folder ``--data``, so that a second run encodes nothing.

With ``--candidates`` it measures, in the largest library, what each number of candidates gives and
how long it takes to compute their token vectors for a question.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from index.answer import CANDIDATES, look_again
from index.content import Article, Content, read_content
from index.encoder import Encoder, QuestionEncoding, load_encoder
from index.evaluate import Dataset, GoldAnswer, read_squad
from index.fit import Fit, load_fit
from index.language import language_likelihoods
from index.passage_vectors import PassageVectors, TitledPassage
from index.rerank import rerank
from index.search import Hit, PassageIndex, Query, is_compared
from index.segments import IndexedArticle, Segment
from index.token_vectors import ComputedTokens
from index.update import StoredIndex, update_index

ABSENT = 720
"""Absent questions asked for each size, spread over its libraries; with --every 3 a third."""
TIMED = 20
"""Questions that the timing asks."""


class Kind(StrEnum):
    """What a library has on a question."""

    ANSWERABLE = "its passage"
    NEIGHBOURING = "the rest of its article"
    ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where its answer stands."""

    text: str
    encoding: QuestionEncoding
    gold: GoldAnswer


@dataclass(frozen=True, slots=True)
class Trial:
    """A question asked of a library of about ``size`` passages.

    ``chance``: the probability that the first passage answers; ``right``: its passage came first;
    ``sentence``: and the answer stands in the marked sentence.
    """

    size: int
    kind: Kind
    article: str
    chance: float
    right: bool
    sentence: bool


Stock = dict[str, tuple[IndexedArticle, Sequence[PassageVectors]]]
"""By id all articles that libraries are made of, with their passages' vectors."""


def stock_of(stored: StoredIndex) -> Stock:
    """All articles of an index."""
    stock: Stock = {}
    for segment, live in stored.live():
        vectors = iter(segment.vectors)
        for article in segment.articles:
            of_article = [next(vectors) for _ in article.passages]
            if article.source.id in live:
                stock[article.source.id] = article, of_article
    return stock


def libraries(
    stock: Stock, asked_about: Sequence[str], size: int
) -> Iterator[tuple[frozenset[str], PassageIndex]]:
    """Libraries of about ``size`` passages, and which of the articles ``asked_about`` are inside.

    Of articles longer than ``size`` there is a library for each ``size`` of their passages.
    """
    random = np.random.default_rng(0)
    others = sorted(stock.keys() - set(asked_about))
    average = sum(len(stock[id_][0].passages) for id_ in asked_about) / len(asked_about)
    count = max(1, min(len(asked_about) // 2, round(size / average)))
    order = [str(id_) for id_ in random.permutation(sorted(asked_about))]
    for start in range(0, len(order), count):
        inside = order[start : start + count]
        pieces = [stock[id_] for id_ in inside]
        if len(pieces) == 1 and len(pieces[0][1]) > size:
            [(article, vectors)] = pieces
            for first in range(0, len(vectors), size):
                part = slice(first, first + size)
                piece = replace(article, passages=article.passages[part]), vectors[part]
                yield frozenset(inside), _index_of([piece])
            continue
        missing = size - sum(len(vectors) for _, vectors in pieces)
        for id_ in random.permutation(others):
            if missing <= 0:
                break
            pieces.append(stock[str(id_)])
            missing -= len(pieces[-1][1])
        yield frozenset(inside), _index_of(pieces)


def _index_of(pieces: Sequence[tuple[IndexedArticle, Sequence[PassageVectors]]]) -> PassageIndex:
    articles = tuple(article for article, _ in pieces)
    vectors = tuple(one for _, of_article in pieces for one in of_article)
    live = frozenset(article.source.id for article in articles)
    return PassageIndex([(Segment(articles, vectors), live)], vectors[0].rows.shape[1])


def ask(
    inside: frozenset[str],
    index: PassageIndex,
    questions: Sequence[Asked],
    absent: int,
    size: int,
    fit: Fit,
) -> Iterator[Trial]:
    """Ask the questions on the articles ``inside``, and as many ``absent`` ones."""
    for asked in questions:
        if asked.gold.article in inside:
            if any(_is_gold(n, index, asked.gold) for n in range(len(index.passages))):
                hits = _candidates(asked, index, fit)
                yield _trial(size, Kind.ANSWERABLE, asked, hits, index, fit)
            if others := _candidates_without_its_own(asked, index, fit):
                yield _trial(size, Kind.NEIGHBOURING, asked, others, index, fit)
    outside = [asked for asked in questions if asked.gold.article not in inside]
    for number in np.random.default_rng(0).permutation(len(outside))[:absent]:
        asked = outside[number]
        hits = _candidates(asked, index, fit)
        yield _trial(size, Kind.ABSENT, asked, hits, index, fit)


def _query(asked: Asked, index: PassageIndex, fit: Fit) -> Query:
    languages = language_likelihoods(asked.text, index.languages)
    return Query.of(asked.encoding.vector, languages, fit)


def _candidates(asked: Asked, index: PassageIndex, fit: Fit, count: int = CANDIDATES) -> list[Hit]:
    [hits] = index.search_all([_query(asked, index, fit)], count)
    return hits


def _candidates_without_its_own(asked: Asked, index: PassageIndex, fit: Fit) -> list[Hit]:
    """Those that the library would compare if the passage that answers were not there."""
    query = _query(asked, index, fit)
    [hits] = index.search_all([replace(query, margin=math.inf)], CANDIDATES + 1)
    others = [hit for hit in hits if not _is_gold(hit.number, index, asked.gold)][:CANDIDATES]
    cosines = [hit.cosine - query.offsets.get(index.language(hit.number), 0.0) for hit in others]
    return [
        hit
        for place, (hit, cosine) in enumerate(zip(others, cosines, strict=True))
        if is_compared(place, cosines[0] - cosine, fit.margin)
    ]


def _trial(
    size: int, kind: Kind, asked: Asked, hits: Sequence[Hit], index: PassageIndex, fit: Fit
) -> Trial:
    languages = language_likelihoods(asked.text, index.languages)
    matches = rerank(asked.encoding, languages, hits, index, fit)
    matches, chance = look_again(asked.encoding, matches, index, fit)
    first = index.passages[matches[0].number]
    right = _is_gold(matches[0].number, index, asked.gold)
    start, end = first.sentences[matches[0].sentence]
    return Trial(
        size=size,
        kind=kind,
        article=asked.gold.article,
        chance=chance,
        right=right,
        sentence=right and any(text in first.text[start:end] for text in asked.gold.texts),
    )


def _is_gold(number: int, index: PassageIndex, gold: GoldAnswer) -> bool:
    passage = index.passages[number]
    return (passage.article, passage.paragraph) == (gold.article, gold.paragraph)


def trials_of_size(
    stock: Stock, dataset: Dataset, questions: Sequence[Asked], size: int, absent: int, fit: Fit
) -> list[Trial]:
    """All trials for one size, about ``absent`` of them on absent articles."""
    made = list(libraries(stock, [article.id for article in dataset.articles], size))
    share = -(-absent // len(made))
    return [
        trial for inside, index in made for trial in ask(inside, index, questions, share, size, fit)
    ]


def line_of(size: int, trials: Sequence[Trial], fit: Fit) -> str:
    """The figures of one size in per cent, under the heading that ``main`` prints."""
    chances = np.array([trial.chance for trial in trials])
    kinds = np.array([trial.kind for trial in trials])
    answerable = [trial for trial in trials if trial.kind is Kind.ANSWERABLE]
    confident = {kind: chances[kinds == kind] for kind in Kind}
    threshold = np.quantile(confident[Kind.ANSWERABLE], 1 - 0.95)
    shares = (
        np.mean([trial.right for trial in answerable]),
        np.mean([trial.sentence for trial in answerable]),
        np.mean(confident[Kind.ABSENT] >= threshold),
        np.mean(confident[Kind.ANSWERABLE] >= fit.answered),
        np.mean(confident[Kind.ANSWERABLE] < fit.unsure),
        np.mean(confident[Kind.ABSENT] >= fit.answered),
        np.mean(confident[Kind.NEIGHBOURING] >= fit.answered)
        if len(confident[Kind.NEIGHBOURING])
        else np.nan,
    )
    return f"| {size} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |"


def candidates_line(
    stock: Stock,
    dataset: Dataset,
    questions: Sequence[Asked],
    size: int,
    count: int,
    encoder: Encoder,
    fit: Fit,
) -> str:
    """Recall@1, answered and false answers with ``count`` candidates, and seconds to compute their
    token vectors."""
    right, answered, false, seconds = [], [], [], []
    for inside, index in libraries(stock, [article.id for article in dataset.articles], size):
        timed = 0
        for asked in questions:
            hits = _candidates(asked, index, fit, count)
            trial = _trial(size, Kind.ABSENT, asked, hits, index, fit)
            sure = trial.chance >= fit.answered
            if asked.gold.article not in inside:
                false.append(sure)
                continue
            right.append(trial.right)
            answered.append(sure)
            if timed < TIMED // 2:
                timed += 1
                passages = [index.passages[hit.number] for hit in hits]
                began = time.perf_counter()
                ComputedTokens(encoder, fit.passage_mean).of(
                    [TitledPassage(index.source(one).title, one) for one in passages]
                )
                seconds.append(time.perf_counter() - began)
    shares = " | ".join(f"{100 * np.mean(flags):.1f}" for flags in (right, answered, false))
    return f"| {count} | {shares} | {np.median(seconds):.2f} |"


def main() -> None:
    """Read the options, and print the tables."""
    parser = argparse.ArgumentParser(description="Measure answers by the size of the library.")
    parser.add_argument("--passages", type=Path, required=True, help="SQuAD-format file")
    parser.add_argument("--questions", type=Path, required=True, nargs="+", help="SQuAD files")
    parser.add_argument("--distractors", type=Path, required=True, nargs="+", help="folders")
    parser.add_argument("--data", type=Path, required=True, help="folder of the index")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20, 60, 120, 1000, 10000])
    parser.add_argument("--every", type=int, default=1, help="ask only every so manyth question")
    parser.add_argument("--candidates", type=int, nargs="*", default=[])
    options = parser.parse_args()
    encoder = load_encoder()
    fit = load_fit(encoder)
    dataset = read_squad(options.passages)
    stock = read_stock(options.data, dataset, options.distractors, encoder, fit)
    for path in options.questions:
        questions = read_questions(path, dataset, encoder)[:: options.every]
        print(f"\n{path.name} on {options.passages.name}, in per cent\n")
        print(
            "| passages | recall@1 | sentence@1 | false at 95 % | answered | refused "
            "| false answers | neighbouring |\n" + "| --- " * 8 + "|"
        )
        for size in options.sizes:
            trials = trials_of_size(stock, dataset, questions, size, ABSENT // options.every, fit)
            print(line_of(size, trials, fit), flush=True)
        if options.candidates:
            print("\n| candidates | recall@1 | answered | false answers | seconds |")
            print("| --- " * 5 + "|")
            for count in options.candidates:
                size = max(options.sizes)
                line = candidates_line(stock, dataset, questions, size, count, encoder, fit)
                print(line, flush=True)


def read_stock(
    data: Path, dataset: Dataset, distractors: Sequence[Path], encoder: Encoder, fit: Fit
) -> Stock:
    """The articles of the file and of the folders, encoded where ``data`` does not hold them."""
    articles: list[Article] = [*dataset.articles]
    for folder in distractors:
        articles += read_content(folder).articles
    content = Content(tuple(articles), (), "benchmark")

    def tell(done: int, total: int) -> None:
        print(f"\rEncoding: {done} of {total} texts", end="", file=sys.stderr)

    stored, _ = update_index(data, lambda _: content, encoder, fit, sys.maxsize, tell)
    return stock_of(stored)


def read_questions(path: Path, dataset: Dataset, encoder: Encoder) -> list[Asked]:
    """The questions of the file whose answers stand in ``dataset``."""
    texts = {
        id_: text for id_, text in read_squad(path).questions.items() if id_ in dataset.answers
    }
    encodings = encoder.encode_questions(list(texts.values()))
    return [
        Asked(text, encoding, dataset.answers[id_])
        for (id_, text), encoding in zip(texts.items(), encodings, strict=True)
    ]


if __name__ == "__main__":
    main()
