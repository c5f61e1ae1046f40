"""A misspelt word of a question to the word of the notes that was probably meant."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from rag.words import words

_SHORTEST: Final = 5  # shorter words have too many neighbours
_WORD: Final = re.compile(r"[^\W\d_]+")
_LONG: Final = 9  # from here two slips are allowed


def corrected(term: str, vocabulary: Sequence[str]) -> list[str]:
    """Return the words of `vocabulary` nearest to a word that is not in it: one slip away, or two for a long word; all ties.

    Names with digits are never corrected: the digits are what tells them apart. The first letter is taken to be right.

    Args:
        term: a word as `rag.words` gives it.
        vocabulary: sorted, at least by first letter.
    """
    if len(term) < _SHORTEST or not term.isalpha():
        return []
    most = 2 if len(term) >= _LONG else 1
    alike = vocabulary[bisect_left(vocabulary, term[0]) : bisect_left(vocabulary, chr(ord(term[0]) + 1))]
    near = [word for word in alike if abs(len(word) - len(term)) <= most and word.isalpha()]
    found = process.extract(term, near, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=None)
    least = min((distance for _, distance, _ in found), default=0)
    return [word for word, distance, _ in found if distance == least]


def respelt(question: str, meant: Mapping[str, str], texts: Iterable[str]) -> str:
    """Return a question with its slips mended as the notes write the words, for a reader that does not guess.

    A letter too many, too few or out of place is a slip; another letter may be another name (Mixtral, Mistral), and that stays.

    Args:
        question: as asked.
        meant: by stem of a word that the notes do not know, the stem that it was read as.
        texts: of the notes, in which the word is looked for as it is written.

    >>> respelt("contex window of Appertus?", {"appertus": "apertus"}, ["The window of Apertus has 65,536 tokens."])
    'contex window of Apertus?'
    >>> respelt("How large is Mixtral?", {"mixtral": "mistral"}, ["Mistral has 7 billion parameters."])
    'How large is Mixtral?'
    """
    slips = {term: right for term, right in meant.items() if _is_slip(term, right)}
    if not slips:
        return question
    written: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(text):
            written.setdefault(_stem(word), word)
    return _WORD.sub(lambda match: written.get(slips.get(_stem(match.group()), ""), match.group()), question)


def _is_slip(term: str, right: str) -> bool:
    added, missing = Counter(term) - Counter(right), Counter(right) - Counter(term)
    return not (added and missing)


def _stem(word: str) -> str:
    return " ".join(words(word))
