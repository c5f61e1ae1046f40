"""`python -m rag doctor`: can this installation ingest, answer and evaluate, and what to do where it cannot.

Looks, and changes nothing. Imports no engine, so that it answers at once and also where an engine is broken by being absent.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rag.config import Config
from rag.errors import RagError
from rag.folders import reranker_folder
from rag.language_model import check_llm, llm_engine
from rag.load import walk
from rag.question_model import check_question_model
from rag.wiring import embedder_fingerprint, index_status

_NEEDED_BYTES = 500 * 1024 * 1024
_PACKAGES = {
    "ingest": ("chromadb", "sentence_transformers", "tokenizers", "torch", "markdown_it"),
    "answer": ("chromadb", "sentence_transformers", "gguf", "gradio"),
    "evaluate": ("ragas", "instructor", "langchain_community"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        problem: what is wrong and what to do, one line; empty if all is well.
        detail: what was found.
    """

    name: str
    problem: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks, by what they are needed for."""

    jobs: dict[str, list[Check]]

    @property
    def healthy(self) -> bool:
        """Whether everything that was looked at is well."""
        return not any(check.problem for checks in self.jobs.values() for check in checks)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "healthy": self.healthy,
            "jobs": {
                job: {
                    "able": not any(check.problem for check in checks),
                    "checks": [{"name": c.name, "ok": not c.problem, "problem": c.problem, "detail": c.detail} for c in checks],
                }
                for job, checks in self.jobs.items()
            },
        }

    def show(self, out: TextIO) -> None:
        """Write the report for a person."""
        for job, checks in self.jobs.items():
            able = not any(check.problem for check in checks)
            out.write(f"{job}: {'yes' if able else 'NO'}\n")
            for check in checks:
                mark = "ok " if not check.problem else "-> "
                out.write(f"  {mark} {check.name:<14} {check.problem or check.detail}\n")


def examine(config: Config) -> Report:
    """Look at packages, weights, corpus, index and disk."""
    return Report(
        {
            "ingest": [
                _python(),
                _packages("ingest"),
                _check("embedder", lambda: embedder_fingerprint(config)),
                _check("corpus", lambda: f"{len(walk(config.corpus)[0])} notes in {config.corpus}"),
                _disk(config.index),
            ],
            "answer": [
                _packages("answer"),
                _check("llm", lambda: check_llm(config, config.llm)),
                Check("engine", "", llm_engine(config, config.llm)),
                *[_check("question_model", lambda: check_question_model(config)) for _ in config.question_models],
                *([_check("reranker", lambda: str(reranker_folder(config)))] if config.reranker else []),
                _check("index", lambda: _index_detail(config)),
            ],
            "evaluate": [_packages("evaluate"), _check("judge", lambda: check_llm(config, config.judge or config.llm))],
        }
    )


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, "", look())
    except RagError as error:
        return Check(name, str(error))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", "" if sys.version_info >= (3, 11) else f"{version} is too old. Install Python 3.11 or newer.", version)


def _packages(job: str) -> Check:
    missing = [name for name in _PACKAGES[job] if importlib.util.find_spec(name) is None]
    if missing:
        extra = "make eval" if job == "evaluate" else "make chat"
        return Check("packages", f"{', '.join(missing)} not installed. Run: {extra}")
    return Check("packages", "", ", ".join(_versions(_PACKAGES[job])))


def _versions(names: tuple[str, ...]) -> list[str]:
    owners = importlib.metadata.packages_distributions()
    return [f"{owners[name][0]} {importlib.metadata.version(owners[name][0])}" for name in names if name in owners]


def _disk(index: Path) -> Check:
    existing = next(folder for folder in (index.absolute(), *index.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1e9:.0f} GB free"
    return Check("disk", "" if free > _NEEDED_BYTES else f"{detail} at {existing}. Make room.", detail)


def _index_detail(config: Config) -> str:
    status = index_status(config)
    return f"generation {status['generation']}, {status['documents']} documents, {status['chunks']} chunks"
