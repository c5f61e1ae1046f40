"""Measures of a ranking, each a pure function of one question; `estimate` puts many questions together.

Two layers. The first takes ranked ids and what is relevant, as the field does. The second takes what our questions say: pieces of
evidence, each of which may stand in several passages; a second passage that shows the same piece again is worth nothing. Knows no
question file, no index and no retriever.

All values lie between 0 and 1, higher is better. Ranks start at 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eval.statistics import Interval, bootstrap_interval, mean

Shown = Sequence[Collection[int]]
"""For each passage by rank: which pieces of the evidence (numbers from 0) it shows."""


def hit_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Return 1 if one of the first `k` is relevant, else 0; 0 where nothing is relevant."""
    return float(any(each in relevant for each in ranked[: _depth(k)]))


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Return the share of the relevant that is among the first `k`; 0 where nothing is relevant."""
    wanted = set(relevant)
    return len(wanted.intersection(ranked[: _depth(k)])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int | None = None) -> float:
    """Return one over the rank of the first relevant one among the first `k` (or all); 0 if there is none."""
    for rank, each in enumerate(ranked if k is None else ranked[: _depth(k)], 1):
        if each in relevant:
            return 1 / rank
    return 0.0


def ndcg_at(ranked: Sequence[str], gains: Mapping[str, float], k: int) -> float:
    """Return the discounted gain of the first `k`, as a share of the best possible one; 0 where nothing has a gain.

    Args:
        ranked: ids, best first, each once.
        gains: 0 or more by id; an id that is missing has 0. Linear, not exponential.
        k: depth, from 1.

    Returns:
        0 to 1.

    Source: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002; discount log2(rank + 1).
    """
    best = _discounted(sorted(gains.values(), reverse=True)[: _depth(k)])
    return _discounted([gains.get(each, 0.0) for each in ranked[:k]]) / best if best > 0 else 0.0


def judged(shown: Shown, pieces: int) -> tuple[list[str], dict[str, float]]:
    """Return a ranking and gains for the functions above.

    A passage that is the first to show one of the pieces or more has gain 1, every other 0. A piece that no passage shows stands
    for one relevant passage that is missing.

    Args:
        shown: by rank.
        pieces: how many there are.

    Returns:
        Names by rank, and the gain of each name.

    Raises:
        ValueError: a passage shows a piece that there is not.
    """
    ranked = [f"passage {rank}" for rank in range(1, len(shown) + 1)]
    gains: dict[str, float] = {}
    seen: set[int] = set()
    for name, found in zip(ranked, shown, strict=True):
        if not all(0 <= piece < pieces for piece in found):
            raise ValueError(f"{name} shows {sorted(found)} of {pieces} pieces")
        if set(found) - seen:
            gains[name] = 1.0
            seen.update(found)
    return ranked, gains | {f"missing {piece}": 1.0 for piece in range(pieces) if piece not in seen}


def evidence_recall_at(shown: Shown, pieces: int, k: int) -> float:
    """Return the share of the pieces that the first `k` passages show; 0 without pieces."""
    return len(set().union(*shown[: _depth(k)])) / pieces if pieces else 0.0


def evidence_recall_within(shown: Shown, tokens: Sequence[int], pieces: int, budget_tokens: int) -> float:
    """Return the share of the pieces shown by the passages, from the first on, that fit `budget_tokens` together.

    The first passage that does not fit ends the list, so that a longer ranking never has less.

    Args:
        shown: by rank.
        tokens: of each passage.
        pieces: how many there are.
        budget_tokens: for all passages together.

    Returns:
        0 to 1; 0 without pieces.
    """
    found: set[int] = set()
    for some, cost in zip(shown, tokens, strict=True):
        budget_tokens -= cost
        if budget_tokens < 0:
            break
        found.update(some)
    return len(found) / pieces if pieces else 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions.

    Attributes:
        value: the mean; None without questions.
        interval: 95%, by the bootstrap over questions; None with fewer than two.
        count: how many questions.
    """

    value: float | None
    interval: Interval | None
    count: int


def estimate(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the mean of one measure over questions, with its interval.

    Args:
        values: one a question.
        seed: of the bootstrap.

    Returns:
        The mean with its interval and its count.

    Raises:
        ValueError: a value is not finite.
    """
    return Estimate(mean(values) if values else None, bootstrap_interval(values, seed=seed), len(values))


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _depth(k: int) -> int:
    if k < 1:
        raise ValueError(f"a depth is 1 or more, not {k}")
    return k
