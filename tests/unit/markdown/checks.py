"""What must hold for every page, whatever it is."""

from itertools import pairwise

from rag.chunk import chunk_page
from rag.markdown.align import merge
from rag.markdown.blocks import Block, Page, Part
from rag.markdown.parse import parse
from rag.types import Document
from tests.chunk_checks import Pieces, check_chunks


def check_page(source: str, page: Page) -> None:
    """Offsets hold, nothing is lost, nothing hidden is shown, nothing belongs to two blocks."""
    check_coverage(source, page)
    for block in page.blocks:
        assert block.text.strip(), block
        assert "\ufdd0" not in block.text or "\ufdd0" in source, "a mark of ours is shown"
        check_aligned(source, block)
        check_parts(block)
        assert block.line >= 1
        assert source[block.start : block.end].strip()
    for link in page.links:
        assert 0 <= link.span[0] < link.span[1] <= len(source), link
    for span in page.block_ids.values():
        assert source[slice(*span)].startswith("^")
    assert page.title
    for heading in page.headings:
        assert 1 <= heading.level <= 6


def check_coverage(source: str, page: Page) -> None:
    shown = [span for block in page.blocks for span in block.spans]
    for low, high in [*shown, *page.hidden]:
        assert 0 <= low < high <= len(source)
    spans = sorted([*shown, *page.hidden])
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start, (source[start:end], "belongs to two")
    at = 0
    for start, end in [*merge(spans), (len(source), len(source))]:
        assert (
            not source[at:start].strip("\0 \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\ufeff") or source[at:start].isspace()
        ), source[at:start]
        at = end
    for block in page.blocks:
        for (_, end), (start, _) in pairwise(block.spans):
            assert end <= start


def check_aligned(source: str, block: Block | Part) -> None:
    last = 0
    for text_start, text_end, start, end in block.alignment:
        assert last <= text_start < text_end <= len(block.text)
        assert 0 <= start <= end <= len(source)
        last = text_end
        if text_end - text_start == end - start:
            there, here = source[start:end], block.text[text_start:text_end]
            assert there == here or len(there) < 3 or not there.isascii() or "\0" in there, (there, here)
        assert (
            any(low <= start and end <= high for low, high in block.spans)
            or not source[start:end].strip()
            or _across(block, start, end)
        ), (
            source[start:end],
            block,
        )


def _across(block: Block | Part, start: int, end: int) -> bool:
    """A stretch that maps as a whole may run over a hidden place."""
    return any(low < end and start < high for low, high in block.spans)


def check_parts(block: Block) -> None:
    assert block.parts
    at = 0
    for part in block.parts:
        assert not block.text[at : part.start].strip()
        assert block.text[part.start : part.start + len(part.text)] == part.text
        at = part.start + len(part.text)
    assert not block.text[at:].strip()
    assert merge(span for part in block.parts for span in part.spans) == merge(block.spans)


def page_of(source: str, path: str = "note.md", **options) -> Page:
    """A page that holds what must hold for every page, and whose chunks do."""
    page = parse(source, path, **options)
    check_page(source, page)
    for target in (40, 220):
        check_chunks(source, page, chunk_page(Document("id", path, page.title, page.metadata, source, ""), page, Pieces(), target))
    return page


def outline(source: str, page: Page) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Kind (with a star for labels), heading path, text and the pieces of source of each block."""
    return [
        (
            block.kind + "*" * block.label,
            " > ".join(block.heading_path),
            block.text,
            tuple(source[start:end] for start, end in block.spans),
        )
        for block in page.blocks
    ]
