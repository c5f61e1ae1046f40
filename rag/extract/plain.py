"""Plain text: paragraphs between empty lines. The source is the file's text itself."""

from __future__ import annotations

from rag.extract.pieces import Extract, Piece

SUFFIX = ".txt"


def read(text: str) -> Extract:
    """Return the text as one piece."""
    return Extract([Piece(text, "paragraph")], metadata={"format": "text"})
