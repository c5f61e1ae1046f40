"""A generation in memory, and small pages for tests of the index. Vectors depend on the text alone; no model, no vendor."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rag.duplicates import representatives
from rag.index import Fingerprint, Index, Manifest, embed_hash
from rag.index.filters import labels, wanted
from rag.terms import chunk_terms
from rag.types import Chunk, Document

DIMENSION = 16
FINGERPRINT = Fingerprint("fake@1", DIMENSION, "chunks@1/220")

Page = tuple[Document, tuple[Chunk, ...]]


def page(path: str, *texts: str, title: str = "", metadata: Mapping[str, object] | None = None) -> Page:
    """A page whose chunks are these texts, one a paragraph."""
    source = "\n\n".join(texts) + "\n"
    name = title or path
    document = Document(_hash(path)[:16], path, name, dict(metadata or {}), source, _hash(source))
    chunks, start = [], 0
    for ordinal, text in enumerate(texts):
        span = (start, start + len(text))
        chunks.append(
            Chunk(
                id=_hash(f"{path}\n{text}\n{sum(chunk.text == text for chunk in chunks)}")[:24],
                document_id=document.id,
                path=path,
                title=name,
                ordinal=ordinal,
                text=text,
                spans=(span,),
                alignment=((0, len(text), *span),),
                heading_path=(name, f"Part {ordinal}"),
                line=2 * ordinal + 1,
                repeated=(span,) if ordinal else (),
                metadata=document.metadata,
            )
        )
        start = span[1] + 2
    return document, tuple(chunks)


def pages(count: int, salt: str = "", chunks: int = 3) -> list[Page]:
    """Pages `p000.md`, ... of a few chunks each; another salt gives other texts."""
    return [page(f"notes/p{n:03d}.md", *(f"{salt} page {n} paragraph {k}" for k in range(chunks))) for n in range(count)]


def vector(text: str, dimension: int = DIMENSION) -> np.ndarray:
    """A unit vector that depends on the text alone; shape (dimension,), float32."""
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    drawn = np.random.default_rng(seed).standard_normal(dimension)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


class VectorEmbedder:
    """An embedder over `vector`."""

    fingerprint = "fake"
    dimension = DIMENSION

    def embed_query(self, text):
        return vector(text)

    def embed_passages(self, texts, on_batch=None):
        return np.stack([vector(text) for text in texts])


def matrix(chunks: Sequence[Chunk], dimension: int = DIMENSION) -> np.ndarray:
    """The vectors of chunks; shape (len(chunks), dimension), float32."""
    return np.array([vector(chunk.embed_text, dimension) for chunk in chunks], dtype=np.float32).reshape(len(chunks), dimension)


def store(index: Index, added: Iterable[Page], removed: Iterable[str] = (), *, full: bool = False) -> Manifest:
    """Make the next generation."""
    with index.write("a test") as writer:
        writer.begin(FINGERPRINT, "corpus", full=full)
        writer.remove(removed)
        for document, chunks in added:
            writer.put(document, chunks, matrix(chunks))
        return writer.commit()


class FakeGeneration:
    """Implements `rag.protocols.Generation` on pages in memory, with an exact search."""

    def __init__(self, stored: Iterable[Page], number: int = 1, dimension: int = DIMENSION) -> None:
        self.number = number
        self._dimension = dimension
        self._documents = {}
        self._chunks = {}
        for document, chunks in stored:
            self._documents[document.path] = document
            self._chunks.update((chunk.id, chunk) for chunk in chunks)
        self._ids = sorted(self._chunks)
        self._matrix = matrix([self._chunks[one] for one in self._ids], dimension)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def chunk_count(self):
        return len(self._chunks)

    def nearest(self, query, count, where=None):
        if query.shape != (self._dimension,):
            raise ValueError(f"a query of shape {query.shape}")
        asked = set(wanted(where or {}))
        scores = np.clip(self._matrix @ query, -1, 1) if self._ids else ()
        found = [
            (one, float(score)) for one, score in zip(self._ids, scores, strict=True) if asked <= set(labels(self._chunks[one]))
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[: max(count, 0)]

    def matching(self, terms, count, where=None):
        asked = set(wanted(where or {}))
        ids = [one for one, chunk in self._chunks.items() if asked <= set(labels(chunk))]
        held = [(one, score) for one, (score, _) in zip(ids, self.words.scores(terms, ids), strict=True) if score > 0]
        return sorted(held, key=lambda pair: (-pair[1], pair[0]))[:count]

    @property
    def words(self):
        return FakeWords(self._chunks.values())

    def vectors(self, ids):
        rows = dict(zip(self._ids, self._matrix, strict=True))
        return {one: rows[one] for one in ids if one in rows}

    def chunks_of(self, path):
        return sorted((chunk for chunk in self._chunks.values() if chunk.path == path), key=lambda chunk: chunk.ordinal)

    def chunks(self, ids):
        return [self._chunks[one] for one in ids if one in self._chunks]

    def representatives(self, ids):
        found = representatives(self._chunks.values())
        return {one: found[one] for one in ids if one in found}

    def source(self, path):
        return self._documents[path].source

    def close(self):
        pass


class FakeWords:
    """BM25 as the textbook has it, word by word."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._held = {chunk.id: chunk_terms(chunk) for chunk in chunks}
        self._mean = sum(length for _, length in self._held.values()) / max(len(self._held), 1) or 1.0

    def frequency(self, term):
        return sum(term in terms for terms, _ in self._held.values())

    def vocabulary(self):
        return sorted({term for terms, _ in self._held.values() for term in terms}, key=str.encode)

    def highest(self, terms):
        return sum(2.2 * weight * self._idf(term) for term, weight in terms.items())

    def scores(self, terms, ids):
        found = []
        total = sum(weight * self._idf(term) for term, weight in terms.items())
        for one in ids:
            often, length = self._held.get(one, ({}, 0.0))
            held = [term for term in terms if term in often]
            norm = 1.2 * (0.25 + 0.75 * length / self._mean)
            score = sum(terms[term] * self._idf(term) * often[term] * 2.2 / (often[term] + norm) for term in held)
            found.append((score, sum(terms[term] * self._idf(term) for term in held) / total if total else 0.0))
        return found

    def _idf(self, term):
        count = self.frequency(term)
        return math.log(1 + (len(self._held) - count + 0.5) / (count + 0.5))


def embed_hashes(chunks: Iterable[Chunk]) -> list[str]:
    """What the writer knows the chunks' vectors by."""
    return [embed_hash(chunk.embed_text) for chunk in chunks]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
