"""Passages that the rankers hold to be about equally good, in the order in which they make the question likely.

What a model reads first decides how soon it can answer, and often what it answers. Knows a reranker as a function from texts to
scores; knows no vendor and no index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.protocols import Reranker
from rag.types import Passage

LIKELIHOOD: Final = "likelihood"
"""The score's name: mean logarithm of the probability of the question's tokens after the passage, at most 0."""

CLOSE: Final = 0.1
"""Where the first two are further apart, the rankers are right about as often as the model (docs/LOG.md)."""
_WEIGHT: Final = 0.3
_MOST: Final = 8  # passages that are put in order, half a second; those after them stay behind


def in_likely_order(passages: Sequence[Passage], question: str, model: Reranker) -> tuple[Passage, ...]:
    """Put passages in order by the score of the rankers and how likely each makes the question.

    Args:
        passages: best first, with the score of the rankers as their `score`.
        question: as it is searched for.
        model: a small language model's probability of a question.

    Returns:
        The same passages, the first ones ranked anew and with the model's score; as they are where the first one is well ahead.
    """
    if len(passages) < 2 or passages[0].score - passages[1].score >= CLOSE:
        return tuple(passages)
    first, rest = passages[:_MOST], passages[_MOST:]
    likely = model.scores(question, [f"{one.chunk.heading_line}\n{one.text}" for one in first])
    weighed = [one.score + _WEIGHT * (score - max(likely)) for one, score in zip(first, likely, strict=True)]
    order = sorted(range(len(first)), key=lambda place: -weighed[place])
    anew = tuple(
        replace(passages[place], score=weighed[place], rank=rank, scores={**passages[place].scores, LIKELIHOOD: likely[place]})
        for rank, place in enumerate(order, 1)
    )
    return (*anew, *rest)
