"""The right to write to an index on a server, with a holder and an expiry.

A collection can be made under one name only once: making it is taking the lock. Its metadata say who holds it and until when; a
thread moves that on while the holder lives. Once it has expired, the next writer renames it away, by its id, and makes its own: of
two that do so, one gets the name. The holder asks before it moves the pointer whether the lock is still its own. A holder that
stood still for longer than the expiry between that question and the move could still move the pointer; clocks of machines may
differ by less than the expiry.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chromadb.errors import ChromaError, NotFoundError

from rag.errors import IndexLockedError, RagError
from rag.index.lock import Holder
from rag.index.remote.server import Server

LOCK = "lock"
EXPIRY_S = 60.0


class RemoteLock:
    """The writer's lock.

    Args:
        server: where.
        command: what the next writer is told about this one.
        expiry_s: how long it holds after this process was last heard of.

    Raises:
        IndexLockedError: another process is writing.
    """

    def __init__(self, server: Server, command: str, *, expiry_s: float = EXPIRY_S) -> None:
        self._server = server
        self._expiry_s = expiry_s
        self._me = asdict(Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"), command))
        self._mine: Any = None
        self._over = threading.Event()
        for _ in range(2):
            self._mine = self._take()
            if self._mine is not None:
                break
            self._turn_away_unless_expired()
        else:
            raise IndexLockedError(f"Another process is taking the lock of {server.address}", hint="Run this again.")
        self._thread = threading.Thread(target=self._stay, name="rag-store-lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Make sure that the lock is still held.

        Raises:
            IndexLockedError: it expired and another process took it.
        """
        found = self._server.find(LOCK)
        if self._mine is None or found is None or found.id != self._mine.id:
            raise IndexLockedError(
                f"The lock of {self._server.address} expired while this process stood still, and another one took it",
                hint="Run this again; the index that answers questions is untouched.",
            )

    def release(self) -> None:
        """Let the next writer in. Calling it twice is fine."""
        mine, self._mine = self._mine, None
        if mine is None:
            return
        self._over.set()
        self._thread.join()
        with self._server.explained("giving the lock up"):
            _discard(self._server, mine)

    def _take(self) -> Any | None:  # noqa: ANN401 - a collection
        fields = self._me | {"expires": time.time() + self._expiry_s}
        with self._server.explained("taking the writer's lock"):
            try:
                return self._server.client.create_collection(self._server.full_name(LOCK), metadata=fields, embedding_function=None)
            except ChromaError as error:
                if "already exists" not in str(error):
                    raise
                return None

    def _turn_away_unless_expired(self) -> None:
        with self._server.explained("looking who writes"):
            found = self._server.find(LOCK)
            if found is None:
                return
            fields = found.metadata or {}
            if float(fields.get("expires", 0)) < time.time():
                _discard(self._server, found)
                return
        who = _holder(fields)
        raise IndexLockedError(
            f"{who.command!r} (process {who.pid} on {who.host}) has been writing to {self._server.address} since {who.since}",
            hint=f"Wait until it is done and run this again; if it died, its lock goes within {self._expiry_s:.0f} seconds.",
        )

    def _stay(self) -> None:
        while not self._over.wait(self._expiry_s / 4):
            mine = self._mine
            if mine is None:
                return
            try:
                with self._server.explained("holding the lock"):
                    mine.modify(metadata=self._me | {"expires": time.time() + self._expiry_s})
            except RagError:
                continue  # the server may come back before the lock expires; `check` tells in the end


def holder(server: Server) -> Holder | None:
    """Return who is writing now, None where nobody is."""
    with server.explained("looking who writes"):
        found = server.find(LOCK)
    fields = (found.metadata or {}) if found is not None else {}
    return _holder(fields) if float(fields.get("expires", 0)) >= time.time() else None


def _discard(server: Server, lock: Any) -> None:  # noqa: ANN401 - a collection
    """Take a lock away without touching one that another process may have made under the same name meanwhile."""
    grave = f"gone-{secrets.token_hex(4)}"
    try:
        lock.modify(name=server.full_name(grave))
    except NotFoundError:
        return  # somebody was quicker
    server.drop(grave)


def _holder(fields: dict[str, Any]) -> Holder:
    return Holder(int(fields["pid"]), str(fields["host"]), str(fields["since"]), str(fields["command"]))
