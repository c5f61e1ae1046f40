"""The language model for peers: llama.cpp with the same GGUF file, behind its own OpenAI-compatible server on loopback.

As a program, `python -m eval.bench.peers.engine FILE CONTEXT THREADS PORT`: prints a line when the weights are loaded, and serves
until its input ends. `Engine` runs that program, waits for that line no longer than two minutes, and has what llama.cpp prints
written to a file. The key comes in the variable `ENGINE_KEY`.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eval.bench.peers.process import PeerFailureError, shortened
from eval.bench.peers.program import Program

NAME: Final = "local"
_KEY: Final = "ENGINE_KEY"
_ROOT: Final = Path(__file__).parents[3]
_READY: Final = "ready"
_START_S: Final = 120.0


def main(file: str, context_tokens: int, threads: int, port: int) -> None:
    """Serve until standard input ends."""
    from rag.llm.llama_library import import_library

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the vendor prints
    vendor = import_library()
    params = vendor.CommonParams()
    params.model.path = file
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.fit_params = False
    params.use_jinja = True
    params.verbosity = -1
    params.ui = False
    params.api_keys = [os.environ[_KEY]]
    params.hostnames = ["127.0.0.1"]
    params.port = port
    server = vendor.Server(params)
    out.write(f"{_READY}\n")
    out.flush()
    sys.stdin.read()
    del server  # ends its threads


class Engine:
    """The program, running. A context manager; leaving it ends the program.

    Args:
        file: GGUF.
        context_tokens: of a prompt and its answer.
        threads: to compute with.
        log: file for what llama.cpp prints.
        start_s: how long the weights may take to load.
        program: command to run in the place of this module.

    Attributes:
        url: of its `/v1`.
        key: that the server asks for.
    """

    def __init__(
        self,
        file: Path,
        *,
        context_tokens: int,
        threads: int,
        log: Path,
        start_s: float = _START_S,
        program: Sequence[str] = (sys.executable, "-m", "eval.bench.peers.engine"),
    ) -> None:
        self.key = secrets.token_hex(16)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._ready = False
        self._start_s = start_s
        self._began = time.monotonic()
        environment = {**os.environ, _KEY: self.key, "PYTHONPATH": str(_ROOT)}
        self._program = Program([*program, str(file), str(context_tokens), str(threads), str(port)], environment, log, _ROOT)

    def wait(self) -> None:
        """Wait until the weights are loaded.

        Raises:
            PeerFailureError: it did not start in time, or ended; with the last lines that it wrote.
        """
        while not self._ready:
            try:
                line = self._program.line(max(0.0, self._began + self._start_s - time.monotonic()))
            except TimeoutError:
                self._program.kill()
                raise self._failure(f"was not ready in {self._start_s:.0f} s") from None
            if line is None:
                raise self._failure("did not start")
            self._ready = line.decode("utf-8", "replace").strip() == _READY

    def _failure(self, what: str) -> PeerFailureError:
        return PeerFailureError(f"the engine {what}: {shortened(self._program.last_words() or 'it said nothing')}")

    def facts(self) -> dict[str, Any]:
        """Return what the server says of the model: `n_params`, `size` and more."""
        self.wait()
        request = urllib.request.Request(f"{self.url}/models", headers={"Authorization": f"Bearer {self.key}"})  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=_START_S) as answer:  # noqa: S310 - loopback
            found: dict[str, Any] = json.load(answer)["data"][0]["meta"]
        return found

    def peak_bytes(self) -> int:
        """Return the highest resident memory of the engine so far; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self._program.pid}/status").read_text("ascii", "replace")
            return int(status.partition("VmHWM:")[2].split()[0]) * 1024
        except (OSError, IndexError):
            return 0

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *details: object) -> None:
        self._program.__exit__(*details)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
