"""What a run was made with, as rows of what and value: enough to make it again. Knows `run.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.record import Result


def repeat_rows(run: Mapping[str, Any], results: Sequence[Result]) -> list[tuple[str, str]]:
    """Return rows of plain text."""
    index, machine = run["index"], run["machine"]
    return [
        ("command", run["command"]),
        ("started, finished", f"{run['started']}, {run.get('finished') or 'not finished'}"),
        ("asking and judging", f"{_minutes(results):.1f} minutes"),
        ("questions", f"{run['questions_file']}, sha256 {run['questions_sha256'][:16]}{_chosen(run)}"),
        ("index", f"generation {run['generation']}, {index.get('documents')} documents, {index.get('chunks')} chunks"),
        ("corpus, chunks", f"sha256 {str(index.get('corpus_sha256'))[:16]}, {str(index.get('chunks_sha256'))[:16]}"),
        ("embedder", str(index.get("embedder"))),
        ("answers by, judge", f"{run['llm']}, {judge_name(run)}"),
        ("with", ", ".join(f"{name} {value}" for name, value in run.get("parts", {}).items() if value)),
        ("seed", str(run["seed"])),
        ("code", f"{run['code'] or 'not a git checkout'}, rag/ {run['system_code']}"),
        (
            "machine",
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}",
        ),
        ("versions", ", ".join(f"{name} {version}" for name, version in run["versions"].items())),
        ("settings", ", ".join(f"{name} = {value!r}" for name, value in run["settings"].items())),
    ]


def judge_name(run: Mapping[str, Any]) -> str:
    """Return what to call the judge of a run."""
    return "none" if not run["judge"] else "the same" if run["judge"] == run["llm"] else str(run["judge"])


def _chosen(run: Mapping[str, Any]) -> str:
    return f", {run['selected']} of its {run['split']} split" if run.get("split") else f", {run['selected']} of them"


def _minutes(results: Sequence[Result]) -> float:
    judged = sum(judgement["seconds"] for result in results for judgement in result["judged"].values())
    return float(sum(result["seconds"] for result in results) + judged) / 60
