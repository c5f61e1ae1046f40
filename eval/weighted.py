"""The arithmetic of ragas' default metrics over expected verdicts instead of hard ones.

A judge that is hardly more sure of 1 than of 0 says 1 all the same; its expected verdict is 0.5. With verdicts that are sure, each
function gives what ragas gives. A metric whose verdicts are not all known has no expected value. Knows calls, not ragas.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from eval.judgement import Call

Expected = Callable[[Sequence[Call]], float | None]


def answer_relevancy(calls: Sequence[Call], question: str, embed: Callable[[str], Sequence[float]]) -> float | None:
    """Return the similarity of the question and the one that the judge read out of the answer, times how committal it is.

    Args:
        calls: of one judgement.
        question: as asked.
        embed: text to vector.

    Returns:
        -1 to 1, or None where the verdict's probability is not known.
    """
    evasive = _verdicts(calls, "noncommittal")
    if evasive is None:
        return None
    found = [np.asarray(embed(json.loads(call.output)["question"])) for call in calls]
    asked = np.asarray(embed(question))
    cosines = [float(asked @ each / (np.linalg.norm(asked) * np.linalg.norm(each))) for each in found]
    return float(np.mean(cosines) * (1 - np.prod(evasive)))


def _mean_of(field: str, most: float = 1.0) -> Expected:
    def expected(calls: Sequence[Call]) -> float | None:
        verdicts = _verdicts(calls, field)
        return None if verdicts is None else float(np.mean(verdicts)) / most

    return expected


def _precision(calls: Sequence[Call]) -> float | None:
    verdicts = _verdicts(calls, "verdict")
    if verdicts is None:
        return None
    at_rank = np.cumsum(verdicts) / np.arange(1, len(verdicts) + 1)
    return float((at_rank * verdicts).sum() / (sum(verdicts) + 1e-10))


EXPECTED: Mapping[str, Expected] = MappingProxyType(
    {
        "faithfulness": _mean_of("verdict"),
        "context_precision": _precision,
        "context_utilization": _precision,
        "context_recall": _mean_of("attributed"),
        "context_relevance": _mean_of("rating", 2.0),
        "response_groundedness": _mean_of("rating", 2.0),
        "answer_accuracy": _mean_of("rating", 4.0),
    }
)


def _verdicts(calls: Sequence[Call], field: str) -> list[float] | None:
    found = [verdict.expected for call in calls for verdict in call.verdicts if verdict.field == field]
    known = [each for each in found if each is not None]
    return known if known and len(known) == len(found) else None
