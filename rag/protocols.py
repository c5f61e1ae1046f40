"""What the pipeline asks of its parts. Adapters implement these; `pipeline.py` sees nothing else of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.types import Chunk, Message

Vector = npt.NDArray[np.float32]
"""Shape (d,), float32, L2 norm 1."""

Matrix = npt.NDArray[np.float32]
"""Shape (n, d), float32, each row of L2 norm 1."""

Progress = Callable[[str, int, int], None]
"""Called with the stage, what is done and the total (0 where it is not known)."""


class TokenCounter(Protocol):
    """Counts tokens as one model does."""

    max_tokens: int

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`, special tokens included."""
        ...


class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Name, weights' hash, prompts and limits: two embedders with equal fingerprints give equal vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed_query(self, text: str) -> Vector:
        """Embed one query; shape (dimension,)."""
        ...

    def embed_passages(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Matrix:
        """Embed passages; shape (len(texts), dimension). `on_batch` is called with how many more are done."""
        ...


class Reranker(Protocol):
    """Reads a question and a text together. Not safe to call from several threads at once."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text answers the question, in order; finite, of any size, higher is better."""
        ...


class LLM(Protocol):
    """A chat model. Safe to call from several threads; calls may wait for one another."""

    @property
    def name(self) -> str:
        """What a report calls this model, its weights' version included."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """Write the answer, greedily decoded.

        Args:
            messages: the conversation; the model writes the next turn.
            max_tokens: after which the answer is cut off.
            stop: strings that end the answer; they are not part of it.
            schema: JSON Schema; the concatenated pieces are then one JSON value that fits it. None is free text.

        Returns:
            The pieces of the answer. One may be empty: the engine is at work, so that a caller can stop while the prompt is read.
            Closing the iterator stops the engine.

        Raises:
            PromptTooLongError: prompt and `max_tokens` do not fit `context_tokens`.
            LLMError: the engine failed.
        """
        ...

    def probabilities(self, messages: Sequence[Message], choices: Sequence[str]) -> tuple[float, ...]:
        """Return the probability of each choice as the next words of the assistant, in order; they sum to 1.

        Choices differ in their first token.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of `text`, without special tokens; text that looks like a special token is text."""
        ...

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the whole prompt, template included."""
        ...

    def close(self) -> None:
        """Free the engine. Calling it twice is fine."""
        ...


class Words(Protocol):
    """Which chunk of a generation holds which word; words as `rag.terms` gives them."""

    def frequency(self, term: str) -> int:
        """Return how many chunks hold a word."""
        ...

    def vocabulary(self) -> list[str]:
        """Return all words, sorted."""
        ...

    def scores(self, terms: Mapping[str, float], ids: Sequence[str]) -> list[tuple[float, float]]:
        """Return BM25 score and coverage (0 to 1) of each chunk; 0 and 0 for an unknown id."""
        ...

    def highest(self, terms: Mapping[str, float]) -> float:
        """Return the BM25 score that no chunk can reach."""
        ...


class Generation(Protocol):
    """One generation of the index, opened for reading. A context manager; closing gives up its lease."""

    @property
    def number(self) -> int:
        """From 1."""
        ...

    @property
    def chunk_count(self) -> int:
        """How many chunks it holds."""
        ...

    def nearest(self, query: Vector, count: int, where: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """Return up to `count` pairs of chunk id and cosine similarity (-1 to 1), best first, ties by id."""
        ...

    def matching(self, terms: Mapping[str, float], count: int, where: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """Return up to `count` pairs of chunk id and BM25 score (above 0), best first, ties by id."""
        ...

    @property
    def words(self) -> Words:
        """The words of all chunks."""
        ...

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those of the chunks that there are, by id."""
        ...

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Return the chunks with these ids, in their order; an unknown id is left out."""
        ...

    def representatives(self, ids: Sequence[str]) -> dict[str, str]:
        """Return, for each chunk, the id of the one that stands for it and its near-duplicates; an unknown id is left out.

        A chunk that nothing resembles stands for itself, and a representative always does. Every other chunk is a near-duplicate of
        its representative: the Jaccard similarity of their word 3-shingles is at least `rag.duplicates.THRESHOLD`, and they hold
        the same numbers. Two chunks with one representative need not be near-duplicates of each other. The representative is the
        first by path and place, not the best: keep the one that ranks best, and one for each representative.
        """
        ...

    def chunks_of(self, path: str) -> list[Chunk]:
        """Return the chunks of a page, in its order; none where there is no such page."""
        ...

    def source(self, path: str) -> str:
        """Read the text of a page of this generation.

        Args:
            path: relative to the corpus, with `/`.

        Returns:
            `Document.source`, which the spans of chunks count in.

        Raises:
            KeyError: no such page.
        """
        ...

    def close(self) -> None:
        """Give up the lease and the copy. Calling it twice is fine."""
        ...
