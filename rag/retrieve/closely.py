"""How near a passage's nearest sentence comes to a question: a paragraph about the subject is near to every question about it.

For the decision whether to answer, not for ranking. Knows an embedder and sentences; knows no index and no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rag.protocols import Embedder
from rag.sentences import split_sentences
from rag.types import Passage
from rag.words import content_words

SENTENCE: Final = "sentence"
"""The score's name: cosine similarity of the question and the nearest sentence, -1 to 1."""

_LEAST_WORDS: Final = 2  # content words; a cell with less says nothing alone
_MOST: Final = 96  # sentences that are looked at, a fifth of a second; 700 tokens have some 25


def look_closely(passages: Sequence[Passage], query: str, embedder: Embedder) -> tuple[Passage, ...]:
    """Compare a question with each sentence of its passages.

    Args:
        passages: best first.
        query: what was searched for.
        embedder: of both.

    Returns:
        The same passages; those with a sentence of two words or more that is among the first ones looked at have its score.
    """
    texts: list[str] = []
    owners: list[int] = []
    for place, passage in enumerate(passages):
        for start, end in split_sentences(passage.text):
            sentence = passage.text[start:end].strip()
            if len(texts) < _MOST and len(content_words(sentence)) >= _LEAST_WORDS:
                texts.append(sentence)
                owners.append(place)
    if not texts:
        return tuple(passages)
    near = embedder.embed_passages(texts) @ embedder.embed_query(query)
    nearest = np.full(len(passages), -np.inf)
    np.maximum.at(nearest, owners, near)
    return tuple(
        replace(one, scores={**one.scores, SENTENCE: float(score)}) if np.isfinite(score) else one
        for one, score in zip(passages, nearest, strict=True)
    )
