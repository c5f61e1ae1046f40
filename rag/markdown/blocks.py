"""What a page is made of, once parsed: typed blocks with exact source offsets.

Knows the shape of the result and nothing of how it is made. Offsets are in characters of the page's source, from 0, half open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.types import Alignment, Metadata, Notice, Span

Kind = Literal[
    "heading",
    "paragraph",
    "list",
    "table",
    "code",
    "quote",
    "admonition",
    "tab",
    "math",
    "diagram",
    "definition",
    "footnote",
    "image",
    "html",
]
PartKind = Literal["sentence-able", "header", "row", "item", "line", "name"]
LinkKind = Literal["link", "image", "wikilink", "embed", "relref", "snippet", "import"]
Dialect = Literal["docusaurus", "hugo", "mkdocs", "obsidian", "myst", "gfm"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a block that is better not cut: a row, an item, a line of code; or prose that may be cut by sentence.

    Attributes:
        kind: what it is; a table's first part is its `header`, and code may begin with its file's `name`.
        text: `block.text[start:start + len(text)]`.
        start: where it begins in the block's text. Parts are in order; what lies between two of them is white space.
        spans: what it shows of the source. The parts' spans together are the block's.
        alignment: from `text` (from 0) to the source.
        level: depth of a list item, from 1; 0 for anything else.
    """

    kind: PartKind
    text: str
    start: int
    spans: tuple[Span, ...]
    alignment: Alignment
    level: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One thing on a page.

    Attributes:
        kind: what it is. Prose in a quote, an admonition or a tab has that kind; other blocks in there keep theirs.
        text: cleaned visible text; never empty.
        spans: what it shows of the source, in order, not overlapping, markup inside included.
        alignment: from each character of `text` to the source.
        heading_path: the headings above, outermost first, with admonition titles, tab labels and summaries.
        line: of the first character, from 1.
        parts: where it may be cut; at least one.
        level: of a heading, 1 to 6; 0 for anything else.
        label: an admonition's title, a tab's label or a summary: it belongs to what follows, as a heading does.
        info: language of code, type of a diagram or of the container, label of a footnote; empty where there is none.
        group: blocks with the same number (not 0) belong together: the pieces of one list, a paragraph that ends in a colon
            and what it introduces.
        intro: the paragraph that introduces a list, a table or code; a block of its own too.
        containers: kinds of the containers around it, outermost first, such as `("admonition", "tab")`.
    """

    kind: Kind
    text: str
    spans: tuple[Span, ...]
    alignment: Alignment
    heading_path: tuple[str, ...]
    line: int
    parts: tuple[Part, ...]
    level: int = 0
    label: bool = False
    info: str = ""
    group: int = 0
    intro: Part | None = None
    containers: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """First character of the hull of `spans`."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """End of the hull of `spans`, exclusive."""
        return self.spans[-1][1]

    @property
    def header(self) -> Part | None:
        """The header row of a table, to be repeated where the table is cut."""
        return self.parts[0] if self.parts[0].kind == "header" else None


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a page.

    Attributes:
        text: cleaned.
        level: 1 to 6.
        anchor: the id by which links name it, as the page's dialect makes it, unique on the page.
        line: from 1.
        start: first character in the source.
    """

    text: str
    level: int
    anchor: str
    line: int
    start: int


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to another place.

    Attributes:
        kind: how it is written.
        target: as written, without the anchor; empty for a place on the same page.
        anchor: after `#`, without it; empty where there is none. A block id keeps its `^`.
        line: from 1.
        span: the whole construct in the source.
    """

    kind: LinkKind
    target: str
    anchor: str
    line: int
    span: Span


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed Markdown file.

    Attributes:
        title: what a reader would call the page; never empty.
        metadata: front matter and what is derived from it and from the page; JSON values only.
        dialect: the tool that the page was most likely written for; constructs are recognised one by one, whatever it is.
        blocks: in order of the source.
        headings: in order.
        links: in order.
        block_ids: from id (without `^`) to where its mark stands.
        hidden: what no reader of the rendered page sees, in order, not overlapping.
        notices: what an editor should know.
        draft: not to be published.
    """

    title: str
    metadata: Metadata
    dialect: Dialect
    blocks: tuple[Block, ...]
    headings: tuple[Heading, ...] = ()
    links: tuple[Link, ...] = ()
    block_ids: dict[str, Span] = field(default_factory=dict)
    hidden: tuple[Span, ...] = ()
    notices: tuple[Notice, ...] = ()
    draft: bool = False
