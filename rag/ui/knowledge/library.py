"""A corpus and its index, as the page sees them. Knows no vendor; `launch.py` passes in what does the work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.errors import RagError
from rag.index import Fingerprint, Index, Manifest
from rag.load import walk
from rag.protocols import Progress
from rag.types import IngestReport, Notice


class Ingest(Protocol):
    """Brings the index up to date, or says what that would do."""

    def __call__(self, *, full: bool, dry_run: bool, progress: Progress) -> IngestReport:
        """Bring the index up to date.

        Args:
            full: read and embed everything again.
            dry_run: only say what would be done.
            progress: told how far each stage is.

        Returns:
            What was done, or would be.

        Raises:
            RagError: nothing was changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Library:
    """A corpus and its index.

    Attributes:
        corpus: folder of the notes.
        index: of them.
        fingerprint: what an index must have been built with.
        ingest: brings the index up to date.
        lint: finds what is wrong with a corpus.
    """

    corpus: Path
    index: Index
    fingerprint: Callable[[], Fingerprint]
    ingest: Ingest
    lint: Callable[[Path], Sequence[Notice]]

    def current(self) -> Manifest | None:
        """Look at the generation that answers questions.

        Returns:
            Its manifest; None where there is no index yet.

        Raises:
            IndexStateError: the index is damaged or was built otherwise.
            ModelError: the embedder is not there.
        """
        manifest = self.index.current()
        if manifest is not None:
            manifest.check_matches(self.fingerprint())
        return manifest

    def signature(self) -> str:
        """Summarise the state of the corpus and the index; reads no file.

        Returns:
            A hash that changes whenever a file of the corpus or the generation does.

        Raises:
            RagError: the corpus or the index cannot be looked at.
        """
        files, _ = walk(self.corpus)
        seen = hashlib.sha256(str(self.index.pointer()).encode())
        for file in files:
            try:
                state = file.absolute.stat()
            except OSError:
                continue  # gone since it was listed; the next look sees that
            seen.update(f"{file.path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode("utf-8", "surrogateescape"))
        return seen.hexdigest()

    def changed_at(self) -> Mapping[str, float]:
        """Return when each file of the corpus changed last, in seconds since 1970; empty where it cannot be looked at."""
        try:
            files, _ = walk(self.corpus)
        except RagError:
            return {}
        times: dict[str, float] = {}
        for file in files:
            try:
                times[file.path] = file.absolute.stat().st_mtime
            except OSError:
                continue
        return times
