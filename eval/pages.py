"""A page of the corpus as evidence is checked against it: the text that citations quote, and what stands above a place in it.

Knows Markdown as far as headings go: what begins with `#` outside of code. Of the other kinds of file it takes what ingest takes:
the extracted text, and the headings, cells, cards, slides and pages that its blocks stand under. Knows no questions and no index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.errors import UnreadableFileError
from rag.load import DOCUMENT_SUFFIXES, MARKDOWN_SUFFIXES, TEXT_SUFFIXES, decode
from rag.types import Span

_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_ATTRIBUTES = re.compile(r"\s*\{\s*[#.:][^}]*\}\s*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_TITLE = re.compile(r"^title\s*[:=]\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page.

    Attributes:
        path: in the corpus, with `/`.
        source: what `Document.source` of the page is.
        title: of a page that is not Markdown; Markdown says its own in `source`.
        blocks: of a page that is not Markdown, in order: a stretch of `source` and the names it stands under, from the outermost.
    """

    path: str
    source: str
    title: str = ""
    blocks: tuple[tuple[Span, tuple[str, ...]], ...] | None = None

    def names_above(self, offset: int) -> tuple[str, ...]:
        """Return what stands above an offset: what the file is called, its title, and headings without attributes as `{#id}`."""
        stem = PurePosixPath(self.path).stem
        if self.blocks is None:
            return (stem, *_headings(self.source, offset))
        around = next((names for (start, end), names in self.blocks if start <= offset < end), ())
        return (stem, *filter(None, (self.title, *around)))

    def name_above(self, offset: int) -> str:
        """Return the nearest of them: a heading where there is one."""
        return self.names_above(offset)[-1]


def read_page_text(corpus: Path, path: str) -> PageText:
    """Read a page as ingest does.

    Args:
        corpus: folder of the notes.
        path: of the page in it.

    Returns:
        The page; a file of a kind that ingest does not know is taken for text.

    Raises:
        UnreadableFileError: it is not there, or is not what its name says.
    """
    file, name = corpus / path, PurePosixPath(path)
    plain = name.as_posix() == path and not name.is_absolute() and ".." not in name.parts
    try:
        # Visitors of the chat name pages too, and whether a quote is found must not tell them what another file holds.
        if not plain or not file.resolve().is_relative_to(corpus.resolve()):
            raise UnreadableFileError("is not a page of the notes")
        raw = file.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: of a name that no file can have
        raise UnreadableFileError(f"cannot be read: {error}") from error
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in MARKDOWN_SUFFIXES or suffix not in TEXT_SUFFIXES | DOCUMENT_SUFFIXES:
        return PageText(path, decode(raw))
    # Parsers that a check of Markdown does without.
    from rag.llamaindex.readers import read_document
    from rag.read import extracted

    source, page = extracted(path, raw, read_document)
    return PageText(path, source, page.title, tuple((span, block.heading_path) for block in page.blocks for span in block.spans))


def _headings(source: str, offset: int) -> Iterator[str]:
    """The title, then the headings before `offset` in their order."""
    title = _TITLE.search(source[:2000]) if source.startswith(("---", "+++", "{")) else None
    if title:
        yield title.group(1)
    fence = ""
    for line in re.split(r"\r\n|\r|\n", source[:offset]):
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
        elif not fence and (heading := _HEADING.match(line)):
            yield _ATTRIBUTES.sub("", heading.group(1))
