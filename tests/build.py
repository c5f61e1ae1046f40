"""Small values for tests, with only what a test cares about spelled out."""

from __future__ import annotations

from rag.types import Chunk, Passage


def chunk(
    text: str, *, path: str = "page.md", title: str = "Page", start: int = 0, headings: tuple[str, ...] = (), **more
) -> Chunk:
    """A chunk whose text stands in its source character by character, from `start`."""
    span = (start, start + len(text))
    return Chunk(
        id=more.pop("id", f"{path}:{start}"),
        document_id=path,
        path=path,
        title=title,
        ordinal=more.pop("ordinal", 0),
        text=text,
        spans=(span,),
        alignment=((0, len(text), *span),),
        heading_path=headings,
        **more,
    )


def passage(text: str, *, rank: int = 1, dense: float = 0.7, **more) -> Passage:
    """A passage that shows the whole of a chunk."""
    whole = chunk(text, **more)
    return Passage(whole, dense, rank, {"dense": dense}, len(text.split()), whole.text, whole.spans, whole.alignment)
