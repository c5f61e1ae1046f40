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


@dataclass(frozen=True, slots=True)
class Answerability:
    """A fitted model.

    Attributes:
        intercept: of the logit.
        weights: of the signals, by name.
    """

    intercept: float
    weights: Mapping[str, float]

    def probability(self, signals: Mapping[str, float]) -> float:
        """Return the probability, 0 to 1, that a question with these signals can be answered."""
        logit = self.intercept + sum(weight * signals[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


@lru_cache(maxsize=1)
def fitted() -> Answerability:
    """Return the model that comes with the program."""
    raw = tomllib.loads(FILE.read_text("utf-8"))
    return Answerability(float(raw["intercept"]), {name: float(weight) for name, weight in raw["weights"].items()})
