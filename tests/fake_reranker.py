"""A reranker that counts shared words; it passes the contract of the real one."""

from __future__ import annotations

from collections.abc import Sequence

from rag.words import content_words


class OverlapReranker:
    """Scores a text by how many of the question's words it holds; remembers what it was asked."""

    def __init__(self):
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, tuple(texts)))
        wanted = set(content_words(question))
        return [float(len(wanted & set(content_words(text)))) for text in texts]
