"""What a generation says of itself.

Knows the manifest's fields, its JSON, and which configuration it fits. Knows no store and imports no vendor: an ingest that finds
nothing to do reads a manifest and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import IndexStateError
from rag.index.files import write_file
from rag.index.layout import MANIFEST
from rag.index.trouble import MEND, REBUILD, explained
from rag.types import Notice

FORMAT = 2
"""Changes whenever an older program could not read, or would misread, a generation."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What must be equal for vectors and chunks of two runs to be mixed.

    Attributes:
        embedder: `Embedder.fingerprint`.
        dimension: length of a vector.
        chunker: version and settings of whatever turns a file into chunks.
    """

    embedder: str
    dimension: int
    chunker: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the corpus, as the ingest found it.

    Attributes:
        sha256: of its bytes, hexadecimal; empty where they could not be read.
        chunks: how many chunks of it the generation holds.
        title: of the page; empty where there is none.
        notices: what its editor should know.
        skipped: why the file as it is now is not in the index, None where it is; with `chunks` above 0 an older version of it is.
        inputs: digest of what else its reading depended on, such as files that it includes; empty where that was nothing.
    """

    sha256: str
    chunks: int = 0
    title: str = ""
    notices: tuple[Notice, ...] = ()
    skipped: str | None = None
    inputs: str = ""

    @property
    def indexed(self) -> bool:
        """Whether some version of it is in the index; a page's title is never empty."""
        return bool(self.title)


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes over all that a generation holds, each of 64 hexadecimal digits; see `rag.index.hashes`.

    Attributes:
        ids: of the chunks' ids.
        texts: of the chunks with all their fields.
        vectors: of the chunks' vectors, bit by bit.
        sources: of the documents.
    """

    ids: str
    texts: str
    vectors: str
    sources: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation's table of contents; written last, never changed.

    Attributes:
        generation: its number, from 1.
        created: UTC, ISO 8601.
        parent: number of the generation that answered before it; None for the first, or where that one was damaged.
        corpus: the corpus folder as it was given.
        corpus_sha256: hash over all pairs of path and SHA-256.
        files: every file of the corpus by path, the skipped ones included.
        fingerprint: what it was built with.
        documents: how many documents it holds.
        chunks: how many chunks it holds.
        dead_vectors: places in the vector store's graph that no chunk uses any more; a rebuild sets it back to 0.
        hashes: of all that it holds.
        listing: hash of the names of all files of the corpus, also of those that are no notes: what links were checked against.
    """

    generation: int
    created: str
    parent: int | None
    corpus: str
    corpus_sha256: str
    files: Mapping[str, FileEntry] = field(repr=False)
    fingerprint: Fingerprint
    documents: int
    chunks: int
    dead_vectors: int
    hashes: Hashes
    listing: str = ""

    def check_matches(self, expected: Fingerprint) -> None:
        """Refuse to answer with, or add to, a generation that was built otherwise.

        Args:
            expected: what the configuration would build.

        Raises:
            IndexStateError: embedder, dimension or chunker differ; the hint names the command that mends it.
        """
        for what in ("embedder", "dimension", "chunker"):
            built, asked = getattr(self.fingerprint, what), getattr(expected, what)
            if built != asked:
                raise IndexStateError(
                    f"The index was built with another {what}: it has {built}, the configuration says {asked}",
                    hint=f"{REBUILD[:-1]}, or set the configuration back.",
                )

    def as_json(self) -> str:
        """Return the manifest as JSON, its keys in a fixed order."""
        return json.dumps(
            {
                "format": FORMAT,
                "generation": self.generation,
                "created": self.created,
                "parent": self.parent,
                "fingerprint": {name: getattr(self.fingerprint, name) for name in Fingerprint.__slots__},
                "counts": {"documents": self.documents, "chunks": self.chunks, "dead_vectors": self.dead_vectors},
                "hashes": {name: getattr(self.hashes, name) for name in Hashes.__slots__},
                "corpus": {"path": self.corpus, "sha256": self.corpus_sha256, "listing": self.listing},
                "files": {path: _entry_as_json(self.files[path]) for path in sorted(self.files)},
            }
        )  # in one line: indented, Python's own encoder would write it, ten times slower

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into a generation's folder and wait until it is on the disk."""
        write_file(folder / MANIFEST, self.as_json().encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a generation's folder.

        Args:
            folder: of the generation.

        Returns:
            The manifest; what it says of the files beside it is not checked here.

        Raises:
            IndexStateError: it is missing or damaged, or of a format that this program does not know.
        """
        path = folder / MANIFEST
        with explained(folder, "reading its manifest"):
            try:
                raw = path.read_bytes()
            except FileNotFoundError as error:
                raise IndexStateError(f"{folder} is not a whole generation: it has no {MANIFEST}", hint=MEND) from error
        try:
            return cls._from_json(json.loads(raw), path)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise IndexStateError(f"{path} is damaged ({type(error).__name__}: {str(error)[:80]})", hint=MEND) from error

    @classmethod
    def _from_json(cls, raw: Mapping[str, Any], path: Path) -> Manifest:
        if raw["format"] != FORMAT:
            raise IndexStateError(
                f"{path} was written by another version of this program: format {raw['format']}, this one reads {FORMAT}",
                hint=REBUILD,
            )
        marks, counts, hashes = raw["fingerprint"], raw["counts"], raw["hashes"]
        return cls(
            generation=int(raw["generation"]),
            created=str(raw["created"]),
            parent=None if raw["parent"] is None else int(raw["parent"]),
            corpus=str(raw["corpus"]["path"]),
            corpus_sha256=str(raw["corpus"]["sha256"]),
            files={name: _entry_from_json(name, entry) for name, entry in raw["files"].items()},
            fingerprint=Fingerprint(
                embedder=str(marks["embedder"]), dimension=int(marks["dimension"]), chunker=str(marks["chunker"])
            ),
            documents=int(counts["documents"]),
            chunks=int(counts["chunks"]),
            dead_vectors=int(counts["dead_vectors"]),
            listing=str(raw["corpus"]["listing"]),
            hashes=Hashes(**{name: str(hashes[name]) for name in Hashes.__slots__}),
        )


def _entry_as_json(entry: FileEntry) -> dict[str, object]:
    return {
        "sha256": entry.sha256,
        "chunks": entry.chunks,
        "title": entry.title,
        "notices": [[notice.line, notice.kind, notice.message] for notice in entry.notices],
        "skipped": entry.skipped,
        **({"inputs": entry.inputs} if entry.inputs else {}),
    }


def _entry_from_json(path: str, raw: Mapping[str, Any]) -> FileEntry:
    return FileEntry(
        sha256=str(raw["sha256"]),
        chunks=int(raw["chunks"]),
        title=str(raw["title"]),
        notices=tuple(Notice(path, int(line), str(kind), str(message)) for line, kind, message in raw["notices"]),
        skipped=None if raw["skipped"] is None else str(raw["skipped"]),
        inputs=str(raw.get("inputs", "")),
    )
