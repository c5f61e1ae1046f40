"""What speaks for and against the notes holding the answer: numbers that a small model weighs.

Knows probabilities; knows no question, no passage and no threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

NAMES: Final = ("raised",)
"""Those that are weighed."""

_EDGE: Final = 1e-3  # a probability is kept this far from 0 and 1 before its logit is taken


def signals(yes: float, alone: float) -> Mapping[str, float]:
    """Return the signals by name.

    `raised` is how much the passages raise the logit of the language model's probability of Yes above what it says to the
    question without any: to some questions it would say Yes whatever it reads. `yes` is the logit with them, to compare with.
    Beside these the nearest sentence, the numbers of the question and its words in the passages add nothing that holds on other
    notes (docs/LOG.md).

    Args:
        yes: probability of Yes with the passages, 0 to 1.
        alone: without them, 0 to 1.
    """
    return {"raised": _logit(yes) - _logit(alone), "yes": _logit(yes)}


def _logit(probability: float) -> float:
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))
