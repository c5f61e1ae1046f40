"""The visible text of some lines as it grows, and where each piece of it stands.

Knows spaces and line ends; knows no markup.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rag.markdown.align import as_whole
from rag.types import Segment, Span


class Lines:
    """Lines of a text as one string.

    Attributes:
        text: the lines, joined by LF.
    """

    def __init__(self, text: str, lines: Sequence[Span]) -> None:
        self.text = text[slice(*lines[0])] if len(lines) == 1 else "\n".join([text[low:high] for low, high in lines])
        self._starts: list[int] = []
        self._shifts: list[int] = []
        at = 0
        for low, high in lines:
            self._starts.append(at)
            self._shifts.append(low - at)
            at += high - low + 1

    def source(self, at: int) -> int:
        """The offset in the source of an offset in the joined lines."""
        return at + self._shifts[bisect_right(self._starts, at) - 1]

    def span(self, start: int, end: int) -> Span:
        """A stretch of the joined lines in the source."""
        return self.source(start), self.source(max(end - 1, start)) + (1 if end > start else 0)


@dataclass(slots=True)
class Item:
    """A piece of output: a stretch of the input, or text that stands for one."""

    start: int
    end: int
    text: str | None = None


CELL = " | "
_INSERTED: Span = (-1, -1)
"""A space of ours."""


class Output:
    """The text and the alignment as they grow; spaces where markup stood between two spaces are not doubled."""

    def __init__(self, lines: Lines, mark: str, *, raw: bool) -> None:
        self._lines, self._mark, self._raw = lines, mark, raw
        self._last = "\n"
        self._copied = False
        self._spaces: Span | None = None  # at the end of the text, not yet known to stand before anything
        self._at = 0
        self.texts: list[str] = []
        self.segments: list[Segment] = []

    def stand_in(self, item: Item) -> None:
        """Text that stands for a stretch of the source."""
        text = item.text
        if text == " " and not self._spaces and not self._last.isspace():
            self._spaces = _INSERTED
        if not text or text == " " or (text == CELL and self._last == "\n"):
            return
        if text in ("\n", CELL) and not self._raw:
            self._spaces = None
            if text == self._last == "\n":
                return
        self._release()
        if text.strip():
            self.segments += as_whole(self._at, self._at + len(text), *self._lines.span(item.start, item.end))
        self._add(text, copied=False)

    def copy(self, start: int, end: int) -> None:
        """A stretch of the source as it is, without what is hidden in it."""
        text, mark = self._lines.text, self._mark
        if text.find(mark, start, end) < 0:
            self._copy(start, end)
            return
        for match in re.finditer(f"[^{mark}]+", text[start:end]):
            self._copy(start + match.start(), start + match.end())

    def _copy(self, start: int, end: int) -> None:
        text = self._lines.text
        if not self._raw:
            if self._spaces or self._last.isspace():
                while start < end and text[start] in " \t":
                    start += 1
            stop = end
            while stop > start and text[stop - 1] in " \t":
                stop -= 1
            if start < stop:
                self._release()
            if stop < end:
                self._spaces = (stop, end)
            end = stop
        self._put(start, end)

    def _release(self) -> None:
        """Put the spaces that were held back."""
        if self._spaces:
            held, self._spaces = self._spaces, None
            if held is _INSERTED:
                self._add(" ", copied=False)
            else:
                self._put(*held)

    def _put(self, start: int, end: int) -> None:
        if start >= end:
            return
        source, at, size = self._lines.source(start), self._at, end - start
        if self._copied and self.segments[-1][1] == at and self.segments[-1][3] == source:
            self.segments[-1] = (self.segments[-1][0], at + size, self.segments[-1][2], source + size)
        else:
            self.segments.append((at, at + size, source, source + size))
        self._add(self._lines.text[start:end], copied=True)

    def _add(self, text: str, *, copied: bool) -> None:
        self.texts.append(text)
        self._at += len(text)
        self._last = text[-1]
        self._copied = copied
