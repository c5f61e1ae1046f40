"""Pieces of a file that is not one Markdown text, put together to a source and a page over it.

The source is what was extracted, in the order of the file; citations quote it. A piece names its place (a cell, a card, a page of a
PDF), which leads the heading path of its blocks. Knows nothing of file formats.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.lines import LineTable
from rag.markdown import mojibake
from rag.markdown.align import Aligned, cut, verbatim
from rag.markdown.blocks import Block, Heading, Kind, Link, Page, Part, PartKind
from rag.markdown.parse import parse
from rag.types import Alignment, Notice, Span

_GAP = "\n\n"
_EMPTY_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)")
_BY_LINE: Mapping[str, PartKind] = {"code": "line", "table": "row", "list": "item", "diagram": "line"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of extracted text.

    Attributes:
        text: as it goes into the source.
        kind: of the block that it becomes; empty for Markdown, which becomes the blocks that it holds.
        place: where in the file it stands, such as `Cell 3`; empty where there is nothing to say.
        level: of a heading, 1 to 6.
        info: language of code.
        header: the first line is the header of a table.
    """

    text: str
    kind: Kind | None = None
    place: str = ""
    level: int = 0
    info: str = ""
    header: bool = False


@dataclass(frozen=True, slots=True)
class Extract:
    """What was extracted from a file.

    Attributes:
        pieces: in the order of the file.
        title: that the file gives itself; empty where it gives none.
        metadata: fields of the file, as JSON values.
        flows: a heading holds over the places that follow, and may name the file; otherwise it ends with its place.
    """

    pieces: Sequence[Piece]
    title: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    flows: bool = True


def compose(extract: Extract, path: str) -> tuple[str, Page]:
    """Return the source and the page of a file.

    Args:
        extract: of the file.
        path: of the file in the corpus, with `/`.

    Returns:
        The extracted text, and a page whose offsets are those of this text.
    """
    kept = [piece for piece in extract.pieces if piece.text.strip()]
    source = _GAP.join(piece.text for piece in kept)
    builder = _Builder(source, path)
    at = 0
    for number, piece in enumerate(kept):
        if number and not extract.flows and piece.place != kept[number - 1].place:
            builder.end_headings()
        builder.add(piece, at)
        at += len(piece.text) + len(_GAP)
    blocks = tuple(_placed(builder.blocks))
    headings = [Heading(block.text, block.level, "", block.line, block.start) for block in blocks if block.level]
    first = next((heading.text for heading in headings if heading.level == 1), "") if extract.flows else ""
    metadata = {"aliases": [], "tags": [], "draft": False, **extract.metadata}
    title = mojibake.repair_text(" ".join((extract.title or first).split())) or posixpath.splitext(posixpath.basename(path))[0]
    links, hidden, notices = tuple(builder.links), tuple(builder.hidden), tuple(builder.notices)
    return source, Page(title, metadata, "gfm", blocks, tuple(headings), links, hidden=hidden, notices=notices)


class _Builder:
    """Blocks of one source as they come, with the headings above them, which hold over the pieces that follow."""

    def __init__(self, source: str, path: str) -> None:
        self._source, self._path = source, path
        self._lines = LineTable(source)
        self._open: list[tuple[int, str]] = []
        self.blocks: list[tuple[str, Block]] = []
        self.links: list[Link] = []
        self.hidden: list[Span] = []
        self.notices: list[Notice] = []

    def add(self, piece: Piece, at: int) -> None:
        """Add a piece that begins at an offset."""
        if piece.kind is None:
            self._markdown(piece, at)
        elif piece.level:
            block = self._block(piece, at, at + len(piece.text))
            self._above(piece.level)
            self.blocks.append((piece.place, replace(block, heading_path=self._names())))
            self._open.append((piece.level, block.text))
        else:
            ends = [match.start() for match in _EMPTY_LINE.finditer(piece.text)] if piece.kind == "paragraph" else []
            start = 0
            for end in [*ends, len(piece.text)]:
                low, high = _trimmed(piece.text, start, end)
                start = end
                if low < high:
                    block = self._block(piece, at + low, at + high)
                    self.blocks.append((piece.place, replace(block, heading_path=self._names())))

    def end_headings(self) -> None:
        """Let no heading hold any longer."""
        self._open.clear()

    def _markdown(self, piece: Piece, at: int) -> None:
        page = parse(piece.text, self._path)
        first = self._lines.line(at) - 1
        inner: list[tuple[int, str]] = []
        for block in page.blocks:
            if block.level:
                self._above(block.level)
                inner = [each for each in inner if each[0] < block.level]
            self.blocks.append((piece.place, _moved(block, at, first, self._names())))
            if block.level:
                inner.append((block.level, block.text))
        self._open += inner
        self.links += [replace(each, line=each.line + first, span=_later([each.span], at)[0]) for each in page.links]
        self.hidden += _later(page.hidden, at)
        self.notices += [replace(notice, line=notice.line + first) for notice in page.notices]

    def _above(self, level: int) -> None:
        while self._open and self._open[-1][0] >= level:
            self._open.pop()

    def _names(self) -> tuple[str, ...]:
        return tuple(name for _, name in self._open)

    def _block(self, piece: Piece, start: int, end: int) -> Block:
        kind = piece.kind or "paragraph"
        content = verbatim(self._source[start:end], start)
        if kind != "code":
            content = mojibake.repair(content) if mojibake.suspicious(content.text) else content
        span = (start, end)
        parts = _parts(content, span, _BY_LINE[kind], header=piece.header) if kind in _BY_LINE else ()
        if not parts:
            parts = (Part("sentence-able", content.text, 0, (span,), content.alignment),)
        text, alignment, line = content.text, content.alignment, self._lines.line(start)
        return Block(kind, text, (span,), alignment, (), line, parts, piece.level, info=piece.info)


def _parts(content: Aligned, span: Span, kind: PartKind, *, header: bool) -> tuple[Part, ...]:
    """A part for each line of a text; each has the line end that follows it, so that the spans join."""
    found: list[Part] = []
    at = 0
    source = span[0]
    lines = content.text.split("\n")
    for number, line in enumerate(lines):
        piece = cut(content, at, at + len(line))
        at += len(line) + 1
        after = cut(content, at, len(content.text)).alignment
        end = span[1] if number + 1 == len(lines) or not after else after[0][2]
        name: PartKind = "header" if header and not number else kind
        found.append(Part(name, piece.text, at - len(line) - 1, ((source, end),), piece.alignment))
        source = end
    return tuple(found)


def _placed(blocks: Sequence[tuple[str, Block]]) -> list[Block]:
    """Blocks under their places. A heading takes the place of what follows it: it would stand alone otherwise."""
    found: list[Block] = []
    following = ""
    for place, block in reversed(blocks):
        if not (block.level or block.label) or not following:
            following = place
        path = (following, *block.heading_path) if following else block.heading_path
        found.append(replace(block, heading_path=path))
    return found[::-1]


def _moved(block: Block, by: int, lines: int, outer: tuple[str, ...]) -> Block:
    """A block of a text that stands further down in the source, under headings of earlier pieces."""
    return replace(
        block,
        spans=_later(block.spans, by),
        alignment=_shifted(block.alignment, by),
        heading_path=(*outer, *block.heading_path),
        line=block.line + lines,
        parts=tuple(_moved_part(part, by) for part in block.parts),
        intro=_moved_part(block.intro, by) if block.intro else None,
    )


def _moved_part(part: Part, by: int) -> Part:
    return replace(part, spans=_later(part.spans, by), alignment=_shifted(part.alignment, by))


def _later(spans: Sequence[Span], by: int) -> tuple[Span, ...]:
    return tuple((start + by, end + by) for start, end in spans)


def _shifted(alignment: Alignment, by: int) -> Alignment:
    return tuple((a, b, c + by, d + by) for a, b, c, d in alignment)


def _trimmed(text: str, low: int, high: int) -> Span:
    piece = text[low:high]
    return low + len(piece) - len(piece.lstrip()), high - len(piece) + len(piece.rstrip())
