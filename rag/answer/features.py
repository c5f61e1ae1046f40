"""How a sentence and its evidence compare, as numbers: what the verifier decides from.

Every feature is 0 to 1, and 1 where there is nothing to compare. Similarity of embeddings is none of them: it added nothing
(docs/LOG.md). Knows words and units; knows no verdicts and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.answer.attribute import Attribution, Evidence
from rag.answer.quantities import plain, quantities
from rag.answer.rules import Finding, Known, names, unknown_names
from rag.sentences import split_sentences
from rag.words import content_words, numbers

FEATURES = (
    "new_words",
    "one_unit",
    "pairs",
    "names_known",
    "name_in_best",
    "clause_fit",
    "numbers_known",
    "number_place",
    "consistent",
)
"""Names of the features, in the order of the model's file."""

_WINDOW = 5  # content words on each side of a number that say what it counts
_PAIR_REACH = 4  # how far apart two words of a claim's pair may stand in the evidence
_PARTS = re.compile(r"[,;:|()\n]|\s[–—-]\s|\band\b|\bbut\b")


def measure(claim: str, attribution: Attribution, evidence: Evidence, findings: Sequence[Finding]) -> dict[str, float]:
    """Return the features of a sentence, by name.

    - `new_words`: share of the words that the question did not say, weighted by rarity, that stand in the cited units;
    - `one_unit`: share of all words that one unit holds: facts joined from two units have less;
    - `pairs`: share of neighbouring words that are near each other in a unit too;
    - `names_known`: share of the names that stand anywhere in the passages;
    - `name_in_best`: share of the names that the best unit or the headings above it hold: another name is another subject;
    - `clause_fit`: how well each clause fits into one clause of a unit; the least;
    - `numbers_known`: share of the numbers that stand anywhere in the passages;
    - `number_place`: how much of what stands around each number stands around it in a unit too; the least;
    - `consistent`: 0 where a rule found a contradiction, else 1.

    Args:
        claim: the sentence, without markers.
        attribution: of the sentence.
        evidence: that it was attributed to.
        findings: of the rules.
    """
    said = frozenset(content_words(claim))
    new = said - evidence.known.asked
    units = attribution.units
    texts = [unit.text for unit in units]
    cited = frozenset(word for unit in units for word in unit.words)
    return {
        "new_words": evidence.share(cited & new, new) if new else attribution.coverage,
        "one_unit": max((evidence.share(unit.words & said, said) for unit in units), default=0.0),
        "pairs": _pairs(claim, texts),
        "names_known": _names_known(claim, evidence.known),
        "name_in_best": _name_in_best(claim, evidence.known, units[0].words if units else frozenset()),
        "clause_fit": _clause_fit(claim, evidence, texts),
        "numbers_known": _numbers_known(claim, evidence.known),
        "number_place": _number_place(claim, texts),
        "consistent": float(not any(finding.contradicts for finding in findings)),
    }


def _pairs(claim: str, texts: Sequence[str]) -> float:
    """Share of neighbouring content words that stand near each other in the evidence too; 1 without pairs."""
    wanted = set(pairwise(content_words(claim)))
    if not wanted:
        return 1.0
    held: set[tuple[str, str]] = set()
    for text in texts:
        stands = content_words(text)
        for place, word in enumerate(stands):
            for other in stands[place + 1 : place + 1 + _PAIR_REACH]:
                held |= {(word, other), (other, word)}
    return len(wanted & held) / len(wanted)


def _clause_fit(claim: str, evidence: Evidence, texts: Sequence[str]) -> float:
    """How well each clause of the claim fits into one clause of the evidence, the least of all; 1 without clauses of two words."""
    parts = [frozenset(content_words(part)) for text in texts for part in (*_PARTS.split(text), text)]
    shares = []
    for clause in _PARTS.split(claim):
        wanted = frozenset(content_words(clause)) - evidence.known.asked
        if len(wanted) >= 2:
            # A long part holds many words by chance.
            fits = (evidence.share(wanted & part, wanted) * min(1.0, (len(wanted) + 6) / max(1, len(part))) for part in parts)
            shares.append(max(fits, default=0.0))
    return min(shares, default=1.0)


def _names_known(claim: str, known: Known) -> float:
    found = names(claim, known)
    return 1 - min(1.0, len(unknown_names(claim, known)) / len(found)) if found else 1.0


def _name_in_best(claim: str, known: Known, best: frozenset[str]) -> float:
    found = names(claim, known)
    if not found:
        return 1.0
    return sum(frozenset(content_words(name)) <= best | known.asked for name in found) / len(found)


def _numbers_known(claim: str, known: Known) -> float:
    digits = numbers(plain(claim))
    if not digits:
        return 1.0
    rounded = {number for said in quantities(claim) if known.has_number(said) for number in numbers(said.text)}
    return len(digits & (known.numbers | rounded)) / len(digits)


def _number_place(claim: str, texts: Sequence[str]) -> float:
    """How much of what stands around each number of the claim stands around it in the evidence; the least of all numbers."""
    least = 1.0
    places = [(numbers(part), set(content_words(part))) for text in texts for part in (*_PARTS.split(plain(text)), plain(text))]
    around_all = content_words(plain(claim))
    for number in numbers(plain(claim)):
        if number not in around_all:
            continue
        at = around_all.index(number)
        around = set(around_all[max(0, at - _WINDOW) : at + _WINDOW + 1]) - {number}
        if not around:
            continue
        best = 0.0
        for held, words_there in places:
            if number in held:
                # A long part holds many words by chance.
                best = max(best, len(around & words_there) / len(around) * min(1.0, 12 / max(1, len(words_there))))
        least = min(least, best)
    return least


def is_quotation(claim: str, texts: Sequence[str]) -> bool:
    """Whether a sentence stands word for word in one of the texts."""
    wanted = " ".join(content_words(claim))
    if not wanted:
        return False
    return any(f" {wanted} " in f" {' '.join(content_words(text[a:b]))} " for text in texts for a, b in split_sentences(text))
