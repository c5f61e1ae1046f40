"""What the notes deny, near a question: the sentence to mind before answering.

A question may take for granted what is not so ("How do I annotate a cell of a table?"). The notes then often say so in a sentence
with a word like "not" or "only" that shares much with the question; a small model that is not pointed to it goes along with the
question. Knows words and units; knows no model.
"""

from __future__ import annotations

import re
from typing import Final

from rag.answer.attribute import CELLS, Evidence, Unit
from rag.answer.inert import visible
from rag.answer.parts import compares
from rag.answer.request import is_order_in_note
from rag.words import content_words

_DENIES: Final = re.compile(
    r"\b(?:not|no(?!\.\s*\d)|never|none|nothing|nobody|nor|neither|without|cannot|only|unlike|instead|rather than|removed|absent|"
    r"lacks?|unsupported|incompatible|unavailable|nicht|keine?[rmns]?|nie|ohne|nur|pas|aucune?|sans|nunca|"
    r"ning[uú]n\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_LEAST: Final = 0.2  # share of the question's words that the sentence must hold
_BESIDE_BEST: Final = 0.6  # of what the sentence that holds most of them holds
_LONGEST: Final = 300  # characters; what is longer is no sentence
_QUESTION_CHARS: Final = 400  # a longer one takes nothing for granted that one sentence denies


def denial(question: str, evidence: Evidence) -> str:
    """Find the sentence that denies something and holds most of what is asked.

    A question that denies something itself, or compares two things, is left alone: such words stand near it anyway. So is an order
    to the model, also where the question is about that order.

    Args:
        question: as asked.
        evidence: of the question.

    Returns:
        Its text on one line; empty where none is near.
    """
    asked = evidence.known.asked
    if len(question) > _QUESTION_CHARS or _DENIES.search(question) or compares(question):
        return ""
    held = {unit: evidence.share(unit.words & asked, asked) for unit in evidence.units}
    least = max(_LEAST, _BESIDE_BEST * max(held.values(), default=0.0))
    near = [unit for unit, share in held.items() if share >= least and _is_denial(unit, asked)]
    # Of what a heading gives to all below it, the sentence's own words tell.
    best = max(near, key=lambda unit: evidence.share(frozenset(content_words(unit.text)) & asked, asked), default=None)
    return " ".join(best.text.split()) if best else ""


def _is_denial(unit: Unit, asked: frozenset[str]) -> bool:
    """Whether a unit is a sentence that denies something and speaks of what is asked; no row of a table, and no lead-in."""
    text = unit.text.rstrip()
    is_sentence = len(text) <= _LONGEST and CELLS not in text and not text.endswith(":")
    speaks_of_it = not asked.isdisjoint(content_words(text))
    return is_sentence and speaks_of_it and bool(_DENIES.search(text)) and not is_order_in_note(visible(text))
