"""A place in the notes with what stands around it, ready to be shown.

Pure: a page's source and spans to stretches of text, marked and not, and to their rendered form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.lines import LineTable
from rag.types import Citation, Passage, Span
from rag.ui.chat.rendered import rendered

CONTEXT_CHARS = 700
"""About half a screen to each side."""

_BREAK = re.compile(r"[\r\n]+")
_LONG_GAP_CHARS = 400
_ELLIPSIS = "\n⋯\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a page.

    Attributes:
        title: of the page.
        path: of the file.
        heading_path: headings above the place.
        lines: first and last line of what is marked, from 1.
        pieces: the text in order; True where it is what is meant, False where it stands around it.
        more_before: whether the page goes on above.
        more_after: whether the page goes on below.
        rendered: the same as it reads, as HTML; empty where it is shown as it is written.
    """

    title: str
    path: str
    heading_path: tuple[str, ...]
    lines: tuple[int, int]
    pieces: tuple[tuple[str, bool], ...]
    more_before: bool
    more_after: bool
    rendered: str = ""

    @property
    def quote(self) -> str:
        """What is marked."""
        return "".join(piece for piece, marked in self.pieces if marked)


def of_citation(citation: Citation, title: str, source: str) -> Place:
    """Find what to show of a cited page.

    Args:
        citation: what is cited.
        title: of its page.
        source: of its page; where the quote does not stand in it at the citation's offsets, only the quote is shown.

    Returns:
        The lines around the quote with the quote marked, or the quote alone.
    """
    if source[citation.start : citation.end] == citation.quote:
        return _place(title, citation.path, citation.heading_path, ((citation.start, citation.end),), source)
    last = citation.line + len(re.findall(r"\r\n|\r|\n", citation.quote))
    return Place(title, citation.path, citation.heading_path, (citation.line, last), ((citation.quote, True),), True, True)


def of_passage(passage: Passage, source: str) -> Place:
    """Return the place of a passage."""
    chunk = passage.chunk
    if passage.spans and passage.spans[-1][1] <= len(source):
        return _place(chunk.title, chunk.path, chunk.heading_path, passage.spans, source)
    return Place(chunk.title, chunk.path, chunk.heading_path, (chunk.line, chunk.line), ((passage.text, True),), True, True)


def _place(title: str, path: str, heading_path: tuple[str, ...], spans: Sequence[Span], source: str) -> Place:
    start, end = spans[0][0], spans[-1][1]
    first, last = _snapped_start(source, start), _snapped_end(source, end)
    pieces: list[tuple[str, bool]] = [(source[first:start], False)]
    position = start
    for low, high in spans:
        gap = source[position:low]
        pieces.append((_ELLIPSIS if len(gap) > _LONG_GAP_CHARS else gap, False))
        pieces.append((source[low:high], True))
        position = high
    pieces.append((source[end:last], False))
    table = LineTable(source)
    lines = table.line(start), table.line(max(start, end - 1))
    shown = tuple((piece, marked) for piece, marked in pieces if piece)
    above, below = bool(source[:first].strip()), bool(source[last:].strip())
    return Place(title, path, heading_path, lines, shown, above, below, rendered(source, spans) or "")


def _snapped_start(source: str, start: int) -> int:
    """Go back to the start of a line, or of a word where the line is long."""
    low = max(0, start - CONTEXT_CHARS)
    if low == 0:
        return 0
    match = _BREAK.search(source, low, start) or re.compile(r"\s+").search(source, low, start)
    return match.end() if match else low


def _snapped_end(source: str, end: int) -> int:
    high = min(len(source), end + CONTEXT_CHARS)
    if high == len(source):
        return high
    line = max(source.rfind("\n", end, high), source.rfind("\r", end, high))
    if line > end:
        return line
    word = source.rfind(" ", end, high)
    return word if word > end else high
