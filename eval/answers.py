"""Answers of the system under evaluation: asked for, or found where they were kept; and back from JSON.

Knows the JSON of an answer and what an answer depends on; knows no metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

from eval.cache import Cache
from rag.as_json import answer_json
from rag.protocols import Generation
from rag.types import Answer, Chunk, Citation, Message, Passage, Sentence

KIND = "answers"


class Asked(Protocol):
    """The system under evaluation; `rag.assistant.Assistant` is one."""

    def answer(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        """Return the answer to a question."""
        ...

    def generation(self) -> AbstractContextManager[Generation]:
        """Hold the generation of the index that answers questions."""
        ...


class KeptAnswers:
    """A system that asks another one only what it was not asked before.

    Args:
        system: asked where nothing was kept.
        identity: of the system: all that an answer depends on but the question and its history.
        cache: where answers are kept.
        generation: of the index. Its number is not part of what an answer depends on, what it holds is.
    """

    def __init__(self, system: Asked, identity: Mapping[str, Any], cache: Cache, *, generation: int) -> None:
        self._system = system
        self._identity = dict(identity)
        self._cache = cache
        self._generation = generation

    def answer(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        """Return the answer to a question; its times are those of when it was first given."""
        key = {"question": question, "history": [dict(turn) for turn in history], "system": self._identity}
        kept = self._cache.get(KIND, key)
        if kept is not None:
            return replace(answer_of(kept), generation=self._generation)
        answer = self._system.answer(question, history=history)
        self._cache.put(KIND, key, answer_json(answer))
        return answer

    def generation(self) -> AbstractContextManager[Generation]:
        """Hold the generation of the index that answers questions."""
        return self._system.generation()


def answer_of(value: Mapping[str, Any]) -> Answer:
    """Return the answer that `answer_json` was made of; of its chunks as much as the JSON says."""
    return Answer(
        status=value["status"],
        reason=value["reason"],
        text=value["text"],
        sentences=tuple(
            Sentence(s["text"], s["support"], s["score"], tuple(s["citations"]), s.get("reason", "")) for s in value["sentences"]
        ),
        citations=tuple(_citation(citation) for citation in value["citations"]),
        passages=tuple(_passage(passage) for passage in value["passages"]),
        timings_s=dict(value["timings_s"]),
        generation=value["generation"],
        invented_markers=value.get("invented_markers", 0),
        probability=value.get("probability", 0.0),
    )


def _citation(value: Mapping[str, Any]) -> Citation:
    return Citation(
        value["marker"],
        value["path"],
        value["start"],
        value["end"],
        value["line"],
        tuple(value["heading_path"]),
        value["quote"],
    )


def _passage(value: Mapping[str, Any]) -> Passage:
    spans = tuple((start, end) for start, end in value["spans"])
    chunk = Chunk(
        id=value["chunk"],
        document_id="",
        path=value["path"],
        title=value["title"],
        ordinal=0,
        text=value["text"],
        spans=spans,
        alignment=(),
        heading_path=tuple(value["heading_path"]),
        line=value["line"],
    )
    return Passage(chunk, value["score"], value["rank"], dict(value["scores"]), value["tokens"], value["text"], spans, ())
