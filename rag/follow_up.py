"""A follow-up made searchable: what a question leaves out stands in the question before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Message

_REFERS = re.compile(
    r"\b(it|its|they|them|their|theirs|that|those|these|this|he|she|his|her|one|ones|former|latter|same|there|such)\b"
    r"|^\s*(and|but|so|also|why|how so|what about|how about|which|who|when|where|more|say more|tell me more|go on|really)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 4


def searchable(question: str, history: Sequence[Message]) -> str:
    """Return what to search for: the question, after the reader's last one if it seems to refer back to it.

    >>> searchable("When was it released?", [{"role": "user", "content": "What is BLOOM?"}])
    'What is BLOOM? When was it released?'
    """
    earlier = [turn["content"].strip() for turn in history if turn["role"] == "user" and turn["content"].strip()]
    if not earlier or not (_REFERS.search(question) or len(question.split()) <= _SHORT_WORDS):
        return question
    return f"{earlier[-1]} {question}"
