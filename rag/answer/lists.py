"""Lists of the notes, complete: a small model names two of five items.

Where the answer gives some items of one list and the question asks for such things, the others are added from the list itself.
Knows passages and text; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rag.align import to_source
from rag.types import Citation, Passage, Span
from rag.words import content_words

_ITEM: Final = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+•]|\d{1,3}[.)])[ \t]+(?P<text>\S.*)$")
_MANY: Final = r"(?:(?!\w*(?:[A-Z]|[su]s\b))\w+s|[A-Z]{2,}s)\b"  # a plural, or a verb: what follows decides
_OF_A_VERB: Final = (
    r"(?:the|an?|its|less|more|most|least|best|worst|better|worse|first|last|faster|slower|larger|smaller|bigger|cheaper|longer|"
    r"shorter|higher|lower|later|earlier|newer|older)\b"
)
_OTHERS: Final = r"(?:are|were|do|did|does|can|could|have|should|must|may|might|will|would|need|there)\b"
_ASKS: Final = re.compile(
    r"\b(?i:list|enumerate|name (?:all|the|every)|steps|stages|kinds|types|ways|parts|components|reasons|methods|options|examples|"
    r"advantages|disadvantages|benefits|risks|limits|limitations|challenges|features|what (?:are|were))\b|"
    r"(?<!of )\b(?i:the|in|are|which|what|these|those)\s+(?i:two|three|four|five|six|seven|eight|nine|ten)\s+\w|"
    rf"\b[Ww]hich\s+(?!(?:is|was|does|has|this|its|as)\b){_MANY}(?!\s+{_OF_A_VERB})|"
    rf"\b[Ww]hat\s+(?!(?:is|was|does|has|this|its|as)\b){_MANY}\s+{_OTHERS}|"
    rf"\b(?:[Ww]hich|[Ww]hat)\s+(?:(?!of\b)\w+\s+){{1,2}}{_MANY}\s+{_OTHERS}|"
    r"(?:^|[,;.]\s+)(?i:who (?:are|were))\b"
)
_LONGEST: Final = 15  # items; a longer list is a page to read
_SHARE: Final = 0.4  # of the items the answer must name before the rest is added
_NAMED: Final = 0.6  # of an item's words that the answer must hold to have named it
_HEAD_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list.

    Attributes:
        passage: index into the passages, from 0.
        span: in the source.
        text: as shown, without its mark.
    """

    passage: int
    span: Span
    text: str


def asks_for_list(question: str) -> bool:
    """Whether a question asks for several things."""
    return bool(_ASKS.search(question))


def missing_items(question: str, answer: str, citations: Sequence[Citation], passages: Sequence[Passage]) -> list[Item]:
    """Return the items that the answer leaves out of the one list that it draws on most; none where it names too few to tell.

    Args:
        question: as asked.
        answer: its text.
        citations: of the answer.
        passages: what the model was given.
    """
    if not asks_for_list(question):
        return []
    said = frozenset(content_words(answer))
    best: tuple[int, list[Item]] = (0, [])
    for index, passage in enumerate(passages):
        for run in lists(index, passage):
            left = [item for item in run if not _is_named(item, said, citations, passage.chunk.path)]
            named = len(run) - len(left)
            if named >= max(2, _SHARE * len(run)) and named > best[0]:
                best = (named, left)
    return best[1]


def lists(index: int, passage: Passage) -> list[list[Item]]:
    """Find the lists of a passage.

    Args:
        index: of the passage, from 0.
        passage: to look in.

    Returns:
        The items of each, two to `_LONGEST` of the least indent, with what is nested below each left out.
    """
    runs: list[list[tuple[int, Item]]] = [[]]
    position = 0
    for line in passage.text.split("\n"):
        match = None if any(low <= position < high for low, high in passage.code) else _ITEM.match(line)
        start = position + (match.start("text") if match else 0)
        span = to_source(passage.alignment, start, position + len(line)) if match else None
        position += len(line) + 1
        if match and span:
            runs[-1].append((len(match["indent"]), Item(index, span, match["text"].strip())))
        elif line.strip() and not line.startswith((" ", "\t")):
            runs.append([])
    found = []
    for run in runs:
        least = min((indent for indent, _ in run), default=0)
        top = [item for indent, item in run if indent == least]
        if 2 <= len(top) <= _LONGEST:
            found.append(top)
    return found


def _is_named(item: Item, said: frozenset[str], citations: Sequence[Citation], path: str) -> bool:
    head = re.split(r":\s|\s[–—-]\s|[.;(]", item.text, maxsplit=1)[0]
    words = content_words(head)[:_HEAD_WORDS] or content_words(item.text)[:_HEAD_WORDS]
    held = sum(word in said for word in words)
    # What introduces a list is cited to items that it does not name.
    cited = any(one.path == path and one.start < item.span[1] and item.span[0] < one.end for one in citations)
    return cited if not words else held >= _NAMED * len(words) or (cited and held > 0)
