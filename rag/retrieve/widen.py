"""What is read where the best passages leave doubt: of all that was compared, what has a sentence near the question.

Rankers see a chunk as a whole, where one sentence that says in other words what is asked hardly shows. To compare sentences takes
some tenths of a second, so it is done only where it is not sure that the best passages hold the answer. Knows an embedder, a
counter of prompt tokens and candidates; knows no language model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rag.protocols import Embedder
from rag.retrieve.context import fill, shown
from rag.retrieve.nearest import sentences_of, under_heading
from rag.retrieve.rank import Ranked
from rag.types import Passage

NEAREST: Final = "nearest"
"""The score's name: cosine of the question and the nearest sentence, 0 to 1; 0 also where a chunk has no sentence."""

LOOKED_AT: Final = 20
"""Candidates whose sentences are worth comparing; more of them hardly bring more (docs/LOG.md)."""

_SENTENCES: Final = 200  # of all of them; 95 are usual, 138 many
_WEIGHT: Final = 0.7  # of that cosine beside the score of the rankers; twice as much does about the same


def widened(
    kept: Sequence[Passage],
    candidates: Sequence[Ranked],
    query: str,
    embedder: Embedder,
    representatives: Mapping[str, str],
    count_passage: Callable[[Passage], int],
    *,
    top_k: int,
    max_tokens: int,
    fewest: Callable[[Passage], int] | None = None,
) -> tuple[Passage, ...]:
    """Fill the budget anew behind the passages that were read first.

    Args:
        kept: what was read; stays in front, so that an engine does not read it again.
        candidates: the others, best first by the score of the rankers; all of them are looked at.
        query: what was searched for.
        embedder: of it and of sentences.
        representatives: of near-duplicates, by chunk id, of both.
        count_passage: as `rag.retrieve.context.fill` takes it.
        top_k: most passages.
        max_tokens: budget for all of them, those that were read included.
        fewest: as `rag.retrieve.context.fill` takes it.

    Returns:
        Those that were read, then what comes nearest by the score of the rankers and of its nearest sentence.
    """
    near = _nearest([shown(one, 1) for one in candidates], query, embedder)
    weighed = [
        replace(one, score=one.score + _WEIGHT * cosine, scores={**one.scores, NEAREST: cosine})
        for one, cosine in zip(candidates, near, strict=True)
    ]
    first = [Ranked(one.chunk, one.score, one.scores, {}) for one in kept]
    order = [*first, *sorted(weighed, key=lambda one: -one.score)]
    passages, _ = fill(order, representatives, count_passage, top_k=top_k, max_tokens=max_tokens, fewest=fewest)
    return tuple(passages)


def _nearest(passages: Sequence[Passage], query: str, embedder: Embedder) -> list[float]:
    """The cosine of each passage's nearest sentence."""
    near = [0.0] * len(passages)
    sentences = sentences_of(passages, _SENTENCES)
    if sentences:
        similarity = embedder.embed_passages(under_heading(passages, sentences)) @ embedder.embed_query(query)
        for (place, _), cosine in zip(sentences, np.maximum(similarity, 0.0).tolist(), strict=True):
            near[place] = max(near[place], cosine)
    return near
