"""Finds llama.cpp: the library that was built for this processor, where there is one, else the one that is installed.

Both are the same package in the same version, and a process holds one of them. Knows how it is imported, not how it is used.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.llm.openmp import sleeping_threads

_NAME = "xllamacpp"
_MAGIC = b"GGUF"
_LOG = logging.getLogger(__name__)


def import_library(folder: Path | None = None) -> Any:  # noqa: ANN401 - the vendor has no types
    """Import llama.cpp's binding.

    Args:
        folder: of the one built for this processor. If it does not load, that is logged, and the installed one is taken.

    Returns:
        The module. A process has one: where it is loaded already, `folder` changes nothing.

    Raises:
        ModelError: there is none that loads.
    """
    try:
        with sleeping_threads():
            return (_import_from(folder) if folder and _NAME not in sys.modules else None) or importlib.import_module(_NAME)
    except ImportError as error:
        raise ModelError(
            f"llama.cpp cannot be loaded: {error}", hint="Install xllamacpp; on Debian and Ubuntu also the package libgomp1."
        ) from error


def is_from(library: Any, folder: Path) -> bool:  # noqa: ANN401 - the vendor has no types
    """Return whether a library was loaded from `folder`."""
    return Path(library.__file__).is_relative_to(folder)


def check_file(path: Path) -> None:
    """Say in plain words what the library would only call a failure.

    Args:
        path: of the weights.

    Raises:
        ModelError: the file is missing, cannot be read, or is no GGUF file.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror}", hint="Fetch it with: python -m rag models fetch"
        ) from error
    if magic != _MAGIC:
        raise ModelError(f"{path} is not a GGUF file", hint="Fetch the weights again with: python -m rag models fetch")


def _import_from(folder: Path) -> Any | None:  # noqa: ANN401 - the vendor has no types
    sys.path.insert(0, str(folder))
    try:
        library = importlib.import_module(_NAME)
        if is_from(library, folder):
            return library
        reason = "it is not there"
    except ImportError as error:
        reason = str(error)
    finally:
        sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == _NAME]:
        del sys.modules[name]
    _LOG.warning("The engine built for this processor does not load, the installed one is used: %s", reason)
    return None
