"""Which chunks a filter such as `tags=rag` lets through.

Knows how a chunk's fields become labels and how a filter becomes the labels that it asks for. Knows no store. A label is
`key=value`, both case-folded; a list gives one label for each member, a page one for each folder that it lies in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.types import Chunk

_LONGEST_VALUE_CHARS = 120
"""Longer values are prose, and nobody filters by prose."""


def labels(chunk: Chunk) -> list[str]:
    """Return the labels of a chunk, sorted, each once.

    They are its `path` and the folders above it, `title`, `kind`, and every field of its metadata whose value is a text, number,
    truth value, or a list of these.
    """
    found = {_label("title", chunk.title), _label("kind", chunk.kind)}
    parts = chunk.path.split("/")
    found.update(_label("path", "/".join(parts[: count + 1])) for count in range(len(parts)))
    for key, value in chunk.metadata.items():
        found.update(_label(str(key), text) for text in _texts(value) if len(text) <= _LONGEST_VALUE_CHARS)
    return sorted(found)


def wanted(where: Mapping[str, str]) -> list[str]:
    """Return the labels that a chunk must have, all of them, to pass the filter."""
    return sorted(_label(key, value.rstrip("/") if key == "path" else value) for key, value in where.items())


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, str | int | float):
        yield str(value)
    elif isinstance(value, list | tuple):
        for member in value:
            if not isinstance(member, list | tuple):
                yield from _texts(member)


def _label(key: str, value: str) -> str:
    # Stores speak strict UTF-8; a lone surrogate becomes a question mark on both sides alike.
    return f"{key.strip()}={value.strip()}".casefold().encode("utf-8", "replace").decode("utf-8")
