"""Is the question answerable from these passages? Decided before a word is written.

Two signals so far: the best cosine similarity, which is cheap and rules out what is far off topic, and the model's own probability
of Yes, read on the same prefix as the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.prompt import DECIDE, NO, YES, messages
from rag.protocols import LLM
from rag.types import Message, Passage

FAR_SIMILARITY = 0.15  # cosine below which all-MiniLM-L6-v2 sees no relation at all


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer.

    Attributes:
        answerable: the decision.
        probability: that the passages state the answer, 0 to 1.
        reason: why not; empty if answerable.
    """

    answerable: bool
    probability: float
    reason: str


def decide(llm: LLM, passages: Sequence[Passage], question: str, history: Sequence[Message], threshold: float) -> Decision:
    """Decide whether the passages hold the answer.

    Args:
        llm: asked for its probability of Yes.
        passages: what was retrieved; may be empty.
        question: as asked.
        history: earlier turns, the question not included.
        threshold: least probability to answer, 0 to 1.
    """
    if not passages:
        return Decision(False, 0.0, "No page of the notes matches the question.")
    if max(passage.scores.get("dense", 0.0) for passage in passages) < FAR_SIMILARITY:
        return Decision(False, 0.0, "The question is far from everything in the notes.")
    probability = llm.probabilities(messages(passages, question, history, DECIDE), (YES, NO))[0]
    if probability < threshold:
        return Decision(False, probability, "The notes that come nearest do not state the answer.")
    return Decision(True, probability, "")
