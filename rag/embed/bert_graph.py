"""A BERT encoder as an OpenVINO graph, built from the weights themselves.

Knows the arithmetic of BERT and the operations of OpenVINO; reads no files and runs nothing. Source: Devlin et al. 2019, "BERT:
Pre-training of Deep Bidirectional Transformers", section 3; the weights have the names that transformers gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.embed.bert_folder import BertFolder
from rag.openvino_runtime import import_openvino

if TYPE_CHECKING:
    from openvino import Model, Node

Weights = Mapping[str, npt.NDArray[np.float32]]

# Added to the scores of padding before softmax: exp of it is 0 also in bfloat16, and no sum overflows as with -inf.
_MASKED = -30000.0


def build_graph(bert: BertFolder, weights: Weights) -> Model:
    """Return an OpenVINO model: ids and mask, int32 of shape (texts, tokens), to unit vectors of shape (texts, width).

    The graph refers to `weights` without a copy: they must live until it is compiled.
    """
    openvino = import_openvino()
    build = _Builder(openvino.opset13, bert, weights)
    ids = build.op.parameter([-1, -1], np.int32, name="ids")
    mask = build.op.parameter([-1, -1], np.int32, name="mask")
    shown = build.op.convert(mask, "f32")
    bias = build.unsqueeze(build.op.multiply(build.op.subtract(build.number(1.0), shown), build.number(_MASKED)), 1, 1)
    states = build.embeddings(ids)
    for layer in range(bert.layers):
        states = build.layer(states, bias, f"encoder.layer.{layer}.")
    pooled = build.first(states) if bert.pooling == "cls" else build.mean(states, shown)
    return openvino.Model([build.unit(pooled)], [ids, mask], "bert")


class _Builder:
    """Pieces of the graph; each takes and returns nodes. States have the shape (texts, tokens, width)."""

    def __init__(self, op: ModuleType, bert: BertFolder, weights: Weights) -> None:
        self.op = op
        self._bert = bert
        self._weights = weights

    def number(self, value: float) -> Node:
        return self.op.constant(np.float32(value))

    def integers(self, *values: int) -> Node:
        return self.op.constant(np.array(values, dtype=np.int64))

    def unsqueeze(self, node: Node, *axes: int) -> Node:
        for axis in axes:
            node = self.op.unsqueeze(node, self.integers(axis))
        return node

    def weight(self, name: str) -> Node:
        return self.op.constant(self._weights[name], shared_memory=True)

    def linear(self, states: Node, name: str) -> Node:
        product = self.op.matmul(states, self.weight(f"{name}.weight"), False, True)
        return self.op.add(product, self.weight(f"{name}.bias"))

    def normalised(self, states: Node, name: str) -> Node:
        """Layer normalisation: epsilon stands inside the root."""
        even = self.op.mvn(states, self.integers(-1), True, self._bert.epsilon, "inside_sqrt")
        return self.op.add(self.op.multiply(even, self.weight(f"{name}.weight")), self.weight(f"{name}.bias"))

    def embeddings(self, ids: Node) -> Node:
        words = self.op.gather(self.weight("embeddings.word_embeddings.weight"), ids, self.integers(0))
        count = self.op.gather(self.op.shape_of(ids), self.integers(1), self.integers(0))
        places = self.op.slice(
            self.weight("embeddings.position_embeddings.weight"), self.integers(0), count, self.integers(1), self.integers(0)
        )
        # All tokens are of the first type: there is one text, not a pair.
        kind = self.op.constant(self._weights["embeddings.token_type_embeddings.weight"][0])
        return self.normalised(self.op.add(self.op.add(words, kind), places), "embeddings.LayerNorm")

    def layer(self, states: Node, bias: Node, prefix: str) -> Node:
        query, key, value = (self._heads(self.linear(states, f"{prefix}attention.self.{n}")) for n in ("query", "key", "value"))
        seen = self.op.scaled_dot_product_attention(query, key, value, bias)  # scaled by 1 / sqrt(width of a head)
        joined = self.op.reshape(self.op.transpose(seen, self.integers(0, 2, 1, 3)), self.integers(0, 0, self._bert.width), True)
        attended = self.op.add(self.linear(joined, f"{prefix}attention.output.dense"), states)
        states = self.normalised(attended, f"{prefix}attention.output.LayerNorm")
        inner = self._activated(self.linear(states, f"{prefix}intermediate.dense"))
        return self.normalised(self.op.add(self.linear(inner, f"{prefix}output.dense"), states), f"{prefix}output.LayerNorm")

    def _heads(self, states: Node) -> Node:
        """Shape (texts, tokens, width) to (texts, heads, tokens, width / heads)."""
        size = self._bert.width // self._bert.heads
        return self.op.transpose(
            self.op.reshape(states, self.integers(0, 0, self._bert.heads, size), True), self.integers(0, 2, 1, 3)
        )

    def _activated(self, states: Node) -> Node:
        return self.op.relu(states) if self._bert.activation == "relu" else self.op.gelu(states, self._bert.activation)

    def first(self, states: Node) -> Node:
        """State of the first token, [CLS]; shape (texts, width)."""
        return self.op.squeeze(self.op.gather(states, self.integers(0), self.integers(1)), self.integers(1))

    def mean(self, states: Node, shown: Node) -> Node:
        """Mean of the states of tokens that are no padding; shape (texts, width)."""
        shown = self.unsqueeze(shown, -1)
        total = self.op.reduce_sum(self.op.multiply(states, shown), self.integers(1), False)
        return self.op.divide(total, self.op.reduce_sum(shown, self.integers(1), False))

    def unit(self, vectors: Node) -> Node:
        """Rows of norm 1."""
        squares = self.op.reduce_sum(self.op.multiply(vectors, vectors), self.integers(-1), True)
        return self.op.divide(vectors, self.op.maximum(self.op.sqrt(squares), self.number(1e-12)))
