"""Jupyter notebooks: Markdown and code cells, and outputs that are short texts.

Knows the format (versions 3 and 4). Images, tables in HTML, long outputs, errors and raw cells are not evidence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.errors import UnreadableFileError
from rag.extract.pieces import Extract, Piece

SUFFIX = ".ipynb"
LONGEST_OUTPUT_CHARS = 500
LONGEST_OUTPUT_LINES = 15

_REMOVED = frozenset({"remove-cell", "remove_cell"})
_NO_INPUT = frozenset({"remove-input", "remove_input"})
_NO_OUTPUT = frozenset({"remove-output", "remove_output"})
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_OBJECT = re.compile(r"\s*<[^<>\n]*(?: at 0x[0-9a-fA-F]+|Axes| object)[^<>\n]*>\s*\Z")
"""What Python says of an object that has nothing to say."""


def read(text: str) -> Extract:
    """Read a notebook.

    Args:
        text: of the file.

    Returns:
        Its cells and outputs; the place of each is `Cell N`, counted from 1 over all cells of the file.

    Raises:
        UnreadableFileError: it is not a notebook.
    """
    try:
        book = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"not a notebook: {error}") from error
    cells = _cells(book)
    if cells is None:
        raise UnreadableFileError("not a notebook: it has no cells")
    language = _language(book)
    pieces = [piece for number, cell in enumerate(cells, 1) for piece in _pieces(cell, f"Cell {number}", language)]
    title = book.get("metadata", {}).get("title") if isinstance(book.get("metadata"), dict) else ""
    metadata = {"format": "notebook", **({"language": language} if language else {})}
    return Extract(pieces, title if isinstance(title, str) else "", metadata)


def _cells(book: object) -> list[Mapping[str, Any]] | None:
    if not isinstance(book, dict):
        return None
    cells = book.get("cells")
    sheets = book.get("worksheets")
    if cells is None and isinstance(sheets, list):  # version 3
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else None


def _language(book: Mapping[str, Any]) -> str:
    metadata = book.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        section = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(section, dict) and isinstance(section.get(name), str):
            return str(section[name]).lower()
    return ""


def _pieces(cell: Mapping[str, Any], place: str, language: str) -> Iterator[Piece]:
    metadata = cell.get("metadata")
    tags = set(map(str, _list(metadata.get("tags")))) if isinstance(metadata, dict) else set()
    if tags & _REMOVED:
        return
    text = _text(cell.get("source", cell.get("input")))
    kind = cell.get("cell_type")
    if kind == "markdown":
        yield Piece(text, place=place)
    elif kind == "heading":  # version 3
        level = cell.get("level")
        yield Piece(text, "heading", place, min(max(level, 1), 6) if isinstance(level, int) else 1)
    elif kind == "code":
        if not tags & _NO_INPUT:
            yield Piece(text.strip("\n"), "code", place, info=str(cell.get("language") or language))
        if not tags & _NO_OUTPUT:
            for output in _list(cell.get("outputs")):
                shown = _output(output) if isinstance(output, dict) else ""
                if shown:
                    yield Piece(shown, "code", place, info="output")


def _output(output: Mapping[str, Any]) -> str:
    """The text of an output; empty where it is not a short text."""
    data = output.get("data")
    match output.get("output_type"):
        case "stream":
            if output.get("name") == "stderr" or output.get("stream") == "stderr":
                return ""  # warnings and progress bars
            text = _text(output.get("text"))
        case "execute_result" | "display_data" | "pyout":
            values = data if isinstance(data, dict) else {"text/plain": output.get("text")}
            if any(str(kind).startswith(("image/", "application/")) for kind in values):
                return ""
            text = _text(values.get("text/markdown")) or _text(values.get("text/plain"))
        case _:
            return ""
    text = _COLOUR.sub("", text).strip("\n")
    short = len(text) <= LONGEST_OUTPUT_CHARS and text.count("\n") < LONGEST_OUTPUT_LINES
    return text if short and text.strip() and not _OBJECT.match(text) else ""


def _text(value: object) -> str:
    """A text, which the format may also write as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
