"""What the tab shows of the evaluation, and what it asks of it. `eval` implements `Evaluation`; nothing here imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list.

    Attributes:
        name: of its folder.
        started: UTC, ISO 8601.
        finished: the same; empty while it is under way or after it was cut off.
        llm: that answered.
        judge: of the answers; empty without one.
        asked: questions with a result.
        selected: questions that it is over.
        right: share of the results that came out right, 0 to 1; None without any.
    """

    name: str
    started: str
    finished: str
    llm: str
    judge: str
    asked: int
    selected: int
    right: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run.

    Attributes:
        name: of the figure.
        meaning: in one line.
        value: 0 to 1; None where nothing counts.
        low: of its 95% interval; None without one.
        high: of its 95% interval; None without one.
        count: how many questions it rests on.
        doubt: why it should not be relied on; empty if it may be.
    """

    name: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    count: int
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture: `svg` is finished and safe, its colours come from classes."""

    title: str
    svg: str
    note: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question of a run, with its verdict."""

    id: str
    question: str
    type: str
    verdict: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as a whole; questions are ordered from the worst to the best."""

    line: RunLine
    facts: Mapping[str, str]
    figures: Sequence[Figure]
    plots: Sequence[Plot]
    questions: Sequence[QuestionLine]


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of two runs: means over the questions of both, the difference with its 95% interval, and what it means."""

    name: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    verdict: str
    count: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Two runs side by side; `changes` are id and both verdicts, those that got worse first."""

    words: str
    figures: Sequence[ComparedFigure]
    changes: Sequence[tuple[str, str, str]]


class Evaluation(Protocol):
    """What can be asked of the evaluation."""

    types: Sequence[str]
    expectations: Sequence[str]

    def runs(self) -> Sequence[RunLine]:
        """Return all runs, the last one first; what cannot be read is left out."""
        ...

    def view(self, name: str) -> RunView:
        """Read a run.

        Args:
            name: of its folder.

        Returns:
            Its facts, figures and plots, and its questions from the worst to the best.

        Raises:
            ConfigError: there is no such run.
        """
        ...

    def question(self, name: str, identity: str) -> Mapping[str, Any]:
        """Read one result of a run.

        Args:
            name: of the run.
            identity: of the question.

        Returns:
            The result as the run's file has it.

        Raises:
            ConfigError: there is no such run or question.
        """
        ...

    def compare(self, before: str, after: str) -> Compared:
        """Compare two runs.

        Args:
            before: name of the run to compare with.
            after: name of the run to judge.

        Returns:
            The differences on the questions that both have, and the verdict.

        Raises:
            ConfigError: there is no such run, or they have no question in common.
        """
        ...

    def command(self, *, limit: int | None, judged: bool) -> Sequence[str]:
        """Return the command that makes a run; it reports `N of M: ...` on standard error."""
        ...

    def add(self, fields: Mapping[str, Any]) -> str:
        """Write a test question.

        Args:
            fields: as the form has them; checked like a line of the file.

        Returns:
            The id of the question.

        Raises:
            ConfigError: it is wrong, or its evidence does not stand there.
        """
        ...
