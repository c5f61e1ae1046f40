"""Parts of the report that are about the run and the machine, not about a system. Pure functions over the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eval.bench.peers.catalogue import PEERS
from eval.bench.peers.entries import NONE, Page
from eval.bench.peers.footnotes import Footnotes
from eval.bench.peers.record import cells_of
from eval.markdown import table

_QUIET = 0.1
_MATTERING = (
    "chromadb",
    "docling",
    "haiku.rag-slim",
    "lancedb",
    "langchain",
    "langchain-chroma",
    "litellm",
    "llama-index-core",
    "openvino",
    "sentence-transformers",
    "torch",
    "transformers",
    "txtai",
    "xllamacpp",
)


def about(data: Mapping[str, Any], notes: Footnotes) -> str:
    """Return when, where, on what and with which versions."""
    facts, settings = data["about"], data["settings"]
    machine = facts.get("machine", {})
    cells = data["peers"].values()
    rounds = max((len(steps.get("full", {})) for steps in cells), default=0)
    lines = [
        origins(data, notes),
        f"- {described(machine)}, {machine.get('memory_bytes', 0) / 2**30:.0f} GiB, {machine.get('system', '')}",
        f"- embedder {settings['embedder']}, language model {settings['llm']} for all; {facts.get('pages', '?')} pages of "
        f"{', '.join(settings['corpora'])}",
    ]
    if rounds:
        lines.append(
            f"- {rounds} round{'s' * (rounds != 1)}: in each, every system in turn ingests, ingests again, ingests with a page "
            f"edited, and searches for {facts.get('searched', '?')} questions"
        )
    if any("ask" in steps for steps in cells):
        lines.append(f"- peers put {settings['passages']} passages in a prompt where that is for the user to choose")
    installed = [(peer.title, data["peers"].get(peer.name, {}).get("install")) for peer in PEERS]
    rows = [[title, _versions(cell)] for title, cell in installed if cell]
    return "\n".join(lines) + "\n" + ("\n" + table(["system", "versions"], rows) if rows else "")


@dataclass
class _Run:
    """Cells of one command at one commit."""

    dates: set[str] = field(default_factory=set)
    steps: dict[str, None] = field(default_factory=dict)


def origins(data: Mapping[str, Any], notes: Footnotes) -> str:
    """Return by which command, at which commit and when the figures were measured; with a footnote a run where they differ."""
    runs: dict[tuple[str, str], _Run] = {}
    for step, cell in cells_of(data):
        made = cell.get("measured", {})
        run = runs.setdefault((made.get("command", "an unknown command"), made.get("code") or "an unknown commit"), _Run())
        run.dates |= {made["date"]} if "date" in made else set()
        run.steps[step] = None
    if not runs:
        return "Nothing was measured.\n"
    if len(runs) == 1:
        [((command, code), run)] = runs.items()
        return f"Measured by `{command}` at {code}, {_period(run)}; nothing here is typed by hand.\n"
    marks = ""
    for (command, code), run in runs.items():
        marks += notes.mark(f"{', '.join(run.steps)}: measured by {command} at {code}, {_period(run)}.")
    codes = len({code for _, code in runs})
    at = f"at {codes} commits" if codes > 1 else f"at {next(iter(runs))[1]}"
    return f"**The figures come from {len(runs)} runs** {at}{marks}; nothing here is typed by hand.\n"


def _period(run: _Run) -> str:
    if not run.dates:
        return "at an unknown time"
    first, last = min(run.dates), max(run.dates)
    return first if first == last else f"{first} to {last}"


def period(data: Mapping[str, Any]) -> str:
    """Return the first and the last day that something was measured on, and at which commits."""
    made = [cell["measured"] for _, cell in cells_of(data) if "measured" in cell]
    days = sorted({each["date"].split(" ")[0] for each in made})
    codes = list(dict.fromkeys(each["code"] or "an unknown commit" for each in made))
    when = " to ".join(dict.fromkeys([days[0], days[-1]])) if days else "at an unknown time"
    return f"{when}, at {', '.join(codes) or 'an unknown commit'}"


def described(machine: Mapping[str, Any]) -> str:
    """Return processor and cores of a machine in words."""
    return f"{machine.get('processor') or 'unknown processor'}, {machine.get('cores', '?')} cores"


def disturbance(cells: Mapping[str, Any]) -> str:
    """Return a warning where other programs used more than a tenth of the processors during an ingest; empty where none did."""
    shares = [
        float(cell["others"])
        for steps in cells.values()
        for step in ("full", "unchanged", "edited")
        for cell in steps.get(step, {}).values()
        if "others" in cell
    ]
    loud = [share for share in shares if share > _QUIET]
    if not loud:
        return ""
    return (
        f"**The machine was not quiet.** During {len(loud)} of {len(shares)} ingests other programs used more than "
        f"{100 * _QUIET:.0f}% of the processors, {100 * max(loud):.0f}% at most: times are too long, and ratios less certain than "
        "their ranges say.\n"
    )


def limits(data: Mapping[str, Any], page: Page) -> str:
    """Return what the machine can do, and the share of it that our engine reaches; empty where it was not measured."""
    found = data["limits"]
    if not found:
        page.left_out.append("the machine's own limits")
        return ""
    machine, engine, reached = found["machine"], found["engine"], found["shares"]
    failures = [part["failed"] for part in (machine, engine) if "failed" in part]
    failures += [part[key] for part, key in ((machine, "matmul_failed"), (engine, "parameters_failed")) if key in part]
    rows = [
        ["memory, read", _rate(machine, "read_bytes_per_s", 1e-9, "GB/s")],
        ["memory, copied (read and written)", _rate(machine, "copy_bytes_per_s", 1e-9, "GB/s")],
        ["2,048 x 2,048 matrices, fp32", _rate(machine, "fp32_flops", 1e-9, "GFLOP/s")],
        ["2,048 x 2,048 matrices, bf16", _rate(machine, "bf16_flops", 1e-9, "GFLOP/s")],
        ["prompt, at most by matrices", _rate(reached, "prefill_bound", 1, "tokens/s")],
        ["prompt, our engine", _rate(engine, "prefill_per_s", 1, "tokens/s") + _percent(reached, "prefill_share")],
        ["answer, at most by memory", _rate(reached, "decode_bound", 1, "tokens/s")],
        ["answer, our engine", _rate(engine, "decode_per_s", 1, "tokens/s") + _percent(reached, "decode_share")],
    ]
    said = "".join(page.notes.mark(f"The machine's limits: {failure}") for failure in failures)
    head = (
        "Best of five; two threads or as many as there are cores. The bound of a prompt is the bf16 rate over two operations a "
        f"parameter, that of an answer the bandwidth over the size of the weights.{said}\n"
    )
    known = [row for row in rows if row[1] != NONE]
    return head + ("\n" + table(["what", "rate"], known) if known else "")


def _rate(found: Mapping[str, Any], name: str, factor: float, unit: str) -> str:
    return f"{found[name] * factor:,.1f} {unit}" if name in found else NONE


def _percent(found: Mapping[str, Any], name: str) -> str:
    return f", {100 * found[name]:.0f}% of that" if name in found else ""


def _versions(installed: Mapping[str, Any]) -> str:
    if "failed" in installed:
        return f"not installed: {installed['failed']}".replace("|", "/")
    versions = installed.get("versions", {})
    named = [f"{name} {versions[name]}" for name in _MATTERING if name in versions]
    return ", ".join([f"Python {installed.get('python', '?')}", *named])
