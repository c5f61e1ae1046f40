"""Documents and chunks as rows of `notes.sqlite`.

Knows the tables and how a value becomes a row and a row the same value again. Opens no file. Texts that come from the notes are
stored as bytes, since they may hold what SQLite's texts may not. The long ones are compressed, lightly: every ingest copies and
syncs the whole file, and this halves it. A damaged row fails to unpack.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import fields
from typing import Any, NamedTuple

from rag.duplicates import wording_key, words_of
from rag.index.hashes import decode, embed_hash, encode, item
from rag.types import Chunk, Document

SCHEMA = """
CREATE TABLE documents (
    path TEXT PRIMARY KEY, id TEXT NOT NULL, title BLOB NOT NULL, metadata BLOB NOT NULL, source BLOB NOT NULL,
    sha256 TEXT NOT NULL, outline BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, position INTEGER NOT NULL, fields BLOB NOT NULL,
    embed_hash TEXT NOT NULL, vector_digest BLOB NOT NULL, generation INTEGER NOT NULL, shape INTEGER NOT NULL,
    words INTEGER NOT NULL
);
CREATE UNIQUE INDEX chunks_by_place ON chunks (path, position);
CREATE INDEX chunks_by_text ON chunks (embed_hash);
CREATE INDEX chunks_by_generation ON chunks (generation, id);
CREATE INDEX chunks_by_shape ON chunks (shape);
CREATE TABLE bands (band INTEGER, shape INTEGER, PRIMARY KEY (band, shape)) WITHOUT ROWID;
CREATE TABLE representatives (id TEXT PRIMARY KEY, representative TEXT NOT NULL) WITHOUT ROWID;
"""

_LEVEL = 1
_FIELDS = tuple(field.name for field in fields(Chunk) if field.name not in {"id", "path", "ordinal"})


class DocumentRow(NamedTuple):
    """A row of `documents`; `outline` is what links need of the page, and no part of the document."""

    path: str
    id: str
    title: bytes
    metadata: bytes
    source: bytes
    sha256: str
    outline: bytes = b""

    @property
    def digest(self) -> bytes:
        """Digest of the document."""
        source = zlib.decompress(self.source)
        return item(self.path.encode(), self.id.encode(), self.title, self.metadata, source, self.sha256.encode())


class ChunkRow(NamedTuple):
    """A row of `chunks`.

    `generation` is the number of the one that wrote its vector, `shape` the key of the wording, `words` how many words that has.
    """

    id: str
    path: str
    position: int
    fields: bytes
    embed_hash: str
    vector_digest: bytes
    generation: int
    shape: int
    words: int

    @property
    def text_digest(self) -> bytes:
        """Digest of the chunk with all its fields; neither its vector nor its history count."""
        values = zlib.decompress(self.fields)
        return item(self.id.encode(), self.path.encode(), str(self.position).encode(), values, self.embed_hash.encode())


def document_row(document: Document, outline: str = "") -> DocumentRow:
    """Make the row of a document.

    Args:
        document: its metadata and source are packed.
        outline: what links of other pages need of it, as text.

    Returns:
        The row, the same for the same document on every machine.

    Raises:
        ValueError: metadata that is not JSON.
    """
    metadata = encode(json.dumps(document.metadata, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")))
    source = zlib.compress(encode(document.source), _LEVEL)
    return DocumentRow(document.path, document.id, encode(document.title), metadata, source, document.sha256, encode(outline))


def row_document(row: DocumentRow) -> Document:
    """Return the document of a row."""
    source = decode(zlib.decompress(row.source))
    return Document(row.id, row.path, decode(row.title), json.loads(decode(row.metadata)), source, row.sha256)


def chunk_row(chunk: Chunk, vector_digest: bytes, generation: int) -> ChunkRow:
    """Make the row of a chunk.

    Args:
        chunk: all its fields are kept.
        vector_digest: of its vector as stored.
        generation: number of the one that wrote that vector.

    Returns:
        The row, the same for the same chunk on every machine.

    Raises:
        ValueError: metadata that is not JSON.
    """
    values = {name: getattr(chunk, name) for name in _FIELDS}
    raw = encode(json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")))
    packed = zlib.compress(raw, _LEVEL)
    words = words_of(chunk)
    text = embed_hash(chunk.embed_text)
    return ChunkRow(chunk.id, chunk.path, chunk.ordinal, packed, text, vector_digest, generation, wording_key(words), len(words))


def row_chunk(row: ChunkRow) -> Chunk:
    """Return the chunk of a row."""
    stored: dict[str, Any] = json.loads(decode(zlib.decompress(row.fields)))
    known = {name: value if name == "metadata" else _tuples(value) for name, value in stored.items()}
    return Chunk(id=row.id, path=row.path, ordinal=row.position, **known)


def _tuples(value: object) -> Any:  # noqa: ANN401 - any field of a chunk
    """Lists to tuples, which nest one deep at most: spans, alignments, headings."""
    if not isinstance(value, list):
        return value
    return tuple(map(tuple, value)) if value and isinstance(value[0], list) else tuple(value)
