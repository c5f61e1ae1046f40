"""Is a generation what it says it is?

Knows what must hold between notes, vectors and manifest. Changes nothing and knows no vendor beyond the vectors' adapter.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.duplicates import representatives
from rag.index.hashes import SetHash, corpus_hash, item
from rag.index.layout import LEXICAL, NOTES
from rag.index.lexical import Lexical
from rag.index.manifest import Hashes, Manifest
from rag.index.notes import Notes
from rag.index.rows import row_chunk

if TYPE_CHECKING:
    from rag.index.vectors import Vectors
    from rag.protocols import Vector

_SAMPLE, _SAMPLE_OF_OTHERS = 32, 8
"""How many of the vectors that a generation wrote, and how many of all, are looked for: a search takes 16 ms among 100,000."""

_NEIGHBOURS = 10
_TIE = 1e-5
_MOST_NAMED = 5


def vector_digest(chunk_id: str, vector: Vector) -> bytes:
    """Digest of a vector and whose it is."""
    return item(chunk_id.encode(), np.ascontiguousarray(vector, dtype="<f4").tobytes())


def check_vectors(notes: Notes, vectors: Vectors, *, written_by: int | None) -> list[str]:
    """Compare notes and vectors.

    Args:
        notes: of the generation.
        vectors: a copy of its vectors.
        written_by: compare only the vectors that this generation wrote; None compares all.

    Returns:
        What is wrong, one sentence each; empty where nothing is.
    """
    wrong: list[str] = []
    chunks, stored = notes.counts()[1], vectors.count()
    if chunks != stored:
        wrong.append(f"there are {chunks} chunks and {stored} vectors")
    missing, changed = _compare(notes, vectors, written_by)
    if missing:
        wrong.append(f"{len(missing)} chunks have no vector ({', '.join(missing[:_MOST_NAMED])})")
    if changed:
        wrong.append(f"{len(changed)} vectors are not what was stored ({', '.join(changed[:_MOST_NAMED])})")
    lost = _unreachable(notes, vectors, written_by)
    if lost:
        wrong.append(f"{len(lost)} chunks are not found by their own vectors ({', '.join(lost[:_MOST_NAMED])})")
    return wrong


def check_lexical(notes: Notes, lexical: Lexical) -> list[str]:
    """Return what is wrong between notes and the lexical index; empty where nothing is."""
    chunks, held = notes.counts()[1], lexical.chunk_count
    return [] if chunks == held else [f"there are {chunks} chunks and {held} of them in the lexical index"]


def check_manifest(folder: Path, manifest: Manifest, vectors: Vectors) -> list[str]:
    """Check a whole generation, recomputing each of its manifest's hashes.

    Args:
        folder: of the generation.
        manifest: of the generation.
        vectors: a copy of its vectors.

    Returns:
        Everything that is wrong, one sentence each; empty where nothing is.
    """
    notes = Notes(folder / NOTES)
    try:
        wrong = notes.damage()
        if wrong:
            return wrong
        wrong += check_vectors(notes, vectors, written_by=None) + check_lexical(notes, Lexical(folder / LEXICAL))
        wrong += _check_hashes(_recompute(notes, vectors), manifest.hashes)
        wrong += _check_copies(notes)
        if (manifest.documents, manifest.chunks) != notes.counts():
            wrong.append(
                f"the manifest counts {manifest.documents} documents and {manifest.chunks} chunks, the notes {notes.counts()}"
            )
        if sum(entry.chunks for entry in manifest.files.values()) != manifest.chunks:
            wrong.append("the manifest's files do not add up to its chunks")
        if corpus_hash((path, entry.sha256) for path, entry in manifest.files.items()) != manifest.corpus_sha256:
            wrong.append("the manifest's corpus hash is not that of its files")
        return wrong
    finally:
        notes.close()


def _compare(notes: Notes, vectors: Vectors, written_by: int | None) -> tuple[list[str], list[str]]:
    missing: list[str] = []
    changed: list[str] = []
    for ids in notes.ids(written_by):
        rows, stored = notes.chunks(ids), vectors.get(ids)
        missing += [one for one in ids if one not in stored]
        changed += [one for one in ids if one in stored and vector_digest(one, stored[one]) != rows[one].vector_digest]
    return missing, changed


def _unreachable(notes: Notes, vectors: Vectors, written_by: int | None) -> list[str]:
    mine = notes.sample(_SAMPLE, written_by)
    sample = mine if written_by is None else mine + notes.sample(_SAMPLE_OF_OTHERS)
    lost = []
    for one, vector in vectors.get(sorted(set(sample))).items():
        found = vectors.nearest(vector, _NEIGHBOURS)
        # Chunks with the same text have the same vector; more of them than were asked for may come first.
        if one not in dict(found) and not (found and found[-1][1] >= 1 - _TIE):
            lost.append(one)
    return lost


def _recompute(notes: Notes, vectors: Vectors) -> Hashes:
    ids, texts, stored, sources = SetHash(), SetHash(), SetHash(), SetHash()
    for batch in notes.ids():
        for row in notes.chunks(batch).values():
            ids.add(item(row.id.encode()))
            texts.add(row.text_digest)
        for one, vector in vectors.get(batch).items():
            stored.add(vector_digest(one, vector))
    for path in notes.paths():
        document = notes.document(path)
        if document is not None:
            sources.add(document.digest)
    return Hashes(ids.hexdigest(), texts.hexdigest(), stored.hexdigest(), sources.hexdigest())


def _check_copies(notes: Notes) -> list[str]:
    ids = [one for batch in notes.ids() for one in batch]
    expected = representatives(row_chunk(row) for batch in notes.ids() for row in notes.chunks(batch).values())
    wrong = sum(found != expected[one] for one, found in notes.representatives(ids).items())
    return [f"{wrong} chunks are not linked to their near-duplicates"] if wrong else []


def _check_hashes(found: Hashes, expected: Hashes) -> list[str]:
    return [
        f"the hash of the {what} is not the manifest's"
        for what in Hashes.__slots__
        if getattr(found, what) != getattr(expected, what)
    ]
