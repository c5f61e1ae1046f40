"""Verdicts: does what is cited support the sentence?

Rules first: what they find contradicted is contradicted, and a number or a date that stands nowhere is not supported. The rest is
a logistic model of a few overlaps (`features`) with its coefficients in `support.toml`, which `python -m eval calibrate support`
fits again. A quotation needs no model. Knows texts and numbers; loads nothing but that file.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.answer.attribute import Attribution, Evidence
from rag.answer.features import FEATURES, is_quotation, measure
from rag.answer.rules import Finding, check
from rag.types import Support
from rag.words import content_words

FILE = Path(__file__).with_name("support.toml")
_FENCE = re.compile(r"^(?:```|~~~)")
_CODE_COVERAGE = 0.5  # below it, more than half of what is rare in a block of code stands nowhere in the evidence
_EMPHASIS = re.compile(r"\*\*|__|`|^#{1,6}\s+|^\s*(?:[-*+]|\d{1,3}[.)])\s+|\|")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be made of a sentence.

    Attributes:
        support: the verdict.
        score: probability that the evidence supports the sentence, 0 to 1, higher is better supported; below the threshold for
            every sentence that is not supported.
        reason: why it is not supported, for the reader; empty if it is.
    """

    support: Support
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SupportModel:
    """A logistic model.

    Attributes:
        bias: log-odds where all features are 0.
        weights: log-odds for each feature, by name.
        threshold: least probability of a supported sentence, 0 to 1.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, measured: Mapping[str, float]) -> float:
        """Return the probability that a sentence with these features is supported, 0 to 1."""
        log_odds = self.bias + sum(weight * measured[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-log_odds))


@functools.cache
def load_model(path: Path = FILE) -> SupportModel:
    """Read a model's file.

    Raises:
        ValueError: it names a feature that there is not.
    """
    table = tomllib.loads(path.read_text("utf-8"))
    weights = {str(name): float(weight) for name, weight in table["weights"].items()}
    if unknown := weights.keys() - set(FEATURES):
        raise ValueError(f"{path.name} weighs {sorted(unknown)[0]}, which is no feature")
    return SupportModel(float(table["bias"]), weights, float(table["threshold"]))


def verdict(sentence: str, attribution: Attribution, evidence: Evidence, model: SupportModel | None = None) -> Verdict:
    """Return the verdict on a sentence.

    Args:
        sentence: without markers; a list item, a table's row or a fenced block counts as one.
        attribution: of the sentence.
        evidence: that it was attributed to.
        model: by default the one in `support.toml`.
    """
    model = model or load_model()
    if not attribution.units:
        return Verdict("unsupported", 0.0, "Nothing in the notes resembles it.")
    if _FENCE.match(sentence):
        return _code(attribution, model)
    plain = _EMPHASIS.sub(" ", sentence).strip()
    if is_quotation(plain, [unit.text for unit in attribution.units]):
        return Verdict("supported", 1.0)
    findings = check(plain, [unit.text for unit in attribution.units], evidence.known)
    probability = model.probability(measure(plain, attribution, evidence, findings))
    below = model.threshold * 0.99 * probability
    for finding in findings:
        if finding.contradicts:
            return Verdict("contradicted", below, finding.reason)
    for finding in findings:
        if finding.kind in {"number", "date"}:
            return Verdict("unsupported", below, finding.reason)
    if probability >= model.threshold:
        return Verdict("supported", probability)
    return Verdict("unsupported", probability, _reason(plain, findings, evidence, attribution))


def _code(attribution: Attribution, model: SupportModel) -> Verdict:
    """Code has no names, negations or clauses: only its words count."""
    if attribution.coverage >= _CODE_COVERAGE and not attribution.missing_numbers:
        return Verdict("supported", max(attribution.coverage, model.threshold))
    return Verdict("unsupported", attribution.coverage * model.threshold * 0.99, "The code is not in the notes.")


def _reason(claim: str, findings: tuple[Finding, ...], evidence: Evidence, attribution: Attribution) -> str:
    if findings:
        return findings[0].reason
    held = frozenset(word for unit in attribution.units for word in unit.words) | evidence.known.stems
    missing = [
        match.group()
        for match in re.finditer(r"[^\W\d_]{3,}", claim)
        if (stems := content_words(match.group())) and not set(stems) <= held
    ]
    if missing:
        return f"Not in the notes: {', '.join(dict.fromkeys(missing[:3]))}."
    return "The notes do not say this together."
