"""One fetch at a time for a models folder.

Knows advisory locks of the operating system: they end with the process that holds them, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import ModelError

_POLL_S = 0.1
_HELD = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def exclusive(models_dir: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the models folder for this process; wait for another one that holds it, and say so once.

    Args:
        models_dir: made where missing.
        say: called with one line for a person who has to wait.

    Raises:
        ModelError: the folder cannot be written to or cannot be locked.
    """
    path = models_dir / ".lock"
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ModelError(
            f"{models_dir} cannot be written to: {error.strerror}", hint="Set RAG_MODELS_DIR to a folder of yours."
        ) from error
    try:
        _wait_for(lock, path, say)
        with suppress(OSError):  # a full disk: who waits learns less, and that is all
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        # The file stays: removing it would let a third process lock a file that the second one still waits for.
        os.close(lock)


def _wait_for(lock: int, path: Path, say: Callable[[str], None]) -> None:
    said = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in _HELD:
                raise ModelError(
                    f"{path} cannot be locked: {error.strerror}", hint="Set RAG_MODELS_DIR to a local disk."
                ) from error
        if not said:
            holder = os.pread(lock, 200, 0).decode(errors="replace") or "another process"
            say(f"Waiting for another fetch into {path.parent} ({holder})")
            said = True
        time.sleep(_POLL_S)
