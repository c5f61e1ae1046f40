"""The probability that the notes hold the answer: a logistic model over the signals, its coefficients in `answerable.toml`.

`python -m eval calibrate answerability` fits them. Knows numbers; knows no question and no engine.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("answerable.toml")
_EDGE: Final = 1e-12  # a probability is kept this far from 0 and 1 before its logit is taken


@dataclass(frozen=True, slots=True)
class Answerability:
    """A fitted model.

    Attributes:
        intercept: of the logit.
        weights: of the signals, by name.
        tie: what it adds to the logit, at most and below 0 where it is missing, that the answer is said of what was asked.
    """

    intercept: float
    weights: Mapping[str, float]
    tie: float = 0.0

    def probability(self, signals: Mapping[str, float]) -> float:
        """Return the probability, 0 to 1, that a question with these signals can be answered."""
        logit = self.intercept + sum(weight * signals[name] for name, weight in self.weights.items())
        return _sigmoid(logit)

    def with_answer(self, probability: float, tie: float) -> float:
        """Weigh in the answer, once there is one.

        Args:
            probability: from the signals, 0 to 1.
            tie: of the answer, as `rag.answer.subject.tie` measures it, 0 to 1.

        Returns:
            The probability that it is the notes' answer, 0 to 1.
        """
        return _sigmoid(_logit(probability) - self.tie * (1 - tie))

    def least_tie(self, probability: float, threshold: float) -> float:
        """Return how much of the asked subject an answer needs, for its probability to reach the threshold; 0 if it needs none."""
        if self.tie <= 0:
            return 0.0
        return min(max(1 - (_logit(probability) - _logit(threshold)) / self.tie, 0.0), 1.0)


@lru_cache(maxsize=1)
def fitted() -> Answerability:
    """Return the model that comes with the program."""
    raw = tomllib.loads(FILE.read_text("utf-8"))
    weights = {name: float(weight) for name, weight in raw["weights"].items()}
    return Answerability(float(raw["intercept"]), weights, float(raw["tie"]))


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


def _logit(probability: float) -> float:
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))
