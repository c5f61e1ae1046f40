"""Flowcharts of Mermaid: nodes, their labels, and the links between them. Other kinds of diagrams borrow the names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.markdown.align import EMPTY, Aligned, join, verbatim
from rag.types import Span

ARROW = Aligned(" -> ", ())
COLON = Aligned(": ", ())
_ID = r"[^\W_](?:[\w.]*\w)?(?:[-/](?:\w[\w.]*\w|\w))*|_\w+"
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
SKIPPED = re.compile(
    r"\s*(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr|autonumber|activate|deactivate|end|create|destroy|hide|"
    r"dateFormat|axisFormat|excludes|includes|todayMarker|tickInterval|showData)\b|\s*[})\]]?\s*\Z|\s*---"
)
_BREAK = re.compile(
    r"(?P<line>[ \t]{0,3}(?:<br\s*/?>|\\n)[ \t]{0,3})|`"
    r"|</?(?:b|i|u|em|strong|small|sub|sup|code|span|div|center|font|p)(?:\s[^<>]*)?>"
    r"|\bfa[bklrs]?:fa-[\w-]+\s?"
)
_END = re.compile(
    r"""
    "[^"\n]*" | \#\w+;
  | \[(?:[^\[\]"\n]|"[^"\n]*")*+\] | \((?:[^()"\n]|"[^"\n]*")*+\) | \{(?:[^{}"\n]|"[^"\n]*")*+\} | \|[^|\n]*\|
  | (?P<end>;)""",
    re.VERBOSE,
)
_SUBGRAPH = re.compile(
    r"\s*subgraph\s+(?:[\w.-]+\s*)?(?:\[\s*\"?(?P<title>[^\]\"]*)\"?\s*\]|\"(?P<quoted>[^\"]*)\")|\s*subgraph\s+"
)


class Diagram:
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
            pieces += [verbatim(self.text[at : match.start()], at), Aligned(" " if match["line"] else "", ())]
            at = match.end()
        pieces.append(verbatim(self.text[at:end], at))
        return join(pieces, "")

    def edge(self, a: Aligned, b: Aligned, label: Span | None) -> Aligned:
        """One statement."""
        said = self.shown(*label) if label and label[0] < label[1] else EMPTY
        return join([a, ARROW, b, COLON, said] if said.text else [a, ARROW, b], "")


def node_at(diagram: Diagram, at: int, end: int) -> tuple[Span, Span | None, int] | None:
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


def _chain(diagram: Diagram, low: int, high: int) -> tuple[list[list[tuple[Span, Span | None]]], list[Span | None]] | None:
    """Groups of nodes joined by `&`, and the labels of the links between the groups; None if it is no chain."""
    groups: list[list[tuple[Span, Span | None]]] = []
    labels: list[Span | None] = []
    text, at = diagram.text, low
    while True:
        group: list[tuple[Span, Span | None]] = []
        while True:
            node = node_at(diagram, at, high)
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


def name_nodes(diagram: Diagram, rows: Sequence[Span]) -> None:
    """Learn the nodes' labels from all statements, for one may use what a later one names."""
    for low, high in rows:
        chain = None if SKIPPED.match(diagram.text, low, high) else _chain(diagram, low, high)
        for group in chain[0] if chain else ():
            for name, label in group:
                written = diagram.text[slice(*name)]
                if label:
                    diagram.labels.setdefault(written, label)
                if chain and (len(chain[0]) > 1):
                    diagram.mentioned.add(written)


def split(text: str, low: int, high: int) -> Iterator[Span]:
    """The statements of one line, which semicolons separate."""
    at = low
    for match in _END.finditer(text, low, high):
        if match["end"]:
            if text[at : match.start()].strip():
                yield at, match.start()
            at = match.end()
    if text[at:high].strip():
        yield at, high


def read(diagram: Diagram, low: int, high: int) -> list[Aligned] | None:
    """What one statement says; None if it is not understood."""
    group = _SUBGRAPH.match(diagram.text, low, high)
    if group:
        name = next((name for name in ("title", "quoted") if group[name]), "")
        return [diagram.shown(*(group.span(name) if name else (group.end(), high)))]
    if SKIPPED.match(diagram.text, low, high):
        return []
    chain = _chain(diagram, low, high)
    if not chain:
        return None
    groups, labels = chain
    found: list[Aligned] = []
    for number, label in enumerate(labels):
        for a, _ in groups[number]:
            found += [diagram.edge(diagram.name(a), diagram.name(b), label) for b, _ in groups[number + 1]]
    if not labels:
        found += [diagram.name(name) for name, _ in groups[0] if diagram.text[slice(*name)] not in diagram.mentioned]
    return found
