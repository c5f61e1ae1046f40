"""A driver as a running process: a line in, a line out, within a time. Whatever goes wrong becomes a reason in words."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from rag.errors import RagError

_SHOWN_CHARS = 300
_GRACE_S = 120.0  # on a busy machine a large program takes its time to end
_FOLDERS = re.compile(r"(?<![\w.:/…)])/(?:[^\s/'\"]+/)+")
_SERVERS = re.compile(r"\bhttps?://[^\s/'\"]+")


class PeerFailureError(RagError):
    """A peer did not do what was asked; the message is the reason that goes into the report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, hint="It is recorded; the run goes on.")


def shortened(text: str) -> str:
    r"""Return a text on one line of at most 300 characters, without folders of this machine or addresses of servers.

    >>> shortened("two\n  lines of /home/me/notes/a.md")
    'two lines of …/a.md'
    """
    line = _FOLDERS.sub("…/", _SERVERS.sub("(address)", " ".join(text.split())))
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…"


class Driver:
    """A driver that runs. A context manager; leaving it ends the process.

    Args:
        command: program and arguments.
        environment: all of its variables.
        log: file for what it writes to standard error; appended to.
        folder: to run in.

    Attributes:
        peak_bytes: highest resident memory that it told of so far.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> None:
        self._log = log
        self._said_before = log.stat().st_size if log.exists() else 0
        self.peak_bytes = 0
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own commands
                    list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=dict(environment), cwd=folder
                )
            except OSError as error:
                raise PeerFailureError(f"does not start: {error.strerror}") from error
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def call(self, verb: str, timeout_s: float, **fields: object) -> dict[str, Any]:
        """Ask for one thing and wait for it.

        Args:
            verb: of the driver.
            timeout_s: after which it is ended.
            **fields: what the verb takes; JSON values.

        Returns:
            What it returned.

        Raises:
            PeerFailureError: it failed, ended, said something else than was agreed, or took too long.
        """
        line = json.dumps({"verb": verb, **fields}) + "\n"
        try:
            self._input.write(line.encode())
            self._input.flush()
        except OSError as error:
            raise PeerFailureError(self._ending()) from error
        try:
            said = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self.kill()
            raise PeerFailureError(f"not finished in {timeout_s:.0f} s") from None
        if said is None:
            raise PeerFailureError(self._ending())
        return self._understood(said)

    def finish(self) -> None:
        """Let it end by itself, which is part of its time.

        Raises:
            PeerFailureError: it does not end, or ends badly.
        """
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            status = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise PeerFailureError(f"did not end within {_GRACE_S:.0f} s of its work") from None
        if status:
            raise PeerFailureError(self._ending())

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        self._reader.join(_GRACE_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    @property
    def _input(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise AssertionError("the process was started with a pipe")
        return self._process.stdin

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)

    def _understood(self, said: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(said)
        except ValueError:
            reply = None
        if not isinstance(reply, dict) or not ({"ok", "error"} & reply.keys()):
            self.kill()
            raise PeerFailureError(f"said something that is no reply: {shortened(said.decode('utf-8', 'replace'))}")
        peak = reply.get("peak_bytes", 0)
        self.peak_bytes = max(self.peak_bytes, peak if isinstance(peak, int) else 0)
        if "error" in reply:
            raise PeerFailureError(shortened(str(reply["error"])))
        found = reply["ok"]
        if not isinstance(found, dict):
            self.kill()
            raise PeerFailureError(f"said something that is no reply: {shortened(str(reply))}")
        return found

    def _ending(self) -> str:
        try:
            status = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its output and went on"
        with self._log.open("rb") as file:
            file.seek(self._said_before)
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return shortened(f"{how}: {lines[-1]}" if lines else how)
