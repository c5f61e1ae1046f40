"""Constructs of MkDocs and its usual extensions that change the block structure: bodies by indentation.

`!!! type "Title"`, `???`, `???+` and `=== "Tab"`. A marker without an indented body, and without a quoted title, is text.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock

_ADMONITION = re.compile(
    r"(?P<mark>!!!|\?\?\?\+?)[ \t]*(?P<type>[A-Za-z][\w-]*(?:[ \t]+[A-Za-z][\w-]*){0,8})?"
    r"(?:[ \t]+(?P<quote>\"(?P<title>.*)\"))?[ \t]*\Z"
)
_TAB = re.compile(r"(?P<mark>===)[!+]{0,2}[ \t]+(?P<quote>\"(?P<title>.*)\"|'(?P<other>.*)')[ \t]*\Z")


def container(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """An admonition or a tab with an indented body."""
    at, stop = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    if at + 5 > stop or state.src[at] not in "!?=" or state.src[at + 1] != state.src[at] or state.is_code_block(start):
        return False
    tab = state.src[at] == "="
    match = (_TAB if tab else _ADMONITION).match(state.src, at, stop)
    if not match or not (match["type"] if not tab else match["quote"]):
        return False
    indent = state.sCount[start] + 4
    following = start + 1
    while following < end and state.isEmpty(following):
        following += 1
    has_body = following < end and state.sCount[following] >= indent
    if not has_body and not match["quote"]:
        return False
    if silent:
        return True
    token = state.push("container_open", "", 1)
    token.info = "" if tab else match["type"].split()[0].lower()
    token.markup = "tab" if tab else "admonition"
    token.meta["mark"] = (at, stop)
    group = "other" if tab and match["other"] is not None else "title"
    token.meta["title"] = match.span(group) if match["quote"] else None
    if has_body:
        nested(state, start + 1, end, content=-1, indent=indent)
    else:
        state.line = start + 1
    state.push("container_close", "", -1)
    return True


def nested(state: StateBlock, start: int, end: int, *, content: int, indent: int) -> None:
    """Parse a body: lines indented by `indent` columns or more, and blank ones between.

    Args:
        state: of the parser.
        start: first line of the body.
        end: line after the last that may belong to it.
        content: where the first line's content begins, if it stands after a marker; else negative.
        indent: columns.
    """
    last = start + 1 if content >= 0 else start
    filled = last
    lazy = content >= 0  # the first paragraph may go on without indentation
    while last < end:
        if state.isEmpty(last):
            lazy = False
        elif state.sCount[last] >= indent or (lazy and state.src[state.bMarks[last] + state.tShift[last]] not in "[#>|`~"):
            filled = last + 1
        else:
            break
        last += 1
    kept = state.blkIndent, state.lineMax, state.parentType, state.tShift[start], state.sCount[start], state.listIndent
    state.blkIndent, state.lineMax, state.parentType, state.listIndent = indent, filled, "root", -1
    if content >= 0:
        state.tShift[start] = content - state.bMarks[start]
        state.sCount[start] = indent
    state.md.block.tokenize(state, start, filled)
    state.blkIndent, state.lineMax, state.parentType, state.tShift[start], state.sCount[start], state.listIndent = kept
    state.line = max(state.line, start + 1)  # not `filled`: the parser may have stopped at a line without indentation
