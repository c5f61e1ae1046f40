"""Containers between marks: `:::note[Title]` of Docusaurus and its relatives, `/// note | Title` of MkDocs, MyST's directives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.markdown.blocks import Kind
from rag.markdown.lines import line_end, line_start
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Leaf, Scan, Scope
from rag.types import Span

_OPEN = re.compile(
    r"""[ \t]*(?:\{(?P<directive>[A-Za-z][\w:-]*)\}|(?P<name>[A-Za-z][\w-]*)|(?P<attributes>\{[^{}\n]*\}))
        (?P<rest>[^\n]*)""",
    re.VERBOSE,
)
_SLASHES = re.compile(r"[ \t]*(?P<name>[a-z][\w-]*)[ \t]*(?:\|[ \t]*(?P<title>\S[^\n]*?))?[ \t]*\Z")
_SLASH_OPTIONS = re.compile(r"\n(?:[ \t>]*(?: {4}|\t)[\w-]+:[^\n]*(?:\n|\Z))+")
_TRAILING_ATTRIBUTES = re.compile(r"\{[^{}\n]*\}[ \t]*\Z")
_TITLE = re.compile(r"""title=(?P<quote>["'])(?P<title>.*?)(?P=quote)""")
_OPTION = re.compile(r"[ \t>]*:[\w-]+:[^\n]*(?:\n|\Z)|[ \t>]*---[ \t]*\n(?:[^\n]*\n){0,40}?[ \t>]*---[ \t]*(?:\n|\Z)")
_TYPES = frozenset(
    "note tip info warning danger caution success important details secondary question abstract summary example hint attention "
    "error seealso admonition versionadded versionchanged deprecated dropdown todo quote bug failure tldr".split()
)
_MARKDOWN = _TYPES | frozenset(
    "glossary list-table figure-md margin sidebar card topic grid tab-set tab-item figure table epigraph prf:theorem exercise "
    "solution".split()
)
_SLASHED = frozenset("tab html caption figure-caption table-caption define".split())
_CODE = frozenset("code code-block code-cell csv-table sourcecode literalinclude".split())
_HIDDEN = frozenset("include toctree tableofcontents contents bibliography".split())
_WHOLE = _CODE | _HIDDEN | frozenset("math mermaid image".split())
"""Directives that hold no Markdown."""
_UNTITLED = frozenset("figure figure-md glossary grid tab-set card-carousel".split())
_SHOWN_OPTION = re.compile(r"^[ \t>]*:?(?:alt|caption|header):[ \t]*(?P<value>(?![|>][+-]?[ \t]*$)\S[^\n]*?)[ \t]*$", re.MULTILINE)


@dataclass(slots=True)
class _Open:
    length: int
    scope: Scope
    start: int
    end: int
    name: str


class Colons:
    """Lines of three colons or more, in order."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._open: list[_Open] = []
        self._unclosed_length = 1 << 30  # no line of so many colons or more follows

    def read(self, start: int, end: int) -> int:
        """The marks `[start, end)`; returns where to go on."""
        text = self._scan.text
        stop = line_end(text, end)
        if self._scan.in_indented_code(start):
            return stop
        if not text[end:stop].strip():
            self._close(start, end - start, stop)
            return stop
        return self._begin(start, end, stop)

    def _begin(self, start: int, end: int, stop: int) -> int:
        """The marks `[start, end)` with something after them, up to `stop`; returns where to go on."""
        scan, text = self._scan, self._scan.text
        match = _OPEN.match(text, end, stop)
        if not match:
            return stop
        name = (match["directive"] or match["name"] or "").lower()
        attributes = match["attributes"] or ""
        if attributes and not re.match(r"\{[ \t]*[.#:\w]", attributes):
            return stop
        if match["directive"] and name in _WHOLE and (close := self._closing(stop, end - start)):
            return directive(scan, start, end, *close, colons=True)
        if not name:
            found = re.search(r"\.(?:callout-)?([\w-]+)", attributes)
            name = found[1].lower() if found else ""
        title = None if match["directive"] and name in _UNTITLED else _title(text, match, start, stop)
        kind: Kind = "tab" if name.startswith("tab") and name != "table" else "admonition"
        scope = Scope(stop, len(text), kind if name in _TYPES or title else "", name, title)
        self._open.append(_Open(end - start, scope, start, stop, name))
        if not match["directive"]:
            return stop
        if name == "figure":
            scan.add_link("image", match["rest"].strip(), "", start, stop)
        body = _body(text, stop + 1, len(text))
        _hide_options(scan, stop + 1, body)
        return body if body > stop + 1 else stop

    def _closing(self, at: int, length: int) -> Span | None:
        """The line of so many colons or more that ends a directive."""
        if length >= self._unclosed_length:
            return None
        found = re.compile(rf"^[ \t>]*:{{{length},}}[ \t]*$", re.MULTILINE).search(self._scan.text, at)
        if not found:
            self._unclosed_length = length
        return found.span() if found else None

    def _close(self, start: int, length: int, stop: int) -> None:
        index = len(self._open) - 1
        lowest = max(index - 100, -1)
        exact = next((number for number in range(index, lowest, -1) if self._open[number].length == length), None)
        if exact is None:
            exact = next((number for number in range(index, lowest, -1) if self._open[number].length <= length), None)
        if exact is None:
            return
        for inner in self._open[exact + 1 :]:
            self._unclosed(inner, start)
        opened = self._open[exact]
        del self._open[exact:]
        opened.scope.end = start
        self._keep(opened)
        self._scan.hide(start, stop, blank=True)

    def _keep(self, opened: _Open) -> None:
        scan, title = self._scan, opened.scope.title
        scan.hide(opened.start, opened.end, *([title] if title else []), blank=True)
        scan.scopes.append(opened.scope)
        if title:
            kind: Kind = "tab" if opened.scope.kind == "tab" else "admonition"
            scan.leaves.append(Leaf(kind, *title, [title], "inline", opened.name, label=True))

    def _unclosed(self, opened: _Open, limit: int) -> None:
        """A container without an end: what it says holds to the next heading, if its type is known; else it is text."""
        if opened.name in _TYPES:
            opened.scope.end = min(self._scan.next_heading(opened.end), limit)
            self._scan.notice(opened.start, "unclosed-admonition", f"The container {opened.name} is not closed.")
            self._keep(opened)

    def close(self) -> None:
        """Settle what was not closed."""
        for opened in self._open:
            self._unclosed(opened, len(self._scan.text))


class Slashes(Colons):
    """Lines of three slashes or more, in order: `/// type | Title`, with options indented below."""

    def _begin(self, start: int, end: int, stop: int) -> int:
        scan, text = self._scan, self._scan.text
        match = _SLASHES.match(text, end, stop)
        if not match or match["name"] not in _TYPES | _SLASHED:
            return stop
        name = match["name"]
        title = match.span("title") if match["title"] and name != "html" else None
        kind: Kind = "tab" if name == "tab" else "admonition"
        scope = Scope(stop, len(text), kind if name in _TYPES or title else "", name, title)
        self._open.append(_Open(end - start, scope, start, stop, name))
        options = _SLASH_OPTIONS.match(text, stop)
        if not options:
            return stop
        scan.hide(stop + 1, options.end(), blank=True)
        return options.end() - 1


def _title(text: str, match: re.Match[str], start: int, stop: int) -> Span | None:
    """`[Title]`, a title in the attributes, or the rest of the line."""
    low, high = match.span("rest")
    if match["attributes"]:
        low = match.start("attributes")
    trailing = _TRAILING_ATTRIBUTES.search(text, low, stop)
    if trailing:
        named = _TITLE.search(text, trailing.start(), stop)
        if named:
            return named.span("title")
        high = trailing.start()
    while low < high and text[low] in " \t":
        low += 1
    while high > low and text[high - 1] in " \t:":
        high -= 1
    if high - low > 2 and text[low] + text[high - 1] in ("[]", '""'):
        low, high = low + 1, high - 1
    return (low, high) if low < high else None


def _body(text: str, at: int, stop: int) -> int:
    """Where a directive's content begins: after its `:key: value` lines."""
    while (found := _OPTION.match(text, at, stop)) and found.end() > at:
        at = found.end()
    return at


def _hide_options(scan: Scan, start: int, end: int) -> None:
    """Hide options but for an alternative text."""
    if start < end:
        found = _SHOWN_OPTION.search(scan.text, start, end)
        shown = [found.span("value")] if found else []
        scan.hide(start, end, *shown, blank=True)
        scan.leaves.extend(Leaf("image", *span, [span], "inline") for span in shown)


def directive(scan: Scan, start: int, end: int, content: int, after: int, *, colons: bool = False) -> int:
    """A MyST directive in a code fence, or between colons, whose marks are `[start, end)`; returns where to go on.

    Its content ends at `content`, the whole at `after`. Markdown inside is opened; code and what is not known stay code.
    """
    text = scan.text
    stop = line_end(text, end)
    match = _OPEN.match(text, end, stop)
    if not match or not match["directive"]:
        return after
    name = match["directive"].lower()
    body = _body(text, min(stop + 1, content), content)
    argument = match["rest"].strip()
    if name == "math":
        scan.cover(Leaf("math", start, after, content_lines(text, body, content), "verbatim"))
    elif name == "mermaid":
        scan.cover(Leaf("diagram", start, after, content_lines(text, body, content), "mermaid", "mermaid"))
    elif name == "image":
        _figure(scan, argument, text[stop:body], start, after)
    elif name in _HIDDEN:
        if name == "include":
            scan.add_link("snippet", argument, "", start, after)
        scan.hide(start, after, blank=True)
    elif name in _CODE:
        _code(scan, argument, (start, stop), (body, content), after, colons=colons)
    elif name in _MARKDOWN:
        title = None if name in _UNTITLED else _title(text, match, start, stop)
        if name == "figure":
            scan.add_link("image", argument, "", start, stop)
        scan.ends.add(content)
        _opened(scan, name, title, (start, stop), (body, content), after)
        return min(body, content)
    return after


def _code(scan: Scan, argument: str, head: Span, body: Span, after: int, *, colons: bool) -> None:
    """Code with options, of which a caption and a header row are shown as its first line."""
    text, low = scan.text, min(head[1] + 1, body[0])
    found = _SHOWN_OPTION.search(text, low, body[0])
    shown = found.span("value") if found else (body[0], body[0])
    if colons:
        at = text.find(argument, head[0])
        titled = argument and "csv-table" in text[head[0] : at]
        lines = [*([(at, at + len(argument))] if titled else []), *([shown] if found else []), *content_lines(text, *body)]
        scan.cover(Leaf("code", head[0], after, lines, "verbatim", "csv-table" if titled else argument.lower()))
    elif low < body[0]:
        line = max(line_start(text, shown[0]), low)
        scan.hide(low, line, blank=True)
        scan.hide(line, shown[0], blank=False)
        scan.hide(shown[1], body[0], blank=True)


def _opened(scan: Scan, name: str, title: Span | None, head: Span, body: Span, after: int) -> None:
    kind: Kind = "tab" if name == "tab-item" else "admonition"
    scan.hide(*head, *([title] if title else []), blank=True)
    _hide_options(scan, head[1], body[0])
    scan.hide(body[1], after, blank=True)
    scan.scopes.append(Scope(head[1], body[1], kind if name in _TYPES or title else "", name, title))
    if title:
        scan.leaves.append(Leaf(kind, *title, [title], "inline", name, label=True))


def _figure(scan: Scan, target: str, options: str, start: int, after: int) -> None:
    found = re.search(r":alt:[ \t]*([^\n]+)", options)
    at = scan.text.find(options, start) if found else 0
    alt = (at + found.start(1), at + found.end(1)) if found else None
    scan.add_link("image", target, "", start, after)
    scan.hide(start, after, *([alt] if alt else []), blank=True)
    if alt:
        scan.leaves.append(Leaf("image", *alt, [alt], "inline"))
