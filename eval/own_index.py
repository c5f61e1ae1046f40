"""An index that only an evaluation uses."""

from __future__ import annotations

from rag.config import Config
from rag.errors import IndexStateError
from rag.protocols import Progress
from rag.wiring import run_ingest


def bring_up(config: Config, progress: Progress) -> None:
    """Bring the index up to date; one that was built otherwise, or is damaged, is built anew, since nobody else reads it.

    Args:
        config: names the corpus and the index.
        progress: told how far it is.

    Raises:
        CorpusError: there is no corpus, or it holds no notes.
        IndexStateError: the disk is full.
    """
    try:
        run_ingest(config, full=False, dry_run=False, progress=progress)
    except IndexStateError:
        run_ingest(config, full=True, dry_run=False, progress=progress)
