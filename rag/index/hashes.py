"""Hashes of the things a generation holds.

Knows how an item becomes a digest and how digests become one hash of the whole. Knows nothing of files or stores.

The hash of a set is the sum of its items' SHA-256 digests modulo 2**256: the order does not matter, and one item is taken out or
put in without looking at the others, so that an edit costs work for the edited page alone. It finds damage and mistakes; it is no
defence against somebody who chooses the items.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

_MODULUS = 1 << 256


class SetHash:
    """Order-independent hash of a set.

    >>> a, b = SetHash(), SetHash()
    >>> a.add(item(b"x")); a.add(item(b"y")); b.add(item(b"y")); b.add(item(b"x"))
    >>> a.hexdigest() == b.hexdigest()
    True
    """

    def __init__(self, hexdigest: str = "0") -> None:
        self._sum = int(hexdigest, 16) % _MODULUS

    def add(self, digest: bytes) -> None:
        """Put an item in."""
        self._sum = (self._sum + int.from_bytes(digest, "big")) % _MODULUS

    def remove(self, digest: bytes) -> None:
        """Take an item out that was put in before."""
        self._sum = (self._sum - int.from_bytes(digest, "big")) % _MODULUS

    def hexdigest(self) -> str:
        """Return 64 hexadecimal digits."""
        return f"{self._sum:064x}"


def encode(text: str) -> bytes:
    """UTF-8 that also holds lone surrogates, which front matter and file names can bring in."""
    return text.encode("utf-8", "surrogatepass")


def decode(raw: bytes) -> str:
    """Inverse of `encode`."""
    return raw.decode("utf-8", "surrogatepass")


def item(*parts: bytes) -> bytes:
    """Digest of an item made of several parts; their lengths count, so that ("ab", "c") differs from ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def embed_hash(embed_text: str) -> str:
    """Name of what an embedder sees: equal texts have equal vectors."""
    return hashlib.sha256(encode(embed_text)).hexdigest()


def corpus_hash(files: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Hash over pairs of path and SHA-256 of the file's bytes, in whatever order they come."""
    whole = SetHash()
    for path, sha256 in files.items() if isinstance(files, Mapping) else files:
        whole.add(item(encode(path), sha256.encode()))
    return whole.hexdigest()
