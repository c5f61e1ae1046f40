"""Blocks in the making: text and offsets are known, spans are not yet.

`finish` gives every visible character of the source to one block: it cuts out what is hidden, adds quote marks to the block that
they precede, and finds what no block has taken.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from rag.markdown.align import Aligned, cut, merge, subtract
from rag.markdown.blocks import Kind, Part, PartKind
from rag.types import Span


@dataclass(slots=True)
class Piece:
    """A part in the making: where it begins in the text and in the source."""

    kind: PartKind
    text_start: int
    text_end: int
    source_start: int
    level: int = 0


@dataclass(slots=True)
class Draft:
    """A block in the making.

    Attributes:
        kind: of the block.
        content: cleaned text.
        start: first character in the source, marks included.
        end: end of it.
        pieces: its parts; prose if empty.
        path: headings and labels above.
        level: of a heading.
        label: a title of what follows.
        info: language, type.
        group: what it belongs together with.
        intro: the draft that introduces it.
        containers: kinds around it.
        leaf: the block parser did not see it.
        spans: filled in by `finish`.
    """

    kind: Kind
    content: Aligned
    start: int
    end: int
    pieces: list[Piece] = field(default_factory=list)
    path: tuple[str, ...] = ()
    level: int = 0
    label: bool = False
    info: str = ""
    group: int = 0
    intro: Draft | None = None
    containers: tuple[str, ...] = ()
    leaf: bool = False
    spans: list[Span] = field(default_factory=list)

    def parts(self) -> tuple[Part, ...]:
        """The parts, each with its share of the spans."""
        text = self.content.text
        if not self.pieces:
            return (Part("sentence-able", text, 0, tuple(self.spans), self.content.alignment),)
        starts = [max(piece.source_start, self.spans[0][0]) for piece in self.pieces]
        starts[0] = self.spans[0][0]
        found: list[Part] = []
        for number, piece in enumerate(self.pieces):
            end = starts[number + 1] if number + 1 < len(starts) else self.spans[-1][1]
            content = cut(self.content, piece.text_start, piece.text_end)
            spans = within(self.spans, starts[number], end)
            found.append(Part(piece.kind, content.text, piece.text_start, spans, content.alignment, piece.level))
        return tuple(found)


def within(spans: list[Span], start: int, end: int) -> tuple[Span, ...]:
    """What of sorted spans lies in `[start, end)`."""
    first = max(bisect_right(spans, start, key=lambda span: span[0]) - 1, 0)
    found: list[Span] = []
    for low, high in spans[first:]:
        if low >= end:
            break
        if high > start:
            found.append((max(low, start), min(high, end)))
    return tuple(found)


def trimmed(text: str, span: Span) -> Span:
    """A span without white space at its ends."""
    piece = text[span[0] : span[1]]
    return span[0] + len(piece) - len(piece.lstrip()), span[1] - len(piece) + len(piece.rstrip())


def finish(text: str, drafts: list[Draft], hidden: list[Span]) -> tuple[list[Span], list[Span]]:
    """Give the drafts their spans; those that show nothing keep none.

    Args:
        text: levelled, unmasked.
        drafts: sorted by their start.
        hidden: what a reader does not see, in any order.

    Returns:
        The hidden stretches, sorted, and what neither they nor a draft cover.
    """
    leaves = [(draft.start, draft.end) for draft in drafts if draft.leaf]
    away = merge(hidden)
    holes = merge([*away, *leaves])
    taken = 0
    for draft in drafts:
        start = draft.start if draft.leaf else max(draft.start, taken)
        if start >= draft.end:
            continue
        pieces = subtract((start, draft.end), away if draft.leaf else holes)
        draft.spans = [span for span in (trimmed(text, piece) for piece in pieces) if span[0] < span[1]]
        if draft.spans and not draft.leaf:
            taken = draft.spans[-1][1]
    shown = [draft for draft in drafts if draft.spans]
    shown.sort(key=lambda draft: draft.spans[0])
    covered = merge([*away, *(span for draft in shown for span in draft.spans)])
    return _gaps(text, shown, covered, list(away))


def _gaps(text: str, shown: list[Draft], covered: tuple[Span, ...], away: list[Span]) -> tuple[list[Span], list[Span]]:
    left: list[Span] = []
    firsts = [draft.spans[0][0] for draft in shown]
    for gap in subtract((0, len(text)), covered):
        start, end = trimmed(text, gap)
        if start >= end:
            continue
        content = text[start:end]
        if content.strip("> \t\n\ufeff"):
            left.append((start, end))
            continue
        line = content.rfind("\n") + 1
        number = bisect_left(firsts, end)
        if number < len(shown) and firsts[number] - end < 100 and not text[end : firsts[number]].strip(" \t"):
            draft = shown[number]
            at = start + line + len(content[line:]) - len(content[line:].lstrip())
            draft.spans[0] = (at, draft.spans[0][1])
            content = content[:line]
        if content.strip():
            away.append((start, start + len(content.rstrip())))
    return list(merge(away)), left
