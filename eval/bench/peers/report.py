"""The results as one Markdown page with pictures. Knows the record; measures nothing, and says of each gap why it is there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.bench.peers.catalogue import OWN, PEERS
from eval.bench.peers.footnotes import Footnotes
from eval.bench.peers.picture import bars, lines
from eval.bench.peers.ratios import Spread, ratio, shown, spread
from eval.bench.peers.sections import about, disturbance, limits
from eval.markdown import table

Data = Mapping[str, Any]

_INGESTS = {"full": "full ingest", "unchanged": "again, unchanged", "edited": "one page edited"}
_TITLES = {peer.name: peer.title for peer in PEERS}
_MB = 1e-6
_NOT_DONE = "Not measured in this run."


def write_report(data: Data, file: Path) -> None:
    """Write the page, and its pictures into `images` beside it.

    Args:
        data: of a record.
        file: Markdown.
    """
    page, pictures = report(data)
    (file.parent / "images").mkdir(parents=True, exist_ok=True)
    for name, svg in pictures.items():
        (file.parent / "images" / name).write_text(svg, "utf-8")
    file.write_text(page, "utf-8")


def report(data: Data) -> tuple[str, dict[str, str]]:
    """Return the page and its pictures by file name."""
    notes = Footnotes()
    peers = [peer.name for peer in PEERS if peer.name in data["peers"]]
    cells: Mapping[str, Any] = data["peers"]
    parts = [
        "# This system beside others\n",
        about(data),
        "## Ingest\n",
        "Seconds of a whole process, from its start to its end: median, and the range of all rounds.\n",
        table(["system", *_INGESTS.values(), "pages / chunks"], [_ingest_row(cells, name, notes) for name in peers]),
        disturbance(cells),
        "How many times what this system takes, round by round:\n",
        table(["system", *_INGESTS.values()], [_ratio_row(cells, name) for name in peers if name != OWN]),
        "![Times over ours](images/bench-ratios.svg)\n",
        "## Questions\n",
        "Searching is timed in a process that has everything loaded; *cold* counts from the start of all processes. "
        "Answers come from the same weights; peers get them through a llama.cpp server that is counted as theirs.\n",
        table(_QUESTION_HEADER, [_question_row(cells, name, notes) for name in peers]),
        "## Memory and disk\n",
        table(_COST_HEADER, [_cost_row(cells, name, notes) for name in peers]),
        "## What is found\n",
        _evidence_line(cells),
        table(_FOUND_HEADER, [_found_row(cells, name, notes) for name in peers]),
        *_growth(cells, peers, notes),
        "## The machine's own limits\n",
        limits(data, notes),
        "## Remarks\n",
        "".join(f"- **{peer.title}**: {remark}\n" for peer in PEERS if peer.name in peers for remark in peer.remarks),
        "\n" + notes.page() if notes.page() else "",
    ]
    pictures = {"bench-ratios.svg": _ratio_picture(cells, peers), "bench-growth.svg": _growth_picture(cells, peers)}
    return "\n".join(parts), pictures


_QUESTION_HEADER = ["system", "search, ms", "first token, s", "last token, s", "cold search, s", "cold first token, s", "answered"]
_COST_HEADER = ["system", "memory to ingest, MB", "memory to answer, MB", "index, MB", "installation, MB", "installation, s"]
_FOUND_HEADER = ["system", "512 tokens", "1,024 tokens", "chunks", "deleted page still returned"]


def times(cells: Mapping[str, Any], peer: str, step: str) -> dict[str, float]:
    """Return the seconds of a step by round, of rounds that worked."""
    return {number: float(cell["s"]) for number, cell in cells.get(peer, {}).get(step, {}).items() if "s" in cell}


def reasons(cells: Mapping[str, Any], peer: str, step: str) -> list[str]:
    """Return why a step failed, once for each reason; that it was not measured where it was not."""
    found = cells.get(peer, {}).get(step)
    if not found:
        installed = cells.get(peer, {}).get("install", {})
        return [str(installed["failed"])] if "failed" in installed else [_NOT_DONE]
    each = [found] if "failed" in found else [cell for cell in found.values() if isinstance(cell, dict)]
    return list(dict.fromkeys(str(cell["failed"]) for cell in each if "failed" in cell))


def _noted(text: str, peer: str, why: Sequence[str], notes: Footnotes) -> str:
    return text + "".join(notes.mark(f"{_TITLES[peer]}: {one}" if one != _NOT_DONE else one) for one in why)


def _ingest_row(cells: Mapping[str, Any], peer: str, notes: Footnotes) -> list[str]:
    row = [_TITLES[peer]]
    for step in _INGESTS:
        row.append(_noted(shown(spread(list(times(cells, peer, step).values()))), peer, reasons(cells, peer, step), notes))
    made: Mapping[str, Any] = next((cell for cell in cells[peer].get("full", {}).values() if "s" in cell), {})
    counts = f"{made['documents']:,} / {made['chunks']:,}" if made else "–"
    why = [f"{made['skipped']} pages could not be added: {made['skipped_because']}"] if made.get("skipped") else []
    return [*row, _noted(counts, peer, why, notes)]


def _ratio_row(cells: Mapping[str, Any], peer: str) -> list[str]:
    return [_TITLES[peer], *(shown(_ratio(cells, peer, step)) for step in _INGESTS)]


def _ratio(cells: Mapping[str, Any], peer: str, step: str) -> Spread | None:
    return ratio(times(cells, peer, step), times(cells, OWN, step))


def answered(cells: Mapping[str, Any], peer: str, key: str) -> dict[str, float]:
    """Return a time of the warm answers by question."""
    given = cells.get(peer, {}).get("ask", {}).get("answers", ())
    return {each["question"]: float(each[key]) for each in given if key in each and not each.get("cold")}


def _question_row(cells: Mapping[str, Any], peer: str, notes: Footnotes) -> list[str]:
    searches = list(times(cells, peer, "search").values())
    colds = [cell["cold_s"] for cell in cells[peer].get("search", {}).values() if "cold_s" in cell]
    asked = cells[peer].get("ask", {})
    given = [each for each in asked.get("answers", ()) if not each.get("cold")]
    why = reasons(cells, peer, "ask") if "answers" not in asked else []
    why += list(dict.fromkeys(each["failed"] for each in given if "failed" in each))
    row = [_TITLES[peer], _noted(shown(spread(searches), 1, 1000.0), peer, reasons(cells, peer, "search"), notes)]
    row += [_noted(shown(spread(list(answered(cells, peer, "first_token_s").values())), 2), peer, why, notes)]
    row += [shown(spread(list(answered(cells, peer, "total_s").values())), 2), shown(spread(colds))]
    row += [f"{asked['cold_first_token_s']:.1f}" if "cold_first_token_s" in asked else "–"]
    return [*row, f"{sum('total_s' in each for each in given)} of {len(given)}" if given else "–"]


def _cost_row(cells: Mapping[str, Any], peer: str, notes: Footnotes) -> list[str]:
    made = [cell for cell in cells[peer].get("full", {}).values() if "s" in cell]
    asked, installed = cells[peer].get("ask", {}), cells[peer].get("install", {})
    seconds = f"{installed['seconds']:,.0f}" if "seconds" in installed else "–"
    why = [installed["failed"]] if "failed" in installed else []
    return [
        _TITLES[peer],
        shown(spread([cell["peak_bytes"] for cell in made]), 0, _MB),
        f"{asked['peak_bytes'] * _MB:,.0f}" if "peak_bytes" in asked else "–",
        shown(spread([cell["index_bytes"] for cell in made]), 1, _MB),
        f"{installed['bytes'] * _MB:,.0f}" if "bytes" in installed else _noted("–", peer, why, notes),
        seconds,
    ]


def _evidence_line(cells: Mapping[str, Any]) -> str:
    found = next((cell["evidence"] for cell in cells.values() if "summary" in cell.get("evidence", {})), None)
    if found is None:
        return "Whether all the evidence of a question stands within a budget of tokens: not measured in this run.\n"
    return (
        f"Share of the {found['questions']} questions of the set {found['set']} with all their evidence within a budget of "
        "tokens (95% interval), one counter for all; and whether a page that was deleted is still among the first ten passages "
        "for the question that it alone answered, after the next ingest.\n"
    )


def _found_row(cells: Mapping[str, Any], peer: str, notes: Footnotes) -> list[str]:
    found = cells[peer].get("evidence", {})
    row = [_TITLES[peer]]
    why = [] if "summary" in found else reasons(cells, peer, "evidence")
    row += [_noted(_share(found.get("summary", {}).get(measure)), peer, why, notes) for measure in ("all@512", "all@1024")]
    if found.get("lost", 0) >= 0.005:
        lost = f"{100 * found['lost']:.1f}% of the words that it showed were not found in the page, and count as not shown."
        row[-1] = _noted(row[-1], peer, [lost], notes)
    return [*row, f"{found.get('chunks') or '–'}", _deletion(cells, peer, notes)]


def _share(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return "–"
    bounds = estimate.get("interval")
    value = f"{100 * estimate['value']:.1f}%"
    return value + (f" ({100 * bounds[0]:.1f} to {100 * bounds[1]:.1f})" if bounds else "")


def _deletion(cells: Mapping[str, Any], peer: str, notes: Footnotes) -> str:
    cell = cells[peer].get("deleted", {}).get("0")
    if cell is None or "failed" in cell:
        return _noted("–", peer, reasons(cells, peer, "deleted"), notes)
    if not cell["before"]:
        return _noted("–", peer, ["the page was not among the first ten before it was deleted either"], notes)
    return "**yes**" if cell["after"] else "no"


def _growth(cells: Mapping[str, Any], peers: Sequence[str], notes: Footnotes) -> list[str]:
    sizes = sorted({int(size) for name in peers for size in cells[name].get("growth", {})})
    if not sizes:
        return []
    header = ["system", *(f"{size:,} sections" for size in sizes)]
    parts = [
        "## Growth\n",
        "Made-up pages with so many sections of 110 words: full ingest / one page edited, in seconds, and question to passages, "
        "in milliseconds.\n",
        table(header, [[_TITLES[name], *(_grown(cells, name, size, notes) for size in sizes)] for name in peers]),
        "![Full ingest by size](images/bench-growth.svg)\n",
    ]
    return parts


def _grown(cells: Mapping[str, Any], peer: str, size: int, notes: Footnotes) -> str:
    cell = cells[peer].get("growth", {}).get(str(size))
    if cell is None or "failed" in cell:
        return _noted("–", peer, [cell["failed"]] if cell else [_NOT_DONE], notes)
    return f"{cell['s']:.1f} / {cell['edited_s']:.1f} / {1000 * cell['search_s']:.1f}"


def _ratio_picture(cells: Mapping[str, Any], peers: Sequence[str]) -> str:
    def group(of: Callable[[str], Spread | None]) -> dict[str, float]:
        found = {name: of(name) for name in peers if name != OWN}
        return {_TITLES[name]: value.median for name, value in found.items() if value}

    own_first = answered(cells, OWN, "first_token_s")
    groups = {title: group(functools.partial(_ratio, cells, step=step)) for step, title in _INGESTS.items()}
    groups["question to passages"] = group(functools.partial(_ratio, cells, step="search"))
    groups["first token"] = group(lambda name: ratio(answered(cells, name, "first_token_s"), own_first))
    return bars(groups, unit=" times ours")


def _growth_picture(cells: Mapping[str, Any], peers: Sequence[str]) -> str:
    def points(peer: str) -> list[tuple[float, float]]:
        found = cells[peer].get("growth", {})
        return sorted((float(number), float(cell["s"])) for number, cell in found.items() if "s" in cell)

    return lines({_TITLES[name]: points(name) for name in peers}, x_name="sections", y_name="full ingest, s")
