"""MDX: module lines (`import`, `export`) between the paragraphs, and expressions in braces.

An expression on lines of its own is code for the page's tool: what JSX in it says is shown, its code is not. One inside a line
stands for a word that only that tool knows, and is left where it is; see `braces.py` for those whose text is written there.
"""

from __future__ import annotations

import re

from rag.markdown.lines import line_end
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Leaf, Scan

_IMPORT = re.compile(
    r"""import[ \t]+(?:(?P<name>[A-Za-z_$][\w$]*)?[ \t]*,?[ \t]*(?:\{[^{}]{0,2000}\}|\*[ \t]+as[ \t]+\w+)?\s*from[ \t]*)?
        (?P<quote>["'])(?P<target>[^"'\n]+)(?P=quote)[ \t]*;?[ \t]*(?:$|(?=//))""",
    re.VERBOSE | re.MULTILINE,
)
_EXPORT = re.compile(
    r"export[ \t]+(?:(?:const|let|var|async|function|class)[ \t*]+[A-Za-z_$][\w$]*[ \t]*(?=[=({<:]|extends)|\{[^{}]{0,2000}\}"
    r"|\*[ \t]+from|default[ \t]+(?:function|class|async|\(|[A-Za-z_$][\w$]*[ \t]*(?:;|\(|=>|$)))",
    re.MULTILINE,
)
_CONSTANT = re.compile(
    r"""export[ \t]+(?:const|let|var)[ \t]+(?P<name>[A-Za-z_$][\w$]*)[ \t]*=[ \t]*
        (?:(?P<number>-?\d[\d_.]*)|(?P<quote>["'`])(?P<text>[^"'`\\\n$]+)(?P=quote))[ \t]*;?\s*\Z""",
    re.VERBOSE,
)
_LITERAL = re.compile(r"""\{[ \t]*(?:`(?P<template>[^`]*)`|"[^"\n]*"|'[^'\n]*'|[A-Za-z_$][\w$]*)[ \t]*\}""")
_SAID = re.compile(r"(?<![=-])>\s*+(?=[^<>{}]*?[^\W\d_]{2})(?P<said>(?:[^\s<>{}]++|\s++(?![<{]))++)\s*+[<{]")
_LIMIT_CHARS = 20_000
_MAX_OPEN = 50  # expressions without an end; a page of more is none of MDX
_OPEN, _CLOSE = "([{", ")]}"
_CODE = re.compile(r"""["'`](?:\\.|[^\\\n])*?["'`]|//[^\n]*|[(\[{)\]}]|\n""")


def module_line(scan: Scan, at: int) -> int:
    """Hide an import or export statement; prose that begins with the same word is left alone."""
    text = scan.text
    match = _IMPORT.match(text, at)
    if match:
        end = match.end()
        if match["name"]:
            scan.imports[match["name"]] = match["target"]
        scan.hide(at, line_end(text, end), blank=True)
        return line_end(text, end)
    if not _EXPORT.match(text, at):
        return at + 6
    end = _statement_end(text, at)
    constant = _CONSTANT.match(text, at, end)
    if constant:
        scan.constants[constant["name"]] = constant["number"] or constant["text"]
    scan.hide(at, end, blank=True)
    return end


def _statement_end(text: str, at: int) -> int:
    """The end of the line on which all brackets are closed again; at worst the end of the first line."""
    depth, first = 0, line_end(text, at)
    for match in _CODE.finditer(text, at, at + _LIMIT_CHARS):
        mark = match[0]
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth -= 1
        elif mark == "\n" and depth <= 0:
            return match.start()
    return len(text) if depth <= 0 and len(text) <= at + _LIMIT_CHARS else first


def expression(scan: Scan, at: int) -> int:
    """An expression that begins at `at`; returns where to go on.

    One that is a name or a string on one line is left to `braces.py`.
    """
    text = scan.text
    literal = _LITERAL.match(text, at)
    if literal and "\n" not in literal[0]:
        return literal.end()
    if not scan.begins_line(at) or scan.open_expressions > _MAX_OPEN:
        return at + 1
    end = literal.end() if literal else _expression_end(text, at)
    scan.open_expressions += not end
    if not end or not scan.fills_lines(at, end):
        return at + 1
    said = [literal.span("template")] if literal else [found.span("said") for found in _SAID.finditer(text, at, end)]
    scan.hide(at, end, *said, blank=True)
    scan.leaves.extend(Leaf("html", *span, content_lines(text, *span), "inline", separator=" ") for span in said)
    return end


def _expression_end(text: str, at: int) -> int:
    """After the brace that closes the one at `at`; 0 if none does."""
    depth = 0
    for match in _CODE.finditer(text, at, at + _LIMIT_CHARS):
        depth += (match[0] in _OPEN) - (match[0] in _CLOSE)
        if depth <= 0:
            return match.end()
    return 0
