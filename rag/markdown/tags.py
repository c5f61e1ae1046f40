"""HTML and JSX in the first pass: tags on lines of their own, `<details>`, tabs, raw elements, included partials.

A line that holds nothing but tags becomes blank; what stands between two such lines and is indented for it is moved back.
Tags inside a line are left to `inline.py`, which drops them with the rest of the inline markup.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from rag.markdown import html
from rag.markdown.blocks import Kind
from rag.markdown.html import Tag
from rag.markdown.lines import line_end
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Leaf, Scan, Scope
from rag.types import Span

_CLOSED = re.compile(r"</([A-Za-z][\w.]*)[ \t]*>")
_TAB_VALUES = (
    re.compile(r"""label:\s*(["'])(?P<label>.+?)\1\s*,\s*value:\s*(["'])(?P<value>.+?)\3"""),
    re.compile(r"""value:\s*(["'])(?P<value>.+?)\1\s*,\s*label:\s*(["'])(?P<label>.+?)\3"""),
)
_WELL_KNOWN = frozenset(("Tabs", "TabItem", "Tab", "Details", "Admonition", "CodeBlock"))
_CODE_TEXT = re.compile(r"\s*\{\s*`(?P<template>[^`]*)`\s*\}\s*\Z|(?P<plain>[^{}]+)\Z")
_SUMMARY_END = re.compile(r"</summary[ \t]*>", re.IGNORECASE)
_SUMMARY_CHARS = 2000
_DEDENT_DEPTH = 12


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet."""

    name: str
    tag: Tag
    alone: bool
    scope: Scope | None


class Tags:
    """Tags of one text, in order."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._open: list[_Open] = []
        self._lines: list[int] | None = None
        self._tab_labels: dict[str, str] = {}
        self.components: set[str] = set(_WELL_KNOWN)
        self.components.update(match[1] for match in _CLOSED.finditer(scan.text))
        scan.components = self.components

    def read(self, at: int) -> int:
        """The tag at `at`; returns where to go on."""
        scan, text = self._scan, self._scan.text
        tag = html.parse(text, at, scan.paragraph_end(at))
        self.components.update(scan.imports)
        if (
            not tag
            or not html.is_markup(tag, self.components)
            or (at and text[at - 1].isalnum() and tag.name[0].isupper() and not tag.closing)
        ):
            return at + 1
        name = tag.name.lower()
        if not tag.closing and not tag.empty and name in html.WHOLE:
            end = self._element(tag, name)
            if end:
                return end
        block = name in html.BLOCK or tag.name[0].isupper()
        if block and scan.begins_line(at) and not scan.in_indented_code(at):
            return self._line(tag)
        if name == "details" or (tag.name[0].isupper() and not tag.empty):
            self._scoped(tag, alone=False)
        elif name == "summary" and not tag.closing:
            return self._summary(tag) or tag.end
        return tag.end

    def _line(self, first: Tag) -> int:
        """Tags from the beginning of a line on; they are blanked if nothing else follows."""
        scan, text = self._scan, self._scan.text
        tags, tag = [first], first
        stop = scan.paragraph_end(first.start)
        while True:
            at = tag.end
            while at < stop and text[at] in " \t":
                at += 1
            if tag.name.lower() == "summary" and not tag.closing:
                break
            following = html.parse(text, at, stop) if text.startswith("<", at) else None
            if not following or not self._is_block(following):
                break
            tag = following
            tags.append(tag)
        summary = tags.pop() if tag.name.lower() == "summary" and not tag.closing else None
        if summary:  # what follows it on its line must not be moved to the right, where it would be code
            close = _SUMMARY_END.search(text, summary.end, summary.end + _SUMMARY_CHARS)
            after = close.end() if close else summary.end
        else:
            after = at
        alone = not text[after : line_end(text, after)].strip(" \t" + scan.mark)
        for each in tags:
            self._scoped(each, alone=alone)
        if summary:
            return self._summary(summary) or summary.end
        return tag.end

    def _is_block(self, tag: Tag) -> bool:
        name = tag.name.lower()
        return html.is_markup(tag, self.components) and (name in html.BLOCK or tag.name[0].isupper())

    def _summary(self, tag: Tag) -> int:
        """`<summary>text</summary>`: the title of the details around it."""
        scan = self._scan
        match = _SUMMARY_END.search(scan.text, tag.end, tag.end + _SUMMARY_CHARS)
        if not match:
            return 0
        content = content_lines(scan.text, tag.end, match.start())
        scan.cover(Leaf("admonition", tag.start, match.end(), content, "inline", "details", label=True, separator=" "))
        around = next((each.scope for each in reversed(self._open) if each.name == "details"), None)
        if around and content:
            around.start, around.title = match.end(), (content[0][0], content[-1][1])
        return match.end()

    def _scoped(self, tag: Tag, *, alone: bool) -> None:
        """Open or close an element, and hide its tag where it is alone or carries a label."""
        scan = self._scan
        if tag.closing:
            self._close(tag, alone=alone)
            if alone:
                scan.hide(tag.start, tag.end, blank=True)
            return
        if tag.empty:
            if alone:
                self._empty(tag)
            return
        scope = self._scope(tag)
        if alone or scope or "\n" in scan.text[tag.start : tag.end]:
            titles = [scope.title] if scope and scope.title else []
            scan.hide(tag.start, tag.end, *sorted([*titles, *(self._said(tag) if scope else [])]), blank=alone)
        self._open.append(_Open(tag.name.lower(), tag, alone, scope))

    def _said(self, tag: Tag) -> list[Span]:
        """What a component shows beside its title and its content."""
        spans = [tag.attributes[name] for name in html.BESIDE if name in tag.attributes]
        shown = [span for span in spans if span[0] < span[1] and self._scan.text[span[0] - 1] in "\"'`"]
        self._scan.leaves.extend(
            Leaf("html", *span, content_lines(self._scan.text, *span), "inline", separator=" ") for span in shown
        )
        return shown

    def _scope(self, tag: Tag) -> Scope | None:
        """What an element's tag says about its content."""
        scan = self._scan
        if tag.name.lower() == "details":
            scope = Scope(tag.end, len(scan.text), "admonition", "details")
            scan.scopes.append(scope)
            return scope
        if not tag.name[0].isupper():
            return None
        self._read_tab_values(tag)
        kind: Kind = "tab" if tag.name.startswith("Tab") else "admonition"
        title = next((tag.attributes[name] for name in html.LABELS if name in tag.attributes), None)
        value = tag.attributes.get("value")
        label = ""
        if kind == "tab" and title is None and value and tag.name != "Tabs":
            label = self._tab_labels.get(scan.text[slice(*value)], "")
            title = None if label else value
        if (title is None or title[0] == title[1]) and not label:
            return None
        info = scan.text[slice(*tag.attributes["type"])] if "type" in tag.attributes else ""
        scope = Scope(tag.end, len(scan.text), kind, info, title, label)
        scan.scopes.append(scope)
        if title:
            scan.leaves.append(Leaf(kind, *title, content_lines(scan.text, *title), "inline", info, label=True, separator=" "))
        return scope

    def _read_tab_values(self, tag: Tag) -> None:
        values = tag.attributes.get("values")
        if values:
            written = self._scan.text[slice(*values)]
            for pattern in _TAB_VALUES:
                self._tab_labels.update({match["value"]: match["label"] for match in pattern.finditer(written)})

    def _close(self, tag: Tag, *, alone: bool) -> None:
        name = tag.name.lower()
        for index in range(len(self._open) - 1, max(len(self._open) - 60, -1), -1):
            if self._open[index].name == name:
                break
        else:
            return
        for each in self._open[index:]:
            if each.scope:
                each.scope.end = tag.start
        opened = self._open[index]
        del self._open[index:]
        if alone and opened.alone and index < _DEDENT_DEPTH:
            self._dedent(opened.tag, tag)

    def _empty(self, tag: Tag) -> None:
        """An element without content on its own line: a partial that is shown here, or one whose attributes are text."""
        scan = self._scan
        target = scan.imports.get(tag.name, "")
        if target.endswith((".md", ".mdx")):
            scan.add_link("import", target, "", tag.start, tag.end)
        spans = []
        if tag.name[0].isupper() and not target:
            spans = sorted(tag.attributes[name] for name in html.TEXTS if name in tag.attributes)
        shown = [span for span in spans if span[0] < span[1] and scan.text[span[0] - 1] in "\"'`"]
        scan.hide(tag.start, tag.end, *shown, blank=True)
        scan.leaves.extend(Leaf("html", *span, content_lines(scan.text, *span), "inline", separator=" ") for span in shown)

    def _element(self, tag: Tag, name: str) -> int:
        """An element that is taken as a whole; 0 if it has to be read as tags."""
        scan, text = self._scan, self._scan.text
        if name not in html.HIDDEN and (not scan.begins_line(tag.start) or scan.in_indented_code(tag.start)):
            return 0
        heading = name[0] == "h"
        limit = scan.paragraph_end(tag.start) if heading else min(len(text), tag.end + 100_000)
        match = re.compile(rf"</{name}[ \t]*>", re.IGNORECASE).search(text, tag.end, limit)
        if not match:
            return 0
        end = match.end()
        if name in html.HIDDEN:
            scan.hide(tag.start, end)
        elif heading and text[end : line_end(text, end)].strip():
            return 0
        elif name == "table" and "```" in text[tag.end : end]:
            return 0  # Markdown lives in its cells
        elif name == "codeblock":
            return self._code(tag, match)
        else:
            kind: Kind = "heading" if heading else "code" if name == "pre" else "html"
            mode = "inline" if heading else "pre" if name == "pre" else "html"
            scan.cover(Leaf(kind, tag.start, end, content_lines(text, tag.end, match.start()), mode, name if heading else ""))
        return end

    def _code(self, tag: Tag, close: re.Match[str]) -> int:
        """`<CodeBlock>` with its code in it; 0 where it names a variable that holds the code."""
        written = _CODE_TEXT.match(self._scan.text, tag.end, close.start())
        if not written:
            return 0
        lines = content_lines(self._scan.text, *written.span(written.lastgroup or ""))
        title, language = tag.attributes.get("title"), tag.attributes.get("language")
        info = self._scan.text[slice(*language)] if language else ""
        self._scan.cover(Leaf("code", tag.start, close.end(), [title, *lines] if title else lines, "verbatim", info))
        return close.end()

    def _dedent(self, opened: Tag, closed: Tag) -> None:
        """Take the indentation off the lines between two tags that stand alone, as far as all of them have it."""
        scan, text = self._scan, self._scan.text
        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        first = bisect_right(self._lines, opened.end)
        last = bisect_right(self._lines, closed.start) - 1
        if first >= last:
            return
        columns = {}
        for line in range(first, last):
            start = self._lines[line]
            stop = self._lines[line + 1] - 1
            content = text[start:stop].lstrip(" \t")
            if content:
                before = text[start : stop - len(content)]
                columns[line] = len(before.expandtabs(4)) - scan.dedent.get(line, 0)
        start = self._lines[first - 1]
        own = len(text[start : opened.start].expandtabs(4)) if not text[start : opened.start].strip() else 0
        extra = min(columns.values(), default=0) - own
        if extra > 0:
            for line in columns:
                scan.dedent[line] = scan.dedent.get(line, 0) + extra

    def close(self) -> None:
        """End what was not closed at the next heading."""
        scan = self._scan
        for each in self._open:
            if each.scope:
                each.scope.end = scan.next_heading(each.scope.start)
                scan.notice(each.tag.start, "unclosed-tag", f"<{each.tag.name}> is not closed.")
