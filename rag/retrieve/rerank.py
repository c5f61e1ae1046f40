"""The first candidates in the order of a model that reads question and text together; the others are left out.

Knows a reranker as a function from texts to scores; knows no vendor and no budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.protocols import Reranker
from rag.retrieve.rank import Ranked

RERANKED: Final = 30
"""How many are read: a second on two cores with a small cross-encoder."""


def rerank(question: str, candidates: Sequence[Ranked], reranker: Reranker, count: int) -> tuple[list[Ranked], list[Ranked]]:
    """Put the first candidates in the order of a reranker.

    Args:
        question: as it is searched for.
        candidates: best first.
        reranker: reads heading line and text of each.
        count: how many it reads.

    Returns:
        Those that were read, best first, ties in the order in which they came; their score is the reranker's, and `rerank` in
        scores and ranks. Then the others, as they were: their scores mean something else.
    """
    first, others = list(candidates[:count]), list(candidates[count:])
    scores = reranker.scores(question, [one.chunk.embed_text for one in first]) if first else []  # it may have to be loaded
    order = sorted(zip(scores, first, strict=True), key=lambda pair: -pair[0])
    read = [
        replace(one, score=score, scores={**one.scores, "rerank": score}, ranks={**one.ranks, "rerank": place})
        for place, (score, one) in enumerate(order, 1)
    ]
    return read, others
