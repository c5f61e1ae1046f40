"""What an ingest would do."""

from __future__ import annotations

import time
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.load import read_bytes, sha256
from rag.pipeline import IngestParts
from rag.plan import make_plan
from rag.types import IngestReport


def preview(corpus: Path, parts: IngestParts) -> IngestReport:
    """Find out what `ingest` would do, and change nothing.

    `embedded` counts chunks of added and changed files that the index does not hold under the same id: an upper bound, since a
    renamed page finds its old vectors again.

    Args:
        corpus: folder of the notes.
        parts: what `ingest` would work with; nothing is embedded or written.

    Returns:
        The report that `ingest` would give, without warnings; its generation is the current one, 0 where there is none.

    Raises:
        CorpusError: there is no corpus, or it holds no notes.
        IndexStateError: the index is damaged or was built otherwise.
    """
    start = time.perf_counter()
    current = parts.index.current()
    if current is not None:
        current.check_matches(parts.fingerprint)
    plan = make_plan(corpus, current.files if current else {})
    embedded = 0
    chunks = sum(entry.chunks for path, entry in (current.files if current else {}).items() if path not in plan.removed)
    for file in (*plan.added, *plan.changed):
        try:
            raw = read_bytes(file)
            reading = parts.read(file.path, raw, sha256(raw), plan.includes)
        except UnreadableFileError as error:
            plan.left_out.append((file.path, error.message))
            continue
        embedded += len(reading.chunks)
        chunks += len(reading.chunks) - (current.files[file.path].chunks if current and file.path in current.files else 0)
    seconds = {"load": time.perf_counter() - start, "embed": 0.0, "total": time.perf_counter() - start}
    documents = plan.unchanged + len(plan.added) + len(plan.changed)
    return IngestReport(
        current.generation if current else 0,
        tuple(file.path for file in plan.added),
        tuple(file.path for file in plan.changed),
        tuple(plan.removed),
        plan.unchanged,
        tuple(sorted(plan.left_out)),
        (),
        documents,
        chunks,
        embedded,
        chunks - embedded,
        seconds,
    )
