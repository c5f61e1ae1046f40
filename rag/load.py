"""Files of the corpus to decoded text.

Knows how to walk a folder and which encoding a file has; knows nothing of Markdown, chunks or the index.
"""

from __future__ import annotations

import codecs
import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from rag.errors import CorpusError, UnreadableFileError

MARKDOWN_SUFFIXES = frozenset({".md", ".mdx", ".markdown"})
TEXT_SUFFIXES = frozenset({".canvas", ".ipynb", ".txt"})
DOCUMENT_SUFFIXES = frozenset({".docx", ".htm", ".html", ".pdf", ".pptx"})
"""Read with the packages of the extra `documents`."""

IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__"})
TEMPLATE_FOLDERS = frozenset({"templates", "_templates", "archetypes"})
"""What is in them is copied to begin a note and says nothing itself."""

IGNORE_FILE = ".ragignore"
MAX_FILE_BYTES = 64 * 1024 * 1024

_DOCUMENT_MODULES = ("bs4", "docx2txt", "llama_index", "pptx", "pypdf")
_NOT_EVIDENCE = {".base": "not evidence: a view of an Obsidian database", ".excalidraw": "not evidence: an Excalidraw drawing"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_USUAL = re.compile(
    r"[\t\r\n\x20-\x7e\xa0-\u024f\u0370-\u052f\u0590-\u074f\u0900-\u097f\u0e00-\u0e7f\u1e00-\u1eff\u2010-\u2027\u20ac\u3000-\u30ff"
    r"\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\U0001f300-\U0001faff]"
)
"""Characters of living languages: half of all numbers of sixteen bits, so that other files are not taken for text."""

_SPACE = re.compile(r"[ \n\u3000-\u3002\uff0c]")


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file that ingest looks at.

    Attributes:
        path: relative to the corpus, with `/`.
        absolute: where it is.
    """

    path: str
    absolute: Path


def walk(corpus: Path) -> tuple[list[CorpusFile], list[tuple[str, str]]]:
    """List the files of a corpus.

    Hidden files and folders and `node_modules` are not part of a corpus and are not listed. A file `.ragignore` at the top names
    more that is left out, in the syntax of `.gitignore`; what it takes in again with `!` is read although it lies among templates.

    Args:
        corpus: its folder.

    Returns:
        The readable files, sorted by path; and those left out, as pairs of path and reason, sorted too.

    Raises:
        CorpusError: the folder is missing, is not a folder, or cannot be listed; or `.ragignore` cannot be read.
    """
    if not corpus.exists():
        raise CorpusError(
            f"There is no corpus at {corpus}", hint="Put Markdown notes there, or name their folder with --corpus DIR."
        )
    if not corpus.is_dir():
        raise CorpusError(f"The corpus {corpus} is a file", hint="Name the folder that holds the notes with --corpus DIR.")
    root = corpus.resolve()
    files: list[CorpusFile] = []
    left_out: list[tuple[str, str]] = []
    ignored = _ignored(root)
    documents = documents_installed()
    for absolute in _entries(root):
        path = absolute.relative_to(root).as_posix()
        listed = ignored.check_file(path).include
        reason = (
            f"listed in {IGNORE_FILE}" if listed else _why_not(absolute, root) or _unfit(path, listed=listed, documents=documents)
        )
        if reason:
            left_out.append((path, reason))
        else:
            files.append(CorpusFile(path, absolute))
    return sorted(files, key=lambda file: file.path), sorted(left_out)


def all_files(corpus: Path) -> list[str]:
    """Return every file that is not hidden, note or not, left out or not, relative to the corpus: what a link may name."""
    root = corpus.resolve()
    return [path.relative_to(root).as_posix() for path in _entries(root)]


def _entries(root: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise CorpusError(f"{error.filename} cannot be listed: {error.strerror}", hint="Check its permissions.") from error

    for folder, folders, names in os.walk(root, onerror=fail):
        # A linked folder shows up as a file entry, so that `_why_not` can report it; os.walk does not follow it.
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in IGNORED_FOLDERS and name not in linked
        )
        for name in sorted([*names, *linked]):
            if not name.startswith("."):
                yield Path(folder, name)


def _ignored(root: Path) -> GitIgnoreSpec:
    file = root / IGNORE_FILE
    try:
        return GitIgnoreSpec.from_lines(file.read_text("utf-8-sig").split("\n") if file.exists() else [])
    except (OSError, ValueError) as error:
        raise CorpusError(f"{file} cannot be read: {error}", hint="Mend that file, or delete it.") from error


def _why_not(absolute: Path, root: Path) -> str:
    """Why a file is left out; empty if it is read."""
    if absolute.is_symlink() and not absolute.resolve().is_relative_to(root):
        return "symbolic link that leaves the corpus"
    if absolute.is_dir():
        return "symbolic link to a folder"
    if not absolute.is_file():
        return "not a regular file"
    return ""


def _unfit(path: str, *, listed: bool | None, documents: bool) -> str:
    """Why a file of this name and kind is not read; empty if it is. `listed` is False where `.ragignore` takes it in again."""
    *folders, name = path.lower().split("/")
    suffix = name[name.rindex(".") :] if "." in name else ""
    if suffix in _NOT_EVIDENCE or name.endswith(".excalidraw.md"):
        return _NOT_EVIDENCE[suffix if suffix in _NOT_EVIDENCE else ".excalidraw"]
    if suffix not in MARKDOWN_SUFFIXES | TEXT_SUFFIXES | DOCUMENT_SUFFIXES:
        return f"not a note ({suffix or 'no suffix'})"
    if listed is None and not TEMPLATE_FOLDERS.isdisjoint(folders):
        return "a template"
    if suffix in DOCUMENT_SUFFIXES and not documents:
        return f"{suffix} files need the extra documents: pip install 'rag-notes[documents]'"
    return ""


def documents_installed() -> bool:
    """Return whether the packages of the extra `documents` are there; imports none of them."""
    return all(importlib.util.find_spec(name) for name in _DOCUMENT_MODULES)


def read_bytes(file: CorpusFile) -> bytes:
    """Read a file of the corpus.

    Args:
        file: as `walk` lists it.

    Returns:
        Its bytes, at most `MAX_FILE_BYTES`.

    Raises:
        UnreadableFileError: it is gone, too large, or may not be read.
    """
    try:
        if file.absolute.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB")
        return file.absolute.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"cannot be read: {error.strerror}") from error


def sha256(raw: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def decode(raw: bytes) -> str:
    """Decode a text file: by its byte order mark, else UTF-8, else UTF-16 without a mark, else Windows-1252.

    In UTF-8 a few bytes of another encoding are let pass, each read as Windows-1252 alone. The mark is not part of the result;
    nothing else is changed.

    Args:
        raw: the whole file.

    Returns:
        The text; line ends and Unicode forms as they were.

    Raises:
        UnreadableFileError: the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strict(raw[len(mark) :], encoding)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    else:
        if "\0" not in text:
            return text
    if (guessed := _utf16_without_mark(raw)) is not None:
        return guessed
    if b"\0" in raw:
        raise UnreadableFileError("not a text file: it holds NUL bytes")
    return _mostly_utf8(raw) or _western(raw)


def _western(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # every byte has a character there


def _mostly_utf8(raw: bytes) -> str:
    """UTF-8 with a few bytes that are not; empty if it is none: other encodings hold nearly nothing that looks like it."""
    text = raw.decode("utf-8", "surrogateescape")
    stray = {character for character in text if "\udc80" <= character <= "\udcff"}
    strays = sum(map(text.count, stray))
    if sum(character >= "\x80" for character in text) < 5 * strays:
        return ""
    for character in stray:
        text = text.replace(character, _western(character.encode("utf-8", "surrogateescape")))
    return text


def _strict(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"not valid {encoding.upper()}: {error.reason}") from error


def _utf16_without_mark(raw: bytes) -> str | None:
    """Read as UTF-16 what holds bytes that no other text does and is text in it: letters of scripts that go together."""
    if len(raw) % 2 or not _CONTROL.search(raw):
        return None
    found = []
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_USUAL.findall(text)) >= 0.95 * len(text):
            found.append((len(_SPACE.findall(text)), text))
    return max(found)[1] if found else None
