"""A language model as an OpenVINO graph that remembers what it has read.

Knows the operations of OpenVINO; reads no files and runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rag.decoder.blocks import Blocks
from rag.decoder.measures import EMBEDDING, OUTPUT, Measures
from rag.llm.packed import GROUP, LEFT, LEFT_SCALES, SCALES, VALUES, ZEROS, Packed
from rag.openvino_runtime import import_openvino

if TYPE_CHECKING:
    from openvino import Model, Node


def build_decoder(measures: Measures, weights: Packed) -> Model:
    """Build an OpenVINO model over the next tokens of one text.

    Its inputs: `states`, rows of the embedding, float32 of shape (1, tokens, width); `places`, int32 of shape (tokens,); `mask`,
    float32 of shape (1, 1, tokens, all tokens so far), 0 where a token may look and far below 0 where not; `texts`, int32, the
    number 0 in shape (1,), which OpenVINO wants where keys and values are remembered. Its output: logits after the last token,
    float32 of shape (1, 1, vocabulary). Each layer has two states, keys and values of what was read.

    The graph refers to the weights without a copy: they must live as long as what is compiled of it.

    Args:
        measures: of the model.
        weights: of the model.

    Returns:
        What OpenVINO compiles.
    """
    build = _Builder(measures, weights)
    op = build.op
    states = op.parameter([1, -1, measures.width], np.float32, name="states")
    places = op.parameter([-1], np.int32, name="places")
    turn = build.turns(op.convert(places, "f32"))
    reached = states
    for layer in range(measures.layers):
        reached = build.layer(reached, turn, layer)
    last = op.slice(reached, build.integers(-1), build.integers(np.iinfo(np.int32).max), build.integers(1), build.integers(1))
    name = OUTPUT if weights.has(OUTPUT) else EMBEDDING
    logits = build.linear(build.normalised(last, "output_norm"), name.removesuffix(".weight"))
    inputs = [states, places, build.mask, build.texts]
    return import_openvino().Model([op.result(logits)], build.remembered, inputs, "decoder")


class _Builder(Blocks):
    def __init__(self, measures: Measures, weights: Packed) -> None:
        super().__init__(measures)
        self._weights = weights
        self._openvino = import_openvino()
        self.mask = self.op.parameter([1, 1, -1, -1], np.float32, name="mask")
        self.texts = self.op.parameter([1], np.int32, name="texts")
        self.remembered: list[Node] = []
        self._sums: tuple[Node, Node] | None = None

    def linear(self, states: Node, name: str) -> Node:
        weight, op = f"{name}.weight", self.op
        product = op.matmul(states, self._matrix(weight), False, True)
        if self._weights.part(weight, LEFT) is not None:
            product = op.add(
                product, op.matmul(self._sums_of_groups(states), self._eight_bits(weight, LEFT, LEFT_SCALES), False, True)
            )
        bias = self._weights.vector(f"{name}.bias")
        return product if bias is None else op.add(product, op.constant(bias, shared_memory=True))

    def vector(self, name: str) -> Node:
        return self.op.constant(self._weights.vector(name), shared_memory=True)

    def attend(self, query: Node, key: Node, value: Node, layer: int) -> Node:
        keys, values = self._with_before(key, f"keys {layer}"), self._with_before(value, f"values {layer}")
        return self.op.scaled_dot_product_attention(query, self.for_each_head(keys), self.for_each_head(values), self.mask)

    def _matrix(self, weight: str) -> Node:
        zeros = self._weights.part(weight, ZEROS)
        if zeros is None:
            return self._eight_bits(weight, VALUES, SCALES)
        op, openvino = self.op, self._openvino
        rows, groups, _ = zeros.shape
        values = openvino.Tensor(self._weights.part(weight, VALUES), [rows, groups, GROUP], openvino.Type.u4)
        numbers = op.constant(values)
        apart = op.subtract(op.convert(numbers, "f32"), op.convert(op.constant(zeros, shared_memory=True), "f32"))
        scaled = op.multiply(apart, op.constant(self._weights.part(weight, SCALES), shared_memory=True))
        return op.reshape(scaled, self.integers(rows, groups * GROUP), False)

    def _eight_bits(self, weight: str, values: str, scales: str) -> Node:
        numbers = self.op.convert(self.op.constant(self._weights.part(weight, values), shared_memory=True), "f32")
        return self.op.multiply(numbers, self.op.constant(self._weights.part(weight, scales), shared_memory=True))

    def _sums_of_groups(self, states: Node) -> Node:
        """Of every 32 numbers of a state; the same for all matrices that it is multiplied with."""
        if self._sums is None or self._sums[0] is not states:
            apart = self.op.reshape(states, self.integers(0, 0, -1, GROUP), True)
            self._sums = states, self.op.reduce_sum(apart, self.integers(-1), False)
        return self._sums[1]

    def _with_before(self, states: Node, name: str) -> Node:
        """Keys or values of all tokens so far, and remember them."""
        measures, openvino, old = self.measures, self._openvino, self._openvino.opset6
        none = self.op.constant(np.zeros((1, measures.groups, 0, measures.head), np.float32))
        shape = openvino.PartialShape([1, measures.groups, -1, measures.head])
        before = self.op.gather(old.read_value(none, name, openvino.Type.f32, shape), self.texts, self.op.constant(np.int64(0)))
        together = self.op.concat([before, states], 2)
        self.remembered.append(old.assign(together, name))
        return together
