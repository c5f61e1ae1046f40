"""JSON Canvas: the text cards, and what the arrows between cards say.

Knows the format. Cards that show a file, a page of the web or a group hold no text of their own; they only name the ends of arrows.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import UnreadableFileError
from rag.extract.pieces import Extract, Piece
from rag.markdown.parse import parse

SUFFIX = ".canvas"
_NAME_CHARS = 48

Node = Mapping[str, Any]


def read(text: str) -> Extract:
    """Read a canvas.

    Args:
        text: of the file.

    Returns:
        The text cards, each under a place that names it by its first words, and the arrows as `A -> B: label`.

    Raises:
        UnreadableFileError: it is not a canvas.
    """
    try:
        canvas = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"not a canvas: {error}") from error
    if not isinstance(canvas, dict):
        raise UnreadableFileError("not a canvas: it has no cards")
    nodes = [node for node in _list(canvas.get("nodes")) if isinstance(node, dict)]
    names = {str(node.get("id")): _name(node) for node in nodes}
    groups = [node for node in nodes if node.get("type") == "group" and names[str(node.get("id"))]]
    pieces = [
        Piece(_text(node, "text"), place=_place(names[str(node.get("id"))], node, groups))
        for node in nodes
        if node.get("type") == "text"
    ]
    edges = [edge for edge in _list(canvas.get("edges")) if isinstance(edge, dict)]
    arrows = [arrow for arrow in (_arrow(edge, names) for edge in edges) if arrow]
    if arrows:
        pieces.append(Piece("\n".join(dict.fromkeys(arrows)), "diagram", "Connections", info="canvas"))
    return Extract(pieces, metadata={"format": "canvas"}, flows=False)


def _name(node: Node) -> str:
    """What a card is called: its first line, its file, its address or its label."""
    match node.get("type"):
        case "text":
            blocks = parse(_text(node, "text"), "").blocks
            name = blocks[0].text.split("\n")[0] if blocks else ""
        case "file":
            name = re.sub(r"\.(?:md|canvas)\Z", "", posixpath.basename(_text(node, "file"))) + _anchor(_text(node, "subpath"))
        case "link":
            name = _text(node, "url")
        case _:
            name = _text(node, "label")
    name = " ".join(name.split())
    return name if len(name) <= _NAME_CHARS else name[:_NAME_CHARS].rsplit(" ", 1)[0] + "…"


def _anchor(subpath: str) -> str:
    """A heading that a card shows of a file; a block's id says nothing."""
    return "" if not subpath or subpath.startswith("#^") else " > " + subpath.lstrip("#")


def _place(name: str, node: Node, groups: Sequence[Node]) -> str:
    around = [group for group in groups if _inside(node, group)]
    smallest = min(around, key=lambda group: _number(group, "width") * _number(group, "height"), default=None)
    return f"Card “{name}”" + (f" in “{_name(smallest)}”" if smallest is not None else "")


def _inside(node: Node, group: Node) -> bool:
    return all(
        _number(group, side) <= _number(node, side)
        and _number(node, side) + _number(node, size) <= _number(group, side) + _number(group, size)
        for side, size in (("x", "width"), ("y", "height"))
    )


def _arrow(edge: Node, names: Mapping[str, str]) -> str:
    start, end = (names.get(str(edge.get(key)), "") for key in ("fromNode", "toNode"))
    if not start or not end:
        return ""
    label = " ".join(_text(edge, "label").split())
    both = edge.get("fromEnd") == "arrow"
    mark = ("<->" if both else "->") if edge.get("toEnd", "arrow") == "arrow" else "<-" if both else "--"
    return f"{start} {mark} {end}" + (f": {label}" if label else "")


def _text(node: Node, key: str) -> str:
    value = node.get(key)
    return value if isinstance(value, str) else ""


def _number(node: Node, key: str) -> float:
    value = node.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
