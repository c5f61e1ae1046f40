from __future__ import annotations

import math

import numpy as np
import pytest

from eval.agreement import Scored, auc, auc_gain, aucs, best_threshold, decided, kappas, measured
from eval.correction import corrected_share


def test_auc_by_hand():
    assert auc([0.9, 0.4, 0.6, 0.1], [True, True, False, False]) == 0.75
    assert auc([1.0, 0.0], [True, False]) == 1.0
    assert auc([0.5, 0.5, 0.5], [True, False, False]) == 0.5
    with pytest.raises(ValueError, match="all the same"):
        auc([0.1, 0.2], [True, True])


def kappa(said, good):
    return kappas(np.array(said, dtype=float), np.array(good), np.ones((1, len(said))))[0]


def test_kappa_by_hand():
    said, good = [True] * 20 + [True] * 5 + [False] * 10 + [False] * 15, [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert kappa(said, good) == pytest.approx(0.4)
    assert kappa([True, True], [True, True]) == 0.0
    assert kappa([True, False], [True, False]) == 1.0


def test_a_threshold_lies_between_the_two_sides():
    assert best_threshold(np.array([0.2, 0.3, 0.7, 0.8]), np.array([False, False, True, True])) == pytest.approx(0.5)
    assert best_threshold(np.array([0.2, 0.3]), np.array([True, True])) == 0.5


def scores(gap, count=60, seed=1, each=2):
    draw = np.random.default_rng(seed)
    good = [number % 2 == 0 for number in range(count)]
    return Scored([float(draw.normal(gap if g else 0, 1)) for g in good], good, [f"g{number // each}" for number in range(count)])


def test_a_threshold_is_not_chosen_by_the_labels_that_it_is_measured_with():
    """On pure noise the best threshold of its own half would look better than chance; that of the other half does not."""
    right = [float((decided(noise) == noise.labels).mean()) for noise in (scores(0, seed=seed) for seed in range(60))]
    assert np.mean(right) == pytest.approx(0.5, abs=0.02)
    assert (decided(scores(6)) == scores(6).labels).mean() > 0.95


def test_intervals_draw_groups_and_not_their_members():
    """Ten copies of the same five things are five things."""
    few = scores(1.0, count=10)
    copied = Scored(list(few.scores) * 10, list(few.good) * 10, list(few.groups) * 10)
    one, many = measured(few, aucs), measured(copied, aucs)
    assert one.value == many.value
    assert many.interval == pytest.approx(one.interval)
    assert measured(Scored([], [], []), aucs).value is None


@pytest.mark.slow
def test_an_interval_holds_the_value_and_narrows_with_more():
    few, many = measured(scores(1.0, count=40), aucs), measured(scores(1.0, count=400), aucs)
    assert few.interval[0] < few.value < few.interval[1]
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]


def test_labels_that_are_all_the_same_measure_nothing():
    same = Scored([0.1, 0.2], [True, True], ["a", "b"])
    assert measured(same, aucs).value is None
    assert auc_gain(same, [0.1, 0.2]).value is None


def test_a_better_judge_gains_and_an_equal_one_does_not():
    good = scores(2.0, count=120)
    noise = scores(0.0, count=120, seed=9).scores
    gain = auc_gain(good, noise)
    assert gain.value > 0.2
    assert gain.interval[0] > 0
    assert auc_gain(good, good.scores).interval == (0.0, 0.0)


@pytest.mark.parametrize("values", [[math.nan], [math.inf]])
def test_a_score_that_is_no_number_is_refused(values):
    with pytest.raises(ValueError, match="not finite"):
        Scored(values, [True], ["a"])
    with pytest.raises(ValueError, match="one length"):
        Scored([0.1], [True, False], ["a"])


def binary(sensitivity, specificity, count=200):
    good = [number % 2 == 0 for number in range(count)]
    rank = [number // 2 / (count / 2) for number in range(count)]
    said = [float(r < sensitivity) if g else float(r >= specificity) for g, r in zip(good, rank, strict=True)]
    return Scored(said, good, [str(number) for number in range(count)])


def test_the_correction_is_that_of_rogan_and_gladen_for_hard_verdicts():
    found = corrected_share([1.0] * 62 + [0.0] * 38, binary(0.9, 0.8))
    assert found.value == pytest.approx((0.62 + 0.8 - 1) / (0.9 + 0.8 - 1))
    assert found.interval[0] < found.value < found.interval[1]


@pytest.mark.slow
def test_the_correction_finds_the_share_that_a_faulty_judge_hides():
    """Of 300 answers 70% are good; a judge that misses and invents says otherwise, and its interval holds the truth."""
    draw = np.random.default_rng(4)
    held = 0
    for seed in range(20):
        good = draw.random(300) < 0.7
        said = np.where(good, draw.random(300) < 0.8, draw.random(300) < 0.3)
        labels = draw.random(200) < 0.5
        judged = np.where(labels, draw.random(200) < 0.8, draw.random(200) < 0.3)
        labelled = Scored(judged.astype(float).tolist(), labels.tolist(), [str(n) for n in range(200)])
        found = corrected_share(said.astype(float).tolist(), labelled, seed=seed, resamples=400)
        held += found.interval[0] <= good.mean() <= found.interval[1]
    assert held >= 17


def test_a_judge_that_cannot_tell_good_from_bad_corrects_nothing():
    assert corrected_share([0.5, 0.6], binary(0.5, 0.5)) is None
    assert corrected_share([], binary(0.9, 0.9)) is None
    assert corrected_share([0.5], Scored([0.1], [True], ["a"])) is None


def test_a_corrected_share_stays_a_share():
    assert corrected_share([1.0] * 10, binary(0.9, 0.9)).value == 1.0
