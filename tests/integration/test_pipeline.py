"""Ingest in several batches, one embedded while the next is read: the real index and the real reader, made-up vectors."""

from __future__ import annotations

import numpy as np
import pytest

from rag import pipeline
from rag.errors import ModelError
from rag.index import Index, draft
from rag.index.vectors import Vectors
from rag.pipeline import IngestParts, ingest
from rag.read import read_page
from tests.fake_index import FINGERPRINT, vector
from tests.integration.test_notices import Words

PAGES = {f"page{number}.md": f"# Page {number}\n\nIt has {number} wheels.\n\n## Same\n\nAll say this.\n" for number in range(5)}


class Embedder:
    def __init__(self, fails_at=""):
        self.fails_at = fails_at

    def embed_passages(self, texts, on_batch=None):
        if any(self.fails_at in text for text in texts if self.fails_at):
            raise ModelError("The embedder ran out of memory", hint="Close something.")
        return np.array([vector(text) for text in texts], dtype=np.float32)


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in PAGES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(corpus, index, progress=lambda *_: None, **embedder):
    def read(path, raw, digest, includes):
        return read_page(path, raw, digest, counter=Words(), target_tokens=220, includes=includes)

    return ingest(corpus, IngestParts(Index(index), FINGERPRINT, read, lambda: Embedder(**embedder)), progress=progress)


def stored(index):
    with Index(index).open() as reader:
        chunks = list(reader.all_chunks())
        vectors = reader.vectors([chunk.id for chunk in chunks])
        return {(chunk.path, chunk.text): vectors[chunk.id].tobytes() for chunk in chunks}


def test_batches_of_one_page_store_what_one_batch_does(corpus, tmp_path, monkeypatch):
    whole = run(corpus, tmp_path / "whole")
    monkeypatch.setattr(pipeline, "_EMBED_FIRST", 1)
    monkeypatch.setattr(pipeline, "_EMBED_GROWTH", 1)
    steps = []
    apart = run(corpus, tmp_path / "apart", progress=lambda *step: steps.append(step))
    assert stored(tmp_path / "apart") == stored(tmp_path / "whole")
    assert (apart.documents, apart.chunks, apart.embedded) == (whole.documents, whole.chunks, whole.embedded)
    done = [step[1] for step in steps if step[0].startswith("Reading")]
    assert done == [0, 1, 2, 3, 4, 5], "a page counts when it is stored"


def test_vectors_that_go_into_the_graph_on_the_way_are_those_that_go_at_the_end(corpus, tmp_path, monkeypatch):
    run(corpus, tmp_path / "end")
    added = []
    real = Vectors.add
    monkeypatch.setattr(Vectors, "add", lambda self, ids, *more: added.append(len(ids)) or real(self, ids, *more))
    monkeypatch.setattr(draft, "_ADD_LEAST", 2)
    run(corpus, tmp_path / "way")
    assert len(added) > 1
    assert stored(tmp_path / "way") == stored(tmp_path / "end")


@pytest.mark.parametrize("at", ["0 wheels", "2 wheels", "4 wheels"])
def test_an_embedder_that_fails_leaves_the_old_set_and_the_next_ingest_works(corpus, tmp_path, monkeypatch, at):
    monkeypatch.setattr(pipeline, "_EMBED_FIRST", 1)
    monkeypatch.setattr(pipeline, "_EMBED_GROWTH", 1)
    run(corpus, tmp_path / "index")
    before = stored(tmp_path / "index")
    for name, text in PAGES.items():
        (corpus / name).write_text(text.replace("It has", "It once had"), encoding="utf-8")
    with pytest.raises(ModelError, match="out of memory"):
        run(corpus, tmp_path / "index", fails_at=at)
    assert stored(tmp_path / "index") == before
    run(corpus, tmp_path / "index")
    now = stored(tmp_path / "index")
    assert len(now) == len(before)
    assert all("once had" in text or "All say" in text for _, text in now)
