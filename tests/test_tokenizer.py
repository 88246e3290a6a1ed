"""Both tokenizers of one vocabulary: SentencePiece's, and that of the library tokenizers."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.models import WordLevel

from benchmarks.model_folder import build_tokenizer
from index.bundled_tokenizer import build_sentencepiece
from index.model_file import parse_model_file
from index.tokenizer import FastTokenizer, SentencePieceTokenizer, Tokenizer, Tokens
from tests.tiny_model import TinyModel

VOCABULARY = parse_model_file(TinyModel().to_bytes()).vocabulary


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> SentencePieceTokenizer:
    file = tmp_path_factory.mktemp("pieces") / "sentencepiece.bpe.model"
    file.write_bytes(build_sentencepiece(VOCABULARY))
    scores = np.array([score for _, score in VOCABULARY.pieces], np.float32)
    return SentencePieceTokenizer(file, scores, VOCABULARY.unknown)


@pytest.fixture(scope="module")
def fast() -> FastTokenizer:
    return FastTokenizer(build_tokenizer(VOCABULARY), VOCABULARY.pad)


def cut(tokenizer: Tokenizer, text: str, most: int | None = None) -> Tokens:
    (tokens,) = tokenizer.cut(tokenizer.prompt("query: "), [text], most)
    return tokens


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("the ferry: é", ["the", "ferry", ":", "é"]),
        ("  the \n\tferry\x01x", ["the", "ferry", "x"]),
        ("漢漢 </s>", ["漢漢", "<", "/", "s", ">"]),
        ("中x", ["中", "x"]),
        ("ﬁ", ["ﬁ", "ﬁ"]),
    ],
)
def test_both_cut_alike(
    pieces: SentencePieceTokenizer, fast: FastTokenizer, text: str, parts: list[str]
) -> None:
    one, other = cut(pieces, text), cut(fast, text)
    assert one.ids == other.ids
    assert [text[start:end] for start, end in one.spans.tolist()] == parts
    assert one.kept.tolist() == other.kept.tolist()
    assert one.spans.tolist() == other.spans.tolist()


def test_whole_words(pieces: SentencePieceTokenizer, fast: FastTokenizer) -> None:
    for word, is_whole in (("ferry", True), ("ferr", False), ("ferrys", False)):
        for tokenizer in (pieces, fast):
            id_ = tokenizer.whole(word)
            assert (id_ is not None) == is_whole, (word, tokenizer)
            if id_ is not None:
                assert list(cut(tokenizer, word).ids).count(id_) == 1


def test_a_letter_with_its_accent_apart_is_one(pieces: SentencePieceTokenizer) -> None:
    assert cut(pieces, "e\u0301t").ids == cut(pieces, "ét").ids
    assert cut(pieces, "e\u0301t").spans.tolist() == [[0, 2], [2, 3]]


def test_the_prompt_and_marks(pieces: SentencePieceTokenizer, fast: FastTokenizer) -> None:
    assert pieces.prompt("query: ") == fast.prompt("query: ")
    assert (pieces.prompt("query: ").leading, pieces.prompt("query: ").overhead) == (3, 4)
    # <s> ▁query : ▁the </s>
    assert cut(pieces, "the").ids == [0, 5, 36, 7, 2]
    assert pieces.pad == fast.pad == 1


def test_white_space_at_the_end_is_no_token(pieces: SentencePieceTokenizer) -> None:
    assert cut(pieces, "the \t ").ids == cut(pieces, "the").ids
    assert cut(pieces, " ").ids == [0, 5, 36, 2]
    assert cut(pieces, "").spans.shape == (0, 2)


def test_names_of_marks_are_text(pieces: SentencePieceTokenizer) -> None:
    text = "<pad><mask>"
    assert [text[start:end] for start, end in cut(pieces, text).spans.tolist()] == list(text)


@pytest.mark.parametrize("kind", ["pieces", "fast"])
def test_what_is_too_long_is_cut(kind: str, request: pytest.FixtureRequest) -> None:
    tokenizer: Tokenizer = request.getfixturevalue(kind)
    prompt = tokenizer.prompt("query: ")
    texts = ["the ferry x", "the"]
    assert tokenizer.count(prompt, texts) == [4, 1]
    assert [one.ids[-3:] for one in tokenizer.cut(prompt, texts, 6)] == [[7, 8, 2], [36, 7, 2]]
    # Nothing is cut where nothing is asked for, also not after it was.
    assert tokenizer.cut(prompt, texts)[0].ids == [0, 5, 36, 7, 8, 4, 33, 2]


def test_half_a_character(pieces: SentencePieceTokenizer, fast: FastTokenizer) -> None:
    for tokenizer in (pieces, fast):
        assert cut(tokenizer, "the \ud83d x").spans.tolist() == [[0, 3], [6, 7]]


def test_rarity(pieces: SentencePieceTokenizer, fast: FastTokenizer) -> None:
    """max(-s - 6, 0.5): scores -4, -11.5 and -14, and the rarest for what is not known."""
    for tokenizer in (pieces, fast):
        assert tokenizer.weights[[7, 8, 39, VOCABULARY.unknown]].tolist() == [0.5, 5.5, 8.0, 8.0]


def test_no_unigram_scores() -> None:
    words = WordLevel({"the": 0, "ferry": 1, "<unk>": 2}, unk_token="<unk>")
    assert FastTokenizer(LibraryTokenizer(words), 0).weights.tolist() == [1.0, 1.0, 1.0]


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"{")
    with pytest.raises(RuntimeError):
        SentencePieceTokenizer(tmp_path / "m", np.zeros(4, np.float32), 3)
    with pytest.raises(RuntimeError, match="missing"):
        SentencePieceTokenizer(tmp_path / "missing", np.zeros(4, np.float32), 3)
