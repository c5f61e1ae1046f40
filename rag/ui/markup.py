"""HTML that is safe by construction: text is escaped unless it is `Html`, and only this package makes `Html`.

Knows elements and attributes; knows nothing of what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from html import escape

_VOID = frozenset({"br", "hr", "input"})


class Html(str):
    """Finished HTML; every other text is data and gets escaped."""

    __slots__ = ()


def text(value: str) -> Html:
    """Return a text as HTML that shows exactly it.

    >>> text("a < b")
    'a &lt; b'
    """
    return value if isinstance(value, Html) else Html(escape(value))


def element(name: str, *children: str, **attributes: str | int | bool | None) -> Html:
    """Write an element.

    Args:
        name: of the element; one of ours, never from data.
        *children: text, which is escaped, or `Html`, which is not.
        **attributes: a trailing underscore is dropped and others become hyphens (`class_`, `data_open`); None and False leave the
            attribute out, True writes it without a value.

    Returns:
        Markup that is safe to put into a page; an element that holds nothing, such as `br`, has no end tag.

    >>> element("p", "1 < 2", class_="small")
    '<p class="small">1 &lt; 2</p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{''.join(text(child) for child in children)}</{name}>")


def button(label: str, action: str, arguments: Mapping[str, object], class_: str = "", **attributes: str | bool | None) -> Html:
    """Write a button that calls an action of the page.

    Args:
        label: text or `Html`.
        action: its name.
        arguments: JSON values.
        class_: beside `quiet`.
        **attributes: as for `element`.

    Returns:
        The button, with the action and its arguments in attributes that the page's script reads.
    """
    look = f"quiet {class_}".strip() if class_ != "row-name" else class_
    sent = json.dumps(arguments) if arguments else None
    return element("button", label, type="button", class_=look, data_do=action, data_arguments=sent, **attributes)


def table(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Container[int] = (), class_: str | None = None
) -> Html:
    """Write a table that scrolls sideways by itself.

    Args:
        name: for those who cannot see it.
        heads: of the columns.
        rows: cells, text or `Html`.
        numbers: columns, from 0, that hold numbers.
        class_: of the table.

    Returns:
        The table in a region that the keyboard reaches.
    """
    kind = ["number" if index in numbers else None for index in range(len(heads))]
    head = element("tr", *(element("th", text, scope="col", class_=kind[index]) for index, text in enumerate(heads)))
    body = [element("tr", *(element("td", cell, class_=kind[index]) for index, cell in enumerate(row))) for row in rows]
    inside = element("table", element("thead", head), element("tbody", *body), class_=class_)
    return element("div", inside, class_="wide", tabindex=0, role="region", aria_label=name)


def join(*parts: str) -> Html:
    """Return the parts one after another, text escaped."""
    return Html("".join(text(part) for part in parts))


def _attribute(key: str, value: str | int | bool) -> str:
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
