"""What only repeats the question: "Yes, it can do that". Its words all stand in the question, and none of them was looked up.

Knows words and units; knows no model.
"""

from __future__ import annotations

import re
from typing import Final

from rag.answer.attribute import Evidence
from rag.answer.rules import Known
from rag.words import content_words

STATED: Final = 0.8
"""Share of an echo's words that one place of the notes has to hold to state it."""

_AGREES: Final = frozenset(content_words("yes no indeed not does answer question notes say state according"))
_CHOICE: Final = re.compile(r"\b(?i:or|vs|versus|oder|oppure)\b|\s(?:ou|o|u)\s")


def is_echo(text: str, known: Known) -> bool:
    """Whether a text says no more than the question did; of two things that were named, one is an answer."""
    return frozenset(content_words(text)) <= known.asked | _AGREES and not _CHOICE.search(known.question)


def is_unstated_echo(sentence: str, evidence: Evidence) -> bool:
    """Whether a sentence repeats the question, and no sentence of the notes says the same; what ends in a colon says nothing.

    Args:
        sentence: without markers.
        evidence: of the question.

    Returns:
        False for a sentence that says more than the question.
    """
    said = frozenset(content_words(sentence)) - _AGREES
    if not said or sentence.rstrip().endswith(":") or not is_echo(sentence, evidence.known):
        return False
    return evidence.nearness(said) < STATED
