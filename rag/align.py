"""Cleaned text and its source: looking up, cutting and joining alignments.

An alignment is a tuple of `(text_start, text_end, source_start, source_end)`, ordered and not overlapping in the text. Equal
lengths mean character by character; otherwise the stretch corresponds as a whole (an entity and its character, say).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from rag.types import Alignment, Segment, Span


def to_source(alignment: Alignment, start: int, end: int) -> Span | None:
    """Return the hull in the source of `text[start:end]`; None if all of it was inserted.

    >>> to_source(((0, 5, 2, 7),), 1, 3)
    (3, 5)
    """
    low: int | None = None
    high = 0
    for segment in _reach(alignment, start, end):
        first, last = _part(segment, start, end)
        low = first if low is None else min(low, first)
        high = max(high, last)
    return None if low is None else (low, high)


def to_spans(alignment: Alignment, spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """Return the stretches of `spans` that `text[start:end]` shows: its hull, without what is hidden between the spans."""
    hull = to_source(alignment, start, end)
    if hull is None:
        return ()
    return tuple((max(a, hull[0]), min(b, hull[1])) for a, b in spans if a < hull[1] and b > hull[0])


def cut(alignment: Alignment, start: int, end: int) -> Alignment:
    """Return the alignment of `text[start:end]`, counted from its own first character.

    >>> cut(((0, 5, 10, 15),), 2, 4)
    ((0, 2, 12, 14),)
    """
    kept: list[Segment] = []
    for segment in _reach(alignment, start, end):
        first, last = _part(segment, start, end)
        kept.append((max(segment[0], start) - start, min(segment[1], end) - start, first, last))
    return tuple(kept)


def shift(alignment: Alignment, by: int) -> Alignment:
    """Return the alignment of a text that now starts `by` characters later."""
    return tuple((a + by, b + by, c, d) for a, b, c, d in alignment)


def first_places(alignment: Alignment) -> list[int]:
    """Return, for each segment, the first place in the source of it and of all that follow it.

    >>> first_places(((0, 2, 5, 7), (2, 4, 1, 3), (4, 5, 9, 10)))
    [1, 1, 9]
    """
    places = list(accumulate((segment[2] for segment in reversed(alignment)), min))
    return places[::-1]


def first_place(alignment: Alignment, places: Sequence[int], start: int) -> int | None:
    """Find where in the source a text goes on.

    Args:
        alignment: of the text.
        places: `first_places` of it, made once for many questions.
        start: in the text.

    Returns:
        The first place in the source that `text[start:]` shows; None if it shows none.
    """
    index = bisect_right(alignment, start, key=_text_end)
    if index == len(alignment):
        return None
    first, _ = _part(alignment[index], start, alignment[index][1])
    return min(first, places[index + 1]) if index + 1 < len(places) else first


def _text_end(segment: Segment) -> int:
    return segment[1]


def _reach(alignment: Alignment, start: int, end: int) -> Iterator[Segment]:
    """Segments that touch `[start, end)` of the text; found by bisection, since a line may have thousands."""
    for index in range(bisect_right(alignment, start, key=_text_end), len(alignment)):
        if alignment[index][0] >= end:
            return
        yield alignment[index]


def _part(segment: Segment, start: int, end: int) -> Span:
    """The source of that part of a segment which lies in `[start, end)` of the text."""
    text_start, text_end, source_start, source_end = segment
    if text_end - text_start != source_end - source_start:
        return source_start, source_end
    return source_start + max(0, start - text_start), source_end - max(0, text_end - end)
