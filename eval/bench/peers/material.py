"""What the systems are given: a copy of the pages, an edit, a page to delete with a question that only it answers, made-up pages.

Pure functions over files; no system is known here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np

from eval.questions import Question, scattered
from rag.load import walk

EDIT = "\n\nA sentence that an editor has just added, number {number}.\n"
_SECTIONS = 6
_WORDS_A_SECTION = 110
_SEED = 7


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that one page alone answers.

    Attributes:
        question: as it is asked.
        page: its path.
        quote: characters of the page that answer it.
    """

    question: str
    page: str
    quote: str


def find_probe(questions: Sequence[Question], corpus: Path) -> Probe | None:
    """Return the first question whose only evidence stands in one page of a corpus; None where there is none.

    Args:
        questions: with evidence.
        corpus: folder of the pages.

    Returns:
        The question, its page and the quote.
    """
    for question in questions:
        if question.silent or question.history or len(question.evidence) != 1 or question.evidence[0].alternatives:
            continue
        place = question.evidence[0]
        file = corpus / place.page
        if file.is_file():
            return Probe(question.question, place.page, place.quote)
    return None


def first_page(corpus: Path, avoid: str) -> Path:
    """Return the page in the middle of a corpus, which is the one to edit; not `avoid`."""
    pages = [file.absolute for file in walk(corpus)[0] if file.absolute.suffix == ".md" and file.path != avoid]
    return pages[len(pages) // 2]


def edit(page: Path, number: int) -> None:
    """Add a sentence; another number makes another sentence."""
    with page.open("a", encoding="utf-8") as file:
        file.write(EDIT.format(number=number))


def copy_pages(corpora: Sequence[Path], target: Path) -> int:
    """Copy corpora into one folder: the first as it is, others each under its own name.

    Args:
        corpora: at least one; hidden files are left out.
        target: is made.

    Returns:
        How many files of it are pages.
    """
    hidden = shutil.ignore_patterns(".*")
    shutil.copytree(corpora[0], target, ignore=hidden)
    for more in corpora[1:]:
        shutil.copytree(more, target / more.name, ignore=hidden)
    return len(walk(target)[0])


def some_pages(corpus: Path, target: Path, needed: Iterable[str], words: int) -> int:
    """Copy a part of a corpus: the pages that are needed, then others from all over it until there are enough words.

    Args:
        corpus: folder of the pages.
        target: is made.
        needed: paths; one that is not there is passed over.
        words: how many there are to be, about.

    Returns:
        How many words there are.
    """
    files = [file for file in walk(corpus)[0] if file.absolute.suffix == ".md"]
    first = set(needed)
    found = 0
    for file in [*(file for file in files if file.path in first), *scattered([file for file in files if file.path not in first])]:
        if found >= words and file.path not in first:
            break
        text = file.absolute.read_bytes()
        (target / file.path).parent.mkdir(parents=True, exist_ok=True)
        (target / file.path).write_bytes(text)
        found += len(text.split())
    return found


def words_in(corpora: Sequence[Path]) -> int:
    """Return how many words the pages of corpora have."""
    return sum(len(file.absolute.read_bytes().split()) for folder in corpora for file in walk(folder)[0])


def is_hidden(path: Path) -> bool:
    """Return whether a path in a corpus is left out of copies: it or a folder of it begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def make_pages(target: Path, chunks: int, words_of: Path) -> int:
    """Write made-up pages, some hundred words under each of six headings, drawn as often as in real pages.

    Args:
        target: is made.
        chunks: how many such sections, at least; what a system makes of them is its own.
        words_of: folder of the pages whose words are drawn.

    Returns:
        How many pages there are.
    """
    texts = [file.absolute.read_text("utf-8", "replace") for file in walk(words_of)[0]]
    words, counts = np.unique(re.findall(r"[A-Za-z][a-z'-]+", " ".join(texts)), return_counts=True)
    draw = np.random.default_rng(_SEED)
    pages = -(-chunks // _SECTIONS)
    for number in range(pages):
        parts = [f"# Page {number}\n"]
        for section in draw.choice(words, size=(_SECTIONS, _WORDS_A_SECTION), p=counts / counts.sum()):
            parts.append(f"## {section[0].capitalize()} {section[1]}\n\n{' '.join(section)}.\n")
        file = target / f"part{number % 97:02d}" / f"page{number:06d}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(parts), "utf-8")
    return pages


def in_corpus(path: str, corpus: Path) -> str:
    """Return a path as a peer names it, relative to the corpus with `/`; unchanged where it lies elsewhere.

    >>> in_corpus("file:///notes/a%20b.md", Path("/notes")), in_corpus("a.md", Path("/notes"))
    ('a b.md', 'a.md')
    """
    plain = unquote(urlparse(path).path) if path.startswith("file:") else path
    try:
        return Path(plain).resolve().relative_to(corpus.resolve()).as_posix() if Path(plain).is_absolute() else plain
    except ValueError:
        return plain
