"""A small language model as an OpenVINO graph that tells how likely it is to go on with given tokens.

Knows the operations of OpenVINO; reads no files and runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rag.decoder.blocks import Blocks
from rag.decoder.measures import EMBEDDING, OUTPUT
from rag.openvino_runtime import import_openvino
from rag.rerank.llama_file import LlamaModel

if TYPE_CHECKING:
    from openvino import Model, Node


def build_graph(llama: LlamaModel) -> Model:
    """Build an OpenVINO model over texts of tokens.

    Its inputs, all int32: `ids` of shape (texts, tokens), padded on the right with anything; `last` of shape (texts,), the place of
    the token in each text that the sought ones stand behind; `sought` of shape (count,), those tokens. Its output: logarithms of
    their probabilities, float32 of shape (texts, count).

    The graph refers to the weights without a copy: they must live until it is compiled.

    Args:
        llama: the model.

    Returns:
        What OpenVINO compiles.
    """
    build = _Builder(llama)
    op = build.op
    ids = op.parameter([-1, -1], np.int32, name="ids")
    last = op.parameter([-1], np.int32, name="last")
    sought = op.parameter([-1], np.int32, name="sought")
    turn = build.turns(build.count_up(build.size(ids, 1), "f32"))
    states = build.rows_of(EMBEDDING, ids)
    for layer in range(llama.measures.layers):
        states = build.layer(states, turn, layer)
    further = build.count_up(build.size(sought, 0), "i32")
    places = op.add(op.unsqueeze(last, build.integers(1)), op.unsqueeze(further, build.integers(0)))
    states = build.normalised(op.gather(states, places, build.integers(1), batch_dims=1), "output_norm")
    return import_openvino().Model([build.log_probabilities(states, sought)], [ids, last, sought], "llama")


class _Builder(Blocks):
    def __init__(self, llama: LlamaModel) -> None:
        super().__init__(llama.measures)
        self._llama = llama

    def size(self, node: Node, axis: int) -> Node:
        """Length of one dimension; shape ()."""
        return self.op.squeeze(self.op.gather(self.op.shape_of(node), self.integers(axis), self.integers(0)), self.integers(0))

    def count_up(self, count: Node, kind: str) -> Node:
        """0 to count - 1."""
        zero, one = (self.op.constant(np.array(value, np.int32 if kind == "i32" else np.float32)) for value in (0, 1))
        return self.op.range(zero, self.op.convert(count, kind), one, kind)

    def matrix(self, name: str) -> Node:
        """Weights in eight bits, times their scales: OpenVINO keeps them so, and multiplies in eight bits."""
        rows = self._llama.matrices[name]
        return self.op.multiply(
            self.op.convert(self.op.constant(rows.values, shared_memory=True), "f32"), self.op.constant(rows.scales)
        )

    def rows_of(self, name: str, ids: Node) -> Node:
        """Rows of a matrix by number."""
        rows, first = self._llama.matrices[name], self.integers(0)
        values = self.op.convert(self.op.gather(self.op.constant(rows.values, shared_memory=True), ids, first), "f32")
        return self.op.multiply(values, self.op.gather(self.op.constant(rows.scales), ids, first))

    def linear(self, states: Node, name: str) -> Node:
        product = self.op.matmul(states, self.matrix(f"{name}.weight"), False, True)
        return self.op.add(product, self.vector(f"{name}.bias")) if f"{name}.bias" in self._llama.vectors else product

    def vector(self, name: str) -> Node:
        return self.op.constant(self._llama.vectors[name], shared_memory=True)

    def attend(self, query: Node, key: Node, value: Node, layer: int) -> Node:
        # Nobody looks ahead, so padding on the right is not seen.
        return self.op.scaled_dot_product_attention(query, self.for_each_head(key), self.for_each_head(value), causal=True)

    def log_probabilities(self, states: Node, sought: Node) -> Node:
        """Of each sought token, after the state before it; shape (texts, count)."""
        op, name = self.op, OUTPUT if OUTPUT in self._llama.matrices else EMBEDDING
        logits = op.matmul(states, self.matrix(name), False, True)
        highest = op.reduce_max(logits, self.integers(-1), True)
        total = op.add(op.log(op.reduce_sum(op.exp(op.subtract(logits, highest)), self.integers(-1), True)), highest)
        shape = op.concat([op.gather(op.shape_of(states), self.integers(0, 1), self.integers(0)), self.integers(1)], 0)
        of = op.gather_elements(logits, op.broadcast(op.unsqueeze(sought, self.integers(0, 2)), shape), 2)
        return op.squeeze(op.subtract(of, total), self.integers(2))
