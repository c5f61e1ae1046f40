"""An index on a Chroma server, for readers and writers on several machines.

Offers what `rag.index.Index` offers. Knows how a reader claims a generation and how a writer gets a collection to change.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rag.errors import IndexStateError, RagError
from rag.index.folder import Index
from rag.index.lock import Claim, Holder, Lease
from rag.index.manifest import Manifest
from rag.index.reader import Reader
from rag.index.remote.layout import RemoteLayout
from rag.index.remote.lock import EXPIRY_S, RemoteLock, holder
from rag.index.remote.records import LEASE_S, GenerationRecord, Records
from rag.index.remote.server import Server
from rag.index.remote.shelf import RemoteShelf
from rag.index.remote.vectors import RemoteVectors
from rag.index.retention import by_worth
from rag.index.trouble import explained
from rag.index.vectors import Vectors
from rag.index.writer import Writer

_log = logging.getLogger(__name__)

_FEWEST = 2
"""Collections take turns: one answers while another one is changed."""


class RemoteIndex(Index):
    """An index on a server; it need not exist yet.

    Args:
        server: where.
        root: a folder of this machine for copies of the generations' files.
        keep: how many generations a writer leaves, the current one included; as many collections take turns, and at least two.
        lock_expiry_s: how long a writer that is not heard of keeps the others out.
    """

    def __init__(self, server: Server, root: Path, keep: int = 3, *, lock_expiry_s: float = EXPIRY_S) -> None:
        super().__init__(root, keep)
        self._server = server
        self._place = server.address
        self._lock_expiry_s = lock_expiry_s
        self._layout: RemoteLayout = RemoteLayout(root, server)

    def holder(self) -> Holder | None:
        """Return who is writing now, None where nobody is."""
        return holder(self._server)

    def write(self, command: str) -> Writer:
        """Become the one writer; a context manager.

        Args:
            command: what a second writer is told about this one.

        Returns:
            A writer, to be used as a context manager that holds the lock; it drafts in the collection that is idle.

        Raises:
            IndexLockedError: another process is writing.
            IndexStateError: the server fails.
        """
        lock = self._lock(command)
        try:
            self._layout.tidy()
        except BaseException:
            lock.release()
            raise
        return RemoteWriter(self._layout, lock, keep=self._keep)

    def _reader(self, number: int) -> Reader | None:
        records = self._layout.records
        with ExitStack() as stack:
            claim = ReaderClaim(records, number, records.claim(number))
            stack.callback(claim.release)
            record = records.generation(number)
            if record is None or record.state != "whole":
                return None
            folder = self._layout.bring(number)
            claim.local = Lease.take(folder)
            if claim.local is None:
                return None
            stack.pop_all()

        def open_vectors(_: Path, closing: ExitStack) -> Vectors:
            vectors = RemoteVectors(self._server, record.collection, alive=claim.renew)
            closing.callback(vectors.close)
            return vectors

        return Reader(folder, claim, open_vectors)

    def _lock(self, command: str) -> Claim:
        with explained(self.root, "making a folder for copies of the index"):
            self.root.mkdir(parents=True, exist_ok=True)
        return RemoteLock(self._server, command, expiry_s=self._lock_expiry_s)


@dataclass(slots=True)
class ReaderClaim:
    """A reader's claim on a generation: on the server, and on the files that are here.

    It holds for ten minutes after the last search. A reader that sleeps for longer asks whether its generation is still there.
    """

    records: Records
    number: int
    token: str
    local: Lease | None = None
    _renewed: float = 0.0

    def __post_init__(self) -> None:
        """Start the clock."""
        self._renewed = time.monotonic()

    def renew(self) -> None:
        """Make the claim last, before something is read.

        Raises:
            IndexStateError: it ended, and the generation was given up.
        """
        since = time.monotonic() - self._renewed
        if since < LEASE_S / 4:
            return
        self.records.claim(self.number, self.token)
        record = self.records.generation(self.number) if since > LEASE_S / 2 else None
        if since > LEASE_S / 2 and (record is None or record.state != "whole"):
            raise IndexStateError(
                f"Generation {self.number} was given up while nothing was asked of it", hint="Ask again: the current one answers."
            )
        self._renewed = time.monotonic()

    def release(self) -> None:
        """Give it up. Calling it twice is fine."""
        token, self.token = self.token, ""
        if self.local is not None:
            self.local.release()
        if token:
            try:
                self.records.release(token)
            except RagError as error:
                _log.info("A claim could not be taken back and will expire: %s", error)


class RemoteWriter(Writer):
    """Makes the next generation in the collection that is idle."""

    _layout: RemoteLayout

    def __init__(self, layout: RemoteLayout, lock: Claim, *, keep: int) -> None:
        if isinstance(lock, RemoteLock):
            layout.locks.append(lock)
        super().__init__(layout, lock, keep=keep)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Throw away what was not committed and give the lock up."""
        self._layout.drafted.clear()
        self._layout.locks.clear()
        super().__exit__(kind, error, trace)

    def _shelf(self, number: int, base: tuple[Path, Manifest] | None) -> RemoteShelf:
        start = None if base is None else (base[1].generation, base[0])
        return RemoteShelf(self._layout, number, start, self._spare(number) if start is not None else None)

    def _spare(self, number: int) -> GenerationRecord | None:
        """Return a generation whose collection may be changed into the next one; None where another collection is to be made."""
        records = self._layout.records.generations()
        idle = [record for record in records.values() if record.state == "idle"]
        if idle:
            return idle[-1]
        if len(records) < max(_FEWEST, self._keep) or self.previous is None:
            return None
        current = self.previous.generation
        for candidate in reversed(by_worth(self._layout, number, {number: current}, self._keep)[self._keep :]):
            if candidate != current and self._layout.retire(candidate):
                return records[candidate]
        return None

    def _retire(self, number: int) -> None:
        self._layout.retire(number)

    def _prune(self, newest: Manifest) -> None:
        super()._prune(newest)
        try:
            self._layout.sweep(max(_FEWEST, self._keep))
        except IndexStateError as error:
            _log.warning("What is not needed any more could not be removed: %s", error)
