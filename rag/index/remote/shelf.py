"""Where a draft's vectors lie on a server: in a collection that is idle now and caught up with the current generation.

Knows which collection to take. A collection whose last change was not finished is not trusted: it is dropped, and another one is
filled from the current generation's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.index.layout import NOTES
from rag.index.manifest import Manifest
from rag.index.remote.catchup import bring, catch_up, difference, every_id
from rag.index.remote.layout import RemoteLayout
from rag.index.remote.records import GenerationRecord
from rag.index.remote.vectors import RemoteVectors, new_name
from rag.index.vectors import rebuild


class RemoteShelf:
    """The vectors of one draft.

    Args:
        layout: of the index.
        number: of the generation that is drafted.
        base: number and folder of the generation that it starts from; None starts empty.
        spare: a generation that may be changed into the new one, retired already; None where a new collection is to be made.
    """

    def __init__(
        self,
        layout: RemoteLayout,
        number: int,
        base: tuple[int, Path] | None,
        spare: GenerationRecord | None,
    ) -> None:
        self._layout = layout
        self._number = number
        self._base = base
        self._spare = spare
        self.dead: int | None = 0
        self._name = spare.collection if spare is not None else new_name()

    def open(self) -> RemoteVectors:
        """Bring the collection to what the base holds, and open it."""
        layout, spare = self._layout, self._spare
        layout.drafted[self._number] = self._name
        if spare is None or self._base is None:
            vectors = RemoteVectors(layout.server, self._name, create=True)
            if self._base is not None:
                number, folder = self._base
                bring(vectors, self._source(number), every_id(folder / NOTES), folder / NOTES)
            return vectors
        number, folder = self._base
        change = difference(layout.bring(spare.number) / NOTES, folder / NOTES)
        layout.records.put(replace(spare, state="dirty"))
        vectors = RemoteVectors(layout.server, self._name)
        died = catch_up(vectors, self._source(number), change, folder / NOTES)
        self.dead = Manifest.read(layout.bring(spare.number)).dead_vectors + died
        return vectors

    def rebuild(self, ids: Iterable[str]) -> None:
        """Fill a fresh collection; the other one is dropped when the new generation is there."""
        source = RemoteVectors(self._layout.server, self._name)
        self._name = new_name()
        self._layout.drafted[self._number] = self._name
        rebuild(source, RemoteVectors(self._layout.server, self._name, create=True), ids)

    @contextmanager
    def reopened(self) -> Iterator[RemoteVectors]:
        """Open the collection once more; the server has written what it confirmed."""
        yield RemoteVectors(self._layout.server, self._name)

    def _source(self, number: int) -> RemoteVectors:
        record = self._layout.records.generation(number)
        return RemoteVectors(self._layout.server, record.collection if record is not None else "")
