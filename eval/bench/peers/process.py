"""A driver as a running process: a line in, a line out, within a time. Whatever goes wrong becomes a reason in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.bench.peers.program import Program
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
        try:
            self._program = Program(command, environment, log, folder)
        except OSError as error:
            raise PeerFailureError(f"does not start: {error.strerror}") from error
        self._over = ""
        self.peak_bytes = 0

    def call(self, verb: str, timeout_s: float, **fields: object) -> dict[str, Any]:
        """Ask for one thing and wait for it.

        Args:
            verb: of the driver.
            timeout_s: after which it is ended.
            **fields: what the verb takes; JSON values.

        Returns:
            What it returned.

        Raises:
            PeerFailureError: it failed, ended, said something else than was agreed, or took too long, now or earlier.
        """
        if self._over:
            raise PeerFailureError(f"not asked: the process was ended after {self._over}")
        try:
            self._program.write((json.dumps({"verb": verb, **fields}) + "\n").encode())
        except OSError as error:
            raise self._gone() from error
        try:
            said = self._program.line(timeout_s)
        except TimeoutError:
            self._end(f"{verb} took more than {timeout_s:.0f} s")
            raise PeerFailureError(f"not finished in {timeout_s:.0f} s") from None
        if said is None:
            raise self._gone()
        return self._understood(said)

    def finish(self) -> None:
        """Let it end by itself, which is part of its time.

        Raises:
            PeerFailureError: it does not end, or ends badly.
        """
        self._program.close_input()
        try:
            status = self._program.wait(_GRACE_S)
        except TimeoutError:
            self._end(f"it went on for {_GRACE_S:.0f} s without work")
            raise PeerFailureError(f"did not end within {_GRACE_S:.0f} s of its work") from None
        if status:
            raise PeerFailureError(self._ending(status))

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *details: object) -> None:
        self._program.__exit__(*details)

    def _end(self, why: str) -> None:
        self._over = why
        self._program.kill()

    def _understood(self, said: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(said)
        except ValueError:
            reply = None
        if not isinstance(reply, dict) or not ({"ok", "error"} & reply.keys()):
            self._end("it said something that is no reply")
            raise PeerFailureError(f"said something that is no reply: {shortened(said.decode('utf-8', 'replace'))}")
        peak = reply.get("peak_bytes", 0)
        self.peak_bytes = max(self.peak_bytes, peak if isinstance(peak, int) else 0)
        if "error" in reply:
            raise PeerFailureError(shortened(str(reply["error"])))
        found = reply["ok"]
        if not isinstance(found, dict):
            self._end("it said something that is no reply")
            raise PeerFailureError(f"said something that is no reply: {shortened(str(reply))}")
        return found

    def _gone(self) -> PeerFailureError:
        """Return why it does not talk any more; what is asked later was not asked."""
        try:
            reason = self._ending(self._program.wait(_GRACE_S))
            self._over = f"it {reason}"
        except TimeoutError:
            reason = "closed its output and went on"
            self._end(f"it {reason}")
        return PeerFailureError(reason)

    def _ending(self, status: int) -> str:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        words = self._program.last_words()
        return shortened(f"{how}: {words}" if words else how)
