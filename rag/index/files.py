"""Files that survive: copies, durable writes, atomic replacement.

Knows the file system. Knows nothing of what the files hold. Errors of the operating system pass through; callers explain them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

_FICLONE = 0x40049409  # Linux: share the blocks of another file until one of them is written


def copy_file(source: Path, target: Path) -> None:
    """Copy what a file holds; where the file system can share blocks (btrfs, XFS), nothing is moved."""
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
            return
        except OSError:
            pass  # not that kind of file system: copy the bytes
    shutil.copyfile(source, target)


def copy_tree(source: Path, target: Path, *, leave_out: frozenset[str] = frozenset()) -> None:
    """Copy a folder; `target` may exist. Names in `leave_out` are left out at the top only. Links are not followed."""
    target.mkdir(exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in leave_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                copy_tree(Path(entry.path), target / entry.name)
            elif entry.is_file(follow_symlinks=False):
                copy_file(Path(entry.path), target / entry.name)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until all files of a folder, and the folders themselves, are on the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync(Path(place, name))
        sync(Path(place))


def write_file(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file: a reader sees the old or the new content, whole, also after a power cut."""
    fresh = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        write_file(fresh, content)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync(path.parent)


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(Path(place, name).stat().st_size for place, _, names in os.walk(folder) for name in names)


def remove_tree(folder: Path) -> None:
    """Remove a folder; one that is gone already is fine, anything else that keeps it is an error."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        if folder.exists():
            raise
