"""Small values for tests, with only what a test cares about spelled out."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

from rag.answer.write import Nearest
from rag.retrieve.nearest import nearest_sentences
from rag.types import Chunk, Passage
from rag.words import content_words


def chunk(
    text: str, *, path: str = "page.md", title: str = "Page", start: int = 0, headings: tuple[str, ...] = (), **more
) -> Chunk:
    """A chunk whose text stands in its source character by character, from `start`."""
    span = (start, start + len(text))
    return Chunk(
        id=more.pop("id", f"{path}:{start}"),
        document_id=path,
        path=path,
        title=title,
        ordinal=more.pop("ordinal", 0),
        text=text,
        spans=(span,),
        alignment=((0, len(text), *span),),
        heading_path=headings,
        **more,
    )


def passage(text: str, *, rank: int = 1, dense: float = 0.7, **more) -> Passage:
    """A passage that shows the whole of a chunk."""
    whole = chunk(text, **more)
    return Passage(whole, dense, rank, {"dense": dense}, len(text.split()), whole.text, whole.spans, whole.alignment)


class WordEmbedder:
    """An embedder for which texts are near that share words."""

    fingerprint = "words"
    dimension = 256

    def embed_query(self, text):
        return word_vector(text)

    def embed_passages(self, texts, on_batch=None):
        return np.stack([word_vector(text) for text in texts])


def word_vector(text):
    """A unit vector of the hashed words of a text; shape (256,), float32."""
    vector = np.full(256, 1e-3, dtype=np.float32)
    for word in content_words(text):
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 256] += 1
    return vector / np.linalg.norm(vector)


def nearest_to(question: str) -> Nearest:
    """What finds the sentences that share most words with a question."""
    return functools.partial(nearest_sentences, query=question, embedder=WordEmbedder())
