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

from eval.agreement import Scored, quantiles, resampled
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
    scores, good = np.asarray(labelled.scores, dtype=np.float64), np.asarray(labelled.good, dtype=bool)
    if not values or good.all() or not good.any():
        return None
    share = _share(mean(values), float(scores[good].mean()), float(scores[~good].mean()))
    if share is None:
        return None
    run = np.asarray(values, dtype=np.float64)
    draw = np.random.default_rng(seed)
    drawn = []
    for rows in resampled(labelled.groups, seed=seed + 1, resamples=resamples):
        picked, labels = scores[rows], good[rows]
        again = float(run[draw.integers(0, len(run), size=len(run))].mean())
        if labels.all() or not labels.any():
            continue
        each = _share(again, float(picked[labels].mean()), float(picked[~labels].mean()))
        # A sample in which the judge cannot tell them apart says nothing: the share could be anything.
        drawn.extend([0.0, 1.0] if each is None else [each])
    return Corrected(share, quantiles(drawn)) if drawn else None


def _share(value: float, of_good: float, of_bad: float) -> float | None:
    gap = of_good - of_bad
    return min(1.0, max(0.0, (value - of_bad) / gap)) if gap >= _LEAST_GAP else None
