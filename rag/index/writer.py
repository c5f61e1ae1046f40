"""The one writer of an index folder.

Knows the order of things that makes a `kill -9` harmless: the next generation is built in a folder that no reader looks into,
checked, put on the disk, renamed to its final name, and only then does the pointer move. Knows what changed in the corpus only as
it is told. Imports no vendor until a page changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from rag.errors import IndexStateError, UnreadableFileError
from rag.index.files import remove_tree, sync, sync_tree
from rag.index.hashes import corpus_hash
from rag.index.layout import NOTES, Layout
from rag.index.lock import Claim
from rag.index.manifest import FileEntry, Fingerprint, Manifest
from rag.index.notes import Notes
from rag.index.retention import prune, retire_folder
from rag.index.trouble import REBUILD, explained
from rag.types import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from rag.index.draft import Draft
    from rag.index.shelf import Shelf
    from rag.protocols import Matrix, Progress, Vector
    from rag.types import Chunk, Document


class Writer:
    """Makes the next generation out of the current one. A context manager that holds the lock; for one thread.

    `begin` says what the vectors and chunks come from; `put`, `remove`, `skip` and `annotate` say what changed; `commit` makes it
    the generation that answers questions. Leaving the context without `commit` throws everything away. A failed step leaves
    nothing to commit.

    Args:
        layout: of the index folder.
        lock: on it; the writer gives it up.
        keep: how many generations to leave, the new one included.

    Attributes:
        previous: manifest of the current generation; None where there is none, or where it is damaged.
        damage: what is wrong with the current generation, None where nothing is. Then only `begin(full=True)` is possible.
        listing: hash of the names of all files of the corpus; to be set before `commit`.

    Raises:
        IndexStateError: the folder cannot be read or written.
    """

    def __init__(self, layout: Layout, lock: Claim, *, keep: int) -> None:
        self._layout = layout
        self._lock = lock
        self._keep = keep
        self._fingerprint: Fingerprint | None = None
        self._corpus = ""
        self._full = False
        self._draft: Draft | None = None
        self._building: Path | None = None
        self._broken = False
        self._done = False
        self._files: dict[str, FileEntry] = {}
        self.previous: Manifest | None = None
        self.damage: IndexStateError | None = None
        self.listing = ""
        try:
            for path in layout.left_overs():
                self._clean(path)
            try:
                pointed = layout.pointer()
                if pointed is not None:
                    self.previous = Manifest.read(layout.bring(pointed))
                    layout.check_whole(pointed)
            except IndexStateError as error:
                self.previous, self.damage = None, error
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Writer:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Throw away what was not committed and give the lock up."""
        try:
            self._abandon()
        finally:
            self._done = True
            self._lock.release()

    def begin(self, fingerprint: Fingerprint, corpus: str, *, full: bool = False) -> None:
        """Say what everything that follows is made with. Must come first; costs nothing.

        Args:
            fingerprint: of the embedder and the chunker.
            corpus: the corpus folder as it was given.
            full: start from nothing instead of from the current generation; `vectors_for` then knows nothing.

        Raises:
            IndexStateError: the current generation is damaged or was built otherwise, and `full` is not set.
        """
        if not full:
            if self.damage is not None:
                raise IndexStateError(self.damage.message, hint=REBUILD) from self.damage
            if self.previous is not None:
                self.previous.check_matches(fingerprint)
                self._files = dict(self.previous.files)
        self._fingerprint, self._corpus, self._full = fingerprint, corpus, full

    def put(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Matrix,
        notices: Sequence[Notice] = (),
        *,
        inputs: str = "",
        outline: str = "",
    ) -> None:
        """Add a page, or put it in the place of the one with the same path.

        Args:
            document: the page.
            chunks: of the page, in order.
            vectors: shape (len(chunks), dimension), float32, each of length 1, aligned with `chunks`.
            notices: what its editor should know.
            inputs: digest of what else its reading depended on.
            outline: what links need of the page, to be handed out by `outlines`.

        Raises:
            UnreadableFileError: the path is not valid Unicode; nothing was changed, others can still be put.
            IndexStateError: the disk is full, or the current generation is damaged.
        """
        _check_name(document.path)
        with self._step() as draft:
            draft.put(document, chunks, vectors, outline)
        self._files[document.path] = FileEntry(document.sha256, len(chunks), document.title, tuple(notices), inputs=inputs)

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files and their chunks; paths that are not known are fine.

        Args:
            paths: relative to the corpus, with `/`.

        Raises:
            IndexStateError: the disk is full, or the current generation is damaged.
        """
        for path in paths:
            entry = self._files.get(path)
            if entry is not None and entry.indexed:
                with self._step() as draft:
                    draft.remove(path)
            self._files.pop(path, None)

    def skip(
        self,
        path: str,
        reason: str,
        *,
        sha256: str = "",
        notices: Sequence[Notice] = (),
        keep: bool = False,
        inputs: str = "",
    ) -> None:
        """Account for a file that is not indexed as it is now.

        Args:
            path: of the file.
            reason: why, one sentence for its editor.
            sha256: of its bytes, empty where they cannot be read.
            notices: what else its editor should know.
            keep: whether the chunks of its last readable version stay; otherwise they are removed.
            inputs: digest of what else its reading depended on.

        Raises:
            IndexStateError: the disk is full, or the current generation is damaged.
        """
        old = self._files.get(path, FileEntry(sha256))
        if not keep:
            self.remove([path])
            old = FileEntry(sha256)
        self._files[path] = FileEntry(sha256, old.chunks, old.title, tuple(notices), reason, inputs)

    def annotate(self, path: str, notices: Sequence[Notice]) -> None:
        """Put other notices in the place of a file's, such as a link that broke because another page went.

        Args:
            path: of the file, relative to the corpus.
            notices: all that it has from now on.

        Raises:
            KeyError: the file is not known.
        """
        self._files[path] = replace(self._files[path], notices=tuple(notices))

    @property
    def files(self) -> Mapping[str, FileEntry]:
        """Every file as it is accounted for now, by path."""
        return self._files

    @property
    def changed(self) -> bool:
        """Whether some page was put or removed."""
        return self._draft is not None

    def outlines(self) -> dict[str, str]:
        """Collect what links need of each page that is in the index now.

        Returns:
            The outline by path; empty where the generation is made from nothing.

        Raises:
            IndexStateError: the current generation is damaged.
        """
        if self._draft is not None:
            with self._step() as draft:
                return draft.outlines()
        if self.previous is None or self._full:
            return {}
        notes = Notes(self._layout.generation(self.previous.generation) / NOTES)
        try:
            return notes.outlines()
        finally:
            notes.close()

    def overlaps(self) -> list[tuple[str, str, int, int, int]]:
        """Return which pages say what other pages say; only after a change.

        Returns:
            tuples of a page, the page where the representatives of its near-duplicates are, how many words of the first are in
            chunks that have one there, and how many words the first and the other page have.

        Raises:
            IndexStateError: the disk is full, or the current generation is damaged.
        """
        with self._step() as draft:
            return draft.overlaps()

    def vectors_for(self, embed_hashes: Sequence[str]) -> dict[str, Vector]:
        """Look up vectors that the current generation holds for these texts, whatever page they were on.

        Those of pages that were removed in this run are found too, so that a renamed page embeds nothing again. See
        `rag.index.embed_hash`.

        Args:
            embed_hashes: of the texts; ask page by page, since all vectors found are in memory at once.

        Returns:
            Those that there are, by embed hash, of shape (dimension,).

        Raises:
            IndexStateError: the disk is full, or the current generation is damaged.
        """
        if self._full or self.previous is None or not embed_hashes:
            return {}
        with self._step() as draft:
            return draft.vectors_for(embed_hashes)

    def commit(self, progress: Progress | None = None) -> Manifest:
        """Check the new generation and make it the one that answers questions.

        Args:
            progress: told what is being done.

        Returns:
            The manifest of the new generation; the current one's where nothing changed.

        Raises:
            IndexStateError: the disk is full, the new generation fails its check, or an earlier step failed; the old one answers.
        """
        if self.previous is not None and not self._full and self._draft is None and self._files == self.previous.files:
            self._done = True
            return self.previous
        with self._step() as draft:
            documents, chunks = draft.finish(progress or _silent)
            if (
                self.previous is not None
                and not self._full
                and (self._files, draft.hashes) == (self.previous.files, self.previous.hashes)
            ):
                self._abandon()
                return self.previous
            manifest = self._manifest(draft, documents, chunks)
            self._publish(draft, manifest)
        self._draft, self._building, self._done = None, None, True
        self._prune(manifest)
        return manifest

    @contextmanager
    def _step(self) -> Iterator[Draft]:
        if self._fingerprint is None or self._done:
            raise RuntimeError("this writer was not begun, or is done")
        if self._broken:
            raise IndexStateError(
                "An earlier step of this ingest failed", hint="Mend that first; the index that answers questions is untouched."
            )
        self._broken = True
        if self._draft is None:
            self._draft = self._start(self._fingerprint.dimension)
        yield self._draft
        self._broken = False

    def _start(self, dimension: int) -> Draft:
        from rag.index.draft import Draft

        number = max(self._layout.numbers(), default=0) + 1
        base = None
        if self.previous is not None and not self._full:
            base = (self._layout.bring(self.previous.generation), self.previous)
        self._building = self._layout.building(number)
        return Draft(self._building, number, dimension, base=base, shelf=self._shelf(number, base))

    def _shelf(self, number: int, base: tuple[Path, Manifest] | None) -> Shelf | None:
        """Where the vectors of the next generation are to be; None for its folder."""
        return None

    def _manifest(self, draft: Draft, documents: int, chunks: int) -> Manifest:
        if self._fingerprint is None:
            raise RuntimeError("this writer was not begun")
        return Manifest(
            generation=draft.number,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            parent=self.previous.generation if self.previous is not None else None,
            corpus=self._corpus,
            corpus_sha256=corpus_hash((path, entry.sha256) for path, entry in self._files.items()),
            files=dict(self._files),
            listing=self.listing,
            fingerprint=self._fingerprint,
            documents=documents,
            chunks=chunks,
            dead_vectors=draft.dead_vectors,
            hashes=draft.hashes,
        )

    def _publish(self, draft: Draft, manifest: Manifest) -> None:
        with explained(draft.folder, "writing the new generation to the disk"):
            sync_tree(draft.folder)
            manifest.write(draft.folder)
            sync(draft.folder)
            draft.folder.rename(self._layout.generation(manifest.generation))
            sync(self._layout.root)
        try:
            self._layout.point_to(manifest.generation)
        except IndexStateError:
            # It was the disk, and the pointer may have moved all the same; if not, nobody will ever want this generation.
            if self._layout.pointer() != manifest.generation:
                with explained(self._layout.root, "removing an unfinished generation"):
                    remove_tree(self._layout.generation(manifest.generation))
            raise

    def _abandon(self) -> None:
        draft, self._draft = self._draft, None
        building, self._building = self._building, None
        self._done = True
        try:
            if draft is not None:
                draft.close()
        finally:
            if building is not None:
                with explained(self._layout.root, "removing an unfinished generation"):
                    remove_tree(building)

    def _prune(self, newest: Manifest) -> None:
        prune(self._layout, newest, self.previous, self._keep, self._retire)

    def _retire(self, number: int) -> None:
        retire_folder(self._layout, number)

    def _clean(self, path: Path) -> None:
        with explained(self._layout.root, "removing what a killed writer left"):
            if path.is_dir():
                remove_tree(path)
            else:
                path.unlink(missing_ok=True)


def _check_name(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise UnreadableFileError(f"The name of {path!r} is not valid Unicode", hint="Rename the file.") from error


def _silent(stage: str, done: int, total: int) -> None:
    """Progress for callers that ask for none."""
