"""How well scores agree with labels: pure functions over numbers, with intervals by groups.

Answers to one question are not independent, so the bootstrap draws questions, each with all of its answers: a draw is a weight for
each answer, how often its question was drawn. Scores: higher means more likely good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.statistics import LEVEL, RESAMPLES, Interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Measure = Callable[[Floats, Bools, Floats], Floats]
"""Scores or verdicts (n,), labels (n,) and weights (draws, n) to one value a draw; NaN where a draw has labels of one kind only."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores and labels of the same things.

    Attributes:
        scores: one each, finite.
        good: the labels.
        groups: what each belongs to.
    """

    scores: Sequence[float]
    good: Sequence[bool]
    groups: Sequence[str]

    def __post_init__(self) -> None:
        if not len(self.scores) == len(self.good) == len(self.groups):
            raise ValueError("scores, labels and groups are not of one length")
        if not np.isfinite(self.values).all():
            raise ValueError("a score is not finite")

    @property
    def values(self) -> Floats:
        """The scores as an array."""
        return np.asarray(self.scores, dtype=np.float64)

    @property
    def labels(self) -> Bools:
        """The labels as an array."""
        return np.asarray(self.good, dtype=bool)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure with its 95% interval; both None where the labels are all the same."""

    value: float | None
    interval: Interval | None


def auc(scores: Sequence[float], good: Sequence[bool]) -> float:
    """Return how likely a good one scores higher than a bad one, ties counting half: 0.5 is chance, 1 is perfect.

    Args:
        scores: one each.
        good: the labels.

    Returns:
        0 to 1.

    Raises:
        ValueError: the labels are all the same.

    Source: Hanley and McNeil, The meaning and use of the area under a receiver operating characteristic curve, 1982.
    """
    value = aucs(np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=bool), np.ones((1, len(scores))))[0]
    if np.isnan(value):
        raise ValueError("the labels are all the same")
    return float(value)


def aucs(scores: Floats, good: Bools, weights: Floats) -> Floats:
    """Return the AUC of each draw, as a `Measure`."""
    above, below = scores[good][:, None], scores[~good][None, :]
    wins = (above > below) + (above == below) / 2
    of_good, of_bad = weights[:, good], weights[:, ~good]
    return _divided(((of_good @ wins) * of_bad).sum(axis=1), of_good.sum(axis=1) * of_bad.sum(axis=1))


def accuracies(said: Floats, good: Bools, weights: Floats) -> Floats:
    """Return the share of verdicts (above 0.5 is good) that agree, of each draw, as a `Measure`."""
    return _divided(weights @ ((said > 0.5) == good).astype(np.float64), weights.sum(axis=1))


def kappas(said: Floats, good: Bools, weights: Floats) -> Floats:
    """Return the agreement beyond chance of each draw, as a `Measure`: 0 is chance, 1 is perfect; 0 if both always say the same.

    Source: Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    total = weights.sum(axis=1)
    agreed = accuracies(said, good, weights)
    yes, labels = weights @ (said > 0.5) / total, weights @ good / total
    chance = yes * labels + (1 - yes) * (1 - labels)
    return np.where(chance < 1, (agreed - chance) / np.where(chance < 1, 1 - chance, 1.0), 0.0)


def decided(scored: Scored) -> Floats:
    """Return a verdict for each score, 1 or 0.

    The threshold of one half of the groups is the one that agrees best in the other half, so no score is judged by a
    threshold that was chosen by looking at its own label.
    """
    values, labels = scored.values, scored.labels
    half = _numbered(scored.groups) % 2 == 1
    said = np.zeros(len(values))
    for side in (False, True):
        here, there = half == side, half != side
        said[here] = values[here] >= best_threshold(values[there], labels[there])
    return said


def best_threshold(scores: Floats, good: Bools) -> float:
    """Return the threshold with the highest mean of the shares of good and of bad ones that it gets right; 0.5 without both."""
    if good.all() or not good.any():
        return 0.5
    levels = np.unique(scores)
    between = np.array([levels[0] - 1.0, *((levels[1:] + levels[:-1]) / 2), levels[-1] + 1.0])
    right = (scores[good] >= between[:, None]).mean(axis=1) + (scores[~good] < between[:, None]).mean(axis=1)
    return float(between[right.argmax()])


def measured(scored: Scored, measure: Measure, *, seed: int = 0, resamples: int = RESAMPLES) -> Measured:
    """Return a measure of scores (or verdicts) and labels, with its interval by the bootstrap over groups.

    Args:
        scored: what is measured.
        measure: of one draw or many.
        seed: of the resampling.
        resamples: how many draws.

    Returns:
        The value of the scores as they are, and bounds from the draws.
    """
    if not len(scored.scores):
        return Measured(None, None)
    weights = draws(scored.groups, seed=seed, resamples=resamples)
    return of_draws(measure(scored.values, scored.labels, weights))


def auc_gain(one: Scored, other: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Measured:
    """Return how much higher the AUC of one judge is than that of another over the same things, with its interval.

    Args:
        one: scores of the first, with labels and groups.
        other: scores of the second.
        seed: of the resampling.
        resamples: how many draws.

    Returns:
        -1 to 1, above 0 where the first one is better.
    """
    second = np.asarray(other, dtype=np.float64)
    return measured(
        one, lambda scores, good, weights: aucs(scores, good, weights) - aucs(second, good, weights), seed=seed, resamples=resamples
    )


def draws(groups: Sequence[str], *, seed: int, resamples: int) -> Floats:
    """Return weights, shape (resamples + 1, n): first 1 for each row, then how often the group of each row was drawn."""
    numbers = _numbered(groups)
    count = int(numbers.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    return np.concatenate([np.ones((1, len(groups))), drawn[:, numbers].astype(np.float64)])


def of_draws(values: Floats) -> Measured:
    """Return the value of the first draw, with the bounds of the middle 95% of the others; those that are NaN do not count."""
    others = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or not len(others):
        return Measured(None, None)
    low, high = np.quantile(others, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Measured(float(values[0]), (float(low), float(high)))


def _numbered(groups: Sequence[str]) -> npt.NDArray[np.intp]:
    order = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    return np.array([order[group] for group in groups], dtype=np.intp)


def _divided(values: Floats, by: Floats) -> Floats:
    shares: Floats = np.divide(values, by, out=np.full(len(values), np.nan), where=by > 0)
    return shares
