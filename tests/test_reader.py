"""What the reader sees of a question and a passage, by hand, and that a graph is given it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from index.byte_products import FILE_VERSION, OPERATORS
from index.late_interaction import QuantisedTokens
from index.model_file import ModelError
from index.passage_vectors import PassageTokens
from index.reader import INPUTS, MOST_QUESTION_TOKENS, MOST_SENTENCES, Pair, Reader

# Unit vectors, so that cosines can be read off.
EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def tokens(vectors: list[list[float]], starts: list[int]) -> PassageTokens:
    values = np.array(vectors, np.float32).reshape(-1, 2)
    whole = QuantisedTokens(values.astype(np.int8), np.ones(len(values), np.float32))
    return PassageTokens(whole, np.array(starts, np.int32))


def question(*vectors: list[float]) -> np.ndarray:
    return np.array(vectors, np.float32)


def test_matches_by_hand() -> None:
    """A title of one token, a sentence of two and one of one; the question's tokens weigh 3 and
    1."""
    weights = np.array([3.0, 1.0], np.float32)
    passage = tokens([NORTH, WEST, WEST, EAST], [1, 3])
    pair = Pair.of(question(EAST, NORTH), weights, passage)
    assert pair.sentences.tolist() == [0, 1, 1, 2]
    assert pair.passage.tolist() == [NORTH, WEST, WEST, EAST]
    # Both are matched by some token; weights beside their mean.
    assert pair.question_matches.tolist() == [[1, 1.5], [1, 0.5]]
    # In the first sentence the title's token is better than west; "north" is the title's for both.
    first, second = 0.25, 1.0
    assert pair.passage_matches.tolist() == [
        [1, 0.25, 0],
        [0, -0.75, first],
        [0, -0.75, first],
        [1, 0.75, second],
    ]
    assert pair.alike.tolist() == [[0, 1], [first, 1], [first, 1], [second, 1]]
    assert {getattr(pair, name).dtype for name in INPUTS if name != "sentences"} == {
        np.dtype(np.float32)
    }


def test_a_title_without_tokens_matches_nothing() -> None:
    pair = Pair.of(question(EAST), np.ones(1, np.float32), tokens([WEST, EAST], [0, 1]))
    assert pair.sentences.tolist() == [1, 2]
    assert pair.alike.tolist() == [[-1, 1], [1, 1]]
    alone = Pair.of(question(EAST), np.ones(1, np.float32), tokens([WEST], [0]))
    assert alone.alike.tolist() == [[-1, -1]]


def test_late_sentences_count_as_one() -> None:
    count = MOST_SENTENCES + 3
    pair = Pair.of(
        question(EAST), np.ones(1, np.float32), tokens([EAST] * count, list(range(count)))
    )
    assert pair.sentences.tolist() == [*range(1, MOST_SENTENCES), *[MOST_SENTENCES] * 4]


def test_the_end_of_a_long_question_is_not_read() -> None:
    long = question(*[EAST] * MOST_QUESTION_TOKENS, NORTH)
    pair = Pair.of(long, np.ones(len(long), np.float32), tokens([NORTH], [0]))
    assert pair.question.tolist() == [EAST] * MOST_QUESTION_TOKENS
    assert pair.alike.tolist() == [[0, 0]]


def graph_of(path: Path) -> None:
    """A graph whose log-odds are the sum of all that it is given."""
    shapes = {"question": ["q", 2], "passage": ["t", 2], "sentences": ["t"]}
    shapes |= {"question_matches": ["q", 2], "passage_matches": ["t", 3], "alike": ["t", 2]}
    inputs, nodes = [], []
    for name, shape in shapes.items():
        kind = TensorProto.INT64 if name == "sentences" else TensorProto.FLOAT
        inputs.append(helper.make_tensor_value_info(name, kind, shape))
        nodes.append(helper.make_node("Cast", [name], [f"{name}.f"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("ReduceSum", [f"{name}.f"], [f"{name}.s"], keepdims=0))
    nodes.append(helper.make_node("Sum", [f"{name}.s" for name in shapes], ["odds"]))
    odds = helper.make_tensor_value_info("odds", TensorProto.FLOAT, [])
    graph = helper.make_graph(nodes, "sum", inputs, [odds])
    operators = [helper.make_opsetid("", OPERATORS)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=FILE_VERSION)
    onnx.save(model, path)


def test_the_graph_gets_all_of_it(tmp_path: Path) -> None:
    graph_of(tmp_path / "reader.onnx")
    weights = np.array([3.0, 1.0], np.float32)
    passage = tokens([NORTH, WEST, WEST, EAST], [1, 3])
    odds = Reader(tmp_path / "reader.onnx").read(question(EAST, NORTH), weights, passage)
    # The question 2, the passage 0, sentences 4, and what stands in test_matches_by_hand.
    assert odds == pytest.approx(2 + 0 + 4 + 4 + (1.25 - 0.5 - 0.5 + 2.75) + (1 + 1.25 * 2 + 2))


def test_a_damaged_reader(tmp_path: Path) -> None:
    path = tmp_path / "reader.onnx"
    path.write_bytes(b"no graph")
    passage = tokens([EAST], [0])
    for use in (
        Reader(path).prepare,
        lambda: Reader(path).read(question(EAST), np.ones(1, np.float32), passage),
    ):
        with pytest.raises(ModelError) as raised:
            use()
        assert str(raised.value) == (f"The reader in {path} is damaged: install Beleg anew.")
