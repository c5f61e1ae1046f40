"""Ranked candidates to the passages that fit the budget.

Whole chunks: cutting them to the sentences that match was measured and loses evidence (docs/LOG.md). Of near-duplicates only the
best is taken. Knows a counter of prompt tokens; knows no index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rag.align import cut, to_spans
from rag.retrieve.rank import Ranked
from rag.types import Chunk, Passage, Span

_WORTH: Final = 0.5  # of the best score


def worth_reading(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Leave out what a model need not read.

    What stands below held evidence for four questions in six hundred, and was a twelfth of what was read, a third where the notes
    are few (docs/LOG.md). A reranker's scores have no zero, so all are kept that one has put in order.

    Args:
        passages: best first.

    Returns:
        The first ones, up to where the score falls below half of the best.
    """
    if not passages or any("rerank" in passage.scores or "fused" not in passage.scores for passage in passages):
        return tuple(passages)
    least = _WORTH * max(passage.scores["fused"] for passage in passages)
    below = (place for place, one in enumerate(passages) if place and one.scores["fused"] < least)
    return tuple(passages[: next(below, len(passages))] if least > 0 else passages)


def fill(
    ranked: Sequence[Ranked],
    representatives: Mapping[str, str],
    count_passage: Callable[[Passage], int],
    *,
    top_k: int,
    max_tokens: int,
    fewest: Callable[[Passage], int] | None = None,
) -> tuple[list[Passage], dict[str, str]]:
    """Return the passages by rank, and what became of each candidate by id.

    A passage that does not fit what is left of the budget is passed over, and smaller ones after it still get in.

    Args:
        ranked: candidates, best first.
        representatives: of near-duplicates, by chunk id.
        count_passage: tokens of a passage as it stands in the prompt; it may look at rank, chunk and text.
        top_k: most passages.
        max_tokens: budget for all passages, heading lines included.
        fewest: tokens that a passage has at least, quicker to tell than how many it has; most passages do not fit by far.
    """
    passages: list[Passage] = []
    fates: dict[str, str] = {}
    taken: dict[str, int] = {}
    left = max_tokens
    for candidate in ranked:
        one = candidate.chunk.id
        group = representatives.get(one, one)
        if len(passages) == top_k:
            fates[one] = f"below the best {top_k}"
            continue
        if group in taken:
            fates[one] = f"says the same as passage {taken[group]}"
            continue
        counted = _text_only(candidate, len(passages) + 1)
        if fewest is not None and (least := fewest(counted)) > left:
            fates[one] = f"{least} tokens or more, {left} left of the budget"
            continue
        tokens = count_passage(counted)
        if tokens > left:
            fates[one] = f"{tokens} tokens, {left} left of the budget"
            continue
        left -= tokens
        passage = shown(candidate, len(passages) + 1)
        passages.append(replace(passage, tokens=tokens))
        taken[group] = passage.rank
        fates[one] = f"passage {passage.rank}"
    return passages, fates


def _text_only(candidate: Ranked, place: int) -> Passage:
    """Return what the counter needs: most candidates are only counted, and aligning a text costs more than that.

    Numbers of as many digits cost the same, so a passage is counted as number 1 or 10, and a counter may remember it.
    """
    chunk, place = candidate.chunk, 10 ** (len(str(place)) - 1)
    text = chunk.text[chunk.lead :]
    return Passage(chunk, candidate.score, place, candidate.scores, 0, text, chunk.spans, chunk.alignment, _code(chunk))


def shown(candidate: Ranked, place: int) -> Passage:
    """Return a chunk as it stands in the prompt: without the headings it starts with, which its heading line says."""
    chunk = candidate.chunk
    end = len(chunk.text)
    spans = to_spans(chunk.alignment, chunk.spans, chunk.lead, end) if chunk.lead else chunk.spans
    text, alignment = chunk.text[chunk.lead :], cut(chunk.alignment, chunk.lead, end)
    return Passage(chunk, candidate.score, place, candidate.scores, 0, text, spans, alignment, _code(chunk))


def _code(chunk: Chunk) -> tuple[Span, ...]:
    """Where code stands in what is shown of a chunk."""
    return tuple((start - chunk.lead, end - chunk.lead) for start, end in chunk.code if start >= chunk.lead)
