"""`python -m rag lint`: is the corpus in order?

Looks at what ingest does not need but readers do: links, anchors and embeds that resolve, titles, sizes, near-duplicate pages, and
references of `COVERAGE.md` to headings that exist. Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations
from pathlib import Path

from rag.crosscheck import is_stub, link_notices
from rag.errors import UnreadableFileError
from rag.includes import Includes
from rag.links import Outline, outline
from rag.load import MARKDOWN_SUFFIXES, all_files, decode, read_bytes, walk
from rag.markdown.blocks import Page
from rag.markdown.parse import parse
from rag.types import Notice

MAX_WORDS = 3000
SHINGLE_WORDS = 5
NEAR_DUPLICATE = 0.5  # Jaccard similarity of shingles above which two pages say the same
COVERAGE = "COVERAGE.md"

_REFERENCE = re.compile(r"`([\w./ -]+\.mdx?)#([^`]+)`")


def lint(corpus: Path) -> list[Notice]:
    """Look for all that is wrong with a corpus.

    Args:
        corpus: its folder; nothing is written to it.

    Returns:
        What was found, sorted by path and line.

    Raises:
        CorpusError: there is no corpus.
    """
    sources: dict[str, str] = {}
    pages: dict[str, Page] = {}
    notices: list[Notice] = []
    files, _ = walk(corpus)
    includes = Includes(corpus, all_files(corpus))
    for file in files:
        if file.absolute.suffix.lower() not in MARKDOWN_SUFFIXES:
            continue
        try:
            sources[file.path] = decode(read_bytes(file))
        except UnreadableFileError as error:
            notices.append(Notice(file.path, 0, "unreadable", error.message))
            continue
        pages[file.path] = parse(sources[file.path], file.path, resolve=partial(includes.text, page=file.path))
        notices += pages[file.path].notices
    outlines = {path: outline(page, sources[path]) for path, page in pages.items()}
    for broken in link_notices(all_files(corpus), list(outlines), outlines.get, list(outlines)).values():
        notices += broken
    for path, page in pages.items():
        notices += _size(path, page, outlines[path])
    notices += _near_duplicates(pages)
    notices += _coverage(corpus, pages)
    return sorted(notices, key=lambda notice: (notice.path, notice.line, notice.message))


def _size(path: str, page: Page, links: Outline) -> Iterator[Notice]:
    words = sum(len(block.text.split()) for block in page.blocks)
    if words > MAX_WORDS:
        yield Notice(path, 0, "long-page", f"The page has {words} words; more than {MAX_WORDS} are better split.")
    if not words and not page.draft and not is_stub(path, page.metadata, links):
        yield Notice(path, 0, "empty-page", "The page has no text.")
    if not page.headings and "title" not in page.metadata and not page.title.strip():
        yield Notice(path, 0, "no-title", "The page has neither a title nor a heading.")


def _near_duplicates(pages: Mapping[str, Page]) -> Iterator[Notice]:
    shingles = {path: _shingles(page) for path, page in pages.items()}
    for first, second in combinations(sorted(shingles), 2):
        a, b = shingles[first], shingles[second]
        if a and b and len(a & b) / len(a | b) > NEAR_DUPLICATE:
            yield Notice(second, 0, "near-duplicate", f"The page says nearly the same as {first}.")


def _shingles(page: Page) -> frozenset[int]:
    words = " ".join(block.text for block in page.blocks).casefold().split()
    return frozenset(hash(tuple(words[i : i + SHINGLE_WORDS])) for i in range(len(words) - SHINGLE_WORDS + 1))


def _coverage(corpus: Path, pages: Mapping[str, Page]) -> Iterator[Notice]:
    """Check that `COVERAGE.md`, where there is one, names only headings that exist, as `page.md#Heading`."""
    file = corpus / COVERAGE
    if not file.is_file():
        return
    for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
        for path, heading in _REFERENCE.findall(line):
            page = pages.get(path)
            if page is None:
                yield Notice(COVERAGE, number, "broken-reference", f"There is no page {path}.")
            elif heading not in {page.title, *(each.text for each in page.headings)}:
                yield Notice(COVERAGE, number, "broken-reference", f"{path} has no heading {heading!r}.")
