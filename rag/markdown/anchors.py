"""The ids by which links name headings, as each tool makes them."""

from __future__ import annotations

import re
import unicodedata

from rag.markdown.blocks import Dialect

_NOT_GITHUB = re.compile(r"[^\w\- ]")
_NOT_PYTHON = re.compile(r"[^\w\s-]")
_RUNS = re.compile(r"[-\s]+")


def slug(text: str, dialect: Dialect) -> str:
    """The id of a heading by its text.

    >>> slug("Fine-tuning: what's it?", "gfm"), slug("Fine-tuning: what's  it?", "mkdocs"), slug("A b", "obsidian")
    ('fine-tuning-whats-it', 'fine-tuning-whats-it', 'A b')
    """
    if dialect == "obsidian":
        return text
    if dialect == "mkdocs":
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
        return _RUNS.sub("-", _NOT_PYTHON.sub("", plain).strip().lower())
    return _NOT_GITHUB.sub("", text.strip().lower()).replace(" ", "-")


class Anchors:
    """Ids of one page, each given once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._given: set[str] = set()
        self._counts: dict[str, int] = {}

    def give(self, text: str, explicit: str = "") -> str:
        """The id of the next heading; an explicit one is kept as it is."""
        base = explicit or slug(text, self._dialect)
        if explicit or self._dialect == "obsidian":
            self._given.add(base)
            return base
        joint = "_" if self._dialect == "mkdocs" else "-"
        anchor, count = base, self._counts.get(base, 0)
        while anchor in self._given or not anchor:
            count += 1
            anchor = f"{base}{joint}{count}"
        self._counts[base] = count
        self._given.add(anchor)
        return anchor
