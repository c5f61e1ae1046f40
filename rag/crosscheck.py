"""What an editor should look at that no page shows by itself: broken references and pages that say the same.

Knows which notices depend on other pages than their own, so that a change there makes them come and go. Pure: knows outlines and
counts of words, and neither files nor the index.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.links import LinkChecker, Outline
from rag.types import Notice

LINK_KINDS = frozenset({"broken-link", "broken-anchor", "broken-embed"})
TWIN_KIND = "near-duplicate"
TWIN_SHARE = 0.5
"""More than this share of a page's words in near-duplicates of another page, and its editor is told."""

TWIN_WORDS = 40
"""Fewer shared words than this are a formula, not a page that was copied."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a page another page says too.

    Attributes:
        path: the page.
        other: where the representatives of its near-duplicates are.
        words: of the page's chunks that have them there.
        path_words: of all chunks of the page.
        other_words: of all chunks of the other page.
    """

    path: str
    other: str
    words: int
    path_words: int
    other_words: int


def listing_hash(files: Iterable[str]) -> str:
    """Return a hash of the names of all files: links can break and mend without a page being changed."""
    return hashlib.sha256("\0".join(sorted(files)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def link_notices(
    files: Iterable[str], pages: Sequence[str], outline_of: Callable[[str], Outline | None], wanted: Iterable[str]
) -> dict[str, list[Notice]]:
    """Return what is broken on the wanted pages, by page; a page without broken references has an empty list."""
    checker = LinkChecker(files, outline_of, pages)
    return {path: list(checker.broken(path)) for path in wanted}


def twin_notices(overlaps: Iterable[Overlap]) -> dict[str, list[Notice]]:
    """Return a notice for each page of which more than half stands on another page too, by page."""
    found: dict[str, list[Notice]] = {}
    for each in overlaps:
        if each.words < TWIN_WORDS:
            continue
        for path, other, total in ((each.path, each.other, each.path_words), (each.other, each.path, each.other_words)):
            share = min(1.0, each.words / total)
            if share > TWIN_SHARE:
                message = f"{share:.0%} of the page says the same as {other}."
                found.setdefault(path, []).append(Notice(path, 0, TWIN_KIND, message))
                break
    return found


def replaced(old: Sequence[Notice], kinds: frozenset[str], new: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return notices with those of some kinds replaced, by line."""
    kept = [notice for notice in old if notice.kind not in kinds]
    return tuple(sorted([*kept, *new], key=lambda notice: (notice.line, notice.kind, notice.message)))


def is_stub(path: str, metadata: Mapping[str, object], outline: Outline) -> bool:
    """Whether a page without text is so on purpose.

    That is a section's index that only carries settings, a page that a layout fills, or a list of reference definitions.
    """
    settings = {key for key in metadata if key in {"layout", "template", "redirect", "redirect_to", "location", "type"}}
    name = posixpath.splitext(posixpath.basename(path))[0]
    return bool(settings or outline.labels) or (bool(metadata) and name in {"_index", "index", "README"})
