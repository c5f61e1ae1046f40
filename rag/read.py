"""One file of the corpus to a document and its chunks."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import UnreadableFileError
from rag.load import MARKDOWN_SUFFIXES, decode
from rag.protocols import TokenCounter
from rag.types import Chunk, Document, Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.extract.pieces import Extract
    from rag.includes import Includes
    from rag.markdown.blocks import Page

DRAFT = "draft"
DRAWING = "not evidence: an Excalidraw drawing"
LEFT_OUT = frozenset({DRAFT, DRAWING})
"""Why a page that can be read is not indexed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file gave.

    Attributes:
        document: the page.
        chunks: in order; empty for a page that is left out or has no text.
        notices: what an editor should know.
        left_out: why the page is not indexed although it can be read; empty if it is.
        outline: where the page leads and what links may name on it, as `rag.links.Outline.as_json` writes it.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    notices: tuple[Notice, ...]
    left_out: str = ""
    outline: str = ""


def read_page(
    path: str,
    raw: bytes,
    sha256: str,
    *,
    documents: Callable[[str, bytes], Extract] | None = None,
    counter: TokenCounter,
    target_tokens: int,
    includes: Includes | None = None,
) -> Reading:
    """Decode, parse and chunk one file.

    Args:
        path: relative to the corpus, with `/`.
        raw: the bytes of the file.
        sha256: of `raw`.
        documents: reads PDF, HTML, DOCX and PPTX: path and bytes to pieces.
        counter: of the embedder.
        target_tokens: wanted size of a chunk.
        includes: which page shows which other file; without it a page stands alone.

    Returns:
        What the file gave; without chunks where the page is left out or has no text.

    Raises:
        UnreadableFileError: the bytes are not what the name says, or hold no text that can be had.
    """
    # A third of the start-up time of every command, and most read no page.
    from rag.chunk import chunk_page
    from rag.crosscheck import is_stub
    from rag.links import outline

    suffix = posixpath.splitext(path)[1].lower()
    if suffix in MARKDOWN_SUFFIXES:
        source = decode(raw)
        page = _parsed(source, path, includes)
    else:
        source, page = extracted(path, raw, documents)
    identity = hashlib.sha256(path.encode()).hexdigest()[:16]
    document = Document(identity, path, page.title, page.metadata, source, sha256)
    left_out = DRAFT if page.draft else DRAWING if "excalidraw-plugin" in page.metadata else ""
    if left_out:
        return Reading(document, (), page.notices, left_out)
    chunks = tuple(chunk_page(document, page, counter, target_tokens))
    notices, links = page.notices, outline(page, source)
    if not chunks and not is_stub(path, page.metadata, links):
        notices = (*notices, Notice(path, 0, "empty-page", "The page has no text."))
    return Reading(document, chunks, notices, outline=links.as_json())


def _parsed(source: str, path: str, includes: Includes | None) -> Page:
    from rag.markdown.parse import parse
    from rag.shown import under_showings

    if includes is None:
        return parse(source, path)
    glossaries = [text for text in map(includes.read, includes.glossaries(path)) if text is not None]
    page = parse(source, path, resolve=lambda target: includes.text(target, path), glossaries=glossaries)
    return under_showings(page, source, includes.showings(path) if includes.is_shown(path) else ())


def extracted(path: str, raw: bytes, documents: Callable[[str, bytes], Extract] | None) -> tuple[str, Page]:
    """Take the text out of a file that is not Markdown.

    Args:
        path: relative to the corpus, with `/`; its suffix says what the file is.
        raw: the bytes of the file.
        documents: reads PDF, HTML, DOCX and PPTX; None where nothing does.

    Returns:
        The source that citations quote, and the page over it.

    Raises:
        UnreadableFileError: the bytes are not what the name says, or nothing reads them.
    """
    from rag.extract import canvas, notebook, pieces, plain

    suffix = posixpath.splitext(path)[1].lower()
    readers = {reader.SUFFIX: reader.read for reader in (canvas, notebook, plain)}
    if suffix in readers:
        extract = readers[suffix](decode(raw))
    elif documents is not None:
        extract = documents(path, raw)
    else:
        raise UnreadableFileError(f"nothing reads {suffix} files here")
    return pieces.compose(extract, path)
