"""What a model puts before or behind what it says: "According to the notes, ...". It says nothing, and stands in no note.

Knows English text alone.
"""

from __future__ import annotations

import re
from typing import Final

_NOTES: Final = r"(?:the )?(?:(?:given|provided) )?(?:notes?(?: \d+)?|passages?|context)"
_FRAME: Final = re.compile(
    rf"(?P<before>(?:^|[.!?]\s)\s*(?:(?:[-*+]|\d+[.)])\s+)?)"
    rf"(?:(?:according to|based on|as (?:stated|mentioned|described) in|in) {_NOTES},\s+|"
    rf"{_NOTES} (?:also )?(?:states?|says?|mentions?|indicates?|suggests?|shows?|specif(?:y|ies)|explains?|reports?) that\s+|"
    rf"it is (?:stated|mentioned|noted) in {_NOTES} that\s+)(?P<first>\w)",
    re.IGNORECASE | re.MULTILINE,
)


_BEHIND: Final = re.compile(
    rf",? (?:according to|as (?:stated|mentioned|described) in) {_NOTES}(?=[.;!]|$)", re.IGNORECASE | re.MULTILINE
)


def unframed(text: str) -> str:
    """Return a text whose sentences begin and end with what they say.

    >>> unframed("According to the notes, tea is hot. The notes state that ice is cold.")
    'Tea is hot. Ice is cold.'
    >>> unframed("Tea is hot, according to Note 1.")
    'Tea is hot.'
    >>> unframed("The notes do not state that tea is hot.")
    'The notes do not state that tea is hot.'
    """
    return _FRAME.sub(lambda found: found["before"] + found["first"].upper(), _BEHIND.sub("", text))
