"""Unit tests stay light: an engine that one of them imports, however indirectly, fails the run."""

from __future__ import annotations

import sys

import pytest

HEAVY = ("torch", "transformers", "sentence_transformers", "chromadb", "xllamacpp", "gradio", "ragas", "llama_index")


@pytest.fixture(scope="session", autouse=True)
def nothing_heavy_is_imported():
    before = set(sys.modules)
    yield
    imported = [name for name in HEAVY if name in sys.modules and name not in before]
    assert not imported, f"unit tests imported {', '.join(imported)}"
