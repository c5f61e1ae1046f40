"""Builds llama.cpp for this machine's processor, and keeps it only if it is right and quicker.

The source is the package that is installed, in the same version, from where pip gets packages; pip builds it with this machine's
compiler. Then both libraries are tried in turn on the same weights, in processes of their own. Knows pip, compilers and wheels as
archives; what is tried is in `rag.llm.engine_check`, which runs as a program.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.engine import PACKAGE, RECORD, engine_folder, engines_dir, find_engine, installed_version
from rag.models.locking import exclusive
from rag.protocols import Progress

# What the installed wheel has and nobody here asks for is left out: it would be downloaded from elsewhere, or takes minutes.
_OPTIONS = (
    "-DGGML_NATIVE=ON -DLLAMA_LLGUIDANCE=OFF -DLLAMA_BUILD_BORINGSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF "
    "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF"
)
# Some releases of GCC 11 and 12 take the settings of the matrix units for stores that nobody reads, and leave them out: the first
# product of matrices ends the process. (The compiler's `_tile_loadconfig` says that it reads 8 of the 64 bytes.)
_KEEP_STORES = "-fno-tree-dse -fno-dse"
_STEP = re.compile(r"\[\s*(\d+)(?:/(\d+)|%)\]")
_ROUNDS = 3
_TOLERANCE = 0.05
_NEEDED_BYTES = 2_000_000_000
_TRY_S = 300.0
_NOT_NEEDED = "Nothing else needs it: the system works without, at the speed it has."


@dataclass(frozen=True, slots=True)
class Trial:
    """What one library did on the same weights; medians.

    Attributes:
        yes: probability of Yes to a plain question, 0 to 1.
        read_tokens_per_s: of a prompt.
        write_tokens_per_s: of an answer.
    """

    yes: float
    read_tokens_per_s: float
    write_tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to.

    Attributes:
        folder: of the engine.
        fresh: whether it was built now.
        seconds: how long that took.
        installed: what the installed library did; None where there were no weights to try.
        native: what the new one did.
    """

    folder: Path
    fresh: bool
    seconds: float = 0.0
    installed: Trial | None = None
    native: Trial | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "folder": str(self.folder)}

    def lines(self) -> list[str]:
        """Return what to tell the user."""
        if not self.fresh:
            return [f"There already: {self.folder}"]
        lines = [f"Built in {self.seconds / 60:.0f} minutes: {self.folder}"]
        if self.installed and self.native:
            lines.append(
                f"It reads {self.native.read_tokens_per_s:.0f} tokens a second instead of {self.installed.read_tokens_per_s:.0f}, "
                f"and writes {self.native.write_tokens_per_s:.0f} instead of {self.installed.write_tokens_per_s:.0f}"
            )
        return lines


def build_engine(
    models_dir: Path,
    *,
    gguf: Path | None,
    threads: int,
    say: Callable[[str], None],
    progress: Progress | None = None,
    again: bool = False,
) -> Built:
    """Build the engine, try it, and put it beside the weights; what is there already stays.

    Args:
        models_dir: folder of the weights.
        gguf: weights to try it on; None: it is only loaded.
        threads: to compute with.
        say: takes lines for the user.
        progress: told how far the compiler is.
        again: build although there is one that fits.

    Returns:
        What is there now, and whether it was built in this call.

    Raises:
        ModelError: no compiler, no source, or what was built is wrong or no quicker; the system works as before.
    """
    home = engines_dir(models_dir)
    with exclusive(home, say):
        present = find_engine(models_dir)
        if present is not None and not again:
            return Built(present, fresh=False)
        check_tools()
        if shutil.disk_usage(home).free < _NEEDED_BYTES:
            raise ModelError(f"{home} has less than 2 GB free", hint="Make room, or set RAG_MODELS_DIR.")
        scratch = home / ".building"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            return _build(models_dir, scratch, gguf, threads, say, progress)
        finally:
            _clear(scratch)


def remove_engines(models_dir: Path, say: Callable[[str], None]) -> bool:
    """Remove every engine, those of other machines too; returns whether there was one."""
    home = engines_dir(models_dir)
    if not home.is_dir():
        return False
    with exclusive(home, say):
        engines = [path.parent for path in home.glob(f"*/{RECORD}")]
        for path in engines:
            shutil.rmtree(path)
    return bool(engines)


def check_tools(environment: Mapping[str, str] | None = None, include: Path | None = None) -> None:
    """Look for what a build needs and pip does not bring.

    Args:
        environment: by default this process's.
        include: where Python's headers are; by default where this Python says.

    Raises:
        ModelError: something is missing; the hint says how to get it.
    """
    env = os.environ if environment is None else environment
    path = env.get("PATH", os.defpath)
    chosen = shlex.split(env.get("CXX", ""))[:1]
    if not any(shutil.which(name, path=path) for name in chosen or ("c++", "g++", "clang++")):
        raise ModelError("There is no C++ compiler", hint=f"On Debian and Ubuntu: apt install build-essential. {_NOT_NEEDED}")
    if not ((include or Path(sysconfig.get_path("include"))) / "Python.h").is_file():
        raise ModelError("Python's headers are missing", hint=f"On Debian and Ubuntu: apt install python3-dev. {_NOT_NEEDED}")
    if not installed_version():
        raise ModelError(f"{PACKAGE} is not installed", hint="Run: make chat")


def _build(
    models_dir: Path, scratch: Path, gguf: Path | None, threads: int, say: Callable[[str], None], progress: Progress | None
) -> Built:
    start = time.perf_counter()
    scratch.mkdir(parents=True)
    wheel = _compile(scratch, threads, say, progress)
    folder = scratch / "engine"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # from our own compiler, and `extractall` keeps inside the folder
    say("Trying it")
    installed, native = _compare(folder, gguf, threads)
    seconds = time.perf_counter() - start
    record = {"seconds": round(seconds), "installed": installed and asdict(installed), "native": native and asdict(native)}
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    final = engine_folder(models_dir)
    # Engines of another version or of a machine that is gone are worthless, and cost minutes to replace where they are not.
    for old in final.parent.glob(f"*{final.name[final.name.rindex('-') :]}"):
        shutil.rmtree(old)
    folder.rename(final)
    return Built(final, True, seconds, installed, native)


def _compile(scratch: Path, threads: int, say: Callable[[str], None], progress: Progress | None) -> Path:
    env = _environment(scratch, threads, say)
    wanted = f"{PACKAGE}=={installed_version()}"
    log = scratch.parent / "build.log"
    command = _pip("wheel", "--verbose", "--no-deps", "--no-cache-dir", "--no-binary", PACKAGE, "--wheel-dir", str(scratch), wanted)
    say(f"Building {wanted} for this processor; this takes some minutes")
    with log.open("w", encoding="utf-8") as file:
        code = _run(command, env, file.write, progress)
    wheels = list(scratch.glob("*.whl"))
    if code or not wheels:
        lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines() if "error" in line.lower()]
        reason = (lines or ["no reason given"])[-1][:200]
        raise ModelError(f"The engine cannot be built: {reason}", hint=f"See {log}. {_NOT_NEEDED}")
    log.unlink()
    return wheels[0]


def _environment(scratch: Path, threads: int, say: Callable[[str], None]) -> dict[str, str]:
    """The environment of the compiler; brings cmake where there is none."""
    temporary = scratch / "tmp"
    temporary.mkdir()
    own = f"{os.environ['CMAKE_ARGS']} " if os.environ.get("CMAKE_ARGS") else ""
    flags = f"{os.environ.get('CXXFLAGS', '')} {_KEEP_STORES}".strip()
    env = {**os.environ, "CMAKE_ARGS": own + _OPTIONS, "CXXFLAGS": flags, "NPROC": str(threads), "TMPDIR": str(temporary)}
    env.pop("XLLAMACPP_RELEASE", None)  # would build for every processor
    missing = [name for name in ("cmake", "ninja") if shutil.which(name) is None]
    if missing:
        tools = scratch / "tools"
        say(f"Fetching {' and '.join(missing)}")
        if _run(_pip("install", "--target", str(tools), *missing), env, lambda _: None, None):
            raise ModelError(f"{missing[0]} cannot be installed", hint=f"Install it by hand. {_NOT_NEEDED}")
        # The packages' own programs: their entry scripts would not find the packages from inside pip's build.
        folders = {str(path.parent) for name in missing for path in tools.glob(f"*/data/bin/{name}*")} | {str(tools / "bin")}
        env["PATH"] = os.pathsep.join([*sorted(folders, reverse=True), env.get("PATH", os.defpath)])
    env.setdefault("CMAKE_GENERATOR", "Ninja")
    return env


def _pip(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]


def _run(command: Sequence[str], env: Mapping[str, str], keep: Callable[[str], object], progress: Progress | None) -> int:
    """Run a command to its end, at low priority, and watch what it prints."""
    slowly = ["nice", "-n", "10", *command] if shutil.which("nice") else command
    with subprocess.Popen(  # noqa: S603
        slowly,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            for line in process.stdout or ():
                keep(line)
                step = _STEP.search(line)
                if step and progress:
                    progress("Building the engine", int(step[1]), int(step[2] or 100))
        except BaseException:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, signal.SIGTERM)  # the compilers too, which pip would leave behind
            raise
    return process.returncode


def _clear(scratch: Path) -> None:
    """Remove a folder that compilers which were just stopped may still write to."""
    for _ in range(10):
        shutil.rmtree(scratch, ignore_errors=True)
        if not scratch.exists():
            return
        time.sleep(0.2)


def _compare(folder: Path, gguf: Path | None, threads: int) -> tuple[Trial | None, Trial | None]:
    """Try the installed library and the new one in turn.

    Args:
        folder: of the new library.
        gguf: weights to try both on; None: the new one is only loaded.
        threads: to compute with.

    Returns:
        What was measured of the installed library and of the new one; None twice without weights.

    Raises:
        ModelError: the new one does not load, gives other numbers, or is no quicker.
    """
    if gguf is None:
        code = f"import sys; sys.path.insert(0, {str(folder)!r}); import {PACKAGE}"
        if subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=_TRY_S).returncode:  # noqa: S603
            raise ModelError("The engine that was built does not load", hint=_NOT_NEEDED)
        return None, None
    runs: dict[bool, list[Mapping[str, Any]]] = {False: [], True: []}
    for _ in range(_ROUNDS):
        for native in (False, True):
            runs[native].append(_try([str(gguf), *([str(folder)] if native else []), "--threads", str(threads)]))
    installed, native_trial = _trial(runs[False]), _trial(runs[True])
    if not all(run["native"] for run in runs[True]) or abs(installed.yes - native_trial.yes) > _TOLERANCE:
        raise ModelError("The engine that was built gives other answers, and is not used", hint=_NOT_NEEDED)
    gain = native_trial.read_tokens_per_s / installed.read_tokens_per_s
    if gain < 1.0:
        raise ModelError(f"The engine that was built is no quicker ({gain:.2f}x), and is not used", hint=_NOT_NEEDED)
    return installed, native_trial


def _trial(runs: Sequence[Mapping[str, Any]]) -> Trial:
    return Trial(*(statistics.median(run[key] for run in runs) for key in ("yes", "read_tokens_per_s", "write_tokens_per_s")))


def _try(arguments: Sequence[str]) -> Mapping[str, Any]:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "rag.llm.engine_check", *arguments], capture_output=True, text=True, check=False, timeout=_TRY_S
    )
    try:
        found: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ModelError(f"The engine that was built does not work: {lines[-1]}", hint=_NOT_NEEDED) from error
    return found
