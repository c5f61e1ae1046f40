from __future__ import annotations

import math

import numpy as np
import pytest

from eval.statistics import (
    bootstrap_interval,
    mean,
    median_ratio_interval,
    percentile,
    percentile_interval,
    ratio_interval,
    wilson_interval,
)


def test_percentile_interpolates_between_neighbours():
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([10.0, 20.0], 0.95) == pytest.approx(19.5)
    assert percentile([7.0], 0.95) == 7.0


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
@pytest.mark.parametrize("function", [mean, lambda values: percentile(values, 0.5)])
def test_what_is_no_number_is_refused_and_never_averaged(function, values):
    with pytest.raises(ValueError):
        function(values)


def test_a_share_is_between_0_and_1():
    with pytest.raises(ValueError):
        percentile([1.0], 95)


def test_bootstrap_agrees_with_the_normal_interval_of_a_large_sample():
    values = np.random.default_rng(1).normal(0.6, 0.1, 400).tolist()
    low, high = bootstrap_interval(values, seed=3)
    half = 1.96 * np.std(values) / 20
    assert low == pytest.approx(np.mean(values) - half, abs=0.002)
    assert high == pytest.approx(np.mean(values) + half, abs=0.002)


def test_bootstrap_repeats_with_its_seed_and_differs_with_another():
    values = [0.11, 0.53, 0.97, 0.42, 0.31, 0.78, 0.05]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_bootstrap_says_nothing_about_one_value_and_refuses_nan():
    assert bootstrap_interval([]) is None
    assert bootstrap_interval([0.5]) is None
    with pytest.raises(ValueError, match="must not be averaged"):
        bootstrap_interval([0.5, math.nan])


def test_wilson_matches_published_values():
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263 and 0 of 20, score method without continuity correction.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_is_no_point_where_all_succeed_and_nothing_without_trials():
    low, high = wilson_interval(10, 10)
    assert low == pytest.approx(0.7225, abs=1e-3)
    assert high == pytest.approx(1.0)
    assert high <= 1.0
    assert wilson_interval(0, 0) is None
    with pytest.raises(ValueError):
        wilson_interval(3, 2)


def test_a_pooled_share_varies_with_its_questions():
    low, high = ratio_interval([1, 0, 3, 2], [1, 2, 3, 4])
    assert 0 <= low < 0.6 < high <= 1
    assert ratio_interval([1, 2, 3], [2, 4, 6]) == (0.5, 0.5)
    assert ratio_interval([1], [1]) is None
    assert ratio_interval([0, 0], [0, 0]) is None
    with pytest.raises(ValueError, match="not of"):
        ratio_interval([1], [1, 2])


def test_a_percentile_lies_within_its_interval():
    values = [float(n) for n in range(100)]
    low, high = percentile_interval(values, 0.5)
    assert 30 < low < 49.5 < high < 70
    assert percentile_interval([1.0], 0.5) is None


def test_a_ratio_of_medians_is_of_the_same_questions():
    assert median_ratio_interval([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == (2.0, 2.0)
    assert median_ratio_interval([2.0], [1.0]) is None
