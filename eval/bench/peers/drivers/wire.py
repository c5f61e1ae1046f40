"""How a driver talks with the bench: one JSON object a line in, one out.

A driver is a program that runs in the environment of one peer, so this module knows the standard library alone and is imported by
its file's name, from the folder it lies in. A driver gives a class with the methods of `Peer`; `serve` does the rest.

A line in names a `verb`, with what the method takes. A line out has `ok`, or `error` with the exception's type and message; and
`peak_bytes`, the highest resident memory so far. What vendors print goes to standard error.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

PAGE_SUFFIXES = (".md", ".mdx", ".markdown")
"""Of the files that every peer reads."""

PROMPT = (
    "Answer the question using only the context. If the context does not contain the answer, say you don't know.\n\n"
    "Context:\n{context}\n\nQuestion: {question}\n\nAnswer:"
)
"""For peers that bring no prompt of their own."""


class Peer(Protocol):
    """What a driver can do. A method that a peer has nothing for raises, and the message is what the report says."""

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Bring the store up to date; return `documents` and `chunks`."""
        ...

    def open(self, corpus: Path, store: Path) -> None:
        """Make ready for questions."""
        ...

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return passages, best first: `path` in the corpus and `text`."""
        ...

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Yield the answer in pieces, as they come; return all of it where it is more than the pieces joined."""
        ...


def settings() -> dict[str, Any]:
    """Return what the bench passes on the command line: `embedder`, `llm_url`, `llm_name`, `llm_key`, `passages`, `config`."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def serve(make: Callable[[], Peer]) -> None:
    """Answer lines until the input ends.

    Args:
        make: builds the peer; called at the first line, so that what goes wrong there is told like everything else.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # vendors print
    peer: Peer | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            peer = peer or make()
            reply: dict[str, Any] = {"ok": _done(peer, request)}
        except Exception as error:  # noqa: BLE001 - told to the bench, whatever it is
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps({**reply, "peak_bytes": peak_bytes()}) + "\n")
        out.flush()


def peak_bytes() -> int:
    """Return the highest resident memory of this process so far."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        # Counts what the parent had when it started this process, where the system has no better figure.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def pages(corpus: Path) -> list[Path]:
    """Return the files of a corpus that are read, for peers that have no reader of folders."""
    return sorted(file for file in corpus.rglob("*") if file.suffix in PAGE_SUFFIXES and file.is_file())


def _done(peer: Peer, request: Mapping[str, Any]) -> object:
    verb = request["verb"]
    if verb == "ingest":
        return dict(peer.ingest(Path(request["corpus"]), Path(request["store"])))
    if verb == "open":
        peer.open(Path(request["corpus"]), Path(request["store"]))
        return {}
    start = time.perf_counter()
    if verb == "search":
        passages = [dict(passage) for passage in peer.search(request["question"], request["top_k"], request)]
        return {"seconds": time.perf_counter() - start, "passages": passages}
    if verb == "ask":
        return _asked(peer.ask(request["question"], request["max_tokens"]), start)
    raise ValueError(f"unknown verb {verb}")


def _asked(pieces: Generator[str, None, str | None], start: float) -> dict[str, Any]:
    text, first = "", 0.0
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            text = end.value or text
            break
        if piece and not text:
            first = time.perf_counter() - start
        text += piece
    if not text.strip():
        raise ValueError("the answer is empty")
    return {"first_token_s": first, "total_s": time.perf_counter() - start, "text": text}
