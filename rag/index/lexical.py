"""The lexical index of one generation: which chunk holds which word, and BM25 over it.

Five flat arrays in `lexical/`, sorted by word and chunk, read through the memory map. A query adds up a few slices (about a
millisecond on 100,000 chunks); a change merges a sorted run into sorted arrays, which costs about what copying them does. Knows
words and their weights; knows no chunk, no vendor and no other ranker.

    terms.npy    (t,)    bytes, sorted: stems, cut at 32 bytes
    starts.npy   (t+1,)  int64: the postings of term i are starts[i]:starts[i+1]
    rows.npy     (p,)    int32: which chunk
    weights.npy  (p,)    float32: how often, by how much it counts where it stands
    ids.npy      (n,)    bytes, sorted: the chunks' ids
    lengths.npy  (n,)    float32: how much text a chunk holds, in words
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.errors import IndexStateError
from rag.index.files import write_file
from rag.index.trouble import MEND, explained

K1: Final = 1.2
B: Final = 0.75
_TERM_BYTES: Final = 32
_RUN: Final = 1000  # chunks whose words are gathered before they become arrays
_NAMES: Final = ("terms", "starts", "rows", "weights", "ids", "lengths")

_Array = npt.NDArray[Any]


def label_term(label: str) -> str:
    """Return what stands for a label among the words: no word starts with `=`."""
    return "=" + hashlib.blake2b(label.encode("utf-8", "surrogatepass"), digest_size=15).hexdigest()


def encode_term(term: str) -> bytes:
    """Return a word as it is stored."""
    return term.encode("utf-8", "surrogatepass")[:_TERM_BYTES]


class Lexical:
    """Reads a lexical index. Safe to use from several threads.

    Args:
        folder: `lexical/` of a generation.

    Raises:
        IndexStateError: a file is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        arrays = _load(folder)
        # Plain arrays over the map: indexing a `memmap` makes an object of its class each time.
        self._terms, self._starts, self._rows, self._weights, self._ids, lengths = (np.asarray(arrays[name]) for name in _NAMES)
        self._vocabulary: list[str] | None = None
        mean = float(lengths.mean()) if len(lengths) else 1.0
        self._norms = K1 * (1 - B + B * np.asarray(lengths) / max(mean, 1e-9))

    @property
    def chunk_count(self) -> int:
        """How many chunks it holds."""
        return len(self._ids)

    def frequency(self, term: str) -> int:
        """Return how many chunks hold a word."""
        low, high = self._slice(term)
        return high - low

    def idf(self, term: str) -> float:
        """Return how much a word tells, above 0: rare words more."""
        return _idf(self.frequency(term), len(self._ids))

    def vocabulary(self) -> list[str]:
        """Return all words, sorted; made once, not to be changed."""
        if self._vocabulary is None:
            self._vocabulary = [term.decode("utf-8", "replace") for term in self._terms.tolist() if not term.startswith(b"=")]
        return self._vocabulary

    def best(self, terms: Mapping[str, float], count: int, labels: Sequence[str] = ()) -> list[tuple[str, float]]:
        """Rank chunks by BM25.

        Args:
            terms: words of the query with their weights; 1 is a word that was asked for.
            count: how many at most.
            labels: those that a chunk must have, all of them.

        Returns:
            Up to `count` pairs of chunk id and score (above 0), best first, ties by id.
        """
        scores = self._scores(terms)
        for label in labels:
            low, high = self._slice(label_term(label))
            without = np.ones(len(scores), dtype=bool)
            without[self._rows[low:high]] = False
            scores[without] = 0
        found = np.flatnonzero(scores)
        if len(found) > count:
            # Everything as good as the last one stays until ties are broken by id; rows are in the order of ids.
            least = np.partition(scores[found], len(found) - count)[len(found) - count]
            found = found[scores[found] >= least]
        order = found[np.argsort(-scores[found], kind="stable")][:count]
        return [(bytes(self._ids[row]).decode(), float(scores[row])) for row in order]

    def scores(self, terms: Mapping[str, float], ids: Sequence[str]) -> list[tuple[float, float]]:
        """Return, for each of these chunks, its BM25 score and its coverage: the share, 0 to 1, of the words that it holds.

        Words count by their weight and rarity in both; one that no chunk holds counts as the rarest. An unknown id has 0 and 0.
        """
        rows = self._rows_of(ids)
        scores, held, total = np.zeros(len(rows)), np.zeros(len(rows)), 0.0
        for term, weight in terms.items():
            low, high = self._slice(term)
            worth = weight * _idf(high - low, len(self._ids))
            total += worth
            if low < high:
                # A few rows are looked up among the sorted ones: a common word stands in half of all chunks.
                places = np.minimum(np.searchsorted(self._rows[low:high], rows), high - low - 1)
                has = self._rows[low:high][places] == rows
                held[has] += worth
                scores[has] += self._bm25(weight, high - low, rows[has], self._weights[low:high][places[has]])
        return [(float(score), float(part) / total if total else 0.0) for score, part in zip(scores, held, strict=True)]

    def highest(self, terms: Mapping[str, float]) -> float:
        """Return the BM25 score that no chunk can reach: of one that says all the words over and over."""
        return sum(weight * self.idf(term) * (K1 + 1) for term, weight in terms.items())

    def _scores(self, terms: Mapping[str, float]) -> npt.NDArray[np.float64]:
        scores = np.zeros(len(self._ids))
        for term, weight in terms.items():
            low, high = self._slice(term)
            if low < high:
                rows = self._rows[low:high]
                scores[rows] += self._bm25(weight, high - low, rows, self._weights[low:high])
        return scores

    def _bm25(self, weight: float, frequency: int, rows: _Array, often: _Array) -> _Array:
        """Return what a word adds to the scores of some rows that hold it."""
        scores: _Array = weight * _idf(frequency, len(self._ids)) * often * (K1 + 1) / (often + self._norms[rows])
        return scores

    def _slice(self, term: str) -> tuple[int, int]:
        key = encode_term(term)
        place = int(np.searchsorted(self._terms, key))
        if place == len(self._terms) or bytes(self._terms[place]) != key:
            return 0, 0
        return int(self._starts[place]), int(self._starts[place + 1])

    def _rows_of(self, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the row of each id, -1 where there is none."""
        if not len(self._ids) or not ids:
            return np.full(len(ids), -1, dtype=np.int64)
        keys = np.array([one.encode() for one in ids])
        places = np.searchsorted(self._ids, keys)
        found: npt.NDArray[np.int64] = np.where(self._ids[np.minimum(places, len(self._ids) - 1)] == keys, places, -1)
        return found


class LexicalDraft:
    """Changes the lexical index of a generation that is being built. For one thread.

    Args:
        folder: `lexical/`, a copy of the previous generation's, or where there is none, a new one is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._removed: set[str] = set()
        self._added: dict[str, tuple[Mapping[str, float], float]] = {}
        self._runs: list[_Run] = []

    def put(self, chunk_id: str, terms: Mapping[str, float], length: float, labels: Iterable[str] = ()) -> None:
        """Add a chunk, or put it in the place of the one with the same id.

        Args:
            chunk_id: at most 64 bytes.
            terms: each word with how often it stands there, weighted.
            length: in words.
            labels: to filter by.
        """
        self._removed.add(chunk_id)
        self._added[chunk_id] = ({**terms, **{label_term(label): 1.0 for label in labels}}, length)
        if len(self._added) >= _RUN:
            self._end_run()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove chunks; one that is not there is fine."""
        for one in ids:
            self._added.pop(one, None)
            self._removed.add(one)
            for run in self._runs:
                run.drop(one)

    def finish(self) -> None:
        """Write everything out.

        Raises:
            IndexStateError: the disk is full, or the base was damaged.
        """
        fresh = not (self._folder / "ids.npy").exists()
        if not (self._removed or fresh):
            return
        self._end_run()
        with explained(self._folder.parent, "writing the lexical index"):
            old = _Run.empty() if fresh else _Run(**_load(self._folder))
            merged = _spliced(old, self._removed, _merged(self._runs))
            self._folder.mkdir(exist_ok=True)
            for name in _NAMES:
                held = io.BytesIO()
                np.save(held, getattr(merged, name), allow_pickle=False)
                write_file(self._folder / f"{name}.npy", held.getvalue())

    def _end_run(self) -> None:
        if self._added:
            for run in self._runs:
                for one in self._added:
                    run.drop(one)
            self._runs.append(_Run.of(self._added))
            self._added = {}


class _Run:
    """The five arrays, in memory."""

    def __init__(self, terms: _Array, starts: _Array, rows: _Array, weights: _Array, ids: _Array, lengths: _Array) -> None:
        self.terms, self.starts, self.rows, self.weights, self.ids, self.lengths = terms, starts, rows, weights, ids, lengths
        self._dropped: set[str] = set()

    @classmethod
    def empty(cls) -> _Run:
        return cls(
            np.empty(0, dtype=f"S{_TERM_BYTES}"),
            np.zeros(1, dtype=np.int64),
            np.empty(0, dtype=np.int32),
            np.empty(0, dtype=np.float32),
            np.empty(0, dtype="S1"),
            np.empty(0, dtype=np.float32),
        )

    @classmethod
    def of(cls, chunks: Mapping[str, tuple[Mapping[str, float], float]]) -> _Run:
        ids = sorted(chunks)
        found = [(encode_term(term), row, weight) for row, one in enumerate(ids) for term, weight in chunks[one][0].items()]
        each = np.array([term for term, _, _ in found], dtype=f"S{_TERM_BYTES}")
        terms, which = np.unique(each, return_inverse=True)
        rows = np.array([row for _, row, _ in found], dtype=np.int64)
        weights = np.array([weight for _, _, weight in found], dtype=np.float32)
        lengths = np.array([chunks[one][1] for one in ids], dtype=np.float32)
        return _postings(terms, which.astype(np.int64), rows, weights, np.array([one.encode() for one in ids]), lengths)

    def drop(self, chunk_id: str) -> None:
        """Leave a chunk out when the runs are merged."""
        self._dropped.add(chunk_id)

    def whole(self) -> _Run:
        """Return the run without what was dropped."""
        return self.without(self._dropped) if self._dropped else self

    def without(self, ids: Iterable[str]) -> _Run:
        return _spliced(self, ids, _Run.empty())


def _spliced(old: _Run, removed: Iterable[str], new: _Run) -> _Run:
    """Take chunks out of a run and put others in, whose ids it has not after that.

    Arrays are cut where something changes and copied otherwise, since sorting them anew would make every edit work for all chunks.
    """
    out = np.array([one.encode() for one in removed], dtype="S64")
    places = np.searchsorted(old.ids, out)
    kept = np.ones(len(old.ids), dtype=bool)
    kept[[place for place, one in zip(places, out, strict=True) if place < len(kept) and old.ids[place] == one]] = False
    ids = old.ids[kept]
    at = np.searchsorted(ids, new.ids)
    renumbered = np.full(len(kept), -1, dtype=np.int32)
    renumbered[kept] = np.arange(len(ids)) + np.searchsorted(at, np.arange(len(ids)), side="right")
    rows = renumbered[old.rows]
    dead = np.flatnonzero(rows < 0)
    rows, weights = np.delete(rows, dead), np.delete(old.weights, dead)
    counts = np.diff(old.starts) - np.bincount(np.searchsorted(old.starts, dead, side="right") - 1, minlength=len(old.terms))
    starts = np.concatenate([[0], np.cumsum(counts)])

    # Where each posting of `new` goes: into the stretch of its word, in the order of rows.
    term_at = np.searchsorted(old.terms, new.terms)
    known = np.zeros(len(new.terms), dtype=bool)
    inside = term_at < len(old.terms)
    known[inside] = old.terms[term_at[inside]] == new.terms[inside]
    new_rows = (at + np.arange(len(at)))[new.rows].astype(np.int32)
    into = np.empty(len(new_rows), dtype=np.int64)
    for place, is_known, low, high in zip(term_at, known, new.starts[:-1], new.starts[1:], strict=True):
        first = starts[place]
        into[low:high] = first + (np.searchsorted(rows[first : starts[place + 1]], new_rows[low:high]) if is_known else 0)

    fresh = term_at[~known]
    counts = np.insert(counts, fresh, 0)
    counts[term_at + np.cumsum(~known) - ~known] += np.diff(new.starts)
    held = counts > 0
    return _Run(
        _inserted(old.terms, fresh, new.terms[~known])[held],
        np.concatenate([[0], np.cumsum(counts[held])]).astype(np.int64),
        np.insert(rows, into, new_rows),
        np.insert(weights, into, new.weights),
        _inserted(ids, at, new.ids),
        np.insert(old.lengths[kept], at, new.lengths),
    )


def _inserted(into: _Array, places: _Array, values: _Array) -> _Array:
    """As `np.insert`, for bytes of any length."""
    return np.insert(into.astype(np.promote_types(into.dtype, values.dtype)), places, values)


def _merged(runs: Sequence[_Run]) -> _Run:
    runs = [run for run in (each.whole() for each in runs) if len(run.ids)]
    if not runs:
        return _Run.empty()
    terms = np.unique(np.concatenate([run.terms for run in runs]))
    ids = np.unique(np.concatenate([run.ids for run in runs]))
    lengths = np.empty(len(ids), dtype=np.float32)
    which, rows = [], []
    for run in runs:
        places = np.searchsorted(ids, run.ids)
        lengths[places] = run.lengths
        which.append(np.repeat(np.searchsorted(terms, run.terms), np.diff(run.starts)))
        rows.append(places[run.rows])
    return _postings(
        terms, np.concatenate(which), np.concatenate(rows), np.concatenate([run.weights for run in runs]), ids, lengths
    )


def _postings(terms: _Array, which: _Array, rows: _Array, weights: _Array, ids: _Array, lengths: _Array) -> _Run:
    """Sort postings by term and row, and leave out terms that no chunk holds."""
    order = np.argsort(which * max(len(ids), 1) + rows, kind="stable")  # runs are sorted: this merges
    counts = np.bincount(which, minlength=len(terms))
    held = counts > 0
    starts = np.concatenate([[0], np.cumsum(counts[held])]).astype(np.int64)
    return _Run(terms[held], starts, rows[order].astype(np.int32), weights[order], ids, lengths)


def _load(folder: Path) -> dict[str, _Array]:
    with explained(folder.parent, "opening its lexical index"):
        try:
            return _arrays(folder)
        except (ValueError, EOFError) as error:
            raise IndexStateError(f"The lexical index in {folder.parent} is damaged: {error}", hint=MEND) from error


def _arrays(folder: Path) -> dict[str, _Array]:
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _NAMES}
    terms, starts, rows, weights, ids, lengths = (arrays[name] for name in _NAMES)
    if len(starts) != len(terms) + 1 or not len(rows) == len(weights) == starts[-1] or len(ids) != len(lengths):
        raise ValueError("its lengths do not fit one another")
    return arrays


def _idf(frequency: int, total: int) -> float:
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
