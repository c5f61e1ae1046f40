"""A measurement of retrieval as Markdown. Knows its JSON; measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.markdown import number, table

_COLUMNS = {
    "all@512": "512 tokens",
    "all@1024": "1,024",
    "all@2048": "2,048",
    "hit@1": "hit@1",
    "hit@5": "hit@5",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
}
_SHARES = {"recall": "recall", "precision": "precision", "iou": "IoU"}


def markdown(measured: Mapping[str, Any]) -> str:
    """Return the whole measurement."""
    parts = [_set(each) for each in measured.get("sets", ())]
    parts += [f"Skipped: {each['name']}, {each['reason']}.\n" for each in measured.get("skipped", ())]
    if measured.get("speed"):
        parts.append(_speed(measured["speed"]))
    return "\n".join([*parts, _made_with(measured)])


def _set(one: Mapping[str, Any]) -> str:
    systems = one["systems"]
    parts = [
        f"### {one['name']}: {one['questions']} questions over {one['pages']} pages\n",
        "All the evidence within a budget; 95% intervals.\n",
        table(["system", "chunks", *_COLUMNS.values()], [_row(each, "all", _COLUMNS) for each in systems]),
    ]
    halves = ["all@512", "all@1024"]
    header = ["by half", *(f"{half}, {_COLUMNS[name]}" for half in ("tune", "test") for name in halves)]
    rows = [
        [each["name"], *(_value(each["summary"][half].get(name)) for half in ("tune", "test") for name in halves)]
        for each in systems
    ]
    parts.append(table(header, rows))
    if one["spans"]:
        parts += ["Of characters, five passages, as Chroma measures chunking.\n", _shares(systems)]
    types = systems[0]["summary"]["types"] if systems else {}
    if types:
        parts.append(_types(systems[0]["name"], types))
    if one.get("ablation"):
        parts.append(_ablation(one["ablation"]))
    return "\n".join(parts)


def _row(system: Mapping[str, Any], group: str, columns: Mapping[str, str]) -> list[str]:
    means = system["summary"][group]
    return [system["name"], f"{system['chunks']}", *(_value(means.get(name)) for name in columns)]


def _shares(systems: Sequence[Mapping[str, Any]]) -> str:
    rows = [[each["name"], *(_value(each["summary"]["all"].get(name)) for name in _SHARES)] for each in systems]
    return table(["system", *_SHARES.values()], rows)


def _types(name: str, types: Mapping[str, Any]) -> str:
    rows = [
        [kind, f"{means['all@1024']['count']}", *(number(means[f"all@{budget}"]["value"]) for budget in (512, 1024, 2048))]
        for kind, means in types.items()
    ]
    return table([f"{name}, by type", "questions", "512 tokens", "1,024", "2,048"], rows)


def _ablation(rows: Sequence[Mapping[str, Any]]) -> str:
    names = ["all@512", "all@1024"]
    header = ["pipeline", *(_COLUMNS[name] for name in names), *(f"change at {_COLUMNS[name]}" for name in names)]
    cells = []
    for each in rows:
        changes = (_change(each["against"].get(name)) for name in names)
        cells.append([each["name"], *(number(each["means"][name]) for name in names), *changes])
    return table(header, cells)


def _speed(rows: Sequence[Mapping[str, Any]]) -> str:
    percentiles = {
        "p50_ms": "p50, ms",
        "p95_ms": "p95, ms",
        "processor_p50_ms": "processor p50",
        "processor_p95_ms": "processor p95",
    }
    header = ["chunks", "questions", *percentiles.values(), *(f"{name}, p50" for name in rows[0]["stages_ms"])]
    return table(
        header,
        [
            [
                f"{each['chunks']:,}",
                f"{each['questions']}",
                *(f"{each[name]:.1f}" for name in percentiles),
                *(f"{value:.1f}" for value in each["stages_ms"].values()),
            ]
            for each in rows
        ],
    )


def _value(found: Mapping[str, Any] | None) -> str:
    if not found or found["value"] is None:
        return "–"
    interval = found["interval"]
    return f"{found['value']:.2f} ({interval[0]:.2f}–{interval[1]:.2f})" if interval else f"{found['value']:.2f}"


def _change(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    low, high = found["interval"]
    return f"{found['value']:+.3f} ({low:+.3f} to {high:+.3f})"


def _made_with(measured: Mapping[str, Any]) -> str:
    machine = measured["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    where = f"{machine['processor']}, {machine['cores']} cores"
    return f"{measured['embedder']}; {where}; {packages}; code {measured['code'] or 'unknown'}\n"
