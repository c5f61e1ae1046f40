"""Two runs side by side: each figure better, worse or noise, and the questions that changed.

Knows the figures of results and the statistics of pairs; knows no file and no layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eval.figures import columns, direction
from eval.measure import WORST_FIRST
from eval.pairs import Difference, holm, mcnemar, paired_bootstrap
from eval.statistics import mean

ALPHA = 0.05
"""Of a difference, corrected for how many figures are looked at."""

DIGITS = 6
"""To which two values are compared, and kept in a baseline."""

Columns = Mapping[str, Mapping[str, float]]
"""Values by figure and question id; see `figures.columns`."""

Word = Literal["better", "worse", "noise"]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of two runs.

    Attributes:
        name: of the figure.
        before: its mean in the first run, over the questions that have it in both.
        after: its mean in the second run.
        difference: with interval and p.
        p: of the difference; corrected for how many figures a gate minds, if it minds this one.
        changed: how many questions have another value.
        count: how many questions have it in both.
        verdict: in one word.
        gated: whether a loss of it may fail a gate.
    """

    name: str
    before: float
    after: float
    difference: Difference
    p: float
    changed: int
    count: int
    verdict: Word
    gated: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A question that came out otherwise.

    Attributes:
        id: of the question.
        before: verdict in the first run.
        after: verdict in the second.
        moved: figures that differ, with how much they gained.
    """

    id: str
    before: str
    after: str
    moved: Mapping[str, float]

    @property
    def worse(self) -> bool:
        """Whether the verdict fell."""
        return _place(self.after) < _place(self.before)

    @property
    def better(self) -> bool:
        """Whether the verdict rose."""
        return _place(self.after) > _place(self.before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        lines: one for each figure that both runs have.
        lost: questions that were right before and are not now.
        won: questions that are right now and were not before.
        mcnemar_p: of lost against won, two-sided.
        changes: questions whose verdict or figures differ, those that got worse first.
        questions: how many both runs asked.
        only_one: how many only one of them asked.
        gone: figures that a gate minds, which the second run has of none of the questions that both asked.
    """

    lines: Sequence[Line]
    lost: int
    won: int
    mcnemar_p: float
    changes: Sequence[Change]
    questions: int
    only_one: int
    gone: Sequence[str] = ()

    @property
    def worse(self) -> list[str]:
        """Names of the figures that got worse or are gone, as far as a gate minds; `right` also where McNemar's test says so."""
        found = [line.name for line in self.lines if line.verdict == "worse" and line.gated]
        lost = self.lost > self.won and self.mcnemar_p < ALPHA and "right" not in found
        return [*(["right"] if lost else []), *found, *(f"{name} (gone)" for name in self.gone)]


def compare(before: Columns, after: Columns, verdicts: tuple[Mapping[str, str], Mapping[str, str]], *, seed: int = 0) -> Comparison:
    """Compare two runs.

    Args:
        before: values of the first one.
        after: values of the second one.
        verdicts: of both, by question id; questions that ended with an error are among them.
        seed: of the bootstrap.

    Returns:
        Figures in the order of a report, changed questions worst first.
    """
    shared = [name for name in before if name in after and before[name].keys() & after[name].keys()]
    pairs = {name: _paired(before[name], after[name]) for name in shared}
    differences = {name: paired_bootstrap(*pairs[name], seed=seed) for name in shared}
    corrected = holm({name: found.p for name, found in differences.items() if direction(name).gated})
    lines = [_line(name, *pairs[name], differences[name], corrected.get(name, differences[name].p)) for name in shared]
    first, second = verdicts
    asked = [question for question in first if question in second]
    lost = sum(first[question] == "right" != second[question] for question in asked)
    won = sum(second[question] == "right" != first[question] for question in asked)
    changes = [change for question in asked if (change := _change(question, before, after, first, second))]
    changes.sort(key=lambda change: (_place(change.after) - _place(change.before), sum(change.moved.values()), change.id))
    # Times belong to a machine and are in no baseline.
    had = [name for name in before if direction(name).gated and before[name].keys() & second.keys()]
    gone = [name for name in had if not after.get(name, {}).keys() & first.keys()]
    return Comparison(lines, lost, won, mcnemar(lost, won), changes, len(asked), len(first.keys() ^ second.keys()), gone)


def values_of(results: Sequence[Mapping[str, Any]]) -> tuple[Columns, dict[str, str]]:
    """Return what `compare` takes of one run: its columns and its verdicts."""
    return columns(results), {str(result["id"]): str(result["verdict"]) for result in results}


def _paired(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[list[float], list[float]]:
    both = sorted(before.keys() & after.keys())
    # ragas' context precision of a perfect list is 0.9999999999, and a baseline holds 1: the same small step down in every question
    # would be a significant loss.
    return [round(before[question], DIGITS) for question in both], [round(after[question], DIGITS) for question in both]


def _line(name: str, before: Sequence[float], after: Sequence[float], difference: Difference, p: float) -> Line:
    way = direction(name)
    gain = difference.value if way.higher_is_better else -difference.value
    verdict: Word = "noise" if p >= ALPHA or not gain else "better" if gain > 0 else "worse"
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    return Line(name, mean(before), mean(after), difference, p, changed, len(before), verdict, way.gated)


def _change(question: str, before: Columns, after: Columns, first: Mapping[str, str], second: Mapping[str, str]) -> Change | None:
    moved = {}
    for name in before:
        one, other = before[name].get(question), after.get(name, {}).get(question)
        if one is not None and other is not None and round(one - other, DIGITS) and not name.endswith(" s"):
            moved[name] = (other - one) * (1 if direction(name).higher_is_better else -1)
    if not moved and first[question] == second[question]:
        return None
    return Change(question, first[question], second[question], moved)


def _place(verdict: str) -> int:
    order: Sequence[str] = WORST_FIRST
    return order.index(verdict)
