"""What begins with an angle bracket inside a line: tags of HTML and JSX, and addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.markdown import html
from rag.markdown.output import CELL, Item

if TYPE_CHECKING:
    from rag.markdown.inline import Cleaner

_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_PROMPT = re.compile(r"\\?\[INST\\?\]|<<SYS>>|<\|")


def read(cleaner: Cleaner, at: int) -> int:
    """What the angle bracket at `at` begins; where to go on, 0 if it is text."""
    auto = _AUTOLINK.match(cleaner.text, at) if cleaner.markdown else None
    if auto:
        cleaner.sink.links.append(("link", auto[1], cleaner.span(at, auto.end())))
        cleaner.take(auto.start(1), auto.end(1))
        return auto.end()
    tag = html.parse(cleaner.text, at, len(cleaner.text))
    if not tag or not html.is_markup(tag, cleaner.sink.components):
        return 0
    if tag.name[0].isupper() and at and cleaner.text[at - 1].isalnum() and not tag.closing:
        return 0
    item = Item(tag.start, tag.end, "")
    name = tag.name.lower()
    if name == "img" or (name == "image" and tag.empty):
        _image(cleaner, tag)
    elif cleaner.in_rows and name in html.BREAKS and name not in html.ROWS:
        item.text = " "
    elif name == "br":
        item.text = "\n"
    elif name in html.CELLS and not tag.closing:
        item.text = CELL
    elif name in html.BREAKS:
        item.text = "\n"
    elif name == "a" and "href" in tag.attributes:
        cleaner.sink.links.append(("link", cleaner.text[slice(*tag.attributes["href"])], cleaner.span(tag.start, tag.end)))
    cleaner.items.append(item)
    plain = tag.name.islower() or tag.name.isupper()  # `<Button>` is a component, whose partner may be in the first pass's hands
    if plain and name in html.INLINE and name not in html.VOID and not tag.empty:
        cleaner.tags.append((tag, item))
    return tag.end


def _image(cleaner: Cleaner, tag: html.Tag) -> None:
    if "src" in tag.attributes:
        cleaner.sink.links.append(("image", cleaner.text[slice(*tag.attributes["src"])], cleaner.span(tag.start, tag.end)))
    alt = tag.attributes.get("alt")
    if alt and alt[0] < alt[1]:
        cleaner.take_lines(*alt)


def settle(cleaner: Cleaner) -> None:
    """Inline tags without a partner in the block are text: `<s>` starts a sequence as often as it strikes words out."""
    stacks: dict[str, list[int]] = {}
    paired: set[int] = set()
    for number, (tag, _) in enumerate(cleaner.tags):
        stack = stacks.setdefault(tag.name.lower(), [])
        if not tag.closing:
            stack.append(number)
        elif stack:
            opened = stack.pop()
            inner = cleaner.text[cleaner.tags[opened][0].end : tag.start]
            if tag.name.lower() != "s" or (inner.strip() == inner != "" and not _PROMPT.match(inner)):
                paired.update((opened, number))
    if not cleaner.alone and not any(item.text is None and cleaner.text[item.start : item.end].strip() for item in cleaner.items):
        return  # nothing but tags, whose partners may be in other blocks
    for number, (tag, item) in enumerate(cleaner.tags):
        if number not in paired and not tag.attributes:
            item.text = None
