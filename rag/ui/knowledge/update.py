"""One ingest at a time, started by a button: its progress, its end, and how it is given up.

Knows threads; what an ingest is, the library knows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rag.errors import IndexLockedError, RagError
from rag.types import IngestReport
from rag.ui.knowledge.library import Library

_LOG = logging.getLogger(__name__)


class _GivenUpError(Exception):
    """Raised where the ingest reports its progress: nothing is half done, since a generation is whole or not there."""


@dataclass(frozen=True, slots=True)
class UpdateState:
    """How far an ingest is.

    Attributes:
        phase: `idle` before the first one.
        stage: what is being done.
        done: of `total`; a total of 0 is not known.
        total: see `done`.
        report: of the last one that ended well.
        problem: why the last one failed.
    """

    phase: Literal["idle", "running", "stopping", "done", "stopped", "failed"] = "idle"
    stage: str = ""
    done: int = 0
    total: int = 0
    report: IngestReport | None = None
    problem: RagError | None = None


class Update:
    """Runs ingests of a library.

    Args:
        library: that is brought up to date.
        on_end: called in its thread after each.
    """

    def __init__(self, library: Library, on_end: Callable[[], None] = lambda: None) -> None:
        self._library = library
        self._on_end = on_end
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._given_up = threading.Event()
        self._news = False
        self.state = UpdateState()

    def ended(self) -> bool:
        """Return whether one has ended since this was asked last."""
        news, self._news = self._news, False
        return news

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self.state.phase in {"running", "stopping"}

    def start(self, *, full: bool = False) -> None:
        """Begin in the background.

        Args:
            full: read and embed everything again.

        Raises:
            IndexLockedError: one is under way.
        """
        with self._lock:
            if self.running:
                raise IndexLockedError("The notes are being read already", hint="Wait for it to end.")
            self._given_up.clear()
            self.state = UpdateState("running", "Comparing the notes with the index")
            self._thread = threading.Thread(target=self._work, args=(full,), name="ingest", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give it up at its next step; the index stays as it is."""
        with self._lock:
            if self.running:
                self._given_up.set()
                self.state = UpdateState("stopping", "Stopping")

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.running

    def _work(self, full: bool) -> None:
        try:
            report = self._library.ingest(full=full, dry_run=False, progress=self._progress)
            end = UpdateState("done", report=report)
        except _GivenUpError:
            end = UpdateState("stopped")
        except RagError as error:
            end = UpdateState("failed", problem=error)
        except Exception:  # noqa: BLE001 - logged, and the reader is told
            _LOG.exception("an ingest failed")
            end = UpdateState("failed", problem=RagError("Reading the notes failed", hint="The log of the program says why."))
        self._on_end()
        self._news = True
        self.state = end

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self._given_up.is_set():
            raise _GivenUpError
        self.state = UpdateState("running", stage, done, total)
