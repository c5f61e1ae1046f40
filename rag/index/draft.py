"""A generation that is being built.

Knows how a change of a page becomes changes of rows, vectors and hashes, and does no more work than the change asks for: vectors
that stay are not touched, removed ones are taken out together at the end, so that until then a renamed page finds its old
vectors. Knows nothing of locks, pointers and manifests. Whatever fails leaves a draft that is good for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.index.check import check_lexical, check_vectors, vector_digest
from rag.index.files import copy_tree
from rag.index.filters import labels
from rag.index.hashes import SetHash, item
from rag.index.layout import CHROMA, LEXICAL, MANIFEST, NOTES
from rag.index.lexical import Lexical, LexicalDraft
from rag.index.manifest import Hashes, Manifest
from rag.index.notes import Notes, NotesDraft
from rag.index.rows import ChunkRow, DocumentRow, chunk_row, document_row, row_chunk
from rag.index.shelf import FolderShelf, Shelf
from rag.index.trouble import explained, failed_check
from rag.index.vectors import ADD_BATCH
from rag.protocols import Matrix, Progress, Vector
from rag.terms import chunk_terms
from rag.types import Chunk, Document

_DEAD_SHARE = 0.25
"""More dead places in the graph than this share of the living ones, and it is rebuilt."""

_ADD_LEAST = 1000
"""Fewer vectors are not added to the graph on the way. Adding them fits in while others are awaited; but the whole graph is written
each time, so the more there are, the more are added at once."""

_NORM_TOLERANCE = 1e-3


class Draft:
    """The files of the next generation, in a folder of their own. For one thread.

    Args:
        folder: to build in; it is made.
        number: of the generation that this will be.
        dimension: length of a vector.
        base: folder and manifest of the generation to start from; None starts empty.
        shelf: where the vectors are; by default in the folder.

    Raises:
        IndexStateError: no room, or the base is damaged.
    """

    def __init__(
        self, folder: Path, number: int, dimension: int, *, base: tuple[Path, Manifest] | None, shelf: Shelf | None = None
    ) -> None:
        self.folder = folder
        self.number = number
        self.dead_vectors = 0
        self._vector_count = base[1].chunks if base else 0
        self._dimension = dimension
        self._ids, self._texts, self._stored, self._sources = SetHash(), SetHash(), SetHash(), SetHash()
        self._waiting: list[tuple[str, Vector, list[str]]] = []
        with explained(folder, "starting the next generation"):
            folder.mkdir()
            if base is not None:
                copy_tree(base[0], folder, leave_out=frozenset({MANIFEST}))
            self._notes = NotesDraft(folder / NOTES, previous=base[0] / NOTES if base else None)
        self._lexical = LexicalDraft(folder / LEXICAL)
        if base is not None:
            old = base[1].hashes
            self.dead_vectors = base[1].dead_vectors
            self._ids, self._texts = SetHash(old.ids), SetHash(old.texts)
            self._stored, self._sources = SetHash(old.vectors), SetHash(old.sources)
        try:
            self._shelf = shelf or FolderShelf(folder / CHROMA, create=base is None)
            self._vectors = self._shelf.open()
            if self._shelf.dead is not None:
                self.dead_vectors = self._shelf.dead
        except BaseException:
            self._notes.close(keep=False)
            raise

    @property
    def hashes(self) -> Hashes:
        """Of what the draft holds now."""
        return Hashes(self._ids.hexdigest(), self._texts.hexdigest(), self._stored.hexdigest(), self._sources.hexdigest())

    def close(self) -> None:
        """Let go of the files. Calling it twice is fine."""
        self._vectors.close()
        self._notes.close(keep=False)

    def remove(self, path: str) -> None:
        """Remove a page; one that is not there is fine."""
        with explained(self.folder, "removing a page"):
            document = self._notes.document(path)
            if document is not None:
                chunks = self._notes.chunks_of(path)
                self._forget(document, chunks)
                self._lexical.remove(chunks)
                self._notes.drop(path)

    def put(self, document: Document, chunks: Sequence[Chunk], vectors: Matrix, outline: str = "") -> None:
        """Add a page, or put it in the place of the one with the same path.

        Args:
            document: the page.
            chunks: of the page, in order.
            vectors: shape (len(chunks), dimension), float32, each of length 1, aligned with `chunks`.
            outline: what links need of the page.

        Raises:
            ValueError: chunks of another page, ids or ordinals that occur twice, vectors that do not fit or are not of length 1.
            IndexStateError: the disk is full, or the base was damaged.
        """
        self._check_input(document, chunks, vectors)
        vectors = vectors.copy()  # they wait to be stored; the caller may use its array again
        rows = [
            chunk_row(chunk, vector_digest(chunk.id, vector), self.number) for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        page = document_row(document, outline)
        with explained(self.folder, "writing a page"):
            before = self._notes.chunks_of(document.path)
            self.remove(document.path)
            stored = self._notes.gone([row.id for row in rows])
            kept = {row.id for row in rows if stored.get(row.id) == row.vector_digest}
            # A vector that stays was written by the generation that its row names.
            rows = [
                row._replace(generation=before[row.id].generation) if row.id in kept and row.id in before else row for row in rows
            ]
            self._notes.insert(page, rows)
            self._notes.back(kept)
            self._remember(page, rows)
        each = {chunk.id: labels(chunk) for chunk in chunks}
        for chunk in chunks:
            self._lexical.put(chunk.id, *chunk_terms(chunk), each[chunk.id])
        self._replace([one for one in stored if one not in kept])
        self._relabel([chunk for chunk in chunks if chunk.id in kept], before)
        self._waiting += [
            (chunk.id, vector, each[chunk.id]) for chunk, vector in zip(chunks, vectors, strict=True) if chunk.id not in kept
        ]
        if len(self._waiting) >= min(ADD_BATCH, max(_ADD_LEAST, self._vector_count // 2)):
            self._flush()

    def vectors_for(self, embed_hashes: Sequence[str]) -> dict[str, Vector]:
        """Return, by embed hash, those vectors that the base holds for these texts."""
        with explained(self.folder, "looking for vectors that can be used again"):
            known = self._notes.known(embed_hashes)
        stored = self._vectors.get([row.id for row in known.values()]) if known else {}
        # What does not fit its digest is damage in the base: embedding the text anew mends it.
        return {
            text: stored[row.id]
            for text, row in known.items()
            if row.id in stored and vector_digest(row.id, stored[row.id]) == row.vector_digest
        }

    def outlines(self) -> dict[str, str]:
        """Return what links need of each page, by path."""
        with explained(self.folder, "reading what links need"):
            return self._notes.outlines()

    def overlaps(self) -> list[tuple[str, str, int, int, int]]:
        """Return which pages say what other pages say; see `Writer.overlaps`."""
        with explained(self.folder, "linking near-duplicates"):
            return self._notes.overlaps()

    def finish(self, progress: Progress) -> tuple[int, int]:
        """Write everything out, check it as a reader would see it, and close.

        Args:
            progress: told which stage is running.

        Returns:
            How many documents and how many chunks there are.

        Raises:
            IndexStateError: the disk is full, or what was written is not what is there.
        """
        self._flush()
        for ids in self._notes.all_gone():
            self._vectors.remove(ids)
            self.dead_vectors += len(ids)
        self._vectors.close()
        self._lexical.finish()
        with explained(self.folder, "writing the notes"):
            self._notes.close(keep=True)
        rebuilt = self._rebuild(progress, only_if_due=True)
        progress("Checking the new generation", 0, 0)
        wrong = self._check()
        if wrong and not rebuilt:
            # A graph with dead places can lose sight of living ones; a fresh graph has none.
            self._rebuild(progress, only_if_due=False)
            wrong = self._check()
        if wrong:
            raise failed_check(wrong, self.folder)
        notes = Notes(self.folder / NOTES)
        try:
            return notes.counts()
        finally:
            notes.close()

    def _forget(self, document: DocumentRow, chunks: dict[str, ChunkRow]) -> None:
        self._sources.remove(document.digest)
        for row in chunks.values():
            self._ids.remove(item(row.id.encode()))
            self._texts.remove(row.text_digest)
            self._stored.remove(row.vector_digest)

    def _remember(self, document: DocumentRow, chunks: Sequence[ChunkRow]) -> None:
        self._sources.add(document.digest)
        for row in chunks:
            self._ids.add(item(row.id.encode()))
            self._texts.add(row.text_digest)
            self._stored.add(row.vector_digest)

    def _replace(self, ids: Sequence[str]) -> None:
        """Take out now what is put in again with another vector: one id cannot have two."""
        if ids:
            self._flush()
            self._vectors.remove(ids)
            self.dead_vectors += len(ids)
            with explained(self.folder, "writing a page"):
                self._notes.rewrite(ids)
                self._notes.back(ids)

    def _relabel(self, kept: Sequence[Chunk], before: dict[str, ChunkRow]) -> None:
        changed = [chunk for chunk in kept if chunk.id not in before or labels(row_chunk(before[chunk.id])) != labels(chunk)]
        if changed:
            self._flush()
            self._vectors.relabel([chunk.id for chunk in changed], [labels(chunk) for chunk in changed])

    def _flush(self) -> None:
        if self._waiting:
            ids, vectors, each = zip(*self._waiting, strict=True)
            self._waiting = []
            self._vectors.add(ids, np.stack(vectors), each)
            self._vector_count += len(ids)

    def _rebuild(self, progress: Progress, *, only_if_due: bool) -> bool:
        notes = Notes(self.folder / NOTES)
        try:
            total = notes.counts()[1]
            if only_if_due and self.dead_vectors <= _DEAD_SHARE * total:
                return False
            progress("Rebuilding the vector index", 0, total)
            self._shelf.rebuild(one for ids in notes.ids() for one in ids)
        finally:
            notes.close()
        self.dead_vectors = 0
        progress("Rebuilding the vector index", total, total)
        return True

    def _check(self) -> list[str]:
        notes = Notes(self.folder / NOTES)
        try:
            with self._shelf.reopened() as vectors:
                return check_vectors(notes, vectors, written_by=self.number) + check_lexical(notes, Lexical(self.folder / LEXICAL))
        finally:
            notes.close()

    def _check_input(self, document: Document, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        if vectors.shape != (len(chunks), self._dimension) or vectors.dtype != np.float32:
            raise ValueError(
                f"{document.path}: vectors of shape {vectors.shape} and {vectors.dtype} for {len(chunks)} chunks; "
                f"expected ({len(chunks)}, {self._dimension}) and float32"
            )
        # Written so that a vector that is not a number fails too.
        if len(chunks) and not bool(np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1) <= _NORM_TOLERANCE)):
            raise ValueError(f"{document.path}: vectors must have length 1")
        if any(chunk.path != document.path for chunk in chunks):
            raise ValueError(f"{document.path}: a chunk of another page")
        if len({chunk.id for chunk in chunks}) < len(chunks) or len({chunk.ordinal for chunk in chunks}) < len(chunks):
            raise ValueError(f"{document.path}: a chunk's id or ordinal occurs twice")
