"""Dense retrieval within a token budget.

Knows an embedder, a generation of the index and a counter of prompt tokens; knows no vendor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rag.align import cut, to_spans
from rag.protocols import Generation, QueryEmbedder
from rag.retrieve.follow_up import searchable
from rag.types import Chunk, Message, Passage, Retrieval

MAX_QUERY_CHARS = 2000  # beyond what any embedder reads; keeps a pasted book from costing anything


class Retriever:
    """Question to passages.

    Attributes:
        candidates: how many chunks are looked at.
    """

    def __init__(self, embedder: QueryEmbedder, count_passage: Callable[[Passage], int], *, candidates: int) -> None:
        """Keep the parts.

        Args:
            embedder: for the query.
            count_passage: tokens of a passage as it stands in the prompt.
            candidates: how many chunks to look at, at least 1.
        """
        self._embedder = embedder
        self._count = count_passage
        self.candidates = candidates

    def retrieve(
        self,
        question: str,
        generation: Generation,
        *,
        top_k: int,
        max_tokens: int,
        history: Sequence[Message] = (),
        where: Mapping[str, str] | None = None,
    ) -> Retrieval:
        """Find the best passages for a question.

        A passage that does not fit what is left of the budget is passed over, and smaller ones after it still get in. An empty
        question finds nothing.

        Args:
            question: any text.
            generation: to search in.
            top_k: most passages.
            max_tokens: budget for all passages, heading lines included.
            history: earlier turns, for follow-ups.
            where: metadata that a chunk must have.
        """
        start = time.perf_counter()
        query = searchable(question, history)
        if not question.strip() or not generation.chunk_count:
            return Retrieval(
                question, query, (), {"embed": 0.0, "search": 0.0, "total": time.perf_counter() - start}, generation.number
            )
        vector = self._embedder.embed_query(query[:MAX_QUERY_CHARS])
        embedded = time.perf_counter()
        found = generation.nearest(vector, max(self.candidates, top_k), where)
        scores = dict(found)
        passages: list[Passage] = []
        dropped: list[tuple[str, str]] = []
        left = max_tokens
        for chunk in generation.chunks([chunk_id for chunk_id, _ in found]):
            if len(passages) == top_k:
                dropped.append((chunk.id, f"below the best {top_k}"))
                continue
            passage = _shown(chunk, len(passages) + 1, scores[chunk.id])
            tokens = self._count(passage)
            if tokens > left:
                dropped.append((chunk.id, f"{tokens} tokens, {left} left of the budget"))
                continue
            left -= tokens
            passages.append(replace(passage, tokens=tokens))
        end = time.perf_counter()
        timings = {"embed": embedded - start, "search": end - embedded, "total": end - start}
        return Retrieval(question, query, tuple(passages), timings, generation.number, tuple(dropped))


def _shown(chunk: Chunk, rank: int, score: float) -> Passage:
    """Return a chunk as it stands in the prompt: without the headings it starts with, which its heading line says."""
    end = len(chunk.text)
    spans = to_spans(chunk.alignment, chunk.spans, chunk.lead, end) if chunk.lead else chunk.spans
    return Passage(chunk, score, rank, {"dense": score}, 0, chunk.text[chunk.lead :], spans, cut(chunk.alignment, chunk.lead, end))
