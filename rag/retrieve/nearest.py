"""Which sentences of some passages come nearest to a question in meaning, whatever words they have: what to quote.

Words alone put the evidence of a paraphrase first for one question in twenty, this for more than half (docs/LOG.md). Knows an
embedder and a model of questions as functions; knows no index and no language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from rag.protocols import Embedder, Reranker
from rag.sentences import split_sentences
from rag.types import Passage, Span
from rag.words import content_words

_LEAST_WORDS: Final = 2  # content words; a cell with less says nothing alone

MOST: Final = 96
"""Sentences that are looked at, a fifth of a second; 700 tokens have some 25."""

_LEAST: Final = 0.3  # cosine and words; six of a hundred sentences that answer are further, and what is can be about anything
_NEAREST: Final = 8  # of these the model of questions is asked
_WORDS: Final = 0.3  # what the share of the question's words weighs beside the cosine, which weighs 1
_LIKELIHOOD: Final = 0.3  # and the logarithm of the question's likelihood


def sentences_of(passages: Sequence[Passage], most: int = MOST) -> list[tuple[int, Span]]:
    """Return the sentences worth comparing, the first `most`: the place of the passage, from 0, and the span in its text."""
    found: list[tuple[int, Span]] = []
    for place, passage in enumerate(passages):
        for start, end in split_sentences(passage.text):
            if len(found) < most and len(content_words(passage.text[start:end])) >= _LEAST_WORDS:
                found.append((place, (start, end)))
    return found


def under_heading(passages: Sequence[Passage], sentences: Sequence[tuple[int, Span]]) -> list[str]:
    """Return the sentences as they are compared: each under its last heading, as the whole path makes those of a page alike."""
    found = []
    for place, (start, end) in sentences:
        chunk = passages[place].chunk
        found.append(f"{(chunk.heading_path or (chunk.title,))[-1]}: {passages[place].text[start:end].strip()}")
    return found


def nearest_sentences(
    passages: Sequence[Passage], query: str, embedder: Embedder, model: Reranker | None = None
) -> tuple[tuple[int, Span], ...]:
    """Return the sentences of some passages that come nearest to a question.

    Args:
        passages: best first.
        query: what was searched for.
        embedder: of both.
        model: a small language model's probability of a question; None leaves it out.

    Returns:
        Up to eight, best first: the place of the passage, from 0, and the span in its text.
    """
    sentences = sentences_of(passages)
    if not sentences:
        return ()
    texts = under_heading(passages, sentences)
    near = embedder.embed_passages(texts) @ embedder.embed_query(query)
    asked = frozenset(content_words(query))
    near = near + _WORDS * np.array([len(asked & frozenset(content_words(text))) / max(1, len(asked)) for text in texts])
    best = np.array([at for at in np.argsort(-near, kind="stable")[:_NEAREST] if near[at] >= _LEAST], dtype=int)
    if model is not None and len(best) > 1:
        said = ((passages[place], slice(*span)) for place, span in (sentences[at] for at in best))
        likely = np.array(model.scores(query, [f"{one.chunk.heading_line}\n{one.text[part].strip()}" for one, part in said]))
        best = best[np.argsort(-(near[best] + _LIKELIHOOD * likely), kind="stable")]
    return tuple(sentences[at] for at in best)
