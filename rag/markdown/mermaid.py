"""Mermaid diagrams read as their statements: `Large Datasets -> Foundation Models: Training`.

Nodes are named by their labels, arrows all look alike, styling is left out. Flowcharts, sequence, state, class and
entity-relationship diagrams, pies, mind maps, timelines and Gantt charts are known; anything else keeps its lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.markdown.align import EMPTY, Aligned, as_whole, join, verbatim
from rag.markdown.drafts import Piece
from rag.types import Segment, Span

_ARROW = Aligned(" -> ", ())
_COLON = Aligned(": ", ())
_COMMENT = re.compile(r"\s*%%")
_ID = r"[^\W_][\w.]*(?:[-/]+[\w.]+)*|_\w+"
_NODE = re.compile(
    rf"""\s*(?P<id>{_ID})(?:@\{{[^{{}}]*?label:\s*"(?P<at>[^"]*)"[^{{}}]*\}}|@\{{[^{{}}]*\}})?
        (?P<shape>\(\(\(|\(\(|\(\[|\[\(|\[\[|\[/|\[\\|\{{\{{|[\[({{>])?""",
    re.VERBOSE,
)
_CLOSERS = dict(zip("((( (( ([ [( [[ [/ [\\ {{ [ ( { >".split(), "))) )) ]) )] ]] ] ] }} ] ) } ]".split(), strict=True))
_LINK = re.compile(
    r"""\s*(?:\w+@)?(?P<arrow>
        <?(?:--|==|-\.)[ \t]*(?P<quoted>"[^"]*")[ \t]*(?:--+>?|==+>?|\.+->?)[ox]?
      | [<ox]?(?:--+|==+|-\.+-?|~~~+)(?:>|[ox](?=\s))?
    )(?:\s*\|(?P<label>[^|]*)\|)?""",
    re.VERBOSE,
)
_TEXT_LINK = re.compile(
    r"\s*<?(?:--|==|-\.)(?![->=.ox|])[ \t]*(?P<text>[^|>\n]*?[^\s|>.=-])[ \t]*(?:--+[>ox]?|==+[>ox]?|\.+->?)(?=[\s\w])"
)
_CLASS_OF = re.compile(r":::[\w-]+")
_SKIPPED = re.compile(
    r"\s*(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr|autonumber|activate|deactivate|end|create|destroy|hide|"
    r"dateFormat|axisFormat|excludes|includes|todayMarker|tickInterval|showData)\b|\s*[})\]]?\s*\Z|\s*---"
)
_BREAK = re.compile(r"<br\s*/?>|\\n|`")
_SUBGRAPH = re.compile(
    r"\s*subgraph\s+(?:[\w.-]+\s*)?(?:\[\s*\"?(?P<title>[^\]\"]*)\"?\s*\]|\"(?P<quoted>[^\"]*)\")?|\s*subgraph\s+"
)
_MESSAGE = re.compile(
    r"\s*(?P<a>[^\s:+-](?:[^:\n]*?[^\s:+-])?)\s*(?:<<)?-{1,2}(?:>>|>|x|\))[+-]?\s*(?P<b>[^:\n]+?)\s*(?::\s*(?P<text>.*?))?\s*\Z"
)
_PARTICIPANT = re.compile(r"\s*(?:create\s+)?(?:participant|actor)\s+(?P<id>\S[^\n]*?)(?:\s+as\s+(?P<label>.*?))?\s*\Z")
_NOTE = re.compile(r"\s*[Nn]ote\s+(?:left of|right of|over|for)\s+(?P<who>[^:\n]*?)\s*:\s*(?P<text>.*?)\s*\Z")
_BLOCK = re.compile(r"\s*(?:loop|alt|else|opt|par|and|critical|option|break|rect|box|section|title)\b[ \t]*(?P<text>.*?)\s*\Z")
_STATE = re.compile(r"\s*(?P<a>\[\*\]|[\w.-]+)\s*-->\s*(?P<b>\[\*\]|[\w.-]+)\s*(?::\s*(?P<text>.*?))?\s*\Z")
_STATE_NAME = re.compile(r"\s*state\s+\"(?P<label>[^\"]*)\"\s+as\s+(?P<id>[\w.-]+)")
_STATE_TEXT = re.compile(r"\s*(?P<id>[\w.-]+)\s*:\s*(?P<text>\S.*?)\s*\Z")
_CLASS = re.compile(
    r"\s*(?P<a>[\w~`.-]+)\s+(?:\"[^\"]*\"\s+)?(?P<arrow>[<*o|}]*(?:--|\.\.)[>*o|{]*)\s+(?:\"[^\"]*\"\s+)?(?P<b>[\w~`.-]+)\s*(?::\s*(?P<text>.*?))?\s*\Z"
)
_ER = re.compile(
    r"\s*(?P<a>[\w-]+|\"[^\"]*\")\s*[|}][o|](?:--|\.\.)[o|][|{]\s*(?P<b>[\w-]+|\"[^\"]*\")\s*(?::\s*\"?(?P<text>[^\"]*?)\"?)?\s*\Z"
)
_BARE = re.compile(r"\s*(?:end|autonumber|showData)\s*\Z")
_ENTITY = re.compile(r"\s*(?:(?:class|state|namespace)\s+)?(?P<id>[\w~`.-]+)\s*(?:\{\s*)?\Z")
_SLICE = re.compile(r"\s*\"(?P<a>[^\"]*)\"\s*:\s*(?P<text>\S+)\s*\Z")
_TITLED = re.compile(r"\s*(?:pie(?:\s+showData)?|gantt|timeline|journey|xychart-beta|quadrantChart)\s+title\s+(?P<text>\S.*?)\s*\Z")


@dataclass(slots=True)
class _Line:
    """One line of a diagram, without the white space around it, and what it states."""

    start: int
    end: int
    rows: list[Aligned]


class _Diagram:
    """Names of one diagram."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.labels: dict[str, Span] = {}
        self.mentioned: set[str] = set()

    def name(self, span: Span, nameless: str = "") -> Aligned:
        """What a node is called: its label, where it has one; `nameless` is the word for a dot without a name."""
        written = self.text[slice(*span)]
        if written == "[*]":
            return Aligned(nameless, ())
        return self.shown(*self.labels.get(written, span))

    def shown(self, start: int, end: int) -> Aligned:
        """A label without its quotes and line breaks."""
        while start < end and self.text[start] in "\"' `/\\":
            start += 1
        while end > start and self.text[end - 1] in "\"' `/\\":
            end -= 1
        pieces: list[Aligned] = []
        at = start
        for match in _BREAK.finditer(self.text, start, end):
            pieces += [verbatim(self.text[at : match.start()], at), Aligned("" if match[0] == "`" else " ", ())]
            at = match.end()
        pieces.append(verbatim(self.text[at:end], at))
        return join(pieces, "")

    def edge(self, a: Aligned, b: Aligned, label: Span | None) -> Aligned:
        """One statement."""
        said = self.shown(*label) if label and label[0] < label[1] else EMPTY
        return join([a, _ARROW, b, _COLON, said] if said.text else [a, _ARROW, b], "")


Reader = Callable[[_Diagram, int, int], list[Aligned] | None]


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
    head = text[slice(*rows[0])].split()[0].rstrip(":;").lower()
    diagram = _Diagram(text)
    if head in ("mindmap",):
        read = _mindmap(diagram, rows[1:], indents)
    else:
        reader = _READERS.get(head, _plain)
        if reader is _flow:
            _nodes(diagram, rows[1:])
        elif reader is not _plain:
            _aliases(diagram, rows[1:])
        read = [_Line(low, high, _read(reader, diagram, low, high)) for low, high in rows[1:]]
    title = _TITLED.match(text, *rows[0])
    keep = reader is _plain if head != "mindmap" else False
    first = [_stripped(text, *rows[0])] if keep else []
    if title:
        first = [verbatim(title["text"], title.start("text"))]
    found = _parts([_Line(*rows[0], first), *read])
    return found if found[1] else _parts([_Line(low, high, [_stripped(text, low, high)]) for low, high in rows])


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


def _trim(text: str, span: Span) -> Span:
    content = text[slice(*span)]
    return span[0] + len(content) - len(content.lstrip()), span[1] - len(content) + len(content.rstrip())


def _indents(text: str, lines: Sequence[Span]) -> Iterator[tuple[int, int]]:
    for span in lines:
        low = _trim(text, span)[0]
        yield low, len(text[span[0] : low].expandtabs(4))


def _stripped(text: str, low: int, high: int) -> Aligned:
    return verbatim(text[low:high], low)


def _read(reader: Reader, diagram: _Diagram, low: int, high: int) -> list[Aligned]:
    rows = reader(diagram, low, high)
    return [_stripped(diagram.text, low, high)] if rows is None else rows


def _plain(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
    return None


# flowcharts


def _node(diagram: _Diagram, at: int, end: int) -> tuple[Span, Span | None, int] | None:
    """The node at an offset: its id, its label, and where it ends."""
    match = _NODE.match(diagram.text, at, end)
    if not match:
        return None
    position = match.end()
    label = match.span("at") if match["at"] is not None else None
    if match["shape"]:
        opened = match.end()
        close = _CLOSERS[match["shape"]]
        if diagram.text.startswith('"', opened):
            quote = diagram.text.find('"', opened + 1, end)
            position = diagram.text.find(close, quote, end) if quote >= 0 else -1
        else:
            position = diagram.text.find(close, opened, end)
        if position < 0:
            return None
        label = (opened, position)
        position += len(close)
    styled = _CLASS_OF.match(diagram.text, position, end)
    return match.span("id"), label, styled.end() if styled else position


def _chain(diagram: _Diagram, low: int, high: int) -> tuple[list[list[tuple[Span, Span | None]]], list[Span | None]] | None:
    """Groups of nodes joined by `&`, and the labels of the links between the groups; None if it is no chain."""
    groups: list[list[tuple[Span, Span | None]]] = []
    labels: list[Span | None] = []
    text, at = diagram.text, low
    while True:
        group: list[tuple[Span, Span | None]] = []
        while True:
            node = _node(diagram, at, high)
            if not node:
                return None
            group.append(node[:2])
            at = node[2]
            ampersand = re.compile(r"\s*&").match(text, at, high)
            if not ampersand:
                break
            at = ampersand.end()
        groups.append(group)
        if not text[at:high].strip(" \t;"):
            return groups, labels
        link = _TEXT_LINK.match(text, at, high)
        if link:
            labels.append(link.span("text"))
        else:
            link = _LINK.match(text, at, high)
            if not link:
                return None
            name = "label" if link["label"] is not None else "quoted"
            labels.append(link.span(name) if link[name] is not None else None)
        at = link.end()


def _nodes(diagram: _Diagram, rows: Sequence[Span]) -> None:
    for low, high in rows:
        for start, end in _split(diagram.text, low, high):
            chain = None if _SKIPPED.match(diagram.text, start, end) else _chain(diagram, start, end)
            for group in chain[0] if chain else ():
                for name, label in group:
                    written = diagram.text[slice(*name)]
                    if label:
                        diagram.labels.setdefault(written, label)
                    if chain and (len(chain[0]) > 1):
                        diagram.mentioned.add(written)


def _split(text: str, low: int, high: int) -> Iterator[Span]:
    """Statements on one line are separated by semicolons."""
    at = low
    if text.find(";", low, high) >= 0 and text.find('"', low, high) < 0 and text.find("#", low, high) < 0:
        for match in re.finditer(";", text[low:high]):
            yield at, low + match.start()
            at = low + match.end()
    if text[at:high].strip():
        yield at, high


def _flow(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
    group = _SUBGRAPH.match(diagram.text, low, high)
    if group:
        name = next((name for name in ("title", "quoted") if group[name]), "")
        return [diagram.shown(*(group.span(name) if name else (group.end(), high)))]
    found: list[Aligned] = []
    for start, end in _split(diagram.text, low, high):
        if _SKIPPED.match(diagram.text, start, end):
            continue
        chain = _chain(diagram, start, end)
        if not chain:
            return None
        groups, labels = chain
        for number, label in enumerate(labels):
            for a, _ in groups[number]:
                found += [diagram.edge(diagram.name(a), diagram.name(b), label) for b, _ in groups[number + 1]]
        if not labels:
            found += [diagram.name(name) for name, label in groups[0] if diagram.text[slice(*name)] not in diagram.mentioned]
    return found


# the other kinds


def _aliases(diagram: _Diagram, rows: Sequence[Span]) -> None:
    for low, high in rows:
        match = _PARTICIPANT.match(diagram.text, low, high) or _STATE_NAME.match(diagram.text, low, high)
        if match and match["label"]:
            diagram.labels[match["id"]] = match.span("label")


def _related(pattern: re.Pattern[str]) -> Reader:
    def read(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
        match = pattern.match(diagram.text, low, high)
        if match:
            label = match.span("text") if match["text"] else None
            a, b = diagram.name(match.span("a"), "start"), diagram.name(match.span("b"), "end")
            if pattern is _CLASS and match["arrow"][0] == "<":
                a, b = b, a
            return [diagram.edge(a, b, label)]
        return _told(diagram, low, high)

    return read


def _told(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
    """Notes, titles of sections, descriptions; nothing for what only sets a name or a style."""
    text = diagram.text
    note = _NOTE.match(text, low, high)
    if note:
        return [join([diagram.name(note.span("who")), _COLON, diagram.shown(*note.span("text"))], "")]
    block = _BLOCK.match(text, low, high)
    if block:
        return [diagram.shown(*block.span("text"))]
    named = _PARTICIPANT.match(text, low, high) or _STATE_NAME.match(text, low, high)
    if named:
        return []
    described = _STATE_TEXT.match(text, low, high)
    if described:
        return [join([diagram.name(described.span("id")), _COLON, diagram.shown(*described.span("text"))], "")]
    kept = _ENTITY.match(text, low, high)
    if kept and not _BARE.match(text, low, high):
        return [diagram.name(kept.span("id"))]
    return [] if _SKIPPED.match(text, low, high) else None


def _pie(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
    match = _SLICE.match(diagram.text, low, high)
    if match:
        return [join([diagram.shown(*match.span("a")), _COLON, diagram.shown(*match.span("text"))], "")]
    return _told(diagram, low, high)


def _schedule(diagram: _Diagram, low: int, high: int) -> list[Aligned] | None:
    block = _BLOCK.match(diagram.text, low, high)
    if block:
        return [diagram.shown(*block.span("text"))]
    return [] if _SKIPPED.match(diagram.text, low, high) else None


def _mindmap(diagram: _Diagram, rows: Sequence[Span], indents: dict[int, int]) -> list[_Line]:
    """Each branch with what it hangs on."""
    found: list[_Line] = []
    above: list[tuple[int, Aligned]] = []
    for low, high in rows:
        indent = indents[low]
        if diagram.text[low:high].startswith(("::icon", ":::")):
            found.append(_Line(low, high, []))
            continue
        node = _node(diagram, low, high)
        shaped = node is not None and node[1] is not None and not diagram.text[node[2] : high].strip()
        name = diagram.shown(*node[1]) if node and shaped and node[1] else _stripped(diagram.text, low, high)
        while above and above[-1][0] >= indent:
            above.pop()
        row = join([above[-1][1], _ARROW, name], "") if above else name
        above.append((indent, name))
        found.append(_Line(low, high, [row]))
    return found


_READERS: dict[str, Reader] = {
    "graph": _flow,
    "flowchart": _flow,
    "flowchart-elk": _flow,
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
