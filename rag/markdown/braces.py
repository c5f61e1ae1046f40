"""What begins with a brace inside a line: attribute lists, MyST roles, critic marks, and expressions of MDX that are constants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.markdown.marks import CRITIC

if TYPE_CHECKING:
    from rag.markdown.inline import Cleaner

ATTRIBUTES = re.compile(
    r"""\{:?[ \t]*(?:(?:[#.][\w:-]+|data-[\w-]+(?![\w=-])|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))[ \t]*)+\}
    |\{:[ \t]*[\w-]+[ \t]*\}""",
    re.VERBOSE,
)
_TEMPLATE = re.compile(r"\{[ \t]*`([^`{}]*)`[ \t]*\}")
_STRING = re.compile(r"""\{[ \t]*(?:"([^"\n]*)"|'([^'\n]*)')[ \t]*\}""")
_EXPRESSION = re.compile(r"\{[ \t]*([A-Za-z_$][\w$]*)[ \t]*\}")
_ROLE = re.compile(r"\{([A-Za-z][\w:+-]*)\}(`+)")
_ROLE_TARGET = re.compile(r"([\s\S]*?)[ \t\n]*<([^<>\n]+)>\Z")


def read(cleaner: Cleaner, at: int) -> int:
    """What the brace at `at` begins; where to go on, 0 if it is text."""
    text = cleaner.text
    role = _ROLE.match(text, at)
    if role:
        return _role(cleaner, role)
    attributes = ATTRIBUTES.match(text, at)
    if attributes:
        before, after = text[at - 1] if at else "\n", text[attributes.end() : attributes.end() + 1]
        if before in ')]`*_:>"' or (after in ("", "\n") and before in " \n\t" + cleaner.sink.mark):
            return attributes.end()
    quoted = _TEMPLATE.match(text, at) or (_STRING.match(text, at) if cleaner.sink.jsx else None)
    if quoted:  # text that JSX must not read
        cleaner.take_lines(*quoted.span(quoted.lastindex or 0))
        return quoted.end()
    constant = _EXPRESSION.match(text, at) if cleaner.sink.constants else None
    if constant and constant[1] in cleaner.sink.constants:
        cleaner.put(at, constant.end(), cleaner.sink.constants[constant[1]])
        return constant.end()
    mark = text[at + 1 : at + 3]
    close = text.find(CRITIC[mark], at + 3, at + 2000) if mark in CRITIC else -1
    return _critic(cleaner, mark, at, close) if close >= 0 else 0


def _role(cleaner: Cleaner, role: re.Match[str]) -> int:
    """A MyST role: its text, or the title before `<target>`."""
    close = cleaner.ticks.after(len(role[2]), role.end())
    if not close:
        return 0
    start, end = role.end(), close[0]
    target = _ROLE_TARGET.match(cleaner.text, start, end)
    name = role[1].rsplit(":", 1)[-1]
    if name in ("ref", "doc", "numref", "download", "eq", "term", "any"):
        written = target[2] if target else cleaner.text[start:end]
        anchor = "" if name in ("doc", "download") else "#"
        cleaner.sink.links.append(("link", anchor + written.strip(), cleaner.span(role.start(), close[1])))
    if target and target[1]:
        cleaner.take_lines(*target.span(1))
    else:
        cleaner.take_lines(start, end)
    return close[1]


def _critic(cleaner: Cleaner, mark: str, at: int, close: int) -> int:
    """A critic mark: what was added and what was struck out are both there to be read, a remark is not."""
    start, end = at + 3, close + 3
    if mark == ">>":
        cleaner.sink.hidden.append(cleaner.span(at, end))
        return end
    middle = cleaner.text.find("~>", start, close) if mark == "~~" else -1
    if middle >= 0:
        cleaner.take_lines(start, middle)
        cleaner.put(middle, middle + 2, " ")
        start = middle + 2
    cleaner.take_lines(start, close)
    return end
