"""What a short form stands for, read from the notes themselves.

`Low-Rank Adaptation (LoRA)`, `LoRA (low-rank adaptation)` and `LoRA: low-rank adaptation` all say it. Knows texts and letters;
knows no index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SHORT: Final = re.compile(r"\b(?=[A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*[A-Z])[A-Za-z][A-Za-z0-9-]{1,7}\b")
_WORD: Final = r"[^\W_]+(?:['’-][^\W_]+)*"
_MOST_WORDS: Final = 8
_SMALL: Final = 4  # letters of a word that a short form may pass over, such as "of" and "from"


def short_forms(question: str) -> list[str]:
    """Return the words of a question that look like short forms: 2 to 8 characters, two of them capital.

    >>> short_forms("How does LoRA differ from RAG?")
    ['LoRA', 'RAG']
    """
    return list(dict.fromkeys(_SHORT.findall(question)))


def long_form(short: str, texts: Iterable[str]) -> str:
    """Return what `short` stands for according to the first text that says so, empty where none does."""
    name = re.escape(short)
    before = re.compile(rf"((?:{_WORD}[ \t]+){{1,{_MOST_WORDS}}})\({name}s?\)", re.IGNORECASE)
    within = re.compile(rf"\({name}s?\)", re.IGNORECASE)  # cheap, and without it `before` reads every word of the text in vain
    after = re.compile(rf"\b{name}s?\b\s*(?:\(|:|—|–|-|=|\|)\s*((?:{_WORD}[ \t]*){{1,{_MOST_WORDS}}})", re.IGNORECASE)
    for text in texts:
        for match in before.finditer(text) if within.search(text) else ():
            words = match[1].split()
            for count in range(1, len(words) + 1):
                if _stands_for(short, words[-count:]):
                    return " ".join(words[-count:])
        for match in after.finditer(text):
            words = match[1].split()
            for count in range(len(words), 0, -1):
                if _stands_for(short, words[:count]):
                    return " ".join(words[:count])
    return ""


def _stands_for(short: str, words: list[str]) -> bool:
    """Whether the letters of a short form can be read off the beginnings of the words, in order."""
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    parts = [part.casefold() for word in words for part in re.split(r"[-'’]", word) if part]
    if len(parts) < 2 or parts[0][0] != letters[0]:
        return False
    return _fits(letters, parts)


def _fits(letters: list[str], parts: list[str]) -> bool:
    """Whether the letters can be read off the beginnings of the parts, small words left out where need be."""
    if not letters:
        return all(len(part) <= _SMALL for part in parts)
    if not parts:
        return False
    head = parts[0]
    for taken in range(min(len(head), len(letters)), 0, -1):
        if list(head[:taken]) == letters[:taken] and _fits(letters[taken:], parts[1:]):
            return True
    return len(head) <= _SMALL and _fits(letters, parts[1:])
