"""A server that ends quickly. Knows uvicorn and signals; knows nothing of questions."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn

from rag.errors import ServerError
from rag.ui.guard import Guard

_END_S = 1.0


def serve(app: Guard, taken: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; returns within about a second of it.

    Args:
        app: what answers.
        taken: from `bind`.
        on_ready: called once requests are answered.

    Raises:
        ServerError: the server ended by itself.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="error",
            access_log=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
    )
    thread = threading.Thread(target=server.run, args=([taken],), name="server", daemon=True)
    with _Ending() as ending:
        thread.start()
        while not (server.started or ending.wait(0.02)) and thread.is_alive():
            pass
        if server.started:
            on_ready()
        while thread.is_alive() and not ending.wait(0.5):
            pass
        ended_by_itself = not ending.is_set()
        # Pages keep a connection open for as long as they are shown: there is no waiting for them, and cutting them is no news.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.should_exit = server.force_exit = True
        thread.join(_END_S)
    if ended_by_itself:
        raise ServerError("The server ended by itself", hint="Its log says why.")


class _Ending(threading.Event):
    """Set by Ctrl-C and SIGTERM while it is entered; a second one ends the process the usual way."""

    def __enter__(self) -> _Ending:
        self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.set()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
