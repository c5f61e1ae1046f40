"""The retrieval pipeline with one part taken out, or with one ranker alone: what does each part earn?

Knows the names of the parts inside `rag.retrieve`, and puts back what it took out. Not for several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import rag.retrieve.query
import rag.retrieve.rank
import rag.retrieve.retriever
from rag.protocols import Generation, Vector
from rag.retrieve.query import Query
from rag.retrieve.rank import Ranked, Ranking

_RRF = 60


@dataclass(frozen=True, slots=True)
class Variant:
    """A changed pipeline.

    Attributes:
        name: what it does without, or what it is.
        changes: by module, what stands in the place of its names.
        history: whether earlier turns are looked at.
        duplicates: whether near-duplicates are left out.
    """

    name: str
    changes: Sequence[tuple[ModuleType, Mapping[str, Any]]] = ()
    history: bool = True
    duplicates: bool = True

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Change the parts, and put them back."""
        before = [(module, name, getattr(module, name)) for module, changes in self.changes for name in changes]
        try:
            for module, changes in self.changes:
                for name, value in changes.items():
                    setattr(module, name, value)
            yield
        finally:
            for module, name, value in before:
                setattr(module, name, value)


def by(*rankers: str) -> Callable[..., Ranking]:
    """Return what ranks by one ranker alone, or by the reciprocal rank fusion of several.

    >>> by("dense").__name__
    'dense'
    """

    def ranked(query: Query, vector: Vector, generation: Generation, count: int, where: Mapping[str, str] | None) -> Ranking:
        proposals = {
            "dense": lambda: generation.nearest(vector, count, where),
            "lexical": lambda: generation.matching(query.terms, count, where) if query.terms else [],
        }
        scores: dict[str, float] = {}
        ranks: dict[str, dict[str, int]] = {}
        for name in rankers:
            for place, (one, _) in enumerate(proposals[name](), 1):
                scores[one] = scores.get(one, 0.0) + 1 / (_RRF + place)
                ranks.setdefault(one, {})[name] = place
        order = sorted(scores, key=lambda one: (-scores[one], one))[:count]
        chunks = generation.chunks(order)
        return Ranking(tuple(Ranked(chunk, scores[chunk.id], {"fused": scores[chunk.id]}, ranks[chunk.id]) for chunk in chunks), ())

    ranked.__name__ = "_".join(rankers)
    return ranked


def _nothing(*_: object) -> list[str]:
    return []


_QUERY, _RANK, _RETRIEVER = rag.retrieve.query, rag.retrieve.rank, rag.retrieve.retriever
FULL = Variant("full")
VARIANTS = (
    Variant("dense only", [(_RETRIEVER, {"rank": by("dense")})]),
    Variant("lexical only", [(_RETRIEVER, {"rank": by("lexical")})]),
    Variant("RRF of both", [(_RETRIEVER, {"rank": by("dense", "lexical")})]),
    Variant("without coverage", [(_RANK, {"COVERAGE": 0.0})]),
    Variant("without phrase", [(_RANK, {"PHRASE": 0.0, "QUOTED": 0.0})]),
    Variant("without spelling", [(_QUERY, {"corrected": _nothing})]),
    Variant("without short forms", [(_QUERY, {"short_forms": _nothing})]),
    Variant("without duplicates' removal", duplicates=False),
    Variant("without follow-up completion", history=False),
)


class Undeduplicated:
    """A generation in which every chunk stands for itself; all else is as it was."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def representatives(self, ids: Sequence[str]) -> dict[str, str]:
        """Return each id as its own."""
        return {one: one for one in ids}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the generation has
        return getattr(self._generation, name)
