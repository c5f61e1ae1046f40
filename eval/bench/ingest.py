"""Ingest beside LlamaIndex's starter pipeline: the same files, the same weights, the same machine, in turn.

Every time is that of a whole process, from its start to its end, as somebody at the keyboard meets it. The programs take turns, so
that a machine that is busier for a while is so for both; medians are compared, and all times are kept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.bench.own import BenchError
from eval.bench.warm import append
from rag.load import walk

_ROOT = Path(__file__).parents[2]
_SAMPLE = 200

TARGETS = {"times_faster": 4.0, "unchanged_s": 2.0, "edited_s": 5.0, "edited_share": 0.03, "cosine": 0.999}
"""At least 4 times faster than the peer; unchanged under 2 s, one edited page under 5 s and, without start-up, under 3% of a full
ingest; every vector within a cosine of 0.999 of single precision."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is compared.

    Attributes:
        folders: corpora; each becomes a folder of the one that both ingest.
        model: folder of the embedder.
        config: settings of this system; None for the usual ones.
        rounds: how often each is timed.
    """

    folders: Sequence[Path]
    model: Path
    config: Path | None
    rounds: int


def join(folders: Sequence[Path], target: Path) -> int:
    """Copy corpora into one, each under its own name.

    Args:
        folders: the corpora; hidden files are left out.
        target: the folder to copy into.

    Returns:
        How many files of `target` ingest reads.

    Raises:
        BenchError: two have one name.
    """
    for folder in folders:
        if (target / folder.name).exists():
            raise BenchError(f"Two corpora are called {folder.name}", hint="Give them different names.")
        shutil.copytree(folder, target / folder.name, ignore=shutil.ignore_patterns(".*"))
    return len(walk(target)[0])


def run(parts: Parts, scratch: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Time everything.

    Args:
        parts: what is compared.
        scratch: an empty folder.
        tell: is given a line after each run.

    Returns:
        What `summary` returns, with the number of pages and of rounds.

    Raises:
        BenchError: a program failed.
    """
    corpus = scratch / "corpus"
    corpus.mkdir()
    pages = join(parts.folders, corpus)
    times: dict[str, list[float]] = {name: [] for name in ("peer", "full", "unchanged", "edited")}
    inside: list[dict[str, float]] = []
    made: dict[str, Any] = {}
    ours = [sys.executable, str(_ROOT / "ingest.py"), "--corpus", str(corpus), "--json", "--quiet"]
    ours += ["--config", str(parts.config)] if parts.config else []

    def timed(name: str, command: Sequence[str]) -> dict[str, Any]:
        seconds, said = _timed(command)
        times[name].append(seconds)
        tell(f"{name}: {seconds:.2f} s")
        return said

    for number in range(parts.rounds):
        store, index = scratch / f"peer-{number}", scratch / f"index-{number}"
        made["peer"] = timed("peer", [sys.executable, "-m", "eval.bench.starter", str(corpus), str(store), str(parts.model)])
        made["full"] = timed("full", [*ours, "--index", str(index)])
        timed("unchanged", [*ours, "--index", str(index)])
        page = _middle(corpus)
        append(page, number)
        timed("edited", [*ours, "--index", str(index)])
        warm = [sys.executable, "-m", "eval.bench.warm", str(corpus), str(index), str(page)]
        inside.append(_timed([*warm, str(parts.config)] if parts.config else warm)[1])
        shutil.rmtree(store, ignore_errors=True)
    cosine = lowest_cosine(scratch / f"index-{parts.rounds - 1}", parts.model)
    return summary(times, inside, made, cosine) | {"pages": pages, "rounds": parts.rounds}


def summary(
    times: Mapping[str, Sequence[float]], inside: Sequence[Mapping[str, float]], made: Mapping[str, Any], cosine: float
) -> dict[str, Any]:
    """Work out what the times come to, and which targets are met.

    Args:
        times: seconds of whole processes, by what was run.
        inside: what an edit took in a process that had everything loaded, by stage.
        made: the last reports.
        cosine: lowest between our vectors and single precision, -1 to 1.

    Returns:
        Medians and all times in seconds, the figures with their targets, and which of them are met.
    """
    middle = {name: median(values) for name, values in times.items()}
    figures = {
        "times_faster": middle["peer"] / middle["full"],
        "unchanged_s": middle["unchanged"],
        "edited_s": middle["edited"],
        "edited_share": median(each["total"] for each in inside) / middle["full"],
        "cosine": cosine,
    }
    better_high = {"times_faster", "cosine"}
    met = {name: figures[name] >= goal if name in better_high else figures[name] < goal for name, goal in TARGETS.items()}
    return {
        "medians_s": middle,
        "all_s": {name: list(values) for name, values in times.items()},
        "figures": figures,
        "targets": TARGETS,
        "met": met,
        "peer": {name: made["peer"][name] for name in ("documents", "chunks")},
        "own": {name: made["full"][name] for name in ("documents", "chunks")},
    }


def lowest_cosine(index: Path, model: Path) -> float:
    """Return the lowest cosine between stored vectors and those of sentence-transformers in single precision; 200 chunks."""
    from sentence_transformers import SentenceTransformer

    from rag.index import Index

    with Index(index).open() as reader:
        chunks = [chunk for _, chunk in zip(range(_SAMPLE), reader.all_chunks(), strict=False)]
        stored = reader.vectors([chunk.id for chunk in chunks])
    exact = SentenceTransformer(str(model), device="cpu").encode(
        [chunk.embed_text for chunk in chunks], normalize_embeddings=True, convert_to_numpy=True
    )
    ours = np.stack([stored[chunk.id] for chunk in chunks])
    return float((ours * exact).sum(axis=1).min())


def table(result: Mapping[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = ["| what | median, s | all, s |", "| --- | --- | --- |"]
    for name, value in result["medians_s"].items():
        lines.append(f"| {name} | {value:.2f} | {', '.join(f'{each:.2f}' for each in result['all_s'][name])} |")
    lines += ["", "| target | asked | found | met |", "| --- | --- | --- | --- |"]
    for name, goal in result["targets"].items():
        lines.append(f"| {name} | {goal:g} | {result['figures'][name]:.4g} | {'yes' if result['met'][name] else 'NO'} |")
    own, peer = result["own"], result["peer"]
    lines += ["", f"{result['pages']} pages; own {own['chunks']} chunks, peer {peer['chunks']}; {result['rounds']} rounds."]
    return "\n".join(lines) + "\n"


def _timed(command: Sequence[str]) -> tuple[float, dict[str, Any]]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    seconds = time.perf_counter() - start
    if done.returncode not in {0, 1} or not done.stdout.strip():
        said = (done.stderr.strip() or "it said nothing").split("\n")[-1]
        raise BenchError(f"{command[1]} {command[2]} failed: {said}", hint="The bench needs: pip install -e '.[bench]'.")
    report: dict[str, Any] = json.loads(done.stdout.strip().split("\n")[-1])
    return seconds, report


def _middle(corpus: Path) -> Path:
    pages = [file for file in walk(corpus)[0] if file.absolute.suffix == ".md"]
    return pages[len(pages) // 2].absolute


def as_json(result: Mapping[str, Any], made_with: Mapping[str, Any], parts: Parts) -> str:
    """Return everything as one JSON object."""
    described = asdict(parts) | {"folders": [folder.name for folder in parts.folders], "model": parts.model.name, "config": None}
    return json.dumps({**result, "parts": described, **made_with}, indent=1)
