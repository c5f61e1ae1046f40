"""Nothing leaves the machine: ingest, ask, the chat's imports and eval with every non-loopback socket refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARD = Path(__file__).parents[1] / "no_network"

pytestmark = pytest.mark.model


def guarded(arguments, cwd, **env):
    """Run Python where leaving the machine ends the process; without a network at all where this system lets us."""
    prefix = ["unshare", "--map-root-user", "--net"] if _can_unshare() else []
    return subprocess.run(
        [*prefix, sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(GUARD), str(ROOT))), **env},
        capture_output=True,
        text=True,
        timeout=300,
    )


def _can_unshare():
    command = ["unshare", "--map-root-user", "--net", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False).returncode == 0


def test_the_guard_works(tmp_path):
    done = guarded(["-c", "import urllib.request; urllib.request.urlopen('http://example.org', timeout=3)"], tmp_path)
    assert done.returncode == 97
    assert "LEFT THE MACHINE" in done.stderr


def test_ingest_search_and_ask(tmp_path, embedder_folder, smollm2_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kettles.md").write_text("# Kettles\n\nA kettle boils one litre in three minutes.\n", encoding="utf-8")
    done = guarded([ROOT / "ingest.py", "--corpus", "notes", "--index", "index", "--json"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["embedded"] == 1
    done = guarded(["-m", "rag", "ask", "How long does a kettle take?", "--json"], tmp_path, RAG_LLM=f"gguf:{smollm2_path}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["passages"][0]["path"] == "kettles.md"


def test_the_engines_of_the_chat_and_of_evaluation_import(tmp_path):
    lines = "import rag.offline, gradio, ragas, transformers, chromadb, llama_index.core; print('ok')"
    done = guarded(["-W", "ignore", "-c", lines], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("ok")


def test_what_is_never_used_of_a_vendor_is_not_imported(tmp_path):
    lines = "import rag.offline, chromadb, httpx, sys; print([each for each in ('grpc', 'rich') if each in sys.modules])"
    done = guarded(["-W", "ignore", "-c", lines], tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
