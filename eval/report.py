"""The reports of a run: one HTML page with everything, and a summary in Markdown.

Knows the shape of results; asks and judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.answer_figures import reliability
from eval.cache import HALF_CHARACTERS
from eval.calibration import FILE, Scores, read_calibration
from eval.calibration_report import interval
from eval.figures import columns, direction, is_silent
from eval.markdown import line, number, short, table
from eval.measure import EXPLAINED, WORST_FIRST
from eval.record import PAGE_FILE, REPORT_FILE, Result, read_results, read_run
from eval.repeat import judge_name, repeat_rows
from eval.report_page import render_page
from eval.statistics import Interval
from eval.summary import LESS, Row, by_type, efforts, failures, headline, latencies, not_judged_reasons, selected, worst_first
from eval.trust import UNKNOWN, Trust, trust

_ANSWER_CHARS = 160
_WORST = 40


def write_reports(folder: Path, calibration: Path = FILE) -> list[Path]:
    """Write the reports of a run into its folder and return their paths, the page first.

    Args:
        folder: of the run.
        calibration: what is known of judges.

    Returns:
        Of the page and of the summary.

    Raises:
        ConfigError: there is no run in that folder.
    """
    run, results = read_run(folder), list(read_results(folder).values())
    calibrated = read_calibration(run["judge"], calibration) if run["judge"] else []
    page, summary = folder / PAGE_FILE, folder / REPORT_FILE
    page.write_text(render_page(run, results, calibrated), "utf-8", errors=HALF_CHARACTERS)
    summary.write_text(render(run, results, calibrated), "utf-8", errors=HALF_CHARACTERS)
    return [page, summary]


def render(run: Mapping[str, Any], results: Sequence[Result], calibrated: Sequence[Scores] = ()) -> str:
    """Write the report of a run.

    Args:
        run: what `run.json` says.
        results: of its questions.
        calibrated: what is known of the judge; empty if nothing is.

    Returns:
        Markdown; it says of each judged figure whether the judge can be trusted with it.
    """
    trusted = trust(run["metrics"], columns(results), calibrated)
    parts = [
        _opening(run, results),
        _trust(run, trusted),
        "## Figures\n\n" + _headline(headline(results, run["metrics"], seed=run["seed"]), trusted),
        _notes(results, trusted),
        "## By type of question\n\n" + _by_type(results),
        "## When it answers\n\n" + _sureness(results),
        "## Latency\n\n" + _latency(results),
        "## Questions, worst first\n\n" + _questions(worst_first(results), run["metrics"]),
        "## Failures\n\n" + _failures(results),
        "## Make it again\n\n" + table(["what", "value"], repeat_rows(run, results)),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _opening(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    unfinished = "" if run.get("finished") else " **The run was not finished.**"
    return (
        f"# Evaluation: {run['name']}\n\n"
        f"{run['started']} · {len(results)} of {run['selected']} questions asked · answers by {line(run['llm'])} · "
        f"judge {line(judge_name(run))} · generation {run['generation']} of the index. "
        f"[{PAGE_FILE}]({PAGE_FILE}) has every answer, its evidence and what the judge said.{unfinished}\n"
    )


def _trust(run: Mapping[str, Any], trusted: Mapping[str, Trust]) -> str:
    if not run["metrics"]:
        return ""
    known = {metric: each for metric, each in trusted.items() if each.rows}
    title = "## How far the judge can be trusted\n\n"
    if not known:
        return title + f"{UNKNOWN} Figures above it in the table need no judge.\n"
    rows = [
        [metric, each.counted, name, interval(found.accuracy), interval(found.kappa), interval(found.auc)]
        for metric, each in known.items()
        for name, found in each.rows
    ]
    return title + table(["metric", "good + bad", "by", "accuracy", "Cohen's kappa", "AUC"], rows)


def _headline(rows: Sequence[Row], trusted: Mapping[str, Trust]) -> str:
    header = ["figure", "value", "95% interval", "expected", "corrected", "judged", "failed", "not judged", "what it says"]
    return table(header, (_figure(row, trusted.get(row.name)) for row in rows))


def _figure(row: Row, trusted: Trust | None) -> list[str]:
    corrected = "–"
    if trusted and trusted.corrected:
        low, high = trusted.corrected.interval
        corrected = f"{trusted.corrected.value:.2f} ({low:.2f} to {high:.2f})"
    grey = bool(trusted and trusted.grey)
    less = "" if direction(row.name).higher_is_better else f"; {LESS}"
    return [
        f"*{row.name}*" if grey else row.name,
        number(row.value),
        _bounds(row.interval),
        number(row.expected),
        corrected,
        str(row.judged),
        str(row.failed),
        str(row.not_judged),
        f"not to be relied on, see below{less}" if grey else row.meaning,
    ]


def _notes(results: Sequence[Result], trusted: Mapping[str, Trust]) -> str:
    lines = [
        "Higher is better where nothing else is said, 0 to 1. Intervals: Wilson for shares of questions, bootstrap over "
        "questions for means. A failed judgement is counted and takes no part in a mean.",
        "",
    ]
    lines += [f"- {metric}: {each.sentence}" for metric, each in trusted.items()]
    lines += [f"- {metric}: {count} not judged, {line(reason)}." for (metric, reason), count in not_judged_reasons(results).items()]
    return "\n".join(lines)


def _by_type(results: Sequence[Result]) -> str:
    counts = by_type(results)
    shown = [verdict for verdict in reversed(WORST_FIRST) if any(count[verdict] for count in counts.values())]
    rows = ([kind, *(str(count[verdict]) for verdict in shown), str(count.total())] for kind, count in counts.items())
    legend = "; ".join(f"*{verdict}*: {EXPLAINED[verdict]}" for verdict in shown)
    return table(["type", *shown, "all"], rows) + f"\n{legend}.\n"


def _sureness(results: Sequence[Result]) -> str:
    points = selected(results)
    if not points:
        return "No question was answered."
    rows = [
        [f"{point.coverage:.0%}", number(point.risk), _bounds(point.interval), number(point.threshold), str(point.answered)]
        for point in points
    ]
    told = (
        "Risk over coverage: if only answers with at least so much support were given, what share of all questions were answered, "
        "and what share of these answers is not right. The last line is the system as it is.\n\n"
    )
    return told + table(["coverage", "risk", "95% interval", "support from", "answers"], rows) + _reliability(results)


def _reliability(results: Sequence[Result]) -> str:
    """How probable the system called it that the notes hold the answer, and how often they did; nothing where it did not say."""
    said = [
        {"error": "", "probability": result["answer"]["probability"], "silent": is_silent(result)}
        for result in results
        if not result["error"] and "probability" in result["answer"]
    ]
    if not said:
        return ""
    rows = [[number(b["said"]), number(b["value"]), _bounds(b["interval"]), str(b["count"])] for b in reliability(said)]
    told = "\nReliability: how probable the system called it that the notes hold the answer, and how often they do.\n\n"
    return told + table(["probability, mean of the bin", "notes hold the answer", "95% interval", "questions"], rows)


def _bounds(found: Interval | None) -> str:
    return "–" if found is None else f"{found[0]:.2f} to {found[1]:.2f}"


def _latency(results: Sequence[Result]) -> str:
    rows = ([row.stage, f"{row.p50:.2f}", f"{row.p95:.2f}", str(row.count)] for row in latencies(results))
    answers = table(["stage", "p50, s", "p95, s", "questions"], rows)
    judging = [[each.metric, str(each.judged), str(each.calls), f"{each.seconds:.0f}"] for each in efforts(results)]
    header = ["judged by", "answers", "calls of the judge", "seconds in all"]
    return answers + ("\n" + table(header, judging) if judging else "")


def _questions(ordered: Sequence[Result], metrics: Sequence[str]) -> str:
    header = ["question", "verdict", "facts", "evidence retrieved / cited", *metrics, "answer"]
    rest = len(ordered) - _WORST
    more = f"\nAnd {rest} better ones.\n" if rest > 0 else ""
    return table(header, (_question_row(result, metrics) for result in ordered[:_WORST])) + more


def _question_row(result: Result, metrics: Sequence[str]) -> list[str]:
    facts = result["facts"]
    evidence = result["evidence"]
    asked = len(facts["stated"]) + len(facts["missing"])
    retrieved = sum(place["retrieved"] for place in evidence)
    cited = sum(place["cited"] for place in evidence)
    return [
        f"**{result['id']}** {result['question']}",
        result["verdict"],
        f"{len(facts['stated'])} of {asked}" if asked else "–",
        f"{retrieved} / {cited} of {len(evidence)}" if evidence else "–",
        *(_judgement(result["judged"].get(metric)) for metric in metrics),
        short(_said(result), _ANSWER_CHARS),
    ]


def _judgement(judgement: Mapping[str, Any] | None) -> str:
    if judgement is None:
        return "–"
    return number(judgement["value"]) if judgement["status"] == "judged" else str(judgement["status"]).replace("_", " ")


def _failures(results: Sequence[Result]) -> str:
    found = failures(results)
    if not found:
        return "None: every question was answered or declined, and every judgement that was asked for was made."
    return table(["question", "what", "reason"], (list(failure) for failure in found))


def _said(result: Result) -> str:
    if result["error"]:
        return f"(error) {result['error']}"
    answer = result["answer"]
    return f"(abstained) {answer['reason']}" if answer["status"] == "abstained" else line(answer["text"])
