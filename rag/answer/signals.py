"""What speaks for and against the notes holding the answer: numbers that a small model weighs.

Knows a question and what was retrieved for it; knows no model and no threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from rag.types import Passage
from rag.words import numbers

NAMES: Final = ("model", "sentence", "numbers")
_EDGE: Final = 1e-3  # a probability is kept this far from 0 and 1 before its logit is taken


def signals(question: str, passages: Sequence[Passage], probability: float) -> Mapping[str, float]:
    """Return the signals by name.

    `model` is the logit of the language model's probability of Yes; `sentence` is the cosine similarity of the nearest sentence, a
    passage of which none was looked at counting by its own; `numbers` is the share of the question's numbers that stand in the
    passages, 1 where it has none. Coverage by words, or by words near them, added nothing to these (docs/LOG.md).

    Args:
        question: as it was searched for.
        passages: what was retrieved; may be empty.
        probability: of Yes, 0 to 1.
    """
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    text = "\n".join(f"{passage.chunk.heading_line}\n{passage.text}" for passage in passages)
    figures = numbers(question)
    return {
        "model": math.log(kept / (1 - kept)),
        "sentence": max((one.scores.get("sentence", one.scores.get("dense", 0.0)) for one in passages), default=0.0),
        "numbers": len(figures & numbers(text)) / len(figures) if figures else 1.0,
    }
