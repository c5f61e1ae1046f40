"""A calibration as Markdown. Knows the shape of scores; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

from eval.agreement import Measured
from eval.calibration import Agreement, Scores, agreement, verdict
from eval.markdown import table


def calibration_markdown(judge: str, scores: Sequence[Scores]) -> str:
    """Return the table of a judge, with word overlap beside it, and a sentence for each metric that it does not beat.

    Args:
        judge: what to call it.
        scores: of each metric and set of labels.

    Returns:
        A document with a table and a list.
    """
    header = ["metric", "labels", "good + bad", "by", "accuracy", "Cohen's kappa", "AUC"]
    rows = [row for each in scores for row in _rows(each)]
    notes = [f"- {each.metric} ({each.labels}): {verdict(each).sentence}" for each in scores]
    if not scores:
        return f"# How far the judge can be trusted\n\nJudge: {judge}. It has not been compared with labelled answers.\n"
    failed = sum(each.failed for each in scores)
    return (
        f"# How far the judge can be trusted\n\nJudge: {judge}. Intervals: 95%, bootstrap over questions. A threshold is chosen on "
        f"the other half of the questions. {failed} judgements failed.\n\n" + table(header, rows) + "\n" + "\n".join(notes) + "\n"
    )


def counted(scores: Scores) -> str:
    """Return how many good and bad ones were judged, such as `48 + 96`, and of how many labels if only of some."""
    good = sum(scores.good)
    return f"{good} + {len(scores.good) - good}" + (f" of {scores.total}" if scores.sampled else "")


def _rows(scores: Scores) -> list[list[str]]:
    count = counted(scores)
    lists = [("judge", "judge"), ("judge, expected", "expected"), ("word overlap", "overlap")]
    return [
        [scores.metric, scores.labels, count, name, *_cells(agreement(scores.scored(which)))]
        for name, which in lists
        if getattr(scores, which)
    ]


def _cells(found: Agreement) -> list[str]:
    return [interval(found.accuracy), interval(found.kappa), interval(found.auc)]


def interval(found: Measured) -> str:
    """Return a measure with its bounds, such as `0.71 (0.64 to 0.78)`; a dash for none."""
    if found.value is None or found.interval is None:
        return "–"
    return f"{found.value:.2f} ({found.interval[0]:.2f} to {found.interval[1]:.2f})"
