"""How far the judged figures of a run can be trusted: what the calibration of its judge says of each metric.

Knows scores of labelled answers and values of a run; knows no layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.calibration import Agreement, Scores, agreement, verdict
from eval.calibration_report import counted
from eval.correction import Corrected, corrected_share

UNKNOWN = "This judge has not been compared with labelled answers; read the figure as a comparison between runs."

# A labelled precision is of one passage and that of a run of many, so the one says nothing of the other's errors.
_CORRECTED = frozenset({"faithfulness", "answer_relevancy", "context_recall", "context_relevance", "semantic_similarity"})


@dataclass(frozen=True, slots=True)
class Trust:
    """What to make of one judged figure.

    Attributes:
        grey: whether the figure should not be relied on.
        sentence: why, or why it may be.
        corrected: the share of good answers, corrected for the judge's errors; None where that cannot be said.
        judge: how well the judge agrees with labels; None where it was not asked.
        overlap: how well word overlap does.
        expected: how well the judge's expected values do; None where they are not known.
        counted: how many good and bad labelled answers that rests on.
    """

    grey: bool
    sentence: str
    corrected: Corrected | None = None
    judge: Agreement | None = None
    overlap: Agreement | None = None
    expected: Agreement | None = None
    counted: str = ""

    @property
    def rows(self) -> list[tuple[str, Agreement]]:
        """What was compared with the labels, each with its name; none for a judge that was not."""
        found = (("judge", self.judge), ("judge, expected", self.expected), ("word overlap", self.overlap))
        return [(name, each) for name, each in found if each]


def trust(metrics: Sequence[str], values: Mapping[str, Mapping[str, float]], calibrated: Sequence[Scores]) -> dict[str, Trust]:
    """Return what to make of each judged figure of a run.

    Args:
        metrics: judged ones, in order.
        values: of the run, by figure and question.
        calibrated: the judge's scores of our own labelled answers; empty for a judge that was never calibrated.

    Returns:
        One entry for each metric.
    """
    by_metric = {scores.metric: scores for scores in calibrated if scores.labels == "notes"}
    return {metric: _trust(metric, list(values.get(metric, {}).values()), by_metric.get(metric)) for metric in metrics}


def _trust(metric: str, values: Sequence[float], scores: Scores | None) -> Trust:
    if scores is None or not scores.judge:
        return Trust(True, UNKNOWN)
    found = verdict(scores)
    corrected = corrected_share(values, scores.scored()) if metric in _CORRECTED else None
    return Trust(
        not found.beats_overlap,
        found.sentence,
        corrected,
        agreement(scores.scored()),
        agreement(scores.scored("overlap")),
        agreement(scores.scored("expected")) if scores.expected else None,
        counted(scores),
    )
