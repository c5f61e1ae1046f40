"""Logistic regression, small enough to be read: the fit, and scores that no fit has seen. Knows numbers only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_STEPS = 100


def fit(features: Floats, good: npt.NDArray[np.bool_], weights: Floats, *, penalty: float) -> tuple[float, Floats]:
    """Fit a logistic model by Newton's method.

    The penalty is on the squares of the weights of standardised features, the bias is free.

    Args:
        features: shape (n, d).
        good: shape (n,).
        weights: of the rows, shape (n,), at least 0.
        penalty: above 0.

    Returns:
        Bias and weights, shape (d,), for the features as they are, not standardised.

    Source: Hastie, Tibshirani and Friedman, The elements of statistical learning, 2009, section 4.4.
    """
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    rows = np.c_[np.ones(len(features)), (features - middle) / spread]
    ridge = np.diag([0.0, *[penalty] * features.shape[1]])
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weights * (good - chance)) - ridge @ found
        step = np.linalg.solve(rows.T @ (rows * (weights * chance * (1 - chance))[:, None]) + ridge, slope)
        found += step
        if np.abs(step).max() < 1e-10:
            break
    scaled = found[1:] / spread
    return float(found[0] - scaled @ middle), scaled


def chances(features: Floats, bias: float, weights: Floats) -> Floats:
    """Return the probability of each row, shape (n,)."""
    return 1 / (1 + np.exp(-(features @ weights + bias)))


def folds(groups: Sequence[str], count: int, seed: int) -> npt.NDArray[np.intp]:
    """Return which of `count` folds each row is in; a group is in one."""
    names = np.array(list(dict.fromkeys(groups)))
    order = np.random.default_rng(seed).permutation(len(names))
    place = {str(names[which]): position % count for position, which in enumerate(order)}
    return np.array([place[group] for group in groups], dtype=np.intp)
