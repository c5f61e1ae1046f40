"""One question, answered from what was found for it: read, decide, write, check.

Knows a model and passages; knows no index and no retriever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.answer.abstain import abstention_text
from rag.answer.attempts import Attempt, More, attempts, fitting
from rag.answer.decide import Decision, untied, with_answer
from rag.answer.translate import write_in
from rag.answer.write import NOTHING, Nearest, Writing, write
from rag.protocols import LLM
from rag.types import Answer, Draft, Message, Passage, Retrieval

_SURELY: Final = 0.5
"""Probability that the notes hold the answer, 0 to 1, from which a model is not believed that says that they do not.

Of 21 questions of the tuning halves that it declined, 15 had no answer, and 19 of the 21 were below (docs/LOG.md).
"""


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What a question may cost and how strict the answer is.

    Attributes:
        top_k: most passages.
        max_tokens: context budget for the passages.
        max_answer_tokens: longest answer.
        threshold: abstain below this probability that the passages hold the answer, 0 to 1.
        drop_unsupported: leave out sentences that the passages do not support, instead of showing their verdict.
    """

    top_k: int
    max_tokens: int
    max_answer_tokens: int
    threshold: float
    drop_unsupported: bool = False


def answer_one(
    llm: LLM,
    asked: str,
    found: Retrieval,
    passages: Sequence[Passage],
    history: Sequence[Message],
    settings: AskSettings,
    source: Callable[[str], str],
    nearest: Nearest,
    more: More,
    timings: dict[str, float],
    start: float,
    *,
    after: int = 0,
    language: str = "",
) -> Iterator[Draft | Answer]:
    """Answer one question from what was found for it.

    Args:
        llm: the model.
        asked: the question, as it is read.
        found: for it.
        passages: of these, best first.
        history: what it needs of the turns before it.
        settings: budgets and thresholds.
        source: gives the source of a page.
        nearest: finds what to quote.
        more: what to read where the first passages leave doubt; what of it does not fit into the prompt is left out.
        timings: seconds by stage, with `retrieve`; the others are added.
        start: when it was asked, by the same clock as `time.perf_counter`.
        after: how many markers stand before its first.
        language: English name of the language to answer in; empty where that is the language of the notes.

    Yields:
        Drafts as the model writes, and last the answer.

    Raises:
        PromptTooLongError: the question alone does not fit the model's context.
        LLMError: the engine failed.
    """

    def fit(some: Sequence[Passage]) -> tuple[Passage, ...]:
        return fitting(llm, some, asked, history, settings.max_answer_tokens)

    invented = 0
    for attempt in attempts(llm, fit(passages), asked, history, settings.threshold, lambda read: fit(more(read))):
        if attempt is None:
            yield NOTHING
            continue
        decision = attempt.decision
        timings.setdefault("decide", time.perf_counter() - start - timings["retrieve"])
        if not decision.answerable:
            break
        drafts = write(
            llm,
            attempt.passages,
            asked,
            history,
            settings.max_answer_tokens,
            source,
            nearest,
            drop_unsupported=settings.drop_unsupported,
            least_tie=decision.least_tie,
            after=after,
            first=attempt.first,
            last=attempt.last,
            insists=decision.probability >= _SURELY,
        )
        for event in write_in(llm, drafts, language) if language else drafts:
            if isinstance(event, Draft):
                if event.text:
                    timings.setdefault("first_token", time.perf_counter() - start)
                yield event
            elif event.draft.citations:
                timings["total"] = time.perf_counter() - start
                yield _answered(event, attempt, found, timings, invented)
                return
            else:
                decision = _without_answer(decision, event)
                invented += event.invented_markers
    yield _abstention(decision, found, timings, start)


def _answered(writing: Writing, attempt: Attempt, found: Retrieval, timings: dict[str, float], invented: int) -> Answer:
    timings.setdefault("first_token", timings["total"])
    reason = "The model had no answer of its own; these sentences of the notes come nearest." if writing.quoted else ""
    return Answer(
        "answered",
        reason,
        writing.draft.text,
        writing.draft.sentences,
        writing.draft.citations,
        attempt.passages,
        timings,
        found.generation,
        invented + writing.invented_markers,
        with_answer(attempt.decision, writing.tie),
    )


def _without_answer(decision: Decision, writing: Writing) -> Decision:
    """The decision once the model has nothing to say that the notes support."""
    if writing.tie < decision.least_tie:
        return untied(decision, writing.tie)
    reason = "The model found no answer that they support."
    return replace(decision, reason=reason, probability=with_answer(decision, writing.tie))


def _abstention(decision: Decision, found: Retrieval, timings: dict[str, float], start: float) -> Answer:
    total = time.perf_counter() - start
    timings = {"first_token": total, **timings, "total": total}
    text = abstention_text(decision.reason, found.passages)
    return Answer(
        "abstained", decision.reason, text, (), (), found.passages, timings, found.generation, probability=decision.probability
    )
