"""Pieces of HTML from text that anybody may have written. Knows no report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

_STYLE = Path(__file__).with_name("page.css")
# Nothing may be loaded, sent or run, whatever an answer holds.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole document: one file, no script, no request to anywhere."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text("utf-8")}</style>\n</head>\n'
        f"<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


def tag(name: str, inner: str, *, kind: str = "") -> str:
    """Return an element around HTML."""
    return f'<{name} class="{kind}">{inner}</{name}>' if kind else f"<{name}>{inner}</{name}>"


def text(name: str, words: str, *, kind: str = "") -> str:
    """Return an element around plain text."""
    return tag(name, escape(words), kind=kind)


def table(header: Sequence[str], rows: Iterable[str], *, numbers: Sequence[int] = ()) -> str:
    """Return a table that scrolls in itself where it is too wide.

    Args:
        header: plain text.
        rows: as `row` returns them.
        numbers: columns, from 0, that are set to the right.

    Returns:
        HTML.
    """
    cells = "".join(
        f'<th class="n" scope="col">{escape(h)}</th>' if i in numbers else f'<th scope="col">{escape(h)}</th>'
        for i, h in enumerate(header)
    )
    return scroll(f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>") + "\n"


def row(cells: Sequence[str], *, kind: str = "", numbers: Sequence[int] = ()) -> str:
    """Return a row of HTML cells."""
    inner = "".join(f'<td class="n">{cell}</td>' if i in numbers else f"<td>{cell}</td>" for i, cell in enumerate(cells))
    return tag("tr", inner, kind=kind) + "\n"


def wide(words: str, columns: int, *, kind: str, name: str = "td") -> str:
    """Return a row with one cell of plain text over all columns."""
    return f'<tr class="{kind}"><{name} colspan="{columns}"><span>{escape(words)}</span></{name}></tr>\n'


def scroll(inner: str) -> str:
    """Return HTML in a box that scrolls in itself where it is too wide."""
    return tag("div", inner, kind="scroll")
