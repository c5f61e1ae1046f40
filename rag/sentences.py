"""Where sentences end: plain text to spans.

Knows punctuation, line structure and languages that write without spaces; knows nothing of Markdown or of models. A line break
ends a unit, since cleaned text keeps line breaks only where the source has structure (a list item, a table row, a line of code).
"""

from __future__ import annotations

import re

from rag.types import Span

# Words whose full stop does not end a sentence when a capital or a digit follows.
_ABBREVIATIONS = frozenset(
    """
    al approx art bzw ca cf ch co corp dept dr ed eds e.g eg eq eqs est etc fig figs g i.e ie inc jan feb mar apr jun
    jul aug sep sept oct nov dec jr ltd max min mr mrs ms no nos nr p pp prof ref refs resp sec sect sr st tab u.a u.s
    usw v vol vs z.b zb
    """.split()
)
# After a closing quote a particle or a comma goes on with the sentence that holds the quote. Thai ends a sentence with a space,
# which may also stand before a word that goes on with it, a number or a name.
_END = re.compile(
    r"(?<![.!?])[.!?…]+[\"'”’»)\]]*(?=\s+\S)|[。！？｡]++(?:[」』”’）]++(?!、|，|と|って|を|が|の|など)|(?![」』”’）]))|[।॥۔؟።។။]++|\n+"
    r"|(?<=[\u0e01-\u0e4e])[ ](?=[\u0e01-\u0e45])(?!และ|หรือ|แต่|ที่|ซึ่ง|โดย|เพื่อ|เพราะ|ว่า|เช่น|จึง|ก็)"
)
_THAI_CHARS = 30
"""Of a sentence in Thai; a space that comes sooner is one between words."""

_FORMULA = re.compile(
    r"\$\$[^$]{1,2000}?\$\$|(?<![\w\\$])\$(?![\s$])[^$\n]{0,500}?(?<![\s\\])\$(?![\w$])|\\\([^\n]{1,500}?\\\)|\\\[.{1,2000}?\\\]"
)
_OPENERS = "\"'“‘«(["


def split_sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of `text`, in order, without surrounding white space.

    Every character that is not white space is in exactly one span.

    >>> split_sentences("One. Two, e.g. three.")
    [(0, 4), (5, 21)]
    """
    spans: list[Span] = []
    start = 0
    whole = iter(formulas(text))
    formula = next(whole, None)
    for match in _END.finditer(text):
        while formula and formula[1] <= match.start():
            formula = next(whole, None)
        if formula and formula[0] < match.start():
            continue
        if match.group().startswith(".") and not _ends_sentence(text, match.start(), match.end()):
            continue
        if match.group() == " " and match.start() - start < _THAI_CHARS:
            continue
        _add(spans, text, start, match.end())
        start = match.end()
    _add(spans, text, start, len(text))
    return spans


def formulas(text: str) -> list[Span]:
    """Return the spans of the formulas inside a text, in order, with their marks."""
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return []
    return [match.span() for match in _FORMULA.finditer(text)]


def _ends_sentence(text: str, stop: int, after: int) -> bool:
    """Whether the full stop at `stop` ends a sentence that continues at `after`."""
    word = re.search(r"[^\s(]*$", text[max(0, stop - 24) : stop])
    last = word.group() if word else ""
    following = text[after:].lstrip()[:1]
    while following and following in _OPENERS:
        following = text[after:].lstrip().lstrip(_OPENERS)[:1]
    if following.islower():
        return False
    name = last.casefold()
    if name in _ABBREVIATIONS:
        return False
    if len(last) == 1 and last.isupper():  # an initial: "J. Smith"
        return False
    line_start = text.rfind("\n", 0, stop) + 1
    return not re.fullmatch(r"\s*\d{1,3}", text[line_start:stop])  # "1. First item" keeps its number


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
