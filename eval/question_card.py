"""One question on the page: its answer, the evidence and the verdicts side by side. Knows the shape of a result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from eval import html
from eval.markdown import number
from eval.record import Result

_PROMPT_CHARS = 6000


def card(result: Result) -> str:
    """Return the question as something to unfold; what did not come out right is unfolded."""
    verdict = str(result["verdict"])
    summary = (
        f'<b class="mark {verdict}">{verdict}</b> {escape(result["question"])}'
        f'<span class="id">{escape(result["id"])} · {escape(result["type"])} · {escape(result["split"])}</span>'
    )
    sides = "".join(html.tag("div", side) for side in (_answer(result), _wanted(result), _judged(result)))
    opened = "" if verdict == "right" else " open"
    inner = f"<summary>{summary}</summary>" + html.tag("div", sides, kind="sides")
    return f'<details class="question"{opened}>{inner}</details>\n'


def _answer(result: Result) -> str:
    parts = [html.text("h3", "Answer")]
    for turn in result["history"]:
        parts.append(html.text("p", f"{turn['role']}: {turn['content']}", kind="soft"))
    if result["error"]:
        return "".join([*parts, html.text("p", result["error"], kind="missing")])
    answer = result["answer"]
    if answer["status"] == "abstained":
        parts.append(html.text("p", f"Abstained. {answer['reason']}"))
    else:
        parts.append(html.text("blockquote", answer["text"]))
    for citation in answer["citations"]:
        place = f"[{citation['marker']}] {citation['path']}:{citation['line']}"
        parts.append(html.text("p", place, kind="soft") + html.text("blockquote", citation["quote"]))
    parts.append(_passages(answer["passages"]))
    return "".join(parts)


def _passages(passages: list[Mapping[str, Any]]) -> str:
    if not passages:
        return ""
    told = "".join(
        html.text("p", f"{p['rank']}. {p['path']}:{p['line']}, score {p['score']:.3f}", kind="soft")
        + html.text("blockquote", p["text"])
        for p in passages
    )
    return f'<details class="more"><summary>{len(passages)} passages that the model read</summary>{told}</details>'


def _wanted(result: Result) -> str:
    parts = [html.text("h3", "Wanted")]
    if result["reference"]:
        parts.append(html.text("p", result["reference"]))
    else:
        parts.append(html.text("p", f"Expected to {result['expected'].replace('_', ' ')}."))
    facts = [f"<li>{escape(fact)}</li>" for fact in result["facts"]["stated"]]
    facts += [f'<li class="missing">missing: {escape(fact)}</li>' for fact in result["facts"]["missing"]]
    if facts:
        parts.append(html.tag("ul", "".join(facts)))
    if result["evidence"]:
        parts.append(html.text("h3", "Evidence"))
    for piece in result["evidence"]:
        parts.append(html.text("p", f"{piece['page']} › {piece['heading']}", kind="soft"))
        parts.append(html.text("blockquote", piece["quote"]))
        found = piece["note"] or _found(piece)
        parts.append(html.text("p", found, kind="soft" if piece["retrieved"] else "missing"))
    return "".join(parts)


def _found(piece: Mapping[str, Any]) -> str:
    if not piece["ranks"]:
        return "in no passage"
    return f"in passage {piece['ranks'][0]}, " + ("cited" if piece["cited"] else "not cited")


def _judged(result: Result) -> str:
    if not result["judged"]:
        return ""
    return html.text("h3", "Judged") + "".join(_judgement(name, each) for name, each in result["judged"].items())


def _judgement(name: str, judgement: Mapping[str, Any]) -> str:
    if judgement["status"] != "judged":
        told = f"{name}: {judgement['status'].replace('_', ' ')}, {judgement['reason']}"
        return html.text("p", told, kind="missing" if judgement["status"] == "failed" else "soft")
    value = f"{name} {number(judgement['value'])}"
    if judgement.get("expected") is not None:
        value += f", expected {number(judgement['expected'])}"
    calls = "".join(_call(call) for call in judgement["calls"])
    if not calls:
        return html.text("p", value)
    return f'<details class="more"><summary>{escape(value)}</summary>{calls}</details>'


def _call(call: Mapping[str, Any]) -> str:
    told = "".join(f"<li>{line}</li>" for line in _said(call))
    asked = call["prompt"][-_PROMPT_CHARS:]
    prompt = f'<details class="more"><summary>what the judge saw</summary>{html.text("blockquote", asked)}</details>'
    return html.text("p", f"{call['asks_for']}, {call['seconds']:.1f} s", kind="soft") + html.tag("ul", told) + prompt


def _said(call: Mapping[str, Any]) -> Iterator[str]:
    """What the judge wrote, an item a line where it wrote items."""
    try:
        reply = json.loads(call["output"])
    except ValueError:
        yield escape(call["output"])
        return
    expected = iter(call.get("verdicts", ()))
    for item in _items(reply):
        if not isinstance(item, dict):
            yield escape(str(item))
            continue
        words = "; ".join(f"{key}: {value}" for key, value in item.items())
        sure = next(expected, None) if any(key in item for key in ("verdict", "attributed", "rating", "noncommittal")) else None
        known = sure is not None and sure["expected"] is not None
        yield escape(words) + (f" <span class='soft'>(expected {sure['expected']:.2f})</span>" if known and sure else "")


def _items(reply: object) -> list[Any]:
    if isinstance(reply, dict):
        lists = [value for value in reply.values() if isinstance(value, list)]
        return [item for each in lists for item in each] if lists else [reply]
    return reply if isinstance(reply, list) else [reply]
