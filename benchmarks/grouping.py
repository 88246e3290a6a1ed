"""How well questions that ask the same are merged: precision and recall of pairs.

    python benchmarks/grouping.py xquad.de.dev.json xquad.en.dev.json xquad.es.dev.json

The files are in SQuAD format and hold the same questions, by id, in one language each. The
questions of every second article are grouped together, then those of the others. A pair is right
if both are one question in two languages. Two questions on one paragraph with the same answer are
often one question asked by two people; such pairs count neither way.
"""

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from index import grouping
from index.encoder import load_encoder
from index.evaluate import Dataset, read_squad
from index.fit import load_fit
from index.remembering import RememberingEncoder


def alike(first: str, second: str, datasets: Sequence[Dataset]) -> bool | None:
    """Whether the questions with these ids are one; None if nobody knows."""
    if first == second:
        return True
    for dataset in datasets:
        one, other = dataset.answers[first], dataset.answers[second]
        if (one.article, one.paragraph) == (other.article, other.paragraph):
            wordings = [
                {text.casefold().strip(" .") for text in gold.texts} for gold in (one, other)
            ]
            if wordings[0] & wordings[1]:
                return None
    return False


def main(files: Sequence[str]) -> None:
    datasets = [read_squad(Path(file)) for file in files]
    encoder = RememberingEncoder(load_encoder())
    fit = load_fit(encoder)
    articles = [article.id for article in datasets[0].articles]
    for name, half in (("chosen on", articles[::2]), ("held out", articles[1::2])):
        asked = [
            (id_, text)
            for dataset in datasets
            for id_, text in dataset.questions.items()
            if dataset.answers[id_].article in half
        ]
        ids = [id_ for id_, _ in asked]
        true = len(set(ids)) * len(datasets) * (len(datasets) - 1) // 2
        for least in (0.60, 0.63, 0.66, 0.69, 0.72):
            grouping.LIKENESS = least
            groups = grouping.group_questions([text for _, text in asked], encoder, fit)
            merged = [
                alike(ids[one], ids[other], datasets)
                for group in groups
                for one, other in combinations(group, 2)
            ]
            right, wrong = merged.count(True), merged.count(False)
            print(
                f"{name}: {len(asked)} questions, likeness {least:.2f}: precision "
                f"{right / max(right + wrong, 1):.3f}, recall {right / true:.3f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
