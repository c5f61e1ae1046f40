"""What kind of language model a GGUF file holds: its measures, and the names of its weights.

Takes only files whose every tensor and setting is understood. Knows the architectures that GGUF calls `llama` and `qwen2`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError
from rag.gguf_file import list_tensors, read_metadata

EMBEDDING: Final = "token_embd.weight"
"""Of the tokens, and of what comes out too where the file has no other."""
OUTPUT: Final = "output.weight"

_ARCHITECTURE: Final = "general.architecture"
_BEGINS: Final = "tokenizer.ggml.add_bos_token"
_LAYERS: Final = "block_count"
_WIDTH: Final = "embedding_length"
_HEADS: Final = "attention.head_count"
_GROUPS: Final = "attention.head_count_kv"
_EPSILON: Final = "attention.layer_norm_rms_epsilon"
_BASE: Final = "rope.freq_base"
_TURNED: Final = "rope.dimension_count"
_CONTEXT: Final = "context_length"
_NEEDED: Final = frozenset({_LAYERS, _WIDTH, _HEADS, _GROUPS, _EPSILON, _BASE})
_NOT_NEEDED: Final = frozenset({_CONTEXT, _TURNED, "feed_forward_length", "vocab_size"})
_OF_ALL: Final = (EMBEDDING, "output_norm.weight")
_OF_LAYER: Final = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")
_BIASED: Final = {"llama": (), "qwen2": ("attn_q", "attn_k", "attn_v")}
_IN_PAIRS: Final = frozenset({"llama"})  # the numbers that turn together are neighbours, in queries and keys


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes and constants of a model.

    Attributes:
        layers: how many.
        width: of a state.
        heads: of queries.
        groups: of keys and values; each serves as many heads.
        epsilon: of the normalisation.
        base: of the angles of the rotary positions.
        context: tokens that it was trained on at most; 0 where the file does not say.
        in_pairs: whether the file has queries and keys so that neighbours turn together.
    """

    layers: int
    width: int
    heads: int
    groups: int
    epsilon: float
    base: float
    context: int
    in_pairs: bool

    @property
    def head(self) -> int:
        """Width of a head."""
        return self.width // self.heads

    def order(self, name: str) -> npt.NDArray[np.int64] | None:
        """Return in which order to take the rows of a tensor, for the halves of a head to turn together; None for as they are."""
        part = name.split(".")[-2]
        count = {"attn_q": self.heads, "attn_k": self.groups}.get(part, 0)
        if not count or not self.in_pairs:
            return None
        return np.arange(count * self.head).reshape(count, self.head // 2, 2).swapaxes(1, 2).ravel()


def read_measures(path: Path) -> Measures:
    """Read what kind of model a file holds, without its weights.

    Args:
        path: of a GGUF file.

    Returns:
        Its measures.

    Raises:
        ModelError: the file is damaged, or holds another kind of model.
    """
    found = read_metadata(path)
    kind = str(found.get(_ARCHITECTURE, "nothing"))
    if kind not in _BIASED:
        raise _other(path, kind)
    given = {key.removeprefix(f"{kind}."): value for key, value in found.items() if key.startswith(f"{kind}.")}
    unknown = _other(path, f"a {kind} with settings that are not known here")
    numbers = all(isinstance(value, int | float) for value in given.values())  # heads can differ from layer to layer
    if given.keys() - _NOT_NEEDED != _NEEDED or found.get(_BEGINS) or not numbers:
        raise unknown
    layers, width, heads, groups = (int(given[key]) for key in (_LAYERS, _WIDTH, _HEADS, _GROUPS))
    if min(layers, width, heads, groups) < 1 or heads % groups or width % heads or width // heads % 2:
        raise unknown
    measures = Measures(
        layers, width, heads, groups, float(given[_EPSILON]), float(given[_BASE]), int(given.get(_CONTEXT, 0)), kind in _IN_PAIRS
    )
    if given.get(_TURNED, measures.head) != measures.head:
        raise unknown
    _check_tensors(path, measures, kind)
    return measures


def _check_tensors(path: Path, measures: Measures, kind: str) -> None:
    shapes = list_tensors(path)
    biases = {f"blk.{layer}.{part}.bias" for layer in range(measures.layers) for part in _BIASED[kind]}
    matrices = {f"blk.{layer}.{part}.weight" for layer in range(measures.layers) for part in _OF_LAYER}
    if shapes.keys() - {OUTPUT} != {*_OF_ALL, *matrices, *biases}:
        raise _other(path, f"a {kind} with other tensors")
    for name, shape in shapes.items():
        if len(shape) != (1 if "norm" in name or name.endswith(".bias") else 2) or not _fits(name, shape, measures):
            raise _other(path, f"a {kind} with tensors of another shape")


def _fits(name: str, shape: Collection[int], measures: Measures) -> bool:
    rows, part = next(iter(shape)), name.split(".")[-2]
    wanted: dict[str, int] = {"attn_q": measures.width, "attn_output": measures.width, "ffn_down": measures.width}
    wanted |= dict.fromkeys(("attn_k", "attn_v"), measures.groups * measures.head)
    wanted |= dict.fromkeys(("attn_norm", "ffn_norm", "output_norm"), measures.width)
    return wanted.get(part, rows) == rows


def _other(path: Path, kind: str) -> ModelError:
    return ModelError(f"{path} holds {kind}, which cannot be computed here", hint="Set llm or question_model to another.")
