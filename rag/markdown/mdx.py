"""MDX: module lines (`import`, `export`) between the paragraphs."""

from __future__ import annotations

import re

from rag.markdown.lines import line_end
from rag.markdown.scan import Scan

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
_LIMIT_CHARS = 20_000
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
