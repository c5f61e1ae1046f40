"""OpenVINO, imported without its telemetry. Every use of OpenVINO in this package comes through here.

Importing `openvino` imports its model converter, and importing that reports the import to an analytics service and writes an
identity into the home folder; no environment variable turns it off. The converter is of no use here. Both are kept from being
imported, which OpenVINO takes as "not installed"; that saves half of its start-up time too.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import cast

_KEPT_OUT = ("openvino_telemetry", "openvino.tools.ovc")


def import_openvino() -> ModuleType:
    """Import OpenVINO.

    Returns:
        the module `openvino`.

    Raises:
        ImportError: it is not installed, or not for this machine.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    for name in _KEPT_OUT:
        modules.setdefault(name, None)  # None: importing it raises ImportError
    return importlib.import_module("openvino")


def has_openvino() -> bool:
    """Tell whether it is installed, without importing it."""
    return importlib.util.find_spec("openvino") is not None
