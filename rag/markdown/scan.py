"""The first pass: what stands outside code and changes how the rest is to be read.

Walks the text once, from one conspicuous character to the next, and jumps over code. Comments, tags, shortcodes, container
fences, imports and display math are taken out of the text that the block parser sees, at the same length: a construct that fills
its lines becomes blank, one inside a line becomes a run of one character that occurs nowhere else. What they mean is kept beside:
hidden stretches, scopes (a tab, an admonition) and leaves (a formula, a diagram) that become blocks of their own.

Knows the order of things; each dialect's module knows its constructs.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from rag.markdown.blocks import Kind, Link, LinkKind
from rag.markdown.lines import line_end, line_start
from rag.types import Span

PREFIX = re.compile(r"[ \t]*(?:>[ \t]*)*")
_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
_COMMENT_END = re.compile(r"\*/\s{0,20}\}")
_BLANK = re.compile(r"\n[ \t>]*\n")
_QUOTED = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*>")
_NOT_CODE = re.compile(r"[ \t>]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|!!!|\?\?\?|===|\[\^|:[ \t:]|<|\{\{)")


@dataclass(slots=True)
class Scope:
    """A stretch whose blocks stand in a container.

    Attributes:
        start: first character inside.
        end: end of it; the text's end until its closing mark is met.
        kind: `admonition` or `tab`, or empty where it says nothing to a reader.
        info: type or name.
        title: where its title stands in the source, if it does.
        label: the title as text, where it is written elsewhere.
    """

    start: int
    end: int
    kind: str
    info: str = ""
    title: Span | None = None
    label: str = ""


@dataclass(slots=True)
class Leaf:
    """A block that the block parser does not see.

    Attributes:
        kind: of the block.
        start: first character, marks included.
        end: end of it.
        content: the stretches that hold its text, one a line.
        mode: how its text is cleaned: `inline`, `verbatim`, `mermaid` or `html`.
        info: language, type.
        label: a title of what follows.
        separator: between the stretches.
    """

    kind: Kind
    start: int
    end: int
    content: list[Span]
    mode: str
    info: str = ""
    label: bool = False
    separator: str = "\n"


@dataclass
class Scan:
    """What the first pass collects.

    Attributes:
        text: the levelled text.
        body: where it begins, after the front matter.
        mdx: the page is read as MDX.
        myst: the page is read as MyST.
        mark: a character that does not occur in the text; stands for what is hidden inside a line.
        hidden: what a reader does not see.
        scopes: containers, in order of their start.
        leaves: blocks found here, in order of their start.
        links: references found here.
        facts: comments that carry a fact, by name.
        abbreviations: expansions by abbreviation.
        imports: file by component name.
        constants: values that the page exports and may show as `{NAME}`.
        broken: where a fence that nobody closed ends, by the offset of its first mark.
        ends: lines that end a directive which was opened.
        dedent: columns of indentation that a tag gives to a line, by line number from 0.
        notices: offset, kind and message.
        components: names of JSX components that the page imports or closes.
        open_expressions: how many expressions of MDX that nobody closed were met.
    """

    text: str
    body: int = 0
    mdx: bool = False
    myst: bool = False
    mark: str = "\ufdd0"
    hidden: list[Span] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    facts: dict[str, list[str]] = field(default_factory=dict)
    abbreviations: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    broken: dict[int, int] = field(default_factory=dict)
    ends: set[int] = field(default_factory=set)
    dedent: dict[int, int] = field(default_factory=dict)
    notices: list[tuple[int, str, str]] = field(default_factory=list)
    components: set[str] = field(default_factory=set)
    open_expressions: int = 0
    _masks: list[tuple[int, int, bool]] = field(default_factory=list)
    _found: dict[str, int] = field(default_factory=dict)

    def hide(self, start: int, end: int, *shown: Span, blank: bool | None = None) -> None:
        """Take a stretch out of the text.

        Args:
            start: first character.
            end: end of it.
            *shown: parts of it that a reader does see; a leaf must show them.
            blank: whether it becomes blank; by default, if it fills its lines.
        """
        if start >= end:
            return
        self._masks.append((start, end, self.fills_lines(start, end) if blank is None else blank))
        for low, high in shown:
            if low < high:
                self.hidden.append((start, low))
                start = high
        if start < end:
            self.hidden.append((start, end))

    def cover(self, leaf: Leaf) -> None:
        """Take a leaf out of the text and keep it."""
        self._masks.append((leaf.start, leaf.end, self.fills_lines(leaf.start, leaf.end)))
        self.leaves.append(leaf)

    def fills_lines(self, start: int, end: int) -> bool:
        """Whether nothing else stands on the lines of a stretch but quote marks."""
        return self.begins_line(start) and not self.text[end : line_end(self.text, end)].strip(" \t" + self.mark)

    def begins_line(self, at: int) -> bool:
        """Whether only white space, quote marks or hidden things stand before an offset on its line."""
        start = line_start(self.text, at)
        if at - start > 2000:
            return False
        before = self.text[start:at].strip(" \t>")
        if not before:
            return True
        masked = self._masks[-1] if self._masks else None
        return bool(masked and masked[2] and masked[1] > start and not self.text[masked[1] : at].strip())

    def add_link(self, kind: LinkKind, target: str, anchor: str, start: int, end: int) -> None:
        """Keep a reference; its line is filled in later."""
        self.links.append(Link(kind, target, anchor, 0, (start, end)))

    def notice(self, at: int, kind: str, message: str) -> None:
        """Keep something that an editor should know, up to a hundred a page."""
        if len(self.notices) < 100:
            self.notices.append((at, kind, message))

    def find(self, needle: str, at: int) -> int:
        """Like `str.find`, for a walk that only goes forward: what was found or missed once is not looked for again."""
        found = self._found.get(needle, 0)
        if 0 <= found < at or needle not in self._found:
            found = self._found[needle] = self.text.find(needle, at)
        return found

    @cached_property
    def headings(self) -> list[int]:
        """Offsets of what looks like a heading and stands at the start of a line."""
        return [match.start() for match in _HEADING.finditer(self.text)]

    @cached_property
    def comment_ends(self) -> list[Span]:
        """Where comments of MDX may end: `*/}`."""
        return [match.span() for match in _COMMENT_END.finditer(self.text)]

    @cached_property
    def blanks(self) -> list[int]:
        """Offsets of the line ends before blank lines."""
        found, at = [], 0
        while match := _BLANK.search(self.text, at):
            # outside a quote, a bracket alone on its line ends a tag
            if ">" not in match[0] or _QUOTED.match(self.text, line_start(self.text, match.start())):
                found.append(match.start())
            at = match.end() - 1
        return found

    def next_heading(self, at: int) -> int:
        """Where the next heading begins, or the text's end."""
        index = bisect_left(self.headings, at)
        return self.headings[index] if index < len(self.headings) else len(self.text)

    def paragraph_end(self, at: int) -> int:
        """Where the next blank line is, or the text's end."""
        index = bisect_right(self.blanks, at - 1)
        return self.blanks[index] if index < len(self.blanks) else len(self.text)

    def in_indented_code(self, at: int) -> bool:
        """Whether a line is code because it is indented by four columns and nothing that could contain it stands above."""
        if self.mdx:
            return False
        start = line_start(self.text, at)
        line = self.text[start : start + 4]
        if line != "    " and not line.startswith("\t"):
            return False
        blank_above = False
        for _ in range(200):
            if start == 0:
                return True
            end = start - 1
            start = line_start(self.text, end)
            line = self.text[start:end]
            if not line.strip():
                blank_above = True
            elif not line.startswith(("    ", "\t")):
                return blank_above and not _NOT_CODE.match(line) and not line.startswith(("  ", " -"))
            else:
                blank_above = False
                if _NOT_CODE.match(line):
                    return False
        return False

    def masked(self) -> str:
        """The text that the block parser is to see."""
        pieces: list[str] = []
        at = 0
        for start, end, blank in sorted(self._masks):
            start = max(start, at)
            if start >= end:
                continue
            pieces.append(self.text[at:start])
            fill = " " if blank else self.mark
            pieces.append("\n".join(fill * len(line) for line in self.text[start:end].split("\n")))
            at = end
        pieces.append(self.text[at:])
        text = "".join(pieces)
        return " " * self.body + text[self.body :] if "\n" not in text[: self.body] else _blanked(text, self.body)


def _blanked(text: str, end: int) -> str:
    return "\n".join(" " * len(line) for line in text[:end].split("\n")) + text[end:]


def free_mark(text: str) -> str:
    """A character that the text does not hold: one of those that Unicode promises never to assign."""
    for code in (*range(0xFDD0, 0xFDF0), *range(0xE000, 0xF8FF)):
        if chr(code) not in text:
            return chr(code)
    return "\U0010ffff"
