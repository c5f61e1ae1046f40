"""Cleaned text with its place in the source, cut and joined.

A piece is a block or a part of one. Knows offsets and sentence ends; knows no page and no index.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.align import cut, first_place, first_places, shift
from rag.markdown.align import merge
from rag.markdown.blocks import Block, Part
from rag.protocols import TokenCounter
from rag.sentences import formulas, split_sentences
from rag.types import Alignment, Segment, Span

# Word pieces see a word of more than 100 characters as one unknown token; a line of base64 must still be as long as it looks.
_MAX_CHARS_PER_TOKEN = 8
_PAUSE = re.compile(r"\s|[、，；：]")
_CODE = "code"
_LEADS = "เแโใไ\u200d"  # vowels of Thai that are written before their consonant, and what joins two signs


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with its spans.

    Attributes:
        kind: of the block.
        text: cleaned.
        spans: in the source, in order.
        alignment: from `text` to the source.
        tokens: of `text`, special tokens not counted.
        leads: whether it is a heading or a label, which belongs to what follows.
        group: of the block, where this is the whole of it.
        tight: whether it continues the block of the piece before it.
        repeated: spans that other pieces show too.
        code: the stretches of `text` that are blocks of code.
        named: how many characters of `text` are the name of a file, which stands above its code.
    """

    kind: str
    text: str
    spans: tuple[Span, ...]
    alignment: Alignment
    tokens: int
    leads: bool = False
    group: int = 0
    tight: bool = False
    repeated: tuple[Span, ...] = ()
    code: tuple[Span, ...] = ()
    named: int = 0


def join(pieces: Sequence[Piece]) -> Piece:
    """Join pieces in order: a line break before one that continues its block, an empty line before any other."""
    parts: list[str] = []
    length = 0
    alignment: list[Segment] = []
    code: list[Span] = []
    for piece in pieces:
        gap = ("\n" if piece.tight else "\n\n") if parts else ""
        parts += [gap, piece.text]
        alignment += shift(piece.alignment, length + len(gap))
        begin = length + len(gap) + piece.named
        end = length + len(gap) + len(piece.text)
        if piece.kind == _CODE and piece.tight and code and code[-1][1] == length:
            code[-1] = (code[-1][0], end)  # more lines of the same block
        elif piece.kind == _CODE and begin < end:
            code.append((begin, end))
        length += len(gap) + len(piece.text)
    spans = merge(span for piece in pieces for span in piece.spans)
    repeated = merge(span for piece in pieces for span in piece.repeated)
    return replace(
        pieces[0],
        text="".join(parts),
        spans=spans,
        alignment=tuple(alignment),
        tokens=sum(piece.tokens for piece in pieces),
        repeated=repeated,
        code=tuple(code),
        named=code[0][0] if code else pieces[0].named,
    )


def count(text: str, counter: TokenCounter) -> int:
    """Return the tokens of a text without special tokens, and no less than its length allows."""
    return max(counter.count(text) - counter.count(""), -(-len(text) // _MAX_CHARS_PER_TOKEN))


def split_block(block: Block, counter: TokenCounter, room: int) -> list[Piece]:
    """Return a block as pieces of at most `room` tokens: whole where it fits, else cut between its parts.

    A table's header is repeated in each piece. A part that is too long alone is cut between sentences, then words, then characters.
    """
    tokens = count(block.text, counter)
    # A heading that leaves no room for what follows it is cut like any other text.
    leads = (block.kind == "heading" or block.label) and tokens <= room // 2
    if tokens <= room:
        name = len(block.parts[0].text) + 1 if block.parts and block.parts[0].kind == "name" else 0
        return [Piece(block.kind, block.text, block.spans, block.alignment, tokens, leads, block.group, named=name)]
    header = block.header
    header_tokens = count(header.text, counter) if header else 0
    if header is None or header_tokens > room // 2:  # a header that leaves no room for rows is a row like any other
        header, header_tokens = None, 0
    body = block.parts[1:] if header else block.parts
    pieces: list[Piece] = []
    run: list[Piece] = []
    size = header_tokens

    def end_run() -> None:
        if run:
            whole = join(run)
            pieces.append(_under(header, header_tokens, whole, first=not pieces) if header else whole)
            run.clear()

    for part in body:
        for piece in _part_pieces(block.kind, part, counter, room - header_tokens):
            if run and size + piece.tokens > room:
                end_run()
                size = header_tokens
            run.append(replace(piece, leads=leads, tight=bool(run) or bool(pieces)))
            size += piece.tokens
    end_run()
    return pieces


def _under(header: Part, header_tokens: int, rows: Piece, *, first: bool) -> Piece:
    """Put a table's header above rows; in all pieces but the first it is a repetition."""
    head = Piece(rows.kind, header.text, header.spans, header.alignment, header_tokens, rows.leads)
    whole = join([head, replace(rows, tight=True)])
    return replace(whole, tight=not first, repeated=() if first else header.spans)


def _part_pieces(kind: str, part: Part, counter: TokenCounter, room: int) -> Iterator[Piece]:
    """Yield a part whole if it fits, else in runs of sentences, else of words."""
    tokens = count(part.text, counter)
    if tokens <= room:
        yield Piece(kind, part.text, part.spans, part.alignment, tokens, named=len(part.text) if part.kind == "name" else 0)
        return
    cuts = list(_cuts(part.text, counter, room))
    places = first_places(part.alignment)
    claimed = part.spans[0][0]
    for index, (start, end) in enumerate(cuts):
        text = part.text[start:end]
        # What lies between two stretches (white space, markup that has no text) goes to the one before it, so that nothing is lost.
        until = part.spans[-1][1]
        if index + 1 < len(cuts):
            following = first_place(part.alignment, places, cuts[index + 1][0])
            if following is not None:
                until = max(claimed, next((max(a, following) for a, b in part.spans if b > following), until))
        spans = tuple((max(a, claimed), min(b, until)) for a, b in part.spans if max(a, claimed) < min(b, until))
        claimed = until
        if spans:
            yield Piece(kind, text, spans, cut(part.alignment, start, end), count(text, counter))


def _cuts(text: str, counter: TokenCounter, room: int) -> Iterator[Span]:
    """Yield stretches of at most `room` tokens that together cover the text: runs of sentences, or parts of one too long."""
    run_start, run_end, size = 0, 0, 0
    whole = formulas(text)
    for start, end in split_sentences(text):
        for low, high in _short(text, start, end, counter, room, whole):
            tokens = count(text[low:high], counter)
            if run_end and size + tokens > room:
                yield run_start, run_end
                run_start, size = low, 0
            if not run_end:
                run_start = low
            run_end, size = high, size + tokens
    if run_end:
        yield run_start, run_end


def _short(text: str, start: int, end: int, counter: TokenCounter, room: int, whole: Sequence[Span]) -> Iterator[Span]:
    """Yield a sentence whole if it fits, else halves of it, cut where it pauses near the middle, but inside none of `whole`."""
    if count(text[start:end], counter) <= room or end - start < 2:
        yield start, end
        return
    at = _middle(text, start, end)
    number = bisect_right(whole, at, key=lambda span: span[0]) - 1
    if number >= 0 and whole[number][0] < at < whole[number][1]:
        at = next((border for border in whole[number] if start < border < end), at)
    yield from _short(text, start, at, counter, room, whole)
    yield from _short(text, at, end, counter, room, whole)


def _middle(text: str, start: int, end: int) -> int:
    """The last pause of the second quarter, else the middle, but between no two characters that are one sign."""
    middle = (start + end) // 2
    pauses = list(_PAUSE.finditer(text, start + (middle - start) // 2, middle))
    if pauses and pauses[-1].start() > start:
        return pauses[-1].end()
    at = middle
    while at > start + 1 and (unicodedata.category(text[at])[0] == "M" or text[at] == "\u200d" or text[at - 1] in _LEADS):
        at -= 1
    return at if at > start + 1 else middle
