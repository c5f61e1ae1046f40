"""A program that runs in a process group of its own: its lines, its log, and an end that takes its workers with it.

Vendors start workers of their own (tokenizers, converters, pip), which would go on after the program that started them was killed
and disturb what is timed next. It is the group that is ended. Not a session: that would also take a share of the processors of its
own where the system shares by session. Knows no peer.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_QUOTED_LINES = 3
_QUOTED_BYTES = 8192
_CLOSING_S = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that ended by itself.

    Attributes:
        status: 0 where all went well; below 0 the signal.
        said: what it wrote to standard output.
        errors: what it wrote to standard error.
    """

    status: int
    said: str
    errors: str


class Program:
    """A running program that is spoken to line by line. A context manager; leaving it ends the whole group.

    Args:
        command: program and arguments.
        environment: all of its variables.
        log: file for what it writes to standard error, so that no pipe of ours can fill up; appended to.
        folder: to run in.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._said_before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                cwd=folder,
                process_group=0,
            )
        self._ended = False
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(_pipe(self._process.stdout),), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the program, which is also that of its group."""
        return self._process.pid

    def write(self, line: bytes) -> None:
        """Give it a line; OSError where it listens no more."""
        stdin = _pipe(self._process.stdin)
        stdin.write(line)
        stdin.flush()

    def line(self, timeout_s: float) -> bytes | None:
        """Return its next line, None at the end of its output; TimeoutError where there is none in time."""
        try:
            return self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None

    def close_input(self) -> None:
        """Let it know that nothing more comes."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends by itself, then end what it left behind; return its status, TimeoutError where it goes on."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        self.kill()
        return status

    def kill(self) -> None:
        """End it and all that it started, now; once is enough."""
        if self._ended:  # its number may be another's by now
            return
        self._ended = True
        _kill_group(self._process)

    def last_words(self) -> str:
        """Return the last lines that this run of it wrote to its log; empty where there are none."""
        with self._log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._said_before, end - _QUOTED_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-_QUOTED_LINES:])

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._reader.join(_CLOSING_S)
        self.close_input()
        with contextlib.suppress(OSError):
            _pipe(self._process.stdout).close()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)


def run_program(command: Sequence[str], timeout_s: float, *, environment: Mapping[str, str], folder: Path | None = None) -> Ended:
    """Run a program to its end.

    Args:
        command: program and arguments.
        timeout_s: after which it is ended, with all that it started.
        environment: all of its variables.
        folder: to run in; None: where this process runs.

    Returns:
        What it said.

    Raises:
        TimeoutError: it took too long.
        OSError: it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603 - our own commands
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=dict(environment),
        cwd=folder,
        process_group=0,
    )
    with process:
        try:
            said, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            _kill_group(process)
    return Ended(process.returncode, said, errors)


def _kill_group(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that is over
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("the process was started with a pipe")
    return stream
