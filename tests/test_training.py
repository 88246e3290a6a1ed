"""Teaching the model, on a tiny one with random weights: what is learned from is what counts."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from benchmarks.model_folder import write_library_folder
from index.adapter import Adapter, corrected, parse_adapter
from index.bundled_model import SENTENCEPIECE, read_layers, write_model_folder
from index.encoder import QuestionEncoding, load_encoder
from index.late_interaction import QuantisedTokens, centre
from index.model_file import parse_model_file, read_tables
from index.passage_vectors import PassageTokens
from index.rerank import views
from index.search import Hit
from index.tokenizer import SentencePieceTokenizer
from tests.tiny_model import TinyModel
from training import train
from training.layers import CorrectedLayers, Encoded
from training.objective import Compared, Loss, Means, compare
from training.samples import Sample, Text, read_samples
from training.train import Settings, _chosen, learn

MODEL = parse_model_file(TinyModel().to_bytes())
WEIGHTS = read_layers(MODEL)
ARTICLES = [
    ("the ferry", ["the ferry. it sinks?", "an island in the sea. quiet: no ferry."]),
    ("birds", ["gulls: they eat fish. the nest.", "terns of the island. they fly."]),
]
QUESTIONS = [
    ("what sinks?", 0, 0, "it sinks?"),
    ("ferry to the island?", 0, 1, "no ferry."),
    ("who eats fish", 1, 0, "they eat fish."),
    ("terns?", 1, 1, "terns of the island."),
    ("how many terns?", 1, 1, None),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    (folder / "tiny.bin").write_bytes(TinyModel().to_bytes())
    (folder / "unpacked").mkdir()
    write_model_folder(folder / "unpacked", MODEL, {})
    data = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {
                            "id": text,
                            "question": text,
                            "answers": [{"text": answer}] if answer else [],
                        }
                        for text, article, paragraph, answer in QUESTIONS
                        if (article, paragraph) == (number, place)
                    ],
                }
                for place, context in enumerate(contexts)
            ],
        }
        for number, (title, contexts) in enumerate(ARTICLES)
    ]
    (folder / "texts.json").write_text(json.dumps({"data": data}))
    return folder


@pytest.fixture(scope="module")
def samples(folder: Path) -> list[Sample]:
    tables = read_tables(folder / "tiny.bin")
    tokenizer = SentencePieceTokenizer(
        folder / "unpacked" / SENTENCEPIECE, tables.scores, tables.unknown
    )
    return read_samples([folder / "texts.json"], tokenizer, MODEL.sizes.positions)


def layers_of(folder: Path, weights: dict[str, np.ndarray] = WEIGHTS) -> CorrectedLayers:
    torch.manual_seed(0)
    words = read_tables(folder / "tiny.bin").words
    return CorrectedLayers(MODEL.sizes, weights, words, first=1, rank=4, dtype=torch.float32)


def encode(layers: CorrectedLayers, texts: Sequence[Text]) -> list[Encoded]:
    with torch.no_grad():
        encoded: list[Encoded] = layers([states.float() for states in layers.lower_states(texts)])
    return encoded


def test_what_is_read_is_what_the_index_reads(folder: Path, samples: list[Sample]) -> None:
    tokenizer = token_counter(folder)
    assert [len(sample.passages) for sample in samples] == [2, 2]
    assert [[len(passage) for passage in sample.passages] for sample in samples] == [[2, 2], [2, 2]]
    assert [
        (question.passage, set(question.sentences))
        for sample in samples
        for question in sample.questions
    ] == [(0, {1}), (1, {1}), (0, {0}), (1, {0}), (None, set())]
    whole = samples[0].passages[0][1]
    # "the ferry: it sinks?" behind "passage: ", without the title's tokens.
    assert len(whole.ids) == tokenizer("passage: the ferry: it sinks?")
    assert len(whole.kept) == tokenizer("it sinks?")
    assert len(samples[0].title.kept) == tokenizer("the ferry")


def token_counter(folder: Path) -> Callable[[str], int]:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(folder / "unpacked" / SENTENCEPIECE))

    def count(text: str) -> int:
        ends = 2 if text.startswith("passage") else 0
        marks = [piece for piece in processor.encode(text, out_type=str) if piece != "▁" or ends]
        return len(marks) + ends

    return count


def test_layers_are_the_models(folder: Path, samples: list[Sample], tmp_path: Path) -> None:
    write_library_folder(tmp_path, MODEL, "float32")
    library = load_encoder(str(tmp_path), dtype="float32")
    texts = ["the ferry: it sinks?", "the ferry: an island in the sea."]
    # Of unequal length, so that one is padded.
    sentences = [samples[0].passages[0][1], samples[0].passages[1][0]]
    found = encode(layers_of(folder), sentences)
    for one, wanted, text in zip(found, library.encode_passages(texts), sentences, strict=True):
        # Half-precision states in between.
        np.testing.assert_allclose(one.vector, wanted.vector, atol=2e-3)
        kept = one.tokens.numpy()[text.kept]
        np.testing.assert_allclose(kept, wanted.tokens[-len(kept) :], atol=2e-3)


def test_corrections_are_what_the_adapter_adds(folder: Path, samples: list[Sample]) -> None:
    layers = layers_of(folder)
    texts = samples[0].texts()
    before = encode(layers, texts)
    with torch.no_grad():
        for number, correction in enumerate(layers.corrections()):
            correction.copy_(
                torch.sin(torch.arange(correction.numel()) + number).view_as(correction) / 9
            )
    after = encode(layers, texts)
    adapter = layers.adapter()
    assert sorted(adapter) == [f"l1.{name}.w" for name in ("ao", "fi", "fo", "k", "q", "v")]
    again = encode(layers_of(folder, corrected(WEIGHTS, adapter)), texts)
    assert (
        max(abs(one.vector - two.vector).max() for one, two in zip(before, after, strict=True))
        > 0.01
    )
    for one, two in zip(after, again, strict=True):
        np.testing.assert_allclose(one.vector, two.vector, atol=1e-5)
        np.testing.assert_allclose(one.tokens, two.tokens, atol=1e-5)


def test_views_are_the_rankings(folder: Path, samples: list[Sample]) -> None:
    layers, means = layers_of(folder), Means()
    questions = [list(sample.questions) for sample in samples]
    encoded = [encode(layers, sample.texts()) for sample in samples]
    found = compare(samples, questions, [one for part in encoded for one in part], means)
    assert found.right.nonzero().tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]
    assert found.holds.nonzero().tolist() == [[0, 1], [1, 3], [2, 4], [3, 6]]

    mean = means.passage.numpy()
    tokens, rows, asked = [], [], []
    for sample, part in zip(samples, encoded, strict=True):
        vectors = iter(zip(sample.texts(), part, strict=True))

        def centred(text: Text, one: Encoded) -> QuantisedTokens:
            values = centre(one.tokens.numpy()[text.kept], mean)
            return QuantisedTokens(values, np.ones(len(values), np.float32))

        title = centred(*next(vectors))
        for passage in sample.passages:
            pairs = [next(vectors) for _ in passage]
            parts = [title, *(centred(*pair) for pair in pairs)]
            starts = np.cumsum([len(one.scales) for one in parts[:-1]]).astype(np.int32)
            values = np.concatenate([one.values for one in parts])
            tokens.append(
                PassageTokens(QuantisedTokens(values, np.ones(len(values), np.float32)), starts)
            )
            rows.append(np.stack([one.vector.numpy() for _, one in pairs]))
        asked += [
            QuestionEncoding(
                one.vector.numpy(),
                one.tokens.numpy()[text.kept],
                question.weights,
                np.zeros((0, 2), np.int32),
            )
            for question, (text, one) in zip(sample.questions, vectors, strict=True)
        ]
    every = np.concatenate([one.vectors.values for one in tokens])
    for number, question in enumerate(asked):
        looked_up = question.vector - 0.5 * means.vector.numpy()
        hits = [Hit(place, float((row @ looked_up).max())) for place, row in enumerate(rows)]
        cosines = every @ centre(question.tokens, means.question.numpy()).T
        wanted = views(question, hits, tokens, cosines)
        np.testing.assert_allclose(found.passages[number], wanted.passages, atol=1e-5)
        np.testing.assert_allclose(found.sentences[number], wanted.sentence_maxsim, atol=1e-5)


def test_learning_finds_the_sentences(folder: Path, samples: list[Sample]) -> None:
    layers = layers_of(folder)
    losses = learn(layers, samples, Settings(rank=4, first=1, rate=3e-2, rounds=60))
    assert losses[-1] < losses[0] / 4
    questions = [list(sample.questions) for sample in samples]
    encoded = [one for sample in samples for one in encode(layers, sample.texts())]
    found = compare(samples, questions, encoded, Means())
    assert found.sentences[:4].argmax(dim=1).tolist() == [1, 3, 4, 6]


def test_a_batch_without_a_known_sentence_teaches_the_passage(
    folder: Path, samples: list[Sample]
) -> None:
    layers = layers_of(folder)
    questions = [[replace(one, sentences=frozenset()) for one in s.questions] for s in samples]
    encoded = [one for sample in samples for one in encode(layers, sample.texts())]
    none = Loss()(compare(samples, questions, encoded, Means()))
    some = Loss()(compare(samples, [list(s.questions) for s in samples], encoded, Means()))
    assert 0 < none.item() < some.item()


def test_what_has_no_answer_is_to_be_like_nothing() -> None:
    """The loss falls with the likeness of what answers, and rises with that of what does not."""
    loss = Loss()
    likeness = torch.tensor([[[0.3, 0.4, 0.3], [0.1, 0.2, 0.1]]])

    def of(right: list[bool], more: float) -> float:
        passages = likeness.clone()
        passages[0, 0] += more
        nothing = torch.zeros((1, 2), dtype=torch.bool)
        return loss(Compared(passages, torch.zeros(1, 2), torch.tensor([right]), nothing)).item()

    assert of([True, False], 0.1) < of([True, False], 0) - 0.1
    assert of([False, False], 0.1) > of([False, False], 0) + 0.1


def test_a_batch_without_a_question_teaches_nothing(folder: Path, samples: list[Sample]) -> None:
    layers = layers_of(folder)
    silent = [replace(sample, questions=()) for sample in samples]
    assert learn(layers, silent, Settings(rank=4, first=1, rounds=3)) == []
    assert all(not factors.up.any() for factors in layers.adapter().values())


@pytest.fixture
def tiny_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model in place of the default one, and fitting settings."""
    monkeypatch.setattr(train, "find_bundled_file", lambda: folder / "tiny.bin")
    monkeypatch.setattr(train, "check_bundled_file", lambda _: None)
    monkeypatch.setattr(train, "native_dtype", lambda: "float32")
    monkeypatch.setattr(train, "Settings", partial(Settings, first=1, rank=4))


@pytest.mark.usefixtures("tiny_default")
def test_the_share_of_what_was_learned_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texts" / "within").mkdir(parents=True)
    (tmp_path / "texts" / "within" / "one.json").write_bytes((folder / "texts.json").read_bytes())

    def learned(share: float) -> Adapter:
        output = tmp_path / f"{share}.safetensors"
        train.main(output, tmp_path / "texts", rounds=3, rate=3e-2, share=share)
        assert f"{output.name}: loss " in capsys.readouterr().out.replace("\n", "")
        return parse_adapter(output.read_bytes())

    whole, half = learned(1), learned(0.5)
    assert sorted(whole) == [f"l1.{name}.w" for name in ("ao", "fi", "fo", "k", "q", "v")]
    for name, factors in whole.items():
        assert abs(factors.product).max() > 1e-4
        np.testing.assert_allclose(half[name].product, factors.product / 2, rtol=5e-3, atol=1e-5)


@pytest.mark.usefixtures("tiny_default")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "any file named"),
        ('{"data": []}', "have no question"),
        ('{"data": [{"title": "A", "paragraphs": [{"context": "B.", "qas": []}]}]}', "no question"),
        ("{}", "not in SQuAD format"),
    ],
)
def test_what_was_learned_before_is_kept_where_there_is_nothing_to_learn(
    tmp_path: Path, content: str | None, words: str
) -> None:
    output = tmp_path / "adapter.safetensors"
    output.write_bytes(b"before")
    if content is not None:
        (tmp_path / "texts.json").write_text(content)
    with pytest.raises(typer.BadParameter, match=words):
        train.main(output, tmp_path, rounds=1, rate=1e-3, share=1)
    assert output.read_bytes() == b"before"


@pytest.mark.usefixtures("tiny_default")
def test_a_folder_cannot_be_written_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes((folder / "texts.json").read_bytes())
    with pytest.raises(typer.BadParameter, match="is a folder"):
        train.main(tmp_path, tmp_path, rounds=1, rate=1e-3, share=1)


def test_means_move_slowly() -> None:
    means, one, other = Means(), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    means.update(one, other, one)
    assert means.question.tolist() == [1, 0]
    assert means.passage.tolist() == [0, 1]
    means.update(other, other, one)
    assert means.question.tolist() == pytest.approx([0.97, 0.03])
    assert means.passage.tolist() == [0, 1]
    assert means.vector.tolist() == [1, 0]


def test_questions_of_a_large_batch_are_drawn(samples: list[Sample]) -> None:
    [first, second] = samples
    large = replace(first, questions=first.questions * 100)
    drawn = _chosen(large, [large, second], random.Random(0))
    assert len(drawn) == 148  # 150 of 203, and the large one's share of them
    assert drawn == sorted(set(drawn))
    assert _chosen(second, [first, second], random.Random(0)) == [0, 1, 2]
