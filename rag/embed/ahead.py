"""Embedding while something else is done: texts go in, vectors come out later.

Reading pages keeps one core busy and embedding its texts all of them, so doing both at once wastes none. Knows an embedder and one
thread; knows no chunks and no index.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from rag.protocols import Embedder, Matrix


class _GivenUpError(Exception):
    """Ends the embedding of texts that nobody waits for any more."""


class Ahead:
    """Embeds on a thread of its own, in the order in which texts were given. A context manager; an error gives up what is left."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")
        self._over = threading.Event()

    def embed(self, embedder: Callable[[], Embedder], texts: Sequence[str]) -> Future[Matrix]:
        """Begin to embed.

        Args:
            embedder: gives the embedder, and loads it the first time; both is done on the thread.
            texts: passages.

        Returns:
            Gives the vectors, shape (len(texts), dimension), or raises what the embedder, or loading it, raised.
        """
        return self._thread.submit(lambda: embedder().embed_passages(texts, self._go_on))

    def _go_on(self, _done: int) -> None:
        if self._over.is_set():
            raise _GivenUpError

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.shutdown(wait=True, cancel_futures=True)  # the embedder may be used again as soon as this returns
