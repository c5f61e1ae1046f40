"""Verdicts: does what is cited support the sentence?

By rule: numbers must stand in the evidence, and enough of the sentence's weighted words. Knows no model.
"""

from __future__ import annotations

from rag.answer.attribute import Attribution
from rag.types import Support

SUPPORTED_COVERAGE = 0.5  # below it, more than half of what is rare in the sentence stands nowhere in the evidence


def verdict(attribution: Attribution) -> tuple[Support, float]:
    """Return the verdict and its score, 0 to 1, higher is better supported."""
    if not attribution.units:
        return "unsupported", 0.0
    if attribution.missing_numbers:
        return "unsupported", min(attribution.coverage, SUPPORTED_COVERAGE / 2)
    return ("supported" if attribution.coverage >= SUPPORTED_COVERAGE else "unsupported"), attribution.coverage
