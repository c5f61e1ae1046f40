"""Real sites and vaults beside this repository: every file is accounted for, every character belongs to one chunk.

They are not ours to copy; where they are absent the tests say so and are skipped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from rag.index import Index
from rag.load import IGNORED_FOLDERS, decode
from rag.markdown.parse import parse
from rag.pipeline import IngestParts, ingest
from rag.plan import make_plan
from rag.read import read_page
from tests.chunk_checks import Pieces, check_chunks
from tests.fake_index import DIMENSION, FINGERPRINT, vector
from tests.unit.markdown.checks import check_page

SHARED = Path(__file__).resolve().parents[3] / "shared"
OBSIDIAN = SHARED / "corpora" / "obsidian-extras"
ROOTS = ["corpora/hugo-book", "corpora/mkdocs-material", "corpora/obsidian-extras", "source-notes"]


def folder(name: str) -> Path:
    root = SHARED / name
    if not root.is_dir():
        pytest.skip(f"there is no {root}")
    return root


class Embedder:
    """Vectors that depend on the text alone."""

    fingerprint, dimension = FINGERPRINT.embedder, DIMENSION

    def embed_passages(self, texts, on_batch=None):
        return np.stack([vector(text) for text in texts])


def parts(index: Path) -> IngestParts:
    def read(path, raw, digest, includes):
        return read_page(path, raw, digest, counter=Pieces(), target_tokens=220, includes=includes)

    return IngestParts(Index(index), FINGERPRINT, read, Embedder)


def on_disk(root: Path) -> set[str]:
    """Every file but those of the kinds that are documented as not looked at."""
    found = set()
    for here, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in IGNORED_FOLDERS]
        found |= {Path(here, name).relative_to(root).as_posix() for name in files if not name.startswith(".")}
    return found


@pytest.mark.parametrize("name", ROOTS)
def test_every_file_is_indexed_or_left_out_with_a_reason(name, tmp_path):
    root = folder(name)
    report = ingest(root, parts(tmp_path / "index"), progress=lambda *_: None)
    skipped = dict(report.skipped)
    assert set(report.added) | set(skipped) == on_disk(root)
    assert report.failed == ()
    assert all(skipped.values())
    assert report.documents == len(set(report.added) - set(skipped))
    assert report.chunks == report.embedded + report.reused > 0
    again = ingest(root, parts(tmp_path / "index"), progress=lambda *_: None)
    assert (again.added, again.changed, again.removed, again.embedded) == ((), (), (), 0)
    assert (again.generation, again.skipped) == (report.generation, report.skipped)


@pytest.mark.parametrize("name", ROOTS)
def test_every_character_of_every_page_is_accounted_for(name):
    root = folder(name)
    plan = make_plan(root, {})
    for file in plan.added:
        raw = file.absolute.read_bytes()
        if file.absolute.suffix != ".md":
            continue
        source = decode(raw)
        page = parse(source, file.path)
        check_page(source, page)
        reading = read_page(file.path, raw, "", counter=Pieces(), target_tokens=220, includes=plan.includes)
        if not page.draft:
            check_chunks(source, page, reading.chunks)


def test_the_letters_that_lost_their_bytes_come_out():
    page = parse(decode((folder("source-notes") / "docusaurus.md").read_bytes()), "docusaurus.md")
    texts = [block.text for block in page.blocks if block.text[0] in "💽🔧🤖"]
    assert [text.split(":")[0] for text in texts] == [
        "💽 Bottom-Layer (ML Infrastructure & Frameworks)",
        "🔧 Middle Layer (Machine Learning Tools)",  # the source has a space here, U+0020, where the first one has a hyphen
        "🤖 Top Layer (AI Services)",
    ]
    assert not any("ğ" in block.text for block in page.blocks)


def note(path: str):
    """Document and text of a note of the vault."""
    folder("corpora/obsidian-extras")
    plan = make_plan(OBSIDIAN, {})
    reading = read_page(path, (OBSIDIAN / path).read_bytes(), "", counter=Pieces(), target_tokens=220, includes=plan.includes)
    return reading, "\n".join(chunk.text for chunk in reading.chunks)


def home_comment():
    _, text = note("Home.md")
    assert "4,217" not in text
    assert "editor note" not in text
    assert "DATAVIEW_PUBLISHER" not in text


def home_links():
    _, text = note("Home.md")
    assert "See caching and the tokenizer note." in text
    assert "Folder | Documents\nNotes | cache | log" in text


def home_queries():
    _, text = note("Home.md")
    assert "FROM #experiment" not in text
    assert "file.folder" not in text


def home_callouts():
    reading, text = note("Home.md")
    assert "Never log raw prompts." in text
    assert "Hash them with SHA-256 first." in text
    assert any("Folded warning" in chunk.heading_path for chunk in reading.chunks)


def caching_names():
    reading, text = note("Notes/Prompt caching.md")
    assert all(chunk.metadata["aliases"] == ["KV prefix cache", "caching"] for chunk in reading.chunks)
    assert "TTL:: 15 minutes" in text
    assert reading.document.metadata["fields"]["TTL"] == "15 minutes"


def caching_ids():
    reading, text = note("Notes/Prompt caching.md")
    assert "^ttft" not in text
    assert "^def" not in text
    page = parse(reading.document.source, reading.document.path)
    assert set(page.block_ids) == {"ttft", "def"}


def log_embeds():
    reading, text = note("Notes/Eval log.md")
    page = parse(reading.document.source, reading.document.path)
    assert ("embed", "Prompt caching", "^ttft") in [(link.kind, link.target, link.anchor) for link in page.links]
    assert "from 840 ms to 190 ms" in note("Notes/Prompt caching.md")[1], "indexed once, at its origin"
    assert "from 840 ms" not in text
    assert [heading.text for heading in page.headings] == ["2024-03-02", "2024-03-09"]
    assert reading.document.metadata["tags"] == ["experiment", "llm/eval"]
    [footnote] = [block for block in page.blocks if block.kind == "footnote"]
    assert (footnote.text, footnote.heading_path) == ("Measured on 500 held-out questions, seed 7.", ("2024-03-09",))


def tokenizer():
    reading, text = note("Notes/Sub folder/Tokenizer (BPE).md")
    assert reading.document.title == "Tokenizer (BPE)"
    page = parse(reading.document.source, reading.document.path)
    assert [(heading.text, heading.level) for heading in page.headings] == [("Vocabulary", 1), ("Special tokens", 2)]
    assert "<s>, </s> and <unk>; ids 1, 2 and 0." in text


def canvas():
    reading, text = note("Map.canvas")
    assert "Retriever feeds the reader" in text
    assert "RAG map -> Prompt caching: speeds up" in text
    assert reading.chunks[0].heading_path[0] == "Card “RAG map” in “Inference”"
    for chunk in reading.chunks:
        assert reading.document.source[chunk.start : chunk.end].strip()


def drawing():
    folder("corpora/obsidian-extras")
    left_out = dict(make_plan(OBSIDIAN, {}).left_out)
    assert "Excalidraw" in left_out["Sketch.excalidraw.md"]
    assert "view" in left_out["Experiments.base"]


def empty():
    reading, text = note("2024-03-02.md")
    assert (text, reading.chunks, reading.document.title) == ("", (), "2024-03-02")


def latin1():
    reading, text = note("Notes/latin1 café.md")
    assert "Le modèle a été évalué à Besançon en été 2023." in text
    assert "\ufffd" not in reading.document.source


def bom_and_crlf():
    reading, text = note("Notes/bom-crlf.md")
    assert reading.document.title == "BOM and CRLF"
    assert not reading.document.source.startswith("\ufeff")
    assert "\r\n" in reading.document.source
    assert text == "The retriever returns 8 passages."


def utf16():
    assert "The reranker uses 22 million parameters." in note("Notes/utf16.md")[1]


CHECKS = [
    home_comment,
    home_links,
    home_queries,
    home_callouts,
    caching_names,
    caching_ids,
    log_embeds,
    tokenizer,
    canvas,
    drawing,
    empty,
    latin1,
    bom_and_crlf,
    utf16,
]
"""One for each line of the expectations, in their order."""


@pytest.mark.parametrize("number", range(len(CHECKS)), ids=[check.__name__ for check in CHECKS])
def test_an_expectation_of_the_vault(number):
    file = SHARED / "corpora" / "obsidian-extras-expectations.jsonl"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    lines = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    assert len(lines) == len(CHECKS), "an expectation was added or went"
    assert (OBSIDIAN / lines[number]["file"]).is_file()
    CHECKS[number]()
