"""Matrices in eight bits, each row by its largest weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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


def in_eight_bits(matrix: npt.NDArray[np.float32]) -> Rows:
    """Round a matrix of shape (rows, columns)."""
    scales = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / _LARGEST
    return Rows(np.round(matrix / scales).astype(np.int8), scales.astype(np.float32))
