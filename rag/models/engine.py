"""llama.cpp built for this machine's processor: where it lies and whether it fits.

It is the library that is installed, in the same version, compiled here instead of for every processor there is. Knows names and one
small file; `engine_build` makes it, and an adapter is given its folder. Nothing here loads it.

    MODELS/engine/VERSION-PROCESSOR/xllamacpp/     the library
    MODELS/engine/VERSION-PROCESSOR/engine.json    what came out when it was tried; written last
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import sysconfig
from pathlib import Path

PACKAGE = "xllamacpp"
RECORD = "engine.json"
_CPU_INFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = re.compile(r"^(?:flags|Features|model name)\s*:(.*)$", re.MULTILINE)


def engines_dir(models_dir: Path) -> Path:
    """Return the folder of engines, which lies beside the weights."""
    return models_dir / "engine"


def installed_version() -> str:
    """Return the version of the library that is installed; empty where it is not."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def processor(cpu_info: Path = _CPU_INFO) -> str:
    """Return a short name for what this machine can execute, its Python's kind included.

    Code that was compiled for another processor ends the process where it meets an instruction that is not there, so a folder that
    several machines share holds one engine for each.
    """
    try:
        found = _INSTRUCTIONS.findall(cpu_info.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = [platform.processor()]
    words = sorted({word for line in found for word in line.split()})
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return hashlib.sha256(" ".join([platform.system(), platform.machine(), str(free_threaded), *words]).encode()).hexdigest()[:12]


def engine_folder(models_dir: Path) -> Path:
    """Return where the engine for this machine and for what is installed lies or would lie."""
    return engines_dir(models_dir) / f"{installed_version() or 'none'}-{processor()}"


def find_engine(models_dir: Path) -> Path | None:
    """Return the folder of the engine that fits, None where there is none; takes a millisecond."""
    folder = engine_folder(models_dir)
    return folder if (folder / RECORD).is_file() else None
