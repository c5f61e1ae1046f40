"""Mermaid diagrams."""

from __future__ import annotations

from collections.abc import Sequence

from rag.markdown.align import Aligned
from rag.markdown.content import code
from rag.markdown.drafts import Piece
from rag.types import Span


def statements(text: str, lines: Sequence[Span]) -> tuple[Aligned, list[Piece]]:
    """The statements of a diagram."""
    return code(text, lines, "\0", False)
