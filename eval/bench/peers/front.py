"""The table of results for the README: a row a figure, a column a system, ratios to ours. Pure functions over a record.

The README holds the table between two marks, so that a test can say whether it is what the results give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eval.bench.peers.catalogue import OWN
from eval.bench.peers.entries import NONE, Entry, marked
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
from eval.bench.peers.footnotes import Footnotes
from eval.bench.peers.ratios import Spread, spread
from eval.bench.peers.report import deletion
from eval.bench.peers.sections import described, period
from eval.markdown import table
from rag.errors import ConfigError

BEGIN: Final = "<!-- measured: python -m eval bench table docs/benchmarks.json -->"
END: Final = "<!-- end of measured -->"
_PREFIX: Final = "bench-"


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    entry: Callable[[Cells, str], Entry]


def front_table(data: Mapping[str, Any]) -> str:
    """Return the table with the line below it that says where it comes from, and its footnotes.

    Args:
        data: of a record.

    Returns:
        Markdown without the marks around it.

    Raises:
        ConfigError: nothing was measured.
    """
    cells: Cells = data["peers"]
    notes = Footnotes(_PREFIX)
    peers = [name for name in systems(cells) if set(cells[name]) - {"install"} or "failed" in cells[name].get("install", {})]
    rows = []
    for row in _rows():
        entries = [row.entry(cells, name) for name in peers]
        if any(entry.tried for entry in entries):
            rows.append([row.title, *(marked(TITLES[name], entry, notes) for name, entry in zip(peers, entries, strict=True))])
    if not rows:
        raise ConfigError("There is no figure in these results", hint="Measure some with: python -m eval bench peers")
    machine = described(data["about"].get("machine", {}))
    settings = data["settings"]
    below = (
        f"\n{data['about'].get('pages', '?')} pages of {', '.join(settings['corpora'])}; the same embedder "
        f"({settings['embedder']}) and language model ({settings['llm']}) for all; {machine}; {period(data)}. In brackets: how "
        "many times ours. Every other figure, versions and spreads: [docs/BENCHMARKS.md](docs/BENCHMARKS.md).\n"
    )
    page = notes.page()
    return table(["", *(TITLES[name] for name in peers)], rows) + below + (f"\n{page}" if page else "")


def between(readme: str) -> str | None:
    """Return what stands between the marks of a page; None where they are not there.

    Args:
        readme: text of the page.

    Returns:
        The lines between them.

    Raises:
        ConfigError: there is one mark without the other, or several.
    """
    counts = readme.count(BEGIN), readme.count(END)
    if counts == (0, 0):
        return None
    if counts != (1, 1) or readme.index(BEGIN) > readme.index(END):
        raise ConfigError("The marks of the measured table do not fit together", hint=f"One {BEGIN}, then one {END}.")
    return readme.partition(BEGIN)[2].partition(END)[0].strip("\n") + "\n"


def _rows() -> Sequence[_Row]:
    ingests = [_Row(f"{title}, s", _ingested(step)) for step, title in INGESTS.items()]
    return [
        *ingests,
        _Row("a deleted page is still found", deletion),
        _Row("question to passages, ms", _searched),
        _Row("question to first token, s", _first_token),
        _Row("all the evidence in 1,024 tokens", _evidence),
        _Row("memory to ingest, MB", _memory_to_ingest),
        _Row("memory to answer, MB", _memory_to_answer),
    ]


def _ingested(step: str) -> Callable[[Cells, str], Entry]:
    def entry(cells: Cells, peer: str) -> Entry:
        found = spread(list(times(cells, peer, step).values()))
        return _timed(found, step_ratio(cells, peer, step), peer, 1, reasons(cells, peer, step), tried(cells, peer, step))

    return entry


def _searched(cells: Cells, peer: str) -> Entry:
    found = spread([1000 * each for each in times(cells, peer, "search").values()])
    return _timed(found, step_ratio(cells, peer, "search"), peer, 0, reasons(cells, peer, "search"), tried(cells, peer, "search"))


def _first_token(cells: Cells, peer: str) -> Entry:
    found = spread(list(answered(cells, peer, "first_token_s").values()))
    ratio = answer_ratio(cells, peer, "first_token_s")
    return _timed(found, ratio, peer, 1, unanswered(cells, peer), tried(cells, peer, "ask"))


def _evidence(cells: Cells, peer: str) -> Entry:
    estimate = cells[peer].get("evidence", {}).get("summary", {}).get("all@1024")
    if estimate is None:
        return Entry(NONE, reasons(cells, peer, "evidence"), tried(cells, peer, "evidence"))
    return Entry(f"{100 * estimate['value']:.0f}%")


def _memory_to_ingest(cells: Cells, peer: str) -> Entry:
    found = spread([cell["peak_bytes"] for cell in cells[peer].get("full", {}).values() if "s" in cell])
    return (
        Entry(NONE, reasons(cells, peer, "full"), tried(cells, peer, "full")) if found is None else Entry(_megabytes(found.median))
    )


def _memory_to_answer(cells: Cells, peer: str) -> Entry:
    asked = cells[peer].get("ask", {})
    if "peak_bytes" not in asked:
        return Entry(NONE, reasons(cells, peer, "ask"), bool(asked))
    return Entry(_megabytes(asked["peak_bytes"]))


def _timed(found: Spread | None, ratio: Spread | None, peer: str, digits: int, why: tuple[str, ...], was_tried: bool) -> Entry:
    if found is None:
        return Entry(NONE, why, was_tried)
    times_ours = f" ({_factor(ratio.median)}x)" if ratio and peer != OWN else ""
    return Entry(f"{found.median:,.{digits}f}{times_ours}", why, was_tried)


def _factor(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f}"
