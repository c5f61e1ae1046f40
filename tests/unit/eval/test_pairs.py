from __future__ import annotations

import math

import numpy as np
import pytest

from eval.pairs import holm, mcnemar, paired_bootstrap


def test_what_makes_a_question_hard_does_not_count():
    hardness = np.random.default_rng(1).uniform(0, 1, 100)
    found = paired_bootstrap(hardness.tolist(), (hardness - 0.01).tolist())
    assert found.value == pytest.approx(-0.01)
    assert found.interval == (pytest.approx(-0.01), pytest.approx(-0.01))
    assert found.p == pytest.approx(2 / 10_001)


def test_the_same_twice_is_no_difference():
    found = paired_bootstrap([0.0, 1.0, 0.5], [0.0, 1.0, 0.5])
    assert (found.value, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)


def test_the_interval_agrees_with_the_normal_one_of_a_large_sample():
    draw = np.random.default_rng(2)
    gains = draw.normal(0.02, 0.1, 400)
    found = paired_bootstrap([0.0] * 400, gains.tolist(), seed=5)
    half = 1.96 * gains.std() / 20
    assert found.interval == (pytest.approx(gains.mean() - half, abs=0.002), pytest.approx(gains.mean() + half, abs=0.002))
    z = gains.mean() / (gains.std() / 20)
    assert found.p == pytest.approx(math.erfc(z / math.sqrt(2)), abs=0.01)


def test_noise_is_called_significant_one_time_in_twenty():
    draw = np.random.default_rng(3)
    ps = [paired_bootstrap(draw.uniform(0, 1, 60).tolist(), draw.uniform(0, 1, 60).tolist(), resamples=400).p for _ in range(300)]
    assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.10


def test_pairs_have_two_finite_sides():
    with pytest.raises(ValueError, match="not paired"):
        paired_bootstrap([1.0], [1.0, 2.0])
    for values in ([], [math.nan]):
        with pytest.raises(ValueError):
            paired_bootstrap(values, values)


def test_mcnemar_by_hand():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(1, 5) == mcnemar(5, 1) == pytest.approx(2 * (1 + 6) / 64)
    assert mcnemar(0, 6) == pytest.approx(2 / 64)
    assert mcnemar(3, 3) == 1.0
    with pytest.raises(ValueError):
        mcnemar(-1, 0)


def test_holm_by_hand():
    assert holm({"a": 0.04, "b": 0.01, "c": 0.03}) == {"a": pytest.approx(0.06), "b": pytest.approx(0.03), "c": pytest.approx(0.06)}
    assert holm({"a": 0.9, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
