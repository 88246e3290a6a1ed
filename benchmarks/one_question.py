"""How long an answer to one question takes, beside what the model takes for it, and where the rest
goes.

Both are measured in turn, now one first and now the other: right after one another, as in a loop,
and after some rest, as a question comes to a bot. After a rest, or while other programs use the
same machine, little of what an answer needs is left in the processor's caches, and the model
suffers from that too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import index.answer
import index.encoder
import index.library
import index.reader
import index.rerank
import index.search
from benchmarks.figures import markdown, number, replace_between
from index.content import Content
from index.encoder import Encoder, load_encoder
from index.evaluate import read_squad
from index.fit import load_fit
from index.library import Library

Float64 = NDArray[np.float64]

WARM_UP = 20
STEPS: dict[str, tuple[Any, str]] = {
    "the message's questions": (index.answer, "_searches"),
    "tokens and model": (index.encoder.TransformerEncoder, "encode_questions"),
    "the question's language": (index.answer, "language_likelihoods"),
    "candidates": (index.search.PassageIndex, "search_all"),
    "MaxSim's product, and what goes into it": (index.rerank, "similarities"),
    "best match of each sentence": (index.rerank, "views"),
    "scores and order": (index.answer, "rerank"),
    "confidence, and who comes first": (index.answer, "look_again"),
    "reading, where it is in doubt": (index.reader.Reader, "read"),
    "the answer": (index.answer, "_answer"),
    "the Python between them": (index.library, "answer_messages"),
}
"""What is measured for each step: a function, and where it is looked up. A step within another is
taken off that."""


def main() -> None:
    """Read the options, measure, and print the tables or put them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="SQuAD-format files")
    parser.add_argument("--questions", type=Path, required=True, help="one whose questions to ask")
    parser.add_argument("--count", type=int, default=120, help="questions")
    parser.add_argument("--rounds", type=int, default=4, help="how often each is asked")
    parser.add_argument("--rests", type=float, nargs="+", default=[0.0, 0.3], help="seconds")
    parser.add_argument("--output", type=Path, help="folder with performance.md")
    options = parser.parse_args()
    encoder = load_encoder()
    articles = tuple(
        replace(article, id=f"{path.stem}-{article.id}")
        for path in options.data
        for article in read_squad(path).articles
    )
    questions = list(read_squad(options.questions).questions.values())
    questions = questions[:: max(1, len(questions) // options.count)][: options.count]
    with tempfile.TemporaryDirectory(prefix="beleg-benchmark-") as folder:
        library = Library.of(Content(articles, (), ""), Path(folder), encoder, load_fit(encoder))
        library.prepare()
        for question in questions[:WARM_UP]:
            library.answer(question)
        times = {
            rest: measure(library, encoder, questions, options.rounds, rest)
            for rest in options.rests
        }
        steps = measure_steps(library, encoder, questions, options.rounds)
    body = f"{times_table(times)}\n\n{steps_table(steps)}"
    if options.output is None:
        print(body)
        return
    page = options.output / "performance.md"
    text = replace_between(page.read_text(encoding="utf-8"), "one-question", body)
    page.write_text(text, encoding="utf-8")


def measure(
    library: Library, encoder: Encoder, questions: Sequence[str], rounds: int, rest: float
) -> Float64:
    """Seconds of the model alone and of an answer, ``(2, rounds, questions)``; before each of them
    nothing happens for ``rest`` seconds."""
    asking: list[Callable[[str], object]] = [
        lambda question: encoder.encode_questions([question]),
        library.answer,
    ]
    times = np.empty((2, rounds, len(questions)))
    for turn in range(rounds):
        for place, question in enumerate(questions):
            # Else the answer would always come after the model has seen its question.
            for which in (0, 1) if turn % 2 else (1, 0):
                time.sleep(rest)
                began = time.perf_counter()
                asking[which](question)
                times[which, turn, place] = time.perf_counter() - began
    return times


def measure_steps(
    library: Library, encoder: Encoder, questions: Sequence[str], rounds: int
) -> dict[str, list[float]]:
    """The seconds of each step of each answer that has it, the model having run before it."""
    found: dict[str, list[float]] = {name: [] for name in STEPS}
    model_alone = encoder.encode_questions
    with _timed() as spent:
        for question in [*questions] * rounds:
            model_alone([question])
            spent.clear()
            library.answer(question)
            for name, seconds in spent.items():
                found[name].append(seconds)
    return found


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """Within it, the seconds spent in each step, without those within it, are added up."""
    spent: dict[str, float] = {}
    within: list[float] = []

    def timed(name: str, step: Callable[..., object]) -> Callable[..., object]:
        def call(*inputs: object, **named: object) -> object:
            within.append(0.0)
            began = time.perf_counter()
            found = step(*inputs, **named)
            took = time.perf_counter() - began
            spent[name] = spent.get(name, 0.0) + took - within.pop()
            if within:
                within[-1] += took
            return found

        return call

    with ExitStack() as patches:
        for name, (owner, attribute) in STEPS.items():
            step = timed(name, getattr(owner, attribute))
            patches.enter_context(patch.object(owner, attribute, step))
        yield spent


def times_table(times: dict[float, Float64]) -> str:
    """A column for each rest. Of each question's rounds the median counts."""
    of_questions = {rest: np.median(of_rest, axis=1) for rest, of_rest in times.items()}
    columns = [*of_questions.values()]
    lines = [
        ["the model alone, p50, ms", *(number(1000 * float(np.median(m))) for m, _ in columns)],
        ["an answer, p50, ms", *(number(1000 * float(np.median(a))) for _, a in columns)],
        ["ratio of these", *(f"{np.median(a) / np.median(m):.2f}" for m, a in columns)],
        ["median ratio of a question", *(f"{np.median(a / m):.2f}" for m, a in columns)],
        ["ratio of the means", *(f"{a.mean() / m.mean():.2f}" for m, a in columns)],
    ]
    heads = [f"after {rest:g} s" if rest else "in a loop" for rest in of_questions]
    return markdown(["", *heads], lines)


def steps_table(steps: dict[str, list[float]]) -> str:
    """What each step takes in the median answer that has it, and how many have it."""
    most = max(map(len, steps.values()))
    lines = [
        [name, number(1000 * float(np.median(seconds))), f"{100 * len(seconds) / most:.0f}"]
        for name, seconds in steps.items()
        if seconds
    ]
    return markdown(["step, in a loop", "ms", "% of answers"], lines)


if __name__ == "__main__":
    main()
