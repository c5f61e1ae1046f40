"""What of the evidence stands in the passages. Pure functions over offsets; they know no question file and no retriever.

A piece of evidence counts as shown when the passages up to some rank hold it together, so that a passage that ends in the middle
of a sentence and the next one that goes on there show it. Letters and digits count; a hundredth or two may be missing, which is
what cleaning a text costs where it drops a mark. Where a link leads counts for nobody: a cleaned text does not say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eval.evidence_sets import Stretch
from rag.types import Span

_MISSING = 0.02
_TARGET = re.compile(r"(?<=\])\([^()\s]*\)|(?<=\[\[)[^\]|]*\|")

Evidence = Sequence[Sequence[Stretch]]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as a system gives it.

    Attributes:
        path: of its page.
        spans: the stretches of the page's source that it shows, in order.
        tokens: as it stands in the prompt, heading line included.
    """

    path: str
    spans: tuple[Span, ...]
    tokens: int


def completed(evidence: Evidence, passages: Sequence[Found], source: Callable[[str], str]) -> list[set[int]]:
    """Follow how passages, one after the other, complete the evidence.

    Args:
        evidence: pieces, each any of some stretches.
        passages: best first.
        source: of a page, by path; empty for one that is not there.

    Returns:
        For each passage the numbers of the pieces that are complete with it and were not without it.
    """
    missing = [[(stretch, _letters(stretch, source)) for stretch in piece] for piece in evidence]
    allowed = [[_MISSING * len(letters) if letters else -1 for _, letters in piece] for piece in missing]
    done: set[int] = set()
    shown = []
    for passage in passages:
        new: set[int] = set()
        for number, piece in enumerate(missing):
            for (stretch, letters), most in zip(piece, allowed[number], strict=True):
                if stretch.path == passage.path:
                    for start, end in passage.spans:
                        letters -= {place for place in letters if start <= place < end}
                if number not in done and len(letters) <= most:
                    new.add(number)
        done |= new
        shown.append(new)
    return shown


def packed(passages: Iterable[Found], budget_tokens: int) -> list[Found]:
    """Return the passages, best first, that fit a budget together; one that does not fit what is left is passed over."""
    kept = []
    for passage in passages:
        if passage.tokens <= budget_tokens:
            kept.append(passage)
            budget_tokens -= passage.tokens
    return kept


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of what was retrieved is relevant, and the other way round; each 0 to 1.

    Attributes:
        recall: share of the evidence's characters that the passages show.
        precision: share of the passages' characters, repeated ones counted again, that are evidence.
        iou: characters in both, as a share of the passages' characters and the evidence that they do not show.
    """

    recall: float
    precision: float
    iou: float


def shares(evidence: Evidence, passages: Sequence[Found]) -> Shares:
    """Return recall, precision and intersection over union of characters; of each piece the first stretch counts.

    Source: Smith and Troynikov, Evaluating chunking strategies for retrieval, Chroma, 2024.
    """
    wanted = {(piece[0].path, place) for piece in evidence for place in range(piece[0].start, piece[0].end)}
    shown = [(passage.path, start, end) for passage in passages for start, end in passage.spans]
    hit = {one for one in wanted if any(path == one[0] and start <= one[1] < end for path, start, end in shown)}
    length = sum(end - start for _, start, end in shown)
    return Shares(
        len(hit) / len(wanted) if wanted else 0.0,
        len(hit) / length if length else 0.0,
        len(hit) / (length + len(wanted) - len(hit)) if wanted else 0.0,
    )


def _letters(stretch: Stretch, source: Callable[[str], str]) -> set[int]:
    text = source(stretch.path)[stretch.start : stretch.end]
    unread = {place for match in _TARGET.finditer(text) for place in range(*match.span())}
    return {stretch.start + place for place, letter in enumerate(text) if letter.isalnum() and place not in unread}
