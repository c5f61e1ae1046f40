"""A small language model as an OpenVINO graph that tells how likely it is to go on with given tokens.

Knows the arithmetic of Llama and the operations of OpenVINO; reads no files and runs nothing. Source: Touvron et al. 2023, "LLaMA:
Open and Efficient Foundation Language Models", section 2.2, with grouped queries (Ainslie et al. 2023, "GQA").
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from rag.openvino_runtime import import_openvino
from rag.rerank.llama_file import EMBEDDING, OUTPUT, LlamaModel

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
    openvino = import_openvino()
    build = _Builder(openvino.opset13, llama)
    op = build.op
    ids = op.parameter([-1, -1], np.int32, name="ids")
    last = op.parameter([-1], np.int32, name="last")
    sought = op.parameter([-1], np.int32, name="sought")
    turn = build.turns(build.size(ids, 1))
    states = build.rows_of(EMBEDDING, ids)
    for layer in range(llama.layers):
        states = build.layer(states, turn, f"blk.{layer}.")
    further = build.count_up(build.size(sought, 0), "i32")
    places = op.add(op.unsqueeze(last, build.integers(1)), op.unsqueeze(further, build.integers(0)))
    states = build.normalised(op.gather(states, places, build.integers(1), batch_dims=1), "output_norm")
    return openvino.Model([build.log_probabilities(states, sought)], [ids, last, sought], "llama")


class _Builder:
    """Pieces of the graph; each takes and returns nodes. States have the shape (texts, tokens, width)."""

    def __init__(self, op: ModuleType, llama: LlamaModel) -> None:
        self.op = op
        self._llama = llama
        self._head = llama.width // llama.heads

    def number(self, value: float) -> Node:
        return self.op.constant(np.float32(value))

    def integers(self, *values: int) -> Node:
        return self.op.constant(np.array(values, dtype=np.int64))

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
        return self.op.matmul(states, self.matrix(f"{name}.weight"), False, True)

    def normalised(self, states: Node, name: str) -> Node:
        """Normalisation by the root of the mean square."""
        mean = self.op.reduce_mean(self.op.multiply(states, states), self.integers(-1), True)
        even = self.op.divide(states, self.op.sqrt(self.op.add(mean, self.number(self._llama.epsilon))))
        return self.op.multiply(even, self.op.constant(self._llama.vectors[f"{name}.weight"], shared_memory=True))

    def turns(self, tokens: Node) -> tuple[Node, Node]:
        """Cosine and sine of the angle of each pair of numbers at each place; shape (1, 1, tokens, width of a head / 2)."""
        steps = (1.0 / self._llama.base ** (np.arange(0, self._head, 2) / self._head)).astype(np.float32)
        places = self.op.unsqueeze(self.count_up(tokens, "f32"), self.integers(1))
        angles = self.op.unsqueeze(self.op.multiply(places, self.op.constant(steps[None, :])), self.integers(0, 1))
        return self.op.cos(angles), self.op.sin(angles)

    def _turned(self, states: Node, turn: tuple[Node, Node]) -> Node:
        cosine, sine = turn
        first, second = self.op.split(states, self.op.constant(np.int64(3)), 2).outputs()
        return self.op.concat(
            [
                self.op.subtract(self.op.multiply(first, cosine), self.op.multiply(second, sine)),
                self.op.add(self.op.multiply(second, cosine), self.op.multiply(first, sine)),
            ],
            3,
        )

    def _heads(self, states: Node, count: int) -> Node:
        """Shape (texts, tokens, width) to (texts, heads, tokens, width of a head)."""
        apart = self.op.reshape(states, self.integers(0, 0, count, self._head), True)
        return self.op.transpose(apart, self.integers(0, 2, 1, 3))

    def _for_each_head(self, states: Node) -> Node:
        """Keys or values of a group, again for each head that it serves."""
        llama = self._llama
        again = self.op.concat([self.op.unsqueeze(states, self.integers(2))] * (llama.heads // llama.groups), 2)
        rest = self.op.gather(self.op.shape_of(states), self.integers(2, 3), self.integers(0))
        return self.op.reshape(again, self.op.concat([self.integers(0, llama.heads), rest], 0), True)

    def layer(self, states: Node, turn: tuple[Node, Node], prefix: str) -> Node:
        llama = self._llama
        even = self.normalised(states, f"{prefix}attn_norm")
        query = self._turned(self._heads(self.linear(even, f"{prefix}attn_q"), llama.heads), turn)
        key = self._turned(self._heads(self.linear(even, f"{prefix}attn_k"), llama.groups), turn)
        value = self._heads(self.linear(even, f"{prefix}attn_v"), llama.groups)
        # Nobody looks ahead, so padding on the right is not seen.
        seen = self.op.scaled_dot_product_attention(query, self._for_each_head(key), self._for_each_head(value), causal=True)
        joined = self.op.reshape(self.op.transpose(seen, self.integers(0, 2, 1, 3)), self.integers(0, 0, llama.width), True)
        states = self.op.add(states, self.linear(joined, f"{prefix}attn_output"))
        even = self.normalised(states, f"{prefix}ffn_norm")
        open_ = self.op.swish(self.linear(even, f"{prefix}ffn_gate"))
        return self.op.add(states, self.linear(self.op.multiply(open_, self.linear(even, f"{prefix}ffn_up")), f"{prefix}ffn_down"))

    def log_probabilities(self, states: Node, sought: Node) -> Node:
        """Of each sought token, after the state before it; shape (texts, count)."""
        op, name = self.op, OUTPUT if OUTPUT in self._llama.matrices else EMBEDDING
        logits = op.matmul(states, self.matrix(name), False, True)
        highest = op.reduce_max(logits, self.integers(-1), True)
        total = op.add(op.log(op.reduce_sum(op.exp(op.subtract(logits, highest)), self.integers(-1), True)), highest)
        shape = op.concat([op.gather(op.shape_of(states), self.integers(0, 1), self.integers(0)), self.integers(1)], 0)
        of = op.gather_elements(logits, op.broadcast(op.unsqueeze(sought, self.integers(0, 2)), shape), 2)
        return op.squeeze(op.subtract(of, total), self.integers(2))
