"""One generation, opened for reading.

Knows how a reader keeps out of everybody's way: a lease on the generation, its notes opened unchangeable where they lie, and a
copy of its vectors in a private folder, because Chroma writes into what it reads. The copy is made, and Chroma imported, at the
first search. Implements `rag.protocols.Generation`. Knows nothing of writing.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from rag.index.filters import wanted
from rag.index.layout import CHROMA, LEXICAL, NOTES
from rag.index.lock import Claim
from rag.index.manifest import Manifest
from rag.index.notes import Notes
from rag.index.recent import Recent
from rag.index.rows import row_chunk, row_document
from rag.index.scratch import Scratch
from rag.index.trouble import explained

if TYPE_CHECKING:
    from rag.index.lexical import Lexical
    from rag.index.vectors import Vectors
    from rag.protocols import Vector
    from rag.types import Chunk, Document

_RECENT_CHUNKS: Final = 4096  # a few kilobytes each
_RECENT_VECTORS: Final = 8192  # 1.5 kB each


class Reader:
    """Reads one generation. A context manager; safe to use from several threads, whose searches take turns.

    Args:
        folder: of the generation.
        lease: on it; the reader gives it up, also when opening fails.
        open_vectors: opens the vectors of a generation's folder and puts what closes them on the stack; by default a copy.

    Raises:
        IndexStateError: the generation is damaged.
    """

    def __init__(self, folder: Path, lease: Claim, open_vectors: Callable[[Path, ExitStack], Vectors] | None = None) -> None:
        self._lock = threading.RLock()
        self._open_vectors = open_vectors or _open_copy
        self._vectors: Vectors | None = None
        self._recent_chunks: Recent[Chunk] = Recent(_RECENT_CHUNKS)
        self._recent_vectors: Recent[Vector] = Recent(_RECENT_VECTORS)
        with ExitStack() as stack:
            stack.callback(lease.release)
            self.folder = folder
            self.manifest = Manifest.read(folder)
            self._notes = Notes(folder / NOTES)
            stack.callback(self._notes.close)
            from rag.index.lexical import Lexical

            self._lexical = Lexical(folder / LEXICAL)
            self._stack = stack.pop_all()
        # Also when the program ends or forgets to close: the copy is not left behind.
        self._closer = weakref.finalize(self, _close, self._stack, os.getpid())

    def __enter__(self) -> Reader:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Give up the lease and the copy. Calling it twice is fine."""
        with self._lock:
            self._vectors = None
            self._closer()

    @property
    def number(self) -> int:
        """From 1."""
        return self.manifest.generation

    @property
    def chunk_count(self) -> int:
        """How many chunks it holds."""
        return self.manifest.chunks

    def nearest(self, query: Vector, count: int, where: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """Find the chunks whose vectors are closest to a query's.

        Args:
            query: shape (dimension,), of L2 norm 1.
            count: how many at most.
            where: fields that a chunk must have, such as `{"tags": "rag", "path": "guides"}`; see `rag.index.filters`.

        Returns:
            Up to `count` pairs of chunk id and cosine similarity (-1 to 1), best first, ties by id.

        Raises:
            ValueError: the query has another dimension than the index.
            IndexStateError: the vectors are damaged, or cannot be copied.
        """
        if query.shape != (self.manifest.fingerprint.dimension,):
            raise ValueError(f"a query of shape {query.shape}, the index has {self.manifest.fingerprint.dimension} dimensions")
        with self._lock:
            return self._opened_vectors().nearest(query, count, wanted(where or {}))

    def matching(self, terms: Mapping[str, float], count: int, where: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """Find the chunks that hold the words of a query.

        Args:
            terms: words, as `rag.terms.query_terms` gives them, with their weights.
            count: how many at most.
            where: fields that a chunk must have; see `rag.index.filters`.

        Returns:
            Up to `count` pairs of chunk id and BM25 score (above 0), best first, ties by id.
        """
        return self._lexical.best(terms, count, wanted(where or {}))

    @property
    def words(self) -> Lexical:
        """The words of all chunks."""
        return self._lexical

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those of the chunks that there are, by id."""
        with self._lock:
            vectors = self._opened_vectors()
            # Copies: a row of what Chroma gives would keep all its rows in memory.
            return self._recent_vectors.get(ids, lambda missing: {one: row.copy() for one, row in vectors.get(missing).items()})

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Return the chunks with these ids, in their order; an unknown id is left out."""
        found = self._recent_chunks.get(ids, self._read_chunks)
        return [found[one] for one in ids if one in found]

    def _read_chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        rows = self._notes.chunks(ids)
        with explained(self.folder, "reading its notes"):
            return {one: row_chunk(row) for one, row in rows.items()}

    def chunks_of(self, path: str) -> list[Chunk]:
        """Return the chunks of a page, in its order; none where there is no such page."""
        with explained(self.folder, "reading its notes"):
            return [row_chunk(row) for row in self._notes.chunks_of(path)]

    def all_chunks(self) -> Iterator[Chunk]:
        """Yield every chunk, ordered by id, a batch in memory at a time."""
        for ids in self._notes.ids():
            found = self._read_chunks(ids)  # past the recent ones, which a walk over all would push out
            yield from (found[one] for one in ids if one in found)

    def representatives(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the id of the representative of each chunk, its own where it is alone; an unknown id is left out."""
        return self._notes.representatives(ids)

    def document(self, path: str) -> Document:
        """Read a page from the notes of this generation.

        Args:
            path: relative to the corpus, with `/`.

        Returns:
            The page as it was ingested, its whole source included.

        Raises:
            KeyError: no such page.
        """
        row = self._notes.document(path)
        if row is None:
            raise KeyError(path)
        with explained(self.folder, "reading its notes"):
            return row_document(row)

    def source(self, path: str) -> str:
        """Read the text of a page.

        Args:
            path: relative to the corpus, with `/`.

        Returns:
            `Document.source`, which the spans of chunks count in.

        Raises:
            KeyError: no such page.
        """
        return self.document(path).source

    def paths(self) -> list[str]:
        """Return the paths of all pages, sorted."""
        return self._notes.paths()

    def check(self) -> list[str]:
        """Recompute the manifest's hashes and return what is wrong; empty where all is well. Work for the whole generation."""
        from rag.index.check import check_manifest

        with self._lock, explained(self.folder, "checking it"):
            return check_manifest(self.folder, self.manifest, self._opened_vectors())

    def _opened_vectors(self) -> Vectors:
        if not self._closer.alive:
            raise ValueError("this generation is closed")
        if self._vectors is None:
            with ExitStack() as stack:
                vectors = self._open_vectors(self.folder, stack)
                self._stack.push(stack.pop_all())
            self._vectors = vectors
        return self._vectors


def _open_copy(folder: Path, stack: ExitStack) -> Vectors:
    from rag.index.vectors import Vectors

    scratch = Scratch()
    stack.callback(scratch.close)
    vectors = Vectors(scratch.copy(folder / CHROMA))
    stack.callback(vectors.close)
    return vectors


def _close(stack: ExitStack, owner: int) -> None:
    # A forked child that ends must not take its parent's copy away.
    if os.getpid() == owner:
        stack.close()
