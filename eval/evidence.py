"""Does the evidence of a question stand in the corpus? Pages, quotes and headings as text; no index.

Knows Markdown as far as headings go: what begins with `#` outside of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from eval.questions import Place, QuestionFile
from rag.errors import UnreadableFileError
from rag.load import decode

_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_ATTRIBUTES = re.compile(r"\s*\{\s*[#.:][^}]*\}\s*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_TITLE = re.compile(r"^title\s*[:=]\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Problem:
    """Evidence that does not stand where a question says.

    Attributes:
        line: of the question, from 1.
        id: of the question.
        message: one sentence.
    """

    line: int
    id: str
    message: str


def check_evidence(file: QuestionFile, corpus: Path) -> list[Problem]:
    """Return what is wrong with the evidence of the questions, in the order of the file: pages, quotes and headings."""
    lines = {question.id: line for question, line in zip(file.questions, file.lines, strict=True)}
    places = [(q.id, place) for q in file.questions for evidence in q.evidence for place in evidence.places]
    return [replace(problem, line=lines[problem.id]) for problem in check_places(places, corpus)]


def check_places(places: Sequence[tuple[str, Place]], corpus: Path) -> list[Problem]:
    """Return what is wrong with places, each of which belongs to something with an id; lines are 0."""
    pages: dict[str, str | None] = {}
    problems = []
    for owner, place in places:
        if place.page not in pages:
            pages[place.page] = _source(corpus, place.page)
        message = _problem(place, pages[place.page])
        if message:
            problems.append(Problem(0, owner, message))
    return problems


def headings_above(source: str, offset: int) -> set[str]:
    """Return the title and the headings of a page that begin before `offset`, without attributes such as `{#id}`."""
    return set(_headings(source, offset))


def heading_above(source: str, offset: int, page: str) -> str:
    """Return the nearest heading that begins before `offset`, else the page's title, else what its file is called."""
    return next(reversed(list(_headings(source, offset))), PurePosixPath(page).stem)


def _headings(source: str, offset: int) -> Iterator[str]:
    """The title, then the headings before `offset` in their order."""
    title = _TITLE.search(source[:2000]) if source.startswith(("---", "+++", "{")) else None
    if title:
        yield title.group(1)
    fence = ""
    for line in re.split(r"\r\n|\r|\n", source[:offset]):
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
        elif not fence and (heading := _HEADING.match(line)):
            yield _ATTRIBUTES.sub("", heading.group(1))


def _source(corpus: Path, page: str) -> str | None:
    try:
        return decode((corpus / page).read_bytes())
    except (OSError, UnreadableFileError):
        return None


def _problem(place: Place, source: str | None) -> str:
    if source is None:
        return f"there is no readable page {place.page}"
    offsets = list(occurrences(source, place.quote))
    short = place.quote if len(place.quote) <= 60 else place.quote[:57] + "..."
    if len(offsets) != 1:
        return f"{place.page} holds the quote {short!r} {len(offsets)} times, not once"
    # A page without a title is called by its file's name.
    if place.heading not in headings_above(source, offsets[0]) | {PurePosixPath(place.page).stem}:
        return f"no heading {place.heading!r} stands above the quote {short!r} in {place.page}"
    return ""


def occurrences(source: str, quote: str) -> Iterator[int]:
    """Yield where a quote begins in a source, overlapping places included."""
    start = source.find(quote)
    while start >= 0:
        yield start
        start = source.find(quote, start + 1)
