"""A misspelt word of a question to the word of the notes that was probably meant."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from rag.words import words

_SHORTEST: Final = 5  # shorter words have too many neighbours
_WORD: Final = re.compile(r"[^\W\d_]+")
_RUN: Final = re.compile(r"(.)\1+")
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


def respelt(question: str, unknown: Collection[str], texts: Iterable[str]) -> str:
    """Mend a letter too many or too few of a pair in a question, for a reader that does not guess.

    Any other slip may be another name or word (Mixtral, Mistral; county, country): it stays.

    Args:
        question: as asked.
        unknown: stems of the words that the notes do not know.
        texts: of the notes, in which the word is looked for as it is written.

    Returns:
        The question with those words as the notes write them.

    >>> respelt("contex window of Appertus?", {"contex", "appertus"}, ["The context window of Apertus has 65,536 tokens."])
    'contex window of Apertus?'
    >>> respelt("How large is Mixtral?", {"mixtral"}, ["Mistral has 7 billion parameters."])
    'How large is Mixtral?'
    """
    if not unknown:
        return question
    written: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(text):
            written.setdefault(_single(word), word)

    def mended(match: re.Match[str]) -> str:
        word = match.group()
        return written.get(_single(word), word) if " ".join(words(word)) in unknown else word

    return _WORD.sub(mended, question)


def _single(word: str) -> str:
    """A word with each run of the same letter as one."""
    return _RUN.sub(r"\1", word.casefold())
