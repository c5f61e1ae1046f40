"""Says in one sentence what went wrong with the index, and what to do.

Knows errors of the operating system and of SQLite, and what a full disk looks like through a vendor's message. Knows no vendor's
classes: an adapter hands in what it caught.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexStateError

REBUILD = "Run `python ingest.py --full`."
MEND = "Run `python -m rag rollback` to go back to an older generation, or `python ingest.py --full` to build it anew."

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_WORDS = (
    "no space left",
    "disk is full",
    "disk quota exceeded",
    "file too large",
    "os error 28",
    "os error 122",
    "os error 27",
)
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_DENIED_WORDS = ("readonly database", "read-only file system", "permission denied")
_NO_ROOM_BYTES = 1 << 20


def explain(error: BaseException, folder: Path, doing: str) -> IndexStateError:
    """Turn an error of the system or of a vendor into one that says what to do.

    Args:
        error: what was caught.
        folder: the folder that was being read or written.
        doing: what was tried, to follow "while", such as `copying the index`.

    Returns:
        The error to raise in place of `error`: a full disk, a lack of permission, another trouble with files, or a damaged index.
    """
    said = str(error).casefold()
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or any(word in said for word in _FULL_WORDS) or (number is None and _has_no_room(folder)):
        return _full(folder, doing)
    if number in _DENIED or any(word in said for word in _DENIED_WORDS):
        return IndexStateError(
            f"{_place(error, folder)} cannot be used while {doing}: {_reason(error)}",
            hint="Check its owner and permissions, or choose another folder with --index.",
        )
    if isinstance(error, OSError):
        return IndexStateError(
            f"{_place(error, folder)} cannot be used while {doing}: {_reason(error)}", hint=f"Check the folder. {MEND}"
        )
    return IndexStateError(f"The index in {folder} looks damaged, found while {doing}: {_reason(error)}", hint=MEND)


def failed_check(wrong: Sequence[str], folder: Path) -> IndexStateError:
    """Return the error to raise for a new generation that is not what it should be."""
    doing = "checking the new generation"
    if _has_no_room(folder):  # a store that writes without looking at the result notices nothing itself
        return _full(folder, doing)
    return IndexStateError(
        f"The new generation failed its check and was thrown away: {'; '.join(wrong)}",
        hint="The index that answers questions is untouched; run it again, with --full if that does not help.",
    )


@contextmanager
def explained(folder: Path, doing: str) -> Iterator[None]:
    """Turn errors of the operating system, of SQLite and of what cannot be unpacked into an `IndexStateError`."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # such as using what is closed: a defect of ours
    except (OSError, sqlite3.Error, zlib.error) as error:
        raise explain(error, folder, doing) from error


def _full(folder: Path, doing: str) -> IndexStateError:
    return IndexStateError(
        f"No space left on the disk of {folder} while {doing}",
        hint="Free some space and run it again; the index that answers questions is untouched.",
    )


def _has_no_room(folder: Path) -> bool:
    # Vendors report a full disk in many words, or write less than they should and fail later; the disk itself knows.
    nearest = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    if nearest is None:
        return False
    disk = os.statvfs(nearest)
    writable = not disk.f_flag & os.ST_RDONLY
    return (
        writable
        and disk.f_blocks > 0
        and (disk.f_bavail * disk.f_frsize < _NO_ROOM_BYTES or (disk.f_files > 0 and disk.f_favail == 0))
    )


def _place(error: BaseException, folder: Path) -> str:
    name = error.filename if isinstance(error, OSError) else None
    return str(name) if isinstance(name, str) else str(folder)


def _reason(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split()).rstrip(".")[:300] or type(error).__name__
