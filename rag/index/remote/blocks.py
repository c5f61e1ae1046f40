"""Files on a server, in blocks that are named by their content: what two generations share is there once, and travels once.

Knows blocks and lists of them. A block is three pages of SQLite, so that an edit of a page of the notes changes few of them; packed
and written as text it fits four metadata fields of 4,096 characters, the most that Chroma's cloud takes. Documents are not used:
a server indexes them for full-text search, which is 10 times slower here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import IndexStateError
from rag.index.files import write_file
from rag.index.notes import batches
from rag.index.remote.server import Server
from rag.index.trouble import MEND

BLOCK_BYTES = 3 * 4096
_FIELD_CHARS = 4096
_AT_ONCE = 100
_LISTED = 1000

Listing = Mapping[str, Sequence[str]]
"""By file, relative with `/`: the names of its blocks in order."""


class Blocks:
    """The blocks of one index."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._collection: Any = None

    def upload(self, folder: Path, files: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
        """Bring files to the server.

        Args:
            folder: where the files are.
            files: relative to it, with `/`.
            known: names of blocks that are there already.

        Returns:
            the names of the blocks that hold the listing.
        """
        there = set(known)
        listing = {name: [block_name(raw) for raw in _cut((folder / name).read_bytes())] for name in files}
        for name in files:
            self._put((raw for raw in _cut((folder / name).read_bytes())), there)
        packed = list(_cut(json.dumps(listing).encode()))
        self._put(packed, there)
        return tuple(block_name(raw) for raw in packed)

    def listing(self, blocks: Sequence[str]) -> Listing:
        """Read the listing that some blocks hold.

        Args:
            blocks: their names in order, as `upload` returned them.

        Returns:
            By file, the names of its blocks.

        Raises:
            IndexStateError: a block is missing or damaged.
        """
        found = self.get(blocks)
        listing: Listing = json.loads(b"".join(found[name] for name in blocks))
        return listing

    def download(self, listing: Listing, folder: Path, near: Iterable[Path]) -> None:
        """Write the files of a listing into a folder, with blocks of similar files at hand where they are the same.

        Args:
            listing: the files to write.
            folder: where they go; folders below it are made.
            near: folders that may hold similar files under the same names, such as those of an earlier generation.

        Raises:
            IndexStateError: a block is missing or damaged.
        """
        for name, blocks in listing.items():
            at_hand: dict[str, bytes] = {}
            for other in near:
                if (other / name).is_file():
                    at_hand |= {block_name(raw): raw for raw in _cut((other / name).read_bytes())}
            at_hand |= self.get([one for one in dict.fromkeys(blocks) if one not in at_hand])
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_file(target, b"".join(at_hand[one] for one in blocks))

    def get(self, names: Sequence[str]) -> dict[str, bytes]:
        """Fetch blocks and check each against its name.

        Args:
            names: of the blocks, in any order.

        Returns:
            The bytes of every one, by name.

        Raises:
            IndexStateError: one is missing or damaged.
        """
        found: dict[str, bytes] = {}
        for some in batches(names, _AT_ONCE):
            with self._server.explained("reading its files"):
                answer = self._blocks().get(ids=some, include=["metadatas"])
            found.update((one, _unpack(fields)) for one, fields in zip(answer["ids"], answer["metadatas"], strict=True))
        wrong = [name for name in names if name not in found or block_name(found[name]) != name]
        if wrong:
            raise IndexStateError(f"{len(wrong)} blocks of the index on {self._server.address} are missing or damaged", hint=MEND)
        return found

    def names(self) -> list[str]:
        """Return the names of all blocks."""
        found: list[str] = []
        while True:
            with self._server.explained("listing its files"):
                some = self._blocks().get(include=[], limit=_LISTED, offset=len(found))["ids"]
            found += some
            if len(some) < _LISTED:
                return found

    def remove(self, names: Iterable[str]) -> None:
        """Remove blocks."""
        for some in batches(sorted(names), _AT_ONCE):
            with self._server.explained("removing files"):
                self._blocks().delete(ids=some)

    def _put(self, blocks: Iterable[bytes], there: set[str]) -> None:
        def new() -> Iterator[tuple[str, bytes]]:
            for raw in blocks:
                name = block_name(raw)
                if name not in there:
                    there.add(name)
                    yield name, raw

        for some in batches(new(), _AT_ONCE):
            names = [name for name, _ in some]
            with self._server.explained("writing its files"):
                self._blocks().upsert(ids=names, embeddings=list(map(_point, names)), metadatas=[_pack(raw) for _, raw in some])

    def _blocks(self) -> Any:  # noqa: ANN401 - a collection
        if self._collection is None:
            self._collection = self._server.make("files")
        return self._collection


def block_name(raw: bytes) -> str:
    """Return the name of a block: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(raw).hexdigest()[:32]


def _cut(raw: bytes) -> Iterator[bytes]:
    return (raw[start : start + BLOCK_BYTES] for start in range(0, len(raw), BLOCK_BYTES))


def _point(name: str) -> list[float]:
    # A collection is a vector index first; points that differ keep its graph healthy.
    return [int(name[:6], 16) / (1 << 24), int(name[6:12], 16) / (1 << 24)]


def _pack(raw: bytes) -> dict[str, str | bool]:
    packed = zlib.compress(raw, 1)
    smaller = len(packed) < len(raw)
    text = base64.b64encode(packed if smaller else raw).decode()
    fields: dict[str, str | bool] = {"packed": smaller}
    fields |= {f"part{place}": text[at : at + _FIELD_CHARS] for place, at in enumerate(range(0, len(text), _FIELD_CHARS))}
    return fields


def _unpack(fields: Mapping[str, Any]) -> bytes:
    try:
        text = "".join(str(fields[f"part{place}"]) for place in range(len(fields) - 1))
        raw = base64.b64decode(text, validate=True)
        return zlib.decompress(raw) if fields["packed"] else raw
    except (KeyError, ValueError, zlib.error):
        return b""  # not what its name says: the caller finds that out
