"""What the notes deny, near a question: the sentence to mind before answering.

A question may take for granted what is not so ("How do I annotate a cell of a table?"). The notes then often say so in a sentence
with a word like "not" or "only" that shares much with the question; a small model that is not pointed to it goes along with the
question. Knows words and units; knows no model.
"""

from __future__ import annotations

import re
from typing import Final

from rag.answer.attribute import Evidence
from rag.answer.parts import compares

_DENIES: Final = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|nor|neither|without|cannot|only|unlike|instead|rather than|removed|absent|lacks?|"
    r"unsupported|incompatible|unavailable|nicht|keine?[rmns]?|nie|ohne|nur|ne|pas|aucune?|sans|nunca|ning[uú]n\w*|solo|non|senza|mai)\b|"
    r"n['’]t\b",
    re.IGNORECASE,
)
_LEAST: Final = 0.2  # share of the question's words that the sentence must hold
_BESIDE_BEST: Final = 0.6  # of what the sentence that holds most of them holds
_LONGEST: Final = 300  # characters; what is longer is no sentence


def denial(question: str, evidence: Evidence) -> str:
    """Find the sentence that denies something and holds most of what is asked.

    A question that denies something itself, or compares two things, is left alone: such words stand near it anyway.

    Args:
        question: as asked.
        evidence: of the question.

    Returns:
        Its text on one line; empty where none is near.
    """
    asked = evidence.known.asked
    if _DENIES.search(question) or compares(question):
        return ""
    held = [evidence.share(unit.words & asked, asked) for unit in evidence.units]
    least = max(_LEAST, _BESIDE_BEST * max(held, default=0.0))
    denying = [
        (share, -index)
        for index, (share, unit) in enumerate(zip(held, evidence.units, strict=True))
        if share >= least and len(unit.text) <= _LONGEST and _DENIES.search(unit.text) and not unit.text.rstrip().endswith(":")
    ]
    return " ".join(evidence.units[-max(denying)[1]].text.split()) if denying else ""
