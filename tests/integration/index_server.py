"""A package index on loopback with faults to order. It counts what it serves."""

from __future__ import annotations

import hashlib
import html
import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

BLOCK = 4096


@dataclass
class Faults:
    """What goes wrong with a file.

    Attributes:
        statuses: answered one request after the other before anything else.
        cut_after: bytes after which a response breaks off, one request after the other; None lets it through.
        wrong: how many responses have a flipped byte; -1 for all.
        ranges: whether byte ranges are known.
        block_pause_s: between blocks of 4,096 bytes.
        silent_after: bytes after which nothing comes any more, although the connection stays.
        surplus: bytes that follow the file.
        junk: sent in place of the JSON list of a package.
    """

    statuses: list[int] = field(default_factory=list)
    cut_after: list[int | None] = field(default_factory=list)
    wrong: int = 0
    ranges: bool = True
    block_pause_s: float = 0.0
    silent_after: int | None = None
    surplus: int = 0
    junk: bytes = b""


class IndexServer:
    """Serves the wheels of a folder as `/simple/` with files below `/files/`.

    Attributes:
        faults: by file name, or by `simple/PACKAGE` for the list of a package.
        served: bytes sent, by file name.
        requests: `(file name, Range header)` in order.
        most_at_once: files that were being sent at one time.
        budget: bytes of files after which everything holds until it is raised or None.
    """

    def __init__(
        self, wheels: Path, *, as_json: bool = True, with_hashes: bool = True, password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        self.wheels = wheels
        self.as_json = as_json
        self.with_hashes = with_hashes
        self.password = password
        self.faults: dict[str, Faults] = defaultdict(Faults)
        self.served: dict[str, int] = defaultdict(int)
        self.requests: list[tuple[str, str]] = []
        self.authorizations: list[str] = []
        self.most_at_once = 0
        self.budget: int | None = None
        self.at_once = 0
        self.closing = threading.Event()
        self.lock = threading.Lock()
        server = self

        class Handler(_Handler):
            index = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def address(self) -> str:
        """Of the simple API."""
        return f"{self._scheme}://{self.password}127.0.0.1:{self._http.server_port}/simple"

    def settle(self, timeout_s: float = 30.0) -> None:
        """Return when no file is being sent any more: a client that gave up may leave one on its way."""
        deadline = time.monotonic() + timeout_s
        while self.at_once:
            assert time.monotonic() < deadline, f"{self.at_once} files are still being sent"
            time.sleep(0.005)

    def total(self) -> int:
        """Bytes of files sent so far."""
        return sum(list(self.served.values()))

    def forget(self) -> None:
        """Start counting again."""
        self.served.clear()
        self.requests.clear()
        self.most_at_once = 0

    def hold_after(self, count: int) -> None:
        """Send no more than about `count` bytes from now on."""
        self.budget = self.total() + count

    def wait_until_held(self, timeout_s: float = 30.0) -> None:
        """Return when the budget is used up."""
        deadline = time.monotonic() + timeout_s
        while self.budget is None or self.total() < self.budget:
            assert time.monotonic() < deadline, f"only {self.total()} bytes were asked for"
            time.sleep(0.005)

    def close(self) -> None:
        if self.closing.is_set():
            return
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    index: IndexServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        self.index.authorizations.append(self.headers.get("Authorization", ""))
        try:
            kind, name = urlsplit(self.path).path.strip("/").split("/")  # a proxy is sent whole addresses
            (self._list if kind == "simple" else self._file)(name)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def _list(self, package: str) -> None:
        faults = self.index.faults[f"simple/{package}"]
        if faults.statuses:
            return self._answer(faults.statuses.pop(0), b"no")
        if faults.junk:
            return self._answer(200, faults.junk, "application/vnd.pypi.simple.v1+json")
        files = sorted(self.index.wheels.glob(f"{package.replace('-', '_')}-*.whl"))
        if not files:
            return self._answer(404, b"no such package")
        if not self.index.as_json:
            anchors = "".join(f'<a href="../../files/{f.name}{self._fragment(f)}">{html.escape(f.name)}</a><br>' for f in files)
            return self._answer(200, f"<!DOCTYPE html><title>x</title>{anchors}".encode(), "text/html")
        entries = [{"filename": f.name, "url": f"../../files/{f.name}", "hashes": self._hashes(f), "size": 1} for f in files]
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": package, "versions": ["1.0"], "files": entries})
        return self._answer(200, body.encode(), "application/vnd.pypi.simple.v1+json")

    def _hashes(self, file: Path) -> dict[str, str]:
        return {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()} if self.index.with_hashes else {}

    def _fragment(self, file: Path) -> str:
        return f"#sha256={self._hashes(file)['sha256']}" if self.index.with_hashes else ""

    def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, name: str) -> None:
        server, faults = self.index, self.index.faults[name]
        asked = self.headers.get("Range", "")
        with server.lock:
            server.requests.append((name, asked))
            status = faults.statuses.pop(0) if faults.statuses else 0
            cut = faults.cut_after.pop(0) if faults.cut_after else None
            wrong = faults.wrong != 0
            faults.wrong -= faults.wrong > 0
        if status:
            return self._answer(status, b"no")
        body = (server.wheels / name).read_bytes() + b"+" * faults.surplus
        if wrong:
            body = body[:50] + bytes([body[50] ^ 1]) + body[51:]
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and faults.ranges else 0
        if begin >= len(body) > 0 and begin:
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        with server.lock:
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            self._send(name, body[begin:], faults, cut)
        finally:
            with server.lock:
                server.at_once -= 1
        return None

    def _send(self, name: str, body: bytes, faults: Faults, cut: int | None) -> None:
        for at in range(0, len(body), BLOCK):
            block = body[at : at + BLOCK]
            if cut is not None:
                block = block[: cut - at]
            while self.index.budget is not None and self.index.total() >= self.index.budget:
                if self.index.closing.wait(0.01):
                    return
            self.wfile.write(block)
            with self.index.lock:
                self.index.served[name] += len(block)
            if cut is not None and at + BLOCK >= cut:
                self.wfile.flush()
                self.close_connection = True  # shorter than Content-Length: the client sees a broken connection
                return
            if faults.silent_after is not None and at + BLOCK >= faults.silent_after:
                self.index.closing.wait(30)
                self.close_connection = True
                return
            if faults.block_pause_s and self.index.closing.wait(faults.block_pause_s):
                return


@contextmanager
def serving(wheels: Path, **options) -> Iterator[IndexServer]:
    server = IndexServer(wheels, **options)
    try:
        yield server
    finally:
        server.close()
