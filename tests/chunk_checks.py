"""What must hold for the chunks of every page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.markdown.align import merge, subtract
from rag.markdown.blocks import Page
from rag.types import Chunk

_WORD = re.compile(r"\w+|[^\w\s]")


class Pieces:
    """Counts pieces of up to four characters, and two for the ends: much like word pieces, with no model."""

    max_tokens = 256

    def count(self, text: str) -> int:
        return 2 + sum(-(-len(word) // 4) for word in _WORD.findall(text))


def check_chunks(source: str, page: Page, chunks: Sequence[Chunk], *, limit: int = Pieces.max_tokens) -> None:
    """Every visible character is in exactly one chunk, nothing hidden in any, offsets hold, nothing is too long."""
    own = [span for chunk in chunks for shown in chunk.spans for span in subtract(shown, merge(chunk.repeated))]
    for (_, end), (start, _) in pairwise(sorted(own)):
        assert end <= start, (source[start:end], "belongs to two chunks")
    visible = merge(span for block in page.blocks for span in block.spans)
    for low, high in visible:
        for start, end in subtract((low, high), merge(own)):
            assert not source[start:end].strip(), (source[start:end], "is in no chunk")
    for low, high in merge(own):
        for start, end in subtract((low, high), visible):
            assert not source[start:end].strip(), (source[start:end], "is in a chunk and in no block")
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        _check_chunk(source, chunk)
        for repeated in chunk.repeated:
            assert any(low <= repeated[0] and repeated[1] <= high for low, high in chunk.spans)
            assert any(other is not chunk and _holds(other, repeated) for other in chunks), (chunk.text, "repeats nothing")
        if Pieces().count(chunk.heading_line) <= limit // 2:  # more only where it is made of signs, each a piece of its own
            tokens = Pieces().count(chunk.embed_text)
            assert tokens <= limit or len(chunk.text) < 8, (tokens, chunk.embed_text)


def _holds(chunk: Chunk, span: tuple[int, int]) -> bool:
    return any(low <= span[0] and span[1] <= high for low, high in chunk.spans) and span not in chunk.repeated


def _check_chunk(source: str, chunk: Chunk) -> None:
    assert chunk.text.strip()
    assert chunk.spans
    for low, high in chunk.spans:
        assert 0 <= low < high <= len(source)
    for (_, end), (start, _) in pairwise(chunk.spans):
        assert end <= start
    assert chunk.line == 1 + len(re.findall(r"\r\n|\r|\n", source[: chunk.start]))
    assert 0 <= chunk.lead <= len(chunk.text)
    assert all(0 <= start < end <= len(chunk.text) for start, end in chunk.code)
    last = 0
    for text_start, text_end, start, end in chunk.alignment:
        assert last <= text_start < text_end <= len(chunk.text)
        assert 0 <= start <= end <= len(source)
        last = text_end
        if text_end - text_start == end - start:
            there, here = source[start:end], chunk.text[text_start:text_end]
            assert there == here or len(there) < 3 or not there.isascii() or "\0" in there, (there, here)
