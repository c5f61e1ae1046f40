"""The evaluation as the chat's tab shows it: `rag.ui.evaluation.values.Evaluation` over the folder of runs.

Knows runs, figures, plots and the question file; knows no page.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from eval import plots
from eval.adding import add_question, place_of
from eval.calibration import read_calibration
from eval.commands.arguments import RUNS
from eval.compare import Line, compare, values_of
from eval.figures import columns
from eval.measure import WORST_FIRST
from eval.questions import DEFAULT_FILE, Expected, Type
from eval.record import RUN_FILE, Result, read_results, read_run
from eval.summary import Row, by_type, headline, risk_coverage, worst_first
from eval.trust import Trust, trust
from rag.config import Config
from rag.errors import ConfigError, RagError
from rag.ui.evaluation.values import Compared, ComparedFigure, Figure, Plot, QuestionLine, RunLine, RunView


class ChatEvaluation:
    """Runs and questions for the chat.

    Args:
        config: of the chat.
        file: of its settings; None for the usual one.
        runs: folder of the runs.
        questions: file of the questions.
    """

    types: Sequence[str] = get_args(Type)
    expectations: Sequence[str] = get_args(Expected)

    def __init__(self, config: Config, file: Path | None = None, *, runs: Path = RUNS, questions: Path = DEFAULT_FILE) -> None:
        self._config = config
        self._file = file
        self._runs = runs
        self._questions = questions

    def runs(self) -> list[RunLine]:
        """Return all runs, the last one first; what cannot be read is left out."""
        found = []
        for file in self._runs.glob(f"*/{RUN_FILE}"):
            try:
                found.append(self._line(file.parent))
            except RagError:  # of an older version, or damaged: `python -m eval` says what is wrong with it
                continue
        return sorted(found, key=lambda line: line.started, reverse=True)

    def view(self, name: str) -> RunView:
        """Read a run.

        Args:
            name: of its folder.

        Returns:
            Its facts, figures and plots, and its questions from the worst to the best.

        Raises:
            ConfigError: there is no such run.
        """
        folder = self._folder(name)
        run, results = read_run(folder), list(read_results(folder).values())
        rows = headline(results, run.get("metrics", ()), seed=int(run.get("seed", 0)))
        judged = run.get("metrics", ())
        trusted = trust(judged, columns(results), read_calibration(str(run.get("judge") or "")))
        figures = [_figure(row, trusted.get(row.name)) for row in rows]
        facts = {key: str(run[key]) for key in ("command", "started", "finished", "generation", "questions_file") if run.get(key)}
        return RunView(
            self._line(folder),
            facts,
            figures,
            _plots(results, figures),
            [QuestionLine(str(r["id"]), str(r["question"]), str(r["type"]), str(r["verdict"])) for r in worst_first(results)],
        )

    def question(self, name: str, identity: str) -> Mapping[str, Any]:
        """Read one result of a run.

        Args:
            name: of the run.
            identity: of the question.

        Returns:
            The result as the run's file has it, judgements included.

        Raises:
            ConfigError: there is no such run or question.
        """
        result = read_results(self._folder(name)).get(identity)
        if result is None:
            raise ConfigError(f"The run {name} has no question {identity!r}", hint="Choose one of its list.")
        return result

    def compare(self, before: str, after: str) -> Compared:
        """Compare two runs.

        Args:
            before: name of the run to compare with.
            after: name of the run to judge.

        Returns:
            The differences on the questions that both have, and how many came right and went wrong.

        Raises:
            ConfigError: there is no such run, or they have no question in common.
        """
        first, second = (list(read_results(self._folder(name)).values()) for name in (before, after))
        (one, one_verdicts), (other, other_verdicts) = values_of(first), values_of(second)
        if not one_verdicts.keys() & other_verdicts.keys():
            raise ConfigError(f"{before} and {after} have no question in common", hint="Compare runs over the same questions.")
        found = compare(one, other, (one_verdicts, other_verdicts))
        figures = [_compared(line) for line in found.lines]
        verdicts = Counter(line.verdict for line in found.lines if line.gated)
        words = (
            f"Over {found.questions} questions of both: {found.won} came right, {found.lost} went wrong "
            f"(p = {found.mcnemar_p:.3f}). "
            f"Figures: {verdicts['better']} better, {verdicts['worse']} worse, {verdicts['noise']} noise."
        )
        return Compared(words, figures, [(change.id, change.before, change.after) for change in found.changes])

    def command(self, *, limit: int | None, judged: bool) -> list[str]:
        """Return the command that makes a run."""
        command = [sys.executable, "-m", "eval", "run", "--name", "chat", "--index", str(self._config.index)]
        command += ["--config", str(self._file)] if self._file else []
        command += ["--limit", str(limit)] if limit else []
        return command if judged else [*command, "--metrics", "none"]

    def add(self, fields: Mapping[str, Any]) -> str:
        """Write a test question.

        Args:
            fields: as the form has them; the place of each quote is looked up in the corpus.

        Returns:
            The id of the question.

        Raises:
            ConfigError: it is wrong, or its evidence does not stand there.
        """
        corpus = self._config.corpus
        evidence = [place_of(piece["page"], piece["quote"], corpus) for piece in fields["evidence"]]
        return add_question(self._questions, {**fields, "evidence": evidence}, corpus).id

    def _folder(self, name: str) -> Path:
        # A name from the page: one of the folders that there are, and no path.
        known = {file.parent.name: file.parent for file in self._runs.glob(f"*/{RUN_FILE}")}
        if name not in known:
            raise ConfigError(f"There is no run {name!r}", hint="Choose one of the list.")
        return known[name]

    def _line(self, folder: Path) -> RunLine:
        run, results = read_run(folder), read_results(folder)
        right = sum(result["verdict"] == "right" for result in results.values())
        return RunLine(
            folder.name,
            str(run.get("started") or ""),
            str(run.get("finished") or ""),
            str(run.get("llm") or ""),
            str(run.get("judge") or ""),
            len(results),
            int(run.get("selected") or 0),
            right / len(results) if results else None,
        )


def _figure(row: Row, trusted: Trust | None) -> Figure:
    low, high = row.interval or (None, None)
    doubt = trusted.sentence if trusted and trusted.grey else ""
    return Figure(row.name, row.meaning, row.value, low, high, row.judged, doubt)


def _compared(line: Line) -> ComparedFigure:
    (low, high), found = line.difference.interval, line.difference.value
    return ComparedFigure(line.name, line.before, line.after, found, low, high, line.p, line.verdict, line.count)


def _plots(results: Sequence[Result], figures: Sequence[Figure]) -> list[Plot]:
    counts = by_type(results)
    shown = [verdict for verdict in reversed(WORST_FIRST) if any(count[verdict] for count in counts.values())]
    metrics = {f.name: {"value": round(100 * f.value)} for f in figures if f.value is not None and f.count}
    risk = plots.curve(
        {"risk": risk_coverage(results)}, x_name="questions answered, surest first", y_name="of these not right", x_most=1.0
    )
    return [
        Plot("By metric", plots.stacked(metrics, ("value",)).replace("Verdicts by type", "Means by metric"), "Means in percent."),
        Plot("By question type", plots.stacked(counts, shown), "Verdicts: " + ", ".join(v.replace("_", " ") for v in shown) + "."),
        Plot("Risk over coverage", risk, "The curve ends where the system abstained; a good confidence keeps its left part low."),
    ]
