"""The results as one Markdown page with pictures. Knows the record; measures nothing, and says of each gap why it is there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.bench.peers.catalogue import OWN, PEERS
from eval.bench.peers.entries import NONE, Entry, Page
from eval.bench.peers.figures import (
    INGESTS,
    TITLES,
    Cells,
    answer_ratio,
    answered,
    reasons,
    step_ratio,
    systems,
    times,
    tried,
    unanswered,
)
from eval.bench.peers.picture import bars, lines
from eval.bench.peers.ratios import Spread, shown, spread
from eval.bench.peers.sections import about, disturbance, limits
from rag.index.files import replace_file

Data = Mapping[str, Any]

_MB = 1e-6
_RATIOS, _GROWTH = "bench-ratios.svg", "bench-growth.svg"
_QUESTION_HEADER = ["search, ms", "first token, s", "last token, s", "cold search, s", "cold first token, s", "answered"]
_COST_HEADER = ["memory to ingest, MB", "memory to answer, MB", "index, MB", "installation, MB", "installation, s"]
_FOUND_HEADER = ["512 tokens", "1,024 tokens", "chunks", "deleted page still returned"]


def write_report(data: Data, file: Path) -> None:
    """Write the page, and its pictures into `images` beside it.

    Args:
        data: of a record.
        file: Markdown.
    """
    page, pictures = report(data)
    images = file.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name in (_RATIOS, _GROWTH):
        if name in pictures:
            replace_file(images / name, pictures[name].encode())
        else:
            (images / name).unlink(missing_ok=True)
    replace_file(file, page.encode())


def report(data: Data) -> tuple[str, dict[str, str]]:
    """Return the page and its pictures by file name; sections and columns without any result are left out, and named."""
    cells: Cells = data["peers"]
    peers = systems(cells)
    page, pictures = Page(), {}
    head = about(data, page.notes)  # first, so that its footnotes come first
    for name, drawn in ((_RATIOS, _ratio_picture(cells, peers)), (_GROWTH, _growth_picture(cells, peers))):
        if drawn:
            pictures[name] = drawn
    sections = [
        ("Ingest", _ingest(cells, peers, page, pictured=_RATIOS in pictures)),
        ("Questions", _questions(cells, peers, page)),
        ("Memory and disk", page.table("memory and disk", _COST_HEADER, [(TITLES[name], _costs(cells, name)) for name in peers])),
        ("What is found", _found(cells, peers, page)),
        ("Growth", _growth(cells, peers, page, pictured=_GROWTH in pictures)),
        ("The machine's own limits", limits(data, page)),
        ("Remarks", "".join(f"- **{peer.title}**: {remark}\n" for peer in PEERS if peer.name in peers for remark in peer.remarks)),
    ]
    parts = ["# This system beside others\n", head]
    if page.left_out:
        parts.append(f"Not measured, and left out below: {'; '.join(page.left_out)}.\n")
    parts += [f"## {title}\n\n{text}" for title, text in sections if text]
    return "\n".join([*parts, page.notes.page()]).rstrip() + "\n", pictures


def _ingest(cells: Cells, peers: Sequence[str], page: Page, *, pictured: bool) -> str:
    made = page.table("ingest", [*INGESTS.values(), "pages / chunks"], [(TITLES[name], _ingested(cells, name)) for name in peers])
    if not made:
        return ""
    parts = ["Seconds of a whole process, from its start to its end: median, and the range of all rounds.\n", made]
    parts += [text for text in [disturbance(cells)] if text]
    others = [(TITLES[name], [_ratio_entry(cells, name, step) for step in INGESTS]) for name in peers if name != OWN]
    if any(entry.tried for _, row in others for entry in row):
        parts += ["How many times what this system takes, round by round:\n", page.table("ratios", [*INGESTS.values()], others)]
    return "\n".join(parts + ["![Times over ours](images/bench-ratios.svg)\n"] * pictured)


def _ingested(cells: Cells, peer: str) -> list[Entry]:
    row = [
        Entry(shown(spread(list(times(cells, peer, step).values()))), reasons(cells, peer, step), tried(cells, peer, step))
        for step in INGESTS
    ]
    made: Mapping[str, Any] = next((cell for cell in cells[peer].get("full", {}).values() if "s" in cell), {})
    counts = f"{made['documents']:,} / {made['chunks']:,}" if made else NONE
    why = (f"{made['skipped']} pages could not be added: {made['skipped_because']}",) if made.get("skipped") else ()
    return [*row, Entry(counts, why, bool(made))]


def _ratio_entry(cells: Cells, peer: str, step: str) -> Entry:
    found = step_ratio(cells, peer, step)
    return Entry(shown(found), tried=found is not None)


def _questions(cells: Cells, peers: Sequence[str], page: Page) -> str:
    made = page.table("questions", _QUESTION_HEADER, [(TITLES[name], _question_row(cells, name)) for name in peers])
    head = (
        "Searching is timed in a process that has everything loaded; *cold* counts from the start of all processes. Answers come "
        "from the same weights; peers get them through a llama.cpp server that is counted as theirs.\n\n"
    )
    return head + made if made else ""


def _question_row(cells: Cells, peer: str) -> list[Entry]:
    searches = list(times(cells, peer, "search").values())
    colds = [cell["cold_s"] for cell in cells[peer].get("search", {}).values() if "cold_s" in cell]
    asked, why = cells[peer].get("ask", {}), unanswered(cells, peer)
    given = [each for each in asked.get("answers", ()) if not each.get("cold")]
    searched, answers = tried(cells, peer, "search"), bool(asked)
    return [
        Entry(shown(spread(searches), 1, 1000.0), reasons(cells, peer, "search"), searched),
        Entry(shown(spread(list(answered(cells, peer, "first_token_s").values())), 2), why, answers),
        Entry(shown(spread(list(answered(cells, peer, "total_s").values())), 2), tried=answers),
        Entry(shown(spread(colds)), tried=bool(colds)),
        Entry(f"{asked['cold_first_token_s']:.1f}" if "cold_first_token_s" in asked else NONE, tried=answers),
        Entry(f"{sum('total_s' in each for each in given)} of {len(given)}" if given else NONE, tried=answers),
    ]


def _costs(cells: Cells, peer: str) -> list[Entry]:
    made = [cell for cell in cells[peer].get("full", {}).values() if "s" in cell]
    asked, installed = cells[peer].get("ask", {}), cells[peer].get("install", {})
    failed = (installed["failed"],) if "failed" in installed else ()
    untimed = ("it was there before this was measured.",) if "bytes" in installed and "seconds" not in installed else ()
    return [
        Entry(shown(spread([cell["peak_bytes"] for cell in made]), 0, _MB), tried=bool(made)),
        Entry(f"{asked['peak_bytes'] * _MB:,.0f}" if "peak_bytes" in asked else NONE, tried="peak_bytes" in asked),
        Entry(shown(spread([cell["index_bytes"] for cell in made]), 1, _MB), tried=bool(made)),
        Entry(f"{installed['bytes'] * _MB:,.0f}" if "bytes" in installed else NONE, failed, bool(installed)),
        Entry(f"{installed['seconds']:,.0f}" if "seconds" in installed else NONE, untimed, "seconds" in installed),
    ]


def _found(cells: Cells, peers: Sequence[str], page: Page) -> str:
    made = page.table("what is found", _FOUND_HEADER, [(TITLES[name], _found_row(cells, name)) for name in peers])
    if not made:
        return ""
    said = []
    found = next((cell["evidence"] for cell in cells.values() if "summary" in cell.get("evidence", {})), None)
    if found is not None:
        said.append(
            f"Tokens: the share of the {found['questions']} questions of the set {found['set']} with all their evidence within "
            "such a budget (95% interval), one counter for all."
        )
    if any(tried(cells, name, "deleted") for name in peers):
        said.append(
            "Deleted: whether a page that is gone is still among the first ten passages for the question that it alone answered, "
            "after the next ingest."
        )
    return " ".join(said) + "\n\n" + made


def _found_row(cells: Cells, peer: str) -> list[Entry]:
    found, was_tried = cells[peer].get("evidence", {}), tried(cells, peer, "evidence")
    why = () if "summary" in found else reasons(cells, peer, "evidence")
    shares = [_share(found.get("summary", {}).get(measure)) for measure in ("all@512", "all@1024")]
    lost = []
    if found.get("lost", 0) >= 0.005:
        lost = [f"{100 * found['lost']:.1f}% of the words that it showed were not found in the page, and count as not shown."]
    return [
        Entry(shares[0], why, was_tried),
        Entry(shares[1], (*why, *lost), was_tried),
        Entry(f"{found.get('chunks') or NONE}", tried=was_tried),
        deletion(cells, peer),
    ]


def _share(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return NONE
    bounds = estimate.get("interval")
    value = f"{100 * estimate['value']:.1f}%"
    return value + (f" ({100 * bounds[0]:.1f} to {100 * bounds[1]:.1f})" if bounds else "")


def deletion(cells: Cells, peer: str) -> Entry:
    """Return whether a page that was deleted is still returned after the next ingest."""
    cell = cells[peer].get("deleted", {}).get("0")
    if cell is None or "failed" in cell:
        return Entry(NONE, reasons(cells, peer, "deleted"), cell is not None)
    if not cell["before"]:
        return Entry(NONE, ("the page was not among the first ten before it was deleted either",))
    return Entry("**yes**" if cell["after"] else "no")


def _growth(cells: Cells, peers: Sequence[str], page: Page, *, pictured: bool) -> str:
    sizes = sorted({int(size) for name in peers for size in cells[name].get("growth", {})})
    header = [f"{size:,} sections" for size in sizes]
    made = page.table("growth", header, [(TITLES[name], [_grown(cells, name, size) for size in sizes]) for name in peers])
    if not made:
        return ""
    head = (
        "Made-up pages with so many sections of 110 words: full ingest / one page edited, in seconds, and question to passages, "
        "in milliseconds.\n"
    )
    return "\n".join([head, made] + ["![Full ingest by size](images/bench-growth.svg)\n"] * pictured)


def _grown(cells: Cells, peer: str, size: int) -> Entry:
    cell = cells[peer].get("growth", {}).get(str(size))
    if cell is None:
        return Entry(NONE, reasons({peer: {"install": cells[peer].get("install", {})}}, peer, "growth"), tried=False)
    if "failed" in cell:
        return Entry(NONE, (cell["failed"],))
    return Entry(f"{cell['s']:.1f} / {cell['edited_s']:.1f} / {1000 * cell['search_s']:.1f}")


def _ratio_picture(cells: Cells, peers: Sequence[str]) -> str:
    def group(of: Callable[[str], Spread | None]) -> dict[str, float]:
        found = {name: of(name) for name in peers if name != OWN}
        return {TITLES[name]: value.median for name, value in found.items() if value}

    groups = {title: group(functools.partial(step_ratio, cells, step=step)) for step, title in INGESTS.items()}
    groups["question to passages"] = group(functools.partial(step_ratio, cells, step="search"))
    groups["first token"] = group(functools.partial(answer_ratio, cells, key="first_token_s"))
    drawn = {title: values for title, values in groups.items() if values}
    return bars(drawn, [TITLES[name] for name in peers], unit=" times ours") if drawn else ""


def _growth_picture(cells: Cells, peers: Sequence[str]) -> str:
    def points(peer: str) -> list[tuple[float, float]]:
        found = cells[peer].get("growth", {})
        return sorted((float(number), float(cell["s"])) for number, cell in found.items() if "s" in cell)

    series = {TITLES[name]: points(name) for name in peers}
    return lines(series, x_name="sections", y_name="full ingest, s") if any(series.values()) else ""
