"""Near-duplicates in the notes of a generation that is being built, kept up to date by the difference.

Knows the tables `bands` and `representatives` and which rows a change of some chunks can touch; what near-duplicates are, it asks
`rag.duplicates`. The result is that of `rag.duplicates.representatives` over all chunks, whatever way led there; only the pages
that changed, what they resemble and what resembled them are read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from rag.duplicates import Wording, alike, bands, connected, leaders, wording
from rag.index.rows import ChunkRow, row_chunk

_BATCH = 500
_T = TypeVar("_T")
_TOUCHED = "SELECT shape FROM touched "
_HERE = "(SELECT 1 FROM main.chunks WHERE chunks.shape = touched.shape)"
_BEFORE = "(SELECT 1 FROM previous.chunks WHERE chunks.shape = touched.shape)"
_LINKED = "(SELECT 1 FROM fresh WHERE fresh.shape = touched.shape AND linked)"
_TABLES = (
    "CREATE TEMP TABLE touched (shape INTEGER PRIMARY KEY)",  # gained or lost a chunk since the last `link`
    "CREATE TEMP TABLE fresh (shape INTEGER PRIMARY KEY, linked INTEGER NOT NULL DEFAULT 0)",  # the draft's own in `bands`
    "CREATE TEMP TABLE met (shape INTEGER PRIMARY KEY)",  # shares a band with one that came since the last `link`
)


class Copies:
    """Links chunks to their representatives. For one thread, on the connection of a draft.

    Args:
        connection: with the draft's tables as `main`, and those of the generation that it started from as `previous`.
        has_previous: whether it started from one.
    """

    def __init__(self, connection: sqlite3.Connection, *, has_previous: bool) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany
        self._has_previous = has_previous
        self._wordings: dict[int, Wording] = {}
        for table in _TABLES:
            self._run(table)

    def dropped(self, path: str) -> None:
        """Note that the chunks of a page are about to be removed."""
        self._run("INSERT OR IGNORE INTO touched SELECT shape FROM main.chunks WHERE path = ?", (path,))
        self._run("DELETE FROM main.representatives WHERE id IN (SELECT id FROM main.chunks WHERE path = ?)", (path,))

    def inserted(self, rows: Sequence[ChunkRow]) -> None:
        """Put the wordings of chunks that were added into the bands.

        Done at once and not by `link`, since an ingest has time while it waits for vectors, and none at its end.
        """
        self._run_many("INSERT OR IGNORE INTO touched VALUES (?)", ((row.shape,) for row in rows))
        for row in rows:
            said = wording(row_chunk(row))
            places = bands(said)
            near = self._sharing(places)
            if said.key not in near:
                self._run("INSERT OR IGNORE INTO fresh (shape) VALUES (?)", (said.key,))
                self._run_many("INSERT OR IGNORE INTO main.bands VALUES (?, ?)", ((place, said.key) for place in places))
                met = [*near, said.key] if near else []
                self._run_many("INSERT OR IGNORE INTO met VALUES (?)", ((one,) for one in met))

    def link(self) -> None:
        """Bring `bands` and `representatives` up to date with what was noted since the draft began, or since the last call."""
        seeds = self._forget_gone() | self._still_there()
        seeds.update(self._column("SELECT shape FROM met WHERE EXISTS (SELECT 1 FROM main.chunks WHERE chunks.shape = met.shape)"))
        done: set[int] = set()
        for seed in sorted(seeds):
            if seed not in done:
                self._wordings.clear()
                component = connected(seed, self._neighbours)
                self._link_component(component)
                done |= component
        for change in ("DELETE FROM touched", "DELETE FROM met", "UPDATE fresh SET linked = 1"):
            self._run(change)

    def _forget_gone(self) -> set[int]:
        """Take wordings that no chunk has any more out of the bands; return those that they resembled."""
        places: set[int] = set()
        if self._has_previous:
            gone = self._column(f"{_TOUCHED} WHERE NOT EXISTS {_HERE} AND EXISTS {_BEFORE} ORDER BY shape")
            for some in _batches(gone):
                for said in self._read("previous", some):
                    places.update(bands(said))
                    self._run_many("DELETE FROM main.bands WHERE band = ? AND shape = ?", ((one, said.key) for one in bands(said)))
        # Only a caller that puts a page twice into one draft has such; the table has no index for them.
        for shape in self._column(f"{_TOUCHED} JOIN fresh USING (shape) WHERE NOT EXISTS {_HERE}"):
            places.update(self._column("DELETE FROM main.bands WHERE shape = ? RETURNING band", (shape,)))
            self._run("DELETE FROM fresh WHERE shape = ?", (shape,))
        left: set[int] = set()
        for some in _batches(sorted(places)):
            left |= self._sharing(some)  # when all are out, so that none of these is one of them
        return left

    def _still_there(self) -> set[int]:
        """Return the wordings that gained or lost a chunk and were linked before, or that several chunks share."""
        shared = f"{_TOUCHED} WHERE (SELECT count(*) FROM main.chunks WHERE chunks.shape = touched.shape) > 1"  # noqa: S608
        found = set(self._column(shared))
        found.update(self._column(f"{_TOUCHED} WHERE EXISTS {_HERE} AND EXISTS {_LINKED}"))
        if self._has_previous:
            found.update(self._column(f"{_TOUCHED} WHERE EXISTS {_HERE} AND EXISTS {_BEFORE}"))
        return found

    def _neighbours(self, key: int) -> Iterator[int]:
        said = self._wording(key)
        near = self._sharing(bands(said)) - {key}
        self._load(near)
        return (one for one in near if alike(said, self._wordings[one]))

    def _link_component(self, component: set[int]) -> None:
        members: list[tuple[str, int, str, int]] = []
        for some in _batches(sorted(component)):
            marks = ",".join("?" * len(some))
            members += self._run(f"SELECT path, position, id, shape FROM main.chunks WHERE shape IN ({marks})", some)  # noqa: S608
        members.sort()
        firsts: dict[int, str] = {}
        for _, _, one, shape in members:
            firsts.setdefault(shape, one)
        self._load(firsts)
        leader = leaders(self._wordings[shape] for shape in firsts)
        rows = [(one, firsts[leader[shape]]) for _, _, one, shape in members]
        self._run_many("DELETE FROM main.representatives WHERE id = ?", ((one,) for one, _ in rows))
        self._run_many("INSERT INTO main.representatives VALUES (?, ?)", (row for row in rows if row[0] != row[1]))

    def _wording(self, key: int) -> Wording:
        self._load([key])
        return self._wordings[key]

    def _load(self, keys: Iterable[int]) -> None:
        for some in _batches(key for key in keys if key not in self._wordings):
            self._wordings.update((said.key, said) for said in self._read("main", some))

    def _read(self, schema: str, keys: Sequence[int]) -> Iterator[Wording]:
        """Yield the wordings of some keys, each from one chunk that has it."""
        for key in keys:
            row = self._run(f"SELECT * FROM {schema}.chunks WHERE shape = ? LIMIT 1", (key,)).fetchone()  # noqa: S608
            yield wording(row_chunk(ChunkRow(*row)))

    def _sharing(self, places: Sequence[int]) -> set[int]:
        marks = ",".join("?" * len(places))
        return set(self._column(f"SELECT shape FROM main.bands WHERE band IN ({marks})", places))  # noqa: S608

    def _column(self, query: str, values: Sequence[int] = ()) -> list[int]:
        return [row[0] for row in self._run(query, values).fetchall()]


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
