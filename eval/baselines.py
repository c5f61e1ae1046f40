"""What most people would set up first, from stock parts: splitters of LlamaIndex and LangChain, dense vectors, BM25, their fusion.

Each takes a page's source as it is, the same embedder and the same counter of tokens as the system that it is compared with, and
asks exactly what the reader asked. Knows these vendors' splitters; knows neither our index nor our chunks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from eval.coverage import Found
from rag.protocols import Matrix, Vector

_DEPTH = 50  # passages of a ranking: more than the largest budget holds
_RRF = 60  # the constant of the paper

Splitter = Callable[[str], list[str]]
Ranker = Callable[[str], list[int]]
"""A question to the numbers of pieces, best first."""


class Embeds(Protocol):
    """Of an embedder, what dense retrieval needs."""

    def embed_query(self, text: str) -> Vector:
        """Return a vector of L2 norm 1; shape (dimension,)."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Return vectors of L2 norm 1; shape (len(texts), dimension)."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """What a splitter made of a page.

    Attributes:
        path: of the page.
        start: first character in the page's source.
        text: what is embedded and shown.
        end: after the last character.
    """

    path: str
    start: int
    end: int
    text: str


class Baseline:
    """A ranker over pieces, giving passages as they would stand in a prompt.

    Args:
        name: what it is made of.
        pieces: that it ranks.
        ranker: of their numbers.
        count: tokens of a text.
    """

    def __init__(self, name: str, pieces: Sequence[Piece], ranker: Ranker, count: Callable[[str], int]) -> None:
        self.name = name
        self.pieces = pieces
        self._ranker = ranker
        self._count = count

    def ranking(self, question: str) -> list[Found]:
        """Return the passages for a question, best first."""
        return [self._found(rank, self.pieces[number]) for rank, number in enumerate(self._ranker(question), 1)]

    def _found(self, rank: int, piece: Piece) -> Found:
        block = f"Note {rank}: {PurePosixPath(piece.path).name}\n{piece.text}\n\n"
        return Found(piece.path, ((piece.start, piece.end),), self._count(block))


def build_baselines(
    pages: Mapping[str, str],
    embedder: Embeds,
    identity: str,
    count: Callable[[str], int],
    cache: Path,
    progress: Callable[[str, int, int], None],
) -> list[Baseline]:
    """Build what people set up first, to compare with.

    Args:
        pages: source by path.
        embedder: of all of them.
        identity: of the embedder's weights; vectors are kept by it.
        count: tokens of a text.
        cache: folder for vectors.
        progress: told of embedding.

    Returns:
        Five: three ways of cutting searched by vectors, then the words of one of them, and both fused.
    """
    large = cut(pages, llamaindex_splitter(1024, 20))
    small = cut(pages, llamaindex_splitter(256, 32))
    recursive = cut(pages, langchain_splitter(1000, 200))

    def dense(pieces: Sequence[Piece]) -> Ranker:
        return dense_ranker(kept_vectors([piece.text for piece in pieces], embedder, identity, cache, progress), embedder)

    near, words = dense(small), bm25_ranker([piece.text for piece in small])
    return [
        Baseline("LlamaIndex 1024/20, dense", large, dense(large), count),
        Baseline("LlamaIndex 256/32, dense", small, near, count),
        Baseline("LangChain recursive 1000/200, dense", recursive, dense(recursive), count),
        Baseline("BM25 on 256/32", small, words, count),
        Baseline("fusion of dense and BM25 on 256/32", small, fused(near, words), count),
    ]


def llamaindex_splitter(tokens: int, overlap: int) -> Splitter:
    """Return LlamaIndex's splitter by sentences; sizes in tokens of its default tokenizer."""
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(chunk_size=tokens, chunk_overlap=overlap)
    return lambda text: list(splitter.split_text(text))


def langchain_splitter(chars: int, overlap: int) -> Splitter:
    """Return LangChain's recursive splitter; sizes in characters, as it comes."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=chars, chunk_overlap=overlap)
    return lambda text: list(splitter.split_text(text))


def cut(pages: Mapping[str, str], split: Splitter) -> list[Piece]:
    """Cut all pages and find each piece's place.

    Args:
        pages: source by path.
        split: a page's source to texts, in order.

    Returns:
        The pieces, by path and in the order of the page; pieces of white space alone are left out.

    Raises:
        ValueError: a piece does not stand in its page.
    """
    pieces = []
    for path, source in sorted(pages.items()):
        last = -1
        for text in split(source):
            if not text.strip():
                continue
            start, end = _place(source, text, last + 1)
            pieces.append(Piece(path, start, end, text))
            last = start
    return pieces


def _place(source: str, text: str, begin: int) -> tuple[int, int]:
    """Find a piece from some character on; a splitter may have changed white space."""
    start = source.find(text, begin)
    if start >= 0:
        return start, start + len(text)
    loose = re.compile(r"\s*".join(map(re.escape, re.split(r"\s+", text.strip()))))
    match = loose.search(source, max(begin, 0)) or loose.search(source)
    if match is None:
        raise ValueError(f"a piece does not stand in its page: {text[:80]!r}")
    return match.span()


def dense_ranker(vectors: Matrix, embedder: Embeds) -> Ranker:
    """Return a ranker by cosine similarity, exact, ties by number."""

    def rank(question: str) -> list[int]:
        scores = vectors @ embedder.embed_query(question)
        return [int(number) for number in np.argsort(-scores, kind="stable")[:_DEPTH]]

    return rank


def bm25_ranker(texts: Sequence[str]) -> Ranker:
    """Return a ranker by BM25 as bm25s comes, with its English stop words and stemming."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def rank(question: str) -> list[int]:
        asked = bm25s.tokenize([question], stopwords="en", stemmer=stemmer, show_progress=False, return_ids=False)
        if not asked[0]:
            return []
        numbers, scores = index.retrieve(asked, k=min(_DEPTH, len(texts)), show_progress=False)
        return [int(number) for number, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    return rank


def fused(*rankers: Ranker) -> Ranker:
    """Return reciprocal rank fusion of rankers, ties by number.

    Source: Cormack, Clarke and Büttcher, Reciprocal rank fusion outperforms Condorcet and individual rank learning methods, 2009.
    """

    def rank(question: str) -> list[int]:
        scores: dict[int, float] = {}
        for ranker in rankers:
            for place, number in enumerate(ranker(question), 1):
                scores[number] = scores.get(number, 0.0) + 1 / (_RRF + place)
        return sorted(scores, key=lambda number: (-scores[number], number))[:_DEPTH]

    return rank


def kept_vectors(
    texts: Sequence[str], embedder: Embeds, identity: str, cache: Path, progress: Callable[[str, int, int], None]
) -> Matrix:
    """Embed texts, or read what an earlier run made of exactly these.

    Args:
        texts: at least one.
        embedder: of all of them.
        identity: of its weights.
        cache: folder for vectors.
        progress: told how far it is.

    Returns:
        Shape (len(texts), dimension), each row of L2 norm 1.
    """
    key = hashlib.sha256("\0".join([identity, *texts]).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    file = cache / f"vectors-{key}.npy"
    if file.is_file():
        kept: Matrix = np.load(file, allow_pickle=False)
        return kept
    found = []
    for start in range(0, len(texts), 64):
        found.append(np.asarray(embedder.embed_passages(texts[start : start + 64]), dtype=np.float32))
        progress("embed", min(start + 64, len(texts)), len(texts))
    vectors: Matrix = np.concatenate(found)
    cache.mkdir(parents=True, exist_ok=True)
    np.save(file, vectors, allow_pickle=False)
    return vectors
