"""Is the question answerable from these passages? Decided before a word is written.

The language model is asked whether the passages answer the question, on the same prefix as the answer, and whether it would say so
without any; how much they raise its Yes is weighed by a fitted model. What is far from everything is refused before the model reads
anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.answer.answerable import fitted
from rag.answer.attribute import Evidence
from rag.answer.prompt import DECIDE, NO, YES, messages
from rag.answer.signals import signals
from rag.answer.subject import tightest_tie
from rag.protocols import LLM
from rag.types import Message, Passage

FAR_SIMILARITY: Final = 0.15  # cosine below which all-MiniLM-L6-v2 sees no relation at all
FAR_COVERAGE: Final = 0.1  # and hardly a word of the question in any passage
DENIED: Final = 0.3
"""Least probability where the notes deny something that is asked: what is just enough as it is configured, and not where more is
wanted. Half of the false premises have such a sentence, and an eighth of what cannot be answered (docs/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer.

    Attributes:
        answerable: the decision.
        probability: that the passages state the answer, 0 to 1.
        reason: why not; empty if answerable.
        least_tie: how much of what is asked about an answer must be tied to, 0 to 1, to be one (see `rag.answer.subject`).
    """

    answerable: bool
    probability: float
    reason: str
    least_tie: float = 0.0


def out_of_reach(passages: Sequence[Passage]) -> Decision | None:
    """Decide without the model where nothing was found, or nothing that is near; None where it has to be asked."""
    if not passages:
        return Decision(False, 0.0, "No page of the notes matches the question.")
    scores = [passage.scores for passage in passages]
    far = max(each.get("dense", 0.0) for each in scores) < FAR_SIMILARITY
    if far and max(each.get("coverage", 0.0) for each in scores) < FAR_COVERAGE:
        return Decision(False, 0.0, "The question is far from everything in the notes.")
    return None


def weigh(yes: float, alone: float, threshold: float, *, denied: bool = False) -> Decision:
    """Weigh the model's Yes with what it says to the question without notes.

    Args:
        yes: the model's probability with the passages, 0 to 1.
        alone: the same without any; what it says to every question of that kind counts against it.
        threshold: least probability to answer, 0 to 1.
        denied: whether the notes deny what the question may take for granted: that raises no Yes, and is to be corrected.

    Returns:
        Whether to answer, and how likely the passages hold the answer.
    """
    probability = fitted().probability(signals(yes, alone))
    if denied:
        probability = max(probability, DENIED)
    if probability < threshold:
        return Decision(False, probability, "The notes that come nearest do not state the answer.")
    return Decision(True, probability, "", fitted().least_tie(probability, threshold))


def unless_untied(decision: Decision, evidence: Evidence, question: str) -> Decision:
    """Refuse, before anything is written, where nothing in the passages is said of what was asked and something would have to be.

    Args:
        decision: on the question.
        evidence: the passages to answer from.
        question: as asked.

    Returns:
        The decision, or not to answer.
    """
    if not decision.answerable or not decision.least_tie:
        return decision
    tie = tightest_tie(question, evidence)
    return decision if tie >= decision.least_tie else untied(decision, tie)


def untied(decision: Decision, tie: float) -> Decision:
    """Return the decision not to answer, for what could be said is said of something else.

    Args:
        decision: to answer.
        tie: of what could be said, 0 to 1.

    Returns:
        With the probability that the tie leaves.
    """
    reason = "What comes nearest is said of something else."
    return replace(decision, answerable=False, reason=reason, probability=with_answer(decision, tie))


def with_answer(decision: Decision, tie: float) -> float:
    """Weigh in the answer, once there is one.

    Args:
        decision: to answer.
        tie: of what was written, 0 to 1.

    Returns:
        The probability that it is the notes' answer, 0 to 1.
    """
    return fitted().with_answer(decision.probability, tie)


def ask_model(llm: LLM, passages: Sequence[Passage], question: str, history: Sequence[Message]) -> float:
    """Return the model's probability of Yes, 0 to 1, to whether the passages answer the question; there may be none."""
    return llm.probabilities(messages(passages, question, history, DECIDE), (YES, NO))[0]
