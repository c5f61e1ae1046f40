"""A blocking engine as a generator that can be closed at any moment.

The engine runs in a thread of its own and puts text into an `Outlet`; the generator takes it out. While there is no text (the
engine reads a long prompt, or waits for its turn) the generator yields an empty piece every `BEAT_S`: a generator can be closed
only where it yields, and reading a prompt takes seconds. Knows no engine.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator

BEAT_S = 0.1


class _End:
    """Marks the end of the text; `error` is what ended it, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Outlet:
    """Takes text from an engine's thread. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str | _End] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._on_close: Callable[[], None] | None = None
        self._guard = threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether nobody wants more text: the engine should stop."""
        return self._closed.is_set()

    def put(self, piece: str) -> bool:
        """Hand a piece on; returns `closed`. Never waits: a reader who is slow does not hold the engine."""
        if piece and not self.closed:
            self._queue.put(piece)
        return self.closed

    def on_close(self, call: Callable[[], None]) -> None:
        """Have `call` run when the outlet is closed, at once if it is already: for engines that have to be woken."""
        with self._guard:
            if not self.closed:
                self._on_close = call
                return
        call()

    def close(self) -> None:
        """Say that no more text is wanted."""
        with self._guard:
            self._closed.set()
            call, self._on_close = self._on_close, None
        if call is not None:
            call()


def pump(work: Callable[[Outlet], None], *, name: str) -> Generator[str, None, None]:
    """Run `work` in a thread and yield the pieces that it puts into its outlet, and empty ones while it has none.

    Nothing runs before the first piece is asked for. Closing the generator closes the outlet and does not wait for the engine.

    Args:
        work: returns when it is done or the outlet is closed; what it raises is raised to the reader.
        name: of the thread.
    """
    outlet = Outlet()
    threading.Thread(target=_run, args=(work, outlet), name=name, daemon=True).start()
    try:
        while True:
            try:
                item = outlet._queue.get(timeout=BEAT_S)
            except queue.Empty:
                yield ""
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        outlet.close()


def _run(work: Callable[[Outlet], None], outlet: Outlet) -> None:
    error: BaseException | None = None
    try:
        work(outlet)
    except BaseException as raised:  # noqa: BLE001 - raised again in the reader's thread
        error = raised
    outlet._queue.put(_End(error))
