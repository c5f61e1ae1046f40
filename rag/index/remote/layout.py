"""Where things lie for an index on a server: the pointer and the generations there, copies of their files here.

Knows how a generation comes here and how it is published. Has the methods of `rag.index.layout.Layout`, so that reading and writing
go the same way as in a folder; the folder is a cache, and may be deleted while nobody uses it.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.errors import IndexStateError
from rag.index.files import remove_tree
from rag.index.layout import LEXICAL, MANIFEST, NOTES, Layout
from rag.index.lock import retire
from rag.index.remote.blocks import Blocks
from rag.index.remote.lock import RemoteLock
from rag.index.remote.records import GenerationRecord, Records
from rag.index.remote.server import Server
from rag.index.remote.vectors import PREFIX
from rag.index.trouble import MEND, explained

_FETCHING = "fetching-"
_STORED = "STORED"
_ABANDONED_S = 3600.0


@dataclass(frozen=True, slots=True)
class RemoteLayout(Layout):
    """Generations on a server and their files in the folder `root` of this machine.

    Attributes:
        server: where.
        records: of the index.
        blocks: of its files.
        drafted: name of the collection that a draft fills, by number of the generation.
        locks: the writer's lock, while this process writes.
    """

    server: Server
    records: Records = field(init=False)
    blocks: Blocks = field(init=False)
    drafted: dict[int, str] = field(default_factory=dict)
    locks: list[RemoteLock] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make what belongs to the server."""
        object.__setattr__(self, "records", Records(self.server))
        object.__setattr__(self, "blocks", Blocks(self.server))

    def pointer(self) -> int | None:
        """Return the number of the generation that answers questions, None where there is no index yet."""
        return self.records.pointer()

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the generations that can answer questions, ascending."""
        return tuple(number for number, record in self.records.generations().items() if record.state == "whole")

    def is_whole(self, number: int) -> bool:
        """Say whether a generation can answer questions."""
        record = self.records.generation(number)
        return record is not None and record.state == "whole"

    def check_whole(self, number: int) -> None:
        """Refuse a generation that lacks a part.

        Args:
            number: of the generation.

        Raises:
            IndexStateError: its record, its files or its vectors are missing.
        """
        record = self.records.generation(number)
        with self.server.explained("looking for its vectors"):
            missing = record is None or record.state != "whole" or self.server.find(record.collection) is None
        if missing:
            raise IndexStateError(f"Generation {number} on {self.server.address} is not whole", hint=MEND)
        folder = self.bring(number)
        if not all((folder / name).exists() for name in (MANIFEST, NOTES, LEXICAL)):
            raise IndexStateError(f"Generation {number} on {self.server.address} lacks a file", hint=MEND)

    def left_overs(self) -> tuple[Path, ...]:
        """Return what a killed writer of this machine left here; for what it left on the server see `tidy`."""
        with explained(self.root, "looking for what a killed writer left"):
            found = [path for path in self.root.iterdir() if path.name.startswith(("building-", "trash-"))]
            records = self.records.generations()
            found += [path for path in self._here() if not _holds(path, records.get(int(path.name.removeprefix("gen-"))))]
            found += [path for path in self.root.glob(f"{_FETCHING}*") if time.time() - path.stat().st_mtime > _ABANDONED_S]
        return tuple(found)

    def bring(self, number: int) -> Path:
        """Fetch a generation's files where they are not here.

        Args:
            number: of the generation.

        Returns:
            The folder with its files; it need not exist where there is no such generation.

        Raises:
            IndexStateError: the server fails, or its files are damaged.
        """
        folder = self.generation(number)
        record = self.records.generation(number)
        if record is None or _holds(folder, record):
            return folder
        fetching = self.root / f"{_FETCHING}{number:06d}-{os.getpid()}-{secrets.token_hex(4)}"
        with explained(self.root, "fetching a generation"):
            fetching.mkdir(parents=True)
            try:
                self.blocks.download(self.blocks.listing(record.blocks), fetching, self._here()[-1:])
                (fetching / _STORED).write_text(_mark(record))
                if folder.is_dir():  # a killed writer's, which was never published
                    folder.rename(self.trash(number, secrets.token_hex(4)))
                try:
                    fetching.rename(folder)
                except OSError:
                    if not folder.is_dir():  # another process may have been quicker, with the same files
                        raise
            finally:
                remove_tree(fetching)
        return folder

    def point_to(self, number: int) -> None:
        """Publish a generation that was drafted here, then move the pointer.

        Args:
            number: of the generation.

        Raises:
            IndexStateError: the server fails.
            IndexLockedError: the lock was lost meanwhile.
        """
        collection = self.drafted.pop(number, None)
        if collection is not None:
            folder = self.generation(number)
            files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
            blocks = self.blocks.upload(folder, [name for name in files if name != _STORED], self._known_blocks())
            record = GenerationRecord(number, collection, "whole", blocks)
            self._check_locks()
            for other in self.records.generations().values():
                if other.collection == collection:
                    self.records.remove(other.number)  # the one that was changed into this
            self.records.put(record)
            (folder / _STORED).write_text(_mark(record))
        self._check_locks()
        self.records.point_to(number)

    def _check_locks(self) -> None:
        for lock in self.locks:
            lock.check()

    def retire(self, number: int) -> bool:
        """Give a generation up unless somebody reads it; say whether that was done.

        Its collection stays, to be changed into another. Only for the holder of the lock.
        """
        record = self.records.generation(number)
        if record is None:
            return True
        # First out of sight, then the question who reads it: a reader claims first and then looks whether it is still there.
        self.records.put(replace(record, state="idle"))
        if record.state == "whole" and self.records.is_claimed(number):
            self.records.put(record)
            return False
        return True

    def tidy(self) -> None:
        """Drop collections that a killed writer left half changed. Only for the holder of the lock."""
        records = self.records.generations()
        for record in [record for record in records.values() if record.state == "dirty"]:
            self.records.remove(record.number)
            del records[record.number]
        self._drop_unnamed(records)

    def sweep(self, collections: int) -> None:
        """Drop collections that nothing names, idle ones beyond the wanted number of collections, and blocks that nothing needs."""
        records = self.records.generations()
        idle = [record for record in records.values() if record.state != "whole"]
        for record in idle[: max(0, len(records) - collections)]:
            self.records.remove(record.number)
            del records[record.number]
        self._drop_unnamed(records)
        self.blocks.remove(set(self.blocks.names()) - set(self._known_blocks()))
        for path in self._here():
            number = int(path.name.removeprefix("gen-"))
            if number not in records:
                self._retire_here(number)

    def _retire_here(self, number: int) -> None:
        folder = self.generation(number)
        trash = self.trash(number, secrets.token_hex(4))
        if (folder / MANIFEST).is_file() and retire(folder, trash):
            remove_tree(trash)

    def _known_blocks(self) -> Iterator[str]:
        for record in self.records.generations().values():
            yield from record.blocks
            for names in self.blocks.listing(record.blocks).values():
                yield from names

    def _drop_unnamed(self, records: Mapping[int, GenerationRecord]) -> None:
        named = {record.collection for record in records.values()}
        with self.server.explained("dropping what nothing names"):
            for name in self.server.names():
                if name.startswith(PREFIX) and name not in named:
                    self.server.drop(name)

    def _here(self) -> list[Path]:
        return sorted(path for path in self.root.glob("gen-*") if path.is_dir())


def _mark(record: GenerationRecord) -> str:
    return "\n".join(record.blocks)


def _holds(folder: Path, record: GenerationRecord | None) -> bool:
    """Whether a folder holds what a generation's record names; a draft that was never published may have had its number."""
    file = folder / _STORED
    return record is not None and file.is_file() and file.read_text() == _mark(record)
