"""Unit tests stay light: an engine that one of them imports, however indirectly, fails the run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "sentence_transformers", "chromadb", "xllamacpp", "gradio", "ragas", "llama_index")


@pytest.fixture(scope="session", autouse=True)
def nothing_heavy_is_imported(request):
    yield
    # Beside other tests, which share the process, nothing can be said.
    if all(item.path.is_relative_to(Path(__file__).parent) for item in request.session.items):
        imported = [name for name in HEAVY if name in sys.modules]
        assert not imported, f"unit tests imported {', '.join(imported)}"
