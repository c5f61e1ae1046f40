"""A run as Markdown: figures with counts and intervals, questions from worst to best, failures, and how to make it again.

Knows the shape of results; asks and judges nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.markdown import line, number, short, table
from eval.measure import EXPLAINED, WORST_FIRST
from eval.record import REPORT_FILE, Result, read_results, read_run
from eval.summary import Row, by_type, failures, headline, latencies, not_judged_reasons, worst_first

_ANSWER_CHARS = 160
_QUOTE_CHARS = 300


def write_reports(folder: Path) -> list[Path]:
    """Write the reports of a run into its folder and return their paths.

    Raises:
        ConfigError: there is no run in that folder.
    """
    report = folder / REPORT_FILE
    report.write_text(render(read_run(folder), list(read_results(folder).values())), "utf-8")
    return [report]


def render(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    """Return the report.

    Args:
        run: what `run.json` says.
        results: of its questions.
    """
    ordered = worst_first(results)
    parts = [
        _opening(run, results),
        "## Figures\n\n" + _headline(headline(results, run["metrics"], seed=run["seed"])),
        _notes(run, results),
        "## By type of question\n\n" + _by_type(results),
        "## Latency\n\n" + _latency(results),
        "## Questions, worst first\n\n" + _questions(ordered, run["metrics"]),
        "## Failures\n\n" + _failures(results),
        "## What went wrong, question by question\n\n" + _details(ordered),
        "## Make it again\n\n" + _repeat(run, results),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _opening(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    unfinished = "" if run.get("finished") else " **The run was not finished.**"
    return (
        f"# Evaluation: {run['name']}\n\n"
        f"{run['started']} · {len(results)} of {run['selected']} questions asked · answers by {run['llm']} · "
        f"judge {_judge(run)} · generation {run['generation']} of the index.{unfinished}\n"
    )


def _headline(rows: Sequence[Row]) -> str:
    return table(
        ["figure", "value", "95% interval", "expected", "judged", "failed", "not judged", "what it says"],
        (
            [
                row.name,
                number(row.value),
                _interval(row),
                number(row.expected),
                str(row.judged),
                str(row.failed),
                str(row.not_judged),
                row.meaning,
            ]
            for row in rows
        ),
    )


def _notes(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    lines = [
        "Higher is better, 0 to 1. Intervals: Wilson for shares of questions, bootstrap over questions for means. "
        "A failed judgement is counted and takes no part in a mean."
    ]
    lines += [f"- {metric}: {count} not judged, {reason}." for (metric, reason), count in not_judged_reasons(results).items()]
    if run["judge"]:
        lines.append(
            "\nThis judge has not been compared with people's labels: read its figures as a comparison between runs, "
            "not as a measurement of truth. Figures above it in the table need no judge."
        )
    return "\n".join(lines)


def _by_type(results: Sequence[Result]) -> str:
    counts = by_type(results)
    shown = [verdict for verdict in reversed(WORST_FIRST) if any(count[verdict] for count in counts.values())]
    rows = ([kind, *(str(count[verdict]) for verdict in shown), str(count.total())] for kind, count in counts.items())
    legend = "; ".join(f"*{verdict}*: {EXPLAINED[verdict]}" for verdict in shown)
    return table(["type", *shown, "all"], rows) + f"\n{legend}.\n"


def _latency(results: Sequence[Result]) -> str:
    rows = ([row.stage, f"{row.p50:.2f}", f"{row.p95:.2f}", str(row.count)] for row in latencies(results))
    return table(["stage", "p50, s", "p95, s", "questions"], rows)


def _questions(ordered: Sequence[Result], metrics: Sequence[str]) -> str:
    header = ["question", "verdict", "facts", "evidence retrieved / cited", *metrics, "answer", "citations"]
    return table(header, (_question_row(result, metrics) for result in ordered))


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
        ", ".join(dict.fromkeys(f"{c['path']}:{c['line']}" for c in (result["answer"] or {}).get("citations", ()))) or "–",
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


def _details(ordered: Sequence[Result]) -> str:
    blocks = ["\n".join(_detail(result)) for result in ordered if _worth_reading(result)]
    return "\n\n".join(blocks) if blocks else "Nothing did."


def _worth_reading(result: Result) -> bool:
    return result["verdict"] != "right" or any(True for _ in _refused_statements(result))


def _detail(result: Result) -> Iterator[str]:
    yield f"### {result['id']}: {result['verdict']}\n"
    yield f"**Question.** {line(result['question'])}\n"
    yield f"**Answer.** {line(_said(result))}\n"
    if result["reference"]:
        yield f"**Reference.** {line(result['reference'])}\n"
    for fact in result["facts"]["missing"]:
        yield f"- missing fact: {line(fact)}"
    for place in result["evidence"]:
        state = "retrieved and cited" if place["cited"] else "retrieved, not cited" if place["retrieved"] else "not retrieved"
        yield f"- evidence {place['page']} › {line(place['heading'])}: {place['note'] or state}"
    for citation in (result["answer"] or {}).get("citations", ()):
        yield f"- [{citation['marker']}] {citation['path']}:{citation['line']}: “{short(citation['quote'], _QUOTE_CHARS)}”"
    for statement, reason in _refused_statements(result):
        yield f"- judged unfaithful: “{line(statement)}” ({line(reason)})"


def _refused_statements(result: Result) -> Iterator[tuple[str, str]]:
    """The statements that the judge of faithfulness found no support for."""
    for call in result["judged"].get("faithfulness", {}).get("calls", ()):
        try:
            listed = json.loads(call["output"]).get("statements", ())
        except (ValueError, AttributeError):
            continue
        for statement in listed:
            if isinstance(statement, dict) and not statement.get("verdict"):
                yield str(statement.get("statement", "")), str(statement.get("reason", ""))


def _repeat(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    index, machine = run["index"], run["machine"]
    rows = [
        ["command", f"`{run['command']}`"],
        ["started, finished", f"{run['started']}, {run.get('finished') or 'not finished'}"],
        ["asking and judging", f"{_minutes(results):.1f} minutes"],
        ["questions", f"{run['questions_file']}, sha256 `{run['questions_sha256'][:16]}`"],
        ["index", f"generation {run['generation']}, {index.get('documents')} documents, {index.get('chunks')} chunks"],
        ["corpus, chunks", f"sha256 `{str(index.get('corpus_sha256'))[:16]}`, `{str(index.get('chunks_sha256'))[:16]}`"],
        ["embedder", str(index.get("embedder"))],
        ["answers by, judge", f"{run['llm']}, {_judge(run)}"],
        ["seed", str(run["seed"])],
        ["code", run["code"] or "not a git checkout"],
        [
            "machine",
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}",
        ],
        ["versions", ", ".join(f"{name} {version}" for name, version in run["versions"].items())],
        ["settings", ", ".join(f"{name} = {value!r}" for name, value in run["settings"].items())],
    ]
    return table(["what", "value"], rows)


def _minutes(results: Sequence[Result]) -> float:
    judged = sum(judgement["seconds"] for result in results for judgement in result["judged"].values())
    return float(sum(result["seconds"] for result in results) + judged) / 60


def _judge(run: Mapping[str, Any]) -> str:
    return "none" if not run["judge"] else "the same" if run["judge"] == run["llm"] else str(run["judge"])


def _said(result: Result) -> str:
    if result["error"]:
        return f"(error) {result['error']}"
    answer = result["answer"]
    return f"(abstained) {answer['reason']}" if answer["status"] == "abstained" else str(answer["text"])


def _interval(row: Row) -> str:
    return "–" if row.interval is None else f"{row.interval[0]:.2f} to {row.interval[1]:.2f}"
