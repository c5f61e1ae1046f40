"""Code, as the first pass sees it: where fences and code spans end, so that nothing in them is taken for markup.

A fence that nobody closed would swallow the rest of the page; here it ends at the next heading, with a notice.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right

from rag.markdown.lines import line_end
from rag.markdown.scan import Scan
from rag.types import Span

_TICKS = re.compile("`+")
_PROSE = frozenset({"md", "markdown", "mdx", "rst", "text", "txt", "quarto"})
_CODE_HEADING = re.compile(r"#[ \t]")


@functools.lru_cache(maxsize=64)
def _closing(mark: str, length: int) -> re.Pattern[str]:
    return re.compile(rf"^[ \t>]*{re.escape(mark)}{{{length},}}[ \t]*$", re.MULTILINE)


@functools.lru_cache(maxsize=64)
def _opening(mark: str, length: int) -> re.Pattern[str]:
    return re.compile(rf"^[ \t>]*{re.escape(mark)}{{{length}}}[ \t]*[A-Za-z{{][^`\n]*$", re.MULTILINE)


class Fences:
    """Fences of one text; remembers what is not there, so that a page full of open fences is read once."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._unclosed: dict[str, int] = {}

    def close(self, at: int, mark: str, length: int, info: str) -> tuple[int, int]:
        """The end of the content and of the whole of the fence whose marks stand at `at`; both are line ends or starts."""
        scan, text = self._scan, self._scan.text
        first = line_end(text, at)
        match = None
        if length < self._unclosed.get(mark, 1 << 30):
            match = _closing(mark, length).search(text, first)
            if not match:
                self._unclosed[mark] = length
        stop = match.start() if match else len(text)
        if len(scan.broken) < 50 and info.split(" ", 1)[0].lower().strip("{}") not in _PROSE:
            heading = self._damage(first, stop, mark, length, found=match is not None)
            if heading is not None:
                scan.broken[at] = heading
                scan.notice(at, "unbalanced-fence", "This code fence is not closed; it is read as ending at the next heading.")
                return heading, heading
        if not match:
            scan.notice(at, "unbalanced-fence", "This code fence is not closed; the rest of the page is read as code.")
            return stop, stop
        return stop, match.end()

    def _damage(self, first: int, stop: int, mark: str, length: int, *, found: bool) -> int | None:
        """Where the fence should have ended: at a heading, if the end is missing or another fence begins inside."""
        if found:
            inner = _opening(mark, length).search(self._scan.text, first, stop)
            if not inner:
                return None
            stop = inner.start()
        headings = self._scan.headings
        for index in range(bisect_right(headings, first), len(headings)):
            heading = headings[index]
            if heading >= stop:
                return None
            # in code, a single # is more often a comment, unless it stands alone
            if not _CODE_HEADING.match(self._scan.text, heading) or self._scan.text[max(heading - 2, 0) : heading] == "\n\n":
                return heading
        return None


class Ticks:
    """Runs of backticks of one text, by their length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: dict[int, list[int]] | None = None

    def after(self, length: int, at: int) -> Span | None:
        """The next run of exactly so many backticks."""
        if self._starts is None:
            self._starts = {}
            for match in _TICKS.finditer(self._text):
                self._starts.setdefault(match.end() - match.start(), []).append(match.start())
        starts = self._starts.get(length, [])
        index = bisect_left(starts, at)
        return (starts[index], starts[index] + length) if index < len(starts) else None


class CodeSpans:
    """Code spans of one text: a run of backticks and the next run of the same length in the paragraph."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._ticks = Ticks(scan.text)

    def end(self, at: int, length: int) -> int:
        """The end of the span that begins at `at`; the end of the run alone if nothing closes it."""
        close = self._ticks.after(length, at + length)
        return close[1] if close and close[1] <= self._scan.paragraph_end(at) else at + length
