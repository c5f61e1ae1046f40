"""A run as one HTML file: how far its judge can be trusted, figures, plots, and the questions from worst to best.

Knows the shape of results; asks and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from eval import html, plots
from eval.calibration import Agreement, Scores
from eval.calibration_report import interval
from eval.figures import columns, direction
from eval.markdown import number
from eval.measure import EXPLAINED, WORST_FIRST
from eval.question_card import card
from eval.record import Result
from eval.repeat import repeat_rows
from eval.summary import LESS, Row, by_type, efforts, failures, headline, latencies, risk_coverage, worst_first
from eval.trust import UNKNOWN, Trust, trust

_COLUMNS = 7
_GROUPS = (
    ("Answers", ("right", "must_facts", "answered", "abstained", "abstention precision")),
    ("Retrieval", ("evidence_recall", "hit", "mrr", "ndcg")),
    ("Citations", ("citation",)),
)


def render_page(run: Mapping[str, Any], results: Sequence[Result], calibrated: Sequence[Scores]) -> str:
    """Return the page.

    Args:
        run: what `run.json` says.
        results: of its questions.
        calibrated: what is known of the judge; empty if nothing is.

    Returns:
        A whole HTML document.
    """
    trusted = trust(run["metrics"], columns(results), calibrated)
    return html.page(f"Evaluation: {run['name']}", _parts(run, results, trusted))


def _parts(run: Mapping[str, Any], results: Sequence[Result], trusted: Mapping[str, Trust]) -> Iterator[str]:
    rows = headline(results, run["metrics"], seed=run["seed"])
    yield _opening(run, results, rows)
    if run["metrics"]:
        yield _judge(run, trusted)
    yield html.text("h2", "Figures") + _figures(rows, trusted)
    yield html.text("h2", "By type of question") + _types(results)
    yield html.text("h2", "When it answers, and how fast") + _plots(results)
    yield html.text("h2", "Questions, worst first") + "".join(card(result) for result in worst_first(results))
    yield html.text("h2", "Failures") + _failures(results)
    yield html.text("h2", "Make it again") + _repeat(run, results)


def _opening(run: Mapping[str, Any], results: Sequence[Result], rows: Sequence[Row]) -> str:
    right = rows[0]
    bounds = f" ({right.interval[0]:.0%} to {right.interval[1]:.0%})" if right.interval else ""
    lead = (
        f"{right.value:.0%}{bounds} of {right.judged} questions came out right."
        if right.value is not None
        else "Nothing was asked."
    )
    unfinished = "" if run.get("finished") else " The run was not finished."
    made = (
        f"{run['started']} · {len(results)} of {run['selected']} questions · answers by {run['llm']} · "
        f"judge {run['judge'] or 'none'} · generation {run['generation']} of the index.{unfinished}"
    )
    return html.text("h1", f"Evaluation: {run['name']}") + html.text("p", lead, kind="lead") + html.text("p", made, kind="soft")


def _judge(run: Mapping[str, Any], trusted: Mapping[str, Trust]) -> str:
    known = {metric: each for metric, each in trusted.items() if each.rows}
    title = html.text("h2", "How far the judge can be trusted")
    if not known:
        return title + html.text("p", f"{UNKNOWN} Figures without a judge need no such trust.")
    beaten = [metric for metric, each in known.items() if not each.grey]
    greyed = f" {'The others are' if beaten else 'All are'} printed grey below." if len(beaten) < len(trusted) else ""
    lead = (
        f"On labelled answers the judge beats counting shared words in {len(beaten)} of {len(known)} metrics"
        f"{': ' + ', '.join(beaten) if beaten else ''}.{greyed}"
    )
    rows = []
    for metric, each in known.items():
        for name, found in each.rows:
            first = [metric, each.counted] if name == "judge" else ["", ""]
            rows.append(html.row([*first, name, *_agreement(found)], kind="grey" if each.grey else ""))
    header = ["metric", "good + bad", "by", "accuracy", "Cohen's kappa", "AUC"]
    return title + html.text("p", lead) + html.table(header, rows)


def _agreement(found: Agreement) -> list[str]:
    return [html.text("span", interval(each), kind="whole") for each in (found.accuracy, found.kappa, found.auc)]


def _figures(rows: Sequence[Row], trusted: Mapping[str, Trust]) -> str:
    header = ["figure", "value", "95% interval", "", "judged", "failed", "what it says"]
    found: list[str] = []
    for group, starts in _GROUPS:
        found.append(html.wide(group, _COLUMNS, kind="group", name="th"))
        found += [_figure(each, each.meaning) for each in rows if each.name.startswith(starts) and each.name not in trusted]
    if trusted:
        found.append(html.wide("Judged, by ragas' metrics", _COLUMNS, kind="group", name="th"))
    for each in rows:
        if each.name in trusted:
            found += _judged(each, trusted[each.name], said_above=not any(other.rows for other in trusted.values()))
    note = "Higher is better, where nothing else is said. A failed judgement is counted and takes no part in a mean."
    return html.table(header, found, numbers=(1, 4, 5)) + html.text("p", note, kind="soft")


def _figure(each: Row, meaning: str, *, kind: str = "") -> str:
    bounds = html.text("span", f"{each.interval[0]:.2f} to {each.interval[1]:.2f}", kind="whole") if each.interval else "–"
    plot = plots.interval(each.value, each.interval) if each.value is not None else ""
    cells = [escape(each.name), number(each.value), bounds, plot, str(each.judged), str(each.failed or "–"), escape(meaning)]
    return html.row(cells, kind=kind, numbers=(1, 4, 5))


def _judged(each: Row, found: Trust, *, said_above: bool) -> Iterator[str]:
    said = [] if direction(each.name).higher_is_better else [LESS]
    if each.expected is not None:
        said.append(f"expected {each.expected:.2f}")
    if found.corrected:
        low, high = found.corrected.interval
        said.append(f"good answers, corrected for the judge's errors: {found.corrected.value:.2f} ({low:.2f} to {high:.2f})")
    if each.not_judged:
        said.append(f"{each.not_judged} not judged")
    yield _figure(each, "; ".join(said), kind="grey" if found.grey else "")
    if not said_above:
        yield html.wide(found.sentence, _COLUMNS, kind="why")


def _types(results: Sequence[Result]) -> str:
    counts = by_type(results)
    shown = [verdict for verdict in reversed(WORST_FIRST) if any(count[verdict] for count in counts.values())]
    legend = "".join(f'<span><b class="mark {v}">{v}</b> {escape(EXPLAINED[v])}</span>' for v in shown)
    return html.tag("figure", html.scroll(plots.stacked(counts, shown)) + html.tag("figcaption", legend, kind="legend"))


def _plots(results: Sequence[Result]) -> str:
    risk = plots.curve(
        {"risk": risk_coverage(results)}, x_name="questions answered, surest first", y_name="of these not right", x_most=1.0
    )
    values = columns(results)
    seconds = {stage.stage: list(values[f"{stage.stage} s"].values()) for stage in latencies(results)}
    speed = plots.curve(
        {name.replace("_", " "): plots.cumulative(each) for name, each in seconds.items()},
        x_name="seconds",
        y_name="answers that took no longer",
        percent=False,
        steps=True,
    )
    rows = [
        html.row([each.stage.replace("_", " "), f"{each.p50:.2f}", f"{each.p95:.2f}", str(each.count)], numbers=(1, 2, 3))
        for each in latencies(results)
    ]
    table = html.table(["stage", "p50, s", "p95, s", "questions"], rows, numbers=(1, 2, 3))
    captions = (
        "Risk over coverage. The curve ends where the system abstained; a good confidence keeps its left part low.",
        "Time from the question, of answers when they were first given.",
    )
    figures = (
        html.tag("figure", html.scroll(plot) + html.text("figcaption", words))
        for plot, words in zip((risk, speed), captions, strict=True)
    )
    return html.tag("div", "".join(figures), kind="plots") + table + _efforts(results)


def _efforts(results: Sequence[Result]) -> str:
    rows = [
        html.row([each.metric, str(each.judged), str(each.calls), f"{each.seconds:.0f}"], numbers=(1, 2, 3))
        for each in efforts(results)
    ]
    return html.table(["judged by", "answers", "calls of the judge", "seconds in all"], rows, numbers=(1, 2, 3)) if rows else ""


def _failures(results: Sequence[Result]) -> str:
    found = failures(results)
    if not found:
        return html.text("p", "None: every question was answered or declined, and every judgement that was asked for was made.")
    return html.table(["question", "what", "reason"], (html.row([escape(cell) for cell in each]) for each in found))


def _repeat(run: Mapping[str, Any], results: Sequence[Result]) -> str:
    return html.table(["what", "value"], (html.row([escape(what), escape(value)]) for what, value in repeat_rows(run, results)))
