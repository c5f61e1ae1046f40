"""The vectors of one generation in a collection of a Chroma server.

Knows how a collection is made, filled from another one, and read. What can be asked of vectors is in `rag.index.vectors`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexStateError
from rag.index.remote.server import Server
from rag.index.trouble import MEND
from rag.index.vectors import GRAPH, Vectors

PREFIX = "vectors-"
_MOST_AT_ONCE = 1000
"""Vectors in one request: 384 dimensions of a thousand make some megabytes, and servers refuse large requests."""


def new_name() -> str:
    """Return a name that no collection has."""
    return f"{PREFIX}{secrets.token_hex(6)}"


class RemoteVectors(Vectors):
    """Vectors in a collection.

    Args:
        server: where.
        name: of the collection, without prefix.
        create: make it, empty.
        alive: called before each request; a reader renews its claim there.

    Raises:
        IndexStateError: the server does not answer, or has no such collection.
    """

    def __init__(self, server: Server, name: str, *, create: bool = False, alive: Callable[[], None] | None = None) -> None:
        self._folder = Path()
        self._server = server
        self._alive = alive
        with server.explained("opening its vectors"):
            self._collection = server.make(name, configuration={"hnsw": GRAPH}) if create else server.find(name)
            self._most = min(_MOST_AT_ONCE, server.client.get_max_batch_size())
        if self._collection is None:
            raise IndexStateError(f"The collection {server.full_name(name)} is not on {server.address}", hint=MEND)

    def close(self) -> None:
        """Let go of the collection; the connection is shared. Calling it twice is fine."""
        self._collection = None

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        with self._server.explained(doing):
            if self._alive is not None:
                self._alive()
            yield
