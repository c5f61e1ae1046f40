"""Inline markup to visible text, exact by construction: every character of the text is taken from a known place of the source.

One walk over the characters that mean something; the rest is copied in stretches. What cannot be told to be markup stays text.
Links, tags, block ids and footnote marks are reported to a `Sink`.
"""

from __future__ import annotations

import functools
import html as entities
import re
from collections.abc import Callable, Sequence
from html.entities import html5

from rag.markdown import braces, brackets, emphasis, html, hugo, links
from rag.markdown.align import Aligned, strip
from rag.markdown.emphasis import Run
from rag.markdown.fences import Ticks
from rag.markdown.output import Item, Lines, Output
from rag.markdown.sink import Sink
from rag.types import Span

_TRIGGER = r"""
    \\(?P<escaped>[!-/:-@\[-`{-~])
  | (?P<tick>`+)
  | (?P<run>\*+|_+|~+)
  | (?P<wiki>!?\[\[)
  | (?P<note>\[\^[^\]\s\[]{1,100}\]|\^\[)
  | (?P<open>!?\[)
  | (?P<close>\])
  | (?P<tag><)
  | (?P<entity>&(?:[A-Za-z][A-Za-z0-9]{1,31}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});)
  | (?P<math>\$\$?)
  | (?P<icon>:(?:material|octicons|fontawesome|simple)-[a-z0-9-]+:(?:\{[^{}\n]*\})?)
  | (?P<mark>==|\^\^)
  | (?P<keys>\+\+(?=["a-z0-9][^\n+]*(?:\+[^\n+]+)*\+\+))
  | (?P<brace>\{)
  | (?P<block_id>(?<![^\s%(mark)s])\^(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{2,}(?=[ \t%(mark)s]*(?:\n|\Z)))
  | (?P<hashtag>(?<![^\s(,;%(mark)s])\#[^\W\d][\w/-]*|(?<![^\s(,;%(mark)s])\#\d+[\w/-]*[^\W\d_][\w/-]*)
  | (?P<hidden>%(mark)s+)
  | (?P<line>\n[ \t]*)
"""
_KEYS = re.compile(r"\+\+([\"a-z0-9][\w\"' -]*(?:\+[\w\"' .-]+)*)\+\+")
_CJK = re.compile(r"[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_FIELD = re.compile(r"[ \t]*(?:[-*+][ \t])?[A-Za-z][\w /-]{0,40}::[ \t]")
_CHECK = re.compile(r"\[[ xX/-]\][ \t]")
_QUERY = re.compile(r"\$?=[ \t]*(?:this\b|dv\b|\[\[|[a-z]+\()")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z")


@functools.lru_cache(maxsize=8)
def _patterns(mark: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where the walk stops, and what it may find there."""
    written = re.escape(mark)
    return re.compile(rf"[\\`*_~!\[\]<&$:=+{{^#\n{written}]"), re.compile(_TRIGGER % {"mark": written}, re.VERBOSE)


class Cleaner:
    """Cleans one stretch of lines; use `clean`."""

    def __init__(self, text: str, lines: Sequence[Span], sink: Sink, *, markdown: bool = True, raw_lines: bool = False) -> None:
        self.sink = sink
        self.in_table = False
        self.in_rows = False  # of a table in HTML, where a line is a row
        self.alone = False  # no tag has its partner in another block
        self._lines = Lines(text, lines)
        self.text = self._lines.text
        self.markdown = markdown
        self.raw_lines = raw_lines
        self.items: list[Item] = []
        self._runs: list[Run] = []
        self._brackets: list[tuple[int, bool]] = []
        self.tags: list[tuple[html.Tag, Item]] = []
        self.ticks = Ticks(self.text)
        self._closing_marks: set[int] = set()
        self._note_ends: set[int] = set()  # brackets that close a footnote written in its place

    def span(self, start: int, end: int) -> Span:
        """A stretch of the joined lines in the source."""
        return self._lines.span(start, end)

    def run(self) -> Aligned:
        """Clean the lines."""
        text = self.text
        stop, trigger = _patterns(self.sink.mark)
        search, match = stop.search, trigger.match
        kept = at = 0
        while found := search(text, at):
            start = found.start()
            hit = match(text, start)
            if not hit:
                at = start + 1
                continue
            self.take(kept, start)
            at = _HANDLERS[hit.lastgroup or ""](self, hit)
            kept = at if at > start else start
            at = max(at, hit.end())
        self.take(kept, len(text))
        brackets.settle(self)
        return strip(self._assemble())

    # output

    def take(self, start: int, end: int) -> None:
        """Show a stretch of the text as it is; it must not run over lines."""
        if start < end:
            self.items.append(Item(start, end))

    def put(self, start: int, end: int, by: str) -> None:
        """Show something else in the place of a stretch."""
        self.items.append(Item(start, end, by))

    def _assemble(self) -> Aligned:
        """Join the items; marks of emphasis are left out here."""
        holes = emphasis.resolve(self._runs) if self._runs else []
        output = Output(self._lines, self.sink.mark, raw=self.raw_lines)
        number = 0
        for item in self.items:
            if item.text is not None:
                output.stand_in(item)
                continue
            start, end = item.start, item.end
            while number < len(holes) and holes[number][1] <= start:
                number += 1
            while number < len(holes) and holes[number][0] < end:
                output.copy(start, holes[number][0])
                start = min(holes[number][1], end)
                if holes[number][1] > end:
                    break
                number += 1
            output.copy(start, end)
        return Aligned("".join(output.texts), tuple(output.segments))

    def take_lines(self, start: int, end: int) -> None:
        """Show a stretch as it is, which may run over lines."""
        at = start
        while at < end:
            stop = self.text.find("\n", at, end)
            stop = end if stop < 0 else stop
            self.take(at, stop)
            if stop < end:
                self.put(stop, stop + 1, "\n" if self.raw_lines else " ")
            at = stop + 1

    # constructs

    def _escaped(self, match: re.Match[str]) -> int:
        if not self.markdown:
            return 0
        if match["escaped"] in "([" and self.sink.math:
            close = self.text.find("\\)" if match["escaped"] == "(" else "\\]", match.end(), match.end() + 500)
            inner = self.text[match.end() : close]
            if close > 0 and re.search(r"[\\^_={}]|^\s*\S{1,3}\s*$", inner) and "\n\n" not in inner:
                self.take_lines(match.start(), close + 2)
                return close + 2
        self.take(match.start() + 1, match.end())
        return match.end()

    def _tick(self, match: re.Match[str]) -> int:
        if not self.markdown:
            return 0
        close = self.ticks.after(len(match["tick"]), match.end())
        if not close:
            return 0
        start, end = match.end(), close[0]
        if self.sink.hard_lines and _QUERY.match(self.text, start, end):  # Dataview shows what it finds
            self.sink.hidden.append(self.span(match.start(), close[1]))
            return close[1]
        inner = self.text[start:end]
        if len(inner) > 2 and inner[0] in " \n" and inner[-1] in " \n" and inner.strip():
            start, end = start + 1, end - 1
        shebang = re.compile(r"(?:#!|:::)[a-z][\w+-]*[ ]+").match(self.text, start, end)
        self._unescaped(shebang.end() if shebang else start, end)
        return close[1]

    def _unescaped(self, start: int, end: int) -> None:
        """Code, with the marks that keep a shortcode from running left out."""
        holes = hugo.escapes(self.text, start, end)
        if self.in_table:  # in a table, a bar has to be escaped in code too
            holes.extend((match.start(), match.start() + 1) for match in _ESCAPED_BAR.finditer(self.text, start, end))
        at = start
        for low, high in sorted(holes):
            self.take_lines(at, low)
            at = high
        self.take_lines(at, end)

    def _run(self, match: re.Match[str]) -> int:
        start, end = match.span()
        if not self.markdown or (match["run"][0] == "~" and end - start > 2):
            return 0
        self._runs.append(emphasis.run_at(self.text, start, end))
        return 0

    def _wiki(self, match: re.Match[str]) -> int:
        found = links.wikilink(self.text, match.start()) if self.markdown else None
        if not found:
            return self._open(match) if self.markdown else 0
        embed = match["wiki"][0] == "!"
        span = self.span(match.start(), found.end)
        self.sink.links.append(("embed" if embed else "wikilink", found.target, span))
        for start, end, text in found.shown:
            if text is None:
                self.take(start, end)
            else:
                self.put(start, end, text)
        return found.end

    def _note(self, match: re.Match[str]) -> int:
        if not self.markdown:
            return 0
        if match["note"] == "^[":
            close = links.closing_bracket(self.text, match.end())
            if close < 0:
                return 0
            self.put(match.start(), match.start(), " ")
            self.put(match.start(), match.end(), "(")
            self._note_ends.add(close)
            return match.end()
        if not match.start() and self.text.startswith(":", match.end()):
            return 0
        self.sink.footnotes.append((match["note"][2:-1], self._lines.source(match.start())))
        return match.end()

    def _open(self, match: re.Match[str]) -> int:
        if not self.markdown:
            return 0
        image = match[0][0] == "!"
        start = match.start()
        check = _CHECK.match(self.text, start) if start == 0 else None
        if check:
            self.take(start, check.end())
            return check.end()
        self._brackets.append((len(self.items), image))
        end = start + (2 if image else 1)
        self.take(start, end)
        return end

    def _close(self, match: re.Match[str]) -> int:
        if match.start() in self._note_ends:
            self.put(*match.span(), ")")
            return match.end()
        if not self._brackets:
            return 0
        index, image = self._brackets.pop()
        opener = self.items[index]
        link = links.after_bracket(self.text, opener.end, match.start(), self.sink.references, loose=self.sink.loose)
        if link is None:
            attributes = None if image else braces.ATTRIBUTES.match(self.text, match.end())
            if not attributes:
                return 0
            opener.text = ""  # a span that has attributes and leads nowhere
            return attributes.end()
        end = link.end
        attributes = braces.ATTRIBUTES.match(self.text, end)
        if attributes:
            end = attributes.end()
        target = link.target
        if self.sink.mark not in target and (target or image):
            self.sink.links.append(("image" if image else "link", target, self.span(opener.start, link.end)))
        opener.text = ""
        if image:
            self._end_at(index, opener.end + links.alternative(self.text[opener.end : match.start()]))
        return end

    def _end_at(self, index: int, end: int) -> None:
        """Leave out what the items after one show behind an offset."""
        for item in reversed(self.items[index + 1 :]):
            if item.end <= end:
                break
            item.end = max(item.start, end)
            item.text = "" if item.start >= end else item.text

    def _tag(self, match: re.Match[str]) -> int:
        return brackets.read(self, match.start())

    def _entity(self, match: re.Match[str]) -> int:
        text = entities.unescape(match[0])
        if match[0][1] != "#" and match[0][1:] not in html5:
            return 0  # `unescape` takes the beginning of a longer word for a name
        if text == match[0] or not text or text == "\ufffd":
            return 0
        self.put(match.start(), match.end(), " " if text == "\xa0" else text)
        return match.end()

    def _math(self, match: re.Match[str]) -> int:
        if not self.markdown or not self.sink.math:
            return 0
        close = links.math_end(self.text, match.start(), len(match["math"]))
        if close < 0:
            return 0
        self.take_lines(match.start(), close)
        return close

    def _icon(self, match: re.Match[str]) -> int:
        return match.end() if self.markdown else 0

    def _mark(self, match: re.Match[str]) -> int:
        """`==highlighted==` and `^^inserted^^`."""
        start, end = match.span()
        text, sign = self.text, match[0][0]
        if start in self._closing_marks:
            return end
        if not self.markdown or (start and text[start - 1] == sign) or text[end : end + 1] in (sign, " ", "\n", ""):
            return 0
        close = text.find(match[0], end, end + 2000)
        if close < 0 or text[close - 1].isspace() or text[close + 2 : close + 3] == sign or "\n\n" in text[end:close]:
            return 0
        self._closing_marks.add(close)
        return end

    def _keys(self, match: re.Match[str]) -> int:
        found = _KEYS.match(self.text, match.start()) if self.markdown else None
        if not found:
            return 0
        for name in re.finditer(r"[^\"]+", found[1]):
            self.take(found.start(1) + name.start(), found.start(1) + name.end())
        return found.end()

    def _brace(self, match: re.Match[str]) -> int:
        return braces.read(self, match.start()) if self.markdown else 0

    def _block_id(self, match: re.Match[str]) -> int:
        if not self.markdown:
            return 0
        self.sink.block_ids.append((match["block_id"][1:], self.span(*match.span())))
        self.sink.hidden.append(self.span(*match.span()))
        return match.end()

    def _hashtag(self, match: re.Match[str]) -> int:
        if self.markdown and not _COLOUR.match(match[0]):
            self.sink.tags.append((match[0][1:].rstrip("/-"), self._lines.source(match.start())))
        return 0

    def _hidden(self, match: re.Match[str]) -> int:
        return match.end()

    def _line(self, match: re.Match[str]) -> int:
        """A line end in prose: a space, unless the author meant a line."""
        if self.raw_lines:
            self.put(match.start(), match.start() + 1, "\n")
            return match.start() + 1
        start, end = match.span()
        text = self.text
        before = self.items[-1] if self.items else None
        hard = self.sink.hard_lines or bool(_FIELD.match(text, end))
        if before and before.text is None and before.end == start:
            while before.end > before.start and text[before.end - 1] in " \t":
                before.end -= 1
            hard = hard or start - before.end > 1
            if before.end > before.start and text[before.end - 1] == "\\" and before.end == start:
                before.end -= 1
                hard = True
        if not hard and start and end < len(text) and _CJK.match(text[start - 1]) and _CJK.match(text[end]):
            return end
        self.put(start, end, "\n" if hard else " ")
        return end


_ESCAPED_BAR = re.compile(r"\\\|")

_HANDLERS: dict[str, Callable[[Cleaner, re.Match[str]], int]] = {
    name: getattr(Cleaner, f"_{name}")
    for name in ("escaped tick run wiki note open close tag entity math icon mark keys brace block_id hashtag hidden line".split())
}


def clean(text: str, lines: Sequence[Span], sink: Sink, *, alone: bool = False) -> Aligned:
    """The visible text of the lines of a block, stripped; `alone` if its tags have no partners in other blocks."""
    cleaner = Cleaner(text, lines, sink)
    cleaner.alone = alone
    return cleaner.run()


def clean_cell(text: str, cell: Span, sink: Sink) -> Aligned:
    """The visible text of a table's cell, on one line."""
    cleaner = Cleaner(text, [cell], sink)
    cleaner.in_table = cleaner.alone = True
    cleaned = cleaner.run()
    return Aligned(cleaned.text.replace("\n", " "), cleaned.alignment)


def clean_html(text: str, lines: Sequence[Span], sink: Sink, *, preformatted: bool = False) -> Aligned:
    """The visible text of a table in HTML, row by row, Markdown included; or of preformatted text, where only tags are markup."""
    cleaner = Cleaner(text, lines, sink, markdown=not preformatted, raw_lines=preformatted)
    cleaner.in_rows = not preformatted
    return cleaner.run()
