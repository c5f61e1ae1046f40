"""Mermaid diagrams read as their statements: `Large Datasets -> Foundation Models: Training`.

Nodes are named by their labels, arrows all look alike, styling is left out. Flowcharts, sequence, state, class and
entity-relationship diagrams, pies, mind maps, timelines and Gantt charts are known; anything else keeps its lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.markdown import flowchart
from rag.markdown.align import EMPTY, Aligned, as_whole, join, verbatim
from rag.markdown.drafts import Piece
from rag.markdown.flowchart import ARROW, COLON, SKIPPED, Diagram, name_nodes, node_at
from rag.types import Segment, Span

_COMMENT = re.compile(r"\s*%%")
_MESSAGE = re.compile(
    r"\s*(?P<a>[^\s:+-](?:[^:\n]*?[^\s:+-])?)\s*(?:<<)?-{1,2}(?:>>|>|x|\))[+-]?\s*(?P<b>[^:\n]+?)\s*(?::\s*(?P<text>.*?))?\s*\Z"
)
_PARTICIPANT = re.compile(r"\s*(?:create\s+)?(?:participant|actor)\s+(?P<id>\S[^\n]*?)(?:\s+as\s+(?P<label>.*?))?\s*\Z")
_NOTE = re.compile(r"\s*[Nn]ote\s+(?:left of|right of|over|for)\s+(?P<who>[^:\n]*?)\s*:\s*(?P<text>.*?)\s*\Z")
_BLOCK = re.compile(r"\s*(?:loop|alt|else|opt|par|and|critical|option|break|box|section|title)\b[ \t]*(?P<text>.*?)\s*\Z")
_STATE = re.compile(r"\s*(?P<a>\[\*\]|[\w.-]+)\s*-->\s*(?P<b>\[\*\]|[\w.-]+)\s*(?::\s*(?P<text>.*?))?\s*\Z")
_STATE_NAME = re.compile(r"\s*state\s+\"(?P<label>[^\"]*)\"\s+as\s+(?P<id>[\w.-]+)")
_NAMED = re.compile(r"\s*(?:class\s+)?(?P<id>[\w~-]+)\[(?P<label>\"[^\"]*\"|[^\[\]\"]*)\]\s*(?:\{\s*)?\Z")
_REMARK = re.compile(r"\s*note\s+(?:for\s+(?P<who>[\w~`.-]+)\s+)?\"(?P<text>[^\"]*)\"\s*\Z")
_NOTED = re.compile(r"\s*[Nn]ote\s+(?:left of|right of|over|for)\s+(?P<who>[^:\n]*?)\s*\Z")
_STATE_TEXT = re.compile(r"\s*(?P<id>[\w.-]+)\s*:\s*(?P<text>\S.*?)\s*\Z")
_CLASS = re.compile(
    r"\s*(?P<a>[\w~`.-]+)\s+(?:\"(?P<some>[^\"]*)\"\s+)?(?P<arrow>[<*o|}]*(?:--|\.\.)[>*o|{]*)\s+(?:\"(?P<many>[^\"]*)\"\s+)?"
    r"(?P<b>[\w~`.-]+)\s*(?::\s*(?P<text>.*?))?\s*\Z"
)
_ER = re.compile(
    r"\s*(?P<a>[\w-]+|\"[^\"]*\")\s*[|}][o|](?:--|\.\.)[o|][|{]\s*(?P<b>[\w-]+|\"[^\"]*\")\s*(?::\s*\"?(?P<text>[^\"]*?)\"?)?\s*\Z"
)
_SETTING_TITLE = re.compile(r"title:[ \t]*(?P<text>\S.*?)[ \t]*\Z")
_BARE = re.compile(r"\s*(?:end|autonumber|showData|-+)\s*\Z|\s*rect\b|\s*state\s+[\w.-]+\s+<<\w+>>")
_HEAD = re.compile(r"(?:(?:graph|flowchart|flowchart-elk)(?:[ \t]+(?:TB|TD|BT|RL|LR)\b)?|[\w-]+(?=[ \t]*;))[ \t]*;?")
_ENTITY = re.compile(r"\s*(?:(?:class|state|namespace)\s+)?(?P<id>[\w~`.-]+)\s*(?:\{\s*)?\Z")
_SLICE = re.compile(r"\s*\"(?P<a>[^\"]*)\"\s*:\s*(?P<text>\S+)\s*\Z")
_TITLED = re.compile(r"\s*(?:pie(?:\s+showData)?|gantt|timeline|journey|xychart-beta|quadrantChart)\s+title\s+(?P<text>\S.*?)\s*\Z")


@dataclass(slots=True)
class _Line:
    """One line of a diagram, without the white space around it, and what it states."""

    start: int
    end: int
    rows: list[Aligned]


Reader = Callable[[Diagram, int, int], list[Aligned] | None]


def statements(text: str, lines: Sequence[Span]) -> tuple[Aligned, list[Piece]]:
    """The statements of a diagram, one a line.

    Args:
        text: levelled; `lines` are stretches of it.
        lines: of the diagram, without the fence.

    Returns:
        The text, and its parts; lines that only name nodes belong to the part that follows them.
    """
    rows = [_trim(text, span) for span in _without_settings(text, lines) if text[slice(*span)].strip()]
    indents = {low: column for low, column in _indents(text, lines)}
    rows = [span for span in rows if not _COMMENT.match(text, *span)]
    if not rows:
        return EMPTY, []
    head = re.split(r"[\s:;]", text[slice(*rows[0])])[0].lower()
    rows = _statements(text, rows, flows=_READERS.get(head) is flowchart.read)
    diagram = Diagram(text)
    if head == "mindmap":
        read = _mindmap(diagram, rows[1:], indents)
    else:
        reader = _READERS.get(head, _plain)
        if reader is flowchart.read:
            name_nodes(diagram, rows[1:])
        elif reader is not _plain:
            _aliases(diagram, rows[1:])
        read = [_Line(low, high, _read(reader, diagram, low, high)) for low, high in rows[1:]]
    title = _TITLED.match(text, *rows[0])
    keep = head != "mindmap" and reader is _plain
    first = [_stripped(text, *rows[0])] if keep else []
    if title:
        first = [verbatim(title["text"], title.start("text"))]
    found = _parts([*_titles(diagram, lines, rows[0][0]), _Line(*rows[0], first), *read])
    return found if found[1] else _parts([_Line(low, high, [_stripped(text, low, high)]) for low, high in rows])


def _statements(text: str, rows: list[Span], *, flows: bool) -> list[Span]:
    """Each statement by itself: some may stand on the first line, and in flowcharts several on any."""
    head = _HEAD.match(text, *rows[0])
    if head and head.end() < rows[0][1]:
        rows = [head.span(), *flowchart.split(text, head.end(), rows[0][1]), *rows[1:]]
    if flows:
        rows = [rows[0], *(piece for row in rows[1:] for piece in flowchart.split(text, *row))]
    return [_trim(text, row) for row in rows]


def _parts(lines: list[_Line]) -> tuple[Aligned, list[Piece]]:
    rows: list[Aligned] = []
    pieces: list[Piece] = []
    at, start = 0, lines[0].start
    for line in lines:
        said = [row for row in line.rows if row.text.strip()]
        if not said:
            continue
        row = _inside(join(said), start, (line.start, line.end))
        rows.append(row)
        pieces.append(Piece("line", at, at + len(row.text), start))
        at += len(row.text) + 1
        start = line.end
    return join(rows), pieces


def _inside(row: Aligned, start: int, line: Span) -> Aligned:
    """A statement maps to its own line: names that are written elsewhere stand for that line as a whole."""
    segments: list[Segment] = []
    for a, b, low, high in row.alignment:
        if start <= low and high <= line[1]:
            segments.append((a, b, low, high))
        else:
            segments += as_whole(a, b, *line)
    return Aligned(row.text, tuple(segments))


def _without_settings(text: str, lines: Sequence[Span]) -> Iterator[Span]:
    """The lines without a leading block of settings between dashes."""
    rows = list(lines)
    while rows and not text[slice(*rows[0])].strip():
        rows.pop(0)
    if rows and text[slice(*rows[0])].strip() == "---":
        close = next((number for number, span in enumerate(rows[1:], 1) if text[slice(*span)].strip() == "---"), 0)
        rows = rows[close + 1 :] if close else rows
    yield from rows


def _titles(diagram: Diagram, lines: Sequence[Span], end: int) -> Iterator[_Line]:
    """The title among the settings, which end at an offset."""
    for low, high in lines:
        match = _SETTING_TITLE.match(diagram.text, low, high) if high < end else None
        if match:
            yield _Line(low, high, [diagram.shown(*match.span("text"))])


def _trim(text: str, span: Span) -> Span:
    content = text[slice(*span)]
    return span[0] + len(content) - len(content.lstrip()), span[1] - len(content) + len(content.rstrip())


def _indents(text: str, lines: Sequence[Span]) -> Iterator[tuple[int, int]]:
    for span in lines:
        low = _trim(text, span)[0]
        yield low, len(text[span[0] : low].expandtabs(4))


def _stripped(text: str, low: int, high: int) -> Aligned:
    return verbatim(text[low:high], low)


def _read(reader: Reader, diagram: Diagram, low: int, high: int) -> list[Aligned]:
    rows = reader(diagram, low, high)
    return [_stripped(diagram.text, low, high)] if rows is None else rows


def _plain(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
    return None


# the other kinds


def _aliases(diagram: Diagram, rows: Sequence[Span]) -> None:
    for low, high in rows:
        match = next(
            (found for each in (_PARTICIPANT, _STATE_NAME, _NAMED) if (found := each.match(diagram.text, low, high))), None
        )
        if match and match["label"]:
            diagram.labels[match["id"]] = match.span("label")


def _related(pattern: re.Pattern[str]) -> Reader:
    def read(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
        match = pattern.match(diagram.text, low, high)
        if match:
            label = match.span("text") if match["text"] else None
            a, b = diagram.name(match.span("a"), "start"), diagram.name(match.span("b"), "end")
            if pattern is _CLASS:
                a, b = _counted(diagram, a, match.span("some")), _counted(diagram, b, match.span("many"))
                if match["arrow"][0] == "<":
                    a, b = b, a
            return [diagram.edge(a, b, label)]
        return _told(diagram, low, high)

    return read


def _counted(diagram: Diagram, name: Aligned, number: Span) -> Aligned:
    """A class with how many of it there may be."""
    return join([name, diagram.shown(*number)], " ") if number[0] < number[1] else name


def _told(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
    """Notes, titles of sections, descriptions; nothing for what only sets a name or a style."""
    text = diagram.text
    note = _NOTE.match(text, low, high) or _REMARK.match(text, low, high)
    if note:
        said = diagram.shown(*note.span("text"))
        return [join([diagram.name(note.span("who")), COLON, said], "") if note["who"] else said]
    noted = _NOTED.match(text, low, high) or _NAMED.match(text, low, high)
    if noted:
        return [diagram.name(noted.span("who" if "who" in noted.groupdict() else "id"))]
    if _BARE.match(text, low, high):
        return []
    block = _BLOCK.match(text, low, high)
    if block:
        return [diagram.shown(*block.span("text"))]
    named = _PARTICIPANT.match(text, low, high) or _STATE_NAME.match(text, low, high)
    if named:
        return []
    described = _STATE_TEXT.match(text, low, high)
    if described:
        return [join([diagram.name(described.span("id")), COLON, diagram.shown(*described.span("text"))], "")]
    kept = _ENTITY.match(text, low, high)
    if kept:
        return [diagram.name(kept.span("id"))]
    return [] if SKIPPED.match(text, low, high) else None


def _pie(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
    match = _SLICE.match(diagram.text, low, high)
    if match:
        return [join([diagram.shown(*match.span("a")), COLON, diagram.shown(*match.span("text"))], "")]
    return _told(diagram, low, high)


def _schedule(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
    block = _BLOCK.match(diagram.text, low, high)
    if block:
        return [diagram.shown(*block.span("text"))]
    return [] if SKIPPED.match(diagram.text, low, high) else None


def _mindmap(diagram: Diagram, rows: Sequence[Span], indents: dict[int, int]) -> list[_Line]:
    """Each branch with what it hangs on."""
    found: list[_Line] = []
    above: list[tuple[int, Aligned]] = []
    for low, high in rows:
        indent = indents[low]
        if diagram.text[low:high].startswith(("::icon", ":::")):
            found.append(_Line(low, high, []))
            continue
        node = node_at(diagram, low, high)
        shaped = node is not None and node[1] is not None and not diagram.text[node[2] : high].strip()
        name = diagram.shown(*node[1]) if node and shaped and node[1] else diagram.shown(low, high)
        while above and above[-1][0] >= indent:
            above.pop()
        row = join([above[-1][1], ARROW, name], "") if above else name
        above.append((indent, name))
        found.append(_Line(low, high, [row]))
    return found


_READERS: dict[str, Reader] = {
    "graph": flowchart.read,
    "flowchart": flowchart.read,
    "flowchart-elk": flowchart.read,
    "sequencediagram": _related(_MESSAGE),
    "statediagram": _related(_STATE),
    "statediagram-v2": _related(_STATE),
    "classdiagram": _related(_CLASS),
    "classdiagram-v2": _related(_CLASS),
    "erdiagram": _related(_ER),
    "pie": _pie,
    "gantt": _schedule,
    "timeline": _schedule,
    "journey": _schedule,
}
