"""Does a text state a fact? Words in a row, folded and stemmed; numbers without thousands separators."""

from __future__ import annotations

from rag.words import words


def states(text: str, fact: str) -> bool:
    """Say whether `text` holds the words of one spelling of `fact`, in a row.

    Args:
        text: plain text; citation markers inside it would break a row.
        fact: spellings separated by `|`.

    Returns:
        True if one spelling stands there; endings and case do not count.

    >>> states("It has 1,024 dimensions.", "1024 dimension|kilodimensional")
    True
    """
    given = words(text)
    return any(_row(given, words(spelling)) for spelling in fact.split("|"))


def _row(given: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    return bool(size) and any(given[i : i + size] == wanted for i in range(len(given) - size + 1))
