"""What a reader says around a question: "can you give me a list of the attacks" asks for the attacks, not for a list.

Knows English words; knows no index. A request in another language stays.
"""

from __future__ import annotations

import re
from typing import Final

from rag.words import content_words

_KINDLY: Final = r"(?:(?:hi|hello|hey|ok|okay|so|well|please|kindly|just)\b[\s,!.:]*+){0,6}"
# "Name resolution", "explain analyze" and "list comprehensions" are names of things, and who can give more arguments gives them.
_NUMBERS: Final = r"\d+|two|three|four|five|six|seven|eight|nine|ten"
_BEFORE_A_THING: Final = (
    rf"(?=[\s,:]+(?:me|us|the|an?|all (?:the|of)|every|each|some|any|about|to (?:me|us)|what|which|who|whose|how|why|when|where|if|"
    rf"whether|{_NUMBERS})\b)"
)
_AROUND: Final = re.compile(
    rf"^[\s,.!¿¡]*{_KINDLY}"
    r"(?:(?:(?:can|could|would|will) you\s+)?"
    rf"{_KINDLY}(?:give|tell|show|list|name|enumerate|explain|describe)\b{_BEFORE_A_THING}|"
    r"(?:i|we)(?:['’]d| would)? (?:want|need|like|love) to\s+(?:know|learn|hear|find out|see)\b)"
    r"(?:[\s,:]+(?:to )?(?:me|us)\b(?: (?:more|all|everything)(?= about\b))?)?[\s,:]+"
    r"(?:(?:an?|the)\s+(?:(?:short|brief|quick|complete|full|whole)\s+)?(?:list|overview|summary|explanation|description)\s+(?:of|about)\s+)?"
    r"(?:(?:(?:more )?about|each of)\s+)*",
    re.IGNORECASE,
)
_LEAST: Final = 1  # content words that have to be left
_LONGEST: Final = 400  # characters; a longer text says more than a request


def bare(question: str) -> str:
    """Return a question without the request around it; as it is where nothing but the request is there.

    >>> bare("Can you please give me a list of the attacks on agents?")
    'the attacks on agents?'
    >>> bare("Tell me about it")
    'Tell me about it'
    """
    asked = _AROUND.sub("", question, count=1) if len(question) <= _LONGEST else question
    return asked if len(content_words(asked)) >= _LEAST else question
