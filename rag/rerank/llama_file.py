"""A small language model as its GGUF file has it, its weights in eight bits. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.decoder.eight_bits import Rows, in_eight_bits
from rag.decoder.measures import Measures, read_measures
from rag.gguf_file import read_tensors


@dataclass(frozen=True, slots=True)
class LlamaModel:
    """Measures and weights.

    Attributes:
        measures: sizes and constants.
        matrices: by their name in the file; queries and keys turn in halves, not in pairs.
        vectors: by their name in the file, in the same order.
    """

    measures: Measures
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
    measures = read_measures(path)
    matrices: dict[str, Rows] = {}
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    for name, values in read_tensors(path):
        order = measures.order(name)
        ordered = values if order is None else values[order]
        if values.ndim == 1:
            vectors[name] = ordered
        else:
            matrices[name] = in_eight_bits(ordered)
    return LlamaModel(measures, matrices, vectors)
