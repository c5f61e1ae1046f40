"""The words of a text, folded and stemmed, for overlap and lexical ranking.

Knows letters, numbers and scripts without spaces; knows nothing of documents or scores.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

from rag.variants import american

# A number keeps its decimal point and its thousands separators; a name keeps inner `-`, `.` and `_` as separate words.
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\d*[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_STOP = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below between both but by
    can could did do does doing down during each few for from further had has have having he her here hers him his how i
    if in into is it its itself just me more most my no nor not of off on once only or other our out over own per same
    she should so some such than that the their them then there these they this those through to too under until up very
    was we were what when where which while who whom why will with would you your der die das den dem des ein eine einer
    eines und oder ist sind wie was wer wo wann warum mit von zu im in auf für nicht el la los las un una unos unas y o
    es son que qué como cómo de del en con por para no se su
    """.split()
)
_stemmer = Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """Return every word of `text`: normalised (NFKC), case-folded, stemmed in American spelling; of a script without spaces pairs.

    >>> words("Running 1,024 tests of its colour")
    ['run', '1024', 'test', 'of', 'it', 'color']
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    for word in _WORD.findall(folded):
        if word[0].isdigit():
            found.append(normal_number(word))
        elif not word.isascii() and _UNSPACED.search(word):
            found.extend(_bigrams(word))
        else:
            found.append(_stem(word))
    return found


def content_words(text: str) -> list[str]:
    """Return `words` without those that carry no subject, such as articles."""
    return [word for word in words(text) if word not in _STOP_STEMS]


def is_stop_word(word: str) -> bool:
    """Whether a word of `words` carries no subject."""
    return word in _STOP_STEMS


def numbers(text: str) -> set[str]:
    """Return the numbers of `text`, without thousands separators.

    >>> sorted(numbers("0.5 of 1,024"))
    ['0.5', '1024']
    """
    return {normal_number(match.group()) for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text))}


def normal_number(text: str) -> str:
    """Drop thousands separators (groups of exactly three digits after commas) from a number."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        return text.replace(",", "")
    return text


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    stemmed: str = _stemmer.stemWord(american(word))
    return stemmed


def _bigrams(word: str) -> list[str]:
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]


_STOP_STEMS = frozenset(_stem(word) for word in _STOP) | _STOP
