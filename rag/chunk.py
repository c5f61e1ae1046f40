"""Blocks of a page to chunks.

Packs whole blocks of one section up to a target size, joins sections that are too small to stand alone, and cuts a block only where
it is too long by itself: a table between rows (each part keeps the header), a list between items, code between lines, prose between
sentences. Knows blocks and a token counter; knows no index and no embedder.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rag.lines import LineTable
from rag.markdown.blocks import Page
from rag.piece import Piece, join, split_block
from rag.protocols import TokenCounter
from rag.types import Chunk, Document, Metadata, heading_line

CHUNKER_VERSION = "6"
_TINY_TOKENS = 24  # a section with less text than this says too little alone; any more and its own heading path is worth keeping


def chunk_page(document: Document, page: Page, counter: TokenCounter, target_tokens: int) -> list[Chunk]:
    """Cut a page into chunks.

    Every visible character of the page is in the spans of exactly one chunk, except spans that are named in `Chunk.repeated`.

    Args:
        document: the page's identity and source.
        page: its blocks.
        counter: of the embedder; a chunk with its heading line never exceeds `counter.max_tokens`.
        target_tokens: wanted size, heading line included.

    Returns:
        The chunks in the order of the page; none where it shows no text.
    """
    limit = min(target_tokens, counter.max_tokens)
    sections = _sections(document, page, counter, limit)
    groups = [group for section in _joined(sections, counter, document.title, limit) for group in section.packed(limit)]
    lines = LineTable(document.source)
    seen: Counter[str] = Counter()
    chunks = []
    for ordinal, (path, pieces) in enumerate(groups):
        whole = join(pieces)
        key = "\0".join((document.path, *path, "", whole.text))
        seen[key] += 1
        chunks.append(
            Chunk(
                id=hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:24],
                document_id=document.id,
                path=document.path,
                title=document.title,
                ordinal=ordinal,
                text=whole.text,
                spans=whole.spans,
                alignment=whole.alignment,
                heading_path=path,
                kind=_kind(pieces),
                line=lines.line(whole.spans[0][0]),
                lead=_lead(pieces, _said(document.title, path)),
                repeated=whole.repeated,
                code=whole.code,
                metadata=_filters(document.metadata),
            )
        )
    return chunks


class _Section:
    """Pieces that stand under one heading path."""

    def __init__(self, path: tuple[str, ...], pieces: list[Piece], overhead: int) -> None:
        self.path = path
        self.pieces = pieces
        self.overhead = overhead  # tokens of the heading line and of special tokens

    @property
    def tokens(self) -> int:
        return self.overhead + sum(piece.tokens for piece in self.pieces)

    @property
    def body_tokens(self) -> int:
        """Tokens of the text, headings not counted."""
        return sum(piece.tokens for piece in self.pieces if not piece.leads)

    def packed(self, limit: int) -> Iterable[tuple[tuple[str, ...], list[Piece]]]:
        """Yield runs of pieces that fit the limit; leading headings go with what follows them, and notes on code with the code."""
        run: list[Piece] = []
        size = self.overhead
        for piece, following in zip_longest(self.pieces, self.pieces[1:]):
            wanted = piece.tokens
            if following and _is_note_on(following, piece) and self.overhead + wanted + following.tokens <= limit:
                wanted += following.tokens
            if run and size + wanted > limit and not all(p.leads for p in run):
                yield self.path, run
                run, size = [], self.overhead
            run.append(piece)
            size += piece.tokens
        if run:
            yield self.path, run


def _sections(document: Document, page: Page, counter: TokenCounter, limit: int) -> list[_Section]:
    """Group blocks by heading path; a heading without content of its own goes to the section after it."""
    sections: list[_Section] = []
    waiting: list[Piece] = []  # headings that have no content yet
    waiting_path: tuple[str, ...] = ()
    for block in page.blocks:
        path = tuple(block.heading_path)
        overhead = _overhead(document.title, path, counter)
        # A long heading line must leave room for text; what is lost to it is only size, never content.
        room = max(limit - overhead - _unsaid(waiting, _said(document.title, path)), limit // 4)
        pieces = split_block(block, counter, room)
        crowded = pieces[0].leads and sum(piece.tokens for piece in [*waiting, *pieces]) > limit // 2
        if waiting and (crowded or not _is_prefix(waiting_path, path)):
            sections.append(_Section(waiting_path, waiting, _overhead(document.title, waiting_path, counter)))
            waiting = []
        if pieces[0].leads:
            waiting += pieces
            waiting_path = path
            continue
        if waiting or not sections or sections[-1].path != path:
            sections.append(_Section(path, [*waiting, *pieces], overhead))
            waiting = []
        else:
            sections[-1].pieces += pieces
    if waiting:
        sections.append(_Section(waiting_path, waiting, _overhead(document.title, waiting_path, counter)))
    return [section for section in sections if section.pieces]


def _joined(sections: Sequence[_Section], counter: TokenCounter, title: str, limit: int) -> list[_Section]:
    """Join a section that is too small to stand alone with the one before it under the same parent heading."""
    joined: list[_Section] = []
    for section in sections:
        last = joined[-1] if joined else None
        if last is not None and min(last.body_tokens, section.body_tokens) < _TINY_TOKENS:
            common = _common(last.path, section.path)
            near = len(common) >= max(len(last.path), len(section.path)) - 1 and bool(common)
            overhead = _overhead(title, common, counter)
            both = _Section(common, [*last.pieces, *section.pieces], overhead)
            if near and both.tokens <= limit:
                joined[-1] = both
                continue
        joined.append(section)
    return joined


def _is_note_on(piece: Piece, code: Piece) -> bool:
    """Whether a list explains the marks in the code before it."""
    return (code.kind, piece.kind) == ("code", "list") and code.group == piece.group != 0


def _overhead(title: str, path: Sequence[str], counter: TokenCounter) -> int:
    return counter.count(heading_line(title, path))


def _is_prefix(first: Sequence[str], second: Sequence[str]) -> bool:
    return tuple(second[: len(first)]) == tuple(first)


def _common(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    same = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        same += 1
    return tuple(first[:same])


def _kind(pieces: Sequence[Piece]) -> str:
    kinds = {piece.kind for piece in pieces if not piece.leads} or {"heading"}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _said(title: str, path: Sequence[str]) -> set[str]:
    """Names that the heading line says in full."""
    return set(heading_line(title, path).split(" > "))


def _unsaid(leading: Sequence[Piece], said: set[str]) -> int:
    """Tokens of the headings that a chunk is to start with, from the first one on that its heading line does not say."""
    first = next((number for number, piece in enumerate(leading) if piece.text not in said), len(leading))
    return sum(piece.tokens for piece in leading[first:])


def _lead(pieces: Sequence[Piece], said: set[str]) -> int:
    """Characters of the headings that a chunk starts with and its heading line says, unless it holds nothing else."""
    leading: list[Piece] = []
    for piece in pieces:
        if not piece.leads or piece.text not in said:
            return len(join([*leading, piece]).text) - len(piece.text)
        leading.append(piece)
    return 0


def _filters(metadata: Metadata) -> dict[str, object]:
    """Front matter that can be filtered by: texts, numbers, truth values, and lists of texts."""
    kept: dict[str, object] = {}
    for key, value in metadata.items():
        if isinstance(value, str | int | float | bool) or (
            isinstance(value, list) and all(isinstance(item, str) for item in value)
        ):
            kept[key] = value
    return kept
