"""A Chroma server: the connection, and what its failures mean.

Knows the address, names and errors. Knows nothing of what is kept there.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from rag.errors import IndexStateError

TOKEN_VARIABLE = "RAG_STORE_TOKEN"  # noqa: S105 - the name of a variable, not a token


class Server:
    """A connection, made at its first use. Safe to use from several threads.

    Args:
        address: `http://host:port`, or `https://host/tenant/database`.
        name: prefix of all collections of one index.
        environment: where `RAG_STORE_TOKEN` is looked for; it is sent as `x-chroma-token`.
    """

    def __init__(self, address: str, name: str = "rag-notes", *, environment: Mapping[str, str] = os.environ) -> None:
        self.address = address
        self.name = name
        self._token = environment.get(TOKEN_VARIABLE, "")
        self._connecting = threading.Lock()
        self._client: ClientAPI | None = None

    @property
    def client(self) -> ClientAPI:
        """The connection.

        Raises:
            IndexStateError: the server does not answer.
        """
        with self._connecting:
            if self._client is None:
                with self.explained("connecting"):
                    self._client = _connect(self.address, self._token)
                weakref.finalize(self, _disconnect, self._client)
            return self._client

    def full_name(self, name: str) -> str:
        """Return the name of a collection of this index on the server."""
        return f"{self.name}-{name}"

    def find(self, name: str) -> Any | None:  # noqa: ANN401 - a collection, of an untyped package
        """Return a collection by its name without prefix, None where there is none."""
        try:
            return self.client.get_collection(self.full_name(name), embedding_function=None)
        except NotFoundError:
            return None

    def make(self, name: str, **settings: Any) -> Any:  # noqa: ANN401 - as `create_collection` takes and returns them
        """Make a collection, or return the one that is there."""
        return self.client.get_or_create_collection(self.full_name(name), embedding_function=None, **settings)

    def drop(self, name: str) -> None:
        """Delete a collection; one that is not there is fine."""
        with suppress(NotFoundError):
            self.client.delete_collection(self.full_name(name))

    def names(self) -> list[str]:
        """Return the names, without prefix, of all collections of this index, sorted."""
        prefix = self.full_name("")
        found: list[str] = []
        page = 200
        while True:
            some = [each.name for each in self.client.list_collections(limit=page, offset=len(found))]
            found += some
            if len(some) < page:
                return sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))

    @contextmanager
    def explained(self, doing: str) -> Iterator[None]:
        """Turn what the server or the way to it raises into an `IndexStateError`."""
        try:
            yield
        except (httpx.HTTPError, ChromaError, ConnectionError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(".")[:300] or type(error).__name__
            raise IndexStateError(
                f"The Chroma server {self.address} failed while {doing}: {reason}",
                hint="Check that it runs (`chroma run --path FOLDER`) and that store in rag.toml names it.",
            ) from error


def _connect(address: str, token: str) -> ClientAPI:
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    place = [part for part in parts.path.split("/") if part]
    named = {"tenant": place[0], "database": place[1]} if len(place) == 2 else {}
    return chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if secure else 8000),
        ssl=secure,
        headers={"x-chroma-token": token} if token else None,
        settings=Settings(_env_file=None, anonymized_telemetry=False, chroma_otel_collection_endpoint=""),
        **named,
    )


def _disconnect(client: ClientAPI) -> None:
    sessions = [
        getattr(getattr(part, "_server", None), "_session", None) for part in (client, getattr(client, "_admin_client", None))
    ]
    client.close()
    for session in sessions:  # which the client leaves open
        if session is not None:
            session.close()
