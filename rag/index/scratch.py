"""A reader's private copy of a folder.

Knows temporary folders and how to tell those of living processes from those that were left behind. Knows nothing of what is
copied. Each folder holds a file that its process keeps locked; a folder whose lock is free belongs to nobody and is swept. It gets
its name when the file is locked, so that none is swept while it is being made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from rag.index.files import copy_tree
from rag.index.trouble import explained

_PREFIX = "rag-notes-"
_UNFINISHED = "rag-making-"
_OWNER = "owner.lock"
_GRACE_S = 60.0
"""A folder without an owner's file, or without its final name, is younger than this while it is being made."""


class Scratch:
    """A temporary folder of this process, readable by this user alone. Removed by `close`, or by the next reader after a kill."""

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir())
        with explained(parent, "making a private folder for reading (TMPDIR names another place for it)"):
            _sweep(parent)
            made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
            self._pid = os.getpid()
            self._descriptor = os.open(made / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.folder = made.rename(parent / (_PREFIX + made.name.removeprefix(_UNFINISHED)))

    def copy(self, source: Path) -> Path:
        """Copy a folder into this one.

        Args:
            source: the folder; it stays as it is.

        Returns:
            Where the copy is; it goes when this one is removed.

        Raises:
            IndexStateError: the source cannot be read, or there is no room for the copy.
        """
        target = self.folder / source.name
        with explained(self.folder, "copying the index to read it (TMPDIR names another place for the copy)"):
            copy_tree(source, target)
        return target

    def close(self) -> None:
        """Remove the folder. Calling it twice is fine; in a forked child it does nothing, the folder is the parent's."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if os.getpid() == self._pid:
            _remove(self.folder)
        os.close(descriptor)


def _sweep(parent: Path) -> None:
    for folder in [*parent.glob(f"{_PREFIX}*"), *parent.glob(f"{_UNFINISHED}*")]:
        try:
            if folder.lstat().st_uid != os.getuid():
                continue
            descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            _sweep_unfinished(folder)
            continue
        except OSError:
            continue  # somebody else's, or no folder of ours: leave it alone
        try:
            if folder.name.startswith(_PREFIX):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
            else:
                _sweep_unfinished(folder)
        except BlockingIOError:
            pass  # its process lives
        finally:
            os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove a folder, its owner's file last: one whose removal was cut short is swept at once. What cannot be removed is left."""
    for path in folder.glob("*"):  # nothing, where it is gone already
        if path.name != _OWNER:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep_unfinished(folder: Path) -> None:
    try:
        abandoned = time.time() - folder.lstat().st_mtime > _GRACE_S
    except FileNotFoundError:
        return
    if abandoned and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
