"""Two runs over the same questions: is a difference more than noise? Pure functions over paired numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.statistics import LEVEL, Interval, mean

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """The second of two means less the first, over the same questions.

    Attributes:
        value: the difference, in the unit of the values.
        interval: 95%, by the paired bootstrap.
        p: two-sided; 1 where nothing differs.
    """

    value: float
    interval: Interval
    p: float


def paired_bootstrap(before: Sequence[float], after: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Difference:
    """Return the difference of two means over the same questions, the same for the same values, order and seed.

    Questions are drawn, each with both of its values, so what makes a question hard does not count. `p` is twice the smaller share
    of the resamples on either side of 0, never less than 2 / (resamples + 1).

    Args:
        before: one a question.
        after: the same questions in the same order.
        seed: of the resampling.
        resamples: how many samples are drawn with replacement.

    Returns:
        The difference with its interval and its p.

    Raises:
        ValueError: no values, not the same number, or one that is not finite.

    Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, sections 13.3 and 15.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} values are not paired with {len(after)}")
    value = mean(after) - mean(before)
    gains = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not gains.any():
        return Difference(0.0, (0.0, 0.0), 1.0)
    drawn = np.random.default_rng(seed).integers(0, len(gains), size=(resamples, len(gains)))
    means = gains[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    least = 2.0 ** (1 - np.count_nonzero(gains))
    return Difference(value, (float(low), float(high)), min(1.0, max(least, 2 * (tail + 1) / (resamples + 1))))


def mcnemar(lost: int, won: int) -> float:
    """Return the two-sided p of McNemar's test, exact: how likely a split at least so uneven is if each way were a coin's.

    Args:
        lost: questions that were right before and are not now.
        won: the other way round.

    Returns:
        0 to 1; 1 where no question changed.

    Raises:
        ValueError: a negative count.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, 1947; exact binomial form.
    """
    if lost < 0 or won < 0:
        raise ValueError(f"{lost} and {won} are not counts")
    changed = lost + won
    tail = sum(math.comb(changed, k) for k in range(min(lost, won) + 1))
    ways: int = 2**changed
    return min(1.0, 2 * tail / ways)


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for how many there are, by name, in the order given: each at least what it was, at most 1.

    Twenty figures looked at, one in twenty would else be significant by chance.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    corrected: dict[str, float] = {}
    least = 0.0
    for place, (name, p) in enumerate(sorted(ps.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, p * (len(ps) - place)))
        corrected[name] = least
    return {name: corrected[name] for name in ps}
