"""A GGUF file: what its metadata says, and its tensors as numbers. Reads no more of it than is asked for.

Source: the specification of the format in llama.cpp, versions 2 and 3. Knows no model.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_ALIGNMENT: Final = "general.alignment"
_ALIGNED: Final = 32  # bytes, where the file does not say


def read_metadata(path: Path, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """Read a file's metadata.

    Args:
        path: of a GGUF file.
        wanted: names of the values; None: all.

    Returns:
        Those of them that the file has, by name.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """
    try:
        with path.open("rb") as file:
            return _pairs(file, _begin(file, path)[1], wanted)
    except (OSError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise _unreadable(path, error) from error


@dataclass(frozen=True, slots=True)
class RawTensor:
    """A tensor as it stands in a file.

    Attributes:
        name: in the file.
        shape: the dimension that runs fastest is the last.
        kind: its `GGMLQuantizationType`, by number.
        data: bytes, shape (*shape[:-1], bytes of a row).
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    data: npt.NDArray[np.uint8]

    def values(self) -> npt.NDArray[np.float32]:
        """Its numbers, however they are quantised; of its shape."""
        from gguf import GGMLQuantizationType
        from gguf.quants import dequantize

        return np.array(dequantize(self.data, GGMLQuantizationType(self.kind)), np.float32).reshape(self.shape)


def list_tensors(path: Path) -> dict[str, tuple[int, ...]]:
    """Read which tensors a file has.

    Args:
        path: of a GGUF file.

    Returns:
        Their shapes by name; the dimension that runs fastest is the last.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """
    try:
        with path.open("rb") as file:
            count, pairs = _begin(file, path)
            _pairs(file, pairs)
            return {name: shape for name, shape, _, _ in (_place(file) for _ in range(count))}
    except (OSError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise _unreadable(path, error) from error


def read_raw(path: Path, wanted: Collection[str] | None = None) -> Iterator[RawTensor]:
    """Read the tensors of a file one by one, as they stand there.

    Args:
        path: of a GGUF file.
        wanted: names of the tensors; None: all.

    Yields:
        Each of them.

    Raises:
        ModelError: the file cannot be read, is not GGUF, or is cut short.
    """
    try:
        with path.open("rb") as file:
            for name, shape, kind, offset, rows in _raw_places(file, path):
                if wanted is None or name in wanted:
                    file.seek(offset)
                    data = np.frombuffer(file.read(math.prod(rows)), np.uint8).reshape(rows)
                    yield RawTensor(name, shape, kind, data)
    except (OSError, struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise _unreadable(path, error) from error


def map_raw(path: Path, name: str) -> RawTensor:
    """Map a tensor of a file into memory, as it stands there.

    Args:
        path: of a GGUF file.
        name: of the tensor.

    Returns:
        The tensor; what is touched of it is read.

    Raises:
        ModelError: the file cannot be read, is not GGUF, is cut short, or has no such tensor.
    """
    try:
        with path.open("rb") as file:
            _, shape, kind, offset, rows = next(place for place in _raw_places(file, path) if place[0] == name)
        return RawTensor(name, shape, kind, np.memmap(path, np.uint8, "r", offset, rows))
    except (OSError, struct.error, UnicodeDecodeError, KeyError, ValueError, StopIteration) as error:
        raise _unreadable(path, error) from error


def _raw_places(file: BinaryIO, path: Path) -> list[tuple[str, tuple[int, ...], int, int, tuple[int, ...]]]:
    """Name, shape, kind, offset in the file, and shape in bytes of each tensor."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    count, pairs = _begin(file, path)
    alignment = int(_pairs(file, pairs).get(_ALIGNMENT, _ALIGNED))
    places = [_place(file) for _ in range(count)]
    begin = -(-file.tell() // alignment) * alignment
    found = []
    for name, shape, kind, offset in places:
        per_block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        *rows, width = shape
        found.append((name, shape, kind, begin + offset, (*rows, width // per_block * size)))
    return found


def read_tensors(path: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Read the tensors of a file one by one, however they are quantised.

    Args:
        path: of a GGUF file.

    Yields:
        Name and values, the last dimension running fastest.

    Raises:
        ModelError: the file cannot be read, is not GGUF, or is cut short.
    """
    for tensor in read_raw(path):
        try:
            values = tensor.values()
        except (ValueError, NotImplementedError) as error:
            raise _unreadable(path, error) from error
        yield tensor.name, values


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path} cannot be read: {error}", hint="Run: python -m rag models verify")


def _begin(file: BinaryIO, path: Path) -> tuple[int, int]:
    """How many tensors and pairs of metadata there are."""
    magic, version, tensors, pairs = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF" or version not in {2, 3}:
        raise ModelError(f"{path} is not a GGUF file", hint="Check the models in rag.toml, or run: python -m rag models verify")
    return tensors, pairs


def _pairs(file: BinaryIO, count: int, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """The pairs that are wanted, read up to the last of them; without any named all, to the end of the metadata."""
    found: dict[str, Any] = {}
    for _ in range(count):
        key = _string(file)
        value = _value(file, *struct.unpack("<I", file.read(4)))
        if wanted is None or key in wanted:
            found[key] = value
        if wanted is not None and len(found) == len(wanted):
            break
    return found


def _place(file: BinaryIO) -> tuple[str, tuple[int, ...], int, int]:
    """Name, shape, kind and offset of a tensor; the file gives the dimension first that runs fastest."""
    name = _string(file)
    (dimensions,) = struct.unpack("<I", file.read(4))
    shape = struct.unpack(f"<{dimensions}Q", file.read(8 * dimensions))
    kind, offset = struct.unpack("<IQ", file.read(12))
    return name, tuple(reversed(shape)), kind, offset


def _string(file: BinaryIO) -> str:
    return file.read(struct.unpack("<Q", file.read(8))[0]).decode("utf-8")


def _value(file: BinaryIO, kind: int) -> Any:  # noqa: ANN401 - as the file has it
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        of, length = struct.unpack("<IQ", file.read(12))
        if of in _SCALARS:
            size = struct.calcsize(_SCALARS[of])
            raw = file.read(size * length)
            return struct.unpack(f"<{length}{_SCALARS[of][1]}", raw)
        if of == _STRING:  # 300,000 of them in a vocabulary
            return [_string(file) for _ in range(length)]
        return [_value(file, of) for _ in range(length)]
    return struct.unpack(_SCALARS[kind], file.read(struct.calcsize(_SCALARS[kind])))[0]
