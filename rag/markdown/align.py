"""Text that knows where in a source each of its characters comes from.

Pieces of cleaned text that are cut, stripped and joined together with their alignment, and sets of spans. Looking an
alignment up is `rag.align`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rag.types import Alignment, Segment, Span


class Aligned(NamedTuple):
    """A text and its alignment."""

    text: str
    alignment: Alignment


EMPTY = Aligned("", ())


def verbatim(text: str, source_start: int) -> Aligned:
    """Text that stands in the source as it is, from `source_start` on."""
    return Aligned(text, ((0, len(text), source_start, source_start + len(text)),)) if text else EMPTY


def as_whole(start: int, end: int, low: int, high: int) -> tuple[Segment, ...]:
    """Characters `[start, end)` that stand for the source `[low, high)` as a whole and not one by one.

    Where the lengths happen to be equal, two segments say so: a single one would claim that the characters correspond.
    """
    if end - start == high - low > 1:
        return (start, start + 1, low, high), (start + 1, end, low, high)
    return ((start, end, low, high),)


def join(pieces: Iterable[Aligned], separator: str = "\n") -> Aligned:
    """Pieces one after the other; the separators map to nothing.

    >>> join([verbatim("a", 4), verbatim("b", 9)], "; ")
    Aligned(text='a; b', alignment=((0, 1, 4, 5), (3, 4, 9, 10)))
    """
    texts: list[str] = []
    segments: list[Segment] = []
    at = 0
    for number, piece in enumerate(pieces):
        if number:
            at += len(separator)
        texts.append(piece.text)
        segments.extend((a + at, b + at, c, d) for a, b, c, d in piece.alignment)
        at += len(piece.text)
    return Aligned(separator.join(texts), tuple(segments))


def _reach(alignment: Sequence[Segment], start: int, end: int) -> Iterable[Segment]:
    """Segments that touch `[start, end)`; found by bisection."""
    first = max(bisect_right(alignment, start, key=lambda segment: segment[0]) - 1, 0)
    last = bisect_left(alignment, end, key=lambda segment: segment[0])
    for segment in alignment[first:last]:
        if segment[1] > start:
            yield segment


def cut(aligned: Aligned, start: int, end: int) -> Aligned:
    """The characters `[start, end)` of a text, with the alignment counted from 0.

    A segment that does not map character by character keeps its whole source where it is cut.

    >>> cut(Aligned("a & b", ((0, 2, 0, 2), (2, 3, 2, 7), (3, 5, 7, 9))), 2, 4)
    Aligned(text='& ', alignment=((0, 1, 2, 7), (1, 2, 7, 8)))
    """
    segments: list[Segment] = []
    for a, b, c, d in _reach(aligned.alignment, start, end):
        low, high = max(a, start), min(b, end)
        if low >= high:
            continue
        if b - a == d - c:
            c, d = c + low - a, c + high - a
        segments.append((low - start, high - start, c, d))
    return Aligned(aligned.text[start:end], tuple(segments))


def strip(aligned: Aligned) -> Aligned:
    """Without white space at both ends."""
    start = len(aligned.text) - len(aligned.text.lstrip())
    end = len(aligned.text.rstrip())
    return aligned if (start, end) == (0, len(aligned.text)) else cut(aligned, start, max(end, start))


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, empty ones left out, overlapping and touching ones joined.

    >>> merge([(4, 6), (0, 2), (2, 3), (5, 9), (7, 7)])
    ((0, 3), (4, 9))
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def subtract(span: Span, holes: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of a span without `holes`, which are sorted and do not overlap.

    >>> subtract((0, 10), [(2, 3), (8, 12)])
    ((0, 2), (3, 8))
    """
    start, end = span
    left: list[Span] = []
    first = max(bisect_right(holes, start, key=lambda hole: hole[0]) - 1, 0)
    for index in range(first, len(holes)):
        low, high = holes[index]
        if low >= end:
            break
        if high <= start:
            continue
        if low > start:
            left.append((start, low))
        start = high
    if start < end:
        left.append((start, end))
    return tuple(left)
