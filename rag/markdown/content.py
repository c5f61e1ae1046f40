"""The text of blocks that are not prose: code line by line, tables row by row."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from rag.markdown import hugo
from rag.markdown.align import Aligned, join, merge, verbatim
from rag.markdown.drafts import Piece
from rag.markdown.scan import Leaf
from rag.types import Span

_INFO = re.compile(r"[ \t]*\{?[ \t]*\.?([A-Za-z][\w+#.-]*+)(?!=)")
_DIRECTIVE = re.compile(r"[ \t]*\{(?:code|code-block|code-cell|sourcecode)\}[ \t]*([A-Za-z][\w+#.-]*)")
_CODE_TITLE = re.compile(r"""(?:title|filename|file|caption|name)=(?P<quote>["'])(?P<title>[^"'\n]+)(?P=quote)""")
_TABLE_TITLE = re.compile(r"[ \t]*\{csv-table\}[ \t]+(?P<title>\S[^\n]*?)[ \t]*\Z")
_ROW, _HEAD_CELL = re.compile(r"<tr\b", re.IGNORECASE), re.compile(r"<th\b", re.IGNORECASE)
_CELL_END = re.compile(r"\\.|<\|[A-Za-z][\w-]*\|>|\|", re.DOTALL)

MATH = frozenset(("math", "latex", "katex", "tex"))
QUERIES = frozenset("dataview dataviewjs tasks query base compressed-json excalidraw toc leaflet".split())


def language(info: str) -> str:
    """The language that a fence names, in lower case; empty where there is none.

    >>> language("{.python .copy} title='x'"), language("js {1,3}")
    ('python', 'js')
    """
    match = _DIRECTIVE.match(info) or _INFO.match(info)
    return match[1].lower().rstrip(".") if match else ""


def code_title(text: str, start: int, end: int) -> Span | None:
    """Where the title of a fence stands in its first line."""
    match = _TABLE_TITLE.match(text, start, end) or _CODE_TITLE.search(text, start, end)
    return match.span("title") if match else None


def code(text: str, lines: Sequence[Span], original: str) -> tuple[Aligned, list[Piece]]:
    """Code as it stands, without blank lines at its ends.

    Args:
        text: masked.
        lines: what each line shows.
        original: the same text, unmasked; where the two differ, something is hidden.
    """
    kept = [line for line in lines if text[slice(*line)].strip() or not original[slice(*line)].strip()]  # the rest is hidden
    while kept and not text[slice(*kept[0])].strip():
        kept.pop(0)
    while kept and not text[slice(*kept[-1])].strip():
        kept.pop()
    rows: list[Aligned] = []
    pieces: list[Piece] = []
    at = 0
    for low, high in kept:
        row = _visible(text, low, high, original)
        pieces.append(Piece("line", at, at + len(row.text), low))
        at += len(row.text) + 1
        rows.append(row)
    return join(rows), pieces


def _visible(text: str, low: int, high: int, original: str) -> Aligned:
    """A line of code without what is hidden in it and without the marks that keep a shortcode from running."""
    holes = hugo.escapes(original, low, high)
    if text[low:high] != original[low:high]:
        holes.extend((at, at + 1) for at in range(low, high) if text[at] != original[at])
    if not holes:
        return verbatim(text[low:high], low)
    found: list[Aligned] = []
    at = low
    for start, end in merge(holes):
        found.append(verbatim(text[at:start], at))
        at = end
    found.append(verbatim(text[at:high], at))
    return join(found, "")


def cells(text: str, low: int, high: int) -> list[Span]:
    r"""The cells of a table's row, without the white space around them.

    `\|` is no border, nor are the bars of a token's mark, as in `<|name|>`.
    """
    low, high = trim(text, low, high)
    if text.startswith("|", low, high):
        low += 1
    found: list[Span] = []
    at = low
    for match in _CELL_END.finditer(text, low, high):
        if match[0] == "|":
            found.append(trim(text, at, match.start()))
            at = match.end()
    if at < high:
        found.append(trim(text, at, high))
    return found


def rows(text: str, cleaned: Aligned, leaf: Leaf) -> list[Piece]:
    """The rows of a table in HTML, one a line; its caption and a row of `<th>` are its header."""
    begins = [match.start() for match in _ROW.finditer(text, leaf.start, leaf.end)]
    heads = [match.start() for match in _HEAD_CELL.finditer(text, leaf.start, leaf.end)]
    found: list[Piece] = []
    at, begin, headed = 0, leaf.start, False
    for number, line in enumerate(cleaned.text.split("\n")):
        first = bisect_right(cleaned.alignment, at, key=lambda segment: segment[1])
        place = cleaned.alignment[first][2] if first < len(cleaned.alignment) else leaf.end
        end = at + len(line)
        if number:
            row = bisect_right(begins, place) - 1
            before, begin = begin, begins[row] if row >= 0 and begins[row] > begin else place
            if not before < begin < leaf.end:  # it has no text of its own
                found[-1].text_end, begin, at = end, before, end + 1
                continue
        if number < 2 and not headed and bisect_right(heads, place) > bisect_right(heads, begin if number else leaf.start):
            headed, found = True, [Piece("header", 0, end, leaf.start)]
        else:
            found.append(Piece("row", at, end, begin))
        at = end + 1
    return found


def trim(text: str, low: int, high: int) -> Span:
    """A stretch without the spaces around it."""
    while low < high and text[low] in " \t":
        low += 1
    while high > low and text[high - 1] in " \t":
        high -= 1
    return low, high
