"""A configured cross-encoder, from `rag.toml` to what the commands print: real wiring, index and embedder, a tiny real model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rag.config import load_config
from rag.errors import ModelError
from rag.wiring import build_assistant, run_ingest
from tests.tiny_cross_encoder import overlap_cross_encoder

ROOT = Path(__file__).parents[2]
GUARD = ROOT / "tests" / "no_network"

pytestmark = pytest.mark.model

QUESTION = "How long does a kettle take?"
PAGES = {
    "kettles.md": "# Kettles\n\nA kettle boils one litre in three minutes.\n",
    "words.md": "# Words\n\nHow long does it take? That is a thing to ask, and nobody knows.\n",
    "pans.md": "# Pans\n\nWater in a pan is hot after eight minutes.\n",
    "cups.md": "# Cups\n\nCups are made of clay and fired twice.\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return overlap_cross_encoder(tmp_path_factory.mktemp("ranker"), [QUESTION, *PAGES.values()])


@pytest.fixture(scope="module")
def settings(tmp_path_factory, folder, embedder_folder):
    """A configuration file whose index holds the pages."""
    home = tmp_path_factory.mktemp("home")
    (home / "corpus").mkdir()
    for name, text in PAGES.items():
        (home / "corpus" / name).write_text(text, encoding="utf-8")
    models = f"embedder = {json.dumps(str(embedder_folder))}\nreranker = {json.dumps(str(folder))}\n"
    (home / "rag.toml").write_text(f'corpus = "corpus"\nindex = "index"\n{models}', encoding="utf-8")
    run_ingest(load_config(home / "rag.toml"), full=False, dry_run=False, progress=lambda *_: None)
    return home / "rag.toml"


def search(settings, **changes):
    with build_assistant(load_config(settings, flags=changes)) as assistant:
        return assistant.search(QUESTION, top_k=4, max_tokens=600)


def run(settings, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(GUARD), str(ROOT)))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_passages_come_in_the_order_of_its_scores(settings, folder):
    """Scores computed by transformers alone, from the same folder."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    model.eval()
    plain, found = search(settings, reranker=""), search(settings)
    with torch.inference_mode():
        expected = {
            passage.chunk.path: float(model(**tokenizer(QUESTION, passage.chunk.embed_text, return_tensors="pt")).logits[0, 0])
            for passage in plain.passages
        }
    paths = [passage.chunk.path for passage in found.passages]
    assert paths == sorted(expected, key=lambda path: -expected[path])
    assert [passage.score for passage in found.passages] == pytest.approx([expected[path] for path in paths], abs=1e-4)
    assert paths[0] == "words.md"
    assert plain.passages[0].chunk.path == "kettles.md"
    assert sorted(paths) == sorted(PAGES)


def test_asking_twice_gives_the_same(settings):
    one, other = search(settings), search(settings)
    assert one.passages == other.passages
    assert one.trace == other.trace


def test_the_commands_show_its_scores_and_leave_the_machine_alone(settings):
    found = json.loads(run(settings, "-m", "rag", "search", QUESTION, "--json", "--explain").stdout)
    assert found["passages"][0]["path"] == "words.md"
    assert found["passages"][0]["score"] == found["passages"][0]["scores"]["rerank"]
    assert found["timings_s"]["rerank"] > 0
    assert [one["ranks"]["rerank"] for one in found["trace"]] == [1, 2, 3, 4]
    why = run(settings, "-m", "rag", "why", QUESTION, "kettles.md")
    assert "rerank #2" in why.stdout
    assert "rerank -" in why.stdout or "rerank 0." in why.stdout
    assert why.stderr == ""


def test_the_doctor_names_it(settings, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "rag", "doctor", "--config", str(settings)],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if "reranker" in line)
    assert line.split()[:2] == ["ok", "reranker"]


def test_without_one_its_engine_is_not_imported(settings):
    lines = f"""
import sys, json
from pathlib import Path
from rag.config import load_config
from rag.wiring import build_assistant
with build_assistant(load_config(Path({str(settings)!r}), flags={{"reranker": ""}})) as assistant:
    assistant.search({QUESTION!r})
print(json.dumps([name for name in ("torch", "sentence_transformers", "rag.rerank") if name in sys.modules]))
"""
    assert json.loads(run(settings, "-c", lines).stdout) == []


def test_a_folder_with_something_else_is_said_at_the_first_question(settings, embedder_folder):
    with pytest.raises(ModelError, match="no cross-encoder but BertModel"):
        search(settings, reranker=str(embedder_folder))
