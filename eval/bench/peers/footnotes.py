"""Footnotes of a Markdown page, numbered as they come up; the same text has one number. Knows no figure."""

from __future__ import annotations


class Footnotes:
    """Gathers texts and hands out marks.

    Args:
        prefix: before each number, where a page has footnotes of others too.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._numbers: dict[str, int] = {}

    def mark(self, text: str) -> str:
        """Return the mark that points at a text.

        >>> notes = Footnotes()
        >>> notes.mark("a"), notes.mark("b"), notes.mark("a")
        ('[^1]', '[^2]', '[^1]')
        """
        return f"[^{self._prefix}{self._numbers.setdefault(text, len(self._numbers) + 1)}]"

    def page(self) -> str:
        """Return all texts, each a footnote; nothing in them is taken for markup."""
        return "".join(f"[^{self._prefix}{number}]: {_plain(text)}\n" for text, number in self._numbers.items())


def _plain(text: str) -> str:
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text
