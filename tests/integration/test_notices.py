"""The notices of an ingest are right after every kind of change, whichever pages were read. Real files and Chroma, fake vectors."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag.index import Fingerprint, Index
from rag.pipeline import IngestParts, ingest
from rag.read import read_page
from tests.fake_index import DIMENSION, vector

PROSE = " ".join(random.Random(7).choices([a + b + c for a in "bdfk" for b in "aeiou" for c in "lmnr"], k=90))
PAGES = {
    "home.md": "# Home\n\nSee [the guide](guide.md#setup) and ![a picture](pic.png).\n",
    "guide.md": f"# Guide\n\n## Setup\n\n{PROSE}\n",
    "vault/note.md": "A note about [[guide#Setup]] and ![[other]].\n",
    "vault/other.md": "# Other\n\nText of the other note.\n",
}


class Words:
    max_tokens = 256

    def count(self, text):
        return len(text.split())


class FakeEmbedder:
    def __init__(self, texts):
        self._texts = texts

    def embed_passages(self, texts, on_batch=None):
        self._texts.extend(texts)
        return np.array([vector(text) for text in texts], dtype=np.float32)


class Corpus:
    def __init__(self, folder):
        self.folder = folder / "notes"
        self.index = Index(folder / "index")
        self.embedded, self.read = [], []
        for path, text in PAGES.items():
            self.write(path, text)
        (self.folder / "pic.png").write_bytes(b"png")

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def ingest(self, **options):
        def read(path, raw, digest, includes):
            self.read.append(path)
            return read_page(path, raw, digest, counter=Words(), target_tokens=220, includes=includes)

        self.read.clear()
        parts = IngestParts(self.index, Fingerprint("fake", DIMENSION, "1"), read, lambda: FakeEmbedder(self.embedded))
        report = ingest(self.folder, parts, progress=lambda *_: None, **options)
        return [(notice.path, notice.line, notice.kind) for notice in report.warnings]


@pytest.fixture
def corpus(tmp_path):
    return Corpus(tmp_path)


def test_a_sound_corpus_has_none(corpus):
    assert corpus.ingest() == []
    assert corpus.ingest() == []


def test_a_renamed_page_breaks_links_on_unchanged_pages_and_mends_them_when_it_comes_back(corpus):
    corpus.ingest()
    (corpus.folder / "guide.md").rename(corpus.folder / "manual.md")
    expected = [("home.md", 3, "broken-link"), ("vault/note.md", 1, "broken-link")]
    assert corpus.ingest() == expected
    assert corpus.read == ["manual.md"], "the pages whose links broke are not read again"
    assert corpus.ingest() == expected, "an unchanged corpus still says so"
    (corpus.folder / "manual.md").rename(corpus.folder / "guide.md")
    assert corpus.ingest() == []


def test_a_renamed_heading_breaks_anchors_elsewhere(corpus):
    corpus.ingest()
    corpus.write("guide.md", PAGES["guide.md"].replace("## Setup", "## Installing"))
    assert corpus.ingest() == [("home.md", 3, "broken-anchor"), ("vault/note.md", 1, "broken-anchor")]
    assert corpus.read == ["guide.md"]
    corpus.write("guide.md", PAGES["guide.md"])
    assert corpus.ingest() == []


def test_a_picture_that_goes_is_noticed_although_no_page_changed(corpus):
    corpus.ingest()
    (corpus.folder / "pic.png").unlink()
    assert corpus.ingest() == [("home.md", 3, "broken-link")]
    assert corpus.read == []
    (corpus.folder / "pic.png").write_bytes(b"png")
    assert corpus.ingest() == []


def test_an_embed_of_a_deleted_note(corpus):
    corpus.ingest()
    (corpus.folder / "vault/other.md").unlink()
    assert corpus.ingest() == [("vault/note.md", 1, "broken-embed")]


def test_a_copied_page_is_noticed_and_goes_with_the_copy(corpus):
    corpus.ingest()
    corpus.write("copy.md", f"# Copy\n\n{PROSE}\n")
    assert corpus.ingest() == [("guide.md", 0, "near-duplicate")], "its representative is on copy.md, which comes first"
    corpus.write("home.md", PAGES["home.md"] + "\nMore.\n")
    assert corpus.ingest() == [("guide.md", 0, "near-duplicate")]
    (corpus.folder / "copy.md").unlink()
    assert corpus.ingest() == []


def test_empty_pages(corpus):
    corpus.write("empty.md", "---\ntitle: Nothing\n---\n")
    corpus.write("section/_index.md", "---\ntitle: Section\n---\n")
    assert corpus.ingest() == [("empty.md", 0, "empty-page")]
    corpus.write("empty.md", "---\ntitle: Nothing\n---\n\nSomething.\n")
    assert corpus.ingest() == []


def test_a_page_that_became_unreadable_keeps_its_chunks_and_says_so(corpus):
    corpus.ingest()
    corpus.write("guide.md", b"\0\1\2 no text")
    assert corpus.ingest() == [("guide.md", 0, "unreadable")], "links to its headings still hold"
    [notice] = corpus.index.current().files["guide.md"].notices
    assert "1 chunk of its last readable version stay" in notice.message
    with corpus.index.open() as reader:
        assert [chunk.path for chunk in reader.chunks_of("guide.md")] == ["guide.md"]
    assert corpus.ingest() == [("guide.md", 0, "unreadable")]
    corpus.write("guide.md", PAGES["guide.md"])
    assert corpus.ingest() == []
    corpus.write("bad.md", b"\0\1\2 never was text")
    assert corpus.ingest() == [], "what was never in the index has nothing to keep; the report lists it as not read"


def test_any_way_there_gives_the_same(corpus):
    for step in (
        lambda: None,
        lambda: (corpus.folder / "guide.md").rename(corpus.folder / "aguide.md"),
        lambda: corpus.write("copy.md", f"# Copy\n\n{PROSE}\n"),
        lambda: corpus.write("home.md", "# Home\n\n[a](aguide.md#none) [b](none.md)\n"),
    ):
        step()
        found = corpus.ingest()
    assert found == corpus.ingest(full=True)
    assert len(found) == 4
