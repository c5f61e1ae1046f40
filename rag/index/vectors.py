"""The vectors of one generation: the only module that knows Chroma.

Knows Chroma's client, its collection and its distances, and turns them into cosine similarities. Knows nothing of chunks beyond
id, vector and labels. Importing this module imports chromadb (about 0.8 s), so others import it where they need it.

Chroma's `ip` space is used, on unit vectors: its distance is 1 - dot, so the score is the cosine. The `cosine` space would rank
the same, but normalises what it stores once more, which changes last bits (1.5e-8 measured): a vector read back and stored again
would no longer be itself.

The graph is made with 32 neighbours a node and 100 candidates while building, and searched with 1,000 candidates: on 20,000
random vectors of 384 dimensions, the hardest case, 99.4% of the true 40 nearest are found in 10 ms; on clustered ones, as texts
are, all of them. `sync_threshold` is the least that Chroma takes, so that every change is in the index files when it returns, and
opening them replays no log.

Chroma never frees the place of a removed vector in the graph, and after many removals some vectors are no longer found. The
writer counts the dead places and calls `rebuild`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError

from rag.index.notes import batches
from rag.index.trouble import explain
from rag.protocols import Matrix, Vector

_COLLECTION = "chunks"
GRAPH = {"space": "ip", "max_neighbors": 32, "ef_construction": 100, "ef_search": 1000, "sync_threshold": 2}
ADD_BATCH = 4000
"""Vectors to add at once: Chroma writes the whole graph after each call, and refuses more than 5,461."""

_SPARE_RESULTS = 16
"""More than were asked for, so that equal scores at the cut are put in order of their ids."""


class Vectors:
    """Vectors with labels, by id, in a folder that no other process touches. Not safe across threads: callers take turns.

    Args:
        folder: of this process alone.
        create: make an empty store.

    Raises:
        IndexStateError: the folder holds no sound store.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._folder = folder
        self._collection: Any = None
        settings = Settings(
            _env_file=None,  # a file .env in the working directory is none of ours
            anonymized_telemetry=False,
            chroma_otel_collection_endpoint="",
            chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
            allow_reset=False,
        )
        with self._explained("opening its vectors"):
            if not create and not (folder / "chroma.sqlite3").is_file():
                raise FileNotFoundError(2, "its vectors are missing", str(folder))
            self._client = chromadb.PersistentClient(str(folder.absolute()), settings=settings)
        try:
            with self._explained("opening its vectors"):
                if create:
                    configuration = {"hnsw": GRAPH}
                    self._collection = self._client.create_collection(
                        _COLLECTION, configuration=configuration, embedding_function=None
                    )
                else:
                    self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
                self._most = self._client.get_max_batch_size()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the files and the memory. Calling it twice is fine."""
        self._collection = None
        self._client.close()

    def count(self) -> int:
        """Return how many vectors there are."""
        with self._explained("counting its vectors"):
            return int(self._collection.count())

    def add(self, ids: Sequence[str], vectors: Matrix, labels: Sequence[Sequence[str]]) -> None:
        """Add vectors that are not there yet; shape (len(ids), d), each with one label or more."""
        with self._explained("adding vectors"):
            for start in range(0, len(ids), self._most):
                some = slice(start, start + self._most)
                metadatas = [{"labels": list(each)} for each in labels[some]]
                self._collection.add(ids=list(ids[some]), embeddings=vectors[some], metadatas=metadatas)

    def relabel(self, ids: Sequence[str], labels: Sequence[Sequence[str]]) -> None:
        """Give vectors other labels."""
        with self._explained("labelling vectors"):
            for start in range(0, len(ids), self._most):
                some = slice(start, start + self._most)
                self._collection.update(ids=list(ids[some]), metadatas=[{"labels": list(each)} for each in labels[some]])

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over."""
        with self._explained("removing vectors"):
            for some in batches(ids, self._most):
                self._collection.delete(ids=some)

    def get(self, ids: Sequence[str]) -> dict[str, Vector]:
        """Return those of the vectors that there are, by id, bit by bit as they were added."""
        found: dict[str, Vector] = {}
        with self._explained("reading vectors"):
            for some in batches(ids):
                answer = self._collection.get(ids=some, include=["embeddings"])
                found.update(zip(answer["ids"], np.asarray(answer["embeddings"], dtype=np.float32), strict=True))
        return found

    def nearest(self, query: Vector, count: int, labels: Sequence[str] = ()) -> list[tuple[str, float]]:
        """Return up to `count` ids with cosine similarity (-1 to 1), best first, ties by id; of those that have all the labels."""
        if count < 1:
            return []
        with self._explained("searching vectors"):
            answer = self._collection.query(
                query_embeddings=np.ascontiguousarray(query, dtype=np.float32)[np.newaxis],
                n_results=count + _SPARE_RESULTS,
                where=_where(labels),
                include=["distances"],
            )
        found = [
            (name, min(1.0, max(-1.0, 1.0 - float(distance))))
            for name, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:count]

    def labels(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the labels of those of the vectors that there are, by id."""
        found: dict[str, list[str]] = {}
        with self._explained("reading labels"):
            for some in batches(ids):
                answer = self._collection.get(ids=some, include=["metadatas"])
                found.update(
                    (name, list(metadata["labels"])) for name, metadata in zip(answer["ids"], answer["metadatas"], strict=True)
                )
        return found

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ChromaError, OSError, ValueError, RuntimeError) as error:
            raise explain(error, self._folder, doing) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # what Chroma's engine raises when it gives up; no class to import
                raise
            raise explain(error, self._folder, doing) from error


def rebuild(source: Vectors, target: Vectors, ids: Iterable[str]) -> None:
    """Fill an empty store with these vectors of `source`, in batches, and close it: a graph without dead places."""
    try:
        for some in batches(ids, ADD_BATCH):
            vectors, labels = source.get(some), source.labels(some)
            kept = [one for one in some if one in vectors]
            if kept:
                target.add(kept, np.stack([vectors[one] for one in kept]), [labels[one] for one in kept])
    finally:
        target.close()


def _where(labels: Sequence[str]) -> Mapping[str, Any] | None:
    wanted: list[Mapping[str, Any]] = [{"labels": {"$contains": label}} for label in labels]
    if len(wanted) > 1:
        return {"$and": wanted}
    return wanted[0] if wanted else None
