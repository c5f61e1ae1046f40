"""Comments of HTML, MDX and Obsidian: what an author wrote for other authors."""

from __future__ import annotations

import re
from bisect import bisect_left

from rag.markdown.lines import line_end
from rag.markdown.scan import Scan

_FACT = re.compile(r"<!--\s*([A-Za-z][\w-]*:[\w-]+)[ \t]+(\S.*?)\s*-->", re.DOTALL)
# Those that Material for MkDocs puts on the page as a badge or a name; other facts stay for programs.
_SHOWN = re.compile(r"md:(?:version|default|flag|setting|option|extension|feature|plugin|utility)")
_SHOWN_WORDS, _SHOWN_CHARS = 4, 60  # what is longer is no badge, but what somebody wrote where nobody sees it
_END_OF_HEADING = re.compile(r"[ \t]*(?:\{[^}\n]*\})?[ \t]*#*[ \t]*\r?$", re.MULTILINE)
_OF_HEADING = re.compile(r"[ \t>]*#{1,6}[ \t]+")
_DESCRIBED = re.compile(r"[ \t]*\n(?:[ \t]*\n)?:[ \t]{1,4}\S")


def html(scan: Scan, at: int) -> int:
    """`<!-- ... -->`; one that carries a fact, such as `<!-- md:version 9.2.0 -->`, gives it to the metadata.

    Where the site shows the fact, its reader sees `version 9.2.0`, and as a heading or a term of a definition list the value alone.
    """
    close = scan.find("-->", at + 2 if scan.text.startswith("<!-->", at) else at + 4)
    if close < 0:
        scan.notice(at, "unclosed-comment", "This comment is not closed; it is read as text.")
        return at + 4
    end = close + 3
    fact = _FACT.match(scan.text, at, min(end, at + 500))
    if fact and fact.end() == end:
        values = scan.facts.setdefault(fact[1], [])
        if fact[2] not in values:
            values.append(fact[2])
    if fact is None or fact.end() != end:
        scan.hide(at, end)
        return end
    described = scan.begins_line(at) and _DESCRIBED.match(scan.text, end)
    line = scan.text.rfind("\n", 0, at) + 1
    heading = _OF_HEADING.match(scan.text, line, at)
    # Beside other words of a heading it would change the anchor.
    titles = heading and heading.end() == at and _END_OF_HEADING.match(scan.text, end) and _is_shown(fact)
    alone = bool(described or titles)
    if not alone and (heading or not _is_shown(fact)):
        scan.hide(at, end)
        return end
    scan.hide(at, fact.start(2) if alone else fact.start(1) + len("md:"), blank=False)
    space = scan.text.startswith(" ", fact.end(2)) and scan.text.startswith("<!--", end)
    scan.hide(fact.end(2) + space, end, blank=False)
    return end


def _is_shown(fact: re.Match[str]) -> bool:
    value = fact[2]
    return bool(_SHOWN.fullmatch(fact[1])) and len(value) <= _SHOWN_CHARS and len(value.split()) <= _SHOWN_WORDS


def mdx(scan: Scan, at: int, inner: int) -> int:
    """`{/* ... */}`, whose text begins at `inner`."""
    close = bisect_left(scan.comment_ends, (inner, 0))
    if close == len(scan.comment_ends):
        return at + 1
    end = scan.comment_ends[close][1]
    scan.hide(at, end)
    return end


def obsidian(scan: Scan, at: int) -> int:
    """`%% ... %%`, in a line or over several; a percent sign in prose (`100%%`) opens nothing."""
    text = scan.text
    first = scan.begins_line(at)
    before = text[max(at - 2, scan.hidden[-1][1] if scan.hidden else 0) : at]
    if not first and (text[at - 1].isdigit() or "%" in before):  # `%s%%` prints a percent sign too
        return at + 2
    if first and scan.in_indented_code(at):
        return at + 2
    close = scan.find("%%", at + 2)
    within = line_end(text, at) if text[at - 1 : at].isalnum() else scan.paragraph_end(at)
    if close < 0 or (not first and close > within):
        if first and not text[at + 2 : at + 3].isalnum():
            scan.notice(at, "unclosed-comment", "This comment is not closed; it is read as text.")
        return at + 2
    scan.hide(at, close + 2)
    return close + 2
