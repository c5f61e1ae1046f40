"""Answers as HTML: Markdown that can do nothing.

Whatever a note or a model writes, what comes out holds only the elements in `ELEMENTS`, with no attribute but `start` on a list,
and our own citation buttons and verdicts. Links are shown as text with their address, images by their description, HTML as the
characters that it is made of. Knows Markdown; knows nothing of pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from rag.types import Sentence, Support
from rag.ui.markup import Html, element, join, text

ELEMENTS = frozenset("blockquote br button code em h3 hr li ol p pre span strong table tbody td th thead tr ul".split())
"""Every element that an answer can hold."""

VERDICTS: Mapping[Support, tuple[str, str]] = {
    "unsupported": ("not in the notes", "No passage that was found supports this sentence"),
    "contradicted": ("contradicted", "A passage that was found says otherwise"),
}
"""Support to the words that mark it, and what they mean."""

_SIGNS: Mapping[Support, str] = {"unsupported": "\ue000", "contradicted": "\ue001"}  # private use: no text that we show needs them
_OUR_MARK = re.compile(r"\[(\d{1,3}|[\ue000\ue001])\]")
_ROW_MARKS = re.compile(r"^(\s*\|.*)\|[ \t]*((?:\[(?:\d{1,3}|[\ue000\ue001])\][ \t]*)+)$", re.MULTILINE)


def answer_html(markdown: str, sentences: Sequence[Sentence], labels: Mapping[int, str]) -> Html:
    """Turn an answer, or a draft of one, into HTML.

    Args:
        markdown: the text, with markers `[1]`.
        sentences: with verdicts, in the order of the text; those without support get a mark in words.
        labels: what each marker's button is called; a marker without a label stays text.

    Returns:
        The answer with buttons for its markers; raw HTML in it is text.
    """
    marked = _with_verdicts(markdown.translate({0xE000: None, 0xE001: None}), sentences)
    # A marker behind a table's row would be a cell too many, which Markdown drops.
    marked = _ROW_MARKS.sub(r"\1\2 |", marked)
    return Html(plain_parser().render(marked, {"labels": labels}))


def _with_verdicts(markdown: str, sentences: Sequence[Sentence]) -> str:
    pieces: list[str] = []
    position = 0
    for sentence in sentences:
        found = markdown.find(sentence.text, position) if sentence.text else -1
        if found < 0:
            continue
        end = found + len(sentence.text)
        pieces.append(markdown[position:end])
        position = end
        sign = _SIGNS.get(sentence.support)
        if sign:
            pieces.append(f"\n[{sign}]" if sentence.text.startswith(("```", "~~~")) else f" [{sign}]")
    return "".join(pieces) + markdown[position:]


@cache
def plain_parser() -> MarkdownIt:
    """Return the parser behind `answer_html`; rendering wants `labels` in its environment."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["html_block", "html_inline", "reference"])
    parser.inline.ruler.before("link", "our_mark", _our_mark)
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _our_mark(state: StateInline, silent: bool) -> bool:
    match = _OUR_MARK.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    content = match.group(1)
    if content.isdigit() and int(content) not in state.env["labels"]:
        return False
    if not silent:
        state.push("our_mark", "", 0).content = content
    state.pos = match.end()
    return True


def _render_mark(_: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: MutableMapping[str, Any]) -> str:
    content = tokens[index].content
    for support, sign in _SIGNS.items():
        if content == sign:
            words, meaning = VERDICTS[support]
            return element("span", words, class_=f"verdict {support}", title=meaning)
    label = env["labels"][int(content)]
    return element("button", content, type="button", class_="cite", data_open=f"c{int(content)}", aria_label=label, title=label)


def _bare(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    """An element without the attributes that Markdown can give it."""
    token = tokens[index]
    tag = "h3" if token.type.startswith("heading") else token.tag
    if token.hidden or tag not in ELEMENTS:  # hidden: a paragraph in a list without blank lines
        return ""
    if token.nesting < 0:
        return f"</{tag}>\n" if token.block else f"</{tag}>"
    start = token.attrGet("start") if tag == "ol" else None
    return f'<{tag} start="{int(start)}">' if start is not None else f"<{tag}>"


def _code(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    # It scrolls sideways, so the keyboard has to reach it.
    return element("pre", element("code", tokens[index].content), tabindex=0)


def _link_open(*_: object) -> str:
    return "<span>"


def _link_close(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Say where the link leads, unless its text says so."""
    opened = next(i for i in range(index - 1, -1, -1) if tokens[i].type == "link_open")  # links do not nest
    address = str(tokens[opened].attrGet("href") or "").removeprefix("mailto:")
    shown = "".join(token.content for token in tokens[opened:index])
    return join(Html("</span>"), f" ({address})" if address and address != shown else "")


def _image(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    return text(f"[image: {tokens[index].content}]" if tokens[index].content else "[image]")


_RULES: dict[str, Callable[..., str]] = {
    "our_mark": _render_mark,
    "fence": _code,
    "code_block": _code,
    "link_open": _link_open,
    "link_close": _link_close,
    "image": _image,
    **{
        f"{name}_{end}": _bare
        for name in "blockquote bullet_list ordered_list list_item paragraph heading table thead tbody tr th td em strong".split()
        for end in ("open", "close")
    },
}
