"""Percentiles and intervals. Pure functions over numbers; they know nothing of questions or metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
_Z = 1.959963984540054  # of the normal distribution at LEVEL, two-sided

Interval = tuple[float, float]
"""Lower and upper bound, in the unit of the values."""


def mean(values: Sequence[float]) -> float:
    """Average some values.

    Args:
        values: at least one, all finite.

    Returns:
        Their arithmetic mean.

    Raises:
        ValueError: there are no values, or one of them is not finite.
    """
    return float(np.mean(_finite(values)))


def percentile(values: Sequence[float], share: float) -> float:
    """Find the value below which a share of the values lie.

    Args:
        values: at least one, all finite, in any order.
        share: from 0 to 1.

    Returns:
        That value, interpolated linearly between neighbours.

    Raises:
        ValueError: there are no values, one of them is not finite, or `share` is out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    return float(np.quantile(_finite(values), share))


def bootstrap_interval(values: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Interval | None:
    """Return the 95% interval of the mean by the percentile bootstrap, the same for the same values, order and seed.

    Args:
        values: one a question, all finite.
        seed: of the resampling.
        resamples: how many samples are drawn with replacement.

    Returns:
        The interval, or None for fewer than two values: one value says nothing of how much they vary.

    Raises:
        ValueError: a value is not finite.

    Source: Efron, Bootstrap methods: another look at the jackknife, 1979.
    """
    if len(values) < 2:
        return None
    numbers = _finite(values)
    drawn = np.random.default_rng(seed).integers(0, len(numbers), size=(resamples, len(numbers)))
    means = numbers[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def ratio_interval(parts: Sequence[float], wholes: Sequence[float], *, seed: int = 0) -> Interval | None:
    """Return the 95% interval of a share that is pooled over questions, such as of all citations, by the bootstrap over questions.

    Args:
        parts: of each question, such as its good citations.
        wholes: of the same questions, such as all of its citations.
        seed: of the resampling.

    Returns:
        Bounds of the sum of the parts over the sum of the wholes; None for fewer than two questions or nothing to divide by.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(parts) != len(wholes):
        raise ValueError(f"{len(parts)} parts are not of {len(wholes)} wholes")
    if len(parts) < 2 or not sum(wholes):
        return None
    drawn = np.random.default_rng(seed).integers(0, len(parts), size=(RESAMPLES, len(parts)))
    above, below = _finite(parts)[drawn].sum(axis=1), _finite(wholes)[drawn].sum(axis=1)
    return _middle(above[below > 0] / below[below > 0])


def percentile_interval(values: Sequence[float], share: float, *, seed: int = 0) -> Interval | None:
    """Return the 95% interval of a percentile by the bootstrap; None for fewer than two values. `share` is from 0 to 1."""
    if len(values) < 2:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(values), size=(RESAMPLES, len(values)))
    return _middle(np.quantile(_finite(values)[drawn], share, axis=1))


def median_ratio_interval(above: Sequence[float], below: Sequence[float], *, seed: int = 0) -> Interval | None:
    """Return the 95% interval of the ratio of two medians over the same questions, by the paired bootstrap.

    Args:
        above: one a question, all above 0.
        below: of the same questions, all above 0.
        seed: of the resampling.

    Returns:
        Bounds; None for fewer than two questions.
    """
    if len(above) < 2:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(above), size=(RESAMPLES, len(above)))
    return _middle(np.median(_finite(above)[drawn], axis=1) / np.median(_finite(below)[drawn], axis=1))


def wilson_interval(successes: int, trials: int) -> Interval | None:
    """Return the 95% interval of a share. Unlike the bootstrap it is not a point where every trial went the same way.

    Args:
        successes: 0 to `trials`.
        trials: how many there were.

    Returns:
        Bounds within 0 to 1, or None without trials.

    Raises:
        ValueError: more successes than trials, or a negative count.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    if not trials:
        return None
    share = successes / trials
    square = _Z * _Z / trials
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _middle(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _finite(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        raise ValueError("there are no values")
    if not np.isfinite(numbers).all():
        raise ValueError("a value is not finite; a failed judgement must not be averaged")
    return numbers
