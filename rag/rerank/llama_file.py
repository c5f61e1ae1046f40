"""A small language model as its GGUF file has it: its measures, and its weights in eight bits.

Takes only files whose every tensor and setting is understood. Knows the architecture that GGUF calls `llama`, runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError
from rag.gguf_file import read_metadata, read_tensors

_LAYERS: Final = "llama.block_count"
_WIDTH: Final = "llama.embedding_length"
_HEADS: Final = "llama.attention.head_count"
_GROUPS: Final = "llama.attention.head_count_kv"
_EPSILON: Final = "llama.attention.layer_norm_rms_epsilon"
_BASE: Final = "llama.rope.freq_base"
_TURNED: Final = "llama.rope.dimension_count"
_NEEDED: Final = frozenset({_LAYERS, _WIDTH, _HEADS, _GROUPS, _EPSILON, _BASE, _TURNED})
_NOT_NEEDED: Final = frozenset({"llama.context_length", "llama.feed_forward_length", "llama.vocab_size"})
_BEGINS: Final = "tokenizer.ggml.add_bos_token"
EMBEDDING: Final = "token_embd.weight"
"""Of the tokens, and of what comes out too where the file has no other."""
OUTPUT: Final = "output.weight"
_OF_ALL: Final = (EMBEDDING, "output_norm.weight")
_OF_LAYER: Final = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")
_LARGEST: Final = 127


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix in eight bits.

    Attributes:
        values: int8, shape (rows, columns).
        scales: float32, shape (rows, 1); a value times the scale of its row is the weight.
    """

    values: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LlamaModel:
    """Measures and weights.

    Attributes:
        layers: how many.
        width: of a state.
        heads: of queries.
        groups: of keys and values; each serves as many heads.
        epsilon: of the normalisation.
        base: of the angles of the rotary positions.
        matrices: by their name in the file; queries and keys turn in halves, not in pairs.
        vectors: by their name in the file.
    """

    layers: int
    width: int
    heads: int
    groups: int
    epsilon: float
    base: float
    matrices: Mapping[str, Rows]
    vectors: Mapping[str, npt.NDArray[np.float32]]


def read_llama(path: Path) -> LlamaModel:
    """Read a model; about a second for 135 million weights.

    Args:
        path: of a GGUF file.

    Returns:
        The model.

    Raises:
        ModelError: the file is damaged, or holds another kind of model.
    """
    found = read_metadata(path)
    if found.get("general.architecture") != "llama":
        raise _other(path, str(found.get("general.architecture", "nothing")))
    if {key for key in found if key.startswith("llama.")} - _NOT_NEEDED != _NEEDED or found.get(_BEGINS):
        raise _other(path, "a llama with settings that are not known here")
    heads, groups, width = int(found[_HEADS]), int(found[_GROUPS]), int(found[_WIDTH])
    if heads % groups or found[_TURNED] * heads != width:
        raise _other(path, "a llama with settings that are not known here")
    layers = int(found[_LAYERS])
    matrices: dict[str, Rows] = {}
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    for name, values in read_tensors(path):
        if values.ndim == 1:
            vectors[name] = values
            continue
        count = heads if name.endswith(".attn_q.weight") else groups if name.endswith(".attn_k.weight") else 0
        if values.ndim != 2 or (count and values.shape[0] != count * width // heads):
            raise _other(path, "a llama with tensors of another shape")
        matrices[name] = _rows(_in_halves(values, count) if count else values)
    expected = {*_OF_ALL, *(f"blk.{layer}.{part}.weight" for layer in range(layers) for part in _OF_LAYER)}
    if {*matrices, *vectors} - {OUTPUT} != expected:
        raise _other(path, "a llama with other tensors")
    return LlamaModel(layers, width, heads, groups, float(found[_EPSILON]), float(found[_BASE]), matrices, vectors)


def _other(path: Path, kind: str) -> ModelError:
    hint = "Set question_model to another, or to nothing."
    return ModelError(f"{path} holds {kind}, and no model that can put passages in order", hint=hint)


def _rows(matrix: npt.NDArray[np.float32]) -> Rows:
    """A matrix in eight bits, each row by its largest weight."""
    scales = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / _LARGEST
    return Rows(np.round(matrix / scales).astype(np.int8), scales.astype(np.float32))


def _in_halves(matrix: npt.NDArray[np.float32], heads: int) -> npt.NDArray[np.float32]:
    """Undo the order of llama.cpp, in which the two numbers that turn together are neighbours."""
    rows, columns = matrix.shape
    return matrix.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
