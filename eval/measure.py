"""What can be said of an answer without a judge: facts, evidence, abstention, verdict.

Pure functions over a question, an answer and the sources that it was drawn from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eval.evidence import occurrences
from eval.facts import states
from eval.judgement import Sample
from eval.questions import Evidence, Question
from rag.answer.prompt import passage_block
from rag.types import Answer, Span

Verdict = Literal["right", "partial", "wrong", "refused", "overanswered", "error"]
WORST_FIRST: tuple[Verdict, ...] = ("error", "overanswered", "wrong", "refused", "partial", "right")
"""Verdicts from worst to best: inventing an answer is worse than missing one."""

EXPLAINED: dict[Verdict, str] = {
    "right": "all must-facts stated, or abstained where it should",
    "partial": "some must-facts stated",
    "wrong": "answered without any must-fact",
    "refused": "abstained although the notes hold the answer",
    "overanswered": "answered although the notes do not",
    "error": "the system failed with an error",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One place of the evidence.

    Attributes:
        page: path in the corpus.
        heading: above the place.
        retrieved: whether a passage shows characters of it.
        cited: whether a citation does.
        note: why it could not be looked for; empty normally.
    """

    page: str
    heading: str
    retrieved: bool
    cited: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of one answer.

    Attributes:
        verdict: in one word.
        stated: must-facts that the answer states.
        missing: must-facts that it does not.
        evidence: each place of the question's evidence.
    """

    verdict: Verdict
    stated: tuple[str, ...]
    missing: tuple[str, ...]
    evidence: tuple[Found, ...]

    @property
    def fact_share(self) -> float | None:
        """Share of the must-facts that the answer states, 0 to 1; None for a question without any."""
        total = len(self.stated) + len(self.missing)
        return len(self.stated) / total if total else None


def measure(question: Question, answer: Answer, source: Callable[[str], str]) -> Measures:
    """Measure one answer.

    Args:
        question: with what is expected.
        answer: of the system.
        source: gives the source of a page that the system knows; raises KeyError for another.
    """
    text = plain_text(answer)
    stated = tuple(fact for fact in question.must if states(text, fact))
    missing = tuple(fact for fact in question.must if fact not in stated)
    evidence = tuple(_find(place, answer, source) for place in question.evidence)
    return Measures(_verdict(question, answer, stated, missing), stated, missing, evidence)


def plain_text(answer: Answer) -> str:
    """Return what the answer says, without citation markers; empty for an abstention, whose text is ours."""
    if answer.status == "abstained":
        return ""
    return "\n".join(sentence.text for sentence in answer.sentences)


def sample(question: Question, answer: Answer) -> Sample:
    """Return the answered question as the judge gets it; the contexts are what the model read."""
    contexts = [passage_block(passage.rank, passage).strip() for passage in answer.passages]
    return Sample(question.question, plain_text(answer), contexts, question.reference, answer.status == "abstained")


def measures_json(measures: Measures) -> dict[str, Any]:
    """Return JSON values."""
    return {
        "verdict": measures.verdict,
        "facts": {"stated": list(measures.stated), "missing": list(measures.missing), "share": measures.fact_share},
        "evidence": [
            {"page": e.page, "heading": e.heading, "retrieved": e.retrieved, "cited": e.cited, "note": e.note}
            for e in measures.evidence
        ],
    }


def _verdict(question: Question, answer: Answer, stated: Sequence[str], missing: Sequence[str]) -> Verdict:
    if question.silent:
        return "right" if answer.status == "abstained" else "overanswered"
    if answer.status == "abstained":
        return "refused"
    if not missing:
        return "right"
    return "partial" if stated else "wrong"


def _find(evidence: Evidence, answer: Answer, source: Callable[[str], str]) -> Found:
    retrieved = cited = False
    notes = []
    for place in evidence.places:
        try:
            wanted = [(start, start + len(place.quote)) for start in occurrences(source(place.page), place.quote)]
        except KeyError:
            notes.append("the page is not in the index")
            continue
        if not wanted:
            notes.append("the quote is not on the page any more")
        shown = [span for p in answer.passages if p.chunk.path == place.page for span in p.spans]
        pointed_at = [(c.start, c.end) for c in answer.citations if c.path == place.page]
        retrieved = retrieved or _overlap(wanted, shown)
        cited = cited or _overlap(wanted, pointed_at)
    # One place that says it is enough; a note matters where there is none left.
    note = notes[0] if len(notes) == len(evidence.places) else ""
    return Found(evidence.page, evidence.heading, retrieved, cited, note)


def _overlap(some: Sequence[Span], others: Sequence[Span]) -> bool:
    return any(a < d and c < b for a, b in some for c, d in others)
