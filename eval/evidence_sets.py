"""Question sets for retrieval: questions, and where in the pages their evidence stands, as offsets.

Ours over `corpus/` says its evidence by quote, the others by offsets, so that no third party's text lies here. Knows files of
questions and folders of pages; knows no index and no retriever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.evidence import occurrences
from eval.questions import DEFAULT_FILE, Question, read_question_file
from rag.errors import ConfigError, UnreadableFileError
from rag.load import decode
from rag.types import Message

_HERE = Path(__file__).parent
SITES = {
    "source-notes": (_HERE / "source_notes.jsonl", ("source-notes",)),
    "mkdocs-material": (_HERE / "mkdocs_material.jsonl", ("corpora", "mkdocs-material", "docs")),
    "hugo-book": (_HERE / "hugo_book.jsonl", ("corpora", "hugo-book")),
}
"""Other sites by name: the file of our questions about it, and where its pages lie among third parties' data."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of a page's source, half open.

    Attributes:
        path: of the page, relative to its folder.
        start: first character, from 0.
        end: after the last one.
    """

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sought:
    """A question, and what has to be found for it.

    Attributes:
        id: of the question.
        question: as it is asked.
        history: earlier turns.
        type: what is hard about it; empty where the set does not say.
        split: `tune` or `test`.
        evidence: its pieces; each is any one of some stretches that say the same.
    """

    id: str
    question: str
    history: tuple[Message, ...]
    type: str
    split: str
    evidence: tuple[tuple[Stretch, ...], ...]


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """Questions over one folder of pages.

    Attributes:
        name: short.
        corpus: folder of the pages.
        questions: those that have evidence.
        spans: whether the evidence marks all that is relevant, so that shares of characters mean something.
    """

    name: str
    corpus: Path
    questions: tuple[Sought, ...]
    spans: bool = False


def read_set(name: str, corpus: Path, shared: Path) -> EvidenceSet:
    """Read a set.

    Args:
        name: one of `SETS`.
        corpus: our notes.
        shared: folder of third parties' pages and questions.

    Returns:
        The questions that have evidence, and the folder of its pages.

    Raises:
        ConfigError: a file is damaged, or its evidence does not stand where it says.
        FileNotFoundError: the pages are not on this machine.
    """
    return SETS[name](corpus, shared)


def _ours(corpus: Path, _: Path) -> EvidenceSet:
    sources: dict[str, str] = {}
    questions = []
    for question in read_question_file(DEFAULT_FILE).questions:
        if question.silent:
            continue
        evidence = quoted_evidence(question, corpus, sources)
        questions.append(Sought(question.id, question.question, question.turns, question.type, question.split, evidence))
    return EvidenceSet("corpus", corpus, tuple(questions))


def quoted_evidence(question: Question, corpus: Path, sources: dict[str, str]) -> tuple[tuple[Stretch, ...], ...]:
    """Find the evidence of one of our questions; see `quoted`.

    Args:
        question: names its evidence by page and quote.
        corpus: folder of the pages.
        sources: of the pages read so far; grows.

    Returns:
        The pieces; each is any one of some stretches.
    """
    return tuple(
        tuple(quoted(corpus, place.page, place.quote, question.id, sources) for place in each.places) for each in question.evidence
    )


def evidence_at(line: Mapping[str, Any]) -> tuple[tuple[Stretch, ...], ...]:
    """Return the evidence of a line that names it by offsets: its pieces, each any one of some stretches."""
    return tuple(
        tuple(Stretch(place["path"], place["start"], place["end"]) for place in (each, *each.get("alternatives", ())))
        for each in line.get("evidence", ())
    )


def quoted(corpus: Path, page: str, quote: str, question: str, sources: dict[str, str]) -> Stretch:
    """Find a quote in a page.

    Args:
        corpus: folder of the pages.
        page: its path there.
        quote: characters of it.
        question: whose evidence it is, for the message.
        sources: of the pages read so far; grows.

    Returns:
        Where the quote first stands.

    Raises:
        ConfigError: there is no such page, or it does not hold the quote.
    """
    try:
        source = sources.setdefault(page, "") or decode((corpus / page).read_bytes())
    except (OSError, UnreadableFileError) as error:
        raise ConfigError(f"{question}: there is no readable page {page}", hint="Run: python -m eval questions check") from error
    sources[page] = source
    start = next(occurrences(source, quote), -1)
    if start < 0:
        raise ConfigError(f"{question}: {page} does not hold its quote", hint="Run: python -m eval questions check")
    return Stretch(page, start, start + len(quote))


def _by_offsets(name: str) -> Callable[[Path, Path], EvidenceSet]:
    def read(_: Path, shared: Path) -> EvidenceSet:
        file, folder = SITES[name]
        corpus = present(shared.joinpath(*folder))
        questions = []
        for line in read_lines(file):
            if evidence := evidence_at(line):
                history = tuple(line.get("history", ()))
                questions.append(Sought(line["id"], line["question"], history, line["type"], line["split"], evidence))
        return EvidenceSet(name, corpus, tuple(questions))

    return read


def _chunking(_: Path, shared: Path) -> EvidenceSet:
    """The questions of Chroma's evaluation of chunking; even ones are for tuning."""
    folder = present(shared / "bench" / "chunking_dev")
    questions = []
    for line in read_lines(folder / "questions.jsonl"):
        page = f"{line['corpus_id']}.md"
        evidence = tuple((Stretch(page, each["start"], each["end"]),) for each in line["references"])
        split = "tune" if line["id"] % 2 == 0 else "test"
        questions.append(Sought(str(line["id"]), line["question"], (), "", split, evidence))
    return EvidenceSet("chunking_dev", folder, tuple(questions), spans=True)


def present(folder: Path) -> Path:
    """Return a folder; raise `FileNotFoundError` where it is not on this machine."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not on this machine")
    return folder


def read_lines(file: Path) -> Sequence[dict[str, Any]]:
    """Return the objects of a file of JSON Lines; raise `ConfigError` where it is damaged."""
    try:
        return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    except ValueError as error:
        raise ConfigError(f"{file} is damaged: {error}", hint="Mend it.") from error


SETS: dict[str, Callable[[Path, Path], EvidenceSet]] = {
    "corpus": _ours,
    "source-notes": _by_offsets("source-notes"),
    "chunking_dev": _chunking,
    "mkdocs-material": _by_offsets("mkdocs-material"),
    "hugo-book": _by_offsets("hugo-book"),
}
"""The sets by name: each a reader that takes our notes and the folder of third parties' data."""
