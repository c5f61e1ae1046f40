"""A running question-answering system: one index folder, one retriever, one model, any number of questions.

Holds the current generation open and moves to a newer one between questions; a question that is under way keeps the one that it
started with. Knows Protocols only; `wiring.py` builds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rag.answer.single import AskSettings
from rag.errors import IndexStateError
from rag.pipeline import ask
from rag.protocols import LLM, Generation
from rag.retrieve.retriever import Retriever
from rag.types import Answer, AskEvent, Message, Passage, Retrieval


class GenerationSource(Protocol):
    """Where generations come from."""

    def current_number(self) -> int | None:
        """Return the number of the generation that answers questions, None where there is none yet; cheap."""
        ...

    def open_current(self) -> Generation:
        """Open that generation for reading."""
        ...


@dataclass
class _Lease:
    generation: Generation
    users: int = 0


class Assistant:
    """Answers questions from several threads. A context manager; closing frees the generation and the model."""

    def __init__(self, source: GenerationSource, retriever: Retriever, llm: Callable[[], LLM], settings: AskSettings) -> None:
        """Keep the parts.

        Args:
            source: of generations.
            retriever: shared by all questions.
            llm: builds the model; called at the first question that needs it.
            settings: used where a call does not bring its own.
        """
        self._source = source
        self._retriever = retriever
        self._build_llm = llm
        self.settings = settings
        self._lock = threading.Lock()
        self._llm_lock = threading.Lock()
        self._lease: _Lease | None = None
        self._llm: LLM | None = None

    @property
    def llm(self) -> LLM:
        """The model, loaded at first use."""
        with self._llm_lock:
            if self._llm is None:
                self._llm = self._build_llm()
            return self._llm

    def change_llm(self, build: Callable[[], LLM]) -> None:
        """Load another model and answer with it from now on; where loading fails, the old one stays. No question may be under way.

        Args:
            build: loads it; called at once, while the old one is still there.
        """
        fresh = build()
        with self._llm_lock:
            old, self._llm = self._llm, fresh
            self._build_llm = build
        if old is not None:
            old.close()

    @contextmanager
    def generation(self) -> Iterator[Generation]:
        """Hold the newest generation for one question.

        Raises:
            IndexStateError: there is no index yet, or it cannot be opened.
        """
        lease = self._enter()
        try:
            yield lease.generation
        finally:
            self._leave(lease)

    def search(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        where: Mapping[str, str] | None = None,
        top_k: int | None = None,
        max_tokens: int | None = None,
    ) -> Retrieval:
        """Return the passages for a question."""
        with self.generation() as generation:
            return self._retriever.retrieve(
                question,
                generation,
                top_k=top_k or self.settings.top_k,
                max_tokens=max_tokens or self.settings.max_tokens,
                history=history,
                where=where,
            )

    def warm_up(self) -> None:
        """Load all that a question needs but the language model.

        Raises:
            IndexStateError: there is no index; everything else is loaded.
            ModelError: weights are not there.
        """
        self._retriever.warm_up()
        self.search("warm up", top_k=1)

    def to_read(self, found: Retrieval) -> tuple[Passage, ...]:
        """Return the passages that a question is answered from."""
        return self._retriever.to_read(found)

    def why(self, question: str, path: str) -> tuple[Retrieval, bool]:
        """Return the passages for a question with every chunk of one page among the candidates, and whether the page is indexed."""
        with self.generation() as generation:
            found = self._retriever.retrieve(
                question, generation, top_k=self.settings.top_k, max_tokens=self.settings.max_tokens, page=path
            )
            try:
                generation.source(path)
            except KeyError:
                return found, False
            return found, True

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        where: Mapping[str, str] | None = None,
        settings: AskSettings | None = None,
    ) -> Iterator[AskEvent]:
        """Yield the evidence, drafts and the answer; see `pipeline.ask`. Closing the iterator stops the engine."""
        llm = self.llm
        with self.generation() as generation:
            yield from ask(
                question,
                generation=generation,
                retriever=self._retriever,
                llm=llm,
                settings=settings or self.settings,
                history=history,
                where=where,
            )

    def answer(self, question: str, *, history: Sequence[Message] = (), where: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a question, waiting for all of it."""
        for event in self.ask(question, history=history, where=where):
            if isinstance(event, Answer):
                return event
        raise AssertionError("asking ended without an answer")

    def close(self) -> None:
        """Free the generation and the model. Questions must have ended."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.generation.close()
        with self._llm_lock:
            if self._llm is not None:
                self._llm.close()
                self._llm = None

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self) -> _Lease:
        with self._lock:
            current = self._source.current_number()
            if current is None:
                raise IndexStateError("There is no index yet", hint="Run: python ingest.py")
            if self._lease is None or self._lease.generation.number != current:
                fresh = _Lease(self._source.open_current())
                old, self._lease = self._lease, fresh
                if old is not None and not old.users:
                    old.generation.close()
            self._lease.users += 1
            return self._lease

    def _leave(self, lease: _Lease) -> None:
        with self._lock:
            lease.users -= 1
            unused = not lease.users and lease is not self._lease
        if unused:
            lease.generation.close()
