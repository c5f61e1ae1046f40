"""What the chat page would show of an answer and its sources, and whether any of it could load, send or run something.

The page's own functions make the HTML: the answer or the abstention, the passages, the list of sources, and the panel of each of
them. Anything but our own relative addresses counts against it, whether or not the page's policy would stop it too. Knows HTML;
knows no browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

from rag.types import Answer
from rag.ui.chat import place, render
from rag.ui.markup import join

_ACTIVE: Final = frozenset(
    "applet audio base embed form frame frameset iframe img input link math meta object picture script source style svg template "
    "track video".split()
)
_ADDRESSES: Final = frozenset("action background cite data formaction href manifest ping poster src srcset xlink:href".split())
_OUR_OWN: Final = re.compile(r"#|/(?!/)[^:]*$")


def page_html(answer: Answer, source: Callable[[str], str]) -> str:
    """Return what the page shows: the turn, and every panel that it can open.

    Args:
        answer: of the system.
        source: gives the source of a page.

    Returns:
        HTML, without what stands around it on the page.
    """
    titles = {passage.chunk.path: passage.chunk.title for passage in answer.passages}
    body = render.answer(answer, titles) if answer.status == "answered" else render.abstention(answer)
    places = [place.of_citation(each, titles.get(each.path, each.path), source(each.path)) for each in answer.citations]
    places += [place.of_passage(each, source(each.chunk.path)) for each in answer.passages]
    return join(
        body,
        render.evidence(answer.passages, answer.citations),
        render.sources(answer.citations, titles),
        render.cautions(answer),
        *(render.place(each, "Source") for each in places),
    )


def dangers(html: str) -> list[str]:
    """Return what could load, send or run something, as words; none in HTML that can do nothing.

    >>> dangers('<p title="http://x">Read <b>this</b></p>'), dangers('<a href="javascript:x">y</a>')
    ([], ['a href=javascript:x'])
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.found.append(tag)
        for name, given in attrs:
            value = (given or "").strip()
            address = name in _ADDRESSES and not _OUR_OWN.match(value)
            if (
                address
                or name.startswith("on")
                or name == "srcdoc"
                or (name == "style" and re.search(r"url|@|expr|\\", value, re.I))
            ):
                self.found.append(f"{tag} {name}={value[:80]}")
