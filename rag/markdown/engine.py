"""markdown-it as a finder of block structure, told to remember where each line of a block stands in the text.

markdown-it gives line numbers only, and those of nested blocks count from prefixes that are cut away. Here every block token
carries `meta["lines"]`: the stretch of the text that each of its lines shows, prefixes of quotes, lists and admonitions left
out. Inline markup is not looked at; see `inline.py`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

from rag.markdown import mkdocs
from rag.types import Span

Rule = Callable[[StateBlock, int, int, bool], bool]

MAX_NESTING = 48
"""Levels of tokens; each list or quote takes one or two. What lies deeper is kept as plain paragraphs."""

_FIRST = {"heading": "#", "hr": "*-_", "list": "-+*0123456789", "blockquote": ">", "reference": "[", "deflist": ""}
_INTERRUPTS = frozenset("#>*-+_0123456789`~[!?=:|")
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,200})\]:")
_SETEXT = re.compile(r"(?:=+|-+)[ \t]*\Z")


class _State(StateBlock):
    """A block state whose lines begin where their tag's indentation ends."""

    def __init__(self, text: str, md: MarkdownIt, env: dict[str, object], tokens: list[Token], dedent: Mapping[int, int]) -> None:
        super().__init__(text, md, env, tokens)
        for line, columns in dedent.items():
            if line < self.lineMax:
                start = _skip_columns(self, line, min(columns, self.sCount[line]))
                self.tShift[line] -= start - self.bMarks[line]
                self.sCount[line] = max(self.sCount[line] - columns, 0)
                self.bMarks[line] = start


def tokens(text: str, *, dedent: Mapping[int, int], broken: Mapping[int, int], indented_code: bool = True) -> list[Token]:
    """Block tokens of a levelled text.

    Args:
        text: to be parsed.
        dedent: columns to take off a line, by line number from 0: the indentation that a surrounding tag gives.
        broken: where a fence that nobody closed ends, by the offset of its first mark.
        indented_code: four spaces make code, as in CommonMark and not in MDX.

    Returns:
        Tokens in order; leaves have `meta["lines"]`.
    """
    md = _parser(indented_code)
    state = _State(text, md, {"broken": broken, "references": {}, "definitions": []}, [], dedent)
    md.block.tokenize(state, 0, state.lineMax)
    return state.tokens


@functools.cache
def _parser(indented_code: bool) -> MarkdownIt:
    md = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table").disable("html_block")
    md.use(deflist_plugin)
    if not indented_code:
        md.disable("code")
    ruler = md.block.ruler
    for rule in list(ruler.__rules__):
        if rule.name not in ("paragraph", "lheading", "fence", "html_block"):
            ruler.at(rule.name, _recorded(rule.fn, rule.name), {"alt": rule.alt})
    interrupting = ["paragraph", "reference", "blockquote", "list"]
    ruler.at("fence", _fence, {"alt": interrupting})
    ruler.disable("lheading")  # the paragraph rule does its work, so that lines are walked once
    ruler.at("paragraph", _paragraph)
    ruler.before("reference", "footnote", _footnote, {"alt": ["paragraph", "reference"]})
    ruler.before("fence", "container", mkdocs.container, {"alt": interrupting})
    return md


def _recorded(rule: Rule, name: str) -> Rule:
    """The rule, quick to say no, and with the lines of its leaves recorded."""
    first = _FIRST.get(name, "")

    def recorded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if first:
            at = state.bMarks[start] + state.tShift[start]
            if at >= state.eMarks[start] or state.src[at] not in first:
                return False
        elif name == "table" and not _may_be_table(state, start, end):
            return False
        count = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        if silent:
            return True
        if name == "reference":
            _push(state, "reference", start, state.line)
        for token in state.tokens[count:]:
            if token.map and "lines" not in token.meta and token.type in ("inline", "code_block", "hr", "table_open", "reference"):
                columns = state.blkIndent + 4 if token.type == "code_block" else -1
                # a definition's term has an empty map
                token.meta["lines"] = stretches(state, token.map[0], max(token.map[1], token.map[0] + 1), columns)
        return True

    return recorded


def _may_be_table(state: StateBlock, start: int, end: int) -> bool:
    if start + 1 >= end:
        return False
    at = state.bMarks[start + 1] + state.tShift[start + 1]
    if at >= state.eMarks[start + 1] or state.src[at] not in "|:-":
        return False
    return state.src.find("|", state.bMarks[start], state.eMarks[start]) >= 0


def _push(state: StateBlock, name: str, start: int, end: int) -> Token:
    token = state.push(name, "", 0)
    token.map = [start, end]
    return token


def stretches(state: StateBlock, start: int, end: int, columns: int = -1) -> list[Span]:
    """What each line shows: without the container's prefix, and without `columns` of indentation (all of it if negative)."""
    if columns < 0:
        return [
            (min(state.bMarks[line] + state.tShift[line], state.eMarks[line]), state.eMarks[line]) for line in range(start, end)
        ]
    return [(_skip_columns(state, line, columns), state.eMarks[line]) for line in range(start, end)]


def _skip_columns(state: StateBlock, line: int, columns: int) -> int:
    """Where a line begins after `columns` of indentation; mirrors `StateBlock.getLines`."""
    at, end, column = state.bMarks[line], state.eMarks[line], 0
    text_at = at + state.tShift[line]
    while at < end and column < columns:
        if state.src[at] == "\t":
            column += 4 - (column + state.bsCount[line]) % 4
        elif state.src[at] == " " or at < text_at:
            column += 1
        else:
            break
        at += 1
    return at


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Paragraphs and underlined headings."""
    last = state.lineMax
    rules = state.md.block.ruler.getRules("paragraph")
    table = rules[0]
    parent, state.parentType = state.parentType, "paragraph"
    line = start + 1
    underline = ""
    while line < last:
        at, stop = state.bMarks[line] + state.tShift[line], state.eMarks[line]
        if at >= stop:
            break
        indent = state.sCount[line]
        if indent >= 0 and indent - state.blkIndent <= 3:
            first = state.src[at]
            if first in "=-" and indent >= state.blkIndent and _SETEXT.match(state.src, at, stop):
                underline = first
                break
            if first in _INTERRUPTS:
                if any(rule(state, line, last, True) for rule in rules):
                    break
            elif table(state, line, last, True):
                break
        line += 1
    state.parentType = parent
    state.line = line + (1 if underline else 0)
    token = _push(state, "setext" if underline else "paragraph", start, state.line)
    token.meta["lines"] = stretches(state, start, line)
    if underline:
        token.tag = "h1" if underline == "=" else "h2"
        token.meta["end"] = state.eMarks[line]
    return True


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Fenced code; one that nobody closed ends where the scan says."""
    at, stop = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    text = state.src
    if at + 3 > stop or text[at] not in "`~" or text[at + 1] != text[at] or text[at + 2] != text[at] or state.is_code_block(start):
        return False
    mark = text[at]
    after = state.skipCharsStr(at, mark)
    if mark == "`" and text.find("`", after, stop) >= 0:
        return False
    if silent:
        return True
    limit = state.env["broken"].get(at, len(text) + 1)
    line, closed = start + 1, False
    while line < end:
        first, last = state.bMarks[line] + state.tShift[line], state.eMarks[line]
        if state.bMarks[line] >= limit or (first < last and state.sCount[line] < state.blkIndent):
            break
        if first < last and text[first] == mark and limit > len(text) and _closes(state, line, first, last, mark, after - at):
            closed = True
            break
        line += 1
    state.line = line + 1 if closed else line
    token = _push(state, "fence", start, state.line)
    token.info = text[after:stop]
    token.meta["lines"] = stretches(state, start + 1, line, state.sCount[start])
    token.meta["open"] = (at, stop)
    token.meta["info"] = after
    token.meta["end"] = state.eMarks[line] if closed else state.eMarks[line - 1]
    return True


def _closes(state: StateBlock, line: int, first: int, last: int, mark: str, length: int) -> bool:
    if state.is_code_block(line):
        return False
    at = state.skipCharsStr(first, mark)
    return at - first >= length and state.skipSpaces(at) >= last


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A footnote's text: the rest of the line and what is indented below it."""
    at, stop = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    if at + 4 > stop or state.src[at] != "[" or state.src[at + 1] != "^" or state.is_code_block(start):
        return False
    match = _FOOTNOTE.match(state.src, at, stop)
    if not match:
        return False
    if silent:
        return True
    token = state.push("footnote_open", "", 1)
    token.info = match[1]
    token.meta["start"] = at
    content = state.skipSpaces(match.end())
    mkdocs.nested(state, start, end, content=min(content, stop), indent=state.blkIndent + 4)
    state.push("footnote_close", "", -1)
    return True
