"""Lines that are marks and nothing else: tables of contents, included files, attribute lists, abbreviations, MyST targets."""

from __future__ import annotations

import re

from rag.markdown.lines import line_end
from rag.markdown.scan import Leaf, Scan
from rag.types import Span

_ABBREVIATION = re.compile(r"\*\[([^\]\n]{1,100})\]:[ \t]*(\S[^\n]*?)?[ \t]*$", re.MULTILINE)
_SNIPPET = re.compile(r"-+8<-+[ \t]+([\"'])([^\"'\n]+)\1[ \t]*$", re.MULTILINE)
_SECTION = re.compile(r"-+8<-+[ \t]+\[[ \t]*(?P<which>start|end)[ \t]*:[ \t]*(?P<name>[\w-]+)[ \t]*\]")
_ATTRIBUTES = re.compile(r"""\{:?[ \t]*(?:(?:[#.][\w:-]+|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))[ \t]*)+\}\Z""")
CRITIC = {"++": "++}", "--": "--}", "~~": "~~}", "==": "==}", ">>": "<<}"}
"""How a critic mark ends, by what follows its brace."""

_CRITIC_CHARS = 20_000
_SNIPPET_FILES = re.compile(r"-+8<-+[ \t]*\n((?:[^\n]*\n){1,60}?)[ \t]*-+8<-+[ \t]*$", re.MULTILINE)


def read(scan: Scan, at: int, mark: str) -> int:
    """A line that begins with such a mark at `at`."""
    text = scan.text
    end = line_end(text, at)
    if mark.startswith("*["):
        return _abbreviation(scan, at)
    if mark.startswith("-"):
        return _snippet(scan, at)
    if mark.startswith(";"):
        scan.hide(at, at + 1)  # an escaped include shows its own marks
        return end
    if mark.startswith("{"):
        if not _ATTRIBUTES.match(mark):
            return at  # it may be something else that begins with a brace
        scan.hide(at, end)
        return end
    if mark.startswith(("%", "+++", "^^^")):
        if not scan.myst:
            return at + 1
    elif mark.startswith("(") and not scan.myst and text[end + 1 : end + 2] != "#":
        return at + 1
    scan.hide(at, end)
    return end


def _abbreviation(scan: Scan, at: int) -> int:
    match = _ABBREVIATION.match(scan.text, at)
    if not match or not match[2]:
        return at + 2
    scan.abbreviations[match[1]] = match[2]
    scan.cover(Leaf("definition", at, match.end(), [match.span(1), match.span(2)], "inline", separator=": "))
    return match.end()


def abbreviations(text: str) -> dict[str, str]:
    """The abbreviations that a text defines, as an included glossary does."""
    return {match[1]: match[2] for match in _ABBREVIATION.finditer(text) if match[2]}


def _snippet(scan: Scan, at: int) -> int:
    text = scan.text
    match = _SNIPPET.match(text, at)
    if match:
        names = [match[2]]
    elif _SECTION.match(text, at):  # where a part of this file begins or ends that others may include
        end = line_end(text, at)
        scan.hide(at, end, blank=True)
        return end
    else:
        match = _SNIPPET_FILES.match(text, at)
        if not match:
            return at + 1
        names = [line.strip() for line in match[1].split("\n") if line.strip() and line.lstrip()[0] != ";"]
    for name in names:
        target, _, section = name.partition(":") if "://" not in name else (name, "", "")
        scan.add_link("snippet", target, section, at, match.end())
    scan.hide(at, match.end(), blank=True)
    return match.end()


def critic(scan: Scan, at: int) -> int:
    """A critic mark over several blocks: its marks are hidden, a remark is too. Inside a paragraph it is left to `braces.py`."""
    text, mark = scan.text, scan.text[at + 1 : at + 3]
    close = scan.find(CRITIC[mark], at + 3)
    if close <= scan.paragraph_end(at) or close > at + _CRITIC_CHARS:
        return at + 1
    if mark == ">>":
        scan.hide(at, close + 3)
        return close + 3
    middle = text.find("~>", at, close) if mark == "~~" else -1
    for start, end in ((at, at + 3), (middle, middle + 2), (close, close + 3)):
        if start >= 0:
            scan.hide(start, end)
    return at + 3


def sections(text: str) -> dict[str, Span]:
    """The sections of a file that others may include by name, without their marks."""
    starts: dict[str, int] = {}
    found: dict[str, Span] = {}
    for match in _SECTION.finditer(text):
        if match["which"] == "start":
            starts.setdefault(match["name"], match.end())
        elif match["name"] in starts:
            found.setdefault(match["name"], (starts[match["name"]], match.start()))
    return found
