"""An embedder that is loaded when it is first needed, so that what is wrong with an index is said at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rag.protocols import Embedder, Matrix, Vector


class LazyEmbedder:
    """An `Embedder`. Safe to call from several threads; calls take turns.

    Args:
        load: gives the embedder; called once, at the first use.
    """

    def __init__(self, load: Callable[[], Embedder]) -> None:
        self._load = load
        self._embedder: Embedder | None = None
        self._lock = threading.RLock()

    @property
    def fingerprint(self) -> str:
        """Of the weights."""
        return self._loaded().fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._loaded().dimension

    def embed_query(self, text: str) -> Vector:
        """Embed one query; shape (dimension,)."""
        with self._lock:
            return self._loaded().embed_query(text)

    def embed_passages(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Matrix:
        """Embed passages; shape (len(texts), dimension)."""
        with self._lock:
            return self._loaded().embed_passages(texts, on_batch)

    def _loaded(self) -> Embedder:
        with self._lock:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder
