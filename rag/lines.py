"""Line numbers of a text whose lines end at LF, CRLF or a lone CR."""

from __future__ import annotations

import re
from bisect import bisect_right

_BREAK = re.compile(r"\r\n|\r|\n")


class LineTable:
    """Offsets to line numbers; built once per text, looked up by bisection."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def line(self, offset: int) -> int:
        r"""Return the line, from 1, that holds the character at `offset`.

        >>> LineTable("a\r\nb").line(3)
        2
        """
        return bisect_right(self._starts, offset)
