"""A misspelt word of a question to the word of the notes that was probably meant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

_SHORTEST: Final = 5  # shorter words have too many neighbours
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
