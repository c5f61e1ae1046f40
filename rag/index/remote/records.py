"""What the server knows of an index beside vectors and files: the pointer, the generations and who reads them.

Knows the records' fields. Each is one record of one collection, so that it changes at once or not at all.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rag.errors import IndexStateError
from rag.index.remote.server import Server
from rag.index.trouble import MEND

State = Literal["whole", "idle", "dirty"]
_POINTER = "pointer"
_POINT = [0.0, 0.0]
LEASE_S = 600.0
"""How long a reader's claim holds after its last search."""


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """A generation on the server.

    Attributes:
        number: of the generation.
        collection: name, without prefix, of the one with its vectors.
        state: `whole` answers questions; `idle` is retired, but its collection still holds its vectors; `dirty` is being changed.
        blocks: names of the blocks that list its files; see `blocks`.
    """

    number: int
    collection: str
    state: State
    blocks: tuple[str, ...]


class Records:
    """The records of one index."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._collection: Any = None

    def pointer(self) -> int | None:
        """Return the number of the generation that answers questions, None where there is no index yet."""
        found = self._get([_POINTER])
        return int(found[0]["generation"]) if found else None

    def point_to(self, number: int) -> None:
        """Move the pointer."""
        self._put(_POINTER, {"kind": _POINTER, "generation": number})

    def generations(self) -> dict[int, GenerationRecord]:
        """Return all generations by number, ascending."""
        found = [_parse(each) for each in self._where({"kind": "generation"})]
        return {each.number: each for each in sorted(found, key=lambda each: each.number)}

    def generation(self, number: int) -> GenerationRecord | None:
        """Return a generation, None where the server has none of this number."""
        found = self._get([_key(number)])
        return _parse(found[0]) if found else None

    def put(self, record: GenerationRecord) -> None:
        """Write a generation's record."""
        fields = asdict(record) | {"kind": "generation", "blocks": json.dumps(record.blocks)}
        self._put(_key(record.number), fields)

    def remove(self, number: int) -> None:
        """Remove a generation's record."""
        self._delete([_key(number)])

    def claim(self, number: int, token: str = "") -> str:
        """Say that a generation is being read, or go on saying so; return the claim's token."""
        token = token or secrets.token_hex(8)
        self._put(f"lease-{token}", {"kind": "lease", "generation": number, "expires": time.time() + LEASE_S})
        return token

    def release(self, token: str) -> None:
        """Take a claim back."""
        self._delete([f"lease-{token}"])

    def is_claimed(self, number: int) -> bool:
        """Say whether a claim on a generation holds; expired ones are removed."""
        leases = self._where({"kind": "lease"}, ids=True)
        now = time.time()
        self._delete([one["id"] for one in leases if float(one["expires"]) < now])
        return any(int(one["generation"]) == number and float(one["expires"]) >= now for one in leases)

    def _get(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        with self._server.explained("reading its records"):
            return list(self._records().get(ids=list(ids), include=["metadatas"])["metadatas"])

    def _where(self, where: dict[str, str], *, ids: bool = False) -> list[dict[str, Any]]:
        with self._server.explained("reading its records"):
            found = self._records().get(where=where, include=["metadatas"])
        rows = [dict(each) for each in found["metadatas"]]
        return [each | {"id": one} for each, one in zip(rows, found["ids"], strict=True)] if ids else rows

    def _put(self, name: str, fields: dict[str, Any]) -> None:
        with self._server.explained("writing its records"):
            self._records().upsert(ids=[name], embeddings=[_POINT], metadatas=[fields])

    def _delete(self, ids: Sequence[str]) -> None:
        if ids:
            with self._server.explained("removing records"):
                self._records().delete(ids=list(ids))

    def _records(self) -> Any:  # noqa: ANN401 - a collection
        if self._collection is None:
            self._collection = self._server.make("records")
        return self._collection


def _key(number: int) -> str:
    return f"generation-{number:06d}"


def _parse(fields: dict[str, Any]) -> GenerationRecord:
    try:
        return GenerationRecord(
            int(fields["number"]), str(fields["collection"]), fields["state"], tuple(json.loads(fields["blocks"]))
        )
    except (KeyError, ValueError, TypeError) as error:
        raise IndexStateError("A record of the index on the server is damaged", hint=MEND) from error
