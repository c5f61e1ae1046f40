"""Verdicts: does what is cited support the sentence?

Rules first: what they find contradicted is contradicted, and a number or a date that stands nowhere is not supported. The rest is
a logistic model of a few overlaps (`features`), and of the language model's opinion where it was asked (`opinion`), with its
coefficients in `support.toml`, which `python -m eval calibrate support` fits again. A quotation needs no model. Knows texts and
numbers; loads nothing but that file.
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
from rag.answer.echo import is_unstated_echo
from rag.answer.features import FEATURES, is_quotation, measure
from rag.answer.rules import Finding, check
from rag.types import Support
from rag.words import content_words

FILE = Path(__file__).with_name("support.toml")
_FENCE = re.compile(r"^(?:```|~~~)")
_EDGE = 1e-3  # a probability of Yes is kept this far from 0 and 1
# Of labelled sentences that their words support by less, the language model's opinion takes away seven bad ones for a good one; of
# the others, and of those that their words do not support, it gets as many wrong as right (docs/LOG.md).
_CLEAR = 0.7
_CODE_COVERAGE = 0.5  # below it, more than half of what is rare in a block of code stands nowhere in the evidence
_EMPHASIS = re.compile(r"\*\*|__|`|^#{1,6}\s+|^\s*(?:[-*+]|\d{1,3}[.)])\s+|\|")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be made of a sentence.

    Attributes:
        support: the verdict.
        score: probability that the evidence supports the sentence, 0 to 1, higher is better supported; below the threshold for
            every sentence that is not supported, which is another one where the language model was asked.
        reason: why it is not supported, for the reader; empty if it is.
        settled: whether nobody's opinion would change it: a rule decided, it is quoted or code, or its words leave little doubt.
    """

    support: Support
    score: float
    reason: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class OpinionModel:
    """What the language model's opinion adds: a logistic model over two log-odds.

    Attributes:
        bias: log-odds where both are 0.
        features: weight of the log-odds that the features give.
        yes: weight of those of its Yes.
        threshold: least probability of a supported sentence, 0 to 1.
    """

    bias: float
    features: float
    yes: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SupportModel:
    """A logistic model.

    Attributes:
        bias: log-odds where all features are 0.
        weights: log-odds for each feature, by name.
        threshold: least probability of a supported sentence, 0 to 1.
        opinion: for sentences of which the language model was asked.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float
    opinion: OpinionModel

    def log_odds(self, measured: Mapping[str, float]) -> float:
        """Return the log-odds that a sentence with these features is supported."""
        return self.bias + sum(weight * measured[name] for name, weight in self.weights.items())

    def judge(self, measured: Mapping[str, float], yes: float | None = None) -> tuple[float, float]:
        """Weigh what is known of a sentence.

        Args:
            measured: its features.
            yes: the language model's probability of Yes, 0 to 1; None where it was not asked.

        Returns:
            The probability that it is supported, 0 to 1, and the least that a supported one has.
        """
        log_odds = self.log_odds(measured)
        if yes is None:
            return _chance(log_odds), self.threshold
        opinion = self.opinion
        return _chance(opinion.bias + opinion.features * log_odds + opinion.yes * yes_log_odds(yes)), opinion.threshold


def yes_log_odds(yes: float) -> float:
    """Return the log-odds of a probability of Yes, which is kept a little away from 0 and 1.

    >>> yes_log_odds(0.5)
    0.0
    """
    kept = min(max(yes, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@functools.cache
def load_model(path: Path = FILE) -> SupportModel:
    """Read a model's file.

    Raises:
        ValueError: it names a feature that there is not.
    """
    table = tomllib.loads(path.read_text("utf-8"))
    weights = {str(name): float(weight) for name, weight in table["weights"].items()}
    opinion = OpinionModel(**{str(name): float(value) for name, value in table["opinion"].items()})
    if unknown := weights.keys() - set(FEATURES):
        raise ValueError(f"{path.name} weighs {sorted(unknown)[0]}, which is no feature")
    return SupportModel(float(table["bias"]), weights, float(table["threshold"]), opinion)


def verdict(
    sentence: str, attribution: Attribution, evidence: Evidence, model: SupportModel | None = None, *, yes: float | None = None
) -> Verdict:
    """Return the verdict on a sentence.

    Args:
        sentence: without markers; a list item, a table's row or a fenced block counts as one.
        attribution: of the sentence.
        evidence: that it was attributed to.
        model: by default the one in `support.toml`.
        yes: the language model's probability of Yes to whether the evidence states it, 0 to 1; None where it was not asked.
    """
    model = model or load_model()
    if not attribution.units:
        return Verdict("unsupported", 0.0, "Nothing in the notes resembles it.", settled=True)
    if _FENCE.match(sentence):
        return _code(attribution, model)
    plain = _EMPHASIS.sub(" ", sentence).strip()
    if is_quotation(plain, [unit.text for unit in attribution.units]):
        return Verdict("supported", 1.0, settled=True)
    findings = check(plain, [unit.text for unit in attribution.units], evidence.known)
    measured = measure(plain, attribution, evidence, findings)
    by_words, _ = model.judge(measured)
    doubtful = model.threshold <= by_words < _CLEAR
    probability, least = model.judge(measured, yes if doubtful else None)
    below = least * 0.99 * probability
    for finding in findings:
        if finding.contradicts:
            return Verdict("contradicted", below, finding.reason, settled=True)
    for finding in findings:
        if finding.kind in {"number", "date"}:
            return Verdict("unsupported", below, finding.reason, settled=True)
    if is_unstated_echo(plain, evidence):
        return Verdict("unsupported", below, "Only the question says this.", settled=True)
    if probability >= least:
        return Verdict("supported", probability, settled=not doubtful)
    return Verdict("unsupported", probability, _reason(plain, findings, evidence, attribution), settled=not doubtful)


def _code(attribution: Attribution, model: SupportModel) -> Verdict:
    """Code has no names, negations or clauses: only its words count."""
    if attribution.coverage >= _CODE_COVERAGE and not attribution.missing_numbers:
        return Verdict("supported", max(attribution.coverage, model.threshold), settled=True)
    return Verdict("unsupported", attribution.coverage * model.threshold * 0.99, "The code is not in the notes.", settled=True)


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
