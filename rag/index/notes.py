"""The documents and chunks of one generation: `notes.sqlite`.

Knows SQLite. `Notes` reads a file that nobody writes any more, from several threads, also in a folder that cannot be written to.
`NotesDraft` changes the file of a generation that is being built; it is fast rather than safe, since an unfinished generation is
thrown away.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rag.index.copies import Copies
from rag.index.hashes import decode
from rag.index.rows import SCHEMA, ChunkRow, DocumentRow
from rag.index.trouble import explained

BATCH = 500
"""Rows or ids handled at once: well below SQLite's limit of variables, and little memory."""

_T = TypeVar("_T")
# The rows' fields are the tables' columns, in order.
_CHUNKS = "SELECT * FROM chunks "
_DOCUMENTS = "SELECT * FROM documents "
_IDS = "SELECT id FROM chunks "
_REPRESENTATIVES = "SELECT id, coalesce(representative, id) FROM chunks LEFT JOIN representatives USING (id) "
_OVERLAPS = """
WITH shared AS (
    SELECT mine.path AS path, theirs.path AS other, sum(mine.words) AS words FROM main.representatives AS link
    JOIN main.chunks AS mine ON mine.id = link.id JOIN main.chunks AS theirs ON theirs.id = link.representative
    WHERE mine.path <> theirs.path GROUP BY 1, 2
)
SELECT path, other, words, (SELECT sum(words) FROM main.chunks WHERE path = shared.path),
    (SELECT sum(words) FROM main.chunks WHERE path = shared.other) FROM shared ORDER BY path, other
"""
_KNOWN = "SELECT * FROM previous.chunks WHERE id NOT IN (SELECT id FROM rewritten) "
_DRAFT_SETTINGS = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA secure_delete = ON",  # a removed page's text is not left in free space
    "PRAGMA temp_store = MEMORY",
)


def batches(items: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """Yield the items in lists of up to `size`.

    >>> list(batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


class Notes:
    """Reads the notes of a whole generation. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        with explained(file.parent, "opening its notes"):
            # `immutable` promises that nobody writes: no lock and no journal are looked for, so a read-only folder will do.
            self._connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            try:
                self._connection.execute("SELECT id FROM chunks LIMIT 1").fetchall()
            except sqlite3.Error:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file. Calling it twice is fine."""
        with self._lock:
            self._connection.close()

    def document(self, path: str) -> DocumentRow | None:
        """Return a document, None where there is none with this path."""
        found = self._rows(_DOCUMENTS + "WHERE path = ?", (path,))
        return DocumentRow(*found[0]) if found else None

    def chunks(self, ids: Sequence[str]) -> dict[str, ChunkRow]:
        """Return those of the chunks that there are, by id."""
        found: dict[str, ChunkRow] = {}
        for some in batches(ids):
            for row in self._rows(_CHUNKS + f"WHERE id IN ({_marks(some)})", some):
                found[row[0]] = ChunkRow(*row)
        return found

    def chunks_of(self, path: str) -> list[ChunkRow]:
        """Return the chunks of a document, in its order."""
        return [ChunkRow(*row) for row in self._rows(_CHUNKS + "WHERE path = ? ORDER BY position", (path,))]

    def representatives(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the id of the representative of each of those of the chunks that there are, its own where it is alone, by id."""
        found: dict[str, str] = {}
        for some in batches(ids):
            found.update(self._rows(_REPRESENTATIVES + f"WHERE id IN ({_marks(some)})", some))
        return found

    def outlines(self) -> dict[str, str]:
        """Return what links need of each page, by path."""
        return {path: decode(raw) for path, raw in self._rows("SELECT path, outline FROM documents", ())}

    def paths(self) -> list[str]:
        """Return the paths of all documents, sorted."""
        return [row[0] for row in self._rows("SELECT path FROM documents ORDER BY path", ())]

    def ids(self, written_by: int | None = None) -> Iterator[list[str]]:
        """Yield the ids of all chunks, or of those whose vector one generation wrote, sorted, in batches."""
        last = ""
        clause = "" if written_by is None else "AND generation = ? "
        values = () if written_by is None else (written_by,)
        while rows := self._rows(_IDS + "WHERE id > ? " + clause + "ORDER BY id LIMIT ?", (last, *values, BATCH)):
            yield [row[0] for row in rows]
            last = rows[-1][0]

    def sample(self, count: int, written_by: int | None = None) -> list[str]:
        """Return up to `count` ids of chunks, spread over all, or over those whose vector one generation wrote."""
        clause = "" if written_by is None else "WHERE generation = ? "
        values = () if written_by is None else (written_by,)
        return [row[0] for row in self._rows(_IDS + clause + "ORDER BY random() LIMIT ?", (*values, count))]

    def counts(self) -> tuple[int, int]:
        """Return how many documents and chunks there are."""
        documents, chunks = self._rows("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)", ())[0]
        return documents, chunks

    def damage(self) -> list[str]:
        """Return what SQLite finds wrong with the file; empty where it is sound."""
        return [row[0] for row in self._rows("PRAGMA integrity_check(5)", ()) if row[0] != "ok"]

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]
        with explained(self._file.parent, "reading its notes"), self._lock:
            return self._connection.execute(query, values).fetchall()


class NotesDraft:
    """Changes the notes of a generation that is being built. For one thread.

    Args:
        file: a copy of the previous generation's file, or where there is none, a new one is made.
        previous: the file of the previous generation, for what is looked up there.
    """

    def __init__(self, file: Path, *, previous: Path | None) -> None:
        fresh = not file.exists()
        self._has_previous = previous is not None
        self._connection = sqlite3.connect(file.absolute().as_uri(), uri=True, isolation_level=None)
        run = self._connection.execute
        try:
            for setting in _DRAFT_SETTINGS:
                run(setting)
            if fresh:
                self._connection.executescript(SCHEMA)
            if previous is not None:
                run("ATTACH ? AS previous", (f"{previous.absolute().as_uri()}?mode=ro&immutable=1",))
            run("CREATE TEMP TABLE gone (id TEXT PRIMARY KEY, vector_digest BLOB NOT NULL) WITHOUT ROWID")
            run("CREATE TEMP TABLE rewritten (id TEXT PRIMARY KEY) WITHOUT ROWID")
            run("BEGIN")
            self._copies = Copies(self._connection, has_previous=previous is not None)
        except BaseException:
            self._connection.close()
            raise

    def close(self, *, keep: bool) -> None:
        """Close the file; what was changed is in it with `keep`, and worthless without. Calling it twice is fine.

        With `keep`, near-duplicates are linked first.
        """
        try:
            if keep:
                self._copies.link()
                self._connection.execute("COMMIT")
        finally:
            self._connection.close()

    def document(self, path: str) -> DocumentRow | None:
        """Return a document as the draft has it, None where there is none."""
        row = self._connection.execute(_DOCUMENTS + "WHERE path = ?", (path,)).fetchone()
        return DocumentRow(*row) if row else None

    def chunks_of(self, path: str) -> dict[str, ChunkRow]:
        """Return the chunks of a document as the draft has them, by id."""
        rows = self._connection.execute(_CHUNKS + "WHERE path = ?", (path,))
        return {row[0]: ChunkRow(*row) for row in rows}

    def outlines(self) -> dict[str, str]:
        """Return what links need of each page, by path, as the draft has it."""
        return {path: decode(raw) for path, raw in self._connection.execute("SELECT path, outline FROM main.documents")}

    def overlaps(self) -> list[tuple[str, str, int, int, int]]:
        """Link near-duplicates; return the pages that share some with another page, as `Writer.overlaps` does."""
        self._copies.link()
        return self._connection.execute(_OVERLAPS).fetchall()

    def drop(self, path: str) -> None:
        """Remove a document and its chunks; the vectors of the chunks are noted as gone."""
        self._copies.dropped(path)
        self._connection.execute("INSERT OR REPLACE INTO gone SELECT id, vector_digest FROM chunks WHERE path = ?", (path,))
        self._connection.execute("DELETE FROM chunks WHERE path = ?", (path,))
        self._connection.execute("DELETE FROM documents WHERE path = ?", (path,))

    def insert(self, document: DocumentRow, chunks: Sequence[ChunkRow]) -> None:
        """Add a document that is not there and its chunks.

        Args:
            document: its path must be new.
            chunks: of that document; their ids must be new.

        Raises:
            ValueError: a chunk's id or place is taken.
        """
        try:
            self._connection.execute("INSERT INTO documents VALUES (?,?,?,?,?,?,?)", document)
            self._connection.executemany("INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?,?)", chunks)
        except sqlite3.IntegrityError as error:
            raise ValueError(f"{document.path}: two chunks with the same id or ordinal ({error})") from error
        self._copies.inserted(chunks)

    def gone(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Return those of the ids that are noted as gone, with the digest of the vector that the vector store still has."""
        found: dict[str, bytes] = {}
        for some in batches(ids):
            found.update(self._connection.execute(f"SELECT id, vector_digest FROM gone WHERE id IN ({_marks(some)})", some))  # noqa: S608
        return found

    def back(self, ids: Iterable[str]) -> None:
        """Take ids off the list of those that are gone."""
        self._connection.executemany("DELETE FROM gone WHERE id = ?", ((one,) for one in ids))

    def all_gone(self) -> Iterator[list[str]]:
        """Yield the ids that are gone, in batches."""
        return batches([row[0] for row in self._connection.execute("SELECT id FROM gone ORDER BY id")])

    def rewrite(self, ids: Iterable[str]) -> None:
        """Note that the vector store no longer has the previous generation's vectors of these ids."""
        self._connection.executemany("INSERT OR IGNORE INTO rewritten VALUES (?)", ((one,) for one in ids))

    def known(self, embed_hashes: Sequence[str]) -> dict[str, ChunkRow]:
        """Return, by embed hash, a chunk of the previous generation whose vector the vector store still has."""
        found: dict[str, ChunkRow] = {}
        for some in batches(embed_hashes) if self._has_previous else ():
            query = _KNOWN + f"AND embed_hash IN ({_marks(some)})"
            for row in map(ChunkRow._make, self._connection.execute(query, some)):
                found[row.embed_hash] = row
        return found


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
