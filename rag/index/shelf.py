"""Where the vectors of a generation lie while it is built and checked.

Knows the folder `chroma/` of a draft. An index elsewhere brings a shelf of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rag.index.files import remove_tree
from rag.index.scratch import Scratch
from rag.index.trouble import explained
from rag.index.vectors import Vectors, rebuild


class Shelf(Protocol):
    """The vectors of one draft.

    Attributes:
        dead: once it is open, how many places of its graph no chunk uses; None where they are as many as the manifest says.
    """

    dead: int | None

    def open(self) -> Vectors:
        """Open the vectors of the generation that the draft starts from, to be changed."""
        ...

    def rebuild(self, ids: Iterable[str]) -> None:
        """Put the vectors of these ids into a fresh store in the place of the one that was opened, which is closed by now."""
        ...

    @contextmanager
    def reopened(self) -> Iterator[Vectors]:
        """Open what was written as a reader would."""
        ...


class FolderShelf:
    """Vectors in a folder of the draft.

    Args:
        folder: holds a copy of the vectors to start from, unless it is to start empty.
        create: start empty.
    """

    def __init__(self, folder: Path, *, create: bool) -> None:
        self._folder = folder
        self._create = create
        self.dead: int | None = None

    def open(self) -> Vectors:
        """Open the vectors."""
        return Vectors(self._folder, create=self._create)

    def rebuild(self, ids: Iterable[str]) -> None:
        """Make the graph afresh."""
        fresh = self._folder.with_name(f"{self._folder.name}-fresh")
        source = Vectors(self._folder)
        try:
            rebuild(source, Vectors(fresh, create=True), ids)
        finally:
            source.close()
        with explained(self._folder.parent, "putting the rebuilt vectors in place"):
            remove_tree(self._folder)
            fresh.rename(self._folder)

    @contextmanager
    def reopened(self) -> Iterator[Vectors]:
        """Open a copy, as readers do: what is checked is what was written, and checking does not write to it."""
        scratch = Scratch()
        try:
            vectors = Vectors(scratch.copy(self._folder))
            try:
                yield vectors
            finally:
                vectors.close()
        finally:
            scratch.close()
