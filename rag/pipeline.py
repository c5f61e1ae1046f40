"""The two flows, top to bottom: `ingest` and `ask`. Read this first.

Knows the order of the work and nothing of vendors: every part is passed in and is a Protocol or a pure function.

    ingest:  walk -> load -> chunk -> embed (what is new) -> store a generation -> move the pointer
    ask:     understand -> retrieve -> decide -> generate -> cite
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.answer.abstain import abstention_text
from rag.answer.compose import Composer
from rag.answer.decide import decide
from rag.answer.prompt import WRITE, messages
from rag.errors import PromptTooLongError
from rag.protocols import LLM, Generation
from rag.retrieve.retriever import Retriever
from rag.types import Answer, AskEvent, Draft, Message, Passage, Retrieval


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What a question may cost and how strict the answer is.

    Attributes:
        top_k: most passages.
        max_tokens: context budget for the passages.
        max_answer_tokens: longest answer.
        threshold: abstain below this probability that the passages hold the answer, 0 to 1.
    """

    top_k: int
    max_tokens: int
    max_answer_tokens: int
    threshold: float


def ask(
    question: str,
    *,
    generation: Generation,
    retriever: Retriever,
    llm: LLM,
    settings: AskSettings,
    history: Sequence[Message] = (),
    where: Mapping[str, str] | None = None,
) -> Iterator[AskEvent]:
    """Answer a question from one generation of the index.

    Yields the evidence first, then drafts as the model writes, and last the `Answer`. Closing the iterator stops the engine.

    Raises:
        PromptTooLongError: the question alone does not fit the model's context.
        LLMError: the engine failed.
    """
    start = time.perf_counter()
    found = retriever.retrieve(
        question, generation, top_k=settings.top_k, max_tokens=settings.max_tokens, history=history, where=where
    )
    timings = {"retrieve": time.perf_counter() - start}
    yield found

    passages = _fitting(llm, found.passages, question, history, settings.max_answer_tokens)
    decision = decide(llm, passages, question, history, settings.threshold)
    timings["decide"] = time.perf_counter() - start - timings["retrieve"]
    if not decision.answerable:
        yield _abstention(decision.reason, found, timings, start)
        return

    composer = Composer(passages, generation.source)
    draft = Draft("", 0, (), ())
    for piece in llm.stream(messages(passages, question, history, WRITE), max_tokens=settings.max_answer_tokens):
        composer.add(piece)
        timings.setdefault("first_token", time.perf_counter() - start)
        latest = composer.draft()
        if latest != draft:
            draft = latest
            yield draft
        if composer.repeats:
            break
    draft = composer.finish()
    if not draft.citations:
        yield _abstention("Nothing in them supports what the model would have answered.", found, timings, start)
        return
    timings["total"] = time.perf_counter() - start
    yield Answer(
        "answered", "", draft.text, draft.sentences, draft.citations, passages, timings, found.generation, composer.invented_markers
    )


def _fitting(
    llm: LLM, passages: Sequence[Passage], question: str, history: Sequence[Message], answer_tokens: int
) -> tuple[Passage, ...]:
    """Leave out the last passages until prompt and answer fit the model's context."""
    room = llm.context_tokens - answer_tokens
    kept = tuple(passages)
    while True:
        needed = llm.count_prompt(messages(kept, question, history, WRITE))
        if needed <= room:
            return kept
        if not kept:
            raise PromptTooLongError(
                f"The question needs {needed} tokens and the model has room for {room}", hint="Ask a shorter question."
            )
        kept = kept[:-1]


def _abstention(reason: str, found: Retrieval, timings: dict[str, float], start: float) -> Answer:
    total = time.perf_counter() - start
    timings = {"first_token": total, **timings, "total": total}
    return Answer("abstained", reason, abstention_text(reason, found.passages), (), (), found.passages, timings, found.generation)
