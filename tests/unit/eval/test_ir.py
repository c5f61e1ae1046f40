from __future__ import annotations

import math

import pytest

from eval.ir import (
    estimate,
    evidence_recall_at,
    evidence_recall_within,
    hit_at,
    judged,
    ndcg_at,
    recall_at,
    reciprocal_rank,
)

RANKED = ["a", "b", "c", "d"]


def test_hit_and_recall_look_at_the_first_k():
    assert [hit_at(RANKED, {"c", "x"}, k) for k in (2, 3)] == [0.0, 1.0]
    assert [recall_at(RANKED, {"a", "c", "x"}, k) for k in (1, 2, 3, 9)] == [1 / 3, 1 / 3, 2 / 3, 2 / 3]


def test_reciprocal_rank_is_of_the_first_relevant_one():
    assert reciprocal_rank(RANKED, {"d", "b"}) == 0.5
    assert reciprocal_rank(RANKED, {"d"}, k=3) == 0.0
    assert reciprocal_rank(RANKED, {"x"}) == 0.0


def test_ndcg_by_hand():
    assert ndcg_at(RANKED, {"a": 1, "b": 1}, 10) == 1.0
    assert ndcg_at(RANKED, {"b": 1}, 10) == pytest.approx(1 / math.log2(3))
    assert ndcg_at(RANKED, {"a": 1, "b": 3}, 2) == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert ndcg_at(RANKED, {"d": 1}, 3) == 0.0


def test_where_nothing_is_relevant_everything_is_0():
    assert (hit_at(RANKED, (), 3), recall_at(RANKED, (), 3), reciprocal_rank(RANKED, ()), ndcg_at(RANKED, {}, 3)) == (0, 0, 0, 0)


@pytest.mark.parametrize("k", [0, -1])
def test_a_depth_is_1_or_more(k):
    with pytest.raises(ValueError, match="a depth is 1 or more"):
        hit_at(RANKED, {"a"}, k)
    with pytest.raises(ValueError, match="a depth is 1 or more"):
        ndcg_at(RANKED, {"a": 1}, k)


def test_a_passage_that_shows_a_piece_again_is_worth_nothing():
    ranked, gains = judged([{0}, {0}, {0, 1}, ()], 3)
    assert ranked == ["passage 1", "passage 2", "passage 3", "passage 4"]
    assert gains == {"passage 1": 1.0, "passage 3": 1.0, "missing 2": 1.0}
    assert recall_at(ranked, gains, 10) == pytest.approx(2 / 3)


def test_one_passage_with_all_the_evidence_on_top_is_perfect_and_so_are_two():
    for shown in ([{0, 1}, ()], [{0}, {1}, ()]):
        assert ndcg_at(*judged(shown, 2), 10) == 1.0
    assert ndcg_at(*judged([(), {0, 1}], 2), 10) < 1.0


def test_a_piece_that_there_is_not_is_a_mistake():
    with pytest.raises(ValueError, match="passage 1 shows"):
        judged([{2}], 2)


def test_recall_of_the_evidence_by_rank_and_by_tokens():
    shown, tokens = [{0}, set(), {1}], [100, 50, 200]
    assert [evidence_recall_at(shown, 2, k) for k in (1, 2, 3)] == [0.5, 0.5, 1.0]
    assert [evidence_recall_within(shown, tokens, 2, budget) for budget in (99, 100, 349, 350)] == [0.0, 0.5, 0.5, 1.0]
    assert evidence_recall_at(shown, 0, 1) == evidence_recall_within(shown, tokens, 0, 1000) == 0.0


def test_a_passage_that_does_not_fit_ends_the_list():
    assert evidence_recall_within([(), {0}], [500, 10], 1, 100) == 0.0


def test_an_estimate_has_an_interval_and_a_count():
    found = estimate([0.0, 1.0, 1.0, 1.0])
    assert (found.value, found.count) == (0.75, 4)
    assert found.interval and found.interval[0] < 0.75 <= found.interval[1]
    assert (estimate([]).value, estimate([0.3]).interval) == (None, None)
