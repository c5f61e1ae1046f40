"""Where things lie in an index folder.

Knows the names and the pointer. Knows nothing of what a generation holds beyond its manifest's name.

    CURRENT            the name of the generation that answers questions
    LOCK               held by the one writer
    gen-000012/        a whole generation: manifest.json, notes.sqlite, chroma/, lexical/
    building-000013/   a generation that a writer has not finished
    trash-000009-.../  a generation that is being removed
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rag.errors import IndexStateError
from rag.index.files import replace_file
from rag.index.trouble import MEND, explained

CURRENT = "CURRENT"
LOCK = "LOCK"
MANIFEST = "manifest.json"
NOTES = "notes.sqlite"
CHROMA = "chroma"
LEXICAL = "lexical"

_GENERATION = re.compile(r"gen-([0-9]{6,12})")
_LEFT_OVER = re.compile(r"(building|trash)-[0-9]{6,12}.*")
_TEMPORARY = re.compile(rf"{CURRENT}\.tmp-[0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """The names in one index folder."""

    root: Path

    def generation(self, number: int) -> Path:
        """Folder of a whole generation."""
        return self.root / f"gen-{number:06d}"

    def bring(self, number: int) -> Path:
        """Return the folder of a whole generation; an index that is kept elsewhere brings it here first."""
        return self.generation(number)

    def building(self, number: int) -> Path:
        """Folder of a generation that is being written."""
        return self.root / f"building-{number:06d}"

    def trash(self, number: int, mark: str) -> Path:
        """Folder of a generation that is being removed."""
        return self.root / f"trash-{number:06d}-{mark}"

    def check_root(self) -> None:
        """Refuse an index folder that is a file.

        Raises:
            IndexStateError: it is one.
        """
        with explained(self.root, "looking for the index"):
            if self.root.exists() and not self.root.is_dir():
                raise IndexStateError(f"The index folder {self.root} is a file", hint="Choose another folder with --index.")

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of all generation folders, ascending, those without a manifest included."""
        self.check_root()
        with explained(self.root, "listing the generations"):
            if not self.root.exists():
                return ()
            found = (_GENERATION.fullmatch(entry.name) for entry in self.root.iterdir() if entry.is_dir())
            return tuple(sorted(int(match[1]) for match in found if match))

    def is_whole(self, number: int) -> bool:
        """Say whether a generation has its manifest, which is written last."""
        return (self.generation(number) / MANIFEST).is_file()

    def check_whole(self, number: int) -> None:
        """Refuse a generation that lacks a part.

        Args:
            number: of the generation.

        Raises:
            IndexStateError: the manifest, the notes or the vectors are missing.
        """
        folder = self.generation(number)
        for name in (MANIFEST, NOTES, CHROMA, LEXICAL):
            if not (folder / name).exists():
                raise IndexStateError(f"{folder} is not a whole generation: it has no {name}", hint=MEND)

    def left_overs(self) -> tuple[Path, ...]:
        """Return what a killed writer left: unfinished and half removed generations, temporary files.

        A generation without a manifest that is newer than the pointer is one too; an older one is damage, and is kept to be seen.
        """
        with explained(self.root, "looking for what a killed writer left"):
            found = [entry for entry in self.root.iterdir() if _LEFT_OVER.fullmatch(entry.name) or _TEMPORARY.fullmatch(entry.name)]
        try:
            pointed = self.pointer() or 0
        except IndexStateError:
            return tuple(found)  # nothing is newer than a pointer that says nothing
        found += [self.generation(number) for number in self.numbers() if number > pointed and not self.is_whole(number)]
        return tuple(found)

    def pointer(self) -> int | None:
        """Read which generation answers questions.

        Returns:
            Its number; None where there is no index yet.

        Raises:
            IndexStateError: the pointer cannot be read or names nothing that could be a generation.
        """
        self.check_root()
        with explained(self.root, "reading the pointer"):
            try:
                text = (self.root / CURRENT).read_bytes().decode("utf-8", "replace").strip()
            except FileNotFoundError:
                return None
        match = _GENERATION.fullmatch(text)
        if match is None:
            raise IndexStateError(f"{self.root / CURRENT} is damaged: it holds {text[:40]!r}", hint=MEND)
        return int(match[1])

    def point_to(self, number: int) -> None:
        """Move the pointer, atomically and durably."""
        with explained(self.root, "moving the pointer"):
            replace_file(self.root / CURRENT, f"{self.generation(number).name}\n".encode())
