"""What differs between a corpus and the generation that answers questions. Reads files, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import CorpusError, UnreadableFileError
from rag.includes import Includes
from rag.index import FileEntry
from rag.load import CorpusFile, read_bytes, sha256, walk


@dataclass(slots=True)
class Plan:
    """What an ingest has to do.

    Attributes:
        added: files that the generation does not know.
        changed: files whose bytes are others, or those of a file that they include or that shows them.
        removed: paths that the corpus has no more.
        unchanged: how many files are as they were.
        left_out: path and reason of what is not a note.
        includes: which page shows which other file.
        files: every file of the corpus, note or not, left out or not: what a link may name.
    """

    includes: Includes

    added: list[CorpusFile] = field(default_factory=list)
    changed: list[CorpusFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def make_plan(corpus: Path, known: Mapping[str, FileEntry]) -> Plan:
    """Compare the files' hashes, and those of what they depend on, with those that the index knows.

    Args:
        corpus: folder of the notes.
        known: what the index has of each file, by path; empty to read everything.

    Returns:
        Which files are added, changed and removed, how many stay as they are, and which are left out and why.

    Raises:
        CorpusError: there is no corpus, or it holds no notes.
    """
    files, left_out = walk(corpus)
    if not files:
        raise CorpusError(f"The corpus {corpus} holds no notes", hint="Put .md or .mdx files there; the index was left as it is.")
    names = [*(file.path for file in files), *(path for path, _ in left_out)]
    includes = Includes(corpus, names)
    plan = Plan(includes, files=names, left_out=left_out, removed=sorted(set(known) - {file.path for file in files}))
    hashes = {file.path: _hash(file, includes) for file in files}
    for file in files:
        entry = known.get(file.path)
        if entry is None:
            plan.added.append(file)
        elif (entry.sha256, entry.inputs) != (hashes[file.path], includes.inputs(file.path)):
            plan.changed.append(file)
        else:
            plan.unchanged += 1
    return plan


def _hash(file: CorpusFile, includes: Includes) -> str:
    """Hash a file, and note what it includes: its bytes are at hand only here."""
    try:
        raw = read_bytes(file)
    except UnreadableFileError:
        return ""  # as it is recorded for a file whose bytes cannot be had
    digest = sha256(raw)
    includes.add(file.path, raw, digest)
    return digest
