"""Teach the reader when a passage answers a question: ``python -m training.train_reader --help``.

Every question of the texts is put to all of their passages, as a member would put it. The reader
is given those that come first, with the right one among them if it is there, and one that comes
first in a small library of other articles: of all the texts some are always on the question's topic
or near to it, and in a member's library there may be none. Each passage is learned by itself, as it
is read for an answer. The loss is the cross-entropy of the answer's tokens among the passage's and
"nothing", which is right for a wrong passage. The texts are the files that lie in the folder
itself: those in folders within, which the model learns from too, make a worse reader
(docs/trials.md).

It takes half an hour on two cores, and 8 GB of memory. It reads the vectors of the
model as it was taught (`training.train`), so it comes after that.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import track
from torch import Tensor
from transformers import get_cosine_with_min_lr_schedule_with_warmup

from index.any_model import native_dtype
from index.encoder import ModelError, load_encoder
from index.evaluate import EvaluationError
from index.fit import load_fit, reader_path
from index.reader import Pair
from training.reader_layers import NOTHING, ReaderLayers, batch_of, write_reader
from training.reader_samples import Asked, Lessons, read_lessons
from training.train import LARGEST_GRADIENT, LAST_RATE, TEXTS, check_output, tenths

WARM_UP = 200
"""Steps in which the rate of learning rises from 0."""
WEIGHT_DECAY = 0.05
QUESTIONS_AT_ONCE = 12
HARDEST = 0.7
"""The share of questions with the wrong passages that come first; the others get any of them."""
BLANKED = 0.5
"""The share of pairs of which one passage token in ten is blank, though its matches stay."""
LONGEST = 320
"""Tokens of a passage that is learned from."""


@dataclass(frozen=True)
class Settings:
    """``width`` of the layers; ``passages`` read for each question; ``rate`` of learning, at its
    highest; ``rounds`` over all questions."""

    width: int = 192
    layers: int = 2
    heads: int = 3
    passages: int = 4
    rate: float = 8e-4
    rounds: int = 1


def main(
    output: Annotated[Path | None, typer.Option(help="Where to write the reader.")] = None,
    texts: Annotated[Path, typer.Option(help="Folder of files in SQuAD's format.")] = TEXTS,
    rounds: Annotated[int, typer.Option(min=1)] = Settings.rounds,
    rate: Annotated[float, typer.Option(min=0)] = Settings.rate,
) -> None:
    """Learn from the texts, and write the reader. CONTRIBUTING.md says what to do after it."""
    files = sorted(texts.glob("*.json"))
    if not files:
        raise typer.BadParameter(f"It needs any file named *.json in {texts}.")
    try:
        encoder = load_encoder()
        fit = replace(load_fit(encoder), reader=None)
        if fit.confidence is None:
            raise typer.BadParameter(
                f"The model {encoder.name} has no fit, whose means its vectors need: "
                "run `beleg fit` first."
            )
        path = output or reader_path(encoder.name)
        check_output(path)
        with tempfile.TemporaryDirectory(prefix="beleg-") as folder:
            lessons = read_lessons(files, Path(folder), encoder, fit)
    except (EvaluationError, ModelError) as error:
        raise typer.BadParameter(str(error)) from error
    if not any(asked.answer for asked in lessons.asked):
        raise typer.BadParameter(f"The files in {texts} have no question; name another folder.")
    settings = Settings(rounds=rounds, rate=rate)
    torch.manual_seed(0)
    layers = ReaderLayers(
        encoder.dimension, width=settings.width, layers=settings.layers, heads=settings.heads
    )
    losses = learn(layers, lessons, settings)
    provenance = {
        "command": "python -m training.train_reader",
        "date": date.today().isoformat(),
        "model": encoder.name,
        "texts": f"{len(lessons.passages)} passages, {len(lessons.asked)} questions",
        "settings": repr(settings),
    }
    asked = lessons.asked[0]
    write_reader(path, layers, lessons.pair(asked, asked.first[0]), provenance)
    Console().print(f"{path}: loss {losses[0]:.3f}, at the end {losses[-1]:.3f}")


def learn(
    layers: ReaderLayers, lessons: Lessons, settings: Settings, *, seed: int = 0
) -> list[float]:
    """Teach the ``layers``; the losses by `tenths`."""
    chance = random.Random(seed)
    batches = [batch for _ in range(settings.rounds) for batch in _batches(lessons, chance)]
    optimiser = torch.optim.AdamW(
        layers.parameters(), lr=settings.rate, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98)
    )
    pace = get_cosine_with_min_lr_schedule_with_warmup(
        optimiser, min(WARM_UP, len(batches) // 2), len(batches), min_lr_rate=LAST_RATE
    )
    losses = []
    for batch in track(batches, "Reading", console=Console(stderr=True)):
        found = loss(layers, lessons, batch, settings.passages, chance)
        optimiser.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(layers.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        pace.step()
        losses.append(float(found.detach()))
    return tenths(losses)


def _batches(lessons: Lessons, chance: random.Random) -> Iterator[list[Asked]]:
    """All questions in another order, those on passages of about one length together."""
    order = chance.sample(lessons.asked, len(lessons.asked))
    many = 100 * QUESTIONS_AT_ONCE
    for start in range(0, len(order), many):
        part = sorted(
            order[start : start + many],
            key=lambda asked: len(lessons.passages[asked.first[0]].vectors.scales),
        )
        batches = [
            part[first : first + QUESTIONS_AT_ONCE]
            for first in range(0, len(part), QUESTIONS_AT_ONCE)
        ]
        yield from chance.sample(batches, len(batches))


def loss(
    layers: ReaderLayers,
    lessons: Lessons,
    batch: Sequence[Asked],
    passages: int,
    chance: random.Random,
) -> Tensor:
    """The mean loss of a batch of questions, each with so many of its ``passages``, 2 or more: the
    right one counts as much as all wrong ones together."""
    pairs, answers, is_right, weights = list[Pair](), list[tuple[int, ...]](), [], list[float]()
    for asked in batch:
        chosen = _chosen(asked, passages, chance)
        wrong = sum(number != asked.right for number in chosen)
        for number in chosen:
            right = number == asked.right
            pairs.append(_blanked(lessons.pair(asked, number), chance))
            is_right.append(right)
            answers.append(asked.answer if right else ())
            weights.append(1.0 if right else 1 / wrong)
    fields, there_asked, there = batch_of(pairs)
    with torch.autocast("cpu", getattr(torch, native_dtype()), enabled=True):
        odds = layers(fields, there_asked, there)
    holds = torch.zeros_like(odds, dtype=torch.bool)
    for row, places in enumerate(answers):
        holds[row, [place for place in places if place < odds.shape[1]]] = True
    of_answer = torch.logsumexp(odds.masked_fill(~holds, NOTHING), dim=1)
    everything = torch.logaddexp(torch.logsumexp(odds, dim=1), torch.zeros(len(odds)))
    # A passage whose answer is cut by the end of a sentence tells nothing.
    unknown = torch.tensor(is_right) & ~holds.any(dim=1)
    surprise = everything - torch.where(holds.any(dim=1), of_answer, 0)
    found: Tensor = (surprise.masked_fill(unknown, 0) @ torch.tensor(weights)) / len(batch)
    return found


def _chosen(asked: Asked, count: int, chance: random.Random) -> list[int]:
    """The right passage, if it comes among the first, wrong ones, and one from elsewhere."""
    right = [number for number in asked.first if number == asked.right]
    wrong = [number for number in asked.first if number != asked.right]
    elsewhere = [chance.choice(asked.elsewhere)] if asked.elsewhere else []
    left = max(0, min(count - len(right) - len(elsewhere), len(wrong)))
    some = wrong[:left] if chance.random() < HARDEST else chance.sample(wrong, left)
    return right + some + elsewhere


def _blanked(pair: Pair, chance: random.Random) -> Pair:
    """No longer than `LONGEST`, and sometimes with the vectors of some tokens left out: those are
    of a model that has learned from the texts, and say more than others do."""
    kept = np.ones((min(len(pair.passage), LONGEST), 1), np.float32)
    if chance.random() < BLANKED:
        kept *= np.array([[chance.random() >= 0.1] for _ in kept], np.float32)
    return replace(
        pair,
        passage=pair.passage[:LONGEST] * kept,
        sentences=pair.sentences[:LONGEST],
        passage_matches=pair.passage_matches[:LONGEST],
        alike=pair.alike[:LONGEST],
    )


if __name__ == "__main__":
    typer.run(main)
