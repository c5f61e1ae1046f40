r"""Display math: `$$ ... $$`, `\[ ... \]` and environments such as `align` at the start of a line. Its TeX is kept as it is."""

from __future__ import annotations

import re

from rag.markdown.lines import line_end
from rag.markdown.scan import PREFIX, Leaf, Scan
from rag.types import Span

_AFTER = re.compile(r"[.,;]?[ \t]*(?=(?:\([^()\n]{0,60}\)|\{#[^{}\n]*\}|\^[\w-]+)?[ \t]*$)", re.MULTILINE)


def read(scan: Scan, start: int, end: int) -> int:
    """A formula that begins at `start`; what is no display math is left alone."""
    text = scan.text
    dollars = text.startswith("$$", start)
    at = start
    if not scan.begins_line(at):  # it may end on a line of its own, which must not begin another
        close = scan.find("$$", end) if dollars else -1
        return close + 2 if end < close < scan.paragraph_end(at) else end
    if scan.in_indented_code(at):
        return end
    alone = not text[at + 2 : line_end(text, at)].strip()
    limit = scan.next_heading(at) if alone else scan.paragraph_end(at)
    close = scan.find("$$" if dollars else "\\]", at + 2)
    if close < 0 or close >= limit:
        if alone and dollars:
            scan.notice(at, "unclosed-math", "This formula is not closed; it is read as text.")
        return end
    after = _AFTER.match(text, close + 2)
    if not after or not text[at + 2 : close].strip():
        return close + 2
    scan.cover(Leaf("math", at, after.end(), content_lines(text, at + 2, close), "verbatim"))
    if scan.myst and text.startswith("(", after.end()):  # a label to refer to; elsewhere it is the number that a reader sees
        scan.hide(after.end(), line_end(text, after.end()))
    return after.end()


def environment(scan: Scan, start: int, end: int) -> int:
    r"""`\begin{align} ... \end{align}` on lines of its own, whose first mark is `[start, end)`."""
    text = scan.text
    mark = "\\end" + text[start + len("\\begin") : end]
    close = scan.find(mark, end)
    after = close + len(mark)
    if not end <= close < scan.next_heading(start) or scan.in_indented_code(start) or not scan.fills_lines(start, after):
        return end
    scan.cover(Leaf("math", start, after, content_lines(text, start, after), "verbatim"))
    return after


def content_lines(text: str, start: int, end: int) -> list[Span]:
    """The lines of a stretch without quote marks; the first may begin inside a line; blank ones at the ends are left out."""
    found: list[Span] = []
    at = start
    while at <= end:
        stop = min(line_end(text, at), end)
        prefix = PREFIX.match(text, at, stop)
        low = at if at == start or not prefix or ">" not in prefix[0] else prefix.end()
        found.append((low, stop))
        at = stop + 1
    while found and not text[slice(*found[0])].strip():
        found.pop(0)
    while found and not text[slice(*found[-1])].strip():
        found.pop()
    return found
