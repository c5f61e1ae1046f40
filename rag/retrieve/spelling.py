"""A misspelt word of a question to the word of the notes that was probably meant."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein, Levenshtein

from rag.words import words

_SHORTEST: Final = 5  # shorter words have too many neighbours
_WORD: Final = re.compile(r"[^\W\d_]+")
_RUN: Final = re.compile(r"(.)\1+")
_LONG: Final = 9  # from here two slips are allowed
_LONG_ENOUGH: Final = 6  # letters from which two that changed places hardly ever make another word (trial, trail)
_LONGER: Final = 8  # and one too many or too few
_JOINED: Final = re.compile(r"[\d_/`@#]|[.-]\w")  # what stands beside a part of code, of an address or of a name with digits


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
    """Mend the slips in a question that are hardly ever anything else, for a reader that does not guess.

    A letter too many or too few of a pair; and in long words in small letters two letters that changed places, or one too many or
    too few. Any other may be another name or word (Mixtral, Mistral; county, country): it stays, as does a part of code or of an
    address.

    Args:
        question: as asked, in English.
        unknown: stems of the words that the notes do not know.
        texts: of the notes, in which the word is looked for as it is written.

    Returns:
        The question with those words as the notes write them.

    >>> respelt("contex window of Appertus?", {"contex", "appertus"}, ["The context window of Apertus has 65,536 tokens."])
    'contex window of Apertus?'
    >>> respelt("How large is Mixtral?", {"mixtral"}, ["Mistral has 7 billion parameters."])
    'How large is Mixtral?'
    >>> respelt("which fromat has tokenizaton?", {"fromat", "tokenizaton"}, ["The format of tokenization."])
    'which format has tokenization?'
    """
    if not unknown:
        return question
    written: dict[str, str] = {}
    singles: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(text):
            for key, table in ((word.casefold(), written), (_single(word), singles)):
                if key not in table or word.islower():  # a capital at the start of a sentence is none of the word's
                    table[key] = word

    def mended(match: re.Match[str]) -> str:
        word = match.group()
        if " ".join(words(word)) not in unknown:
            return word
        if near := singles.get(_single(word)):
            return near
        beside = question[max(match.start() - 1, 0) : match.start()] + question[match.end() : match.end() + 2]
        return word if _JOINED.search(beside) or not word.islower() else _slip(word, written) or word

    return _WORD.sub(mended, question)


def _slip(word: str, written: Mapping[str, str]) -> str:
    """The one word of the notes that a word was meant to be; empty where there are several, or none."""
    near = [one for one in _swapped(word) if one in written]
    if not near and len(word) >= _LONGER:
        near = [one for one in written if len(one) != len(word) and one[0] == word[0] and Levenshtein.distance(one, word) == 1]
    return written[near[0]] if len({" ".join(words(one)) for one in near}) == 1 else ""


def _swapped(word: str) -> Iterator[str]:
    """A word with two neighbours in each other's place, not the first letter; none for a short one, which is often a word too."""
    for place in range(1, len(word) - 1 if len(word) >= _LONG_ENOUGH else 0):
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _single(word: str) -> str:
    """A word with each run of the same letter as one."""
    return _RUN.sub(r"\1", word.casefold())
