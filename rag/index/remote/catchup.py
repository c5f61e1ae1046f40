"""From an older generation's vectors to the current one's: what has to be taken out, put in and labelled anew.

Knows the notes of two generations, and moves vectors between two collections without embedding anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.index.check import vector_digest
from rag.index.notes import Notes, batches
from rag.index.trouble import explained, failed_check
from rag.index.vectors import Vectors

_GONE = "SELECT id FROM old.chunks WHERE id NOT IN (SELECT id FROM main.chunks) ORDER BY id"
_OTHER = """
SELECT new.id FROM main.chunks AS new JOIN old.chunks AS old ON old.id = new.id
WHERE new.vector_digest <> old.vector_digest ORDER BY new.id
"""
_ADDED = "SELECT id FROM main.chunks WHERE id NOT IN (SELECT id FROM old.chunks) ORDER BY id"
_LABELS = """
SELECT new.id FROM main.chunks AS new JOIN old.chunks AS old ON old.id = new.id
WHERE new.vector_digest = old.vector_digest AND (new.fields <> old.fields OR new.path <> old.path) ORDER BY new.id
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between the chunks of two generations, by id.

    Attributes:
        gone: only in the older one.
        other: in both, with another vector.
        added: only in the newer one.
        labels: in both, with the same vector and other fields.
    """

    gone: tuple[str, ...]
    other: tuple[str, ...]
    added: tuple[str, ...]
    labels: tuple[str, ...]


def difference(old: Path, new: Path) -> Difference:
    """Compare two files of notes; both stay as they are."""
    with explained(new.parent, "comparing two generations"), closing(sqlite3.connect(_read_only(new), uri=True)) as connection:
        connection.execute("ATTACH ? AS old", (_read_only(old),))
        gone, other, added, labels = (
            tuple(row[0] for row in connection.execute(query)) for query in (_GONE, _OTHER, _ADDED, _LABELS)
        )
    return Difference(gone, other, added, labels)


def catch_up(target: Vectors, source: Vectors, change: Difference, notes: Path) -> int:
    """Bring a collection up to date with another one and check what was brought.

    Args:
        target: the collection to change, which holds the older generation.
        source: the one that holds the newer generation.
        change: between the two.
        notes: file of the newer generation's notes.

    Returns:
        How many places in the graph of `target` died; enough of them are a reason to rebuild it.

    Raises:
        IndexStateError: a vector did not arrive as it is in `source`.
    """
    target.remove([*change.gone, *change.other])
    bring(target, source, [*change.other, *change.added], notes)
    for some in batches(change.labels):
        labels = source.labels(some)
        target.relabel(some, [labels[one] for one in some])
    return len(change.gone) + len(change.other)


def bring(target: Vectors, source: Vectors, ids: Iterable[str], notes: Path) -> None:
    """Copy vectors from one collection to another and check that they are what the notes say.

    Args:
        target: receives them.
        source: has them; a chunk that it lacks is reported as one that did not arrive.
        ids: of the chunks.
        notes: file of the notes that say what each vector must be.

    Raises:
        IndexStateError: they are not.
    """
    expected = Notes(notes)
    try:
        for some in batches(ids):
            vectors, labels = source.get(some), source.labels(some)
            there = [one for one in some if one in vectors]
            if there:
                target.add(there, np.stack([vectors[one] for one in there]), [labels[one] for one in there])
            rows, arrived = expected.chunks(some), target.get(some)
            wrong = [one for one in some if one not in arrived or vector_digest(one, arrived[one]) != rows[one].vector_digest]
            if wrong:
                raise failed_check([f"{len(wrong)} vectors did not arrive as they were sent"], notes.parent)
    finally:
        expected.close()


def every_id(notes: Path) -> Iterator[str]:
    """Yield the ids of all chunks, sorted."""
    opened = Notes(notes)
    try:
        for some in opened.ids():
            yield from some
    finally:
        opened.close()


def _read_only(file: Path) -> str:
    return f"{file.absolute().as_uri()}?mode=ro&immutable=1"
