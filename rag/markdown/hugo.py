"""Hugo's shortcodes: `{{< name >}}` and `{{% name %}}`, single and in pairs.

The tags are hidden, the text between them stays, a parameter that names it becomes its label. `{{</* name */>}}` is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rag.markdown.blocks import Kind
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Leaf, Scan, Scope
from rag.types import Span

_ESCAPED = re.compile(r"\{\{([<%])\s*(/\*)(?P<inner>(?:(?!\*/)[\s\S]){0,2000}?)(\*/)\s*[>%]\}\}")
_TAG = re.compile(
    r"""\{\{(?P<mark>[<%])\s*(?P<close>/?)\s*(?P<name>[\w./-]*[\w.-])
        (?P<body>(?:"(?:\\.|[^"\\])*"|`[^`]*`|(?![>%]\}\}|/\s*[>%]\}\}|\{\{[<%])[^"`]){0,4000})
        (?P<empty>/?)\s*[>%]\}\}""",
    re.VERBOSE,
)
_CLOSE = re.compile(r"\{\{[<%]\s*/\s*(?P<name>[\w./-]*[\w.-])")
_PARAMETER = re.compile(r"""(?:(?P<name>[\w-]+)\s*=\s*)?(?:"(?P<quoted>(?:\\.|[^"\\])*)"|`(?P<raw>[^`]*)`|(?P<bare>[^\s"`=]+))""")
_KEPT_FROM_RUNNING = re.compile(r"(?<=\{\{[<%])\s*(/\*)|(\*/)(?=\s*[>%]\}\})")
_LABELS = ("title", "name", "label", "summary", "header", "caption")
_FIRST_IS_LABEL = frozenset("tab details expand accordion collapse spoiler dropdown fold tabitem codetab section card step".split())
_SECOND_IS_LABEL = frozenset("notice admonition alert callout".split())
_TEXTS = ("title", "caption", "alt", "subtitle", "description", "attr", "text", "label", "name", "content", "value", "author")
_FIRST_IS_TEXT = frozenset(("badge", "kbd", "tag", "label"))
_SHOWN = frozenset("figure img image card link-card linkcard button btn badge quote picture gallery-item kbd tag label".split())
_RAW: dict[str, Kind] = {
    "mermaid": "diagram",
    "katex": "math",
    "math": "math",
    "latex": "math",
    "highlight": "code",
    "code": "code",
}


@dataclass(slots=True)
class Shortcode:
    """One tag; `named` and `positional` say where the parameters stand, without quotes."""

    name: str
    start: int
    end: int
    closing: bool
    empty: bool
    positional: list[Span] = field(default_factory=list)
    named: dict[str, Span] = field(default_factory=dict)


class Shortcodes:
    """Shortcodes of one text, in order."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._open: list[tuple[str, Scope]] = []
        self._never_closed: set[str] = set()
        self._closings: dict[str, int] | None = None  # where the last tag that closes each name stands

    def read(self, at: int) -> int:
        """The shortcode at `at`; returns where to go on."""
        scan = self._scan
        escaped = _ESCAPED.match(scan.text, at) if scan.find("*/", at) >= 0 else None
        if escaped:
            scan.hide(*escaped.span(2), blank=False)
            scan.hide(*escaped.span(4), blank=False)
            return escaped.end()
        ends = [end for end in (scan.find(">}}", at), scan.find("%}}", at)) if end >= 0]
        match = _TAG.match(scan.text, at) if ends and min(ends) < at + 5000 else None
        if not match:
            return at + 3
        code = _shortcode(match)
        if code.closing:
            return self._closing(code)
        if code.name in ("ref", "relref"):
            self._reference(code)
        elif code.name.endswith(".inline") and (close := scan.find("{{< /" + code.name, code.end)) >= 0:
            scan.hide(code.start, close)  # a template, not a text
            return close
        elif code.name in _RAW and not code.empty:
            end = self._raw(code)
            if end:
                return end
        elif code.name in _SHOWN and self._texts(code):
            return code.end
        return self._opening(code)

    def _reference(self, code: Shortcode) -> None:
        span = code.named.get("path") or (code.positional[0] if code.positional else None)
        if span:
            target, _, anchor = self._scan.text[slice(*span)].partition("#")
            self._scan.add_link("relref", target, anchor, code.start, code.end)

    def _raw(self, code: Shortcode) -> int:
        """A shortcode whose inner text is not Markdown; 0 if it has none."""
        scan, text = self._scan, self._scan.text
        close = re.compile(rf"\{{\{{[<%]\s*/\s*{re.escape(code.name)}\s*[>%]\}}\}}")
        match = close.search(text, code.end) if code.name not in self._never_closed else None
        if not match:
            self._never_closed.add(code.name)
            return 0
        end = match.end()
        if not scan.fills_lines(code.start, end):
            scan.hide(code.start, code.end, blank=False)
            scan.hide(match.start(), end, blank=False)
            return end
        kind = _RAW[code.name]
        info = text[slice(*code.positional[0])] if code.positional and kind == "code" else ""
        mode = "mermaid" if kind == "diagram" else "verbatim"
        scan.cover(Leaf(kind, code.start, end, content_lines(text, code.end, match.start()), mode, info))
        return end

    def _texts(self, code: Shortcode) -> bool:
        """A shortcode without inner text whose parameters are shown."""
        scan = self._scan
        spans = sorted(code.named[name] for name in _TEXTS if name in code.named)
        spans = [span for span in spans or code.positional[: code.name in _FIRST_IS_TEXT] if span[0] < span[1]]
        if not spans:
            return False
        if not scan.fills_lines(code.start, code.end):
            self._inside(code, spans)
            return True
        kind: Kind = "image" if code.name in ("figure", "img", "image", "picture") else "html"
        scan.hide(code.start, code.end, *spans, blank=True)
        scan.leaves.extend(Leaf(kind, *span, content_lines(scan.text, *span), "inline", separator=" ") for span in spans)
        if kind == "image" and "src" in code.named:
            scan.add_link("image", scan.text[slice(*code.named["src"])], "", code.start, code.end)
        return True

    def _inside(self, code: Shortcode, spans: list[Span]) -> None:
        """What is shown of a shortcode inside a line stays there."""
        at = code.start
        for start, end in [*spans, (code.end, code.end)]:
            space = re.compile(r"\s").search(self._scan.text, at, start) if code.start < at < start < code.end else None
            if space:  # it keeps two of them apart
                self._scan.hide(at, space.start(), blank=False)
                at = space.end()
            self._scan.hide(at, start, blank=False)
            at = end

    def _opening(self, code: Shortcode) -> int:
        scan, text = self._scan, self._scan.text
        kind: Kind = "tab" if code.name.startswith("tab") else "admonition"
        title = next((code.named[name] for name in _LABELS if name in code.named), None)
        position = 0 if code.name in _FIRST_IS_LABEL else 1 if code.name in _SECOND_IS_LABEL else -1
        if title is None and 0 <= position < len(code.positional):
            title = code.positional[position]
        if title is not None and (code.name == "tabs" or title[0] == title[1]):
            title = None
        inside = not self._is_closed(code) and not scan.fills_lines(code.start, code.end)  # as an icon, which shows no name
        if code.empty or code.name in _SHOWN or inside:
            title = None
        info = text[slice(*code.positional[0])] if code.positional and position != 0 else code.name
        scan.hide(code.start, code.end, *([title] if title else []))
        if title:
            scan.leaves.append(Leaf(kind, *title, content_lines(text, *title), "inline", info, label=True, separator=" "))
        if not code.empty:
            self._open.append((code.name, Scope(code.end, len(text), kind if title or code.name == "hint" else "", info, title)))
        return code.end

    def _is_closed(self, code: Shortcode) -> bool:
        """Whether a tag that closes such a shortcode follows."""
        if self._closings is None:
            self._closings = {match["name"]: match.start() for match in _CLOSE.finditer(self._scan.text)}
        return self._closings.get(code.name, -1) > code.start

    def _closing(self, code: Shortcode) -> int:
        scan = self._scan
        for index in range(len(self._open) - 1, max(len(self._open) - 200, -1), -1):
            if self._open[index][0] == code.name:
                scope = self._open[index][1]
                scope.end = code.start
                scan.scopes.append(scope)
                del self._open[index:]
                break
        scan.hide(code.start, code.end)
        return code.end


def _shortcode(match: re.Match[str]) -> Shortcode:
    code = Shortcode(match["name"], match.start(), match.end(), bool(match["close"]), bool(match["empty"]))
    for found in _PARAMETER.finditer(match.string, *match.span("body")):
        group = next(name for name in ("quoted", "raw", "bare") if found[name] is not None)
        if found["name"]:
            code.named.setdefault(found["name"].lower(), found.span(group))
        else:
            code.positional.append(found.span(group))
    return code


def escapes(text: str, start: int, end: int) -> list[Span]:
    """Where `/*` and `*/` stand that only keep a shortcode from running."""
    if text.find("{{", start, end) < 0:
        return []
    return [match.span(1 if match[1] else 2) for match in _KEPT_FROM_RUNNING.finditer(text, start, end)]
