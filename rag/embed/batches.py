"""Texts of many lengths to batches of little padding. Pure; knows tokens as numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that are computed together.

    Attributes:
        rows: positions of the texts in what was passed.
        length: tokens that each is padded to.
    """

    rows: tuple[int, ...]
    length: int


def plan_batches(lengths: Sequence[int], *, budget_tokens: int, step_tokens: int) -> list[Batch]:
    """Group texts of like length, longest first.

    Args:
        lengths: tokens of each text.
        budget_tokens: most tokens of a batch, padding included; a text that is longer alone is a batch by itself.
        step_tokens: lengths are padded to multiples of this, so that an engine sees few shapes.

    Returns:
        batches that hold each text once.
    """
    batches: list[Batch] = []
    rows: list[int] = []
    padded = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if rows and (len(rows) + 1) * padded > budget_tokens:
            batches.append(Batch(tuple(rows), padded))
            rows = []
        if not rows:
            padded = max(-(-lengths[row] // step_tokens), 1) * step_tokens
        rows.append(row)
    if rows:
        batches.append(Batch(tuple(rows), padded))
    return batches


def pad(tokens: Sequence[Sequence[int]], batch: Batch) -> tuple[Ids, Ids]:
    """Return the token ids of a batch and its mask (1: token, 0: padding); each of shape (rows, length)."""
    ids = np.zeros((len(batch.rows), batch.length), dtype=np.int32)
    mask = np.zeros_like(ids)
    for line, row in enumerate(batch.rows):
        ids[line, : len(tokens[row])] = tokens[row]
        mask[line, : len(tokens[row])] = 1
    return ids, mask
