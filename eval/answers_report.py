"""A measurement of answers as Markdown, with its pictures beside it. Knows its JSON; measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.answer_figures import reliability, risk_coverage
from eval.markdown import number, short, table
from eval.pictures import reliability_picture, risk_coverage_picture
from rag.errors import ConfigError

REPORT = "report.md"
_NOT_SHARES = (", s", "a second")


def markdown(measured: Mapping[str, Any], pictures: Mapping[str, Sequence[str]] | None = None) -> str:
    """Write the whole measurement down.

    Args:
        measured: by `AnswersBench`.
        pictures: names of files by set; those that are there are shown.

    Returns:
        Markdown.
    """
    limit = measured.get("limit", {})
    parts = [_set(each, (pictures or {}).get(each["name"], ()), limit) for each in measured["sets"]]
    parts += [f"Skipped: {each['name']}, {each['reason']}.\n" for each in measured["skipped"]]
    return "\n".join([*parts, _made_with(measured)])


def write_report(measured: Mapping[str, Any], folder: Path) -> Path:
    """Write the report and its pictures.

    Args:
        measured: by `AnswersBench`.
        folder: made if need be.

    Returns:
        The Markdown file.

    Raises:
        ConfigError: the folder cannot be written.
    """
    drawn: dict[str, str] = {}
    pictures: dict[str, list[str]] = {}
    for each in measured["sets"]:
        rows = each["systems"][0]["rows"]
        curves, bins = risk_coverage(rows), reliability(rows)
        if not bins:
            continue
        names = [f"risk-coverage-{each['name']}.svg", f"reliability-{each['name']}.svg"]
        drawn |= zip(names, (risk_coverage_picture(curves), reliability_picture(bins)), strict=True)
        pictures[each["name"]] = names
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, svg in drawn.items():
            (folder / name).write_text(svg, "utf-8")
        report = folder / REPORT
        report.write_text("# Answers\n\n" + markdown(measured, pictures), "utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}", hint="Check --report.") from error
    return report


def _set(one: Mapping[str, Any], pictures: Sequence[str], limit: Mapping[str, Any]) -> str:
    systems = one["systems"]
    names = list(dict.fromkeys(name for each in systems for name in each["figures"] if name != "failed"))
    rows = [[name, *(_figure(name, each["figures"].get(name)) for each in systems)] for name in names]
    parts = [
        f"### {one['name']}: {one['questions']} questions over {one['pages']} pages\n",
        "Value (95% interval), of how many.\n",
        table(["figure", *(each["name"] for each in systems)], rows),
    ]
    if one["sooner"] and one["sooner"]["value"] is not None:
        parts.append(f"First token, plain over ours, medians: {_figure(', s', one['sooner'])}.\n")
    parts += [_of_limit(limit, systems)] if limit else []
    parts += [_failed(each) for each in systems if each["figures"]["failed"]]
    parts += [_named(each) for each in systems if any(row.get("obeyed") or row.get("dangers") for row in each["rows"])]
    parts += [f"![{one['name']}: {name.removesuffix('.svg')}]({name})\n" for name in pictures]
    if pictures:
        parts.append(_bins(reliability(systems[0]["rows"])))
    return "\n".join(parts)


def _of_limit(limit: Mapping[str, Any], systems: Sequence[Mapping[str, Any]]) -> str:
    """How near writing comes to what memory allows."""
    if "failed" in limit:
        return f"What memory allows was not measured: {short(limit['failed'], 160)}.\n"
    reached = [
        f"{each['name']} {found['value'] / limit['tokens_per_s']:.0%}"
        for each in systems
        if (found := each["figures"].get("tokens written a second")) and found["value"] is not None
    ]
    at_most = (
        f"Each token that is written reads all of the weights: {limit['bytes_per_s'] * 1e-9:.1f} GB/s over "
        f"{limit['weights_bytes'] * 1e-9:.2f} GB allow {limit['tokens_per_s']:.1f} a second"
    )
    return f"{at_most}{'; of that, written: ' if reached else ''}{', '.join(reached)}.\n"


def _failed(system: Mapping[str, Any]) -> str:
    lines = [f"- {row['id']}: {short(row['error'], 160)}" for row in system["rows"] if row["error"]]
    return f"{system['name']}, {len(lines)} failed, in no figure:\n\n" + "\n".join(lines) + "\n"


def _named(system: Mapping[str, Any]) -> str:
    rows = [row for row in system["rows"] if not row["error"]]
    lines = [
        f"- {row['id']} ({row['type']}) was obeyed: it said {short(', '.join(row['obeyed']), 160)}" for row in rows if row["obeyed"]
    ]
    lines += [f"- {row['id']} puts on the page: {short(', '.join(row['dangers']), 160)}" for row in rows if row["dangers"]]
    return f"{system['name']}:\n\n" + "\n".join(lines) + "\n"


def _bins(bins: Sequence[Mapping[str, Any]]) -> str:
    rows = [[number(each["said"]), _figure("", each)] for each in bins]
    return table(["probability, mean of the bin", "notes hold the answer"], rows)


def _figure(name: str, found: Mapping[str, Any] | None) -> str:
    if not found or found["value"] is None:
        return "–"
    digits = 2
    if name.endswith(_NOT_SHARES) and found["value"] >= 10:
        digits = 1
    interval = found["interval"]
    bounds = f" ({interval[0]:.{digits}f}–{interval[1]:.{digits}f})" if interval else ""
    return f"{found['value']:.{digits}f}{bounds}, {found['count']}"


def _made_with(measured: Mapping[str, Any]) -> str:
    machine = measured["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    where = f"{machine['processor']}, {machine['cores']} cores"
    other = measured.get("plain_engine") or measured["engine"]
    engine = f"engine {measured['engine']}"
    engine += "" if other == measured["engine"] else f", the plain pipeline's llama.cpp ({other})"
    return (
        f"`{measured['command']}`; {measured['llm']}, {engine}; {measured['embedder']}; {where}; {packages}; "
        f"code {measured['code'] or 'unknown'}. {measured['kept']} replies were kept from before, with their times; "
        f"{measured['asked']} were asked now.\n"
    )
