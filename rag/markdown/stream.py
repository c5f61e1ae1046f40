"""The stream of drafts: blocks in the order of the source, with the path, the lists and the containers around them.

Merges what the block parser finds with the leaves and the borders of containers that only the first pass sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from rag.markdown import content, inline, mermaid, mojibake
from rag.markdown.align import EMPTY, Aligned, join, merge, subtract
from rag.markdown.blocks import Kind
from rag.markdown.drafts import Draft, Piece
from rag.markdown.path import Frame, Path
from rag.markdown.scan import Leaf, Scan, Scope
from rag.markdown.sink import Sink
from rag.types import Span

_ANNOTATION = re.compile(r"\(\d{1,2}\)!?[ \t]*(?:-->|\*/)?[ \t]*$", re.MULTILINE)
_COLON = (":", "：")


@dataclass(slots=True)
class ListItem:
    """A list item that is being read.

    Attributes:
        marker: where it stands.
        level: 1 for an item of the outermost list.
        path: what its label adds to the heading path.
        pieces: how many of its rows and blocks were found so far.
        passed: whether an item inside it came before any of them: its marker then stands before that one, and is not shown.
    """

    marker: Span
    level: int
    path: Frame | None = None
    pieces: int = 0
    passed: bool = False


@dataclass(slots=True)
class Rows:
    """A list or a definition list that is being read: its rows of text."""

    draft: Draft
    rows: list[Aligned]


class Stream:
    """The drafts of one page as they are found, with what stands around them.

    Attributes:
        scan: of the page.
        text: masked.
        sink: for what inline markup says.
        path: where we are.
        drafts: found so far.
        items: list items that are being read, outermost first.
        rows: the list that is being read.
        groups: how many groups there are.
        group: of the list that is being read; 0 outside.
        holes: what the first pass took out of the text.
        note: label and offset of the footnote that is being read, and whether its mark has gone to a block.
    """

    def __init__(self, scan: Scan, text: str, sink: Sink) -> None:
        self.scan, self.text, self.sink = scan, text, sink
        self.path = Path()
        self.drafts: list[Draft] = []
        self.items: list[ListItem] = []
        self.rows: Rows | None = None
        self.groups = 0
        self.group = 0
        self._away = merge(scan.hidden)
        leaves = _apart(scan.leaves)
        self._leaf_spans = merge((leaf.start, leaf.end) for leaf in leaves)
        self.holes = merge([*self._away, *self._leaf_spans])
        self._leaves: Iterator[Leaf] = iter(leaves)
        self._leaf = next(self._leaves, None)
        self._events = _events(scan.scopes)
        self._event = 0
        self._scopes: dict[int, Frame] = {}
        self._repair = mojibake.suspicious(text)
        self.note: tuple[str, int, bool] | None = None

    # text

    def clean(self, lines: Sequence[Span], *, alone: bool = False) -> Aligned:
        """Visible text, repaired where it was mis-decoded."""
        return self.repaired(inline.clean(self.text, lines, self.sink, alone=alone))

    def repaired(self, aligned: Aligned) -> Aligned:
        """Text repaired where it was mis-decoded, if the page holds any such text."""
        return mojibake.repair(aligned) if self._repair else aligned

    def hide(self, start: int, end: int) -> None:
        """Count a stretch as hidden, but for the leaves that stand in it."""
        self.sink.hidden.extend(subtract((start, end), self._leaf_spans))

    def shown(self, lines: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
        """Lines without what the first pass took out of them, which is rare where the text is not Markdown."""
        return [piece for line in lines for piece in (subtract(line, holes) or [(line[0], line[0])])]

    # order: leaves and borders of containers that the block parser does not see

    def advance(self, to: int) -> None:
        """Emit leaves and cross borders that stand before an offset."""
        while self._leaf and self._leaf.start < to:
            leaf, self._leaf = self._leaf, next(self._leaves, None)
            self._cross(leaf.start)
            self.flush()
            self._emit_leaf(leaf)
        self._cross(to)

    def _cross(self, to: int) -> None:
        while self._event < len(self._events) and self._events[self._event][0] <= to:
            _, opens, scope = self._events[self._event]
            self._event += 1
            if not opens:
                frame = self._scopes.pop(id(scope), None)
                if frame:
                    self.flush()
                    self.path.leave(frame)
            elif scope.kind:
                self.flush()
                label = scope.label
                if scope.title:  # it stands in a tag, which is masked
                    label = self.repaired(inline.clean(self.scan.text, [scope.title], self.sink)).text.replace("\n", " ")
                self._scopes[id(scope)] = self.path.push(Frame(label, kind=scope.kind, info=scope.info))

    # output

    def emit(self, draft: Draft) -> None:
        """Keep a block, with what stands around it."""
        if not draft.content.text.strip():
            self.hide(draft.start, draft.end)
            return
        if self.note and not self.note[2]:
            draft.start = min(draft.start, self.note[1])
            self.note = (self.note[0], self.note[1], True)
        for outer in self.items[:-1]:
            outer.passed = outer.passed or (not outer.pieces and draft.end > outer.marker[0])
        item = self.items[-1] if self.items else None
        if item and not item.pieces and not item.passed and draft.end > item.marker[0]:  # not the items before it
            draft.start = min(draft.start, item.marker[0])
            item.pieces = 1
        draft.path = draft.path or self.path.names
        draft.containers = self.path.containers
        draft.group = draft.group or self.group
        if draft.kind in ("list", "table", "code", "diagram", "math"):
            self._introduce(draft)
        self.drafts.append(draft)

    def _introduce(self, draft: Draft) -> None:
        """A paragraph that ends in a colon belongs to what follows."""
        before = self.drafts[-1] if self.drafts else None
        if before and before.kind == "code" and draft.kind == "list" and _ANNOTATION.search(before.content.text):
            before.group = before.group or draft.group  # the notes on the marks in the code
        if not before or before.label or before.level or before.path != draft.path or before.pieces or draft.start < before.end:
            return
        if before.content.text.endswith(_COLON):
            draft.intro = before
            if not draft.group:
                self.groups += 1
                draft.group = self.groups
            before.group = before.group or draft.group

    def prose_kind(self, default: Kind = "paragraph") -> tuple[Kind, str]:
        """What prose is called here, and the type of what it stands in."""
        frame = self.path.inner
        return (cast(Kind, frame.kind), frame.info) if frame else (default, "")

    def flush(self) -> None:
        """End the list that is being read."""
        if self.rows:
            rows, self.rows = self.rows, None
            rows.draft.content = join(rows.rows, "")
            self.emit(rows.draft)

    def row(self, kind: Kind, piece: Piece, row: Aligned, end: int, glue: str) -> None:
        """Add a part to the list that is being read, or begin one."""
        if self.rows is None:
            self.rows = Rows(Draft(kind, EMPTY, piece.source_start, end, group=self.group), [])
            glue = ""
        draft, rows = self.rows.draft, self.rows.rows
        at = draft.pieces[-1].text_end if draft.pieces else 0
        if glue:
            rows.append(Aligned(glue, ()))
            at += len(glue)
        rows.append(row)
        piece.text_start, piece.text_end = at, at + len(row.text)
        draft.pieces.append(piece)
        draft.end = max(draft.end, end)

    # leaves of the first pass

    def _emit_leaf(self, leaf: Leaf) -> None:
        text, lines = self.scan.text, self.shown(leaf.content, self._away)
        pieces: list[Piece] = []
        if leaf.mode == "inline":
            cleaned = join([inline.clean(text, [line], self.sink) for line in lines], leaf.separator)
        elif leaf.mode == "verbatim":
            if leaf.kind == "math":  # its indentation says nothing
                lines = [content.trim(text, *line) for line in lines]
            cleaned, pieces = content.code(text, lines, self.scan.text)
            pieces = pieces if leaf.kind == "code" else []
        elif leaf.mode == "mermaid":
            cleaned, pieces = mermaid.statements(text, lines)
        else:
            cleaned = inline.clean_html(text, lines, self.sink, preformatted=leaf.mode == "pre")
            if leaf.mode == "html":
                cleaned = self.repaired(cleaned)
                pieces = content.rows(text, cleaned, leaf)
        cleaned = cleaned if pieces else self.repaired(cleaned)
        if leaf.label or leaf.kind == "heading":
            cleaned = Aligned(cleaned.text.replace("\n", " "), cleaned.alignment)
        draft = Draft(leaf.kind, cleaned, leaf.start, leaf.end, pieces, info=leaf.info, label=leaf.label, leaf=True)
        if leaf.kind == "heading":
            draft.level, draft.info = int(leaf.info[1]), ""
            self.path.heading(draft.level)
        elif leaf.kind == "html" and leaf.mode == "inline":
            draft.kind = self.prose_kind("html")[0]
        self.emit(draft)
        if leaf.kind == "heading" and cleaned.text:
            self.path.push(Frame(cleaned.text, draft.level))


def _apart(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Leaves that do not overlap: of two, the one that begins first shows the text."""
    found: list[Leaf] = []
    for leaf in leaves:
        if not found or leaf.start >= found[-1].end:
            found.append(leaf)
    return found


def _events(scopes: Sequence[Scope]) -> list[tuple[int, bool, Scope]]:
    """Borders in order; what ends at a place ends before something begins there."""
    found = [(scope.start, True, scope) for scope in scopes if scope.end >= scope.start]
    found += [(scope.end, False, scope) for scope in scopes if scope.end >= scope.start]
    return sorted(found, key=lambda event: (event[0], event[1]))
