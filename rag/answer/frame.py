"""What a model puts before or behind what it says: "According to the notes, ...". It says nothing, and stands in no note.

Knows English text alone.
"""

from __future__ import annotations

import re
from typing import Final

from rag.answer.fences import pieces

_NOTES: Final = r"(?:the (?:given |provided )?notes?|notes? \d+)"
_STATES: Final = r"(?:states?|says?|mentions?|indicates?|suggests?|shows?|specif(?:y|ies)|explains?|reports?)"
_BEFORE: Final = re.compile(
    r"(?P<before>(?:^|[.!?][ \t])[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)"
    rf"(?:(?:according to|based on|as (?:stated|mentioned|described) in) {_NOTES},\s+|{_NOTES} (?:also )?{_STATES} that\s+|"
    rf"it is (?:stated|mentioned|noted) in {_NOTES} that\s+)(?P<first>\w[\w-]*)(?P<rest>[^.!?\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_BEHIND: Final = re.compile(
    rf",? (?:according to|as (?:stated|mentioned|described) in) {_NOTES}(?=[.;!](?:\s|$))",
    re.IGNORECASE | re.MULTILINE,
)
# It is known as a refusal by speaking of the notes.
_REFUSES: Final = re.compile(
    r"\bno (?:\w+ ){0,2}(?:information|details?|mention|data|answer)\b|\bthere (?:is|are|was|were) no\b|"
    r"\bnot (?:\w+ )?(?:mentioned|specified|stated|provided|given|answered|available|said|known|clear)\b",
    re.IGNORECASE,
)


def unframed(text: str) -> str:
    """Return a text whose sentences begin and end with what they say; code and refusals stay.

    >>> unframed("According to the notes, tea is hot. The notes state that ice is cold.")
    'Tea is hot. Ice is cold.'
    >>> unframed("Tea is hot, according to Note 1.")
    'Tea is hot.'
    >>> unframed("The notes state that there is no information about tea.")
    'The notes state that there is no information about tea.'
    """
    return "".join(piece if is_code else _BEFORE.sub(_begun, _BEHIND.sub(_ended, piece)) for piece, is_code in pieces(text))


def _begun(found: re.Match[str]) -> str:
    first, rest = found["first"], found["rest"]
    if _REFUSES.search(first + rest):
        return found.group()
    # vLLM and k-means stay as they are spelt.
    return found["before"] + (first[0].upper() + first[1:] if first.isalpha() and first.islower() else first) + rest


def _ended(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    sentence = before[max(before.rfind(mark) for mark in ".!?\n") + 1 :]
    return found.group() if _REFUSES.search(sentence) else ""
