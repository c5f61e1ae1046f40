"""Tables and lines of Markdown, from text that anybody may have written. Knows no report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what stands in a cell can neither end it nor open a tag."""
    lines = [cells(header), cells(["---"] * len(header)), *(cells(row) for row in rows)]
    return "\n".join(lines) + "\n"


def cells(row: Sequence[str]) -> str:
    """Return one row of a table."""
    # A backslash before the bar would take the one that is to escape it.
    return "| " + " | ".join(re.sub(r"(\\*)\|", r"\1\1\\|", line(cell)) for cell in row) + " |"


def line(text: str) -> str:
    """Return text on one line that Markdown leaves as it is where it could break a table, open a tag or fetch a picture."""
    return re.sub(r"\s+", " ", text).strip().replace("<", "&lt;").replace("![", "&#33;[")


def short(text: str, most: int) -> str:
    """Return at most so many characters of a text, on one line."""
    joined = line(text)
    return joined if len(joined) <= most else joined[: most - 1].rstrip() + "…"


def number(value: float | None) -> str:
    """Return a figure with two digits, a dash for none."""
    return "–" if value is None else f"{value:.2f}"
