"""Environments of the peers: made once from pinned requirements with venv and pip, timed and measured. Knows no peer's code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from eval.bench.peers.catalogue import Peer
from eval.bench.peers.process import PeerFailureError, shortened
from eval.bench.peers.program import run_program
from rag.index.files import remove_tree, size

_NEWEST_MINOR = 20
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
_ROOT = Path(__file__).parents[3]
DONE = "installed.json"


def environment_of(peer: Peer) -> dict[str, str]:
    """Return the variables that a driver runs with: those of this process, with what would call elsewhere switched off."""
    found = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}}
    found |= _OFFLINE
    return found if peer.requirements else {**found, "PYTHONPATH": str(_ROOT)}


def python_of(peer: Peer, home: Path) -> Path:
    """Return the interpreter that runs a peer's driver."""
    if not peer.requirements:
        return Path(sys.executable)
    return home / peer.requirements / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def find_python(oldest: tuple[int, int]) -> str:
    """Find an interpreter that is new enough: this one, or the oldest such on the path.

    Args:
        oldest: version that will do.

    Returns:
        A program.

    Raises:
        PeerFailureError: there is none.
    """
    if sys.version_info[:2] >= oldest:
        return sys.executable
    for minor in range(oldest[1], _NEWEST_MINOR):
        program = shutil.which(f"python3.{minor}")
        if program and _answers(program):
            return program
    raise PeerFailureError(f"needs Python {oldest[0]}.{oldest[1]}; this machine has {sys.version_info[0]}.{sys.version_info[1]}")


def install(peer: Peer, home: Path, timeout_s: float, *, again: bool = False) -> dict[str, Any]:
    """Make a peer's environment, or read what was measured when it was made from the same requirements.

    Args:
        peer: with requirements.
        home: folder of all environments.
        timeout_s: for pip.
        again: make it anew.

    Returns:
        `seconds`, downloads included; `bytes` on disk; `python` and `versions` of all that is installed.

    Raises:
        PeerFailureError: there is no Python for it, or pip failed.
    """
    folder, wanted = home / peer.requirements, peer.requirements_file.read_text("utf-8")
    done = folder / DONE
    if done.is_file() and not again:
        kept: dict[str, Any] = json.loads(done.read_text("utf-8"))
        if kept.pop("requirements") == wanted:
            return kept
    program = find_python(peer.oldest_python)
    if folder.is_symlink():
        folder.unlink()  # what it points at is somebody's
    remove_tree(folder)
    home.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    _run([program, "-m", "venv", str(folder)], timeout_s)
    python = str(python_of(peer, home))
    _run([python, "-m", "pip", "install", "--quiet", "-r", str(peer.requirements_file)], timeout_s)
    seconds = time.perf_counter() - start
    listed = json.loads(_run([python, "-m", "pip", "list", "--format", "json"], timeout_s))
    version = _run([python, "-c", "import platform; print(platform.python_version())"], timeout_s).strip()
    found = {
        "seconds": round(seconds, 1),
        "bytes": size(folder),
        "python": version,
        "versions": {each["name"]: each["version"] for each in listed},
    }
    done.write_text(json.dumps({**found, "requirements": wanted}) + "\n", "utf-8")
    return found


def own_install() -> dict[str, Any]:
    """Measure the environment that this runs in; how long it took to make is not known any more."""
    import importlib.metadata
    import platform

    versions = {str(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()}
    return {"bytes": size(Path(sys.prefix)), "python": platform.python_version(), "versions": versions}


def _answers(program: str) -> bool:
    done = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603 - found on the path
    return done.returncode == 0


def _run(command: list[str], timeout_s: float) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}}
    try:
        done = run_program(command, timeout_s, environment=environment)
    except TimeoutError:
        raise PeerFailureError(f"its installation did not finish in {timeout_s:.0f} s") from None
    if done.status:
        said = done.errors.splitlines()
        errors = [line for line in said if line.startswith("ERROR")] or said or ["no reason"]
        raise PeerFailureError(f"cannot be installed: {shortened(errors[-1])}")
    return done.said
