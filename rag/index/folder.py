"""The index of one computer: a folder of generations and a pointer.

Knows which generations there are, and opens them for reading or writing. Imports no vendor until something is searched or
written. An index elsewhere (a Chroma server) would offer the same methods: `pointer`, `current`, `open`, `write`, `rollback`,
`verify`.
"""

from __future__ import annotations

import logging
from pathlib import Path

from rag.errors import IndexStateError
from rag.index.layout import LOCK, Layout
from rag.index.lock import Claim, Holder, Lease, WriterLock, holder
from rag.index.manifest import Manifest
from rag.index.reader import Reader
from rag.index.trouble import MEND, explained
from rag.index.writer import Writer

_log = logging.getLogger(__name__)

_TRIES = 20
"""A reader that keeps finding its generation just removed follows the pointer this often."""


class Index:
    """An index folder; it need not exist yet.

    Args:
        root: the folder.
        keep: how many generations a writer leaves, the current one included.
    """

    def __init__(self, root: Path, keep: int = 3) -> None:
        self.root = root
        self._keep = keep
        self._place = str(root)
        self._layout = Layout(root)

    def pointer(self) -> int | None:
        """Look up which generation answers questions.

        Cheap enough to ask before each question.

        Returns:
            Its number, from 1; None where there is no index yet.

        Raises:
            IndexStateError: the pointer is damaged, or the folder cannot be read.
        """
        return self._layout.pointer()

    def current(self) -> Manifest | None:
        """Read the manifest of the generation that answers questions.

        Returns:
            The manifest; None where there is no index yet.

        Raises:
            IndexStateError: the pointer or that generation is damaged.
        """
        number = self._layout.pointer()
        return None if number is None else self.manifest(number)

    def manifest(self, number: int) -> Manifest:
        """Read the manifest of a generation.

        Args:
            number: of the generation, from 1.

        Returns:
            The manifest, fetched first where the index is on a server.

        Raises:
            IndexStateError: there is no such generation, or it is damaged.
        """
        folder = self._layout.bring(number)
        if not folder.is_dir():
            raise self._missing(number)
        return Manifest.read(folder)

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the whole generations, ascending, those with a damaged manifest included."""
        return tuple(number for number in self._layout.numbers() if self._layout.is_whole(number))

    def generations(self) -> tuple[Manifest, ...]:
        """Return the manifests of the whole generations, ascending; a damaged one is logged and left out."""
        found = []
        for number in self.numbers():
            try:
                found.append(self.manifest(number))
            except IndexStateError as error:
                _log.warning("%s", error)
        return tuple(found)

    def holder(self) -> Holder | None:
        """Return who is writing now, None where nobody is."""
        with explained(self.root, "looking who writes"):
            return holder(self.root / LOCK)

    def open(self, number: int | None = None) -> Reader:
        """Open a generation for reading.

        Args:
            number: of the generation; None is the one that answers questions.

        Returns:
            A reader to be closed, or used as a context manager: until then the generation is not removed.

        Raises:
            IndexStateError: there is no index or no such generation, or it is damaged.
        """
        wanted = 0
        for _ in range(_TRIES):
            wanted = self._wanted(number)
            reader = self._reader(wanted)
            if reader is not None:
                return reader
            if not self._layout.is_whole(wanted) and (number is not None or self._layout.pointer() == wanted):
                break  # not a writer's doing: it moves the pointer before it removes anything
        raise self._missing(wanted)

    def _reader(self, number: int) -> Reader | None:
        """Open a generation, None where it is gone or going."""
        folder = self._layout.generation(number)
        lease = Lease.take(folder)
        return None if lease is None else Reader(folder, lease)

    def write(self, command: str) -> Writer:
        """Become the one writer; a context manager.

        Args:
            command: what a second writer is told about this one, such as `python ingest.py`.

        Returns:
            A writer, to be used as a context manager that holds the lock; only what it commits counts.

        Raises:
            IndexLockedError: another process is writing.
            IndexStateError: the folder cannot be written.
        """
        return Writer(self._layout, self._lock(command), keep=self._keep)

    def rollback(self, number: int | None = None, *, command: str = "python -m rag rollback") -> Manifest:
        """Move the pointer to another generation.

        The generation left behind stays, so that this can be undone.

        Args:
            number: of that generation; None is the one that the current one was made from, or the newest older one where that is
                gone.
            command: what another writer is told about this one.

        Returns:
            The manifest of the generation that answers questions now.

        Raises:
            IndexLockedError: another process is writing.
            IndexStateError: there is no such generation, or none that is older, or it is damaged.
        """
        lock = self._lock(command)
        try:
            manifest = self.manifest(self._before() if number is None else number)
            self._layout.check_whole(manifest.generation)
            self._layout.point_to(manifest.generation)
            return manifest
        finally:
            lock.release()

    def verify(self, number: int | None = None) -> tuple[str, ...]:
        """Recompute all hashes of a generation's manifest.

        Work for the whole generation.

        Args:
            number: of the generation; None is the one that answers questions.

        Returns:
            What is wrong, one sentence each; empty where all is well. A generation that cannot be opened is one sentence, not an
            error.

        Raises:
            IndexStateError: there is no index, or its pointer is damaged.
        """
        wanted = self._wanted(number)
        try:
            with self.open(wanted) as reader:
                return tuple(reader.check())
        except IndexStateError as error:
            return (error.message,)

    def _wanted(self, number: int | None) -> int:
        wanted = self._layout.pointer() if number is None else number
        if wanted is None:
            raise IndexStateError(f"There is no index in {self._place}", hint="Run `python ingest.py` first.")
        return wanted

    def _before(self) -> int:
        whole = self.numbers()
        try:
            pointed = self._layout.pointer()
            older = [number for number in whole if pointed is not None and number < pointed]
            parent = None if pointed is None else self.manifest(pointed).parent
        except IndexStateError:
            # The current one, or the pointer, is damaged: that is what a rollback is for.
            older, parent = [number for number in whole if number < self._damaged(whole)], None
        if not older:
            raise IndexStateError(
                f"{self._place} holds no older generation to go back to", hint="`python ingest.py --full` builds the index anew."
            )
        return parent if parent in older else older[-1]

    def _damaged(self, whole: tuple[int, ...]) -> int:
        try:
            return self._layout.pointer() or 0
        except IndexStateError:
            return max(whole, default=0) + 1

    def _lock(self, command: str) -> Claim:
        self._layout.check_root()
        with explained(self.root, "making the index folder"):
            self.root.mkdir(parents=True, exist_ok=True)
        return WriterLock(self.root / LOCK, command)

    def _missing(self, number: int) -> IndexStateError:
        there = ", ".join(map(str, self.numbers())) or "none"
        if self._layout.pointer() == number:
            return IndexStateError(
                f"The pointer of {self._place} names generation {number}, which is not there (there are: {there})", hint=MEND
            )
        return IndexStateError(
            f"There is no generation {number} in {self._place} (there are: {there})", hint="`python -m rag status` lists them."
        )
