"""What a run was made with: packages, Python, processor, the state of the code."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGES = (
    "ragas",
    "instructor",
    "langchain-community",
    "xllamacpp",
    "transformers",
    "torch",
    "sentence-transformers",
    "openvino",
    "chromadb",
    "llama-index-core",
    "numpy",
    "pydantic",
)


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return the version of Python and of each of the packages; one that is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return processor, usable cores and memory of this machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
    }


def code_state(folder: Path | None = None) -> str:
    """Return the commit of this checkout, with `+changes` where tracked files differ; empty outside of one."""
    git = shutil.which("git")
    place = folder or Path(__file__).parent
    if not git:
        return ""
    commit = _git(git, place, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return ""
    return commit + ("+changes" if _git(git, place, "status", "--porcelain", "--untracked-files=no") else "")


def _git(git: str, place: Path, *arguments: str) -> str:
    command = [git, "-C", str(place), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").split("\n"):
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
