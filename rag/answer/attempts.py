"""What the model is given to read, and whether that holds the answer: the best passages, then more of them.

Reading is what a reader waits for, and most answers stand in the passage that comes first. So the best passages are read alone, and
more only where it is not sure that those hold the answer, where a question asks for several things or compares two, or where
nothing came of the first. More begins with the best, so what an engine remembers of these is not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answer.attribute import Evidence
from rag.answer.decide import Decision, ask_model, out_of_reach, unless_untied, weigh
from rag.answer.lists import asks_for_list
from rag.answer.parts import compares
from rag.answer.premise import denial
from rag.answer.prompt import messages, write_task
from rag.errors import PromptTooLongError
from rag.protocols import LLM
from rag.types import Message, Passage

FIRST_TOKENS: Final = 200
"""What is read first, if one passage is not longer."""
SURE: Final = 0.5
"""Probability from which the best passages do, 0 to 1."""
_HOPELESS: Final = 0.5
"""Share of the threshold below which all of them do not help either."""


More = Callable[[Sequence[Passage]], Sequence[Passage]]
"""The passages that were read to those and others, which all fit into a prompt."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Passages to answer from.

    Attributes:
        passages: best first.
        decision: on these.
        first: whether nothing was answered from others before.
        last: whether there will be no other.
    """

    passages: tuple[Passage, ...]
    decision: Decision
    first: bool
    last: bool


def attempts(
    llm: LLM, passages: Sequence[Passage], question: str, history: Sequence[Message], threshold: float, more: More
) -> Iterator[Attempt | None]:
    """Yield the best passages if they are likely to do or nothing is, then more of them; a caller that has an answer stops.

    Before the model is asked, which takes some seconds, None is yielded, so that a caller can stop.

    Args:
        llm: asked for its probability of Yes, without notes and then once an attempt.
        passages: best first, all of which fit into a prompt; may be empty.
        question: as asked.
        history: earlier turns, the question not included.
        threshold: least probability to answer, 0 to 1.
        more: what to read where the best passages leave doubt.
    """
    if decision := out_of_reach(passages):
        yield Attempt(tuple(passages), decision, first=True, last=True)
        return
    first, best = True, _best(passages)
    yield None
    alone = ask_model(llm, (), question, history)

    def weighed(read: Sequence[Passage], evidence: Evidence) -> Decision:
        denied = bool(denial(question, evidence))
        return weigh(ask_model(llm, read, question, history), alone, threshold, denied=denied)

    if not asks_for_list(question) and not compares(question):
        yield None
        everything = Evidence(passages, question)
        decision = weighed(best, everything)
        # What the rest is said of speaks for reading it, and not for answering without.
        hopeless = unless_untied(decision, everything, question)
        if hopeless.probability < _HOPELESS * threshold:
            yield Attempt(best, hopeless, first, last=True)
            return
        decision = unless_untied(decision, Evidence(best, question), question)
        if decision.answerable and decision.probability >= SURE:
            yield Attempt(best, decision, first, last=False)
            first = False
    yield None
    read = tuple(more(best))
    evidence = Evidence(read, question)
    yield Attempt(read, unless_untied(weighed(read, evidence), evidence, question), first, last=True)


def _best(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The first passages, as many as are short enough, at least one."""
    left = FIRST_TOKENS
    for place, passage in enumerate(passages):
        left -= passage.tokens
        if left < 0 and place:
            return tuple(passages[:place])
    return tuple(passages)


def fitting(
    llm: LLM, passages: Sequence[Passage], question: str, history: Sequence[Message], answer_tokens: int
) -> tuple[Passage, ...]:
    """Leave out the last passages until prompt and answer fit the model's context.

    Args:
        llm: counts the tokens of a prompt.
        passages: best first.
        question: as asked.
        history: earlier turns.
        answer_tokens: room for the answer.

    Returns:
        Those that fit, best first.

    Raises:
        PromptTooLongError: the question alone does not fit.
    """
    room = llm.context_tokens - answer_tokens
    kept = tuple(passages)
    while True:
        needed = llm.count_prompt(messages(kept, question, history, write_task(question)))
        if needed <= room:
            return kept
        if not kept:
            raise PromptTooLongError(
                f"The question needs {needed} tokens and the model has room for {room}", hint="Ask a shorter question."
            )
        kept = kept[:-1]
