"""Text as tokenizers and databases take it."""

from __future__ import annotations


def strict(text: str) -> str:
    """Return the text with halves of surrogate pairs, which are no characters, as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
