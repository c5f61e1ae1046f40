"""How well scores agree with labels: pure functions over numbers, with intervals by groups.

Answers to one question are not independent, so the bootstrap draws questions, each with all of its answers. Scores: higher means
more likely good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.statistics import LEVEL, RESAMPLES, Interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


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
        if not np.isfinite(np.asarray(self.scores, dtype=np.float64)).all():
            raise ValueError("a score is not finite")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure with its 95% interval; both None where the labels are all the same."""

    value: float | None
    interval: Interval | None


def auc(scores: Sequence[float] | Floats, good: Sequence[bool] | Bools) -> float:
    """Return how likely a good one scores higher than a bad one, ties counting half: 0.5 is chance, 1 is perfect.

    Raises:
        ValueError: the labels are all the same.

    Source: Hanley and McNeil, The meaning and use of the area under a receiver operating characteristic curve, 1982.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=bool)
    positives, negatives = values[labels], values[~labels]
    if not len(positives) or not len(negatives):
        raise ValueError("the labels are all the same")
    higher = (positives[:, None] > negatives[None, :]).mean()
    return float(higher + (positives[:, None] == negatives[None, :]).mean() / 2)


def kappa(said: Sequence[bool] | Bools, good: Sequence[bool] | Bools) -> float:
    """Return the agreement beyond chance: 0 is chance, 1 is perfect; 0 where both say always the same.

    Source: Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    given, labels = np.asarray(said, dtype=bool), np.asarray(good, dtype=bool)
    agreed = float((given == labels).mean())
    chance = float(given.mean() * labels.mean() + (1 - given.mean()) * (1 - labels.mean()))
    return (agreed - chance) / (1 - chance) if chance < 1 else 0.0


def decided(scored: Scored) -> Bools:
    """Return a verdict for each score. The threshold of one half of the groups is the one that agrees best in the other half.

    So no score is judged by a threshold that was chosen by looking at its own label.
    """
    values, labels = np.asarray(scored.scores, dtype=np.float64), np.asarray(scored.good, dtype=bool)
    order = {group: place for place, group in enumerate(dict.fromkeys(scored.groups))}
    half = np.array([order[group] % 2 for group in scored.groups], dtype=bool)
    said = np.zeros(len(values), dtype=bool)
    for side in (False, True):
        here, there = half == side, half != side
        said[here] = values[here] >= best_threshold(values[there], labels[there])
    return said


def best_threshold(scores: Floats, good: Bools) -> float:
    """Return the threshold with the highest mean of the shares of good and of bad ones that it gets right; 0.5 without both."""
    if good.all() or not good.any():
        return 0.5
    levels = np.unique(scores)
    between = [levels[0] - 1.0, *((levels[1:] + levels[:-1]) / 2), levels[-1] + 1.0]
    return float(max(between, key=lambda level: (scores[good] >= level).mean() + (scores[~good] < level).mean()))


def measured(scored: Scored, measure: Callable[[Floats, Bools], float], *, seed: int = 0, resamples: int = RESAMPLES) -> Measured:
    """Return a measure of scores (or verdicts) and labels with its interval by the bootstrap over groups.

    Args:
        scored: what is measured.
        measure: raises ValueError where a sample cannot be measured, such as one with all labels the same; it is left out.
        seed: of the resampling.
        resamples: how many samples are drawn with replacement.
    """
    values, labels = np.asarray(scored.scores, dtype=np.float64), np.asarray(scored.good, dtype=bool)
    try:
        value = measure(values, labels)
    except ValueError:
        return Measured(None, None)
    drawn = []
    for rows in resampled(scored.groups, seed=seed, resamples=resamples):
        try:
            drawn.append(measure(values[rows], labels[rows]))
        except ValueError:
            continue
    return Measured(value, quantiles(drawn) if drawn else None)


def auc_gain(one: Scored, other: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Measured:
    """Return how much higher the AUC of one judge is than that of another over the same things, with its interval.

    Args:
        one: scores of the first, with labels and groups.
        other: scores of the second.
        seed: of the resampling.
        resamples: how many samples are drawn.
    """
    pair = np.stack([np.asarray(one.scores, dtype=np.float64), np.asarray(other, dtype=np.float64)], axis=1)
    labels = np.asarray(one.good, dtype=bool)

    def gain(rows: npt.NDArray[np.intp]) -> float:
        return auc(pair[rows, 0], labels[rows]) - auc(pair[rows, 1], labels[rows])

    try:
        value = gain(np.arange(len(labels)))
    except ValueError:
        return Measured(None, None)
    drawn = []
    for rows in resampled(one.groups, seed=seed, resamples=resamples):
        try:
            drawn.append(gain(rows))
        except ValueError:
            continue
    return Measured(value, quantiles(drawn) if drawn else None)


def resampled(groups: Sequence[str], *, seed: int, resamples: int) -> list[npt.NDArray[np.intp]]:
    """Return samples of row numbers: groups are drawn with replacement, each with all of its rows."""
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    rows = [np.array(each, dtype=np.intp) for each in members.values()]
    draw = np.random.default_rng(seed).integers(0, len(rows), size=(resamples, len(rows)))
    return [np.concatenate([rows[place] for place in sample]) for sample in draw]


def quantiles(values: Sequence[float]) -> Interval:
    """Return the bounds between which 95% of the values lie."""
    low, high = np.quantile(np.asarray(values, dtype=np.float64), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
