"""The pages of a generation as rows: title, site, words, chunks, warnings. Knows the index; knows no HTML."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rag.errors import IndexStateError
from rag.index import Manifest
from rag.types import Chunk, Document, Notice
from rag.ui.knowledge.library import Library

MOST_TAGS = 60


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


class _Counts(NamedTuple):
    """What was counted in one generation."""

    generation: int
    words: dict[str, int]
    tags: tuple[str, ...]


class Pages:
    """The rows of the current generation, counted once for each generation.

    Args:
        library: corpus and index.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._counted = _Counts(0, {}, ())

    def rows(self) -> tuple[Manifest, list[PageRow]]:
        """List every file of the corpus as the index knows it.

        Returns:
            The manifest, and its files sorted by path, the skipped ones included.

        Raises:
            IndexStateError: there is no index, or it is damaged or does not fit.
        """
        manifest = self._library.current()
        if manifest is None:
            raise IndexStateError("There is no index yet", hint="Read the notes first.")
        words, changed = self._count(manifest).words, self._library.changed_at()
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
        """Read an indexed page.

        Args:
            path: relative to the corpus, with `/`.

        Returns:
            The page, and its chunks in its order.

        Raises:
            IndexStateError: there is no such page in the index.
        """
        with self._library.index.open() as reader:
            try:
                return reader.document(path), reader.chunks_of(path)
            except KeyError as error:
                raise IndexStateError("This page is not in the index", hint="Bring the index up to date.") from error

    def facets(self) -> tuple[list[str], list[str]]:
        """Collect what a search can be narrowed down to.

        Returns:
            Folders of the first two levels, sorted; and the tags that most pages have, sorted too. Both are empty where there is no
            index yet.

        Raises:
            IndexStateError: the index is damaged or does not fit.
        """
        manifest = self._library.current()
        if manifest is None:
            return [], []
        counted = self._count(manifest)
        folders = {"/".join(path.split("/")[:depth]) for path in counted.words for depth in (1, 2) if depth <= path.count("/")}
        return sorted(folders), list(counted.tags)

    def _count(self, manifest: Manifest) -> _Counts:
        with self._lock:
            if self._counted.generation != manifest.generation:
                words: dict[str, int] = {}
                tags: Counter[str] = Counter()
                with self._library.index.open(manifest.generation) as reader:
                    for path in reader.paths():
                        document = reader.document(path)
                        words[path] = len(document.source.split())
                        found = document.metadata.get("tags")
                        tags.update({str(tag) for tag in found} if isinstance(found, list) else ())
                most = tuple(sorted(tag for tag, _ in tags.most_common(MOST_TAGS)))
                self._counted = _Counts(manifest.generation, words, most)
            return self._counted


def chosen(rows: Sequence[PageRow], words: str = "", site: str = "", only: str = "") -> list[PageRow]:
    """Narrow the list of pages down.

    Args:
        rows: to choose from.
        words: to look for, in any case.
        site: top folder; empty for all.
        only: `warnings`, `unread`, or empty for all.

    Returns:
        The rows that fit everything, in their order.
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
