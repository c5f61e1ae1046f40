"""Does the evidence of a question stand in the corpus? Pages, quotes and headings as text; no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.pages import PageText, read_page_text
from eval.questions import Place, QuestionFile
from rag.errors import CorpusError, UnreadableFileError


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
    """Check the evidence of the questions: pages, quotes and headings.

    Args:
        file: of the questions.
        corpus: folder of the notes.

    Returns:
        What is wrong, in the order of the file.

    Raises:
        CorpusError: there is no such folder.
    """
    lines = {question.id: line for question, line in zip(file.questions, file.lines, strict=True)}
    places = [(q.id, place) for q in file.questions for evidence in q.evidence for place in evidence.places]
    return [replace(problem, line=lines[problem.id]) for problem in check_places(places, corpus)]


def check_places(places: Sequence[tuple[str, Place]], corpus: Path) -> list[Problem]:
    """Check places.

    Args:
        places: each with the id of what it belongs to.
        corpus: folder of the notes.

    Returns:
        What is wrong with them; lines are 0.

    Raises:
        CorpusError: there is no such folder.
    """
    if places and not corpus.is_dir():
        raise CorpusError(f"There is no corpus at {corpus}", hint="Name the folder of the notes with --corpus DIR.")
    pages: dict[str, PageText | None] = {}
    problems = []
    for owner, place in places:
        if place.page not in pages:
            pages[place.page] = _page(corpus, place.page)
        message = _problem(place, pages[place.page])
        if message:
            problems.append(Problem(0, owner, message))
    return problems


def _page(corpus: Path, path: str) -> PageText | None:
    try:
        return read_page_text(corpus, path)
    except UnreadableFileError:
        return None


def _problem(place: Place, page: PageText | None) -> str:
    if page is None:
        return f"there is no readable page {place.page}"
    offsets = list(occurrences(page.source, place.quote))
    short = place.quote if len(place.quote) <= 60 else place.quote[:57] + "..."
    if len(offsets) != 1:
        return f"{place.page} holds the quote {short!r} {len(offsets)} times, not once"
    # A page without a title is called by its file's name.
    if place.heading not in page.names_above(offsets[0]):
        return f"no heading {place.heading!r} stands above the quote {short!r} in {place.page}"
    return ""


def occurrences(source: str, quote: str) -> Iterator[int]:
    """Yield where a quote begins in a source, overlapping places included."""
    start = source.find(quote)
    while start >= 0:
        yield start
        start = source.find(quote, start + 1)
