"""The layers of a Llama or a Qwen2 as operations of OpenVINO. Reads no files and runs nothing.

Source: Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models", section 2.2, with grouped queries (Ainslie et
al. 2023, "GQA").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from rag.decoder.measures import Measures
from rag.openvino_runtime import import_openvino

if TYPE_CHECKING:
    from openvino import Node


class Blocks(ABC):
    """Pieces of a graph; each takes and returns nodes. States have the shape (texts, tokens, width).

    Args:
        measures: of the model.
    """

    def __init__(self, measures: Measures) -> None:
        self.op: ModuleType = import_openvino().opset13
        self.measures = measures

    @abstractmethod
    def linear(self, states: Node, name: str) -> Node:
        """States times a matrix of the model, and its bias where there is one."""

    @abstractmethod
    def vector(self, name: str) -> Node:
        """Weights of one dimension."""

    @abstractmethod
    def attend(self, query: Node, key: Node, value: Node, layer: int) -> Node:
        """Attention over what may be seen; queries of shape (texts, heads, tokens, width of a head), as the result."""

    def number(self, value: float) -> Node:
        """A constant; shape ()."""
        return self.op.constant(np.float32(value))

    def integers(self, *values: int) -> Node:
        """Constants; shape (count,)."""
        return self.op.constant(np.array(values, dtype=np.int64))

    def normalised(self, states: Node, name: str) -> Node:
        """Normalisation by the root of the mean square."""
        mean = self.op.reduce_mean(self.op.multiply(states, states), self.integers(-1), True)
        even = self.op.divide(states, self.op.sqrt(self.op.add(mean, self.number(self.measures.epsilon))))
        return self.op.multiply(even, self.vector(f"{name}.weight"))

    def turns(self, places: Node) -> tuple[Node, Node]:
        """Work out how far each pair of numbers turns at each place.

        Args:
            places: of the tokens, from 0, as float; shape (tokens,).

        Returns:
            Cosine and sine of the angle, each of shape (1, 1, tokens, width of a head / 2).
        """
        head = self.measures.head
        steps = (1.0 / self.measures.base ** (np.arange(0, head, 2) / head)).astype(np.float32)
        angles = self.op.multiply(self.op.unsqueeze(places, self.integers(1)), self.op.constant(steps[None, :]))
        angles = self.op.unsqueeze(angles, self.integers(0, 1))
        return self.op.cos(angles), self.op.sin(angles)

    def layer(self, states: Node, turn: tuple[Node, Node], layer: int) -> Node:
        """One layer, by its number from 0."""
        measures, prefix = self.measures, f"blk.{layer}."
        even = self.normalised(states, f"{prefix}attn_norm")
        query = self._turned(self._heads(self.linear(even, f"{prefix}attn_q"), measures.heads), turn)
        key = self._turned(self._heads(self.linear(even, f"{prefix}attn_k"), measures.groups), turn)
        value = self._heads(self.linear(even, f"{prefix}attn_v"), measures.groups)
        seen = self.attend(query, key, value, layer)
        joined = self.op.reshape(self.op.transpose(seen, self.integers(0, 2, 1, 3)), self.integers(0, 0, measures.width), True)
        states = self.op.add(states, self.linear(joined, f"{prefix}attn_output"))
        even = self.normalised(states, f"{prefix}ffn_norm")
        open_ = self.op.swish(self.linear(even, f"{prefix}ffn_gate"))
        return self.op.add(states, self.linear(self.op.multiply(open_, self.linear(even, f"{prefix}ffn_up")), f"{prefix}ffn_down"))

    def for_each_head(self, states: Node) -> Node:
        """Keys or values of a group, again for each head that it serves."""
        measures = self.measures
        again = np.ones((1, 1, measures.heads // measures.groups, 1, 1), np.float32)
        # In these very operations: OpenVINO finds them, and computes the attention without spreading anything.
        apart = self.op.reshape(states, self.integers(0, measures.groups, 1, -1, measures.head), True)
        spread = self.op.multiply(apart, self.op.constant(again))
        return self.op.reshape(spread, self.integers(0, measures.heads, -1, measures.head), True)

    def _heads(self, states: Node, count: int) -> Node:
        """Shape (texts, tokens, width) to (texts, heads, tokens, width of a head)."""
        apart = self.op.reshape(states, self.integers(0, 0, count, self.measures.head), True)
        return self.op.transpose(apart, self.integers(0, 2, 1, 3))

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
