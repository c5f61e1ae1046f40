"""Containers between marks: `:::note[Title]` of Docusaurus and its relatives, and MyST directives in code fences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.markdown.blocks import Kind
from rag.markdown.lines import line_end
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Leaf, Scan, Scope
from rag.types import Span

_OPEN = re.compile(
    r"""[ \t]*(?:\{(?P<directive>[A-Za-z][\w:-]*)\}|(?P<name>[A-Za-z][\w-]*)|(?P<attributes>\{[^{}\n]*\}))
        (?P<rest>[^\n]*)""",
    re.VERBOSE,
)
_TRAILING_ATTRIBUTES = re.compile(r"\{[^{}\n]*\}[ \t]*\Z")
_TITLE = re.compile(r"""title=(?P<quote>["'])(?P<title>.*?)(?P=quote)""")
_OPTION = re.compile(r"[ \t>]*:[\w-]+:[^\n]*(?:\n|\Z)|[ \t>]*---[ \t]*\n(?:[^\n]*\n){0,40}?[ \t>]*---[ \t]*(?:\n|\Z)")
_TYPES = frozenset(
    "note tip info warning danger caution success important details secondary question abstract summary example hint attention "
    "error seealso admonition versionadded versionchanged deprecated dropdown todo quote bug failure tldr".split()
)
_MARKDOWN = _TYPES | frozenset(
    "glossary list-table margin sidebar card topic grid tab-set tab-item figure table epigraph prf:theorem exercise "
    "solution".split()
)
_CODE = frozenset("code code-block code-cell csv-table sourcecode literalinclude".split())
_HIDDEN = frozenset("include toctree tableofcontents contents bibliography".split())
_UNTITLED = frozenset("figure glossary table versionadded versionchanged deprecated margin grid tab-set card-carousel".split())


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
        self._pending: list[tuple[_Open, Span | None]] = []

    def read(self, start: int, end: int) -> int:
        """The colons `[start, end)`; returns where to go on."""
        scan, text = self._scan, self._scan.text
        stop = line_end(text, end)
        if scan.in_indented_code(start):
            return stop
        if not text[end:stop].strip():
            self._close(start, end - start, stop)
            return stop
        match = _OPEN.match(text, end, stop)
        if not match:
            return stop
        name = (match["directive"] or match["name"] or "").lower()
        attributes = match["attributes"] or ""
        if attributes and not re.match(r"\{[ \t]*[.#:\w]", attributes):
            return stop
        if not name:
            found = re.search(r"\.(?:callout-)?([\w-]+)", attributes)
            name = found[1].lower() if found else ""
        title = _title(text, match, start, stop)
        kind: Kind = "tab" if name.startswith("tab") else "admonition"
        scope = Scope(stop, len(text), kind if name in _TYPES or title else "", name, title)
        self._open.append(_Open(end - start, scope, start, stop, name))
        if match["directive"]:
            return self._options(stop)
        return stop

    def _options(self, at: int) -> int:
        """Skip and hide `:key: value` lines below a directive."""
        scan = self._scan
        position = at + 1
        while found := _OPTION.match(scan.text, position):
            scan.hide(position, found.end(), blank=True)
            position = found.end()
        return position if position > at + 1 else at

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
            self._scan.notice(opened.start, "unclosed-admonition", f"The container :::{opened.name} is not closed.")
            self._keep(opened)

    def close(self) -> None:
        """Settle what was not closed."""
        for opened in self._open:
            self._unclosed(opened, len(self._scan.text))


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


def directive(scan: Scan, start: int, end: int, content: int, after: int) -> int:
    """A MyST directive in a code fence whose marks are `[start, end)`; returns where to go on.

    Its content ends at `content`, the whole at `after`. Markdown inside is opened; code and what is not known stay code.
    """
    text = scan.text
    stop = line_end(text, end)
    match = _OPEN.match(text, end, stop)
    if not match or not match["directive"]:
        return after
    name = match["directive"].lower()
    body = min(stop + 1, content)
    while (found := _OPTION.match(text, body, content)) and found.end() > body:
        body = found.end()
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
        if body > stop + 1:
            scan.hide(stop + 1, body, blank=True)
    elif name in _MARKDOWN:
        title = None if name in _UNTITLED else _title(text, match, start, stop)
        if name == "figure":
            scan.add_link("image", argument, "", start, stop)
        scan.ends.add(content)
        _opened(scan, name, title, (start, stop), (body, content), after)
        return min(body, content)
    return after


def _opened(scan: Scan, name: str, title: Span | None, head: Span, body: Span, after: int) -> None:
    kind: Kind = "tab" if name == "tab-item" else "admonition"
    scan.hide(*head, *([title] if title else []), blank=True)
    scan.hide(head[1], body[0], blank=True)
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
