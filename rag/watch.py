"""Ingest again whenever the notes were edited.

Knows when edits have settled, and what to do when an ingest fails: wait while another process writes, otherwise say why and try
again after the next edit. Knows the file watcher and neither the index nor what an ingest does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from rag.errors import CorpusError, IndexLockedError, RagError
from rag.load import IGNORE_FILE, IGNORED_FOLDERS
from rag.types import IngestReport

QUIET_MS = 300
"""Edits have settled when nothing happened for this long: an editor's write and rename, a checkout's many files."""

LONGEST_MS = 5000
"""A corpus that never rests is ingested all the same, this long after the first edit."""

IDLE_MS = 500


def watch(corpus: Path, run: Callable[[], IngestReport], show: Callable[[IngestReport], None], tell: Callable[[str], None]) -> None:
    """Ingest now, and after every edit; returns only by an error.

    Args:
        corpus: folder of the notes.
        run: ingests.
        show: is given the report of the first ingest, and of each later one that changed the index.
        tell: is given one line about what is waited for or went wrong.

    Raises:
        CorpusError: the folder is not there, or not any more.
        RagError: the first ingest failed.
    """
    edits = settled_edits(corpus)
    next(edits)  # watching begins: what is edited during the first ingest is not missed
    due, told, generation = True, False, -1
    while True:
        if due:
            try:
                report = run()
            except IndexLockedError as error:
                if not told:
                    tell(f"waiting: {error.message}")
                told = True
            except RagError as error:
                if generation < 0 or not corpus.is_dir():
                    raise
                tell(f"error: {error}")
                due = told = False
            else:
                due = told = False
                if report.generation != generation:
                    show(report)
                generation = report.generation
        due = next(edits) or due


def settled_edits(corpus: Path) -> Iterator[bool]:
    """Wait for edits below a folder to settle, again and again.

    Hidden files and the folders that ingest passes over do not count, but for `.ragignore`.

    Args:
        corpus: the folder.

    Yields:
        True after edits have settled, False when nothing happened for half a second.

    Raises:
        CorpusError: the folder is not there.
    """
    import watchfiles

    if not corpus.is_dir():
        raise CorpusError(f"There is no folder {corpus} to watch", hint="Name the folder that holds the notes with --corpus DIR.")
    root = corpus.resolve()

    def counts(_: watchfiles.Change, path: str) -> bool:
        return is_watched(Path(path).relative_to(root).parts)

    # Ctrl-C ends the process in the handler of `rag.entry`; a caller with another one gets its KeyboardInterrupt.
    for changes in watchfiles.watch(
        root, watch_filter=counts, debounce=LONGEST_MS, step=QUIET_MS, rust_timeout=IDLE_MS, yield_on_timeout=True
    ):
        yield bool(changes)


def is_watched(parts: tuple[str, ...]) -> bool:
    """Whether an edit of a path in the corpus can change the index.

    >>> is_watched(("a", "b.md")), is_watched((".ragignore",)), is_watched((".git", "index")), is_watched(("a", ".b.md.swp"))
    (True, True, False, False)
    """
    if parts == (IGNORE_FILE,):
        return True
    return not any(part.startswith(".") or part in IGNORED_FOLDERS for part in parts)
