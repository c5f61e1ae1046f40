"""The scripted chat as a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
_START_S = 120  # a few seconds, but for a busy machine


class ChatProcess:
    """A running `python -m tests.ui_server`, or any other command that prints where its chat is.

    Attributes:
        url: of the page.
        process: to signal.
    """

    def __init__(self, *arguments, command=("-m", "tests.ui_server"), **env):
        self._log = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115 - closed by stop
        self.process = subprocess.Popen(
            [sys.executable, *command, *map(str, arguments)],
            cwd=ROOT,
            # Leaving the machine ends the process: see tests/no_network.
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT / "tests" / "no_network"), **env},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = ""

    def wait(self):
        """Wait until it serves; return itself."""
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self.process.poll() is None:
            match = re.search(r"Chat at (http://\S+)", self.output())
            if match:
                self.url = match.group(1)
                return self
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"the chat did not start:\n{self.output()}")

    def output(self):
        """Everything that it has written so far."""
        return Path(self._log.name).read_text("utf-8")

    def stop(self, signal=None):
        """End it; return its exit status and how many seconds it took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal) if signal else self.process.kill()
        status = self.process.wait(timeout=20)
        return status, time.monotonic() - start

    def __enter__(self):
        return self.wait()

    def __exit__(self, *_):
        self.stop()
        self._log.close()
