"""From tokens and what the first pass found to drafts of blocks, in the order of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from markdown_it.token import Token

from rag.markdown import content, inline, links, mermaid, mojibake
from rag.markdown.align import EMPTY, Aligned, join, merge, subtract, verbatim
from rag.markdown.blocks import Kind
from rag.markdown.drafts import Draft, Piece
from rag.markdown.inline import Sink
from rag.markdown.lines import line_end, line_start
from rag.markdown.path import Frame, Path
from rag.markdown.scan import Leaf, Scan, Scope
from rag.types import Span

_CALLOUT = re.compile(r"\[!([A-Za-z][\w -]*?)(?:\|[^\]\n]*)?\][+-]?[ \t]*")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_ATX = re.compile(r"#{1,6}[ \t]*")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+[ \t]*\Z")
_IMAGES = re.compile(
    r"""(?:!\[(?:\\.|[^\[\]\\])*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])|!\[\[[^\[\]\n]*\]\]|<img\b[^<>]*>
    |\[(?=!\[)|\]\([^()\s]*\)|\{[^{}\n]*\}|\s)+\Z""",
    re.VERBOSE,
)
_EMBED = re.compile(r"\s*!\[\[[^\[\]\n]+\]\]\s*\Z")
_REFERENCE = re.compile(r"\s*\[((?:\\.|[^\[\]\\])+)\]:\s*<?([^\s>]*)")
_ANNOTATION = re.compile(r"\(\d{1,2}\)!?[ \t]*(?:-->|\*/)?[ \t]*$", re.MULTILINE)
_COLON = (":", "：")


@dataclass(slots=True)
class _Item:
    """A list item that is being read."""

    marker: Span
    level: int
    path: Frame | None = None
    pieces: int = 0


@dataclass(slots=True)
class _Rows:
    """A list or a definition list that is being read: its rows of text."""

    draft: Draft
    rows: list[Aligned]


class Assembler:
    """Walks the tokens of one page once; `run` returns the drafts."""

    def __init__(self, scan: Scan, text: str, tokens: Sequence[Token], sink: Sink) -> None:
        self._scan, self._text, self._tokens, self._sink = scan, text, tokens, sink
        self._path = Path()
        self._drafts: list[Draft] = []
        self._frames: list[Frame] = []
        self._items: list[_Item] = []
        self._rows: _Rows | None = None
        self._row_item: _Item | None = None
        self._groups = 0
        self._group = 0
        self._away = merge(scan.hidden)
        leaves = _apart(scan.leaves)
        self._leaf_spans = merge((leaf.start, leaf.end) for leaf in leaves)
        self._holes = merge([*self._away, *self._leaf_spans])
        self._leaves: Iterator[Leaf] = iter(leaves)
        self._leaf = next(self._leaves, None)
        self._events = _events(scan.scopes)
        self._event = 0
        self._scopes: dict[int, Frame] = {}
        self._repair = mojibake.suspicious(text)
        self._cursor = 0
        self._note: tuple[str, int, bool] | None = None
        self._term = False
        self.anchors: dict[int, str] = {}

    def run(self) -> list[Draft]:
        """Drafts, sorted by their start."""
        for token in self._tokens:
            if token.type == "reference":
                self._define(token)
        for number, token in enumerate(self._tokens):
            handler = getattr(self, f"_on_{token.type}", None)
            if handler:
                handler(token, number)
        self._advance(len(self._scan.text) + 1)
        self._flush()
        self._drafts.sort(key=lambda draft: draft.start)
        return self._drafts

    # text

    def clean(self, lines: Sequence[Span]) -> Aligned:
        """Visible text, repaired where it was mis-decoded."""
        return self._repaired(inline.clean(self._text, lines, self._sink))

    def _repaired(self, aligned: Aligned) -> Aligned:
        return mojibake.repair(aligned) if self._repair else aligned

    def _hide(self, start: int, end: int) -> None:
        """Count a stretch as hidden, but for the leaves that stand in it."""
        self._sink.hidden.extend(subtract((start, end), self._leaf_spans))

    def _shown(self, lines: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
        """Lines without what the first pass took out of them, which is rare where the text is not Markdown."""
        return [piece for line in lines for piece in (subtract(line, holes) or [(line[0], line[0])])]

    # order: leaves and borders of containers that the block parser does not see

    def _advance(self, to: int) -> None:
        """Emit leaves and cross borders that stand before an offset."""
        while self._leaf and self._leaf.start < to:
            leaf, self._leaf = self._leaf, next(self._leaves, None)
            self._cross(leaf.start)
            self._flush()
            self._emit_leaf(leaf)
        self._cross(to)

    def _cross(self, to: int) -> None:
        while self._event < len(self._events) and self._events[self._event][0] <= to:
            _, opens, scope = self._events[self._event]
            self._event += 1
            if not opens:
                frame = self._scopes.pop(id(scope), None)
                if frame:
                    self._flush()
                    self._path.leave(frame)
            elif scope.kind:
                self._flush()
                label = scope.label
                if scope.title:  # it stands in a tag, which is masked
                    label = self._repaired(inline.clean(self._scan.text, [scope.title], self._sink)).text
                self._scopes[id(scope)] = self._path.push(Frame(label, kind=scope.kind, info=scope.info))

    # output

    def _emit(self, draft: Draft) -> None:
        """Keep a block, with what stands around it."""
        if not draft.content.text.strip():
            self._hide(draft.start, draft.end)
            return
        if self._note and not self._note[2]:
            draft.start = min(draft.start, self._note[1])
            self._note = (self._note[0], self._note[1], True)
        if self._items and not self._items[-1].pieces:
            item = self._items[-1]
            draft.start = min(draft.start, item.marker[0])
            item.pieces = 1
        draft.path = draft.path or self._path.names
        draft.containers = self._path.containers
        draft.group = draft.group or self._group
        if draft.kind in ("list", "table", "code", "diagram", "math"):
            self._introduce(draft)
        self._drafts.append(draft)

    def _introduce(self, draft: Draft) -> None:
        """A paragraph that ends in a colon belongs to what follows."""
        before = self._drafts[-1] if self._drafts else None
        if before and before.kind == "code" and draft.kind == "list" and _ANNOTATION.search(before.content.text):
            before.group = before.group or draft.group  # the notes on the marks in the code
        if not before or before.label or before.level or before.path != draft.path or before.pieces or draft.start < before.end:
            return
        if before.content.text.endswith(_COLON):
            draft.intro = before
            if not draft.group:
                self._groups += 1
                draft.group = self._groups
            before.group = before.group or draft.group

    def _prose_kind(self, default: Kind = "paragraph") -> tuple[Kind, str]:
        frame = self._path.inner
        return (cast(Kind, frame.kind), frame.info) if frame else (default, "")

    def _flush(self) -> None:
        """End the list that is being read."""
        if self._rows:
            rows, self._rows = self._rows, None
            rows.draft.content = join(rows.rows, "")
            self._emit(rows.draft)

    def _row(self, kind: Kind, piece: Piece, row: Aligned, end: int, glue: str) -> None:
        """Add a part to the list that is being read, or begin one."""
        if self._rows is None:
            self._rows = _Rows(Draft(kind, EMPTY, piece.source_start, end, group=self._group), [])
            glue = ""
        draft, rows = self._rows.draft, self._rows.rows
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
        text, lines = self._scan.text, self._shown(leaf.content, self._away)
        pieces: list[Piece] = []
        if leaf.mode == "inline":
            cleaned = join([inline.clean(text, [line], self._sink) for line in lines], leaf.separator)
        elif leaf.mode == "verbatim":
            if leaf.kind == "math":  # its indentation says nothing
                lines = [content.trim(text, *line) for line in lines]
            cleaned, pieces = content.code(text, lines, self._scan.text)
            pieces = pieces if leaf.kind == "code" else []
        elif leaf.mode == "mermaid":
            cleaned, pieces = mermaid.statements(text, lines)
        else:
            cleaned = inline.clean_html(text, lines, self._sink, preformatted=leaf.mode == "pre")
        if not pieces:
            cleaned = self._repaired(cleaned)
        draft = Draft(leaf.kind, cleaned, leaf.start, leaf.end, pieces, info=leaf.info, label=leaf.label, leaf=True)
        if leaf.kind == "heading":
            draft.level, draft.info = int(leaf.info[1]), ""
            self._path.heading(draft.level)
        elif leaf.kind in ("html", "definition") and leaf.mode == "inline" and leaf.kind == "html":
            draft.kind = self._prose_kind("html")[0]
        self._emit(draft)
        if leaf.kind == "heading" and cleaned.text:
            self._path.push(Frame(cleaned.text, draft.level))

    # tokens

    def _define(self, token: Token) -> None:
        lines = token.meta["lines"]
        match = _REFERENCE.match("\n".join(self._text[low:high] for low, high in lines))
        if match:
            self._sink.references.setdefault(links.normal(match[1]), match[2])
        self._sink.hidden.append((lines[0][0], lines[-1][1]))

    def _on_hr(self, token: Token, number: int) -> None:
        self._sink.hidden.append((token.meta["lines"][0][0], token.meta["lines"][0][1]))

    def _on_heading_open(self, token: Token, number: int) -> None:
        low, high = self._tokens[number + 1].meta["lines"][0]
        start = low
        match = _ATX.match(self._text, low, high)
        low = match.end() if match else low
        closing = _CLOSING_HASHES.search(self._text[low:high])
        if closing:
            high = low + closing.start()
        self._heading([(low, high)], int(token.tag[1]), start, line_end(self._text, start))

    def _on_setext(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self._heading(lines, int(token.tag[1]), lines[0][0], token.meta["end"])

    def _heading(self, lines: Sequence[Span], level: int, start: int, end: int) -> None:
        self._advance(start)
        self._flush()
        cleaned = self.clean(lines)
        if not cleaned.text:
            self._hide(start, end)
            return
        if self._items:
            item = self._items[-1]
            if item.path is None:
                item.path = self._path.push(Frame(""))
        self._path.heading(level)
        self._emit(Draft("heading", Aligned(cleaned.text.replace("\n", " "), cleaned.alignment), start, end, level=level))
        self._path.push(Frame(cleaned.text.replace("\n", " "), level))

    def _on_paragraph(self, token: Token, number: int) -> None:
        lines = [span for span in token.meta["lines"] if span[0] < span[1]]
        if not lines:
            return
        lines[0] = (self._visible_from(*lines[0]), lines[0][1])
        self._advance(lines[0][0])
        if self._frames and self._frames[-1].kind == "quote" and not self._frames[-1].info:
            lines = self._callout(lines)
            if not lines:
                return
        joined = self._text[lines[0][0] : lines[-1][1]]
        start, end = lines[0][0], lines[-1][1]
        if "![[" in joined and _EMBED.match(joined) and not content_is_media(joined):
            self.clean(lines)
            self._hide(start, end)
            return
        cleaned = self.clean(lines)
        if self._in_definition():
            self._definition(cleaned, start, end)
        elif self._items and self._items[-1].path is None and cleaned.text:
            self._item_text(cleaned, start, end)
        else:
            self._flush()
            kind, info = self._prose_kind()
            if self._note:
                kind, info = "footnote", self._note[0]
            if joined.lstrip().startswith(("!", "[!", "<img", "<IMG")) and _IMAGES.match(joined):
                kind = "image"
            self._emit(Draft(kind, cleaned, start, end, info=info))

    def _visible_from(self, low: int, high: int) -> int:
        """Where a line begins that may begin with a hidden tag, which may open a container."""
        while low < high and self._text[low] in (self._scan.mark, " "):
            low += 1
        return low

    def _callout(self, lines: list[Span]) -> list[Span]:
        """The first paragraph of a quote: a callout's head is taken off."""
        frame = self._frames[-1]
        low, high = lines[0]
        match = _CALLOUT.match(self._text, low, high)
        frame.info = "quote"
        if not match:
            return lines
        frame.kind, frame.info = "admonition", match[1].lower()
        self._scan.saw("obsidian" if self._text[match.start() : match.end()].rstrip()[-1] in "+-" else "gfm")
        title = (match.end(), high)
        if self._text[slice(*title)].strip():
            self._sink.hidden.append((low, title[0]))
            self._flush()
            names = self._path.names
            cleaned = self.clean([title])
            self._emit(Draft("admonition", cleaned, title[0], title[1], path=names, label=True, info=frame.info))
            frame.text = cleaned.text
        else:
            self._hide(low, high)
        return lines[1:]

    def _enter(self, token: Token) -> None:
        """A container of the block parser begins: what stands before it comes first."""
        self._advance(self._line_offset(token.map[0] if token.map else 0))
        self._flush()

    # lists

    def _on_bullet_list_open(self, token: Token, number: int) -> None:
        if not self._items:
            self._enter(token)
            self._groups += 1
            self._group = self._groups

    _on_ordered_list_open = _on_bullet_list_open

    def _on_bullet_list_close(self, token: Token, number: int) -> None:
        if not self._items:
            self._flush()
            self._group = 0

    _on_ordered_list_close = _on_bullet_list_close

    def _on_list_item_open(self, token: Token, number: int) -> None:
        start = self._line_offset(token.map[0] if token.map else 0)
        at = max(start, self._cursor)
        match = _MARKER.search(self._text, at, line_end(self._text, at))
        marker = match.span() if match else (at, at)
        self._cursor = marker[1]
        self._advance(marker[0])
        self._items.append(_Item(marker, len(self._items) + 1))

    def _on_list_item_close(self, token: Token, number: int) -> None:
        item = self._items.pop()
        if not item.pieces:
            self._sink.hidden.append(item.marker)
        if item.path:
            self._flush()
            self._path.leave(item.path)

    def _line_offset(self, line: int) -> int:
        return self._line_starts[line] if line < len(self._line_starts) else len(self._text)

    @property
    def _line_starts(self) -> list[int]:
        if not hasattr(self, "_starts"):
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        return self._starts

    def _item_text(self, cleaned: Aligned, start: int, end: int) -> None:
        item = self._items[-1]
        first = not item.pieces
        if self._rows and self._rows.draft.kind != "list":
            self._flush()
        if first:
            marker = verbatim(self._text[slice(*item.marker)], item.marker[0])
            row = join([marker, cleaned], " ")
            piece = Piece("item", 0, 0, item.marker[0], item.level)
        else:
            row, piece = cleaned, Piece("item", 0, 0, start, item.level)
        item.pieces += 1
        indent = "  " * (item.level - 1 if first else item.level)
        self._row("list", piece, row, end, "\n" + indent)

    # definitions

    def _in_definition(self) -> bool:
        return bool(self._frames and self._frames[-1].kind == "definition" and not self._items)

    def _on_dl_open(self, token: Token, number: int) -> None:
        self._enter(token)
        self._frames.append(self._path.push(Frame("", kind="definition")))

    def _on_dl_close(self, token: Token, number: int) -> None:
        self._flush()
        self._path.leave(self._frames.pop())

    def _on_dt_open(self, token: Token, number: int) -> None:
        low, high = self._tokens[number + 1].meta["lines"][0]
        self._advance(low)
        self._row("definition", Piece("item", 0, 0, low), self.clean([(low, high)]), high, "\n")
        self._term = True

    def _definition(self, cleaned: Aligned, start: int, end: int) -> None:
        if self._rows and self._rows.draft.kind != "definition":
            self._flush()
        begin = max(line_start(self._text, start), self._rows.draft.end if self._rows else 0)
        mark = re.compile(r"[:~]").search(self._text, begin, start)
        if mark and self._rows:
            start = mark.start()
        if self._term and self._rows:
            self._rows.rows.append(Aligned(":", ()))
            self._rows.draft.pieces[-1].text_end += 1
        self._row("definition", Piece("item", 0, 0, start), cleaned, end, " " if self._term else "\n")
        self._term = False

    # containers

    def _on_blockquote_open(self, token: Token, number: int) -> None:
        self._enter(token)
        self._frames.append(self._path.push(Frame("", kind="quote")))

    def _on_blockquote_close(self, token: Token, number: int) -> None:
        self._flush()
        self._path.leave(self._frames.pop())

    def _on_container_open(self, token: Token, number: int) -> None:
        start, end = token.meta["mark"]
        self._advance(start)
        self._flush()
        self._scan.saw("mkdocs")
        frame = Frame("", kind=token.markup, info=token.info)
        title = token.meta["title"]
        if title and self._text[slice(*title)].strip():
            cleaned = self.clean([title])
            frame.text = cleaned.text
            self._emit(Draft(cast(Kind, token.markup), cleaned, title[0], title[1], label=True, info=token.info))
            self._sink.hidden.extend(((start, title[0]), (title[1], end)))
        else:
            self._hide(start, end)
        self._frames.append(self._path.push(frame))

    def _on_container_close(self, token: Token, number: int) -> None:
        self._flush()
        self._path.leave(self._frames.pop())

    def _on_footnote_open(self, token: Token, number: int) -> None:
        self._advance(token.meta["start"])
        self._flush()
        self._note = (token.info, token.meta["start"], False)
        self._frames.append(self._path.push(Frame("", kind="footnote", info=token.info)))

    def _on_footnote_close(self, token: Token, number: int) -> None:
        self._flush()
        if self._note and not self._note[2]:
            self._sink.hidden.append((self._note[1], line_end(self._text, self._note[1])))
        self._note = None
        self._path.leave(self._frames.pop())

    # code and tables

    def _on_fence(self, token: Token, number: int) -> None:
        start, stop = token.meta["open"]
        self._advance(start)
        self._flush()
        info = self._text[token.meta["info"] : stop]
        lang = content.language(info)
        end, lines = token.meta["end"], token.meta["lines"]
        if lang in content.QUERIES:
            self._hide(start, end)
            self._scan.saw("obsidian")
            return
        if lang == "mermaid":
            cleaned, pieces = mermaid.statements(self._scan.text, self._shown(lines, self._holes))
            self._emit(Draft("diagram", cleaned, start, end, pieces, info="mermaid"))
            return
        cleaned, pieces = content.code(self._text, lines, self._scan.text)
        if lang in content.MATH:
            self._emit(Draft("math", cleaned, start, end))
            return
        title = content.code_title(self._text, token.meta["info"], stop)
        if title:
            named = verbatim(self._text[slice(*title)], title[0])
            for piece in pieces:
                piece.text_start += len(named.text) + 1
                piece.text_end += len(named.text) + 1
            pieces.insert(0, Piece("line", 0, len(named.text), start))
            cleaned = join([named, cleaned]) if cleaned.text else named
        self._emit(Draft("code", cleaned, start, end, pieces, info=lang))

    def _on_code_block(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self._advance(lines[0][0])
        self._flush()
        cleaned, pieces = content.code(self._text, lines, self._scan.text)
        if pieces:
            start = lines[0][0]
            self._emit(Draft("code", cleaned, start, lines[-1][1], pieces))

    def _on_table_open(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self._advance(lines[0][0])
        self._flush()
        rows: list[Aligned] = []
        pieces: list[Piece] = []
        at = 0
        for line, (low, high) in enumerate(lines):
            if line == 1:
                continue
            row = join([inline.clean_cell(self._text, cell, self._sink) for cell in content.cells(self._text, low, high)], " | ")
            row = self._repaired(row)
            pieces.append(Piece("row" if line else "header", at, at + len(row.text), low))
            at += len(row.text) + 1
            rows.append(row)
        self._emit(Draft("table", join(rows), lines[0][0], lines[-1][1], pieces))


def content_is_media(embed: str) -> bool:
    """Whether an embed on its own shows a file that may have an alternative text, and not a note."""
    found = links.wikilink(embed, embed.index("!"))
    return bool(found and links.is_media(found.target))


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
