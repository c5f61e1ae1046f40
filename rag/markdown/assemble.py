"""From tokens and what the first pass found to drafts of blocks, in the order of the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from markdown_it.token import Token

from rag.markdown import content, inline, links, mermaid
from rag.markdown.align import Aligned, join, verbatim
from rag.markdown.blocks import Kind
from rag.markdown.drafts import Draft, Piece
from rag.markdown.lines import line_end, line_start
from rag.markdown.path import Frame
from rag.markdown.scan import Scan
from rag.markdown.sink import Sink
from rag.markdown.stream import ListItem, Stream
from rag.types import Span

_CALLOUT = re.compile(r"\[!([A-Za-z][\w -]*?)(?:\|[^\]\n]*)?\][+-]?[ \t]*")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_DEFINED = re.compile(r"^[ \t>]*+(?P<mark>[:~])[ \t]", re.MULTILINE)
_ATX = re.compile(r"#{1,6}[ \t]*")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+[ \t]*\Z")
_IMAGES = re.compile(
    r"""(?:!\[(?:\\.|[^\[\]\\])*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])|!\[\[[^\[\]\n]*\]\]|<img\b[^<>]*>
    |\[(?=!\[)|\]\([^()\s]*\)|\{[^{}\n]*\}|\s)+\Z""",
    re.VERBOSE,
)
_EMBED = re.compile(r"\s*!\[\[[^\[\]\n]+\]\]\s*\Z")
_REFERENCE = re.compile(r"\s*\[((?:\\.|[^\[\]\\])+)\]:\s*<?([^\s>]*)")


class Assembler(Stream):
    """Walks the tokens of one page once; `run` returns the drafts."""

    def __init__(self, scan: Scan, text: str, tokens: Sequence[Token], sink: Sink) -> None:
        super().__init__(scan, text, sink)
        self._tokens = tokens
        self._frames: list[Frame] = []
        self._cursor = 0  # end of the last mark of a list's item or of a definition
        self._term = False  # a definition's term waits for its text
        self._outside: list[tuple[list[ListItem], int]] = []  # items and group around each definition list

    def run(self) -> list[Draft]:
        """Drafts, sorted by their start."""
        for token in self._tokens:
            if token.type == "reference":
                self._define(token)
        for number, token in enumerate(self._tokens):
            handler = getattr(self, f"_on_{token.type}", None)
            if handler:
                handler(token, number)
        self.advance(len(self.scan.text) + 1)
        self.flush()
        self.drafts.sort(key=lambda draft: draft.start)
        return self.drafts

    # tokens

    def _define(self, token: Token) -> None:
        lines = token.meta["lines"]
        match = _REFERENCE.match("\n".join(self.text[low:high] for low, high in lines))
        if match:
            self.sink.references.setdefault(links.normal(match[1]), match[2])
        self.sink.hidden.append((lines[0][0], lines[-1][1]))

    def _on_hr(self, token: Token, number: int) -> None:
        self.sink.hidden.append((token.meta["lines"][0][0], token.meta["lines"][0][1]))

    def _on_heading_open(self, token: Token, number: int) -> None:
        low, high = self._tokens[number + 1].meta["lines"][0]
        start = low
        match = _ATX.match(self.text, low, high)
        low = match.end() if match else low
        closing = _CLOSING_HASHES.search(self.text[low:high])
        if closing:
            high = low + closing.start()
        self._heading([(low, high)], int(token.tag[1]), start, line_end(self.text, start))

    def _on_setext(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self._heading(lines, int(token.tag[1]), lines[0][0], token.meta["end"])

    def _heading(self, lines: Sequence[Span], level: int, start: int, end: int) -> None:
        self.advance(start)
        self.flush()
        cleaned = self.clean(lines)
        if not cleaned.text:
            self.hide(start, end)
            return
        if self.items:
            item = self.items[-1]
            if item.path is None:
                item.path = self.path.push(Frame(""))
        self.path.heading(level)
        self.emit(Draft("heading", Aligned(cleaned.text.replace("\n", " "), cleaned.alignment), start, end, level=level))
        self.path.push(Frame(cleaned.text.replace("\n", " "), level))

    def _on_paragraph(self, token: Token, number: int) -> None:
        lines = [span for span in token.meta["lines"] if span[0] < span[1]]
        if not lines:
            return
        lines[0] = (self._visible_from(*lines[0]), lines[0][1])
        while len(lines) > 1 and lines[0][0] == lines[0][1]:
            del lines[0]
            lines[0] = (self._visible_from(*lines[0]), lines[0][1])
        self.advance(lines[0][0])
        if self._frames and self._frames[-1].kind == "quote" and not self._frames[-1].info:
            lines = self._callout(lines)
            if not lines:
                return
        joined = self.text[lines[0][0] : lines[-1][1]]
        start, end = lines[0][0], lines[-1][1]
        if "![[" in joined and _EMBED.match(joined) and not content_is_media(joined):
            self.clean(lines)
            self.hide(start, end)
            return
        cleaned = self.clean(lines, alone=bool(self.items) and len(lines) == 1)
        if self._in_definition():
            self._definition(cleaned, start, end)
        elif self.items and self.items[-1].path is None and cleaned.text:
            self._item_text(cleaned, start, end)
        else:
            self.flush()
            kind, info = self.prose_kind()
            if self.note:
                kind, info = "footnote", self.note[0]
            if joined.lstrip().startswith(("!", "[!", "<img", "<IMG")) and _IMAGES.match(joined):
                kind = "image"
            self.emit(Draft(kind, cleaned, start, end, info=info))

    def _visible_from(self, low: int, high: int) -> int:
        """Where a line begins that may begin with a hidden tag, which may open a container."""
        while low < high and self.text[low] in (self.scan.mark, " "):
            low += 1
        return low

    def _callout(self, lines: list[Span]) -> list[Span]:
        """The first paragraph of a quote: a callout's head is taken off."""
        frame = self._frames[-1]
        low, high = lines[0]
        match = _CALLOUT.match(self.text, low, high)
        frame.info = "quote"
        if not match:
            return lines
        frame.kind, frame.info = "admonition", match[1].lower()
        title = (match.end(), high)
        if self.text[slice(*title)].strip():
            self.sink.hidden.append((low, title[0]))
            self.flush()
            names = self.path.names
            cleaned = self.clean([title])
            self.emit(Draft("admonition", cleaned, title[0], title[1], path=names, label=True, info=frame.info))
            frame.text = cleaned.text
        else:
            self.hide(low, high)
        return lines[1:]

    def _enter(self, token: Token) -> None:
        """A container of the block parser begins: what stands before it comes first."""
        self.advance(self._line_offset(token.map[0] if token.map else 0))
        self.flush()

    # lists

    def _on_bullet_list_open(self, token: Token, number: int) -> None:
        if not self.items:
            self._enter(token)
            self.groups += 1
            self.group = self.groups

    _on_ordered_list_open = _on_bullet_list_open

    def _on_bullet_list_close(self, token: Token, number: int) -> None:
        if not self.items:
            self.flush()
            self.group = self._outside[-1][1] if self._outside else 0

    _on_ordered_list_close = _on_bullet_list_close

    def _on_list_item_open(self, token: Token, number: int) -> None:
        start = self._line_offset(token.map[0] if token.map else 0)
        at = max(start, self._cursor)
        match = _MARKER.search(self.text, at, line_end(self.text, at))
        marker = match.span() if match else (at, at)
        self._cursor = marker[1]
        self.advance(marker[0])
        self.items.append(ListItem(marker, len(self.items) + 1))

    def _on_list_item_close(self, token: Token, number: int) -> None:
        item = self.items.pop()
        if not item.pieces or item.passed:
            self.sink.hidden.append(item.marker)
        if item.path:
            self.flush()
            self.path.leave(item.path)

    def _line_offset(self, line: int) -> int:
        return self._line_starts[line] if line < len(self._line_starts) else len(self.text)

    @property
    def _line_starts(self) -> list[int]:
        if not hasattr(self, "_starts"):
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        return self._starts

    def _item_text(self, cleaned: Aligned, start: int, end: int) -> None:
        item = self.items[-1]
        first = not item.pieces and not item.passed
        for outer in self.items[:-1]:
            outer.passed = outer.passed or not outer.pieces
        if first:
            marker = verbatim(self.text[slice(*item.marker)], item.marker[0])
            row = join([marker, cleaned], " ")
            piece = Piece("item", 0, 0, item.marker[0], item.level)
        else:
            row, piece = cleaned, Piece("item", 0, 0, start, item.level)
        item.pieces += 1
        indent = "  " * (item.level - 1 if first else item.level)
        self.row("list", piece, row, end, "\n" + indent)

    # definitions

    def _in_definition(self) -> bool:
        return bool(self._frames and self._frames[-1].kind == "definition" and not self.items)

    def _on_dl_open(self, token: Token, number: int) -> None:
        self._enter(token)
        self._frames.append(self.path.push(Frame("", kind="definition")))
        for item in self.items:
            item.passed = item.passed or not item.pieces
        # In a definition, the list that it stands in does not count.
        self._outside.append((self.items, self.group))
        self.items = []

    def _on_dl_close(self, token: Token, number: int) -> None:
        self.flush()
        self.items, self.group = self._outside.pop()
        self.path.leave(self._frames.pop())

    def _on_dt_open(self, token: Token, number: int) -> None:
        low, high = self._tokens[number + 1].meta["lines"][0]
        self.advance(low)
        self.row("definition", Piece("item", 0, 0, low), self.clean([(low, high)]), high, "\n")
        self._term = True

    def _on_dd_open(self, token: Token, number: int) -> None:
        first, last = token.map or (0, 0)
        start = max(self._line_offset(first), self._cursor)
        mark = _DEFINED.search(self.text, start, max(self._line_offset(last + 1), start))
        if mark:
            self._cursor = mark.end()
            if self._tokens[number + 1].type != "paragraph":  # which shows its mark itself
                self.sink.hidden.append(mark.span("mark"))

    def _definition(self, cleaned: Aligned, start: int, end: int) -> None:
        if self.rows and self.rows.draft.kind != "definition":
            self.flush()
        begin = max(line_start(self.text, start), self.rows.draft.end if self.rows else 0)
        mark = re.compile(r"[:~]").search(self.text, begin, start)
        if mark:
            start = mark.start()
        if self._term and self.rows:
            self.rows.rows.append(Aligned(":", ()))
            self.rows.draft.pieces[-1].text_end += 1
        self.row("definition", Piece("item", 0, 0, start), cleaned, end, " " if self._term else "\n")
        self._term = False

    # containers

    def _on_blockquote_open(self, token: Token, number: int) -> None:
        self._enter(token)
        self._frames.append(self.path.push(Frame("", kind="quote")))

    def _on_blockquote_close(self, token: Token, number: int) -> None:
        self.flush()
        self.path.leave(self._frames.pop())

    def _on_container_open(self, token: Token, number: int) -> None:
        start, end = token.meta["mark"]
        self.advance(start)
        self.flush()
        frame = Frame("", kind=token.markup, info=token.info)
        title = token.meta["title"]
        if title and self.text[slice(*title)].strip():
            cleaned = self.clean([title])
            frame.text = cleaned.text
            self.emit(Draft(cast(Kind, token.markup), cleaned, title[0], title[1], label=True, info=token.info))
            self.sink.hidden.extend(((start, title[0]), (title[1], end)))
        else:
            self.hide(start, end)
        self._frames.append(self.path.push(frame))

    def _on_container_close(self, token: Token, number: int) -> None:
        self.flush()
        self.path.leave(self._frames.pop())

    def _on_footnote_open(self, token: Token, number: int) -> None:
        self.advance(token.meta["start"])
        self.flush()
        self.note = (token.info, token.meta["start"], False)
        self._frames.append(self.path.push(Frame("", kind="footnote", info=token.info)))

    def _on_footnote_close(self, token: Token, number: int) -> None:
        self.flush()
        if self.note and not self.note[2]:
            self.sink.hidden.append((self.note[1], line_end(self.text, self.note[1])))
        self.note = None
        self.path.leave(self._frames.pop())

    # code and tables

    def _on_fence(self, token: Token, number: int) -> None:
        start, stop = token.meta["open"]
        self.advance(start)
        self.flush()
        info = self.text[token.meta["info"] : stop]
        lang = content.language(info)
        end, lines = token.meta["end"], token.meta["lines"]
        if lang in content.QUERIES:
            self.hide(start, end)
            return
        if lang == "mermaid":
            cleaned, pieces = mermaid.statements(self.scan.text, self.shown(lines, self.holes))
            self.emit(Draft("diagram", cleaned, start, end, pieces, info="mermaid"))
            return
        cleaned, pieces = content.code(self.text, lines, self.scan.text)
        if lang in content.MATH:
            self.emit(Draft("math", cleaned, start, end))
            return
        title = content.code_title(self.text, token.meta["info"], stop)
        if title:
            named = verbatim(self.text[slice(*title)], title[0])
            for piece in pieces:
                piece.text_start += len(named.text) + 1
                piece.text_end += len(named.text) + 1
            pieces.insert(0, Piece("name", 0, len(named.text), start))
            cleaned = join([named, cleaned]) if cleaned.text else named
        self.emit(Draft("code", cleaned, start, end, pieces, info=lang))

    def _on_code_block(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self.advance(lines[0][0])
        self.flush()
        cleaned, pieces = content.code(self.text, lines, self.scan.text)
        if pieces:
            start = lines[0][0]
            self.emit(Draft("code", cleaned, start, lines[-1][1], pieces))

    def _on_table_open(self, token: Token, number: int) -> None:
        lines = token.meta["lines"]
        self.advance(lines[0][0])
        self.flush()
        rows: list[Aligned] = []
        pieces: list[Piece] = []
        at = 0
        for line, (low, high) in enumerate(lines):
            if line == 1:
                continue
            row = join([inline.clean_cell(self.text, cell, self.sink) for cell in content.cells(self.text, low, high)], " | ")
            row = self.repaired(row)
            pieces.append(Piece("row" if line else "header", at, at + len(row.text), low))
            at += len(row.text) + 1
            rows.append(row)
        self.emit(Draft("table", join(rows), lines[0][0], lines[-1][1], pieces))


def content_is_media(embed: str) -> bool:
    """Whether an embed on its own shows a file that may have an alternative text, and not a note."""
    found = links.wikilink(embed, embed.index("!"))
    return bool(found and links.is_media(found.target))
