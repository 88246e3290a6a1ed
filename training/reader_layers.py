"""The reader (`index.reader`) in torch: a small transformer over a question and a passage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn import functional

from index.byte_products import FILE_VERSION, OPERATORS
from index.reader import INPUTS, MOST_SENTENCES, Pair
from training.layers import padded

NOTHING = -1e4
"""The score of what is not there."""
_VIEWS = 12.0
_MIDDLE = 16.0
"""Where the learning begins: what the log-odds gain with each view, and lose in any case."""


class ReaderLayers(nn.Module):
    """Every token of a passage gets log-odds of being part of the answer.

    To the passage's MaxSim and its sentence's, weighed, is added what the layers make of it. They
    have their norms before the products (Xiong and others 2020).
    """

    def __init__(self, dimension: int, *, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self._question, self._passage = (nn.Linear(dimension, width) for _ in range(2))
        self._question_matches, self._passage_matches = nn.Linear(2, width), nn.Linear(3, width)
        self._sentences = nn.Embedding(MOST_SENTENCES + 1, width)
        nn.init.normal_(self._sentences.weight, std=0.02)
        self._layers = nn.ModuleList(_Layer(width, heads) for _ in range(layers))
        self._norm = nn.LayerNorm(width)
        self._of_token, self._of_question = nn.Linear(width, 1), nn.Linear(width, 1)
        for last in (self._of_token, self._of_question):
            nn.init.zeros_(last.weight)  # so that the learning begins with what the views say
        self._views = nn.Parameter(torch.full((2,), _VIEWS))
        self._least = nn.Parameter(torch.tensor(_MIDDLE))

    def forward(self, batch: Mapping[str, Tensor], asked: Tensor, there: Tensor) -> Tensor:
        """``(n, t)`` from the fields of ``n`` pairs, below one another; ``asked`` ``(n, q)`` and
        ``there`` ``(n, t)``: which tokens are theirs. A title's tokens, and what is not there, are
        never part of the answer."""
        question = self._question(batch["question"])
        question = question + self._question_matches(batch["question_matches"])
        passage = self._passage(batch["passage"]) + self._sentences(batch["sentences"])
        passage = passage + self._passage_matches(batch["passage_matches"])
        for layer in self._layers:
            question, passage = layer(question, passage, asked, there)
        found = self._of_token(self._norm(passage))[..., 0].float()
        # Whether it is a question that passages like this one answer at all.
        whole = self._of_question(self._norm(question))[..., 0].float() * asked
        odds: Tensor = found + (whole.sum(dim=1) / asked.sum(dim=1).clamp_min(1))[:, None]
        odds = odds + batch["alike"] @ self._views - self._least
        return odds.masked_fill(~(there & (batch["sentences"] > 0)), NOTHING)


class _Layer(nn.Module):
    """The passage's tokens look at the question's, and those at both: what a passage's tokens say
    of one another is in their vectors."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._before_question, self._before_passage = nn.LayerNorm(width), nn.LayerNorm(width)
        self._by_question, self._by_passage = _Attention(width, heads), _Attention(width, heads)
        self._between = nn.LayerNorm(width)
        self._wide, self._narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(
        self, question: Tensor, passage: Tensor, asked: Tensor, there: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The states ``(n, q, d)`` and ``(n, t, d)`` after the layer."""
        questions, passages = self._before_question(question), self._before_passage(passage)
        both, known = torch.cat([questions, passages], dim=1), torch.cat([asked, there], dim=1)
        passage = passage + self._by_passage(passages, questions, asked)
        question = question + self._by_question(questions, both, known)
        # In one product, which the graph can be written with in bytes.
        states = torch.cat([question, passage], dim=1)
        inner = functional.gelu(self._wide(self._between(states)), approximate="tanh")
        states = states + self._narrow(inner)
        count = question.shape[1]
        return states[:, :count], states[:, count:]


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self._looking, self._seen = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self._joined = nn.Linear(width, width)

    def forward(self, looking: Tensor, seen: Tensor, there: Tensor) -> Tensor:
        """What the states ``(n, t, d)`` take from those ``seen`` ``(n, s, d)``."""
        width = looking.shape[2] // self._heads
        query = self._looking(looking).unflatten(2, (self._heads, width)).transpose(1, 2)
        key, value = self._seen(seen).unflatten(2, (2, self._heads, width)).permute(2, 0, 3, 1, 4)
        scores = (query @ key.transpose(2, 3)).float() / width**0.5
        shares = scores.masked_fill(~there[:, None, None, :], NOTHING).softmax(dim=3)
        taken: Tensor = self._joined((shares.to(value.dtype) @ value).transpose(1, 2).flatten(2))
        return taken


def batch_of(pairs: Sequence[Pair]) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """The pairs as `ReaderLayers.forward` takes them."""
    batch = {
        field.name: padded([torch.from_numpy(getattr(pair, field.name)) for pair in pairs])[0]
        for field in fields(Pair)
    }
    _, asked = padded([torch.from_numpy(pair.question) for pair in pairs])
    _, there = padded([torch.from_numpy(pair.passage) for pair in pairs])
    return batch, asked, there


class _OfOne(nn.Module):
    """The log-odds that a passage answers: that one of its tokens is part of the answer."""

    def __init__(self, layers: ReaderLayers) -> None:
        super().__init__()
        self._layers = layers

    def forward(self, *inputs: Tensor) -> Tensor:
        """Of one pair, its fields in order."""
        batch = {name: one[None] for name, one in zip(INPUTS, inputs, strict=True)}
        asked, there = (
            torch.ones(batch[name].shape[:2], dtype=torch.bool) for name in ("question", "passage")
        )
        return torch.logsumexp(self._layers(batch, asked, there), dim=1)[0]


def write_reader(
    path: Path, layers: ReaderLayers, pair: Pair, provenance: Mapping[str, str]
) -> None:
    """Write the graph for `index.reader`, with where it comes from; ``pair`` is any one.

    Raises OSError if it cannot be written.
    """
    question, passage = torch.export.Dim("q"), torch.export.Dim("t")
    program = torch.onnx.export(
        _OfOne(layers).eval(),
        tuple(torch.from_numpy(getattr(pair, name)) for name in INPUTS),
        input_names=list(INPUTS),
        output_names=["odds"],
        opset_version=OPERATORS,
        dynamo=True,
        verbose=False,
        dynamic_shapes=(
            tuple({0: question if "question" in name else passage} for name in INPUTS),
        ),
    )
    assert program is not None
    partial = path.with_name(f"{path.name}.partial")
    # Of seven bits, so that a CPU without VNNI cuts no sum off (see byte_products.py).
    quantize_dynamic(
        program.model_proto,
        partial,
        weight_type=QuantType.QInt8,
        reduce_range=True,
        extra_options={"WeightSymmetric": True},
    )
    model = _bare(onnx.load(partial))
    entry = model.metadata_props.add()
    entry.key, entry.value = "provenance", json.dumps(dict(provenance), sort_keys=True)
    onnx.save(model, partial)
    partial.replace(path)


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what the exporter notes of itself: paths on this machine, among others."""
    graph = model.graph
    del model.metadata_props[:]
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    for matrix in graph.initializer:
        del matrix.metadata_props[:]
        matrix.ClearField("doc_string")
    model.ir_version = FILE_VERSION
    return model
