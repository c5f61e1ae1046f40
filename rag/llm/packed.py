"""Weights of a language model laid out for OpenVINO, in a folder of their own: made once from a GGUF file, then mapped.

OpenVINO multiplies in eight bits where weights are four bits with a scale and a whole zero point for every 32 of them. GGUF's
four-bit kinds are that, but that their zero points are fractions. So each is rounded, and what that leaves out of the weights of a
group, the same number for all of them, is kept beside them: times the sum of the group's inputs it is the rest of the product, a
thirty-second of the work (docs/LOG.md); of that, as of every other kind, eight bits are kept.

    MODELS/packed/NAME/weights.bin      the tensors, one behind the other
    MODELS/packed/NAME/packed.json      where each of them stands, and of which file they are; the folder appears by one rename
    MODELS/packed/.lock                 held by who lays out
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import mmap
import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from rag.decoder.eight_bits import in_eight_bits
from rag.decoder.measures import EMBEDDING, OUTPUT, Measures, read_measures
from rag.errors import ModelError
from rag.gguf_file import RawTensor, list_tensors, map_raw, read_raw
from rag.protocols import Progress

GROUP: Final = 32
"""Weights that share a scale."""

VALUES: Final = "values"
"""Part of a matrix: int8, shape (rows, columns); or uint8, shape (rows, groups, 16), two weights in each, the first one low."""
SCALES: Final = "scales"
"""float32, shape (rows, 1) or (rows, groups, 1)."""
ZEROS: Final = "zeros"
"""uint8, shape (rows, groups, 1): the weight that stands for 0. Only of four bits."""
LEFT: Final = "left"
"""int8, shape (rows, groups): what a whole zero point leaves of each weight of a group. Only of four bits."""
LEFT_SCALES: Final = "left_scales"
"""float32, shape (rows, 1)."""

LAYOUT: Final = 1
"""Version of what is written here."""
_DATA, _INDEX = "weights.bin", "packed.json"
_STAGED: Final = ".packing-"
_LARGER: Final = 1.05  # bytes for a weight, at most
_ALIGNED: Final = 64  # bytes
_AT_ONCE: Final = 1 << 23  # numbers in single precision
_FORGET_S: Final = 0.05
_HIGHEST_ZERO: Final = 255
_Q4_0, _Q4_1, _Q4_K = 2, 3, 12  # GGMLQuantizationType

Array = npt.NDArray[Any]


def packed_folder(path: Path, models_dir: Path) -> Path:
    """Find where the weights of a GGUF file lie or would lie.

    Args:
        path: of the file, which is there; another one in its place has another folder.
        models_dir: folder of all weights.

    Returns:
        The folder.

    Raises:
        ModelError: there is no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ModelError(f"There is no model file {path}", hint="Check llm in rag.toml.") from error
    told = f"{LAYOUT} {path.name} {status.st_size} {status.st_mtime_ns}"
    return models_dir / "packed" / f"{path.stem}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def is_packed(folder: Path) -> bool:
    """Return whether the weights lie there, whole as far as names and sizes tell."""
    try:
        return bool(_read_index(folder)["bytes"] == (folder / _DATA).stat().st_size)
    except (ModelError, OSError, KeyError):
        return False


def pack(path: Path, folder: Path, progress: Progress = lambda *_: None) -> None:
    """Lay out the weights of a GGUF file; half a minute for 1.5 billion of them. Does nothing where that was done.

    Waits for another process that does so. What was laid out of an older file in the same place is removed.

    Args:
        path: of the file.
        folder: from `packed_folder`; what is damaged in it is replaced.
        progress: told how many tensors are done.

    Raises:
        ModelError: the file is damaged, holds another kind of model, or there is no room.
    """
    if is_packed(folder):
        return
    measures = read_measures(path)
    names = list_tensors(path)
    wanted = names.keys() - ({EMBEDDING} if OUTPUT in names else set())  # rows of it are read from the file itself
    try:
        with _alone(folder.parent):
            if is_packed(folder):
                return
            _clear(folder, path)
            # No weight takes more than eight bits and a little.
            needed = _LARGER * sum(math.prod(names[name]) for name in wanted)
            if shutil.disk_usage(folder.parent).free < needed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            staged = Path(tempfile.mkdtemp(prefix=_STAGED, dir=folder.parent))
            try:
                _write(staged, path, wanted, measures, progress)
                staged.rename(folder)
            finally:
                shutil.rmtree(staged, ignore_errors=True)  # what came to nothing
    except OSError as error:
        raise ModelError(
            f"The language model cannot be laid out in {folder.parent}: {error.strerror}",
            hint="Free some space, or set models_dir.",
        ) from error
    except (ValueError, NotImplementedError) as error:
        raise ModelError(f"{path} cannot be read: {error}", hint="Run: python -m rag models verify") from error


def _write(staged: Path, path: Path, wanted: Collection[str], measures: Measures, progress: Progress) -> None:
    with (staged / _DATA).open("wb") as file:
        index: dict[str, Any] = {}
        for done, tensor in enumerate(read_raw(path, wanted), 1):
            for part, array in _packed(tensor, measures):
                index[part] = _append(file, array)
            progress("laying out the language model", done, len(wanted))
        record = {"layout": LAYOUT, "source": str(path.resolve()), "bytes": file.tell(), "tensors": index}
        _onto_disk(file)
    with (staged / _INDEX).open("wb") as file:
        file.write(json.dumps(record).encode())
        _onto_disk(file)
    staged.chmod(0o755)


@contextlib.contextmanager
def _alone(parent: Path) -> Iterator[None]:
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the process, however it ends
        yield


def _clear(folder: Path, path: Path) -> None:
    """Remove what is damaged, what was left half done, and what was laid out of another file in this one's place."""
    shutil.rmtree(folder, ignore_errors=True)
    for other in folder.parent.iterdir():
        if other.name.startswith(_STAGED) or (other.is_dir() and _source(other) == str(path.resolve())):
            shutil.rmtree(other, ignore_errors=True)


def _source(folder: Path) -> str:
    try:
        return str(_read_index(folder).get("source", ""))
    except ModelError:
        return ""


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found.get("layout") != LAYOUT:
            raise ValueError("it is of another version")
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} is damaged: {error}", hint="Remove that folder; it is made anew.") from error
    return found


def _onto_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class Packed:
    """Weights that were laid out, mapped into memory.

    Args:
        folder: where they lie.

    Raises:
        ModelError: they are not there, or not whole.
    """

    def __init__(self, folder: Path) -> None:
        try:
            index = _read_index(folder)["tensors"]
            with (folder / _DATA).open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # OpenVINO wants to be able to write
            self._arrays = {name: self._view(**place) for name, place in index.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder} is damaged: {error}", hint="Remove that folder; it is made anew.") from error

    def part(self, name: str, part: str) -> Array | None:
        """Return a part of a matrix; None where it has none of that name."""
        return self._arrays.get(f"{name}:{part}")

    def vector(self, name: str) -> Array | None:
        """Return a tensor of one dimension, float32; None where there is none of that name."""
        return self._arrays.get(name)

    def has(self, name: str) -> bool:
        """Return whether there is such a matrix."""
        return f"{name}:{VALUES}" in self._arrays

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """Let go of what is read into memory, while and after an engine makes weights of its own of it.

        Both would need twice the memory else. What is touched again is read again.
        """
        done = threading.Event()

        def forget() -> None:
            while not done.wait(_FORGET_S):
                self._map.madvise(mmap.MADV_DONTNEED)
            self._map.madvise(mmap.MADV_DONTNEED)

        thread = threading.Thread(target=forget, name="weights", daemon=True) if hasattr(mmap, "MADV_DONTNEED") else None
        if thread:
            thread.start()
        try:
            yield
        finally:
            done.set()
            if thread:
                thread.join()

    def _view(self, offset: int, shape: list[int], dtype: str) -> Array:
        return np.frombuffer(self._map, np.dtype(dtype), math.prod(shape), offset).reshape(shape)


class EmbeddingRows:
    """Rows of the embedding of a GGUF file, read as they are asked for.

    Args:
        path: of the file.

    Raises:
        ModelError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._tensor = map_raw(path, EMBEDDING)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._tensor.shape[0]

    def of(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Return the rows of tokens; shape (tokens, width)."""
        width = self._tensor.shape[1]
        return RawTensor(EMBEDDING, (len(tokens), width), self._tensor.kind, self._tensor.data[tokens]).values()


def _packed(tensor: RawTensor, measures: Measures) -> Iterator[tuple[str, Array]]:
    order = measures.order(tensor.name)
    if len(tensor.shape) == 1:
        values = tensor.values()
        yield tensor.name, values if order is None else values[order]
        return
    parts = _four_bits(tensor) or _eight_bits(tensor)
    for part, array in parts.items():
        yield f"{tensor.name}:{part}", array if order is None else array[order]


def _eight_bits(tensor: RawTensor) -> Mapping[str, Array]:
    count, columns = tensor.shape
    step = max(1, _AT_ONCE // columns)  # the largest matrix would take gigabytes else
    parts = [
        in_eight_bits(replace(tensor, shape=(len(data), columns), data=data).values())
        for data in (tensor.data[start : start + step] for start in range(0, count, step))
    ]
    return {VALUES: np.concatenate([part.values for part in parts]), SCALES: np.concatenate([part.scales for part in parts])}


def _four_bits(tensor: RawTensor) -> Mapping[str, Array] | None:
    """A matrix whose weights are scale * number - least, number from 0 to 15; None where they are not."""
    rows, columns = tensor.shape
    if tensor.kind == _Q4_K:
        numbers, scales, least = _of_super_blocks(tensor.data.reshape(-1, 144))
    elif tensor.kind in {_Q4_0, _Q4_1}:
        numbers, scales, least = _of_blocks(tensor)
    else:
        return None
    shape = (rows, columns // GROUP)
    numbers, scales, least = numbers.reshape(*shape, GROUP), scales.reshape(*shape), least.reshape(*shape)
    zeros = np.clip(np.round(least / np.where(scales == 0, 1, scales)), 0, _HIGHEST_ZERO)
    left = in_eight_bits((zeros * scales - least).astype(np.float32))
    return {
        VALUES: numbers[..., 0::2] | (numbers[..., 1::2] << 4),
        SCALES: scales[..., None].astype(np.float32),
        ZEROS: zeros[..., None].astype(np.uint8),
        LEFT: left.values,
        LEFT_SCALES: left.scales,
    }


def _of_super_blocks(blocks: npt.NDArray[np.uint8]) -> tuple[Array, Array, Array]:
    """Blocks of 256: two factors, eight pairs of scale and least of six bits each, and the numbers, 32 low ones before 32 high."""
    from gguf.quants import Q4_K

    of_scales, of_least = (blocks[:, at : at + 2].copy().view(np.float16).astype(np.float32) for at in (0, 2))
    scales, least = Q4_K.get_scale_min(blocks[:, 4:16])
    pairs = blocks[:, 16:].reshape(-1, 4, GROUP)
    numbers = np.stack([pairs & 15, pairs >> 4], 2).reshape(-1, GROUP)
    return numbers, of_scales * scales.astype(np.float32), of_least * least.astype(np.float32)


def _of_blocks(tensor: RawTensor) -> tuple[Array, Array, Array]:
    """Blocks of 32: a scale, with Q4_1 what is added to each weight, and the numbers, 16 low ones before 16 high."""
    head = 2 if tensor.kind == _Q4_0 else 4
    blocks = tensor.data.reshape(-1, head + GROUP // 2)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    least = 8 * scales if tensor.kind == _Q4_0 else -blocks[:, 2:4].copy().view(np.float16).astype(np.float32)
    pairs = blocks[:, head:]
    return np.concatenate([pairs & 15, pairs >> 4], 1), scales, least


def _append(file: BinaryIO, array: Array) -> dict[str, Any]:
    file.write(b"\0" * (-file.tell() % _ALIGNED))
    place = {"offset": file.tell(), "shape": list(array.shape), "dtype": array.dtype.str}
    file.write(np.ascontiguousarray(array).data)
    return place
