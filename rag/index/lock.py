"""Who may write, and what is being read.

Knows `flock`. The writer holds the index folder's LOCK file alone; a reader shares the lease on its generation's manifest. Both
end with the process, however it ends, so nothing has to be cleaned up after a kill. A lease needs no permission to write.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from rag.errors import IndexLockedError
from rag.index.layout import MANIFEST
from rag.index.trouble import explained

_TRIES = 5
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the writer's lock.

    Attributes:
        pid: of its process.
        host: where that runs.
        since: UTC, ISO 8601.
        command: what it does.
    """

    pid: int
    host: str
    since: str
    command: str


class Claim(Protocol):
    """The writer's right to write, or a reader's promise that a generation stays."""

    def release(self) -> None:
        """Give it up. Calling it twice is fine."""
        ...


class HeldError(Exception):
    """Another process holds a lock file.

    Args:
        holder: who that is; None where the file does not say. An attribute too.
    """

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(holder)
        self.holder = holder


class FileLock:
    """A lock file held alone, with the name of its holder in it. The file stays when the lock goes: removing it would let two in.

    Args:
        path: of the file; made where missing, in a folder that is there.
        command: what the holder does, for whom it keeps out.

    Raises:
        HeldError: another process holds it, or another handle of this one.
        OSError: the file cannot be opened or locked.
    """

    def __init__(self, path: Path, command: str) -> None:
        self._descriptor = -1
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            if not _try_exclusive(descriptor):
                raise HeldError(_parse(path.read_bytes()))
            me = Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"), command)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(me)).encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next one in. Calling it twice is fine."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            try:
                os.ftruncate(descriptor, 0)
                # Children that inherited the descriptor would keep the lock if it were only closed.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            finally:
                os.close(descriptor)


class WriterLock(FileLock):
    """The right to write to one index folder."""

    def __init__(self, path: Path, command: str) -> None:
        with explained(path.parent, "taking the writer's lock"):
            try:
                super().__init__(path, command)
            except HeldError as error:
                raise _locked(path, error.holder) from None


def holder(path: Path) -> Holder | None:
    """Return who holds the lock file `path`; None where nobody does, or it does not say."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        return _parse(os.pread(descriptor, 4096, 0))
    finally:
        os.close(descriptor)


class Lease:
    """The promise that a generation is not removed. Shared: any number of readers, in any number of processes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, generation: Path) -> Lease | None:
        """Take a lease; None where the generation is gone, or going."""
        path = generation / MANIFEST
        with explained(generation, "taking a lease on it"):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            lease = cls(descriptor)
            try:
                # It may have been renamed away between the two calls; then the lease is on something that nobody sees.
                if _try(descriptor, fcntl.LOCK_SH) and os.path.samestat(path.stat(), os.fstat(descriptor)):
                    return lease
            except FileNotFoundError:
                pass
            except BaseException:
                lease.release()
                raise
            lease.release()
            return None

    def release(self) -> None:
        """Give the lease up. Calling it twice is fine."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def retire(generation: Path, trash: Path) -> bool:
    """Rename a generation away unless a reader holds it; say whether that was done. Only for the holder of the writer's lock."""
    # Some network file systems give an exclusive lock only to a descriptor that may write.
    descriptor = os.open(generation / MANIFEST, os.O_RDWR | os.O_CLOEXEC)
    try:
        if not _try(descriptor, fcntl.LOCK_EX):
            return False
        generation.rename(trash)
        return True
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_exclusive(descriptor: int) -> bool:
    # `holder` shares the lock for an instant to see whether it is free; that must not turn a writer away.
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_S)
        if _try(descriptor, fcntl.LOCK_EX):
            return True
    return False


def _locked(path: Path, who: Holder | None) -> IndexLockedError:
    if who is None:
        message = f"Another process is writing to the index in {path.parent}"
    else:
        message = (
            f"{who.command!r} (process {who.pid} on {who.host}) has been writing to the index in {path.parent} since {who.since}"
        )
    return IndexLockedError(
        message, hint="Wait until it is done and run this again; if it hangs, end that process, and its lock goes with it."
    )


def _parse(raw: bytes) -> Holder | None:
    try:
        fields = json.loads(raw)
    except ValueError:
        return None  # it has just taken the lock and not yet said who it is
    if not isinstance(fields, Mapping) or not {"pid", "host", "since", "command"} <= fields.keys():
        return None
    return Holder(int(fields["pid"]), str(fields["host"]), str(fields["since"]), str(fields["command"]))
