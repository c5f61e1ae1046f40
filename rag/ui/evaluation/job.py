"""One run at a time, as a process of its own: its progress, its end, and how it is given up.

Knows processes and lines; what a run is, the command knows.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.errors import LLMError

_STEP = re.compile(r"(\d+) of (\d+): (.*)")
_KEPT_LINES = 12
_END_S = 10.0


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a run is.

    Attributes:
        phase: `idle` before the first one.
        done: of `total`; a total of 0 is not known yet.
        total: see `done`.
        said: its last line.
        status: of the process that ended.
    """

    phase: Literal["idle", "running", "stopping", "done", "stopped", "failed"] = "idle"
    done: int = 0
    total: int = 0
    said: str = ""
    status: int | None = None


class Job:
    """Runs commands, one after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._news = False
        self.state = JobState()

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self.state.phase in {"running", "stopping"}

    def ended(self) -> bool:
        """Return whether one has ended since this was asked last."""
        news, self._news = self._news, False
        return news

    def start(self, command: Sequence[str]) -> None:
        """Begin in the background.

        Args:
            command: program and arguments.

        Raises:
            LLMError: one is under way, or the program cannot be started.
        """
        with self._lock:
            if self.running:
                raise LLMError("A run is under way already", hint="Wait for it, or stop it.")
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the command is ours, not the reader's
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )
            except OSError as error:
                raise LLMError(f"The run cannot be started: {error.strerror}", hint="Check the installation.") from error
            self.state = JobState("running", said="Starting")
            self._thread = threading.Thread(target=self._follow, args=(self._process,), name="run", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give it up; what it has written stays and can be taken up again."""
        with self._lock:
            if self._process is None or not self.running:
                return
            self.state = JobState("stopping", self.state.done, self.state.total, "Stopping")
            process = self._process
        process.send_signal(signal.SIGINT)
        threading.Thread(target=_make_sure, args=(process,), daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.running

    def close(self) -> None:
        """End a run that is under way."""
        self.stop()
        self.wait(_END_S)

    def _follow(self, process: subprocess.Popen[str]) -> None:
        last: deque[str] = deque(maxlen=_KEPT_LINES)
        with process:  # closes what it wrote into
            for line in process.stderr or ():
                self._hear(line.strip(), last)
        status = process.returncode
        stopped = self.state.phase == "stopping"
        phase: Literal["done", "stopped", "failed"] = "stopped" if stopped else "done" if status in {0, 1} else "failed"
        said = last[-1] if last else ""
        self._news = True
        self.state = JobState(phase, self.state.done, self.state.total, said[:600], status)

    def _hear(self, words: str, last: deque[str]) -> None:
        if not words:
            return
        last.append(words)
        step = _STEP.match(words)
        if self.state.phase == "running":
            done, total = (int(step[1]), int(step[2])) if step else (self.state.done, self.state.total)
            self.state = JobState("running", done, total, words[:300])


def _make_sure(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
