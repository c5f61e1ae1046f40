"""What a reader says around a question: "can you give me a list of the attacks" asks for the attacks, not for a list.

Knows English words; knows no index. Questions in other languages are put into that of the notes before.
"""

from __future__ import annotations

import re
from typing import Final

from rag.words import content_words

_KINDLY: Final = r"(?:(?:hi|hello|hey|ok|okay|so|well|please|kindly|just)\b[\s,!.:]*)*"
# "Name resolution" and "list comprehensions" are names of things.
_NUMBERS: Final = r"\d+|two|three|four|five|six|seven|eight|nine|ten"
_NOT_A_NOUN: Final = rf"\s+(?:the|an?|all|every|each|some|any|me|us|what|which|how|{_NUMBERS})\b"
_AROUND: Final = re.compile(
    rf"^\W*{_KINDLY}"
    r"(?:(?:(?:can|could|would|will) (?:you|i)|(?:i|we)(?:['’]d| would)? (?:want|need|like|love)(?: you)? to|let)\s+)?"
    rf"{_KINDLY}(?:give|tell|enumerate|explain|describe|know|learn|hear|find out|(?:show|list|name|see)(?={_NOT_A_NOUN}))\b"
    r"(?:\s+(?:me|us|to me|to us|more|all|everything|please|here))*\s+"
    r"(?:(?:an?|the)\s+(?:(?:short|brief|quick|complete|full|whole)\s+)?(?:list|overview|summary|explanation|description)\s+(?:of|about)\s+)?"
    r"(?:(?:about|all|every|each of)\s+)*",
    re.IGNORECASE,
)
_LEAST: Final = 1  # content words that have to be left


def bare(question: str) -> str:
    """Return a question without the request around it; as it is where nothing but the request is there.

    >>> bare("Can you please give me a list of the attacks on agents?")
    'the attacks on agents?'
    >>> bare("Tell me about it")
    'Tell me about it'
    """
    asked = _AROUND.sub("", question, count=1)
    return asked if len(content_words(asked)) >= _LEAST else question
