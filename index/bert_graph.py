"""The default model's layers as an ONNX graph whose matrix products are of bytes.

A CPU multiplies bytes some twice as fast as floats or more, and the matrices take a quarter of the
memory. They come with four bits a weight (see model_file.py), so a byte holds them well; a token's
states are rounded to bytes by a scale of their own before each product, so that a text's vectors do
not depend on what it is batched with. All else is computed in float32. docs/trials.md says what
this costs.

What is rounded decides what is lost. In places that is another vector than BERT's own, and the
next matrix or bias has the difference:

- before the inner product, the normalised states without the norm's weights, which make a few
  components many times as large as the rest;
- after GELU, the states and 0.17: none of them is negative then, and all eight bits are used;
- after attention, the states without the values' bias.

BERT: Devlin et al. 2019. Rows and columns with scales of their own: Dettmers et al. 2022
(LLM.int8()), section 2. Bytes: byte_products.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from index.byte_products import ADDED, FILE_VERSION, LEVELS, MIDDLE, OPERATORS, round_rows
from index.model_file import Sizes

Float32 = NDArray[np.float32]

_UNSIGNED_LEVELS = 255
# GELU's least value is -0.16997.
_GELU_LEAST = 0.17


def build_graph(sizes: Sizes, weights: Mapping[str, Float32]) -> ModelProto:
    """The graph from the vectors of words to the hidden states of the last two layers.

    ``weights`` are those of `index.model_file.tensor_shapes`, without the vectors of the
    vocabulary. For ``n`` texts of ``t`` tokens in all, padded to ``s`` each, the graph takes

    - ``words`` float32 ``(t, d)``: the vectors of the tokens, one text after the other;
    - ``positions`` int64 ``(t,)``: the place of each in its text;
    - ``padded`` int64 ``(n, s)``: the token at each place of the padded batch, any one where there
      is none, and ``mask`` int32 ``(n, s)``: 0 there and else 1;
    - ``places`` int64 ``(t,)``: the place of each token in the padded batch.

    and gives ``last`` and ``before``, float32 ``(t, d)``: the states after the last layer and after
    the one before it.
    """
    graph = _Graph(sizes, weights)
    before = states = graph.embed()
    for layer in range(sizes.layers):
        before, states = states, graph.layer(layer, states)
    return graph.finish(states, before)


class _Graph:
    """What is put together so far; every method returns the name of its result."""

    def __init__(self, sizes: Sizes, weights: Mapping[str, Float32]) -> None:
        self._sizes = sizes
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}
        self._middles = self._node(
            "ConstantOfShape",
            self._node("Shape", "places"),
            value=numpy_helper.from_array(np.array([MIDDLE], np.uint8)),
        )

    def embed(self) -> str:
        """The states before the first layer, ``(t, d)``."""
        # Every text is of the first type.
        table = self._weights["emb.pos"] + self._weights["emb.type"][0]
        there = self._node("Gather", self._constant("positions table", table), "positions", axis=0)
        return self._node(
            "LayerNormalization",
            self._node("Add", "words", there),
            self._weight("emb.ln.w"),
            self._weight("emb.ln.b"),
            axis=-1,
            epsilon=self._sizes.layer_norm_epsilon,
        )

    def layer(self, number: int, states: str) -> str:
        """The states after layer ``number``, ``(t, d)``, from those before it."""

        def weight(name: str) -> Float32:
            return self._weights[f"l{number}.{name}"]

        zeros = np.zeros(self._sizes.hidden, np.float32)
        qkv = np.concatenate([weight(f"{part}.w") for part in "qkv"])
        bias = np.concatenate([weight("q.b"), weight("k.b"), zeros])
        padded = self._node("Gather", self._product(states, qkv), "padded", axis=0)
        attended = self._node(
            "MultiHeadAttention",
            *self._nodes_of("Split", padded, count=3, axis=-1, num_outputs=3),
            self._constant(f"l{number}.qkv.b", bias),
            "mask",
            domain=ADDED,
            num_heads=self._sizes.heads,
        )
        by_place = self._node("Reshape", attended, self._constant("rows", [-1, self._sizes.hidden]))
        # The shares of attention add up to one, so the values' bias is in every result as it is.
        normal = self._norm(
            self._product(self._node("Gather", by_place, "places", axis=0), weight("ao.w")),
            states,
            bias=weight("ao.b") + weight("ao.w") @ weight("v.b"),
        )
        inner = self._node(
            "BiasGelu",
            self._product(normal, weight("fi.w") * weight("aln.w")),
            self._constant(f"l{number}.fi.b", weight("fi.b") + weight("fi.w") @ weight("aln.b")),
            domain=ADDED,
        )
        raised = self._node("Add", inner, self._constant("GELU's least", _GELU_LEAST))
        return self._norm(
            self._product(raised, weight("fo.w"), signed=False),
            self._node("Mul", normal, self._weight(f"l{number}.aln.w")),
            bias=weight("fo.b") - _GELU_LEAST * weight("fo.w").sum(axis=1) + weight("aln.b"),
            norm=f"l{number}.oln",
        )

    def finish(self, last: str, before: str) -> ModelProto:
        """The whole graph, with these two results."""
        width = self._sizes.hidden
        floats, whole = TensorProto.FLOAT, TensorProto.INT64
        inputs = [
            helper.make_tensor_value_info("words", floats, ["t", width]),
            helper.make_tensor_value_info("positions", whole, ["t"]),
            helper.make_tensor_value_info("padded", whole, ["n", "s"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["n", "s"]),
            helper.make_tensor_value_info("places", whole, ["t"]),
        ]
        for name, result in (("last", last), ("before", before)):
            self._nodes.append(helper.make_node("Identity", [result], [name]))
        outputs = [
            helper.make_tensor_value_info(name, floats, ["t", width]) for name in ("last", "before")
        ]
        graph = helper.make_graph(
            self._nodes, "bert", inputs, outputs, list(self._constants.values())
        )
        operators = [helper.make_opsetid("", OPERATORS), helper.make_opsetid(ADDED, 1)]
        return helper.make_model(graph, opset_imports=operators, ir_version=FILE_VERSION)

    def _product(self, states: str, matrix: Float32, *, signed: bool = True) -> str:
        """``states`` ``(t, in)`` times ``matrix`` ``(out, in)``, without a bias. ``signed`` tells
        whether states may be negative."""
        sizes = self._node("Abs", states) if signed else states
        largest = self._node(
            "ReduceMax", sizes, self._constant("last axis", np.array([-1])), keepdims=0
        )
        step = self._constant(f"step {signed}", 1 / (LEVELS if signed else _UNSIGNED_LEVELS))
        # Of a token whose states are all zero the scale is zero, and so is its product.
        scales = self._node("Mul", largest, step)
        middles = [self._middles] if signed else []
        rounded = self._node("QuantizeLinear", states, scales, *middles, axis=0)
        values, steps = round_rows(matrix)
        name = f"matrix {len(self._nodes)}"
        product = self._node(
            "MatMulIntegerToFloat",
            rounded,
            self._constant(name, values.T),
            self._constant("one", 1.0),
            self._constant(f"{name} steps", steps),
            self._constant(f"middle {signed}", np.array(MIDDLE if signed else 0, np.uint8)),
            domain=ADDED,
        )
        columns = self._node("Unsqueeze", scales, self._constant("columns", np.array([1])))
        return self._node("Mul", product, columns)

    def _norm(self, states: str, added: str, bias: Float32, norm: str | None = None) -> str:
        """The normalised sum of all three; times the weights of ``norm``, if it is named."""
        width = self._sizes.hidden
        return self._node(
            "SkipLayerNormalization",
            states,
            added,
            self._weight(f"{norm}.w") if norm else self._constant("ones", np.ones(width)),
            self._weight(f"{norm}.b") if norm else self._constant("zeros", np.zeros(width)),
            self._constant(f"bias {len(self._nodes)}", bias),
            domain=ADDED,
            epsilon=self._sizes.layer_norm_epsilon,
        )

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, values: Any) -> str:  # noqa: ANN401
        """A constant; floats become float32, and the same name is the same constant."""
        if name not in self._constants:
            array = np.asarray(values)
            if array.dtype == np.float64:
                array = array.astype(np.float32)
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def _node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        [result] = self._nodes_of(operator, *inputs, count=1, domain=domain, **attributes)
        return result

    def _nodes_of(
        self,
        operator: str,
        *inputs: str,
        count: int,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401
    ) -> list[str]:
        """The names of the ``count`` results of one node."""
        results = [f"{operator} {len(self._nodes)}.{number}" for number in range(count)]
        self._nodes.append(
            helper.make_node(operator, list(inputs), results, domain=domain, **attributes)
        )
        return results
