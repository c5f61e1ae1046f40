"""Parts of the report that are about the run and the machine, not about a system. Pure functions over the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.bench.peers.catalogue import PEERS
from eval.bench.peers.footnotes import Footnotes
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


def about(data: Mapping[str, Any]) -> str:
    """Return when, where, on what and with which versions."""
    facts, settings = data["about"], data["settings"]
    machine = facts.get("machine", {})
    rounds = max((len(cells.get("full", {})) for cells in data["peers"].values()), default=0)
    lines = [
        f"Written by `{facts.get('command', 'python -m eval bench peers')}`; nothing here is typed by hand.\n",
        f"- {facts.get('started', '')} to {facts.get('finished', '')}; code {facts.get('code') or 'unknown'}",
        f"- {machine.get('processor', 'unknown processor')}, {machine.get('cores', '?')} cores, "
        f"{machine.get('memory_bytes', 0) / 2**30:.0f} GiB, {machine.get('system', '')}",
        f"- embedder {settings['embedder']}, language model {settings['llm']} for all; {facts.get('pages', '?')} pages of "
        f"{', '.join(settings['corpora'])}",
        f"- {rounds or 'no'} round{'s' * (rounds != 1)} so far: in each, every system in turn ingests, ingests again, ingests "
        f"with a page edited, and searches for {facts.get('searched', '?')} questions; peers put {settings['passages']} passages "
        "in a prompt where that is for the user to choose",
    ]
    rows = [[peer.title, _versions(data["peers"][peer.name].get("install", {}))] for peer in PEERS if peer.name in data["peers"]]
    return "\n".join(lines) + "\n\n" + table(["system", "versions"], rows)


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


def limits(data: Mapping[str, Any], notes: Footnotes) -> str:
    """Return what the machine can do, and the share of it that our engine reaches."""
    found = data["limits"]
    if not found:
        return "Not measured in this run.\n"
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
    said = "".join(notes.mark(f"The machine's limits: {failure}") for failure in failures)
    head = (
        "Best of five; two threads or as many as there are cores. The bound of a prompt is the bf16 rate over two operations a "
        f"parameter, that of an answer the bandwidth over the size of the weights.{said}\n"
    )
    return head + "\n" + table(["what", "rate"], rows)


def _rate(found: Mapping[str, Any], name: str, factor: float, unit: str) -> str:
    return f"{found[name] * factor:,.1f} {unit}" if name in found else "–"


def _percent(found: Mapping[str, Any], name: str) -> str:
    return f", {100 * found[name]:.0f}% of that" if name in found else ""


def _versions(installed: Mapping[str, Any]) -> str:
    if "failed" in installed:
        return f"not installed: {installed['failed']}".replace("|", "/")
    versions = installed.get("versions", {})
    named = [f"{name} {versions[name]}" for name in _MATTERING if name in versions]
    return ", ".join([f"Python {installed.get('python', '?')}", *named])
