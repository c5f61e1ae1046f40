"""Which chunks say the same: boilerplate on many pages, drafts beside the final page, copied sections.

Knows words, shingles and MinHash; knows no store. Two chunks are near-duplicates when the Jaccard similarity of their word
3-shingles is `THRESHOLD` or more and they hold the same numbers: a template that is filled in with other figures states another
fact. A chunk with fewer than `ALONE_WORDS` words is compared with its heading line, since "License: MIT" under another heading is
another statement.

Candidates are found by banding MinHash signatures, and compared exactly. Chunks that are connected by near-duplicates form a
component; in there, in the order of path and place, each chunk goes to the first representative that it is a near-duplicate of, or
becomes one itself. So every chunk is a near-duplicate of its representative, and the result depends on the chunks alone, not on
the order in which they came.

Source: A. Broder, On the resemblance and containment of documents, 1997; banding as in Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, chapter 3.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rag.types import Chunk

THRESHOLD = 0.8
"""Jaccard similarity, 0 to 1, from which two chunks count as near-duplicates. Below it, notes at hand hold pairs that differ in the
one word that matters (`background_color` for `color`, the left-aligned table for the right-aligned one)."""

ALONE_WORDS = 20
"""A chunk with fewer words is compared together with its heading line."""

BANDS = 16
ROWS = 5
"""16 bands of 5 rows: pairs at the threshold become candidates with a probability of 0.998, pairs at 0.5 with 0.4."""

_SHINGLE = 3
_MASK63 = (1 << 63) - 1
# A number with its unit, a word, a character of a script without spaces, or an operator: code that differs in a sign differs.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W\d{_UNSPACED}]+|\d+(?:[.,]\d+)*|[{_UNSPACED}]|[-+*/=<>!&|^%~]")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What a chunk says, ready to be compared.

    Attributes:
        key: of the sequence of words, 63 bits; equal for equal wordings.
        shingles: hashes of the word 3-shingles, uint64, sorted, each once.
        numbers: the numbers in it.
    """

    key: int
    shingles: npt.NDArray[np.uint64]
    numbers: frozenset[str]


def words_of(chunk: Chunk) -> list[str]:
    """Return the words of a chunk that are compared, case-folded (NFKC); with those of its heading line where it is short."""
    body = _words(chunk.text[chunk.lead :])
    return body if len(body) >= ALONE_WORDS else _words(chunk.heading_line) + body


def wording_key(words: Sequence[str]) -> int:
    """Return a key, from 0 to 2**63 - 1, that two sequences share only if they are equal (but for one chance in 10**18)."""
    digest = hashlib.blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") & _MASK63


def wording(chunk: Chunk) -> Wording:
    """Return what a chunk says, ready to be compared."""
    import numpy as np

    words = words_of(chunk)
    hashes = np.zeros(max(len(words), _SHINGLE), dtype=np.uint64)
    hashes[: len(words)] = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words]
    shingles = np.zeros(len(hashes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):
        shingles = _mixed(shingles + hashes[place : len(hashes) - _SHINGLE + 1 + place])
    numbers = frozenset(word for word in words if word[0].isdigit())
    return Wording(wording_key(words), np.unique(shingles), numbers)


def bands(of: Wording) -> list[int]:
    """Return `BANDS` numbers from 0 to 2**63 - 1; wordings that share one are candidates."""
    import numpy as np

    factors, offsets = _permutations()
    lowest = (of.shingles[:, np.newaxis] * factors + offsets).min(axis=0).reshape(BANDS, ROWS)
    hashes = np.arange(1, BANDS + 1, dtype=np.uint64)
    for row in range(ROWS):
        hashes = _mixed(hashes + lowest[:, row])
    return [int(one) & _MASK63 for one in hashes]


def similarity(first: Wording, second: Wording) -> float:
    """Return the Jaccard similarity of the shingles, 0 to 1."""
    import numpy as np

    both = len(np.intersect1d(first.shingles, second.shingles, assume_unique=True))
    return both / (len(first.shingles) + len(second.shingles) - both)


def alike(first: Wording, second: Wording) -> bool:
    """Say whether two wordings are near-duplicates."""
    if first.key == second.key:
        return True
    smaller, larger = sorted((len(first.shingles), len(second.shingles)))
    return first.numbers == second.numbers and smaller >= THRESHOLD * larger and similarity(first, second) >= THRESHOLD


def connected(seed: int, neighbours: Callable[[int], Iterable[int]]) -> set[int]:
    """Return all that is reached from `seed` over `neighbours`, the seed included; those reached are not asked for twice."""
    reached, waiting = {seed}, [seed]
    while waiting:
        for one in neighbours(waiting.pop()):
            if one not in reached:
                reached.add(one)
                waiting.append(one)
    return reached


def leaders(ordered: Iterable[Wording]) -> dict[int, int]:
    """Return, for the wordings of one component in their order, the key of the first that represents each, by key."""
    chosen: list[Wording] = []
    found: dict[int, int] = {}
    for each in ordered:
        leader = next((one for one in chosen if alike(one, each)), None)
        if leader is None:
            chosen.append(each)
            leader = each
        found[each.key] = leader.key
    return found


def representatives(chunks: Iterable[Chunk]) -> dict[str, str]:
    """Return the id of the representative of every chunk, its own where it is alone, by id.

    Work for all of the chunks, and memory for their wordings; an index keeps the result up to date with less.
    """
    wordings: dict[int, Wording] = {}
    sharing: dict[int, list[int]] = {}
    placed: list[tuple[str, int, str, int]] = []
    for chunk in chunks:
        said = wording(chunk)
        placed.append((chunk.path, chunk.ordinal, chunk.id, said.key))
        if said.key not in wordings:
            wordings[said.key] = said
            for band in bands(said):
                sharing.setdefault(band, []).append(said.key)
    firsts: dict[int, str] = {}
    for _, _, one, key in sorted(placed):
        firsts.setdefault(key, one)

    def neighbours(key: int) -> set[int]:
        near = {one for band in bands(wordings[key]) for one in sharing[band]}
        return {one for one in near if alike(wordings[key], wordings[one])}

    places = {key: place for place, key in enumerate(firsts)}
    found: dict[int, int] = {}
    for key in firsts:
        if key not in found:
            component = sorted(connected(key, neighbours), key=places.__getitem__)
            found |= leaders(wordings[one] for one in component)
    return {one: firsts[found[key]] for _, _, one, key in placed}


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble 64-bit values (the finalizer of splitmix64), so that sums of what was scrambled rarely meet."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed


@functools.lru_cache(maxsize=1)
def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return odd factors and offsets, the same on every machine and in every run; shape (BANDS * ROWS,) each."""
    import numpy as np

    counted = np.arange(1, 2 * BANDS * ROWS + 1, dtype=np.uint64)
    drawn = _mixed(counted * np.uint64(0x9E3779B97F4A7C15))
    return drawn[::2] | np.uint64(1), drawn[1::2]
