"""Weights on disk: where a model lies, whether it is there, whether it is whole.

Knows the layout of the models folder. Writes nothing and needs no network.

    MODELS/NAME/...             a model, whole: the folder appears by one rename
    MODELS/.partial/NAME/       what a fetch under way, or one that was interrupted, has so far
    MODELS/.lock                held by the fetch under way
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.errors import ModelError
from rag.models.catalogue import Catalogue, Model, WeightFile, load_catalogue
from rag.protocols import Progress

State = Literal["present", "partial", "missing"]
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What `verify` found about one file.

    Attributes:
        model: name in the catalogue.
        file: name below the model's folder.
        path: where it was looked for.
        state: `damaged` is there with another size or hash.
    """

    model: str
    file: str
    path: Path
    state: Literal["ok", "damaged", "missing"]


def folder(model: Model, models_dir: Path) -> Path:
    """Return where the model lies or would lie."""
    return models_dir / model.name


def staging(model: Model, models_dir: Path) -> Path:
    """Return where a fetch collects the model before it is whole."""
    return models_dir / ".partial" / model.name


def state(model: Model, models_dir: Path) -> State:
    """Tell whether a model is there, by its files' sizes alone: a few stat calls, no hashing."""
    here = folder(model, models_dir)
    fitting = [_size(here / file.name) == file.size for file in model.files]
    if all(fitting):
        return "present"
    return "partial" if here.exists() or staging(model, models_dir).exists() else "missing"


def is_present(name: str, models_dir: Path, catalogue: Catalogue | None = None) -> bool:
    """Tell whether a model can be used; takes milliseconds.

    Args:
        name: of the model.
        models_dir: folder of the weights.
        catalogue: where to look; None is the one that ships with the system.

    Returns:
        Whether every file is there with its exact size; no hash is computed.

    Raises:
        ModelError: no such model.
    """
    return state((catalogue or load_catalogue()).model(name), models_dir) == "present"


def model_path(name: str, models_dir: Path, catalogue: Catalogue | None = None) -> Path:
    """Find what an engine opens.

    Args:
        name: of the model.
        models_dir: folder of the weights.
        catalogue: where to look; None is the one that ships with the system.

    Returns:
        The folder of an embedder, the file of an LLM.

    Raises:
        ModelError: no such model, or it is not there, or a file of it has another size.
    """
    model = (catalogue or load_catalogue()).model(name)
    found = state(model, models_dir)
    if found != "present":
        what = "not there yet" if found == "missing" else "not complete"
        raise ModelError(
            f"The weights of {name} are {what} ({folder(model, models_dir)})", hint=f"Run: python -m rag models fetch {name}"
        )
    here = folder(model, models_dir)
    return here / model.files[0].name if model.role == "llm" else here


def verify(
    names: Sequence[str], models_dir: Path, progress: Progress | None = None, catalogue: Catalogue | None = None
) -> list[FileCheck]:
    """Compare the SHA-256 of every file of these models with the catalogue.

    Args:
        names: of the models.
        models_dir: folder of the weights.
        progress: called with a stage, the megabytes hashed and those of the model.
        catalogue: where to look; None is the one that ships with the system.

    Returns:
        One check for each file, in the order of the catalogue; damaged and missing files are among them.

    Raises:
        ModelError: no such model, or a file cannot be read.
    """
    known = catalogue or load_catalogue()
    checks: list[FileCheck] = []
    for model in [known.model(name) for name in names]:
        done = 0
        for file in model.files:
            path = folder(model, models_dir) / file.name
            checks.append(FileCheck(model.name, file.name, path, _check(file, path)))
            done += file.size
            if progress:
                progress(f"Verifying {model.name} (MB)", done // 10**6, model.size // 10**6)
    return checks


def sha256_of(path: Path, on_block: Callable[[bytes], None] | None = None) -> str:
    """Return the SHA-256 of a file, reading it block by block; `on_block` sees each block."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            if on_block:
                on_block(block)
    return digest.hexdigest()


def _check(file: WeightFile, path: Path) -> Literal["ok", "damaged", "missing"]:
    size = _size(path)
    if size is None:
        return "missing"
    try:
        return "ok" if size == file.size and sha256_of(path) == file.sha256 else "damaged"
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", hint="Check its permissions and the disk.") from error


def _size(path: Path) -> int | None:
    """Return the size of a file in bytes; None where there is no regular file."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
