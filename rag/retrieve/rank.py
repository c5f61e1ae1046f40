"""Candidates of both rankers to one order.

The score is a weighted sum of four features, each between 0 and 1: cosine similarity, BM25 as a share of what the words could
reach, how much of the question's words a chunk holds, and how many of its neighbouring pairs of words stand side by side there.
The weights were chosen on the tuning halves of five question sets; docs/adr/0009 has the figures, and those of rank fusion beside
them. Knows a generation and a query; knows no budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from rag.protocols import Generation, Vector
from rag.retrieve.query import Query
from rag.types import Chunk
from rag.words import is_stop_word, words

DENSE: Final = 1.0
LEXICAL: Final = 0.5
COVERAGE: Final = 0.3
PHRASE: Final = 0.15
QUOTED: Final = 0.2  # for a chunk with a phrase that the reader put in quotation marks


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its features.

    Attributes:
        chunk: the candidate.
        score: higher is better.
        scores: `dense`, `lexical`, `coverage`, `phrase` and `fused`, which is `score` unless a reranker said `rerank`.
        ranks: by ranker that proposed it, from 1, and `fused`; `rerank` where there is a reranker.
    """

    chunk: Chunk
    score: float
    scores: Mapping[str, float]
    ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates, best first.

    Attributes:
        candidates: those that were compared in full.
        cut: ids of those that were not, with what both rankers said of them, best first.
    """

    candidates: tuple[Ranked, ...]
    cut: tuple[tuple[str, Mapping[str, int], Mapping[str, float]], ...]


def rank(query: Query, vector: Vector, generation: Generation, count: int, where: Mapping[str, str] | None) -> Ranking:
    """Return the best `count` chunks of both rankers, which propose `count` each.

    Args:
        query: what to search for.
        vector: of the query, shape (dimension,).
        generation: to search in.
        count: how many.
        where: metadata that a chunk must have.
    """
    dense, lexical = _proposals(query, vector, generation, count, where)
    ranks = _places(dense, lexical)
    features = _features(list(ranks), query, vector, generation, dict(dense))
    order = sorted(ranks, key=lambda one: (-_score(features[one]), one))
    best = _compared(generation.chunks(order[:count]), query, features, ranks)
    return Ranking(tuple(best), tuple((one, ranks[one], features[one]) for one in order[count:]))


def place_page(query: Query, vector: Vector, generation: Generation, path: str) -> list[Ranked]:
    """Return where each chunk of one page stands among all chunks, best first: what to look at when it was not found.

    Costs work for the whole index. `fused` is missing in the ranks: only candidates are compared.
    """
    own = generation.chunks_of(path)
    dense, lexical = _proposals(query, vector, generation, generation.chunk_count, None)
    ranks = _places(dense, lexical)
    features = _features([chunk.id for chunk in own], query, vector, generation, dict(dense))
    found = _compared(own, query, features, {chunk.id: ranks.get(chunk.id, {}) for chunk in own})
    return [replace(one, ranks={name: place for name, place in one.ranks.items() if name != "fused"}) for one in found]


_Pairs = list[tuple[str, float]]


def _proposals(
    query: Query, vector: Vector, generation: Generation, count: int, where: Mapping[str, str] | None
) -> tuple[_Pairs, _Pairs]:
    lexical = generation.matching(query.terms, count, where) if query.terms else []
    return generation.nearest(vector, count, where), lexical


def _places(dense: _Pairs, lexical: _Pairs) -> dict[str, dict[str, int]]:
    ranks: dict[str, dict[str, int]] = {}
    for name, proposed in (("dense", dense), ("lexical", lexical)):
        for place, (one, _) in enumerate(proposed, 1):
            ranks.setdefault(one, {})[name] = place
    return ranks


def _features(
    ids: list[str], query: Query, vector: Vector, generation: Generation, similarity: dict[str, float]
) -> dict[str, dict[str, float]]:
    missing = [one for one in ids if one not in similarity]
    if missing:
        similarity |= {one: float(np.dot(vector, found)) for one, found in generation.vectors(missing).items()}
    highest = generation.words.highest(query.terms) or 1.0
    said = generation.words.scores(query.terms, ids)
    return {
        one: {"dense": similarity.get(one, 0.0), "lexical": bm25 / highest, "coverage": coverage}
        for one, (bm25, coverage) in zip(ids, said, strict=True)
    }


def _compared(
    chunks: list[Chunk], query: Query, features: Mapping[str, Mapping[str, float]], ranks: Mapping[str, Mapping[str, int]]
) -> list[Ranked]:
    """Add what only the text shows, and sort."""
    phrases = tuple(phrase.casefold() for phrase in query.phrases)
    asked = frozenset(pair for pair in _pairs(query.text) if not any(map(is_stop_word, pair)))  # words that carry a subject
    found = []
    for chunk in chunks:
        scores = {**features[chunk.id], "phrase": _share_of_pairs(asked, chunk)}
        quoted = bool(phrases) and any(phrase in chunk.text.casefold() for phrase in phrases)
        found.append((_score(scores) + QUOTED * quoted, chunk, scores))
    found.sort(key=lambda one: (-one[0], one[1].id))
    return [
        Ranked(chunk, score, {**scores, "fused": score}, {**ranks[chunk.id], "fused": place})
        for place, (score, chunk, scores) in enumerate(found, 1)
    ]


def _score(features: Mapping[str, float]) -> float:
    return (
        DENSE * features["dense"]
        + LEXICAL * features["lexical"]
        + COVERAGE * features["coverage"]
        + PHRASE * features.get("phrase", 0.0)
    )


def _share_of_pairs(asked: frozenset[tuple[str, str]], chunk: Chunk) -> float:
    """Share of the question's neighbouring words that are neighbours in the chunk too."""
    return len(asked & _pairs_of_chunk(chunk.id, chunk.text)) / len(asked) if asked else 0.0


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(words(text)))


@lru_cache(maxsize=4096)
def _pairs_of_chunk(_: str, text: str) -> frozenset[tuple[str, str]]:
    return _pairs(text)
