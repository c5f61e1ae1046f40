"""HTML to pieces, over the tree of BeautifulSoup.

Headings, paragraphs, lists, tables, code, quotes and alternative texts; navigation, scripts and form controls are left out.
"""

from __future__ import annotations

import re
from typing import Any

from rag.extract.pieces import Extract, Piece
from rag.markdown.blocks import Kind

_LEFT_OUT = frozenset("script style noscript template svg iframe canvas nav head button select input textarea object".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math q rp rt ruby s samp small span "
    "strike strong sub sup time tt u var wbr".split()
)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source)-([\w+#.-]+)")


def read_html(raw: bytes) -> Extract:
    """Read a page.

    Args:
        raw: the bytes of the file; its encoding is as the page says.

    Returns:
        Its visible text, block by block.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(raw, "html.parser")
    walk = _Walk()
    walk.children(soup.body or soup)
    walk.flush()
    title = soup.title.get_text() if soup.title else ""
    language = soup.html.get("lang") if soup.html else None
    metadata = {"format": "html", **({"lang": language} if isinstance(language, str) else {})}
    return Extract(walk.pieces, " ".join(title.split()), metadata)


class _Walk:
    """Collects inline text until a block begins or ends."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._texts: list[str] = []
        self._kind: Kind = "paragraph"

    def flush(self, kind: Kind | None = None, level: int = 0) -> None:
        """Make a piece of the text so far."""
        text = _joined(self._texts)
        self._texts = []
        if text:
            self.pieces.append(Piece(text.replace("\n", " ") if level else text, kind or self._kind, level=level))

    def children(self, parent: Any) -> None:  # noqa: ANN401 - the vendor's tree
        """Walk what an element holds."""
        for child in parent.children:
            name = getattr(child, "name", None)
            if name is None:
                if type(child).__name__ == "NavigableString":  # a comment, a declaration are other kinds
                    self._texts.append(_SPACE.sub(" ", str(child)))
            elif name not in _LEFT_OUT and not child.has_attr("hidden"):
                self._element(child, name)

    def _element(self, element: Any, name: str) -> None:  # noqa: ANN401
        if name == "br":
            self._texts.append("\n")
        elif name == "img":
            self._texts.append(f" {_SPACE.sub(' ', str(element.get('alt') or ''))} ")
        elif name in _INLINE:
            self.children(element)
        else:
            self.flush()
            self._block(element, name)
            self.flush()

    def _block(self, element: Any, name: str) -> None:  # noqa: ANN401
        if re.fullmatch("h[1-6]", name):
            self.children(element)
            self.flush("heading", int(name[1]))
        elif name == "pre":
            self._code(element)
        elif name == "table":
            self._table(element)
        elif name in ("ul", "ol", "menu"):
            lines = self._items(element, 0)
            self.pieces.append(Piece("\n".join(lines), "list"))
        elif name == "blockquote":
            before, self._kind = self._kind, "quote"
            self.children(element)
            self.flush()
            self._kind = before
        else:
            self.children(element)

    def _items(self, parent: Any, depth: int) -> list[str]:  # noqa: ANN401
        """A list, nested ones included, a line for each item."""
        lines: list[str] = []
        for number, item in enumerate(parent.find_all("li", recursive=False), 1):
            mark = f"{number}." if parent.name == "ol" else "-"
            inner = [child for child in item.find_all(["ul", "ol", "menu"]) if child.find_parent("li") is item]
            below = [line for each in inner for line in self._items(each.extract(), depth + 1)]
            text = " ".join(_visible(item).split())
            lines += [f"{'  ' * depth}{mark} {text}"] * bool(text) + below
        return lines

    def _table(self, element: Any) -> None:  # noqa: ANN401
        rows = [row for row in element.find_all("tr") if row.find_parent("table") is element]
        caption = element.find("caption")
        if caption is not None:
            self._texts.append(_visible(caption))
            self.flush()
        lines = [
            " | ".join(" ".join(_visible(cell).split()) for cell in row.find_all(["td", "th"], recursive=False)) for row in rows
        ]
        header = bool(rows) and rows[0].find("th") is not None and rows[0].find("td") is None
        self.pieces.append(Piece("\n".join(line for line in lines if line.strip(" |")), "table", header=header))

    def _code(self, element: Any) -> None:  # noqa: ANN401
        classes = " ".join(str(name) for each in (element, element.find("code")) if each for name in each.get("class") or ())
        language = _LANGUAGE.search(classes)
        self.pieces.append(Piece(element.get_text().strip("\n"), "code", info=language[1].lower() if language else ""))


def _visible(element: Any) -> str:  # noqa: ANN401
    """The text of a cell or an item on its own, whatever stands in it."""
    walk = _Walk()
    walk.children(element)
    walk.flush()
    return "\n".join(piece.text for piece in walk.pieces)


def _joined(texts: list[str]) -> str:
    """Pieces of inline text as one, with single spaces and the lines that the author asked for."""
    lines = "".join(texts).replace("\xa0", " ").split("\n")
    return "\n".join(line for line in (_SPACE.sub(" ", each).strip() for each in lines) if line)
