"""An index that only an evaluation uses."""

from __future__ import annotations

from rag.config import Config
from rag.protocols import Progress
from rag.wiring import build_index, fingerprint, run_ingest


def bring_up(config: Config, progress: Progress) -> None:
    """Bring the index up to date; one that was built otherwise is built anew, since nobody else reads it.

    Args:
        config: names the corpus and the index.
        progress: told how far it is.

    Raises:
        CorpusError: there is no corpus, or it holds no notes.
        IndexStateError: the index is damaged, or the disk is full.
    """
    manifest = build_index(config).current()
    other = manifest is not None and manifest.fingerprint != fingerprint(config)
    run_ingest(config, full=other, dry_run=False, progress=progress)
