"""Ingest through the real command, with the real embedder and the real Chroma."""

from __future__ import annotations

import json

import pytest

from tests.integration.test_trouble import ingest, rag

pytestmark = pytest.mark.model

PAGES = {
    "a/kettles.md": "---\ntitle: Kettles\ntags: [kitchen]\n---\n\n# Kettles\n\nA kettle boils one litre in three minutes. A wide "
    "one on a small flame takes nearly twice as long, and most of the heat goes past it.\n\n## Descaling\n\nLimescale comes off "
    "with vinegar. Let it stand for an hour, pour it away, and boil clear water twice before the next pot of tea.\n",
    "b/bicycles.md": "# Bicycles\n\nA bicycle chain lasts about 3,000 kilometres.\n",
    "c/bread.md": "# Bread\n\nA sourdough rises for twelve hours.\n",
}


@pytest.fixture
def folder(tmp_path, embedder_folder):
    for path, text in PAGES.items():
        (tmp_path / "notes" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notes" / path).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder, *arguments, status=0):
    done = ingest(folder, "--json", *arguments)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def found(folder, question):
    done = rag(folder, "search", question, "--json", "--top-k", "1")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["passages"]


@pytest.fixture
def smollm(monkeypatch, smollm2_path):
    monkeypatch.setenv("RAG_LLM", f"gguf:{smollm2_path}")


def test_the_life_of_an_index(folder, smollm):
    first = run(folder)
    assert first["added"] == sorted(PAGES)
    assert first["embedded"] == first["chunks"] > 0

    again = run(folder)
    assert (again["embedded"], again["generation"], again["unchanged"]) == (0, first["generation"], 3)
    assert (again["added"], again["changed"], again["removed"]) == ([], [], [])
    assert again["chunks"] == first["chunks"]

    page = folder / "notes" / "b" / "bicycles.md"
    page.write_text("# Bicycles\n\nA tubeless tyre needs sealant every six months.\n", encoding="utf-8")
    would = run(folder, "--dry-run")
    assert (would["changed"], would["generation"]) == (["b/bicycles.md"], first["generation"])
    edited = run(folder)
    assert edited["changed"] == ["b/bicycles.md"]
    assert edited["embedded"] == 1
    assert edited["generation"] == first["generation"] + 1
    assert "sealant" in found(folder, "How often does a tyre need sealant?")[0]["text"]

    page.rename(folder / "notes" / "b" / "cycling.md")
    renamed = run(folder)
    assert (renamed["added"], renamed["removed"], renamed["embedded"]) == (["b/cycling.md"], ["b/bicycles.md"], 0)
    assert found(folder, "How often does a tyre need sealant?")[0]["path"] == "b/cycling.md"

    (folder / "notes" / "b" / "cycling.md").unlink()
    removed = run(folder)
    assert (removed["removed"], removed["documents"]) == (["b/cycling.md"], 2)
    assert all("sealant" not in passage["text"] for passage in found(folder, "How often does a tyre need sealant?"))

    done = rag(folder, "rollback")
    assert done.returncode == 0, done.stderr
    assert found(folder, "How often does a tyre need sealant?")[0]["path"] == "b/cycling.md"


def test_what_cannot_be_read_is_named_and_the_rest_goes_in(folder):
    (folder / "notes" / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00")
    (folder / "notes" / "draft.md").write_text("---\ndraft: true\n---\n# Draft\n\nNot yet.\n", encoding="utf-8")
    report = run(folder, status=1)
    reasons = {entry["path"]: entry["reason"] for entry in report["skipped"]}
    assert set(reasons) == {"picture.md", "draft.md"}
    assert reasons["draft.md"] == "draft"
    assert report["documents"] == 3
    assert run(folder, status=1)["skipped"] == report["skipped"], "a second run says the same"


def test_a_page_that_becomes_unreadable_keeps_its_old_chunks(folder, smollm):
    run(folder)
    (folder / "notes" / "c" / "bread.md").write_bytes(b"\x00\x01\x02\x03broken")
    report = run(folder, status=1)
    assert report["skipped"][0]["path"] == "c/bread.md"
    assert report["documents"] == 3
    assert found(folder, "How long does sourdough rise?")[0]["path"] == "c/bread.md"


def test_full_embeds_everything_again(folder):
    first = run(folder)
    full = run(folder, "--full")
    assert full["embedded"] == first["chunks"]
    assert full["generation"] == first["generation"] + 1


def test_offsets_quote_the_file(folder, smollm):
    run(folder)
    [passage] = found(folder, "What removes limescale from a kettle?")
    source = (folder / "notes" / passage["path"]).read_text(encoding="utf-8")
    assert passage["heading_path"][-1] == "Descaling"
    assert "vinegar" in source[passage["start"] : passage["end"]]
    assert all(0 <= start < end <= len(source) for start, end in passage["spans"])
