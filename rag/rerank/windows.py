"""A text that is too long for a model to windows that are not. Pure; knows tokens as the places where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Span

_SHARED = 4  # windows share a quarter, so that what answers stands whole in one of them


def windows(places: Sequence[Span], width: int) -> list[Span]:
    """Cut a text into stretches of so many tokens.

    Args:
        places: of its tokens, in characters, in order.
        width: most tokens of a stretch, at least 1.

    Returns:
        Half-open stretches, in characters, that hold every token; one where it all fits, none without a token.

    >>> windows([(0, 2), (3, 5), (6, 8), (9, 11), (12, 14)], 4)
    [(0, 11), (3, 14)]
    """
    if not places:
        return []
    step = max(width - width // _SHARED, 1)
    last = max(len(places) - width, 0)
    starts = [*range(0, last, step), last]
    return [(places[start][0], places[min(start + width, len(places)) - 1][1]) for start in starts]


def ending(places: Sequence[Span], most: int) -> int:
    """Return where the last `most` tokens of a text begin, in characters; 0 where there are no more than those."""
    return places[-most][0] if len(places) > most else 0
