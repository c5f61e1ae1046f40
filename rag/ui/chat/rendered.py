"""A stretch of a page as it reads, rendered, with what is meant highlighted. Pure: source and spans to HTML.

The spans' ends are marked in the source by two signs, which come out of the Markdown parser where the text comes out; between them
text is highlighted. Where a sign is lost, in a place that the parser swallows, there is no rendered form, and the source is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from rag.markdown.frontmatter import read
from rag.types import Span
from rag.ui.markup import Html, element, join
from rag.ui.rich_text import plain_parser

CONTEXT_CHARS = 700
"""At least so much is shown to each side, in whole blocks."""

# Private use, and punctuation to no rule of Markdown; source that holds them is shown as it stands.
_BEGIN, _END = "\ue010", "\ue011"
_SIGNS = re.compile(f"[{_BEGIN}{_END}]")
_LEADS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|>|#{1,6})[ \t]+(?:\[[ xX]\][ \t]+)?|\|[ \t]*)*")
_ATTRIBUTES = re.compile(rf"[ \t]*\{{ *[#.:][^{{}}]*\}}([{_BEGIN}{_END}]?)[ \t]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)[^\n]*\n?")
_LARGEST_CHARS = 200_000


def rendered(source: str, spans: Sequence[Span]) -> Html | None:
    """Render the blocks around some spans, the spans highlighted.

    Args:
        source: of a page.
        spans: in order, not overlapping.

    Returns:
        HTML; None where the highlights could not be put exactly where the spans are, so that the source has to be shown instead.
    """
    if not spans or len(source) > _LARGEST_CHARS or "\r" in source or _SIGNS.search(source):
        return None
    body = read(source).end
    low, high = spans[0][0], spans[-1][1]
    if low < body:
        return None
    first, last = _window(source, body, low, high)
    text, signs = _signed(source[first:last], [(start - first, end - first) for start, end in spans])
    env: dict[str, Any] = {"labels": {}, "on": False, "seen": 0}
    html = _parser().render(text, env)
    if not signs or env["seen"] != signs or env["on"]:
        return None
    above = element("p", "⋯", class_="more") if source[body:first].strip() else ""
    below = element("p", "⋯", class_="more") if source[last:].strip() else ""
    return join(above, Html(html), below)


def _window(source: str, body: int, low: int, high: int) -> tuple[int, int]:
    """Return where to begin and end: at the bounds of blocks, some way before and behind."""
    starts = [body + start for start in _blocks(source[body:])] + [len(source)]
    first = max((start for start in starts if start <= max(body, low - CONTEXT_CHARS)), default=body)
    last = min((start for start in starts if start >= min(len(source), high + CONTEXT_CHARS)), default=len(source))
    return first, last


@lru_cache(maxsize=64)
def _blocks(text: str) -> tuple[int, ...]:
    """Return where the blocks at the top level begin, in characters."""
    lines = [0, *(match.end() for match in re.finditer(r"\n", text))]
    tokens = plain_parser().parse(text, {"labels": {}})
    return tuple(lines[token.map[0]] for token in tokens if token.map and token.level == 0 and token.nesting >= 0)


def _signed(text: str, spans: Sequence[Span]) -> tuple[str, int]:
    """Return the text with a sign at both ends of each span, and how many there are."""
    pieces: list[str] = []
    position = signs = 0
    for start, end in spans:
        low, high = _inside(text, start, end)
        if low >= high or low < position:
            continue
        pieces += [text[position:low], _BEGIN, text[low:high], _END]
        position, signs = high, signs + 2
    return "".join([*pieces, text[position:]]), signs


def _inside(text: str, start: int, end: int) -> Span:
    """Move the ends of a span to where the text of a block is: behind its lead at the start, before what closes it at the end."""
    if start == 0 or text[start - 1] == "\n":
        fence = _FENCE.match(text, start)
        lead = fence or _LEADS.match(text, start)
        start = lead.end() if lead else start
    shown = text[start:end].rstrip()
    if shown.endswith(("```", "~~~")) and "\n" in shown:
        shown = shown[: shown.rindex("\n")].rstrip()
    return start, start + len(shown.rstrip("|").rstrip())


@cache
def _parser() -> MarkdownIt:
    parser = plain_parser.__wrapped__()
    for name, rule in {"text": _text, "code_inline": _code_inline, "fence": _code, "code_block": _code}.items():
        parser.add_render_rule(name, rule)
    parser.core.ruler.push("heading_attributes", _without_attributes)
    for name in ("link_close", "image"):
        parser.add_render_rule(name, _without_signs(parser.renderer.rules[name]))  # type: ignore[attr-defined]  # a dict at run time
    return parser


def _without_attributes(state: StateCore) -> None:
    """Take the attributes off headings, `{#id .class}`: they name the place and are not read."""
    for before, token in pairwise(state.tokens):
        if before.type == "heading_open" and token.children and token.children[-1].type == "text":
            token.children[-1].content = _ATTRIBUTES.sub(r"\1", token.children[-1].content)


def _highlighted(content: str, env: dict[str, Any]) -> Html:
    parts: list[str] = []
    for index, piece in enumerate(re.split(f"([{_BEGIN}{_END}])", content)):
        if index % 2:
            env["on"], env["seen"] = piece == _BEGIN, env["seen"] + 1
        elif piece:
            parts.append(element("mark", piece) if env["on"] else join(piece))
    return join(*parts)


def _text(_: RendererHTML, tokens: Sequence[Token], index: int, __: object, env: dict[str, Any]) -> str:
    return _highlighted(tokens[index].content, env)


def _code_inline(_: RendererHTML, tokens: Sequence[Token], index: int, __: object, env: dict[str, Any]) -> str:
    return element("code", _highlighted(tokens[index].content, env))


def _code(_: RendererHTML, tokens: Sequence[Token], index: int, __: object, env: dict[str, Any]) -> str:
    return element("pre", element("code", _highlighted(tokens[index].content, env)), tabindex=0)


def _without_signs(rule: Any) -> Any:  # noqa: ANN401 - the parser's own kind of function
    def clean(_: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: dict[str, Any]) -> str:
        return _SIGNS.sub("", str(rule(tokens, index, options, env)))

    return clean
