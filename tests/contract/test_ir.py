"""Our measures of rankings give what ir-measures gives."""

from __future__ import annotations

import random
import warnings

import pytest

from eval.ir import hit_at, judged, ndcg_at, recall_at, reciprocal_rank

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its dependencies warn while they are imported
    import ir_measures
    from ir_measures import RR, R, Success, nDCG


def reference(measure, ranked, gains):
    scores = {name: float(len(ranked) - place) for place, name in enumerate(ranked)}
    [value] = ir_measures.iter_calc([measure], {"q": {name: int(gain) for name, gain in gains.items()}}, {"q": scores})
    return value.value


def cases():
    draw = random.Random(7)
    for _ in range(60):
        names = [f"d{number}" for number in range(draw.randint(1, 30))]
        ranked = draw.sample(names, draw.randint(1, len(names)))
        yield ranked, {name: draw.randint(0, 3) for name in draw.sample(names, draw.randint(1, len(names)))}
        pieces = draw.randint(1, 5)
        shown = [set(draw.sample(range(pieces), draw.randint(0, pieces))) for _ in range(draw.randint(1, 12))]
        yield judged(shown, pieces)


@pytest.mark.parametrize("k", [1, 3, 5, 10])
def test_measures_agree_to_nine_digits(k):
    checked = 0
    for ranked, gains in cases():
        relevant = {name for name, gain in gains.items() if gain > 0}
        if not relevant:
            continue
        checked += 1
        pairs = [
            (ndcg_at(ranked, gains, k), nDCG @ k),
            (recall_at(ranked, relevant, k), R @ k),
            (hit_at(ranked, relevant, k), Success @ k),
            (reciprocal_rank(ranked, relevant), RR),
        ]
        for ours, measure in pairs:
            assert ours == pytest.approx(reference(measure, ranked, gains), abs=1e-9), (measure, ranked, gains)
    assert checked > 100
