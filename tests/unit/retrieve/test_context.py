"""Which passages are worth reading."""

from __future__ import annotations

from rag.retrieve.context import worth_reading
from rag.types import Chunk, Passage


def passages(*scores):
    chunk = Chunk("c", "d", "a.md", "A", 0, "x", ((0, 1),), ((0, 1, 0, 1),))
    return [Passage(chunk, 0.0, rank, each, 1, "x", chunk.spans, chunk.alignment) for rank, each in enumerate(scores, 1)]


def test_what_scores_less_than_half_of_the_best_is_not_read():
    given = passages({"fused": 1.0}, {"fused": 0.5}, {"fused": 0.49}, {"fused": 0.4})
    assert [one.rank for one in worth_reading(given)] == [1, 2]


def test_the_first_is_always_read():
    assert worth_reading(passages({"fused": 0.1}, {"fused": 0.9})) == tuple(passages({"fused": 0.1}, {"fused": 0.9}))
    assert worth_reading([]) == ()
    assert len(worth_reading(passages({"fused": -1.0}, {"fused": -3.0}))) == 2


def test_what_a_reranker_has_put_in_order_is_all_read():
    given = passages({"fused": 1.0, "rerank": -9.0}, {"fused": 0.1, "rerank": -9.5})
    assert worth_reading(given) == tuple(given)
