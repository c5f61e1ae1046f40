"""Passages that are about equally good, in another order."""

from __future__ import annotations

import pytest

from rag.retrieve.likely import CLOSE, LIKELIHOOD, in_likely_order
from rag.types import Chunk, Passage


class Says:
    """Gives the scores that it was given, and keeps what it was asked."""

    def __init__(self, *scores):
        self._scores = list(scores)
        self.asked = []

    def scores(self, question, texts):
        self.asked.append((question, list(texts)))
        return self._scores


def passages(*scores):
    found = []
    for place, score in enumerate(scores, 1):
        text = f"Text {place}."
        chunk = Chunk(f"c{place}", "d", "a.md", "Kettles", 0, text, ((0, len(text)),), ())
        found.append(Passage(chunk, score, place, {"fused": score}, 9, text, chunk.spans, ()))
    return found


def test_of_two_that_are_close_the_likelier_comes_first():
    model = Says(-3.0, -2.0, -4.0)
    found = in_likely_order(passages(0.6, 0.55, 0.3), "How warm is tea?", model)
    assert [one.chunk.id for one in found] == ["c2", "c1", "c3"]
    assert [one.rank for one in found] == [1, 2, 3]
    assert [one.scores[LIKELIHOOD] for one in found] == [-2.0, -3.0, -4.0]
    assert [one.score for one in found] == pytest.approx([0.55, 0.3, -0.3])
    assert [one.scores["fused"] for one in found] == [0.55, 0.6, 0.3]
    ((question, texts),) = model.asked
    assert question == "How warm is tea?"
    assert texts[0].endswith("Text 1.")
    assert "Kettles" in texts[0]


def test_a_likelier_one_that_the_rankers_hold_far_worse_stays_behind():
    found = in_likely_order(passages(0.9, 0.86, 0.2), "Tea?", Says(-2.0, -2.0, -1.0))
    assert [one.chunk.id for one in found] == ["c1", "c2", "c3"]


def test_the_model_is_not_asked_where_one_is_well_ahead_or_alone():
    model = Says()
    for given in (passages(), passages(0.5), passages(0.51 + CLOSE, 0.5, 0.49)):
        assert in_likely_order(given, "Tea?", model) == tuple(given)
    assert not model.asked


def test_of_many_the_first_are_put_in_order_and_the_others_stay_behind():
    model = Says(*(float(place) for place in range(8)))
    found = in_likely_order(passages(*([0.5] * 11)), "Tea?", model)
    assert [one.chunk.id for one in found] == [f"c{place}" for place in (8, 7, 6, 5, 4, 3, 2, 1, 9, 10, 11)]
    assert [one.rank for one in found] == list(range(1, 12))
    assert len(model.asked[0][1]) == 8


def test_equals_stay_in_their_order():
    given = passages(0.5, 0.5, 0.5)
    assert [one.chunk.id for one in in_likely_order(given, "Tea?", Says(0.0, 0.0, 0.0))] == ["c1", "c2", "c3"]
