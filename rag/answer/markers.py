"""Citation markers in a text, such as [2] or [1, 3]: read, taken away, put after a sentence. What looks like one in code is code.

Knows text; knows no passages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rag.answer.fences import FENCED, pieces

_MARKER: Final = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_LATE: Final = re.compile(r"([.!?。！？])((?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+)")
_CODE: Final = re.compile(rf"{FENCED}|(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)", re.MULTILINE | re.DOTALL)


def without_markers(text: str) -> str:
    """Return a text without its markers, and without the space before each.

    >>> without_markers("Take the first [2] with `items[0]`. [1, 3]")
    'Take the first with `items[0]`.'
    """
    return _outside_code(text, lambda prose: _MARKER.sub("", prose))


def markers_inside(text: str) -> str:
    """Return a text in which markers behind a full stop belong to the sentence before it.

    >>> markers_inside("Tea is hot. [1] Ice is cold.")
    'Tea is hot [1]. Ice is cold.'
    """
    return _outside_code(text, lambda prose: _LATE.sub(r"\2\1", prose))


def numbers_in(text: str) -> Iterator[int]:
    """Yield the numbers of the markers, in order."""
    for piece, is_code in pieces(text, _CODE):
        for match in () if is_code else _MARKER.finditer(piece):
            yield from map(int, match.group(1).split(","))


def with_markers(text: str, markers: Sequence[int]) -> str:
    """Put markers after a sentence; before its full stop would read as part of it, and inside a fence they would be code."""
    if not markers:
        return text
    joined = "".join(f"[{marker}]" for marker in markers)
    return f"{text}\n{joined}" if text.startswith(("```", "~~~")) else f"{text} {joined}"


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    return "".join(piece if is_code else change(piece) for piece, is_code in pieces(text, _CODE))
