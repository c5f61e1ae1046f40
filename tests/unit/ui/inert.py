"""Says what a browser would do with HTML: reads it as one would, and lists what is not plainly harmless."""

from __future__ import annotations

import re
from html.parser import HTMLParser

ELEMENTS = frozenset(
    """
    a blockquote br button code details div em figcaption figure footer h1 h2 h3 h4 hr input label li mark ol option p pre progress
    q section select small span strong summary table tbody td textarea th thead tr ul
    """.split()
)
VALUES = {
    "aria-current": r"true",
    "aria-hidden": r"true",
    "aria-pressed": r"true|false",
    "aria-label": r"[^<>]*",
    "class": r"[a-z -]*",
    "checked": r"",
    "data-again": r"",
    "data-arguments": r"\{.*\}",
    "data-ask": r"",
    "data-chat": r"\w+",
    "data-copy": r"answer",
    "data-do": r"[a-z-]+",
    "data-edit": r"",
    "data-enter": r"",
    "data-fields": r"",
    "data-part": r"[a-z-]+",
    "data-source": r"",
    "data-sure": r"[\w ?]+",
    "data-tab": r"[\w ]+",
    "data-type": r"[a-z-]+",
    "download": r"",
    "href": r"\./chats/\w+\.md",
    "inputmode": r"numeric",
    "id": r"[a-z-]+\w+",
    "max": r"\d+",
    "min": r"\d+",
    "maxlength": r"\d+",
    "name": r"[a-z_]+\d*",
    "open": r"",
    "placeholder": r"[\w ]+",
    "rows": r"\d+",
    "scope": r"col|row",
    "selected": r"",
    "value": r"[^<>]*",
    "data-open": r"[cp]\d+|why",
    "dir": r"auto",
    "hidden": r"",
    "role": r"region|status|alert|group",
    "start": r"\d+",
    "tabindex": r"0|-1",
    "title": r".*",
    "type": r"button|checkbox|search|text|number",
}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong = []
        self.open = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            pattern = VALUES.get(name)
            if pattern is None or (
                name not in {"title", "aria-label", "value"} and not re.fullmatch(pattern, value or "", re.DOTALL)
            ):
                self.wrong.append(f"{name}={value!r}")
        if tag not in {"br", "hr", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in {"br", "hr"}:
            self.wrong.append(f"<{tag}/>")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"stray </{tag}>")

    def handle_comment(self, data):
        self.wrong.append("comment")

    def handle_decl(self, decl):
        self.wrong.append("declaration")

    def handle_pi(self, data):
        self.wrong.append("instruction")

    def unknown_decl(self, data):
        self.wrong.append("declaration")

    def handle_data(self, data):
        self.text += data


def read(html):
    """Return what is wrong with the HTML, and its text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.wrong + [f"unclosed <{tag}>" for tag in reader.open], reader.text


def assert_inert(html):
    """Fail unless the HTML holds only elements and attributes that do nothing; return its text."""
    wrong, text = read(html)
    assert not wrong, f"{wrong} in {html[:500]}"
    return text
