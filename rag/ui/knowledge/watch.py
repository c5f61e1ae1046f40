"""Does the corpus differ from the index? Looked at in the background, only while somebody asks.

Knows threads and when to look again; what differs is said by a dry run of ingest.
"""

from __future__ import annotations

import logging
import threading
import time

from rag.errors import RagError
from rag.types import IngestReport
from rag.ui.knowledge.library import Library

INTERVAL_S = 3.0

_LOG = logging.getLogger(__name__)


class Watch:
    """The last known difference between a corpus and its index.

    Args:
        library: corpus and index.
        interval_s: least time between two looks.
    """

    def __init__(self, library: Library, interval_s: float = INTERVAL_S) -> None:
        self._library = library
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._looking: threading.Thread | None = None
        self._signature = ""
        self.report: IngestReport | None = None
        self.problem: RagError | None = None

    def look(self) -> None:
        """Look again in the background if the last look was a while ago; returns at once."""
        with self._lock:
            if self._looking is not None and self._looking.is_alive():
                return
            if time.monotonic() - self._looked < self._interval_s:
                return
            self._looked = time.monotonic()
            self._looking = threading.Thread(target=self.look_now, name="watch", daemon=True)
            self._looking.start()

    def forget(self) -> None:
        """Have the next look compare everything again."""
        self._signature = ""
        self._looked = float("-inf")

    def look_now(self) -> None:
        """Compare corpus and index, unless neither has changed since the last time."""
        try:
            signature = self._library.signature()
            if signature == self._signature:
                return
            report = self._library.ingest(full=False, dry_run=True, progress=lambda *_: None)
        except RagError as error:
            self.problem, self.report, self._signature = error, None, ""
        except Exception:  # noqa: BLE001 - a defect here must not end the chat
            _LOG.exception("looking for changes failed")
        else:
            self.problem, self.report, self._signature = None, report, signature

    @property
    def changes(self) -> int:
        """How many pages differ, as far as is known."""
        report = self.report
        return 0 if report is None else len(report.added) + len(report.changed) + len(report.removed)
