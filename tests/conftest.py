"""Real weights for the tests that need them."""

from __future__ import annotations

import os
import platform
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.config import load_config
from rag.errors import ModelError
from rag.models.store import model_path

_STARTED = pytest.StashKey[float]()

# Two files are tested at a time: with two threads each, engines would wait for one another longer than they compute.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("RAG_THREADS", "1")


@pytest.fixture(scope="session")
def threads() -> int:
    """How many threads an engine under test may have."""
    return int(os.environ.get("RAG_THREADS") or 2)


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The small GGUF file; without it a test is skipped with what to do, in CI it fails."""
    try:
        return model_path("smollm2-135m", load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def llama_library(request) -> Path | None:
    """Folder of llama.cpp built for this processor; None: the installed one. A process holds one of them."""
    folder = request.config.getoption("--llama-library")
    return Path(folder) if folder else None


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server."""
    from tests.chroma_server import running

    with running(tmp_path_factory.mktemp("chroma") / "data") as address:
        yield address


def pytest_addoption(parser):
    parser.addoption("--llama-library", metavar="DIR", help="run the tests of llama.cpp with the library in this folder")
    parser.addoption("--soak-log", metavar="FILE", help="append what was run, how long and how it ended to this file")


def pytest_sessionstart(session):
    # Started in the background, a shell has Ctrl-C ignored, and every process that a test starts would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    session.config.stash[_STARTED] = time.time()


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    file = config.getoption("--soak-log")
    if not file:
        return
    counts = {name: len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    took_s = time.time() - config.stash[_STARTED]
    size = os.environ.get("RAG_SOAK", "1")
    lines = [
        f"## Soak of {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"`make soak`, size {size}: {counts['passed']} passed, {counts['failed'] + counts['error']} failed, "
        f"{counts['skipped']} skipped in {took_s / 60:.0f} minutes; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {platform.machine()}.",
        "",
    ]
    slowest = sorted(terminalreporter.stats.get("passed", []), key=lambda report: -report.duration)[:5]
    lines += [f"- {report.nodeid}: {report.duration:.0f} s" for report in slowest]
    ended = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    lines += [f"- {report.nodeid}: {name} {value}" for report in ended for name, value in report.user_properties]
    with Path(file).open("a", encoding="utf-8") as log:
        log.write("\n" + "\n".join(lines) + "\n")
