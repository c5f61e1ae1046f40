"""One file of the corpus to a document and its chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from rag.load import decode
from rag.protocols import TokenCounter
from rag.types import Chunk, Document, Notice

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file gave.

    Attributes:
        document: the page.
        chunks: in order; empty for a page that is left out or has no text.
        notices: what an editor should know.
        left_out: why the page is not indexed although it can be read; empty if it is.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    notices: tuple[Notice, ...]
    left_out: str = ""


def read_page(
    path: str,
    raw: bytes,
    sha256: str,
    *,
    counter: TokenCounter,
    target_tokens: int,
    resolve: Callable[[str], str | None] | None = None,
) -> Reading:
    """Decode, parse and chunk one Markdown file.

    Args:
        path: relative to the corpus, with `/`.
        raw: the bytes of the file.
        sha256: of `raw`.
        counter: of the embedder.
        target_tokens: wanted size of a chunk.
        resolve: gives the source of another file of the corpus, for snippets and partials.

    Raises:
        UnreadableFileError: the bytes are not text.
    """
    # A third of the start-up time of every command, and most read no page.
    from rag.chunk import chunk_page
    from rag.markdown.parse import parse

    source = decode(raw)
    page = parse(source, path, resolve=resolve)
    identity = hashlib.sha256(path.encode()).hexdigest()[:16]
    document = Document(identity, path, page.title, page.metadata, source, sha256)
    if page.draft:
        return Reading(document, (), page.notices, DRAFT)
    chunks = tuple(chunk_page(document, page, counter, target_tokens))
    notices = page.notices if chunks else (*page.notices, Notice(path, 0, "empty-page", "The page has no text."))
    return Reading(document, chunks, notices)
