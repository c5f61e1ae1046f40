"""Tags of HTML and JSX: how they are written, and which of them are markup.

Notes about language models are full of tags that are content: `<end_of_turn>`, `<think>`, `<s>`. Only names that HTML knows and
components of JSX are markup; everything else stays text.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from rag.types import Span

BLOCK = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu nav noframes ol optgroup option p "
    "param search section select input textarea source summary table tbody td tfoot th thead tr track ul picture video "
    "audio col colgroup caption".split()
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big br button cite code data del dfn em embed font i img ins kbd label map area mark meter "
    "nobr noscript object output progress q rp rt ruby s samp small span strike strong sub sup time tt u var wbr "
    "base meta title slot template pre script style svg math canvas".split()
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
AMBIGUOUS = frozenset(
    "audio base body button caption data dialog dir font footer form frame head header html input label legend link main map menu "
    "meta meter nav object option output param progress search select slot source summary template time title track var "
    "video".split()
)
"""Names of HTML that authors also use as words in brackets: markup only with attributes, or where the page closes them."""
BREAKS = frozenset(
    "br p div li tr h1 h2 h3 h4 h5 h6 dt dd ul ol table thead tbody hr summary details figcaption caption tabitem tab card "
    "step".split()
)
ROWS = frozenset("table thead tbody tfoot tr caption".split())
"""What begins a line in a table; the rest of the breaks are spaces there."""
CELLS = frozenset(("td", "th"))
HIDDEN = ("script", "style", "svg", "iframe", "noscript", "template", "canvas")
WHOLE = frozenset((*HIDDEN, "pre", "table", "codeblock", "h1", "h2", "h3", "h4", "h5", "h6"))
"""Elements that are not read as Markdown between tags."""
LABELS = ("label", "title", "summary", "heading", "header")
BESIDE = ("subtitle", "description", "caption")
TEXTS = ("title", "label", "heading", "subtitle", "summary", "description", "caption", "alt", "text", "content")

_NAME = re.compile(r"<(/?)([A-Za-z][\w.:-]*)")
_ATTRIBUTE = re.compile(
    r"""\s+(?:
        (?P<name>[A-Za-z_:@][\w:@.-]*)
        (?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<brace>\{)|(?P<bare>[^\s"'=<>`{}]+)))?
      | (?P<spread>\{))""",
    re.VERBOSE,
)
_END = re.compile(r"\s*(/?)>")
_CALL = re.compile(r"""\w+\(\s*(["'])(?P<text>[^"'\n]+)\1\s*\)(?:\.default)?\Z""")
_BRACE = re.compile(r"[{}]")
_MAX_BRACES = 20
_LIMIT_CHARS = 20_000


class Tag(NamedTuple):
    """One tag.

    Attributes:
        name: as written.
        closing: it begins with `</`.
        empty: it ends with `/>`, or HTML gives it no content.
        attributes: where each value stands, without quotes, by lower-case name; empty spans for names alone.
        start: its first character.
        end: after its last.
    """

    name: str
    closing: bool
    empty: bool
    attributes: dict[str, Span]
    start: int
    end: int


def parse(text: str, at: int, stop: int) -> Tag | None:
    """The tag that begins at `at` and ends before `stop`; None if there is none."""
    match = _NAME.match(text, at, stop)
    if not match:
        return None
    attributes: dict[str, Span] = {}
    position = match.end()
    stop = min(stop, at + _LIMIT_CHARS)
    while found := _ATTRIBUTE.match(text, position, stop):
        position = found.end()
        if found["brace"] or found["spread"]:
            opened = position
            position = _closing_brace(text, position, stop)
            if position < 0:
                return None
            span = _unquoted(text, opened, position - 1)
        else:
            group = next((name for name in ("double", "single", "bare") if found[name] is not None), None)
            span = found.span(group) if group else (position, position)
        if found["name"] and len(attributes) < 100:
            attributes.setdefault(found["name"].lower(), span)
    end = _END.match(text, position, stop)
    if not end:
        return None
    name = match[2]
    void = name.lower() in VOID and (name.islower() or name.isupper())  # `<Input>` is a word of the author's
    return Tag(name, bool(match[1]), bool(end[1]) or void, attributes, at, end.end())


def _closing_brace(text: str, at: int, stop: int) -> int:
    """After the brace that closes the one before `at`; -1 if none does."""
    depth = 1
    for match in _BRACE.finditer(text, at, min(stop, at + 5000)):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.end()
        if depth > _MAX_BRACES:
            break
    return -1


def _unquoted(text: str, start: int, end: int) -> Span:
    """A string in braces without its quotes, also where a function is given it: `require("./a.png")`."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end - start >= 2 and text[start] == text[end - 1] and text[start] in "\"'`":
        return start + 1, end - 1
    call = _CALL.match(text, start, end)
    return call.span("text") if call else (start, end)


def is_component(tag: Tag, components: Container[str]) -> bool:
    """Whether a tag is a component of JSX: a capital letter and something that shows that it is not just a word in brackets."""
    return tag.name[0].isupper() and (tag.name in components or (not tag.closing and (tag.empty or bool(tag.attributes))))


def is_markup(tag: Tag, components: Container[str]) -> bool:
    """Whether a tag is markup rather than text in angle brackets; `components` are the names that the page closes or imports."""
    name = tag.name.lower()
    if tag.name[0].isupper() and is_component(tag, components):
        return True
    if name in AMBIGUOUS and not tag.attributes:
        return name in components
    return name in BLOCK or name in INLINE
