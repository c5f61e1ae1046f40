"""What the evaluation tab looks like: values to HTML. Every text goes through `markup`; plots come finished from the evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from rag.ui.chat.render import count
from rag.ui.evaluation.draft import QuestionDraft
from rag.ui.evaluation.job import JobState
from rag.ui.evaluation.values import Compared, RunLine, RunView
from rag.ui.markup import Html, button, element, join, table
from rag.ui.rich_text import answer_html
from rag.ui.state import bar
from rag.ui.store.feedback import REASONS, Verdict

_MOST_CHANGES = 100


def runs(found: Sequence[RunLine]) -> Html:
    """Return the runs as a table, with a choice of two to compare."""
    if not found:
        return element("p", "No run yet.", class_="none")
    lines = [
        (
            button(join(element("span", run.name, class_="name")), "run", {"run": run.name}, class_="row-name"),
            _time(run.started),
            run.llm,
            run.judge or "–",
            f"{run.asked} of {run.selected}" + ("" if run.finished else ", not finished"),
            "–" if run.right is None else f"{run.right:.0%}",
        )
        for run in found
    ]
    shown = table("Runs", ("Run", "Started (UTC)", "Model", "Judge", "Questions", "Right"), lines, numbers={5})
    if len(found) < 2:
        return shown
    choice = element(
        "div",
        _pick("Before", "before", found, 1),
        _pick("After", "after", found, 0),
        button("Compare", "compare-runs", {}),
        class_="fields",
        data_fields=True,
    )
    return join(shown, choice)


def _pick(label: str, name: str, found: Sequence[RunLine], chosen: int) -> Html:
    items = [element("option", run.name, value=run.name, selected=index == chosen) for index, run in enumerate(found)]
    return element("label", label, element("select", *items, name_=name))


def job(state: JobState) -> Html:
    """Return a run under way, or how to start one."""
    if state.phase in {"running", "stopping"}:
        share = state.done / state.total if state.total else None
        stop = button("Stop", "run-stop", {}) if state.phase == "running" else ""
        amount = f"{state.done} of {state.total}. " if state.total else ""
        return element("div", element("p", f"{amount}{state.said}", role="status"), bar("Run", share), stop, class_="box")
    said = {
        "done": "The run has ended.",
        "stopped": "Stopped. What was answered is kept; the same run goes on from there.",
        "failed": state.said or "The run failed.",
    }.get(state.phase, "")
    kind = "wrong" if state.phase == "failed" else "good"
    fields = element(
        "div",
        element(
            "label",
            "Questions",
            element("input", type="number", name_="limit", min=1, max=1000, placeholder="all", inputmode="numeric"),
            element("small", "Spread evenly over the file; empty for all."),
        ),
        element(
            "label",
            "Judged by a model",
            element("select", element("option", "No", value=""), element("option", "Yes, slower", value="yes"), name_="judged"),
            element("small", "It loads models of its own: answers are slower meanwhile."),
        ),
        button("Start a run", "run-start", {}, class_="primary"),
        class_="fields",
        data_fields=True,
    )
    return join(element("p", said, role="status", class_=kind) if said else "", fields)


def run(view: RunView) -> Html:
    """Return one run: figures, plots, and its questions to unfold."""
    figures = [
        (
            join(
                element("span", figure.name, class_="name doubted" if figure.doubt else "name"),
                element("small", figure.doubt or figure.meaning),
            ),
            "–" if figure.value is None else f"{figure.value:.2f}",
            "–" if figure.low is None or figure.high is None else f"{figure.low:.2f} to {figure.high:.2f}",
            str(figure.count),
        )
        for figure in view.figures
        if figure.count
    ]
    plots = [
        element("figure", element("h3", plot.title), Html(plot.svg), element("figcaption", plot.note, class_="file"))
        for plot in view.plots
    ]
    questions = [
        (
            button(line.question, "run-question", {"run": view.line.name, "id": line.id}, class_="row-name", dir="auto"),
            line.type.replace("_", " "),
            element("span", line.verdict.replace("_", " "), class_=f"outcome {line.verdict.replace('_', '-')}"),
        )
        for line in view.questions
    ]
    facts = [(name, value) for name, value in view.facts.items()]
    return join(
        element("div", button("Back to the runs", "runs-back", {}), class_="row"),
        element("h2", view.line.name, tabindex=-1),
        element("details", element("summary", "Made with"), table("Made with", ("What", "Value"), facts)),
        element("h3", "Figures"),
        table("Figures", ("Figure", "Mean", "95% interval", "Questions"), figures, numbers={1, 2, 3}),
        element("div", *plots, class_="plots"),
        element("div", Html(""), data_part="run-question"),
        element("h3", f"{count(len(view.questions), 'question')}, the worst first"),
        table("Questions", ("Question", "Type", "Verdict"), questions),
    )


def question(result: Mapping[str, Any]) -> Html:
    """Return one question with its answer, the evidence that was wanted, and what judges said."""
    answer = result.get("answer") or {}
    shown = (
        answer_html(str(answer.get("text", "")), (), {}) if answer else element("p", str(result.get("error", "")), class_="wrong")
    )
    wanted = [
        element("li", element("q", str(piece["quote"]), dir="auto"), " ", element("span", _found(piece), class_="file"))
        for piece in result.get("evidence") or ()
    ]
    facts = result.get("facts") or {}
    stated = [element("li", f"stated: {fact}") for fact in facts.get("stated") or ()]
    missing = [element("li", f"missing: {fact}", class_="wrong") for fact in facts.get("missing") or ()]
    cited = [
        element("li", element("code", f"{one['path']}:{one['line']}"), " ", element("q", str(one["quote"]), dir="auto"))
        for one in answer.get("citations") or ()
    ]
    judged = [_judgement(name, each) for name, each in (result.get("judged") or {}).items()]
    outcome = f"{result.get('verdict', '')}; expected to {str(result.get('expected', '')).replace('_', ' ')}"
    return element(
        "div",
        element("h3", str(result["question"]), dir="auto", tabindex=-1),
        element("p", outcome, class_="file"),
        element("h4", "Answer"),
        element("div", shown, class_="answer", dir="auto"),
        join(element("h4", "Cited"), element("ul", *cited, class_="notices")) if cited else "",
        join(element("h4", "Reference"), element("p", str(result["reference"]), dir="auto")) if result.get("reference") else "",
        element("ul", *stated, *missing, class_="notices") if stated or missing else "",
        join(element("h4", "Evidence wanted"), element("ul", *wanted, class_="notices")) if wanted else "",
        join(element("h4", "Judged"), table("Judgements", ("Metric", "Value", "Status", "Reason"), judged)) if judged else "",
        button("Close", "run-question", {}),
        class_="box",
    )


def _judgement(name: str, found: Mapping[str, Any]) -> tuple[str, str, str, str]:
    value = found.get("value")
    return name, "–" if value is None else f"{value:.2f}", str(found.get("status", "")), str(found.get("reason") or "")


def _found(piece: Mapping[str, Any]) -> str:
    where = f"{piece['page']} › {piece['heading']}"
    ranks = piece.get("ranks") or ()
    return f"{where}: {f'in passage {ranks[0]}' if ranks else 'in no passage'}{', cited' if piece.get('cited') else ''}"


def compared(found: Compared, before: str, after: str) -> Html:
    """Return two runs side by side."""
    lines = [
        (
            figure.name,
            f"{figure.before:.3f}",
            f"{figure.after:.3f}",
            f"{figure.difference:+.3f}",
            f"{figure.low:+.3f} to {figure.high:+.3f}",
            f"{figure.p:.3f}",
            element("span", figure.verdict, class_=f"outcome {figure.verdict}"),
            str(figure.count),
        )
        for figure in found.figures
    ]
    heads = ("Figure", "Before", "After", "Difference", "95% interval", "p", "Verdict", "Questions")
    return join(
        element("div", button("Back to the runs", "runs-back", {}), class_="row"),
        element("h2", f"{before} → {after}", tabindex=-1),
        element("p", found.words),
        table("Figures of two runs", heads, lines, numbers={1, 2, 3, 4, 5, 7}),
        element("h3", f"{count(len(found.changes), 'question')} came out otherwise"),
        table("Questions that changed", ("Question", "Before", "After"), found.changes[:_MOST_CHANGES]) if found.changes else "",
    )


def complaints(verdicts: Sequence[Verdict]) -> Html:
    """Return answers that did not help, each to be made a test question."""
    if not verdicts:
        return element("p", "None so far. “Not helpful” below an answer puts it here.", class_="none")
    lines = [
        (
            element("span", verdict.question, dir="auto"),
            REASONS.get(verdict.reason, "–"),
            element("span", verdict.remark or "–", dir="auto"),
            button("Make it a test question", "draft", {"turn": verdict.turn}),
        )
        for verdict in verdicts
    ]
    return table("Answers that did not help", ("Question", "Reason", "Remark", ""), lines)


def form(draft: QuestionDraft, types: Sequence[str], expectations: Sequence[str], problem: str = "") -> Html:
    """Return the form of a new test question."""
    kinds = [element("option", kind.replace("_", " "), value=kind) for kind in types]
    wanted = [element("option", one.replace("_", " "), value=one, selected=one == draft.expected) for one in expectations]
    pieces = [
        element(
            "div",
            element("label", f"Page {number + 1}", element("input", type="text", name_=f"page{number}", value=page)),
            element("label", f"Quote {number + 1}", element("textarea", quote, name_=f"quote{number}", rows=2, dir="auto")),
            class_="evidence",
        )
        for number, (page, quote) in enumerate((*draft.evidence, ("", "")))
    ]
    return element(
        "div",
        element("h3", "A new test question", tabindex=-1),
        element("p", f"The reader said: {draft.remark}", class_="file") if draft.remark else "",
        element("label", "Question", element("textarea", draft.question, name_="question", rows=2, dir="auto")),
        element(
            "details",
            element("summary", "A follow-up: what was said before"),
            element("label", "Question before", element("textarea", draft.before[0], name_="asked", rows=2, dir="auto")),
            element("label", "Answer before", element("textarea", draft.before[1], name_="told", rows=3, dir="auto")),
        ),
        element("label", "Expected", element("select", *wanted, name_="expected")),
        element("label", "Type", element("select", *kinds, name_="kind")),
        element("label", "A good answer", element("textarea", draft.reference, name_="reference", rows=4, dir="auto")),
        element(
            "label",
            "Facts that it has to state, one a line; spellings separated by |",
            element("textarea", "", name_="must", rows=3, dir="auto"),
        ),
        element("h4", "Evidence, quoted exactly"),
        *pieces,
        element("p", problem, role="alert", class_="wrong") if problem else "",
        element("div", button("Save", "draft-save", {}, class_="primary"), button("Cancel", "draft-cancel", {}), class_="row"),
        # Another draft is another form: what was typed into one stays out of it.
        id=f"draft-{hashlib.blake2b(repr(draft).encode(), digest_size=8).hexdigest()}",
        class_="box form",
        data_fields=True,
    )


def _time(moment: str) -> str:
    return moment[:16].replace("T", " ")
