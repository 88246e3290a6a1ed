"""What all programs are given: paragraphs, questions, and the paragraph that changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from index.evaluate import read_squad
from index.language import detect_language

PER_ARTICLE = 5
"""Paragraphs of an article that is made, about as many as XQuAD's have."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the paragraphs, by number, that hold its answer."""

    text: str
    answers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Workload:
    """Paragraphs in articles; ``articles`` has each one's title and its paragraphs' numbers.

    ``changed`` is the number of a paragraph without questions, and what it is to say later.
    """

    paragraphs: tuple[str, ...]
    articles: tuple[tuple[str, range], ...]
    questions: tuple[Question, ...]
    changed: tuple[int, str]

    def article_text(
        self, title: str, numbers: range, changed: Mapping[int, str] = MappingProxyType({})
    ) -> str:
        """What the file of an article says, in the form that docs/content.md describes; paragraphs
        that have ``changed`` by number.

        The language is that of before, said explicitly: a paragraph of shuffled words may turn what
        is recognised, and all other paragraphs would be split into sentences anew.
        """
        before = [self.paragraphs[number] for number in numbers]
        language = detect_language(" ".join(before))
        head = f"---\ntitle: {json.dumps(title)}\nlanguage: {language}\n---"
        texts = [changed.get(number, self.paragraphs[number]) for number in numbers]
        return "\n\n".join([head, *texts]) + "\n"

    def right(self, question: int, found: str) -> bool:
        """Whether ``found`` is the paragraph that answers, or a part of it."""
        return any(found in self.paragraphs[number] for number in self.questions[question].answers)


def read_workload(data: Sequence[Path], questions: Sequence[Path], size: int | None) -> Workload:
    """``size`` paragraphs of the SQuAD-format files ``data`` (all if None) and the questions on
    them.

    A question belongs to every paragraph that has its id, which stands in each language's file.
    Where the files have fewer than ``size``, the rest is made of their words. Raises
    EvaluationError for a file that is no such file.
    """
    paragraphs: list[str] = []
    articles: list[tuple[str, range]] = []
    answers: dict[str, set[int]] = {}
    for path in data:
        dataset = read_squad(path)
        of_place = {}
        for article in dataset.articles:
            first = len(paragraphs)
            for place, span in enumerate(article.paragraphs, 1):
                of_place[article.id, place] = len(paragraphs)
                paragraphs.append(" ".join(article.text[span.start : span.end].split()))
            articles.append((article.title, range(first, len(paragraphs))))
        for id_, gold in dataset.answers.items():
            answers.setdefault(id_, set()).add(of_place[gold.article, gold.paragraph])
    random = np.random.default_rng(0)
    sentences = [one for text in paragraphs for one in re.split(r"(?<=[.!?]) ", text)]
    size = len(paragraphs) if size is None else size
    for first in range(len(paragraphs), size, PER_ARTICLE):
        numbers = range(first, min(first + PER_ARTICLE, size))
        paragraphs += [_made(sentences, random) for _ in numbers]
        articles.append((f"Made {first}", numbers))
    articles = [
        (title, range(numbers.start, min(numbers.stop, size)))
        for title, numbers in articles
        if numbers.start < size
    ]
    changed = size - 1
    asked = {id_: text for path in questions for id_, text in read_squad(path).questions.items()}
    return Workload(
        paragraphs=tuple(paragraphs[:size]),
        articles=tuple(articles),
        questions=tuple(
            Question(text, frozenset(inside))
            for id_, text in asked.items()
            if (inside := {number for number in answers.get(id_, ()) if number < changed})
            and changed not in answers[id_]
        ),
        changed=(changed, _made(sentences, random)),
    )


def _made(sentences: Sequence[str], random: np.random.Generator) -> str:
    """A paragraph of the words of some of the ``sentences``, as long as a real one.

    They are in another order, but for the full stops: else it would hold the answers that these
    sentences hold.
    """
    text = ""
    while len(text) < 700:
        text = f"{text} {sentences[int(random.integers(len(sentences)))]}"
    bare = [word.rstrip(".!?") for word in text.split()]
    ends = [word[len(one) :] for word, one in zip(text.split(), bare, strict=True)]
    return " ".join(
        f"{word}{end}" for word, end in zip(random.permutation(bare), ends, strict=True)
    )


def write_articles(workload: Workload, folder: Path) -> None:
    """Write each article as a file for programs that read files."""
    folder.mkdir(parents=True)
    for title, numbers in workload.articles:
        text = workload.article_text(title, numbers)
        article_file(folder, numbers).write_text(text, encoding="utf-8")


def article_file(folder: Path, numbers: range) -> Path:
    """The file of the article with these paragraphs."""
    return folder / f"{numbers.start:07}.txt"
