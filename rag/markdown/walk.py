"""The walk of the first pass: from one conspicuous place to the next, each given to the module that knows it."""

from __future__ import annotations

import re

from rag.markdown import comments, containers, hugo, marks, mathblock, mdx
from rag.markdown.fences import CodeSpans, Fences
from rag.markdown.lines import line_end, line_start
from rag.markdown.scan import Scan
from rag.markdown.tags import Tags

_STOP = re.compile(r"[\\`~<%{$\n]")
_POINT = re.compile(
    r"(?P<escape>\\[\\`<{%$])|(?P<tick>`+)|(?P<tilde>~{3,})|(?P<comment><!--)|(?P<tag></?[A-Za-z])|(?P<percent>%%)"
    r"|(?P<hugo>\{\{[<%])|(?P<mdx>\{\s{0,20}/\*)|(?P<math>\$\$)|(?P<critic>\{(?:\+\+|--|~~|==|>>))"
    r"|(?P<expression>\{)|(?P<fragment></?>)"
)
_LINE = re.compile(
    r"""
    (?P<esm>(?:import|export)[ \t]+(?=["'{*\w]))
  | [ \t>]*+ (?:
        (?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?(?P<colons>:{3,}|/{3,})
      | (?P<bracket>\\\[)
      | (?P<environment>\\begin\{(?:align|alignat|equation|eqnarray|flalign|gather|multline)\*?\})
      | (?P<mark>\*\[[^\]\n]{1,100}\]: | \[TOC\][ \t]*$ | \[\[_?(?:TOC|toc)_?\]\][ \t]*$ | ;?-+8<-+
          | \{:?[ \t]*[\#.\w][^{}\n]*\}[ \t]*$ | \([\w:.-]+\)=[ \t]*$ | %[ \t] | \+\+\+(?:[ \t]*\{[^\n]*\})?[ \t]*$
          | \^{3,}[ \t]*$ | <-{3,}>[ \t]*(?:<!--[^\n]*-->[ \t]*)?$)
    )
    """,
    re.VERBOSE | re.MULTILINE,
)
_BEFORE_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+:]|\d{1,9}[.)])[ \t]+)*\Z")


class _Walk:
    """One walk over one text."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._fences, self._spans, self._tags = Fences(scan), CodeSpans(scan), Tags(scan)
        self._shortcodes, self._colons, self._slashes = hugo.Shortcodes(scan), containers.Colons(scan), containers.Slashes(scan)

    def run(self) -> None:
        scan, text = self._scan, self._scan.text
        at = self._line(scan.body)
        while stop := _STOP.search(text, at):
            start = stop.start()
            if stop[0] == "\n":
                at = self._line(start + 1)
            else:
                match = _POINT.match(text, start)
                at = max(self._point(match), start + 1) if match else start + 1
        self._tags.close()
        self._colons.close()
        self._slashes.close()
        scan.scopes.sort(key=lambda scope: (scope.start, -scope.end))
        scan.leaves.sort(key=lambda leaf: leaf.start)

    def _line(self, start: int) -> int:
        """What begins a line; where to go on."""
        match = _LINE.match(self._scan.text, start)
        if not match:
            return start
        name, end = match.lastgroup or "", match.end()
        at = match.start(name)
        match name:
            case "colons":
                after = (self._colons if self._scan.text[at] == ":" else self._slashes).read(at, end)
            case "bracket":
                after = mathblock.read(self._scan, at, end)
            case "environment":
                after = mathblock.environment(self._scan, at, end)
            case "esm":
                after = mdx.module_line(self._scan, at)
            case _:
                after = marks.read(self._scan, at, match[name])
        return max(after, start)

    def _point(self, match: re.Match[str]) -> int:
        """What stands inside a line; where to go on."""
        text, (start, end) = self._scan.text, match.span()
        match match.lastgroup:
            case "tick" | "tilde":
                return _code(self._scan, self._fences, self._spans, start, end)
            case "comment":
                return comments.html(self._scan, start)
            case "tag":
                return self._tags.read(start)
            case "percent":
                return comments.obsidian(self._scan, start)
            case "hugo":
                return self._shortcodes.read(start)
            case "mdx":
                return comments.mdx(self._scan, start, end)
            case "critic":
                return marks.critic(self._scan, start)
            case "expression":
                return mdx.expression(self._scan, start) if self._scan.mdx else end
            case "fragment":
                if self._scan.mdx and (text[end - 2] == "/" or self._scan.find("</>", end) >= 0):
                    self._scan.hide(start, end)
                return end
            case "math":
                return mathblock.read(self._scan, start, end)
            case _:
                return end


def run(scan: Scan) -> None:
    """Fill a scan."""
    _Walk(scan).run()


def _code(scan: Scan, fences: Fences, spans: CodeSpans, start: int, end: int) -> int:
    """Jump over a fence or a code span; a MyST directive that holds Markdown is opened instead."""
    text = scan.text
    line = line_start(text, start)
    if line in scan.ends:
        return end
    if end - start >= 3 and start - line < 2000 and _BEFORE_FENCE.match(text, line, start):
        stop = line_end(text, end)
        info = text[end:stop].strip()
        if (text[start] == "~" or "`" not in info) and not scan.in_indented_code(start):
            content, after = fences.close(start, text[start], end - start, info)
            if info.startswith("{") and start not in scan.broken:
                return containers.directive(scan, start, end, content, after)
            return after
    return spans.end(start, end - start) if text[start] == "`" else end
