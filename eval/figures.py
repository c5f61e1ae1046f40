"""One result to its figures by name: the only place that says what is counted of which question.

Summaries, comparisons, gates and plots all take their numbers from here. A figure that says nothing about a question is missing,
never 0; a failed judgement has no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eval.ir import evidence_recall_within, hit_at, judged, ndcg_at, reciprocal_rank
from eval.names import LOWER_IS_BETTER
from eval.questions import SILENT

Result = Mapping[str, Any]

BUDGETS_TOKENS = (256, 512, 1024)
DEPTHS = (1, 3, 5)
EXPECTED = " (expected)"
"""Ends the name of a judged figure that is made of probabilities."""

SHARES = frozenset({"right", "answered", "abstained"})
"""Figures that are 0 or 1 for each question."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "right": "all must-facts stated, or rightly abstained",
        "must_facts": "share of the facts that an answer has to state",
        "answered": "questions that the notes answer and that were answered",
        "abstained": "questions that the notes do not answer and that were not answered",
        **{f"evidence_recall@{b}": f"share of the evidence in the first {b} tokens of passages" for b in BUDGETS_TOKENS},
        **{
            f"hit@{k}": f"some evidence among the first {k} passages" if k > 1 else "some evidence in the first passage"
            for k in DEPTHS
        },
        "mrr": "one over the rank of the first passage with evidence",
        "ndcg@10": "discounted gain of the first ten passages; a repeated piece gains nothing",
        "citation_precision": "share of the citations that point at evidence",
        "citation_recall": "share of the evidence that a citation points at",
        "judged": "share of the judgements that did not fail",
    }
)
"""The figures without a judge, in the order of a report."""

SECONDS = ("retrieve", "first_token", "total")
"""Keys of `Answer.timings_s` that are reported; less is better, and they belong to a machine."""


@dataclass(frozen=True, slots=True)
class Direction:
    """How to read a figure.

    Attributes:
        higher_is_better: which way is up.
        gated: whether a loss may fail a gate; times, which belong to a machine, and expected values, which stand beside others, may
            not.
    """

    higher_is_better: bool
    gated: bool


def direction(name: str) -> Direction:
    """Return how to read a figure."""
    if name.endswith(" s"):
        return Direction(higher_is_better=False, gated=False)
    return Direction(name.removesuffix(EXPECTED) not in LOWER_IS_BETTER, gated=not name.endswith(EXPECTED))


def figures(result: Result) -> dict[str, float]:
    """Return the figures of one question; none of a question that ended with an error.

    Args:
        result: a line of a run, judgements included.

    Returns:
        Values by name, only those that say something about this question.
    """
    if result["error"]:
        return {}
    found = {"right": float(result["verdict"] == "right")}
    if is_silent(result):
        found["abstained"] = float(result["verdict"] == "right")
    else:
        found["answered"] = float(result["verdict"] != "refused")
        found |= _of_answerable(result)
    asked = [judgement for judgement in result["judged"].values() if judgement["status"] != "not_judged"]
    if asked:
        found["judged"] = sum(judgement["status"] == "judged" for judgement in asked) / len(asked)
    for metric, judgement in result["judged"].items():
        if judgement["status"] == "judged":
            found[metric] = float(judgement["value"])
            if judgement.get("expected") is not None:
                found[metric + EXPECTED] = float(judgement["expected"])
    for stage in SECONDS:
        if stage in result["answer"]["timings_s"]:
            found[f"{stage} s"] = float(result["answer"]["timings_s"][stage])
    return found


def is_silent(result: Result) -> bool:
    """Say whether the question should not have been answered."""
    return result["expected"] in SILENT


def abstention_precision(results: Iterable[Result]) -> tuple[int, int]:
    """Return how many of the questions that were not answered should not be, and how many those are."""
    declined = [result for result in results if result["answer"] and result["answer"]["status"] == "abstained"]
    return sum(is_silent(result) for result in declined), len(declined)


def columns(results: Iterable[Result]) -> dict[str, dict[str, float]]:
    """Return the values of each figure by question id; figures in the order of a report."""
    found: dict[str, dict[str, float]] = {}
    for result in results:
        for name, value in figures(result).items():
            found.setdefault(name, {})[str(result["id"])] = value
    order = {name: place for place, name in enumerate(MEANINGS)}
    last = len(order)
    return dict(sorted(found.items(), key=lambda item: (item[0].endswith(" s"), order.get(item[0], last))))


def _of_answerable(result: Result) -> dict[str, float]:
    found: dict[str, float] = {}
    if result["facts"]["share"] is not None:
        found["must_facts"] = float(result["facts"]["share"])
    evidence = result["evidence"]
    if not evidence:
        return found
    shown = _shown(evidence, len(result["passage_tokens"]))
    ranked, gains = judged(shown, len(evidence))
    for budget in BUDGETS_TOKENS:
        found[f"evidence_recall@{budget}"] = evidence_recall_within(shown, result["passage_tokens"], len(evidence), budget)
    for depth in DEPTHS:
        found[f"hit@{depth}"] = hit_at(ranked, gains, depth)
    found["mrr"] = reciprocal_rank(ranked, gains)
    found["ndcg@10"] = ndcg_at(ranked, gains, 10)
    if result["answer"]["status"] == "answered":
        given = result["citations"]["given"]
        found["citation_precision"] = result["citations"]["good"] / given if given else 0.0
        found["citation_recall"] = sum(bool(piece["cited"]) for piece in evidence) / len(evidence)
    return found


def _shown(evidence: Sequence[Mapping[str, Any]], passages: int) -> list[set[int]]:
    shown: list[set[int]] = [set() for _ in range(passages)]
    for piece, found in enumerate(evidence):
        for rank in found["ranks"]:
            shown[rank - 1].add(piece)
    return shown
