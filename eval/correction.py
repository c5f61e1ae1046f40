"""What a figure would be if its judge made no errors, from how the judge does on labelled answers.

The judge gives good answers the mean value a and bad ones b; a run's mean is then a mixture of the two, and the share of good
answers is (mean - b) / (a - b). For a judge that says only 0 or 1, a is its sensitivity and b is one less its specificity.

Source: Rogan and Gladen, Estimating prevalence from the results of a screening test, 1978; for values between 0 and 1, Bella et
al., Quantification via probability estimators, 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.agreement import Floats, Scored, draws, of_draws
from eval.statistics import RESAMPLES, Interval, mean

_LEAST_GAP = 0.05


@dataclass(frozen=True, slots=True)
class Corrected:
    """The share of good answers, corrected for the judge's errors; 0 to 1."""

    value: float
    interval: Interval


def corrected_share(values: Sequence[float], labelled: Scored, *, seed: int = 0, resamples: int = RESAMPLES) -> Corrected | None:
    """Return the share of good answers in a run.

    Args:
        values: the judge's, one a question.
        labelled: the judge's values of labelled answers.
        seed: of the resampling, which draws questions and groups of labelled answers.
        resamples: how many samples are drawn.

    Returns:
        The share with its interval; None where nothing is known, or the judge tells good from bad so little that the correction
        would be a guess.
    """
    scores, good = labelled.values, labelled.labels
    if not values or not len(scores) or good.all() or not good.any():
        return None
    run = np.asarray(values, dtype=np.float64)
    weights = draws(labelled.groups, seed=seed, resamples=resamples)
    of_good, of_bad = _means(scores[good], weights[:, good]), _means(scores[~good], weights[:, ~good])
    again = np.random.default_rng(seed + 1).integers(0, len(run), size=(resamples, len(run)))
    raw = np.concatenate([[mean(values)], run[again].mean(axis=1)])
    gap = of_good - of_bad
    if gap[0] < _LEAST_GAP:
        return None
    # A draw in which the judge cannot tell good from bad says nothing: the share could be anything, so both ends count.
    told = gap >= _LEAST_GAP
    shares = np.clip((raw - of_bad) / np.where(told, gap, 1.0), 0.0, 1.0)
    untold = np.repeat([0.0, 1.0], int((~told).sum()))
    found = of_draws(np.concatenate([shares[told], untold]))
    return Corrected(found.value, found.interval) if found.value is not None and found.interval is not None else None


def _means(scores: Floats, weights: Floats) -> Floats:
    """Weighted means, one a draw; NaN where a draw has none of them, which is less than any gap."""
    total = weights.sum(axis=1)
    means: Floats = np.divide(weights @ scores, total, out=np.full(len(total), np.nan), where=total > 0)
    return means
