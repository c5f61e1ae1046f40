"""Gradio, imported in half the time: without writing type stubs.

While it is imported, Gradio parses the source of each of its components and writes a stub (`.pyi`) beside it, every time; on two
cores that is three of six seconds, and it changes an installation that may be read-only. Only editors use the stubs. Knows the one
function of Gradio that does so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_MODULE = "gradio.component_meta"
_WRITER = "create_or_modify_pyi"


def install() -> None:
    """See to it that Gradio writes no stubs when it is imported; without effect if it was already."""
    if _MODULE not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds that one module where Python would, and has it loaded by `_Loader`."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if hasattr(module, _WRITER):  # another version may do without
            setattr(module, _WRITER, lambda *_: None)
