"""A copy of a source that a Markdown parser can read without moving a character, and where its lines begin and end.

Lines end at LF, CRLF or CR alone and at nothing else. Knows nothing of Markdown.
"""

from __future__ import annotations


def level(source: str) -> str:
    r"""The source with every line end as LF and no NUL, each character at the same offset.

    >>> level("a\r\nb\rc")
    'a \nb\nc'
    """
    if "\r" in source:
        source = source.replace("\r\n", " \n").replace("\r", "\n")
    return source.replace("\0", "\ufffd") if "\0" in source else source


def line_end(text: str, offset: int) -> int:
    """Where the line of `offset` ends in a levelled text, the line end not counted."""
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def line_start(text: str, offset: int) -> int:
    """Where the line of `offset` begins in a levelled text."""
    return text.rfind("\n", 0, offset) + 1
