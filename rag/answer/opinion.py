"""The language model's opinion of a sentence: Yes or No to whether what it is attributed to states it.

Shown nothing but the cited sentences and their neighbours, a small model tells apart what words in common do not: another subject,
a list made up in the words of the notes. Knows a model, a sentence and its evidence; what the opinion is worth is in `support`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from rag.answer.attribute import Attribution, Evidence
from rag.answer.prompt import NO, YES, neutral
from rag.protocols import LLM
from rag.types import Message

MOST: Final = 8
"""Sentences of an answer that are asked of, what is left of one counted too."""

_RULES = "You check statements against notes."
_TASK = f"Is every detail of the statement stated in the notes? Reply with one word, {YES} or {NO}."


def ask_opinion(llm: LLM, claim: str, attribution: Attribution, evidence: Evidence, question: str) -> float:
    """Ask of one sentence.

    Args:
        llm: the model.
        claim: the sentence, without markers.
        attribution: of it; has at least one unit.
        evidence: that it was attributed to.
        question: that the sentence answers; may be empty.

    Returns:
        The model's probability of Yes, 0 to 1.
    """
    asked = f"Question: {_quoted(question)}\n" if question else ""
    content = f"Notes:\n{_notes(attribution, evidence)}\n\n{asked}Statement: {_quoted(claim)}\n\n{_TASK}"
    messages: list[Message] = [{"role": "system", "content": _RULES}, {"role": "user", "content": content}]
    return llm.probabilities(messages, (YES, NO))[0]


def ask_opinions(
    llm: LLM, doubtful: Mapping[str, Attribution], evidence: Evidence, question: str, most: int = MOST
) -> Iterator[tuple[str, float]]:
    """Ask of the first sentences of an answer, a second each.

    Args:
        llm: the model.
        doubtful: sentences, without markers, and what they are attributed to.
        evidence: that they were attributed to.
        question: that they answer.
        most: how many are asked of.

    Yields:
        Each sentence, with the model's probability of Yes, 0 to 1.
    """
    for claim, attribution in islice(doubtful.items(), most):
        yield claim, ask_opinion(llm, claim, attribution, evidence, question)


def _notes(attribution: Attribution, evidence: Evidence) -> str:
    """The cited sentences between the one before and the one after, under the headings of their passage."""
    units = evidence.units
    cited = [place for place, unit in enumerate(units) if unit in attribution.units]
    shown = {near for place in cited for near in (place - 1, place, place + 1) if 0 <= near < len(units)}
    of_cited = {units[place].passage for place in cited}
    lines: list[str] = []
    last = None
    for place in sorted(shown):
        unit = units[place]
        if unit.passage not in of_cited:
            continue
        if unit.passage != last:
            lines.append(f"[{_quoted(evidence.passages[unit.passage].chunk.heading_line)}]")
            last = unit.passage
        lines.append(_quoted(unit.text))
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return neutral(" ".join(text.split()))
