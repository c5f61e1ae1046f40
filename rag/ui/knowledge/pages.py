"""The pages of a generation as rows: title, site, words, chunks, warnings. Knows the index; knows no HTML."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.errors import IndexStateError
from rag.index import Manifest
from rag.types import Chunk, Document, Notice
from rag.ui.knowledge.library import Library

Only = Literal["", "warnings", "unread"]


@dataclass(frozen=True, slots=True)
class PageRow:
    """One file of the corpus as the index has it.

    Attributes:
        path: relative to the corpus.
        title: of the page; the file's name where it is not indexed.
        site: top folder; empty at the top of the corpus.
        words: of the source; 0 where it is not indexed.
        chunks: in the index.
        changed: when the file changed last, in seconds since 1970; None where it is gone.
        notices: what its editor should know.
        skipped: why it is not indexed as it is now; empty where it is.
    """

    path: str
    title: str
    site: str
    words: int
    chunks: int
    changed: float | None
    notices: tuple[Notice, ...]
    skipped: str


class Pages:
    """The rows of the current generation, counted once for each generation.

    Args:
        library: corpus and index.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._words: tuple[int, dict[str, int]] = (0, {})

    def rows(self) -> tuple[Manifest, list[PageRow]]:
        """Return the manifest and its pages by path.

        Raises:
            IndexStateError: there is no index, or it is damaged or does not fit.
        """
        manifest = self._library.current()
        if manifest is None:
            raise IndexStateError("There is no index yet", hint="Read the notes first.")
        words, changed = self._count(manifest), self._library.changed_at()
        rows = [
            PageRow(
                path=path,
                title=entry.title or path.rsplit("/", 1)[-1],
                site=path.split("/", 1)[0] if "/" in path else "",
                words=words.get(path, 0),
                chunks=entry.chunks,
                changed=changed.get(path),
                notices=entry.notices,
                skipped=entry.skipped or "",
            )
            for path, entry in sorted(manifest.files.items())
        ]
        return manifest, rows

    def page(self, path: str) -> tuple[Document, list[Chunk]]:
        """Return an indexed page with its chunks in order.

        Raises:
            IndexStateError: there is no such page in the index.
        """
        with self._library.index.open() as reader:
            try:
                return reader.document(path), reader.chunks_of(path)
            except KeyError as error:
                raise IndexStateError("This page is not in the index", hint="Bring the index up to date.") from error

    def _count(self, manifest: Manifest) -> dict[str, int]:
        with self._lock:
            if self._words[0] != manifest.generation:
                with self._library.index.open(manifest.generation) as reader:
                    counts = {path: len(reader.document(path).source.split()) for path in reader.paths()}
                self._words = (manifest.generation, counts)
            return self._words[1]


def chosen(rows: Sequence[PageRow], words: str = "", site: str = "", only: str = "") -> list[PageRow]:
    """Return the rows that hold each of some words in title or path, of one site, with warnings or unread alone.

    Args:
        rows: to choose from.
        words: to look for, in any case.
        site: top folder; empty for all.
        only: `warnings`, `unread`, or empty for all.
    """
    wanted = words.casefold().split()
    return [
        row
        for row in rows
        if (not site or row.site == site)
        and (only != "warnings" or row.notices)
        and (only != "unread" or row.skipped)
        and all(word in f"{row.title} {row.path}".casefold() for word in wanted)
    ]
