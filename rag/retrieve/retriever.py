"""Retrieval in four steps: understand the question, embed it, rank what both rankers propose, fill the budget.

Between the last two a reranker puts the best candidates in an order of its own, where there is one. Knows an embedder, a generation
of the index and a counter of prompt tokens; knows no vendor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rag.protocols import Embedder, Generation, Reranker
from rag.retrieve.context import fill, worth_reading
from rag.retrieve.likely import in_likely_order
from rag.retrieve.nearest import nearest_sentences
from rag.retrieve.query import understand
from rag.retrieve.rank import Ranked, Ranking, place_page, rank
from rag.retrieve.rerank import RERANKED, rerank
from rag.retrieve.widen import LOOKED_AT, widened
from rag.types import Candidate, Message, Passage, Retrieval, Span


class Retriever:
    """Question to passages.

    Args:
        embedder: of queries and sentences.
        count_passage: tokens of a passage as it stands in the prompt.
        candidates: how many chunks to look at, at least 1.
        reranker: orders the best of them; None leaves them as they are.
        fewest: tokens that a passage has at least, where that is quicker to tell.
        question_model: loads what puts passages that are about equally good in order before they are read; None leaves them so.

    Attributes:
        candidates: how many chunks are looked at.
    """

    def __init__(
        self,
        embedder: Embedder,
        count_passage: Callable[[Passage], int],
        *,
        candidates: int,
        reranker: Reranker | None = None,
        fewest: Callable[[Passage], int] | None = None,
        question_model: Callable[[], Reranker | None] = lambda: None,
    ) -> None:
        self._embedder = embedder
        self._count = count_passage
        self.candidates = candidates
        self._reranker = reranker
        self._fewest = fewest
        self._question_model = question_model

    def retrieve(
        self,
        question: str,
        generation: Generation,
        *,
        top_k: int,
        max_tokens: int,
        history: Sequence[Message] = (),
        where: Mapping[str, str] | None = None,
        page: str = "",
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
            page: path of a page whose every chunk is to be in the trace, wherever it stands; costs work for the whole index.
        """
        start = time.perf_counter()
        if not question.strip() or not generation.chunk_count:
            timings = {"embed": 0.0, "search": 0.0, "total": time.perf_counter() - start}
            return Retrieval(question, question, (), timings, generation.number)
        query = understand(question, history, generation)
        understood = time.perf_counter()
        vector = self._embedder.embed_query(query.text)
        embedded = time.perf_counter()
        ranking = rank(query, vector, generation, max(self.candidates, top_k), where)
        ranked = time.perf_counter()
        best, unread = list(ranking.candidates), list[Ranked]()
        if self._reranker is not None:
            best, unread = rerank(query.text, best, self._reranker, max(RERANKED, top_k))
        reranked = time.perf_counter()
        representatives = generation.representatives([one.chunk.id for one in best])
        passages, fates = fill(best, representatives, self._count, top_k=top_k, max_tokens=max_tokens, fewest=self._fewest)
        end = time.perf_counter()
        timings = {"understand": understood - start, "embed": embedded - understood, "search": ranked - embedded}
        if self._reranker is not None:
            timings["rerank"] = reranked - ranked
        timings |= {"fill": end - reranked, "total": end - start}
        fates |= {one.chunk.id: f"not among the {len(best)} that were reranked" for one in unread}
        trace = _trace(replace(ranking, candidates=(*best, *unread)), fates)
        if page:
            trace = _with_page(trace, place_page(query, vector, generation, page))
        dropped = tuple((one.id, one.fate) for one in trace if not one.fate.startswith("passage "))
        found = tuple(passages)
        return Retrieval(question, query.text, found, timings, generation.number, dropped, trace, query.understood, query.unknown)

    def warm_up(self) -> None:
        """Load what the first question would else wait for."""
        self._embedder.embed_query("warm up")
        self._question_model()

    def to_read(self, found: Retrieval, *, in_order: bool = True) -> tuple[Passage, ...]:
        """Return the passages of a question that are worth reading; takes up to half a second, so it is not part of finding them.

        Args:
            found: for the question.
            in_order: put those that are about equally good in the order in which they make the question likely.

        Returns:
            The passages, best first.
        """
        passages = worth_reading(found.passages)
        model = self._question_model() if in_order else None
        return in_likely_order(passages, found.query, model) if model else passages

    def widen(
        self, kept: Sequence[Passage], found: Retrieval, generation: Generation, *, top_k: int, max_tokens: int
    ) -> tuple[Passage, ...]:
        """Return what to read where the best passages leave doubt; takes some tenths of a second.

        Args:
            kept: what was read of the passages of the question; it stays in front.
            found: for the question.
            generation: that it was found in.
            top_k: most passages.
            max_tokens: budget for all of them.

        Returns:
            Those that were read, then others of what was compared, best first; what a reranker put in order stays so.
        """
        read = {one.chunk.id for one in kept}
        if self._reranker is not None:
            return (*kept, *(one for one in found.passages if one.chunk.id not in read))
        others = [one for one in found.trace if one.path and one.id not in read][:LOOKED_AT]
        scores = {one.id: one.scores for one in others}
        candidates = [Ranked(one, scores[one.id]["fused"], scores[one.id], {}) for one in generation.chunks(list(scores))]
        return widened(
            kept,
            candidates,
            found.query,
            self._embedder,
            generation.representatives([*read, *scores]),
            self._count,
            top_k=top_k,
            max_tokens=max_tokens,
            fewest=self._fewest,
        )

    def nearest(self, passages: Sequence[Passage], query: str, *, in_order: bool = True) -> tuple[tuple[int, Span], ...]:
        """Return the sentences of some passages that come nearest to a question; takes a fifth of a second.

        Args:
            passages: best first.
            query: what was searched for.
            in_order: ask the model that puts passages in order, too.

        Returns:
            Best first: the place of the passage, from 0, and the span in its text.
        """
        return nearest_sentences(passages, query, self._embedder, self._question_model() if in_order else None)


def _trace(ranking: Ranking, fates: Mapping[str, str]) -> tuple[Candidate, ...]:
    compared = [
        Candidate(one.chunk.id, one.chunk.path, one.chunk.line, one.ranks, one.scores, fates[one.chunk.id])
        for one in ranking.candidates
    ]
    below = f"not among the {len(compared)} best of both rankers"
    return (*compared, *(Candidate(one, "", 0, ranks, scores, below) for one, ranks, scores in ranking.cut))


def _with_page(trace: tuple[Candidate, ...], placed: Sequence[Ranked]) -> tuple[Candidate, ...]:
    """Put every chunk of a page into the trace, those that were not compared at its end."""
    compared = {one.id for one in trace if one.path}
    fate = "not proposed by either ranker, or not among those compared"
    more = [
        Candidate(one.chunk.id, one.chunk.path, one.chunk.line, one.ranks, one.scores, fate)
        for one in placed
        if one.chunk.id not in compared
    ]
    named = {one.id for one in more}
    return (*(one for one in trace if one.id not in named), *more)
