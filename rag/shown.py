"""A file that other pages show as their own: where they do, and what its blocks learn from it.

Knows parsed pages; opens no file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.markdown.blocks import Block, Page
from rag.markdown.marks import sections
from rag.types import Span

KINDS = frozenset({"snippet", "import"})
"""Links by which a page shows another file as its own text."""

_MOST_NAMED = 3  # pages that a heading path names together; more say nothing


@dataclass(frozen=True, slots=True)
class Showing:
    """A place where a file is shown.

    Attributes:
        path: of the page that shows it.
        title: of that page.
        heading_path: where on the page.
        section: what of the file is shown; empty for all of it.
        directly: the page names the file itself, and not another one that shows it.
    """

    path: str
    title: str
    heading_path: tuple[str, ...]
    section: str = ""
    directly: bool = True


def showings_on(page: Page, path: str, is_it: Callable[[str], bool], *, directly: bool) -> list[Showing]:
    """Find the places where a page shows a file.

    Args:
        page: parsed.
        path: of the page.
        is_it: whether a name on the page means the file.
        directly: as in `Showing`.

    Returns:
        In the order of the page; none if the page is a draft.
    """
    if page.draft:
        return []
    links = [link for link in page.links if link.kind in KINDS and is_it(link.target)]
    return [Showing(path, page.title, _headings_at(page, link.span[0]), link.anchor, directly) for link in links]


def under_showings(page: Page, source: str, showings: Sequence[Showing]) -> Page:
    """Return a page that knows where it is shown.

    The heading path of each block begins with the place that shows it, or with the titles of up to three pages. The metadata lists
    all the pages as `shown_by`.
    """
    if not showings:
        return page
    spans = sections(source)
    blocks = tuple(_under(block, [each for each in showings if _covers(spans.get(each.section), block)]) for block in page.blocks)
    paths = list(dict.fromkeys(each.path for each in showings))
    return replace(page, blocks=blocks, metadata={**page.metadata, "shown_by": paths})


def _covers(section: Span | None, block: Block) -> bool:
    return section is None or (section[0] <= block.start and block.end <= section[1])


def _under(block: Block, showings: Sequence[Showing]) -> Block:
    direct = [each for each in showings if each.directly]
    titles = list(dict.fromkeys(each.title for each in direct))
    if not titles or len(titles) > _MOST_NAMED:
        return block
    before: tuple[str, ...] = (" / ".join(titles),)
    if len(direct) == 1:
        before = (*before, *(name for name in direct[0].heading_path if name.casefold() != direct[0].title.casefold()))
    return replace(block, heading_path=(*before, *block.heading_path))


def _headings_at(page: Page, offset: int) -> tuple[str, ...]:
    """The headings above an offset; a tab's label counts where nothing else stands in the tab before."""
    above = [block for block in page.blocks if block.start < offset]
    if above and above[-1].label:
        return (*above[-1].heading_path, above[-1].text)
    heading = next((block for block in reversed(above) if block.level), None)
    return (*heading.heading_path, heading.text) if heading else ()
