"""What an edit costs in an index of a thousand chunks and in one of a hundred thousand.

The texts are made up and the vectors random directions, the hardest case for the graph: what is timed is the index, not the
embedder. Each size is built and edited in a process of its own, whose highest memory is reported.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.bench.own import BenchError
from rag.index import Fingerprint, Index
from rag.index.files import copy_tree, remove_tree, size
from rag.types import Chunk, Document

DIMENSION = 384
CHUNKS_A_PAGE = 6
_WORDS_A_CHUNK = 110
_EDITS = 5
_LOG_VOCABULARY = 10.0  # 22,000 words, the n-th as often as 1 / n
_FINGERPRINT = Fingerprint("random directions", DIMENSION, "made up")


def pages(count: int, start: int = 0, salt: str = "") -> Iterator[tuple[Document, tuple[Chunk, ...]]]:
    """Yield made-up pages of six chunks; words are drawn about as often as in prose, few of them very often."""
    for number in range(start, start + count):
        path = f"part{number % 97:02d}/page{number:06d}.md"
        draw = np.random.default_rng([number, len(salt), *salt.encode()])
        texts = [
            " ".join(f"w{int(rank)}" for rank in np.exp(draw.uniform(0, _LOG_VOCABULARY, _WORDS_A_CHUNK)))
            for _ in range(CHUNKS_A_PAGE)
        ]
        source = "\n\n".join(texts)
        document = Document(_hash(path), path, f"Page {number}", {"tags": [f"tag{number % 50}"]}, source, _hash(source))
        yield document, tuple(_chunks(document, texts))


def vectors(chunks: Sequence[Chunk]) -> np.ndarray:
    """Return a random direction for each chunk, the same for the same text; shape (len(chunks), 384), float32."""
    rows = [np.random.default_rng(int(_hash(chunk.text), 16)).standard_normal(DIMENSION) for chunk in chunks]
    matrix = np.array(rows, dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix


def measure(chunk_count: int, folder: Path) -> dict[str, Any]:
    """Build an index of a size, edit one page of it several times, and return what that took."""
    index = Index(folder / "index", keep=1)
    total = chunk_count // CHUNKS_A_PAGE
    start = time.perf_counter()
    with index.write("bench") as writer:
        writer.begin(_FINGERPRINT, "made up")
        for document, chunks in pages(total):
            writer.put(document, chunks, vectors(chunks))
        manifest = writer.commit()
    built_s = time.perf_counter() - start
    edits, copies = [], []
    for number in range(_EDITS):
        with index.open() as reader:
            generation = reader.folder
        start = time.perf_counter()
        copy_tree(generation, folder / "copy")
        copies.append(time.perf_counter() - start)
        remove_tree(folder / "copy")
        [(document, chunks)] = pages(1, total // 2, f"edit {number}")
        start = time.perf_counter()
        with index.write("bench") as writer:
            writer.begin(_FINGERPRINT, "made up")
            writer.put(document, chunks, vectors(chunks))
            writer.overlaps()
            writer.commit()
        edits.append(time.perf_counter() - start)
    with index.open() as reader:
        query = vectors([next(reader.all_chunks())])[0]
        start = time.perf_counter()
        reader.nearest(query, 40)
        first_s = time.perf_counter() - start
        index_bytes = size(reader.folder)
    return {
        "chunks": manifest.chunks,
        "built_s": round(built_s, 2),
        "edit_s": round(median(edits), 3),
        "copy_s": round(median(copies), 3),
        "first_search_s": round(first_s, 3),
        "index_bytes": index_bytes,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def measure_apart(chunk_count: int, folder: Path) -> dict[str, Any]:
    """As `measure`, in a process of its own.

    Args:
        chunk_count: how many chunks the index is to have.
        folder: for the index; an empty one.

    Returns:
        Figures of `measure`; the peak of memory is this index's alone.

    Raises:
        BenchError: it failed.
    """
    command = [sys.executable, "-m", "eval.bench.growth", str(chunk_count), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise BenchError(f"The index of {chunk_count} chunks failed: {done.stderr.strip().split(chr(10))[-1]}", hint="Mend that.")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| chunks | build, s | edit of one page, s | of that the copy, s | first search, s | index, MB | highest memory, MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['chunks']:,} | {row['built_s']:.1f} | {row['edit_s']:.2f} | {row['copy_s']:.2f} | {row['first_search_s']:.2f} "
        f"| {row['index_bytes'] / 1e6:.0f} | {row['peak_memory_bytes'] / 1e6:.0f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _chunks(document: Document, texts: Sequence[str]) -> Iterator[Chunk]:
    start = 0
    for ordinal, text in enumerate(texts):
        span = (start, start + len(text))
        one = _hash(f"{document.path} {ordinal} {text}")
        yield Chunk(one, document.id, document.path, document.title, ordinal, text, (span,), ((0, len(text), *span),))
        start = span[1] + 2


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]), Path(sys.argv[2]))) + "\n")
