"""Corpus health: what an editor should look at, by kind. Looked for in the background, since every page is read.

Knows threads and notices; knows no HTML.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import RagError
from rag.types import Notice
from rag.ui.knowledge.library import Library

KINDS = {
    "unreadable": "Pages that cannot be read",
    "broken-link": "Links that lead nowhere",
    "broken-anchor": "Links to headings that are not there",
    "broken-embed": "Embeds that are not there",
    "near-duplicate": "Pages that say nearly the same",
    "empty-page": "Pages without text",
    "no-title": "Pages without a title",
    "long-page": "Pages better split",
}
"""Notice kinds to what they are called, the worst first; others follow under their own name."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        running: whether it is being looked for.
        groups: heading to notices, the worst first; None before the first look.
        problem: why looking failed.
    """

    running: bool = False
    groups: tuple[tuple[str, tuple[Notice, ...]], ...] | None = None
    problem: RagError | None = None


class Health:
    """The last checkup of a library's corpus."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self.checkup = Checkup()

    def start(self) -> None:
        """Look in the background, unless that is under way."""
        with self._lock:
            if self.checkup.running:
                return
            self.checkup = Checkup(running=True, groups=self.checkup.groups)
            threading.Thread(target=self.look, name="health", daemon=True).start()

    def look(self) -> None:
        """Read the whole corpus and keep what is wrong with it."""
        try:
            self.checkup = Checkup(groups=grouped(self._library.lint(self._library.corpus)))
        except RagError as error:
            self.checkup = Checkup(problem=error)
        except Exception:  # noqa: BLE001 - logged, and the reader is told
            _LOG.exception("the checkup failed")
            self.checkup = Checkup(problem=RagError("Looking through the notes failed", hint="The log of the program says why."))


def grouped(notices: Sequence[Notice]) -> tuple[tuple[str, tuple[Notice, ...]], ...]:
    """Return notices under a heading for each kind, the worst kinds first."""
    kinds = {notice.kind for notice in notices}
    order = [kind for kind in KINDS if kind in kinds] + sorted(kinds.difference(KINDS))
    return tuple(
        (KINDS.get(kind, kind.replace("-", " ").capitalize()), tuple(notice for notice in notices if notice.kind == kind))
        for kind in order
    )
